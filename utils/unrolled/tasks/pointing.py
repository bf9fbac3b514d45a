"""A linked list in a memory: each node is a cell that holds the address of the next."""

import numpy as np


def linked_lists(rng, N, k, B):
    """Memories of N cells: follow the pointer of cell 0 over k links, and put the address where it ends into cell 0.

    x (B, N) integers in 0..N-1: cell 0 holds the address of the first of N - 1 nodes in random order, each node that of
    the next, the last one 0. Returns x and y (B,): the address of node k, the first one for k = 1: what cell 0 is to hold.
    Raises ValueError if k is not in 1..N-1.
    Source: the pointer tasks of Kurach, Andrychowicz & Sutskever (2016), section 5, in a form of our own.
    """
    if not 1 <= k < N:
        raise ValueError(f"k is {k}, expected 1..{N - 1} links in {N} cells")
    nodes = rng.permuted(np.tile(np.arange(1, N), (B, 1)), axis=1)
    x = np.zeros((B, N), int)
    x[:, 0] = nodes[:, 0]
    x[np.arange(B)[:, None], nodes[:, :-1]] = nodes[:, 1:]
    return x, nodes[:, k - 1]
