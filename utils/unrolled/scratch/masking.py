"""Which steps of a padded batch count."""

import numpy as np


def counted(lengths, T, B):
    """Mask (T, B) of the steps that count: step t of sequence b does when t < lengths[b].

    Raises ValueError if `lengths` is not an integer array (B,) with values in 0..T.
    """
    lengths = checked_lengths(lengths, T, B)
    return np.arange(T)[:, None] < lengths


def immediate(rows, given, last, lengths):
    """Fill rows (T + 1, B, ...) with the immediate gradients of the initial state and of the T after it.

    given (T, B, ...): what reaches each state at its own step, ignored at steps that don't count; last (B, ...): added
    where the final state was taken; zero if None. Returns rows.
    """
    T, B = len(rows) - 1, rows.shape[1]
    rows[0] = 0
    rows[1:] = 0 if given is None else given
    if lengths is not None:
        rows[1:][~counted(lengths, T, B)] = 0
    if last is not None:
        rows[T if lengths is None else lengths, np.arange(B)] += last
    return rows


def checked_lengths(lengths, T, B):
    """`lengths` as an integer array (B,); raises ValueError if it is none or leaves 0..T."""
    lengths = np.asarray(lengths)
    if lengths.shape != (B,) or not np.issubdtype(lengths.dtype, np.integer):
        raise ValueError(
            f"lengths has shape {lengths.shape} and dtype {lengths.dtype}, expected {B} integers"
        )
    if lengths.min() < 0 or lengths.max() > T:
        raise ValueError(
            f"lengths range from {lengths.min()} to {lengths.max()}, the batch has steps 0 to {T}"
        )
    return lengths
