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
    return runs_of(rng.integers(least, most + 1, size=B), letters, dtype)


def runs_of(n, letters=2, dtype=np.float64):
    """The strings of `equal_runs` for given n (B,), at least 1: x, y, counted."""
    n = np.asarray(n)
    t = np.arange(letters * n.max() + 1)[:, None]
    length = letters * n  # of each string; step 0 reads END, step 1 the first letter
    letter = lambda t: np.where((t == 0) | (t > length), END, (t - 1) // n + 1)
    x = np.eye(letters + 1, dtype=dtype)[letter(t)]
    x[t > length] = 0
    return x, letter(t + 1), (t > n) & (t <= length)
