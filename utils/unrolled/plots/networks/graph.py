"""What a drawing shows, as data: nodes with a role and a place, edges that say what depends on what.

A `Graph` is both the picture and the wiring: `draw` renders it, and its `order`, `dependencies` and `ancestors`
are those of the equations. Times and layers are in the names: "h3" is the state at step 3.
"""

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from unrolled.plots.networks.geometry import UNIT
from unrolled.plots.networks.lettering import SIZES, extent
from unrolled.plots.palette import check

SHAPE = {
    "input": "square",
    "state": "circle",
    "output": "box",
    "target": "cut",
    "loss": "diamond",
    "memory": "hexagon",
    "attention": "box",
    "gate_i": "gate",
    "gate_f": "gate",
    "gate_o": "gate",
    "gate_r": "gate",
    "gate_z": "gate",
    "candidate": "gate",
    "parameter": "module",
    "muted": "operator",
}
# Width and height in units. A module is as wide as its text asks for; a grid has its size from its cells.
SIZE = {
    "square": (0.45, 0.45),
    "circle": (0.5, 0.5),
    "box": (0.5, 0.46),
    "cut": (0.46, 0.46),
    "diamond": (0.65, 0.65),
    "hexagon": (0.58, 0.52),
    "gate": (0.58, 0.76),
    "operator": (0.3, 0.3),
    "module": (0.5, 0.46),
    "grid": (1.0, 1.0),
}


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node. at (2,) its centre and size (2,) in units; `tag` is the activation of a gate; `cells` (rows, columns)
    in [0, 1] or NaN fills a grid; `stage` is the step of a step-through in which it appears, None for its depth."""

    name: str
    label: str
    role: str
    at: tuple
    shape: str
    size: tuple
    tag: str | None = None
    cells: np.ndarray | None = None
    cell_labels: tuple = ()
    stage: int | None = None


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One arrow: `end` is computed from `start`.

    via      corners (2,) on the way; out, into: where it leaves and enters, relative to the two centres
    bend     curvature of an arrow without corners, positive to the left
    through  the node that weighs what passes: the arrow is drawn behind it, and `end` depends on it too
    width    of the line, in points
    weight   in [0, 1]: sets width and strength instead
    delay    the value arrives one time step later, so the edge belongs to no order within a step
    line     solid "-" or dashed "--"; over: where it crosses others, these are interrupted
    """

    start: str
    end: str
    label: str | None = None
    role: str = "parameter"
    line: str = "-"
    via: tuple = ()
    out: tuple = (0.0, 0.0)
    into: tuple = (0.0, 0.0)
    bend: float = 0.0
    through: str | None = None
    width: float = 1.3
    weight: float | None = None
    delay: bool = False
    over: bool = False

    @property
    def pair(self):
        return self.start, self.end


@dataclass(frozen=True)
class Panel:
    """A pale area from its lower left to its upper right corner, with a name in its upper left one."""

    low: tuple
    high: tuple
    label: str = ""


@dataclass(frozen=True)
class Note:
    """Small text at a place that no node needs; align "center", "left" or "right"."""

    at: tuple
    text: str
    align: str = "center"


