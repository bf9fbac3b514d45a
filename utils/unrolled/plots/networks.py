"""Drawings of recurrent networks: the folded circuit and the graph it unfolds to.

Rows from bottom to top are x, h, o, L, y; columns are time steps 1..steps, with h_0 to the left of step 1.
A node is named by its row and its step: "h0", "x1", "L3". Shapes tell the rows apart without colour:
input square, state circle, output rounded box, loss diamond, target cut box.
"""

from itertools import pairwise

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch, RegularPolygon
from matplotlib.path import Path

from unrolled.plots.palette import COLOUR, check

ROLE = {"x": "input", "h": "state", "o": "output", "L": "loss", "y": "target"}
ROW = {"x": 0.0, "h": 1.0, "o": 2.0, "L": 3.0, "y": 4.0}
RADIUS = 0.25
REACH = {
    "x": 0.26,
    "h": 0.27,
    "o": 0.26,
    "L": 0.35,
    "y": 0.26,
}  # from a node's centre to where its arrows begin
STEP = 1.35  # horizontal distance of two time steps
LABEL_GAP = 0.16
TINT = 0.82  # share of white in a node's filling
EXPONENTS = (-6.0, 3.0)  # gradients from 1e-6 to 1e3 get the widths below
WIDTHS = (0.6, 8.0)  # points


def node(ax, xy, text, role, *, radius=RADIUS, highlight=False):
    """Draw one node centred at xy (2,) in data units with `text` inside; returns its patch."""
    colour = COLOUR[check(role)]
    patch = _shape(role, xy, radius)
    patch.set(
        facecolor=_tint(colour), edgecolor=colour, linewidth=4.0 if highlight else 1.6, zorder=3
    )
    ax.add_patch(patch)
    ax.text(*xy, text, ha="center", va="center", fontsize=12, zorder=4)
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
    colour = COLOUR[check(role)]
    start, end = np.asarray(start, float), np.asarray(end, float)
    length = np.hypot(*(end - start))
    if length == 0:
        raise ValueError(f"an arrow needs two different points, got {tuple(start)} twice")
    along = (end - start) / length
    patch = FancyArrowPatch(
        start + gap[0] * along,
        end - gap[1] * along,
        arrowstyle="-|>",
        connectionstyle=f"arc3,rad={-curve}",
        mutation_scale=9 + 1.6 * width,
        shrinkA=0,
        shrinkB=0,
        linewidth=width,
        linestyle=line,
        color=colour,
        zorder=2,
    )
    ax.add_patch(patch)
    if label is not None:
        left = np.array([-along[1], along[0]])
        middle = (start + end) / 2 + left * (0.5 * curve * length + LABEL_GAP)
        ax.text(*middle, label, ha="center", va="center", fontsize=11, color=_ink(role), zorder=4)
    return patch


def folded(ax, *, outputs=True, loss=True, delay=True):
    """Draw the circuit: x to h through U, h to itself through W one step later, h to o through V, o and y to L.

    `delay` draws the black square that stands for one time step. Returns ax.
    """
    rows = _rows(outputs, loss)
    for row in rows:
        node(ax, (0, ROW[row]), f"${row}$", ROLE[row])
    _column(ax, 0, rows)
    _loop(ax, delay)
    return _frame(ax, -0.9, 1.6, rows)


