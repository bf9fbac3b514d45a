"""What makes a drawing of a network legible. Each check takes a graph and returns one sentence for each fault."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from unrolled.plots.networks import drawing, geometry

WIDEST = 7.0  # inches
SMALLEST = 9.0  # points
SLACK = 0.02  # units


def arrows(graph):
    """Arrows end at the borders of their nodes and cross no other node."""
    borders = {name: drawing.border(node) for name, node in graph.nodes.items()}
    found = []
    for edge in graph.edges:
        line = drawing.way(graph, edge)
        ends = [(line[-1], edge.end)] + [(line[0], edge.start)] * (edge.through is None)
        for point, name in ends:
            away = _distance(point, borders[name])
            if abs(away - geometry.GAP) > SLACK:
                found.append(f"the arrow {edge.pair} ends {away:.2f} away from {name}")
        own = {edge.start, edge.end, edge.through}
        for name in set(borders) - own:
            if any(
                len(geometry.crossings(a, b, borders[name])) for a, b in zip(line[:-1], line[1:])
            ):
                found.append(f"the arrow {edge.pair} runs through {name}")
    return found


def nodes(graph):
    """Nodes lie apart from each other."""
    paths = {name: Path(drawing.border(node)) for name, node in graph.nodes.items()}
    return [
        f"{a} and {b} overlap"
        for a, b in itertools.combinations(paths, 2)
        if paths[a].intersects_path(paths[b], filled=True)
    ]


def texts(graph, **marks):
    """No text lies on another, on a node that is not its own, or on an arrow."""
    figure = drawing.figure(graph, **marks)
    ax = figure.axes[0]
    boxes = [(text, _extent(text, ax)) for text in ax.texts if text.get_text()]
    found = [
        f"{a.get_text()!r} lies on {b.get_text()!r}"
        for (a, box), (b, other) in itertools.combinations(boxes, 2)
        if _meet(box, other)
    ]
    ways = [drawing.way(graph, edge) for edge in graph.edges]
    for text, box in boxes:
        owners = [name for name, node in graph.nodes.items() if _within(box, node)]
        if not owners:
            found += [
                f"{text.get_text()!r} lies on {name}"
                for name, node in graph.nodes.items()
                if Path(drawing.border(node)).intersects_bbox(Bbox.from_extents(*box), filled=True)
            ]
            found += [
                f"the arrow {edge.pair} runs through {text.get_text()!r}"
                for edge, line in zip(graph.edges, ways)
                if geometry.length_in_box(line[:-1], line[1:], box) > SLACK
            ]
    plt.close(figure)
    return found


def size(graph, **marks):
    """The natural drawing fits a column, and its letters can be read."""
    figure = drawing.figure(graph, **marks)
    width = figure.get_size_inches()[0]
    found = [f"it is {width:.2f} inches wide"] if width > WIDEST else []
    found += [
        f"{text.get_text()!r} has {text.get_fontsize():.1f} points"
        for text in figure.findobj(Text)
        if text.get_text() and text.get_visible() and text.get_fontsize() < SMALLEST
    ]
    ax = figure.axes[0]
    left, right = ax.get_xlim()
    bottom, top = ax.get_ylim()
    found += [
        f"{text.get_text()!r} is cut off"
        for text in ax.texts
        if (box := _extent(text, ax))[0] < left or box[1] < bottom or box[2] > right or box[3] > top
    ]
    plt.close(figure)
    return found


def _extent(text, ax):
    """The box (left, bottom, right, top) of a text in the units of the drawing."""
    box = text.get_window_extent(ax.figure.canvas.get_renderer())
    return ax.transData.inverted().transform(box).ravel()


def _meet(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return width > SLACK and height > SLACK


def _within(box, node):
    (x, y), (w, h) = node.at, node.size
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    inside = abs(middle[0] - x) < w / 2 and abs(middle[1] - y) < h / 2
    return inside and box[2] - box[0] < w and box[3] - box[1] < h + SLACK


def _distance(point, corners):
    """How far a point lies from the border of a polygon."""
    a, b = corners, np.roll(corners, -1, axis=0)
    way = b - a
    length = np.maximum((way**2).sum(axis=1), 1e-18)
    share = np.clip(((point - a) * way).sum(axis=1) / length, 0, 1)
    return np.hypot(*(a + share[:, None] * way - point).T).min()
