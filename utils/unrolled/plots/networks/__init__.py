"""The book's drawings of networks: any of them is a `Graph`, and one call draws it.

    networks.figure(architectures.lstm_cell(peepholes=True))
    networks.draw(ax, architectures.unfolded(4), values=…, gradient=…, highlight=…, upto=…)

Shapes tell the roles apart without colour: input square, state circle, output rounded box, loss diamond, target cut
box, memory hexagon, gate a box with its activation below, operation a small ring.
"""

from unrolled.plots.networks import architectures
from unrolled.plots.networks.drawing import (
    arrow,
    draw,
    figure,
    gradient_width,
    node,
    sheet,
    short_number,
)
from unrolled.plots.networks.graph import Graph
from unrolled.plots.networks.sequences import ROW, STEP, edges, place, rows_of

__all__ = [
    "Graph",
    "architectures",
    "arrow",
    "draw",
    "edges",
    "figure",
    "folded",
    "gradient_width",
    "node",
    "place",
    "sheet",
    "short_number",
    "unfolded",
]


def folded(ax, *, outputs=True, loss=True, delay=True):
    """Draw `architectures.folded` on `ax`. Returns ax."""
    draw(ax, architectures.folded(outputs=outputs, loss=loss, delay=delay))
    return _frame(ax, -0.9, 1.6, rows_of(outputs, loss))


def unfolded(ax, steps, *, outputs=True, loss=True, values=None, gradient=None, highlight=None):
    """Draw `architectures.unfolded` on `ax`, with marks given by rows. Returns ax.

    values     {row: sequence}, numbers or strings written at the nodes: `steps` for x, o, L and y; `steps` or
               `steps + 1` (with h_0 first) for h
    gradient   magnitudes of what flows back: an array (steps,) for the edges h_0-h_1, ..., h_{steps-1}-h_steps, or
               {row: array}; row "h" as above, "x", "o" and "L" (steps,) for the edge below or between. Its logarithm
               sets the width of a backward arrow, and the number stands beside it
    highlight  names of nodes ("h3") and pairs of names (("h2", "h3")), drawn heavier
    """
    graph = architectures.unfolded(steps, outputs=outputs, loss=loss)
    marks = {"values": values, "highlight": highlight, "gradient": _by_edge(graph, gradient, steps)}
    draw(ax, graph, **marks)
    return _frame(ax, -0.6, steps * STEP + 0.75, rows_of(outputs, loss))


def _by_edge(graph, gradient, steps):
    if gradient is None:
        return None
    found, below = {}, {"h": "h", "x": "x", "o": "h", "L": "o"}
    for row, magnitudes in (gradient if isinstance(gradient, dict) else {"h": gradient}).items():
        if row not in below or f"{row}1" not in graph.nodes:
            raise ValueError(f"gradient names row {row!r}; this drawing has h, x, o and L at most")
        if len(magnitudes) != steps:
            raise ValueError(
                f"gradient[{row!r}] has {len(magnitudes)} entries, the drawing has {steps} steps"
            )
        for t, magnitude in enumerate(magnitudes, start=1):
            start, end = {
                "h": (f"h{t - 1}", f"h{t}"),
                "x": (f"x{t}", f"h{t}"),
            }.get(row, (f"{below[row]}{t}", f"{row}{t}"))
            found[start, end] = magnitude
    return found


def _frame(ax, left, right, rows):
    ax.set(xlim=(left, right), ylim=(-0.45, ROW[rows[-1]] + 0.45))
    return ax