def unfolded(ax, steps, *, outputs=True, loss=True, values=None, gradient=None, highlight=None):
    """Draw the graph of `steps` time steps; the same U, W and V on every copy. Returns ax.

    values     {row: sequence}, numbers or strings written at the nodes: `steps` for x, o, L and y; `steps` or
               `steps + 1` (with h_0 first) for h
    gradient   magnitudes of what flows back: an array (steps,) for the edges h_0-h_1, ..., h_{steps-1}-h_steps, or
               {row: array}; row "h" as above, "x", "o" and "L" (steps,) for the edge below or between. Its logarithm
               sets the width of a backward arrow, and the number stands beside it
    highlight  names of nodes ("h3") and pairs of names (("h2", "h3")), drawn heavier
    """
    if steps < 1:
        raise ValueError(f"an unfolded graph needs at least one step, got {steps}")
    rows = _rows(outputs, loss)
    strong = _highlighted(highlight, rows, steps)
    for name in _names(rows, steps):
        node(
            ax, place(name), f"${name[0]}_{{{name[1:]}}}$", ROLE[name[0]], highlight=name in strong
        )
    for start, end, label in edges(steps, rows):
        width = 3.4 if (start, end) in strong else 1.3
        arrow(
            ax,
            place(start),
            place(end),
            role="parameter",
            label=label,
            width=width,
            gap=_gap(start, end),
        )
    if values is not None:
        _write_values(ax, values, rows, steps)
    if gradient is not None:
        _draw_gradient(ax, gradient, rows, steps)
    return _frame(ax, -0.6, steps * STEP + 0.75, rows)


def place(name):
    """The centre (2,) of a node in an unfolded drawing, from its name ("h0", "x12")."""
    return int(name[1:]) * STEP, ROW[name[0]]


def edges(steps, rows=("x", "h", "o", "L", "y")):
    """The forward edges of an unfolded graph: (start, end, label) with node names; label None where no weight acts."""
    chain = [(f"h{t - 1}", f"h{t}", "$W$") for t in range(1, steps + 1)]
    upward = [("x", "h", "$U$"), ("h", "o", "$V$"), ("o", "L", None), ("y", "L", None)]
    return chain + [
        (f"{low}{t}", f"{high}{t}", label)
        for low, high, label in upward
        if low in rows and high in rows
        for t in range(1, steps + 1)
    ]


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


def _rows(outputs, loss):
    if loss and not outputs:
        raise ValueError("a loss needs outputs: outputs=False asks for loss=False")
    return ("x", "h") + (("o",) if outputs else ()) + (("L", "y") if loss else ())


def _names(rows, steps):
    return ["h0"] + [f"{row}{t}" for row in rows for t in range(1, steps + 1)]


def _column(ax, x, rows):
    labels = {("x", "h"): "$U$", ("h", "o"): "$V$"}
    for low, high in pairwise(rows):
        start, end = (
            ((x, ROW["y"]), (x, ROW["L"])) if high == "y" else ((x, ROW[low]), (x, ROW[high]))
        )
        gap = (REACH["y"], REACH["L"]) if high == "y" else (REACH[low], REACH[high])
        arrow(ax, start, end, role="parameter", label=labels.get((low, high)), gap=gap)


def _gap(start, end):
    return REACH[start[0]], REACH[end[0]]


def _loop(ax, delay):
    y, r = ROW["h"], RADIUS
    points = [(r * 0.9, y + 0.11), (1.15, y + 0.75), (1.15, y - 0.75), (r * 0.95, y - 0.11)]
    loop = FancyArrowPatch(
        path=Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]),
        arrowstyle="-|>", mutation_scale=11, linewidth=1.3, color=COLOUR["parameter"], zorder=2,
    )  # fmt: skip
    ax.add_patch(loop)
    ax.text(0.62, y + 0.42, "$W$", ha="center", va="center", fontsize=11)
    if delay:
        ax.plot([0.925], [y], marker="s", markersize=7, color="black", zorder=3)
        ax.text(1.05, y - 0.08, "one step", ha="left", va="center", fontsize=9)


def _write_values(ax, values, rows, steps):
    for row, numbers in values.items():
        first = _first_step(row, numbers, rows, steps, "values")
        for t, value in enumerate(numbers, start=first):
            x, y = place(f"{row}{t}")
            ax.text(
                x - RADIUS - 0.03,
                y + RADIUS - 0.02,
                short_number(value),
                ha="right",
                va="bottom",
                fontsize=9,
                zorder=5,
            )


