"""Lecture 16b: how many random patterns a Hopfield network keeps, for three sizes, from the pattern and from noise."""

import numpy as np

from unrolled.scratch import hopfield

CONFIG = {
    "units": [100, 400, 1600],
    "loads": [0.02, 0.05, 0.08, 0.1, 0.11, 0.12, 0.13, 0.14, 0.15, 0.16, 0.18, 0.2, 0.25],  # P/n
    "noise": [0.0, 0.1, 0.2],  # shares of the signs flipped at the start
    "started": 20,  # patterns that are called up, or all if there are fewer
    "near": 0.9,  # overlap with the pattern from which it counts as recalled
    "sweeps": 200,
}
SEEDS = [1, 2, 3, 4, 5]


def run(seed):
    """For each size and noise, at every load: the mean overlap at the end, the share recalled, and the share exact."""
    rng = np.random.default_rng(seed)
    found = {}
    for n in CONFIG["units"]:
        rows = [measure(rng, n, load) for load in CONFIG["loads"]]  # loads, noises, measures
        overlap, recalled, exact = np.moveaxis(np.array(rows), (0, 1, 2), (2, 1, 0)).round(4)
        found[str(n)] = {
            "overlap": overlap,
            "recalled": recalled,
            "exact": exact,
        }  # (noises, loads)
    return found


def measure(rng, n, load):
    """For each noise: mean overlap after the network has settled, shares of patterns recalled and exact."""
    X = hopfield.random_patterns(rng, round(load * n), n)
    W, rows = hopfield.learn(X), []
    called = X[: CONFIG["started"]]
    for share in CONFIG["noise"]:
        start = hopfield.corrupt(rng, called, share)
        settled = hopfield.settle(W, start, rng, sweeps=CONFIG["sweeps"])
        m = hopfield.overlap(settled.s, called)
        rows.append((m.mean(), (m > CONFIG["near"]).mean(), (m == 1).mean()))
    return rows
