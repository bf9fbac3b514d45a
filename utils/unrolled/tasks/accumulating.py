"""Tasks whose target at every step depends on all the steps before."""

import numpy as np


def running_sum(rng, T, B, dtype=np.float64):
    """Add up what came so far: x (T, B, 1) standard normal, y (T, B, 1) its cumulative sum."""
    x = rng.standard_normal((T, B, 1))
    return x.astype(dtype), np.cumsum(x, axis=0).astype(dtype)


def parity(rng, T, B, dtype=np.float64):
    """Tell whether the number of ones so far is odd: x (T, B, 1) fair coins 0 or 1, y (T, B) integers 0 or 1."""
    bits = rng.integers(2, size=(T, B))
    return bits.astype(dtype)[..., None], np.cumsum(bits, axis=0) % 2


def odd_words(rng, T, B, dtype=np.float64):
    """Tell whether the number of finished words with an odd number of letters a is odd: a parity of parities.

    Returns x (T, B, 3), one-hot of silence (probability .3), the letter a (.5) and the end of a word (.2), and
    y (T, B), integers 0 or 1, which change only where a word ends.
    """
    symbols = rng.choice(3, p=[0.3, 0.5, 0.2], size=(T, B))
    y, inner, outer = np.zeros((T, B), int), np.zeros(B, int), np.zeros(B, int)
    for t, symbol in enumerate(symbols):
        inner ^= symbol == 1
        outer ^= inner & (symbol == 2)
        inner[symbol == 2] = 0
        y[t] = outer
    return np.eye(3, dtype=dtype)[symbols], y


def delayed_xor(rng, T, B, lag, dtype=np.float64):
    """Compare each bit with the one `lag` steps before.

    Returns x (T, B, 1), fair coins -1 or 1, and y (T, B), integers: 1 where the two differ; a bit that has none
    before it is compared with -1. Raises ValueError unless 0 < lag < T.
    """
    if not 0 < lag < T:
        raise ValueError(f"lag is {lag}, expected 1 to {T - 1} for {T} steps")
    bits = rng.integers(2, size=(T, B))
    y = bits.copy()
    y[lag:] ^= bits[:-lag]
    return (2.0 * bits - 1).astype(dtype)[..., None], y