class Graph:
    """Nodes, edges, panels and notes; each adding method returns the graph, so that calls can be chained.

    captions (str, ...) say what each step of a step-through computes; without them the steps are the depths.
    """

    def __init__(self, captions=()):
        self.nodes = {}
        self.edges = []
        self.panels = []
        self.notes = []
        self.captions = tuple(captions)

    def node(self, name, label, role, at, *, shape=None, size=None, **look):
        """Add a node. role: one of the palette's, which gives its colour and its shape unless `shape` is given.

        Raises ValueError for a name that exists, a role or shape that does not, cells outside [0, 1].
        """
        if name in self.nodes:
            raise ValueError(f"the graph has a node {name!r} already")
        shape = shape or SHAPE.get(check(role))
        if shape not in SIZE:
            raise ValueError(f"no shape {shape!r} for role {role!r}; there are {', '.join(SIZE)}")
        if look.get("cells") is not None:
            look["cells"] = _unit_interval(look["cells"], f"cells of {name}")
        at = (float(at[0]), float(at[1]))
        self.nodes[name] = Node(
            name=name,
            label=label,
            role=role,
            at=at,
            shape=shape,
            size=size or _size(shape, label),
            **look,
        )
        return self

    def edge(self, start, end, label=None, **look):
        """Add an arrow from node `start` to node `end`; `look` holds the other fields of `Edge`.

        Raises ValueError for unknown nodes, a pair that has its edge already, a weight outside [0, 1].
        """
        for name in (start, end, look.get("through")):
            if name is not None and name not in self.nodes:
                raise ValueError(
                    f"the edge {start!r} to {end!r} names {name!r}; there is no such node"
                )
        if any(edge.pair == (start, end) for edge in self.edges):
            raise ValueError(f"the graph has an edge from {start!r} to {end!r} already")
        if look.get("weight") is not None:
            look["weight"] = float(_unit_interval(look["weight"], f"weight of {start}-{end}"))
        check(look.get("role", "parameter"))
        self.edges.append(Edge(start=start, end=end, label=label, **look))
        return self

    def panel(self, low, high, label=""):
        """Add a pale area behind the drawing."""
        self.panels.append(Panel(low, high, label))
        return self

    def note(self, at, text, align="center"):
        """Add small text."""
        self.notes.append(Note(at, text, align))
        return self

    def pairs(self):
        """The set of (start, end)."""
        return {edge.pair for edge in self.edges}

    def dependencies(self):
        """{node: names it is computed from within one step}; delayed edges are left out."""
        needs = {name: set() for name in self.nodes}
        for edge in self.edges:
            if not edge.delay:
                needs[edge.end] |= {edge.start, edge.through} - {None}
        return needs

    def order(self):
        """The names in an order in which they can be computed. Raises graphlib.CycleError if there is none."""
        return list(TopologicalSorter(self.dependencies()).static_order())

    def ancestors(self, name):
        """The set of nodes from which a path leads to `name`."""
        needs, found, waiting = self.dependencies(), set(), [name]
        while waiting:
            new = needs[waiting.pop()] - found
            found |= new
            waiting.extend(new)
        return found

    def stages(self):
        """{node: step of a step-through, from 1}: its own stage, or one more than the last of what it needs."""
        needs, found = self.dependencies(), {}
        for name in self.order():
            depth = 1 + max((found[other] for other in needs[name]), default=0)
            found[name] = self.nodes[name].stage or depth
        return found

    def steps(self):
        """The steps of a step-through: range(1, n + 1)."""
        return range(1, max(self.stages().values()) + 1)

    def say(self, step):
        """The caption of a step without TeX, for a screen reader: "New memory: c_t = f_t ⊙ c_(t-1) + i_t ⊙ c̃_t"."""
        text = self.captions[step - 1]
        for pattern, plain in _PLAIN:
            text = re.sub(pattern, plain, text)
        if "\\" in text:
            raise ValueError(f"no plain form for the TeX in {text!r}")
        return f"Step {step} of {len(self.captions)}. {text}"


_PLAIN = (
    (r"_\{(\w+[-+]\w+)\}", r"_(\1)"),
    (r"\\tilde\{(\w)\}", "\\1\u0303"),
    (r"\\mathrm\{(\w+)\}|\\mathrm(\w)", r"\1\2"),
    (r"\\odot", "⊙"),
    (r"\\hat\{(\w)\}", "\\1\u0302"),
    (r"\\alpha", "α"),
    (r"\\sum", "Σ"),
    (r"\\sigma", "σ"),
    (r"\\epsilon", "ε"),
    (r"\^\\top", "ᵀ"),
    (r"\\tanh", "tanh"),
    (r"\\,", " "),
    (r"[${}]", ""),
)


def _size(shape, label):
    width, height = SIZE[shape]
    if shape == "module" and label:
        text = extent(label, SIZES[0], UNIT)
        width, height = max(width, text[0] + 0.28), max(height, text[1] + 0.26)
    return width, height


def _unit_interval(numbers, what):
    numbers = np.asarray(numbers, float)
    if ((numbers < 0) | (numbers > 1)).any():
        raise ValueError(
            f"{what} must lie in [0, 1], found {numbers[(numbers < 0) | (numbers > 1)][0]:g}"
        )
    return numbers