def _first_step(row, numbers, rows, steps, what):
    if row not in rows:
        raise ValueError(f"{what} names row {row!r}; this drawing has {', '.join(rows)}")
    if len(numbers) == steps:
        return 1
    if row == "h" and what == "values" and len(numbers) == steps + 1:
        return 0
    raise ValueError(f"{what}[{row!r}] has {len(numbers)} entries, the drawing has {steps} steps")


def _draw_gradient(ax, gradient, rows, steps):
    by_row = gradient if isinstance(gradient, dict) else {"h": gradient}
    backward = {"h": "h", "x": "x", "o": "h", "L": "o"}
    for row, magnitudes in by_row.items():
        if row not in backward:
            raise ValueError(f"gradient names row {row!r}; edges start from h, x, o and L")
        _first_step(row, magnitudes, rows, steps, "gradient")
        for t, magnitude in enumerate(magnitudes, start=1):
            low = backward[row]
            _backward(
                ax, f"{'h' if row == 'x' else row}{t}", f"{low}{t - (row == 'h')}", float(magnitude)
            )


def _backward(ax, start, end, magnitude):
    """The gradient's arrow beside the forward edge: below it in a row, to its right in a column."""
    if not magnitude >= 0:
        raise ValueError(f"a gradient's magnitude is at least 0, got {magnitude}")
    in_row = start[0] == end[0]
    away = np.array([0.0, -1.0]) if in_row else np.array([1.0, 0.0])
    width = float(gradient_width(magnitude))
    a, b = place(start) + 0.17 * away, place(end) + 0.17 * away
    if magnitude > 0:
        arrow(ax, a, b, role="gradient", width=width, gap=_gap(start, end))
    ax.text(
        *((a + b) / 2 + (0.07 + 0.012 * width) * away), short_number(magnitude), fontsize=9, zorder=5,
        color=_ink("gradient"), ha="center" if in_row else "left", va="top" if in_row else "center",
    )  # fmt: skip


def _highlighted(highlight, rows, steps):
    known = set(_names(rows, steps)) | {(a, b) for a, b, _ in edges(steps, rows)}
    strong = (
        set() if highlight is None else {h if isinstance(h, str) else tuple(h) for h in highlight}
    )
    if unknown := strong - known:
        raise ValueError(
            f"highlight names {sorted(map(str, unknown))}, which a drawing of {steps} steps does not have"
        )
    return strong


def _frame(ax, left, right, rows):
    ax.set(xlim=(left, right), ylim=(-0.45, ROW[rows[-1]] + 0.45), aspect="equal")
    ax.axis("off")
    return ax


def _shape(role, xy, radius):
    if role in ("state", "memory"):
        return RegularPolygon(xy, 64, radius=radius)
    if role == "loss":
        return RegularPolygon(xy, 4, radius=radius * 1.3)
    if role == "target":
        return _cut_box(xy, radius * 0.92)
    corner = 0.45 * radius if role == "output" else 0.01
    side = radius * 0.9 - corner
    return FancyBboxPatch(
        (xy[0] - side, xy[1] - side), 2 * side, 2 * side, boxstyle=f"round,pad={corner}"
    )


def _cut_box(xy, r):
    c = 0.45 * r
    corners = [
        (-r, -r + c),
        (-r + c, -r),
        (r - c, -r),
        (r, -r + c),
        (r, r - c),
        (r - c, r),
        (-r + c, r),
        (-r, r - c),
    ]
    return PathPatch(Path(np.asarray(corners + corners[:1]) + xy, closed=True))


def _tint(colour):
    from matplotlib.colors import to_rgb

    return tuple(np.asarray(to_rgb(colour)) * (1 - TINT) + TINT)


def _ink(role):
    """A shade of the role's colour dark enough for small text on white (WCAG AA asks for 4.5:1)."""
    from matplotlib.colors import to_rgb

    return tuple(np.asarray(to_rgb(COLOUR[role])) * 0.78)
