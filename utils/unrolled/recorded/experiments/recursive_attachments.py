"""Lecture 10: what "with" belongs to, by a grammar alone and by compositional vector grammars.

A grammar estimated from the trees, and a recursive network trained by a margin on top of it, with weights that all
nodes share ("tied") or that the categories of the children choose ("untied"). The search in training and test keeps
one tree for each part and category ("narrow") or all of them ("exact").
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import grammar, optim, parsing, structure, tree
from unrolled.tasks import attachments

CONFIG = {
    "sentences": 200,
    "test": 300,
    "epochs": 25,
    "lr": 0.01,
    "clip": 5.0,
    "kappa": 0.3,
    "sizes": [6, 10],
    "searches": {"narrow": 1, "exact": None},
}
SEEDS = list(range(1, 11))


class Weights(NamedTuple):
    """Vectors of the words and the network; gradients use this type too."""

    E: np.ndarray  # (words, d)
    cell: tuple  # tree.Params or tree.UntiedParams


class Parser(NamedTuple):
    """What parses a sentence."""

    grammar: grammar.Grammar
    words: tuple
    weights: Weights
    beam: int | None

    def model(self):
        """The parsing.Model."""
        return parsing.Model(self.grammar, self.weights.cell)

    def vectors(self, node):
        """The vectors (n, d) of a tree's words, and their numbers."""
        numbers = [self.words.index(word) for word in structure.leaves(node)]
        return self.weights.E[numbers], numbers

    def parse(self, node):
        """The best Item over a tree's words that the search finds."""
        chart = parsing.cky(self.model(), structure.leaves(node), self.vectors(node)[0], self.beam)
        return parsing.best(chart, node.label)


def run(seed):
    """Shares of right trees and F1, of the grammar alone and of each kind, size and search; missed: see `missed`."""
    trees, test = sentences(seed)
    alone = parsing.Model(grammar.estimated(trees))
    guesses = [
        parsing.best(parsing.cky(alone, structure.leaves(node)), node.label).tree for node in test
    ]
    found = {"grammar": measured(guesses, test)}
    for kind in ("tied", "untied"):
        for d in CONFIG["sizes"]:
            for search, beam in CONFIG["searches"].items():
                parser = train(seed, kind, d, beam)
                guesses = [parser.parse(node).tree for node in test]
                result = measured(guesses, test) | {"missed": missed(parser, test, guesses)}
                result["parameters"] = sum(leaf.size for leaf in parser.weights.cell)
                found[f"{kind} {d} {search}"] = result
    return found


def sentences(seed):
    """Trees for training and test, two tuples."""
    rng = np.random.default_rng([seed, 0])
    return attachments(rng, CONFIG["sentences"]), attachments(rng, CONFIG["test"])


def train(seed, kind, d, beam, epochs=None):
    """A Parser after training."""
    trees, test = sentences(seed)
    rng = np.random.default_rng([seed, 1])
    known = grammar.estimated(trees)
    words = tuple(sorted({word for node in trees + test for word in structure.leaves(node)}))
    kinds = len(grammar.pairs(known)) if kind == "untied" else None
    weights = Weights(rng.normal(0, 0.5, (len(words), d)), tree.init(rng, d, kinds))
    parser = Parser(known, words, weights, beam)
    adam = optim.adam(CONFIG["lr"])
    moments = adam.init(weights)
    for _ in range(CONFIG["epochs"] if epochs is None else epochs):
        for n in rng.permutation(len(trees)):
            loss, grads = gradients(parser, trees[n])
            if loss > 0:
                grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
                weights, moments = adam.update(parser.weights, grads, moments)
                parser = parser._replace(weights=weights)
    return parser


def gradients(parser, node):
    """The loss of one sentence and its gradients."""
    x, numbers = parser.vectors(node)
    loss, cell, dx, _ = parsing.max_margin(parser.model(), x, node, CONFIG["kappa"], parser.beam)
    dE = np.zeros_like(parser.weights.E)
    np.add.at(dE, numbers, dx)
    return loss, Weights(dE, cell)


def measured(guesses, test):
    """Share of right trees, and F1 of the brackets."""
    right = np.mean([guess == node for guess, node in zip(guesses, test)])
    return {"right": float(right), "f1": parsing.brackets(guesses, test).f1}


def missed(parser, test, guesses):
    """Among the wrong trees, the share where the right one has the higher score and the search didn't find it."""
    wrong = [(node, guess) for node, guess in zip(test, guesses) if node != guess]
    score = lambda node: parsing.score(parser.model(), node, parser.vectors(node)[0])
    return float(np.mean([score(node) > score(guess) for node, guess in wrong])) if wrong else 0.0
