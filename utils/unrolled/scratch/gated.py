"""What the gated layers share: the layout of their arrays.

Inside a layer the batch is the last axis, so that one gate at one step, an (H, B) block, is contiguous: NumPy goes
through a contiguous block about three times as fast as through a slice of longer rows. What a step reads stands in
one column, [h_{t-1}; 1; x_t], so that one product with one weight replaces two products and two additions.
"""

import numpy as np

from unrolled.scratch.checks import checked
from unrolled.scratch.masking import counted, immediate

__all__ = ["last", "outputs", "side_by_side", "stacked", "upstream"]


def stacked(x, h0, lengths, workspace):
    """The columns (T + 1, H + 1 + D, B) that the steps read: h_{t-1}, one, and x_t, which is 0 where it doesn't count.

    x (T, B, D); h0 (B, H). The layer fills in h from step 1 on. The last entry has no x: only its h is used.
    """
    T, B, D = x.shape
    H = h0.shape[1]
    if lengths is not None:
        x = np.where(counted(lengths, T, B)[..., None], x, 0)
    stack = workspace.empty("stack", (T + 1, H + 1 + D, B), x.dtype)
    stack[0, :H] = h0.T
    stack[:, H] = 1
    stack[:-1, H + 1 :] = x.transpose(0, 2, 1)
    return stack


def outputs(columns, lengths, workspace):
    """The array (T, B, H) of columns (T + 1, H, B) without the initial one, zero at steps that don't count."""
    T, H, B = len(columns) - 1, *columns.shape[1:]
    h = workspace.empty("h", (T, B, H), columns.dtype)
    h[:] = columns[1:].transpose(0, 2, 1)
    if lengths is not None:
        h[~counted(lengths, T, B)] = 0
    return h


def last(columns, lengths):
    """A new array (B, H): of columns (T + 1, H, B), those after each sequence's last step that counts."""
    if lengths is None:
        return columns[-1].T.copy()
    return columns[lengths, :, np.arange(columns.shape[2])]


def upstream(dh, dlast, shape, dtype, lengths, workspace):
    """Immediate gradients (T + 1, H, B) of the initial h and of every h, with dlast where the final state was taken.

    dh (T, B, H), dlast (B, H): zero if None; shape: (T, B, H).
    """
    T, B, H = shape
    columns = workspace.empty("dhs", (T + 1, H, B), dtype)
    dh = None if dh is None else checked("dh", dh, shape, dtype)
    immediate(columns.transpose(0, 2, 1), dh, dlast, lengths)
    return columns


def side_by_side(name, columns, workspace):
    """The columns (T, n, B) of all steps as one matrix (n, T B), for one product over all steps."""
    T, n, B = columns.shape
    if B == 1:
        return columns.reshape(T, n).T  # nothing to move
    matrix = workspace.empty(name, (n, T, B), columns.dtype)
    matrix[:] = columns.transpose(1, 0, 2)
    return matrix.reshape(n, T * B)
