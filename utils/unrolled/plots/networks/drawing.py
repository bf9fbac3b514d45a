"""One way to draw any `Graph`: shapes and colours by role, and on top of it values, gradients, highlights, steps."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import patheffects
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import FancyArrowPatch, PathPatch
from matplotlib.path import Path

from unrolled.plots.networks import geometry, lettering
from unrolled.plots.networks.graph import SHAPE, SIZE
from unrolled.plots.palette import COLOUR, HEAT, check

UNIT = geometry.UNIT
RADIUS = SIZE["circle"][0] / 2
LABEL_GAP = 0.16
TINT = 0.84  # share of white in a node's filling
FADE = 0.62  # share of white in what a step-through has passed
EXPONENTS = (-6.0, 3.0)  # gradients from 1e-6 to 1e3 get the widths below
WIDTHS = (0.6, 8.0)  # points
ASIDE = 0.17  # distance of a backward arrow from the forward one
NODE_TEXT, EDGE_TEXT, SMALL_TEXT = lettering.SIZES  # points in a drawing of natural size
LEAST_TEXT = 8.5  # points, however small the drawing
LOOP = 1.25  # reach of the loop from a node to itself
MARGIN = 0.2
BETWEEN = 0.4  # the columns of a sheet
TITLE = 0.5  # height of the line above a graph of a sheet
CAPTION = 0.62  # height of the line above a step-through
RINGS = ("circle", "operator", "hexagon", "diamond")
TIMES = r"$\odot$"
_GREY = "#5A5A5A"
_PANEL = "#F1F3F5"
_PLACE = "#D3D8DC"


def figure(graph, **marks):
    """A new figure of the drawing's natural size, `UNIT` inches a unit; marks are those of `draw`. Returns the Figure."""
    plan = _Plan(graph, UNIT, **marks)
    left, bottom, right, top = plan.bounds
    drawn = plt.figure(figsize=((right - left) * UNIT, (top - bottom) * UNIT), layout="none")
    _render(drawn.add_axes((0, 0, 1, 1)), plan)
    return drawn


