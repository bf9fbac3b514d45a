"""Copying with a tape: take in, go back to the start, say again, each phase marked at every step."""

import numpy as np

TAKE, REWIND, SAY = 0, 1, 2  # the phases; x names them in its last three features


def rewound_copy(rng, L, B, *, symbols=4, dtype=np.float32):
    """L random symbols, L steps in which to go back, and L steps in which to say the symbols in their order.

    x (3 L, B, symbols + 3): a symbol, one-hot, while it is taken in, and the phase, one-hot, at every step.
    Returns x, y (3 L, B) integers, 0 where nothing is to be said, and counted (3 L, B), True in the last phase.
    Raises ValueError if L < 1.
    """
    if L < 1:
        raise ValueError(f"L is {L}, expected at least 1")
    said = rng.integers(symbols, size=(L, B))
    x = np.zeros((3 * L, B, symbols + 3), dtype)
    x[np.arange(L)[:, None], np.arange(B), said] = 1
    phase = np.repeat([TAKE, REWIND, SAY], L)
    x[np.arange(3 * L), :, symbols + phase] = 1
    y = np.zeros((3 * L, B), int)
    y[2 * L :] = said
    counted = np.zeros((3 * L, B), bool)
    counted[2 * L :] = True
    return x, y, counted
