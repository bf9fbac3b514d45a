"""Strings such as aaabbb, whose continuation is known to whoever has counted."""

import numpy as np

END = 0  # the symbol before the first letter and after the last one; the letters are 1, 2, ...


def equal_runs(rng, B, most, letters=2, least=1, dtype=np.float64):
    """Tell the next symbol of a^n b^n, or of a^n b^n c^n with three letters, n uniform in least..most.

    A string is read from END on: END a a b b for n = 2, and what follows each symbol is a a b b END. As long as one
    reads a, nobody can know how many are to come; from the first b on all is determined, and only that counts.
    Returns x (T, B, letters + 1), one-hot, zero after the end, y (T, B), the next symbols, and counted (T, B), True
    where the next symbol is determined by those before; T is letters * n + 1 for the largest n that was drawn.
    Raises ValueError for fewer than two letters, or unless 1 <= least <= most.
    """
    if letters < 2 or not 1 <= least <= most:
        raise ValueError(
            f"letters is {letters}, least {least}, most {most}: expected two letters or more, 1 <= least <= most"
        )
    n = rng.integers(least, most + 1, size=B)
    t = np.arange(letters * n.max() + 2)[:, None]  # step 0 is END
    symbols = np.where((t == 0) | (t > letters * n), END, (t - 1) // n + 1)
    x = np.eye(letters + 1, dtype=dtype)[symbols[:-1]]
    x[t[:-1, 0][:, None] > letters * n] = 0
    counted = (t[:-1] > n) & (t[:-1] <= letters * n)
    return x, symbols[1:], counted
