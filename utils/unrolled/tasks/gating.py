"""Tasks that gates are made for: keep what was marked, and answer at an exact time."""

import numpy as np


def last_marked(rng, T, B, share=0.1, dtype=np.float64):
    """Say at every step which value was marked last.

    Returns x (T, B, 2), a value uniform in -1..1 and a mark, 1 or 0, and y (T, B, 1), the value at the latest marked
    step. The first step is marked, each later one with probability `share`. Raises ValueError unless 0 <= share <= 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, expected a probability")
    value, mark = rng.uniform(-1, 1, (T, B)), rng.random((T, B)) < share
    mark[:1] = True
    latest = np.maximum.accumulate(np.where(mark, np.arange(T)[:, None], 0))
    x = np.stack([value, mark], axis=-1).astype(dtype)
    return x, np.take_along_axis(x[..., 0], latest, axis=0)[..., None]


def echoed_spikes(rng, T, B, delay, dtype=np.float64):
    """Answer each spike exactly `delay` steps later, and at no other step.

    Returns x (T, B, 1), 1 at a spike and else 0, and y (T, B), integers: 1 at the steps of the answers. The first
    spike comes at one of the steps 0..delay - 1, the next ones delay + 1 to 2 delay steps after the one before: each
    is answered before the next. Raises ValueError if delay < 1.
    """
    if delay < 1:
        raise ValueError(f"delay is {delay}, expected at least 1 step")
    gaps = rng.integers(delay + 1, 2 * delay + 1, size=(T // (delay + 1) + 1, B))
    gaps[0] = rng.integers(delay, size=B)
    spikes = np.cumsum(gaps, axis=0)
    x, y = np.zeros((T, B, 1), dtype), np.zeros((T, B), int)
    sequence = np.broadcast_to(np.arange(B), spikes.shape)
    seen, answered = spikes < T, spikes + delay < T
    x[spikes[seen], sequence[seen]] = 1
    y[spikes[answered] + delay, sequence[answered]] = 1
    return x, y