def sheet(graphs, columns):
    """A figure of several graphs at their natural size, `columns` in a row. graphs {title: Graph}. Returns the Figure."""
    plans = [_Plan(graph, UNIT) for graph in graphs.values()]
    sizes = np.array([np.subtract(plan.bounds[2:], plan.bounds[:2]) for plan in plans])
    sizes[:, 0] += BETWEEN
    rows = -(-len(plans) // columns)
    wide = [sizes[column::columns, 0].max() for column in range(min(columns, len(plans)))]
    high = [sizes[row * columns : (row + 1) * columns, 1].max() + TITLE for row in range(rows)]
    wide[-1] -= BETWEEN
    drawn = plt.figure(figsize=(sum(wide) * UNIT, sum(high) * UNIT), layout="none")
    for number, (title, plan, (width, height)) in enumerate(zip(graphs, plans, sizes)):
        row, column = divmod(number, columns)
        left, top = sum(wide[:column]), sum(high[row:])
        box = np.array([left, top - TITLE - height, width - BETWEEN, height])
        ax = drawn.add_axes(box / np.tile([sum(wide), sum(high)], 2))
        _render(ax, plan)
        at = (plan.bounds[0] + MARGIN, plan.bounds[3] + 0.1)
        ax.annotate(
            title, at, fontsize=SMALL_TEXT + 1, color=_GREY, va="center", annotation_clip=False
        )
    return drawn


def draw(ax, graph, *, values=None, gradient=None, highlight=None, upto=None):
    """Draw `graph` on `ax`, whose limits and aspect are set. Returns ax.

    values     {node: number or string} to write at nodes; a key such as "h" with a sequence stands for h1, h2, …
               (or for h0, h1, … if it has one entry more)
    gradient   {(start, end): magnitude >= 0} of what flows back along an edge: its logarithm sets the width of a
               backward arrow, and the number stands beside it; 0 draws no arrow
    highlight  names of nodes and pairs (start, end), drawn heavier
    upto       step of a step-through, one of graph.steps(): what it computes and reads is drawn in full, what was
               computed before is faded, of what comes later only the place is shown; its caption stands above
    Raises ValueError for names, lengths, magnitudes or steps that do not fit the graph.
    """
    box = geometry.union(_boxes(graph, [way(graph, edge) for edge in graph.edges]))
    plan = _Plan(graph, _scale(ax, box), values, gradient, highlight, upto)
    return _render(ax, plan)


def node(ax, xy, text, role, *, radius=RADIUS, highlight=False):
    """Draw one node centred at xy (2,) in data units with `text` inside; returns its patch."""
    shape = SHAPE[check(role)]
    size = np.asarray(SIZE[shape]) * radius / RADIUS
    patch = _shape(ax, geometry.outline(shape, xy, size), role, highlight=highlight)
    lettering.write(ax, xy, text, _text_size(NODE_TEXT, _scale(ax)), zorder=4)
    return patch


def arrow(
    ax,
    start,
    end,
    *,
    role="muted",
    label=None,
    width=1.3,
    curve=0.0,
    line="-",
    gap=(RADIUS, RADIUS),
):
    """Draw an arrow from start (2,) to end (2,), `gap` (2,) short of the two; `width` in points.

    `curve` bends it (share of its length, positive to the left of the direction of travel);
    `label` is written to the left of its middle. Returns the patch.
    """
    check(role)
    start, end = np.asarray(start, float), np.asarray(end, float)
    length = np.hypot(*(end - start))
    if length == 0:
        raise ValueError(f"an arrow needs two different points, got {tuple(start)} twice")
    along = (end - start) / length
    points = geometry.curve(start + gap[0] * along, end - gap[1] * along, curve)
    patch = _arrow(ax, points if curve else points[[0, -1]], COLOUR[role], width, line)
    if label is not None:
        left = np.array([-along[1], along[0]])
        middle = (start + end) / 2 + left * (0.5 * curve * length + LABEL_GAP)
        size = _text_size(EDGE_TEXT, _scale(ax))
        lettering.write(ax, middle, label, size, color=_ink(role), zorder=4)
    return patch


def gradient_width(magnitude):
    """Line width in points for a gradient of this size (>= 0): linear in its logarithm from 1e-6 to 1e3, held outside."""
    exponent = np.log10(np.maximum(np.asarray(magnitude, float), 10.0 ** EXPONENTS[0]))
    return np.interp(exponent, EXPONENTS, WIDTHS)


def short_number(value):
    """Two significant digits in a few characters: 0.32, 14, 2e-05."""
    if isinstance(value, str):
        return value
    value = float(value)
    if value == 0 or 0.01 <= abs(value) < 1000:
        return f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")


def way(graph, edge):
    """The line (n, 2) along which an edge is drawn, from border to border."""
    start, end = graph.nodes[edge.start], graph.nodes[edge.end]
    first, last = np.add(start.at, edge.out), np.add(end.at, edge.into)
    if edge.through:  # what comes before its first corner lies behind the node that weighs it
        return geometry.clip([*edge.via, last], None, border(end))
    if edge.start == edge.end and not edge.via:
        points = geometry.loop(start.at, LOOP)
    elif edge.bend:
        points = geometry.curve(first, last, edge.bend)
    else:
        points = np.array([first, *map(np.asarray, edge.via), last], float)
    return geometry.clip(points, border(start), border(end))


def border(node):
    """The polygon (k, 2) around a node."""
    return geometry.polygon(node.shape, tuple(node.at), tuple(node.size))


class _Text:
    """A text with its place: what it belongs to (a node, a pair, or None) says when it is shown."""

    def __init__(self, owner, at, text, size, **look):
        self.owner, self.at, self.text, self.size, self.look = owner, at, text, size, look


class _Plan:
    """Everything about a drawing that is known before there are axes: ways, texts and their places, bounds."""

    def __init__(self, graph, scale, values=None, gradient=None, highlight=None, upto=None):
        self.graph, self.scale = graph, scale
        self.values = _by_node(graph, values or {})
        self.gradient = _magnitudes(graph, gradient or {})
        self.strong = _known(graph, highlight)
        self.upto = _step(graph, upto)
        self.stages = graph.stages() if upto is not None else {}
        self.ways = {edge.pair: way(graph, edge) for edge in graph.edges}
        self.backward = {
            pair: geometry.beside(geometry.last_stretch(self.ways[pair]), ASIDE)[::-1]
            for pair in self.gradient
        }
        self.branches = {edge.pair: self._branches(edge) for edge in graph.edges}
        self.texts = self._place_texts()
        self.bounds = self._bounds()

    def strength(self, *names):
        """How the part that these nodes compute is drawn: "now", "before" or None for not yet."""
        if self.upto is None:
            return "now"
        stage = max(self.stages[name] for name in names)
        return None if stage > self.upto else "now" if stage == self.upto else "before"

    def node_strength(self, name):
        """As `strength`; what the present step reads is drawn like what it computes."""
        own = self.strength(name)
        read = any(name in _sources(e) and self.edge_strength(e) == "now" for e in self.graph.edges)
        return "now" if own == "before" and read else own

    def edge_strength(self, edge):
        if edge.delay:  # it closes a loop: shown as soon as both ends are
            return self.strength(edge.start, edge.end)
        found = self.strength(edge.end)
        return found if self.strength(edge.start) else None

    def _branches(self, edge):
        """The corners where an edge leaves the common way of several arrows from one node."""
        others = [
            self.ways[other.pair]
            for other in self.graph.edges
            if other.start == edge.start and other is not edge and self.edge_strength(other)
        ]
        return [c for c in edge.via if any(geometry.passes(line, c) for line in others)]

    def text_size(self, size):
        return _text_size(size, self.scale)

    def _place_texts(self):
        graph = self.graph
        room = lettering.Room(
            [geometry.box_around(node.at, node.size) for node in graph.nodes.values()],
            [*self.ways.values(), *self.backward.values()],
        )
        texts = [*self._fixed(room)]
        for pair, line in self.backward.items():
            number = short_number(self.gradient[pair])
            aside = (2.2 + 0.75 * gradient_width(self.gradient[pair])) / (72 * self.scale)
            outer = geometry.beside(line, -float(aside))
            texts.append(self._beside(room, pair, outer, number, SMALL_TEXT, "gradient", 0.5))
        for name, value in self.values.items():
            texts.append(self._at_node(room, graph.nodes[name], short_number(value), "#222222"))
        for node in graph.nodes.values():
            if node.shape == "grid" and node.label:
                texts.append(self._at_grid(room, node))
        for edge in graph.edges:
            if edge.label is not None:
                line = self.ways[edge.pair]
                texts.append(
                    self._beside(room, edge.pair, line, edge.label, EDGE_TEXT, edge.role, 0.44)
                )
        return texts

    def _fixed(self, room):
        for panel in self.graph.panels:
            if panel.label:
                size = lettering.extent(panel.label, self.text_size(SMALL_TEXT), self.scale)
                at = (panel.low[0] + size[0] / 2 + 0.12, panel.high[1] - 0.2)
                room.take(at, size)
                yield _Text(None, at, panel.label, SMALL_TEXT, color=_GREY)
        for note in self.graph.notes:
            size = lettering.extent(note.text, self.text_size(SMALL_TEXT), self.scale)
            shift = {"center": 0.0, "left": 0.5, "right": -0.5}[note.align] * size[0]
            at = (note.at[0] + shift, note.at[1])
            room.take(at, size)
            yield _Text(None, at, note.text, SMALL_TEXT, color=_GREY)

    def _beside(self, room, pair, line, text, size, role, middle):
        extent = lettering.extent(text, self.text_size(size), self.scale)
        at = room.place(lettering.beside_line(line, extent, middle), extent)
        return _Text(pair, at, text, size, color=_ink(role))

    def _at_node(self, room, node, text, color):
        extent = lettering.extent(text, self.text_size(SMALL_TEXT), self.scale)
        own = geometry.box_around(node.at, node.size)
        at = room.place(
            lettering.around_node(node.at, node.size, extent, node.shape in RINGS), extent, but=own
        )
        return _Text(node.name, at, text, SMALL_TEXT, color=color)

    def _at_grid(self, room, node):
        extent = lettering.extent(node.label, self.text_size(NODE_TEXT), self.scale)
        reach = node.size[1] / 2 + extent[1] / 2 + 0.08
        centres = [np.add(node.at, (0, reach)), np.add(node.at, (0, -reach))]
        return _Text(node.name, room.place(centres, extent), node.label, NODE_TEXT)

    def _bounds(self):
        boxes = _boxes(self.graph, self.ways.values()) + [
            geometry.box_around(
                text.at, lettering.extent(text.text, self.text_size(text.size), self.scale)
            )
            for text in self.texts
        ]
        left, bottom, right, top = geometry.union(boxes) + MARGIN * np.array([-1, -1, 1, 1])
        return left, bottom, right, top + (CAPTION if self.caption() else 0.0)

    def caption(self):
        """The caption of the present step, or None."""
        return self.graph.captions[self.upto - 1] if self.upto and self.graph.captions else None


def _render(ax, plan):
    graph = plan.graph
    ax.set(xlim=plan.bounds[::2], ylim=plan.bounds[1::2], aspect="equal")
    ax.axis("off")
    for panel in graph.panels:
        path = geometry.rounded(panel.low, panel.high, 0.16)
        ax.add_patch(PathPatch(path, facecolor=_PANEL, edgecolor="none", zorder=0.5))
    for edge in graph.edges:
        _draw_edge(ax, plan, edge)
    _draw_branches(ax, plan)
    for name, one in graph.nodes.items():
        strength = plan.node_strength(name)
        if strength:
            _draw_node(ax, plan, one, faded=strength == "before")
        else:
            _draw_place(ax, one)
    for pair, line in plan.backward.items():
        if plan.gradient[pair] > 0 and plan.strength(*pair):
            width = float(gradient_width(plan.gradient[pair]))
            _arrow(ax, line, COLOUR["gradient"], width, zorder=2.5)
    for text in plan.texts:
        _write(ax, plan, text)
    if plan.caption():
        middle = (plan.bounds[0] + plan.bounds[2]) / 2, plan.bounds[3] - CAPTION / 2
        size = _text_size(EDGE_TEXT, plan.scale)
        lettering.write(ax, middle, plan.caption(), size, zorder=4)
    return ax


def _draw_edge(ax, plan, edge):
    strength = plan.edge_strength(edge)
    if strength is None:
        return
    colour, width = to_rgb(COLOUR[edge.role]), edge.width
    if edge.weight is not None:
        colour, width = _pale(colour, 0.72 * (1 - edge.weight)), 0.7 + 5.3 * edge.weight
    if edge.pair in plan.strong:
        width = max(3.4, 1.6 * width)
    if strength == "before":
        colour = _pale(colour, FADE)
    line = plan.ways[edge.pair]
    background = _background(plan.graph, line) if edge.over else None
    _arrow(
        ax, line, colour, width, edge.line, casing=background, sharp=plan.branches[edge.pair],
        zorder=2.0 + 0.1 * (strength == "now") - 0.05 * (edge.line != "-"),
    )  # fmt: skip
    if edge.delay:
        middle, _ = geometry.at_fraction(line, 0.5)
        ax.plot(*middle, marker="s", markersize=7, color=_pale((0, 0, 0), 0), zorder=3)


def _draw_branches(ax, plan):
    for edge in plan.graph.edges:
        strength = plan.edge_strength(edge)
        colour = _pale(to_rgb(COLOUR[edge.role]), FADE if strength == "before" else 0.0)
        for corner in plan.branches[edge.pair] if strength else ():
            ax.plot(*corner, marker="o", markersize=4.6, color=colour, zorder=2.2)


def _draw_node(ax, plan, one, faded):
    path = geometry.outline(one.shape, one.at, one.size)
    _shape(
        ax, path, one.role, shape=one.shape, name=one.name, faded=faded,
        highlight=one.name in plan.strong,
    )  # fmt: skip
    ink = _pale((0, 0, 0), 0.55 if faded else 0.0)
    if one.shape == "grid":
        _fill_grid(ax, plan, one, faded)
    elif one.tag is not None:
        _write_gate(ax, plan, one, ink, faded)
    elif one.label == TIMES:  # the ring of the node is the ring of the sign
        ax.plot(*one.at, marker="o", markersize=3.4, color=ink, zorder=4)
    elif one.label:
        small = one.shape in ("operator", "module")
        size = plan.text_size(EDGE_TEXT if small else NODE_TEXT)
        lettering.write(ax, one.at, one.label, size, color=ink, zorder=4)


def _draw_place(ax, one):
    """A pale outline where a later step draws a node."""
    path = geometry.outline(one.shape, one.at, one.size)
    ax.add_patch(PathPatch(path, facecolor="none", edgecolor=_PLACE, linewidth=1.0, zorder=3))


def _shape(ax, path, role, *, shape=None, name="", faded=False, highlight=False):
    colour = to_rgb(COLOUR[role])
    if shape == "operator":
        face, edge, width = (1.0, 1.0, 1.0), to_rgb(COLOUR["parameter"]), 1.2
    elif shape == "module":
        face, edge, width = _pale(colour, 0.88), colour, 1.4
    elif shape == "grid":
        face, edge, width = (1.0, 1.0, 1.0), colour, 1.4
    else:
        face = _pale(colour, 0.92 if role == "target" else TINT)
        edge, width = colour, 1.6
    if faded:
        face, edge = _pale(face, 0.5), _pale(edge, FADE)
    patch = PathPatch(
        path, facecolor=face, edgecolor=edge, linewidth=3.8 if highlight else width, zorder=3,
        label=f"_{name}",
    )  # fmt: skip
    return ax.add_patch(patch)


def _write_gate(ax, plan, one, ink, faded):
    """The lower part of a gate holds its activation, the upper one its value."""
    (x, y), h = one.at, one.size[1]
    low = 0.42 * h
    path = geometry.lower_part(one.at, one.size, low)
    colour = _pale(to_rgb(COLOUR[one.role]), FADE if faded else 0.0)
    ax.add_patch(PathPatch(path, facecolor=colour, edgecolor="none", zorder=3.1))
    size = plan.text_size
    tag_at, label_at = (x, y - h / 2 + low / 2), (x, y + low / 2)
    lettering.write(ax, tag_at, one.tag, size(EDGE_TEXT), color="white", zorder=4)
    lettering.write(ax, label_at, one.label, size(NODE_TEXT), color=ink, zorder=4)


def _fill_grid(ax, plan, one, faded):
    cells = np.asarray(one.cells, float)
    (x, y), (w, h) = one.at, one.size
    rows, columns = cells.shape
    across = np.linspace(x - w / 2, x + w / 2, columns + 1)
    down = np.linspace(y + h / 2, y - h / 2, rows + 1)
    colour = COLOUR[one.role]
    scheme = (
        HEAT if one.role == "memory" else LinearSegmentedColormap.from_list("", ["white", colour])
    )
    mesh = ax.pcolormesh(
        across, down, np.ma.masked_invalid(cells), cmap=scheme, vmin=0, vmax=1, zorder=3.1,
        edgecolors=_pale(to_rgb(colour), 0.5), linewidth=0.7, alpha=0.45 if faded else None,
    )  # fmt: skip
    mesh.set_label(f"_{one.name}")
    for (row, column), text in np.ndenumerate(np.asarray(one.cell_labels, dtype=object)):
        at = (across[column] + across[column + 1]) / 2, (down[row] + down[row + 1]) / 2
        value = cells[row, column]
        dark = not np.isnan(value) and np.dot(mesh.to_rgba(value)[:3], (0.299, 0.587, 0.114)) < 0.55
        lettering.write(
            ax, at, text, plan.text_size(SMALL_TEXT), zorder=4, color="white" if dark else "black"
        )


def _write(ax, plan, text):
    owners = () if text.owner is None else np.atleast_1d(text.owner)
    if isinstance(text.owner, tuple):
        (edge,) = (e for e in plan.graph.edges if e.pair == text.owner)
        strength = plan.edge_strength(edge)
    else:
        strength = plan.node_strength(text.owner) if len(owners) else "now"
    if strength is None:
        return
    look = dict(text.look)
    if strength == "before":
        look["color"] = _pale(to_rgb(look.get("color", "black")), 0.55)
    lettering.write(ax, text.at, text.text, plan.text_size(text.size), zorder=4, **look)


def _arrow(ax, points, colour, width, line="-", *, casing=None, sharp=(), zorder=2):
    path = Path(points) if geometry.is_arc(points) else geometry.smooth(points, sharp)
    patch = FancyArrowPatch(
        path=path, arrowstyle="-|>,head_length=0.42,head_width=0.19", mutation_scale=11.6 + 1.3 * width,
        linewidth=width, linestyle=line, color=colour, capstyle="butt", joinstyle="miter", zorder=zorder,
    )  # fmt: skip
    if casing is not None:
        patch.set_path_effects(
            [patheffects.Stroke(linewidth=width + 3.2, foreground=casing), patheffects.Normal()]
        )
    return ax.add_patch(patch)


def _background(graph, line):
    middle, _ = geometry.at_fraction(line, 0.5)
    covered = any(
        np.all(middle > panel.low) and np.all(middle < panel.high) for panel in graph.panels
    )
    return _PANEL if covered else "white"


def _by_node(graph, values):
    """{node: value} from keys that name nodes, or rows of nodes that are numbered."""
    found = {}
    for key, item in values.items():
        if key in graph.nodes:
            found[key] = item
            continue
        names = _row(graph, key)
        if not names:
            raise ValueError(
                f"values names row {key!r}; this drawing has the nodes {', '.join(graph.nodes)}"
            )
        first = names[0] == f"{key}0"
        if first and len(item) == len(names) - 1:
            names = names[1:]
        if len(item) != len(names):
            raise ValueError(
                f"values[{key!r}] has {len(item)} entries, the drawing has {len(names) - first} steps"
            )
        found.update(zip(names, item))
    return found


def _row(graph, key):
    numbers = [name.removeprefix(key) for name in graph.nodes if name.startswith(key)]
    return [f"{key}{n}" for n in sorted((n for n in numbers if n.isdecimal()), key=int)]


def _magnitudes(graph, gradient):
    for pair, magnitude in gradient.items():
        if pair not in graph.pairs():
            raise ValueError(f"gradient names {pair}, which is no edge of this drawing")
        if not magnitude >= 0:
            raise ValueError(f"magnitudes of gradients are at least 0, got {magnitude} for {pair}")
    return gradient


def _known(graph, highlight):
    strong = {h if isinstance(h, str) else tuple(h) for h in highlight or ()}
    if unknown := strong - set(graph.nodes) - graph.pairs():
        raise ValueError(
            f"highlight names {sorted(map(str, unknown))}, which this drawing does not have"
        )
    return strong


def _step(graph, upto):
    if upto is not None and upto not in graph.steps():
        raise ValueError(f"upto is {upto}, the drawing has the steps 1 to {graph.steps()[-1]}")
    return upto


def _sources(edge):
    return {edge.start, edge.through}


def _boxes(graph, ways):
    return (
        [geometry.box(border(node)) for node in graph.nodes.values()]
        + [geometry.box(line) for line in ways]
        + [np.array([*panel.low, *panel.high], float) for panel in graph.panels]
    )


def _scale(ax, box=None):
    """Inches a unit on these axes, for a drawing that fills `box`, or for the limits they have."""
    if box is None:
        (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    else:
        left, bottom, right, top = box + 2 * MARGIN * np.array([-1, -1, 1, 1])
    where, (width, height) = ax.get_position(original=True), ax.figure.get_size_inches()
    return min(where.width * width / (right - left), where.height * height / (top - bottom))


def _text_size(size, scale):
    """Points for a text of `size` points in a drawing of natural size: letters shrink with it."""
    return float(np.clip(size * scale / UNIT, min(LEAST_TEXT, size), size))


def _pale(colour, white):
    return tuple(np.asarray(colour) * (1 - white) + white)


def _ink(role):
    """A shade of the role's colour dark enough for small text on white (WCAG AA asks for 4.5:1)."""
    return tuple(np.asarray(to_rgb(COLOUR[role])) * 0.78)
