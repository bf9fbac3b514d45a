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
