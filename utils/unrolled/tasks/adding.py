"""The adding problem of Hochreiter & Schmidhuber (1997): two marked numbers far apart, and their sum at the end."""

import numpy as np


def adding(rng, T, B, dtype=np.float64):
    """Add the two marked numbers of a sequence of T; only the last step is to tell the sum.

    x (T, B, 2): a number uniform in 0..1, and a marker that is 1 at two steps and 0 elsewhere. The first marked step
    is uniform in the first half of the sequence, the second in the rest. Returns x and y (B,), the sums in 0..2.
    Whoever always answers 1 has a mean squared error of 1/6.
    Raises ValueError if T < 2.
    Source: Hochreiter & Schmidhuber (1997), experiment 4, in the form of Arjovsky, Shah & Bengio (2016).
    """
    if T < 2:
        raise ValueError(f"T is {T}, expected at least 2 steps, one for each summand")
    numbers = rng.uniform(size=(T, B))
    steps = np.stack([rng.integers(T // 2, size=B), rng.integers(T // 2, T, size=B)])
    sequences = np.arange(B)
    markers = np.zeros((T, B))
    markers[steps, sequences] = 1
    x = np.stack([numbers, markers], axis=-1).astype(dtype)
    return x, numbers[steps, sequences].sum(axis=0).astype(dtype)
