"""Lecture 10: formulas nested deeper than those of the training, by networks on the tree and on the string.

All see formulas of one to three nested operators, drawn anew for every step, and learn from the value of the whole. The
recursive network is given the brackets as its structure, the others read them as symbols. "rnn" and "lstm" have as
many parameters as it has, to within a tenth; "large" is an LSTM with about eight times as many.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import losses, lstm, nested, optim, readout, rnn, structure, tree
from unrolled.tasks import evaluating, formulas

CONFIG = {
    "nesting": 3,  # at most, in training
    "tested": [1, 2, 3, 4, 5, 6, 8, 10],
    "test": 400,  # formulas of each nesting
    "batch": 64,
    "steps": {"tree": 600, "rnn": 2000, "lstm": 2000, "large": 2000},
    "size": {"tree": 16, "rnn": 21, "lstm": 9, "large": 31},
    "lr": 0.01,  # for the first half of the steps, then falling to 0 in a straight line
    "clip": 1.0,
}
SEEDS = list(range(1, 11))
WORDS = tuple(token for token in evaluating.TOKENS if token not in "()")


class OnTree(NamedTuple):
    """A recursive network; gradients use this type too."""

    E: np.ndarray  # (words, d)
    cell: tree.Params
    out: readout.Params

    def run(self, trees):
        """Logits (B, 2) and what `back` needs."""
        plan = structure.plan(trees)
        words = np.array([WORDS.index(word) for word in plan.labels[: plan.leaves]])
        p, _, cache = tree.forward(self.cell, self.E[words], plan)
        o, out_cache = readout.forward(self.out, p[plan.roots])
        return o, (words, plan, p, cache, out_cache)

    def back(self, kept, do):
        """Gradients."""
        words, plan, p, cache, out_cache = kept
        out, droots = readout.backward(self.out, out_cache, do)
        dp, dE = np.zeros_like(p), np.zeros_like(self.E)
        dp[plan.roots] = droots
        cell, dx = tree.backward(self.cell, cache, dp)
        np.add.at(dE, words, dx)
        return OnTree(dE, cell, out)


class OnString(NamedTuple):
    """A recurrent network that reads the formula with its brackets; gradients use this type too."""

    cell: tuple
    out: readout.Params

    def run(self, trees):
        """Logits (B, 2) and what `back` needs."""
        x, lengths = one_hot(trees)
        _, cache = _layer(self.cell).forward(self.cell, x, None, lengths)
        o, out_cache = readout.forward(self.out, cache.state.h)
        return o, (cache, out_cache)

    def back(self, kept, do):
        """Gradients."""
        cache, out_cache = kept
        out, dh = readout.backward(self.out, out_cache, do)
        last = nested.tree_map(np.zeros_like, cache.state)._replace(h=dh)
        return OnString(_layer(self.cell).backward(self.cell, cache, dstate=last)[0], out)


def run(seed):
    """Accuracies at each of the tested nestings, and the parameters, of each network."""
    found = {}
    for kind in CONFIG["steps"]:
        model = train(np.random.default_rng(seed), kind)
        found[kind] = {
            "accuracy": [accuracy(model, nesting) for nesting in CONFIG["tested"]],
            "parameters": sum(leaf.size for leaf in nested.leaves(model)),
        }
    return found


def draw(rng, kind):
    """An untrained model of this kind."""
    size = CONFIG["size"][kind]
    out = readout.init(rng, size, 2)
    if kind == "tree":
        return OnTree(rng.normal(0, 0.5, (len(WORDS), size)), tree.init(rng, size), out)
    return OnString((rnn if kind == "rnn" else lstm).init(rng, len(evaluating.TOKENS), size), out)


def train(rng, kind, steps=None):
    """A model of this kind after training."""
    steps = CONFIG["steps"][kind] if steps is None else steps
    model = draw(rng, kind)
    moments = optim.adam().init(model)
    for k in range(steps):
        trees = formulas(rng, CONFIG["batch"], int(rng.integers(1, CONFIG["nesting"] + 1)))
        o, kept = model.run(trees)
        _, do = losses.cross_entropy(o, truths(trees))
        grads, _ = optim.clip_by_norm(model.back(kept, do), CONFIG["clip"])
        rate = CONFIG["lr"] * min(1.0, 2 * (1 - k / steps))
        model, moments = optim.adam(rate).update(model, grads, moments)
    return model


def accuracy(model, nesting, count=None):
    """Share of right values among `count` new formulas, the same for all models."""
    count = CONFIG["test"] if count is None else count
    trees = formulas(np.random.default_rng(1000 + nesting), count, nesting)
    return float((model.run(trees)[0].argmax(axis=1) == truths(trees)).mean())


def truths(trees):
    """The values (B,) of some formulas, 0 or 1."""
    return np.array([int(evaluating.value(formula)) for formula in trees])


def one_hot(trees):
    """x (T, B, tokens), zeros in the padding, and lengths (B,): the formulas as strings with brackets."""
    strings = [structure.linearised(formula) for formula in trees]
    lengths = np.array([len(string) for string in strings])
    x = np.zeros((lengths.max(), len(trees), len(evaluating.TOKENS)))
    for n, string in enumerate(strings):
        x[np.arange(len(string)), n, [evaluating.TOKENS.index(token) for token in string]] = 1
    return x, lengths


def _layer(cell):
    return rnn if type(cell) is rnn.Params else lstm
