"""One small task for each shape of input and output: which steps read, which steps write."""

from typing import NamedTuple

import numpy as np


class Shaped(NamedTuple):
    """A batch of one shape: inputs that are zero where a step reads nothing, targets that count where it writes."""

    x: np.ndarray  # (T, B, D)
    y: np.ndarray  # (T, B) integers in 0..K-1; 0 where nothing is written
    writes: np.ndarray  # (T,) booleans
    K: int


def shaped(rng, kind, B, steps=6):
    """Draw a batch of a task of the shape `kind`.

    one to one    two coins -1 or 1; y says whether they are equal. There is one step, whatever `steps` says
    one to many   one of four symbols at the first step; y_t counts on from it: 2, 3, 0, 1, ...
    many to one   a coin at each step; at the last step y says whether more than half of them were 1 (ties: 0)
    many to many  a coin at each step; y_t says whether the number of ones so far is odd
    delayed       symbols of four in the first half; y writes them in the second half, last symbol first
    Raises ValueError for another kind, or for an odd number of steps in a delayed task.
    """
    if kind not in TASKS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(map(repr, TASKS))}")
    return TASKS[kind](rng, B, steps)


def detect(rng, T, B, pattern=(0, 1, 2), K=4):
    """Find a pattern of symbols in a sequence of T symbols of K; half of the sequences have it once, half do not.

    Returns x (T, B, K), one-hot, and y (T, B), integers: 1 from the step on at which the pattern is complete.
    Raises ValueError if the pattern is longer than the sequence.
    """
    pattern = np.asarray(pattern)
    if len(pattern) > T:
        raise ValueError(f"the pattern has {len(pattern)} symbols, the sequence {T}")
    symbols, y = np.empty((T, B), int), np.zeros((T, B), int)
    for n in range(B):
        wanted = n % 2
        while True:
            drawn = rng.integers(K, size=T)
            if wanted:
                start = rng.integers(T - len(pattern) + 1)
                drawn[start : start + len(pattern)] = pattern
            ends = _ends_of(pattern, drawn)
            if len(ends) == wanted:
                break
        symbols[:, n] = drawn
        y[ends[0] if wanted else T :, n] = 1
    return np.eye(K)[symbols], y


def _ends_of(pattern, symbols):
    windows = np.lib.stride_tricks.sliding_window_view(symbols, len(pattern))
    return np.flatnonzero((windows == pattern).all(axis=1)) + len(pattern) - 1


def _one_to_one(rng, B, steps):
    coins = rng.integers(2, size=(1, B, 2))
    y = (coins[..., 0] == coins[..., 1]).astype(int)
    return Shaped(2.0 * coins - 1, y, np.ones(1, bool), 2)


def _one_to_many(rng, B, steps):
    first = rng.integers(4, size=B)
    x = np.zeros((steps, B, 4))
    x[0] = np.eye(4)[first]
    return Shaped(x, (first + np.arange(steps)[:, None]) % 4, np.ones(steps, bool), 4)


def _many_to_one(rng, B, steps):
    coins = rng.integers(2, size=(steps, B))
    y = np.zeros((steps, B), int)
    y[-1] = coins.sum(axis=0) > steps / 2
    return Shaped(2.0 * coins[..., None] - 1, y, np.arange(steps) == steps - 1, 2)


def _many_to_many(rng, B, steps):
    coins = rng.integers(2, size=(steps, B))
    y = np.cumsum(coins, axis=0) % 2
    return Shaped(2.0 * coins[..., None] - 1, y, np.ones(steps, bool), 2)


def _delayed(rng, B, steps):
    half, rest = divmod(steps, 2)
    if rest:
        raise ValueError(f"a delayed task needs an even number of steps, got {steps}")
    symbols = rng.integers(4, size=(half, B))
    x = np.concatenate([np.eye(4)[symbols], np.zeros((half, B, 4))])
    y = np.concatenate([np.zeros((half, B), int), symbols[::-1]])
    return Shaped(x, y, np.arange(steps) >= half, 4)


TASKS = {
    "one to one": _one_to_one,
    "one to many": _one_to_many,
    "many to one": _many_to_one,
    "many to many": _many_to_many,
    "delayed": _delayed,
}
