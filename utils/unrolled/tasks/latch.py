"""The latch problem of Bengio, Simard & Frasconi (1994): the first steps tell the class, noise follows."""

import numpy as np


def latch(rng, delay, B, shown=3, noise=0.2, dtype=np.float64):
    """Keep one bit through `delay` steps of noise; only the last step is to tell it.

    The first `shown` inputs are all -1 or all 1, a fair coin for each sequence, and the class is that coin. The
    `delay` inputs after them are normal with mean 0 and standard deviation `noise`, and tell nothing.
    Returns x (shown + delay, B, 1) and y (B,), integers: 1 where the coin was 1, else 0.
    Raises ValueError if shown < 1, delay < 0 or noise < 0.
    Source: Bengio, Simard & Frasconi (1994), section II, where the first inputs are learned instead of given.
    """
    if shown < 1:
        raise ValueError(f"shown is {shown}, expected at least 1 step that tells the class")
    if delay < 0:
        raise ValueError(f"delay is {delay}, expected at least 0 steps")
    if noise < 0:
        raise ValueError(f"noise is {noise}, expected a standard deviation of at least 0")
    y = rng.integers(2, size=B)
    told = np.broadcast_to(2.0 * y - 1, (shown, B))
    x = np.concatenate([told, noise * rng.standard_normal((delay, B))])
    return x.astype(dtype)[..., None], y
