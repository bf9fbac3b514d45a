"""Tasks that ask for something seen earlier."""

import numpy as np


def first_token(rng, T, B, K, dtype=np.float64):
    """Recall the first of T uniform random tokens.

    Returns x (T, B, K), one-hot, and y (B,), integers in 0..K-1: the token at the first step.
    """
    tokens = rng.integers(K, size=(T, B))
    return np.eye(K, dtype=dtype)[tokens], tokens[0]


def lag_copy(rng, T, B, lag, dtype=np.float64):
    """Repeat a random bit `lag` steps after it was seen.

    Returns x (T, B, 1), fair coins -1 or 1, and y (T, B), integers: 1 where x was 1 `lag` steps before, else 0.
    The first `lag` targets are 0, as if the coins before the start had all been -1.
    Raises ValueError unless 0 <= lag < T.
    """
    if not 0 <= lag < T:
        raise ValueError(f"lag is {lag}, expected 0 to {T - 1} for {T} steps")
    bits = rng.integers(2, size=(T, B))
    y = np.concatenate([np.zeros((lag, B), bits.dtype), bits[: T - lag]])
    return (2.0 * bits - 1).astype(dtype)[..., None], y
