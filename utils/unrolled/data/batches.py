"""Batches of a long sequence for training with a state that is carried on."""

import numpy as np


def windows(ids, B, T):
    """Cut a sequence into B contiguous streams and yield windows of T steps, each going on where the last one ended.

    ids (n,) integers. Yields x (T, B) and y (T, B), the same one step later: column b of a window continues
    column b of the window before. What doesn't fill a window at the end of the streams is left out.
    Raises ValueError if there isn't one full window.
    """
    ids = np.asarray(ids)
    length = (len(ids) - 1) // B  # of a stream; every step needs a successor
    if length < T:
        raise ValueError(
            f"{len(ids)} tokens give {B} streams of {length} steps, a window needs {T}"
        )
    x = ids[: B * length].reshape(B, length).T
    y = ids[1 : B * length + 1].reshape(B, length).T
    return ((x[t : t + T], y[t : t + T]) for t in range(0, length - T + 1, T))


def one_hot(ids, K, dtype=np.float64):
    """Indicator vectors (..., K) of the integers ids (...), in 0..K-1. Raises ValueError if one is outside."""
    ids = np.asarray(ids)
    if ids.size and (ids.min() < 0 or ids.max() >= K):
        raise ValueError(f"numbers range from {ids.min()} to {ids.max()}, expected 0 to {K - 1}")
    return np.eye(K, dtype=dtype)[ids]


def padded(sequences, fill=0):
    """Sequences of integers as columns: an array (T, B), padded with `fill` below, and their lengths (B,).

    Raises ValueError if there is no sequence or all are empty.
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    if not lengths.any():
        raise ValueError(f"{len(lengths)} sequences have no entry")
    columns = np.full((lengths.max(), len(lengths)), fill, dtype=np.int64)
    for b, sequence in enumerate(sequences):
        columns[: len(sequence), b] = sequence
    return columns, lengths
