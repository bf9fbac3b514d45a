"""A task that needs a memory whose places become free again."""

import numpy as np


def cloakroom(rng, T, B, hooks, ticket=8, coat=4, dtype=np.float64):
    """Take in coats and give each back when its ticket is shown; then its hook is free, and the ticket is torn.

    hooks: the most coats kept at a time; ticket, coat: bits of each. At every step a coat comes in or goes out, either
    with probability 1/2 where both can happen; it is any of the coats kept that goes out, with the same probability.
    No two coats of a sequence have one ticket; about T / 2 coats come in.

    Returns x (T, B, 2 + ticket + coat): 1 if a coat comes in, 1 if one goes out, then ticket and coat as -1 and 1, the
    coat 0 where one goes out; y (T, B, coat), 0 and 1: the coat's bits, at every step; and counted (T, B), boolean:
    True where a coat goes out. Raises ValueError if there is no hook, or there are fewer tickets than steps.
    """
    if hooks < 1 or 2**ticket < T:
        raise ValueError(
            f"hooks is {hooks}, tickets {2**ticket} for {T} steps: expected >= 1, >= T"
        )
    x = np.zeros((T, B, 2 + ticket + coat), dtype)
    y, counted = rng.integers(2, size=(T, B, coat)), np.zeros((T, B), bool)
    numbers = rng.permuted(np.tile(np.arange(2**ticket), (B, 1)), axis=1)[:, :T].T.copy()  # (T, B)
    for b in range(B):
        kept = []  # the steps at which the coats came in
        for t in range(T):
            counted[t, b] = len(kept) == hooks or (len(kept) > 0 and rng.random() < 0.5)
            if counted[t, b]:
                came = kept.pop(rng.integers(len(kept)))
                numbers[t, b], y[t, b] = numbers[came, b], y[came, b]
            else:
                kept.append(t)
    x[..., 0], x[..., 1] = ~counted, counted
    x[..., 2 : 2 + ticket] = 2 * (numbers[..., None] >> np.arange(ticket) & 1) - 1
    x[..., 2 + ticket :] = np.where(counted[..., None], 0, 2 * y - 1)
    return x, y, counted
