"""Strings of a small grammar."""

import numpy as np

REBER = "BTPSXVE"
# From each node: the symbols that may follow, and the node that each leads to; None is the end.
REBER_ARCS = (
    {"B": 1},
    {"T": 2, "P": 3},
    {"S": 2, "X": 4},
    {"T": 3, "V": 5},
    {"X": 3, "S": 6},
    {"P": 4, "V": 6},
    {"E": None},
)


def reber(rng, B):
    """B strings of the Reber grammar (Reber 1967), both arcs of a node equally likely.

    Returns y (T, B), numbers of the symbols in `REBER`, padded with 0, and lengths (B,).
    """
    strings = [_walk(rng) for _ in range(B)]
    lengths = np.array([len(string) for string in strings])
    y = np.zeros((lengths.max(), B), dtype=int)
    for n, string in enumerate(strings):
        y[: len(string), n] = [REBER.index(symbol) for symbol in string]
    return y, lengths


def is_reber(string):
    """Whether the Reber grammar makes this string of symbols."""
    node = 0
    for symbol in string:
        if node is None or symbol not in REBER_ARCS[node]:
            return False
        node = REBER_ARCS[node][symbol]
    return node is None


def _walk(rng):
    string, node = "", 0
    while node is not None:
        symbol = list(REBER_ARCS[node])[rng.integers(len(REBER_ARCS[node]))]
        string += symbol
        node = REBER_ARCS[node][symbol]
    return string
