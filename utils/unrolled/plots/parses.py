"""Drawings of labelled trees, and of the chart that a parser fills."""

import numpy as np

from unrolled.plots.palette import COLOUR
from unrolled.scratch import structure

__all__ = ["chart", "parse"]


def parse(node, ax, *, notes=None, fontsize=11):
    """Draw a tree: its words in a row, every other node above the middle of its children.

    notes {(start, stop): text}: written beside the node over the words start..stop-1. Returns ax.
    """
    notes, words = notes or {}, structure.leaves(node)
    top = _draw(node, 0, ax, notes, fontsize)[2]
    ax.set(xlim=(-0.7, len(words) - 0.3), ylim=(-0.55, top + 0.55))
    ax.axis("off")
    return ax


def chart(cells, words, ax, *, now=None, parts=(), fontsize=10):
    """Draw a chart as a triangle: the parts of length 1 below, the whole string on top.

    cells {(start, stop): text}; now: the part that is being filled, framed; parts: those it is made of, framed too.
    Empty parts are drawn pale. Returns ax.
    """
    n = len(words)
    for width in range(1, n + 1):
        for start in range(n - width + 1):
            part = start, start + width
            x, y = start + (width - 1) / 2, width - 1
            full = part in cells
            edge = "gradient" if part == now else "input" if part in parts else "muted"
            ax.add_patch(
                _box(
                    x,
                    y,
                    facecolor="white" if full else "#F2F2F2",
                    edgecolor=COLOUR[edge],
                    linewidth=2.4 if part == now or part in parts else 0.6,
                    linestyle="--" if part in parts else "-",
                    zorder=3 if part == now or part in parts else 2,
                )
            )
            if full:
                ax.text(x, y, cells[part], ha="center", va="center", fontsize=fontsize, zorder=4)
    for place, word in enumerate(words):
        ax.text(place, -0.75, word, ha="center", va="center", fontsize=fontsize, style="italic")
    ax.set(xlim=(-0.6, n - 0.4), ylim=(-1.05, n - 0.4))
    ax.axis("off")
    return ax


def _box(x, y, **style):
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.46, y - 0.4), 0.92, 0.8, **style)


def _draw(node, start, ax, notes, fontsize):
    """Draw a tree whose words begin at `start`; returns where they stop, and the place of its top."""
    if not node.children:
        ax.text(start, 0, node.label, ha="center", va="center", fontsize=fontsize, style="italic")
        return start + 1, start, 0.0
    places, stop = [], start
    for child in node.children:
        stop, x, y = _draw(child, stop, ax, notes, fontsize)
        places.append((x, y))
    x, y = np.mean([x for x, _ in places]), 0.8 + max(y for _, y in places)
    for below in places:
        ax.plot(
            [x, below[0]],
            [y - 0.2, below[1] + 0.22],
            color=COLOUR["muted"],
            linewidth=1.2,
            linestyle="-",
        )
    ax.text(
        x,
        y,
        node.label or "•",
        ha="center",
        va="center",
        fontsize=fontsize,
        color=COLOUR["state"],
        weight="bold",
    )
    if (start, stop) in notes and len(node.children) > 1:
        ax.text(
            x + 0.2, y + 0.12, notes[start, stop], fontsize=fontsize - 2, color=COLOUR["gate_o"]
        )
    return stop, x, y
