"""Lecture 10: boiling points of the 147 alkanes by a child-sum Tree-LSTM on their carbon skeletons, five-fold.

A node's input is the number 1: all that the network is told is the tree. Compared with least squares on the number of
carbon atoms ("carbons": and its square) and with the numbers of atoms that have three and four neighbours ("branches").
"""

import numpy as np

from unrolled.data.alkanes import alkanes
from unrolled.scratch import losses, optim, readout, structure, tree_lstm

CONFIG = {
    "hidden": 16,
    "steps": 1500,
    "lr": 0.01,  # for the first half of the steps, then falling to 0 in a straight line
    "clip": 1.0,
    "folds": 5,
}
SEEDS = list(range(1, 6))
EVERY = alkanes()
DEGREES = np.array([alkane.degrees for alkane in EVERY])


def run(seed):
    """Errors in degrees (147,) of each method, every molecule predicted by the model that hasn't seen it."""
    names = ("carbons", "branches", "network")
    errors = {name: np.zeros(len(EVERY)) for name in names}
    for fold in range(CONFIG["folds"]):
        train, test = split(seed, fold)
        for name in names[:2]:
            errors[name][test] = by_least_squares(name, train, test) - DEGREES[test]
        errors["network"][test] = predict(fit(seed, fold), test) - DEGREES[test]
    return {name: np.round(error, 2) for name, error in errors.items()}


def split(seed, fold):
    """Numbers of the molecules for training and test."""
    order = np.random.default_rng([seed, 0]).permutation(len(EVERY))
    test = np.sort(order[fold :: CONFIG["folds"]])
    return np.setdiff1d(order, test), test


def by_least_squares(name, train, test):
    """Temperatures of the test molecules."""
    F = features()[:, : 3 if name == "carbons" else 5]
    return F[test] @ np.linalg.lstsq(F[train], DEGREES[train], rcond=None)[0]


def features():
    """(147, 5): 1, carbon atoms, their square, atoms with three neighbours and with four."""
    rows = []
    for alkane in EVERY:
        neighbours = list(_neighbours(alkane.tree, 0))
        n = alkane.carbons
        rows.append([1, n, n * n, neighbours.count(3), neighbours.count(4)])
    return np.array(rows, float)


def fit(seed, fold, steps=None):
    """The network, and the mean and spread of the temperatures that it learned from."""
    steps = CONFIG["steps"] if steps is None else steps
    train, _ = split(seed, fold)
    rng = np.random.default_rng([seed, 1, fold])
    H, centre, spread = CONFIG["hidden"], DEGREES[train].mean(), DEGREES[train].std()
    model = tree_lstm.init(rng, 1, H), readout.init(rng, H, 1)
    plan = structure.plan([EVERY[n].tree for n in train])
    x, target = np.ones((plan.nodes, 1)), ((DEGREES[train] - centre) / spread)[:, None]
    moments = optim.adam().init(model)
    for k in range(steps):
        h, cache = tree_lstm.forward(model[0], x, plan)
        o, out_cache = readout.forward(model[1], h[plan.roots])
        _, do = losses.squared_error(o, target)
        d_out, droots = readout.backward(model[1], out_cache, do)
        dh = np.zeros_like(h)
        dh[plan.roots] = droots
        grads = tree_lstm.backward(model[0], cache, dh)[0], d_out
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        rate = CONFIG["lr"] * min(1.0, 2 * (1 - k / steps))
        model, moments = optim.adam(rate).update(model, grads, moments)
    return *model, centre, spread


def predict(fitted, numbers):
    """Temperatures in degrees Celsius of these molecules."""
    cell, out, centre, spread = fitted
    plan = structure.plan([EVERY[n].tree for n in numbers])
    h, _ = tree_lstm.forward(cell, np.ones((plan.nodes, 1)), plan)
    return centre + spread * readout.forward(out, h[plan.roots])[0][:, 0]


def _neighbours(node, above):
    """The number of neighbours of each atom; above: 1 if the node has a parent."""
    yield len(node.children) + above
    for child in node.children:
        yield from _neighbours(child, 1)
