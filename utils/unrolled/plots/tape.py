"""A memory and its heads: where a weighting rests, how it moves, and what comes out of a machine that copies."""

import numpy as np

from unrolled.plots import palette

HEADS = {"write": "candidate", "read": "attention"}  # the role of each head's colour


def weighting(w, ax, *, before=None, role="attention", title=""):
    """Draw a weighting w (N,) as bars over the slots, and the weighting `before` (N,) it came from as outlines."""
    slots = np.arange(len(w))
    if before is not None:
        edge = {"edgecolor": palette.COLOUR["muted"], "linestyle": "--", "linewidth": 1}
        ax.bar(slots, before, 0.9, facecolor="none", **edge)
    ax.bar(slots, w, 0.6, color=palette.COLOUR[palette.check(role)])
    ax.set(xlabel="slot", ylim=(0, 1.05), title=title, xlim=(-0.7, len(w) - 0.3))
    ax.grid(visible=False, axis="x")
    return ax


def tracks(weights, ax, *, title=""):
    """Draw the weightings (T, N) of a head over time: a column a step, a row a slot, slot 0 on top, black where it is."""
    ax.imshow(
        np.asarray(weights, float).T,
        cmap="gray_r",
        vmin=0,
        vmax=1,
        interpolation="none",
        aspect="auto",
    )
    ax.set(xlabel="step", ylabel="slot", title=title)
    ax.grid(visible=False)
    return ax


def copies(shown, said, axes):
    """Draw what was shown over what was said: bits (T, K) in {0, 1}, and answers (T, K) in [0, 1], step by step.

    axes: two of them. A bit on the wrong side of a half has a cross; the second title counts them.
    """
    shown, said = np.asarray(shown, float), np.asarray(said, float)
    if shown.shape != said.shape:
        raise ValueError(f"shown has shape {shown.shape}, said {said.shape}: expected equal ones")
    wrong = (said > 0.5) != (shown > 0.5)
    for ax, bits in zip(axes, (shown, said)):
        ax.imshow(bits.T, cmap="gray_r", vmin=0, vmax=1.3, interpolation="none", aspect="auto")
        ax.set(yticks=[])
        ax.grid(visible=False)
    step, bit = np.nonzero(wrong)
    axes[1].scatter(step, bit, marker="x", s=14, linewidth=1.2, color=palette.COLOUR["gradient"])
    axes[0].set(xticklabels=[])
    axes[0].set_title(f"length {len(shown)}", fontsize=10)
    axes[1].set_title(f"{wrong.sum()} wrong", fontsize=10)
    return axes


def moment(ax, memory, write, read, *, reach=None, x=None, said=None, note=""):
    """Draw one moment of a machine: the memory (N, W) as a grid, its heads as bars at the sides, and a note below.

    write, read (N,): weightings, as bars that grow away from the memory. reach: the number at which the colours end,
    the largest in the memory if None. x (D,): what arrives, and said (K,): what is answered, drawn as rows above and
    below in the same colours, which end at -1 and 1 there.
    """
    memory = np.asarray(memory, float)
    N, W = memory.shape
    reach = max(np.abs(memory).max(), 1e-9) if reach is None else reach
    span = (-0.5, W - 0.5, N - 0.5, -0.5)
    ax.imshow(
        memory, cmap=palette.HEAT, vmin=-reach, vmax=reach, interpolation="none", extent=span,
        aspect="auto",
    )  # fmt: skip
    bar = 0.3 * W
    for w, side, name in ((write, -1, "write"), (read, 1, "read")):
        foot = -1.2 if side < 0 else W + 0.2
        ax.barh(range(N), side * bar * np.asarray(w), 0.8, foot, color=palette.COLOUR[HEADS[name]])
        ax.plot([foot, foot], [-0.5, N - 0.5], color=palette.COLOUR["muted"], linewidth=0.8)
        ax.text(
            foot + side * bar / 2, -1.1, name + "s", ha="center", va="center",
            color=palette.COLOUR[HEADS[name]], weight="bold", fontsize=11,
        )  # fmt: skip
    for row, role, low in ((x, "input", -1.7), (said, "output", N + 0.8)):
        if row is not None:
            first = (W - len(row)) // 2 - 0.5
            at = (first, first + len(row), low, low - 1)
            ax.imshow(
                np.asarray(row, float)[None], cmap=palette.HEAT, vmin=-1, vmax=1,
                interpolation="none", extent=at, aspect="auto",
            )  # fmt: skip
            ax.add_patch(_frame((at[0], at[3]), len(row), 1, palette.COLOUR[role]))
    ax.text((W - 1) / 2, N + 1.4, note, ha="center", va="center", fontsize=11)
    ax.set(xlim=(-1.4 - bar, W + 0.4 + bar), ylim=(N + 2.1, -3.2), xticks=[], yticks=[])
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.grid(visible=False)
    return ax


def _frame(corner, wide, high, colour):
    from matplotlib.patches import Rectangle

    return Rectangle(corner, wide, high, fill=False, edgecolor=colour, linewidth=1.6)
