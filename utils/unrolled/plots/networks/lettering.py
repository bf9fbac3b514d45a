"""Texts in a drawing: how large they are, and where they stand so that nothing runs through them."""

import functools
import itertools

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from unrolled.plots.networks.geometry import at_fraction, box_around, length_in_box

MATH = "cm"  # the letters of the book's formulas
FAMILY = "DejaVu Sans"
SIZES = (14.0, 12.5, 10.0)  # of nodes, of edges, of everything else; in points
LEADING = 1.25
_CLEAR = 0.1  # between a text and the arrow it belongs to, whose head is broad
_AIR = 0.045  # kept free around a text, in units


@functools.lru_cache(maxsize=4096)
def ink(text, size):
    """The box (left, bottom, right, top) that the letters of one line cover, in points from its origin."""
    font = FontProperties(family=FAMILY, math_fontfamily=MATH)
    box = TextPath((0, 0), text, size=size, prop=font).get_extents()
    return tuple(box.extents)


def extent(text, size, scale):
    """Width and height (2,) in units of a text of one or more lines, at `scale` inches a unit."""
    boxes = [ink(line, size) for line in text.split("\n")]
    width = max(right - left for left, _, right, _ in boxes)
    height = boxes[0][3] - boxes[-1][1] + LEADING * size * (len(boxes) - 1)
    return np.array([width, height]) / (72 * scale)


def write(ax, at, text, size, **look):
    """Write `text` so that its letters, not its line box, are centred at `at` (2,). Returns the texts."""
    lines = text.split("\n")
    boxes = [ink(line, size) for line in lines]
    height = boxes[0][3] - boxes[-1][1] + LEADING * size * (len(lines) - 1)
    written = []
    for number, (line, (left, _, right, _)) in enumerate(zip(lines, boxes)):
        baseline = height / 2 - boxes[0][3] - number * LEADING * size
        written.append(
            ax.annotate(
                line, at, xytext=(-(left + right) / 2, baseline), textcoords="offset points",
                ha="left", va="baseline", fontsize=size, family=FAMILY, math_fontfamily=MATH,
                annotation_clip=False, **look,
            )
        )  # fmt: skip
    return written


class Room:
    """What is taken: boxes and lines. `place` finds the first of several places that is free, and takes it."""

    def __init__(self, boxes, lines):
        self.boxes = np.array(boxes, float)
        nothing = np.empty((0, 2))
        self.starts = np.vstack([nothing, *(line[:-1] for line in lines)])
        self.ends = np.vstack([nothing, *(line[1:] for line in lines)])

    def take(self, centre, size):
        """Mark a box as taken."""
        self.boxes = np.vstack([self.boxes, box_around(centre, size)])

    def place(self, candidates, size, but=None):
        """The first centre (2,) whose box of `size` (2,) touches nothing but the box `but`; else the least bad one."""
        burdens = []
        for centre in candidates:
            burdens.append(self._burden(box_around(centre, size + 2 * _AIR), but))
            if burdens[-1] == 0:
                break
        best = candidates[int(np.argmin(burdens))]
        self.take(best, size)
        return best

    def _burden(self, box, but):
        common = np.minimum(box[2:], self.boxes[:, 2:]) - np.maximum(box[:2], self.boxes[:, :2])
        areas = common.clip(0).prod(axis=1)
        if but is not None:
            areas[(self.boxes == but).all(axis=1)] = 0
        return areas.sum() + 0.3 * length_in_box(self.starts, self.ends, box)


def beside_line(points, size, middle):
    """Centres for a text of `size` (2,) beside a line (n, 2): left of the fraction `middle`, along it, then right."""
    fractions = sorted(np.arange(0.09, 0.92, 0.07), key=lambda fraction: abs(fraction - middle))
    found = []
    for extra, turn, fraction in itertools.product((0.0, 0.1, 0.2), (1, -1), fractions):
        point, along = at_fraction(points, fraction)
        left = turn * np.array([-along[1], along[0]])
        reach = np.abs(left) @ size / 2 + _CLEAR + extra
        found.append(point + reach * left)
    return found


def around_node(at, node_size, size, ring):
    """Centres for a text of `size` (2,) at a node: its upper right first, then its other corners and its sides.

    A `ring` leaves its corners free, so there the text comes closer.
    """
    at, half, own = np.asarray(at), np.asarray(node_size) / 2, np.asarray(size) / 2
    corner = 0.8 * half + _AIR + own if ring else half + own * (1, -1) + (1.5 * _AIR, 0)
    side, found = half + own + 1.5 * _AIR, []
    for extra in (0.0, 0.1, 0.2, 0.3):
        for sign in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
            found.append(at + (corner + extra) * sign)
        for sign in np.array([(1, 0), (-1, 0), (0, 1), (0, -1)]):
            for slide in (0.0, 0.1, -0.1, 0.2, -0.2):
                found.append(at + (side + extra) * sign + slide * sign[::-1])
    return found
