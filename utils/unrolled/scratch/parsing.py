"""Parsing with a learned score: the best tree over a string by a chart (CKY), greedily, and by looking at all trees.

The score of a tree is the sum of the scores of its nodes. A node gets, by what the `Model` has,
    log P(A -> B C)                 from a grammar,
    v . p, p = tanh(W [b; c] + b)   from a recursive network, whose p depends on all that stands below,
    the sum of both                 a compositional vector grammar, if the weights are untied by the grammar's categories.
"""

import math
from collections import Counter
from itertools import product
from typing import NamedTuple

import numpy as np

from unrolled.scratch import structure, tree
from unrolled.scratch.checks import checked
from unrolled.scratch.grammar import Grammar, log_probability, pairs
from unrolled.scratch.nested import tree_map
from unrolled.scratch.structure import Tree, bracketings

__all__ = [
    "Brackets",
    "Item",
    "Model",
    "best",
    "brackets",
    "brute_force",
    "cky",
    "greedy",
    "max_margin",
    "score",
]


class Model(NamedTuple):
    """A grammar, a recursive network, or both."""

    grammar: Grammar | None = None
    params: tree.Params | tree.UntiedParams | None = (
        None  # untied: one kind for each of grammar.pairs
    )


class Item(NamedTuple):
    """A tree over the words start..stop-1, and what its parent needs of it."""

    score: float
    tree: Tree
    start: int
    stop: int
    vector: np.ndarray | None  # (d,), if the model has a network


class Brackets(NamedTuple):
    """How many brackets of one set of trees are in another."""

    precision: float
    recall: float
    f1: float


def cky(model, words, x=None, beam=1, bonus=None):
    """The chart of a string: for each part of it the best trees.

    words: n strings; x (n, d): their vectors, if the model has a network; beam: how many trees each part keeps for each
    label, None for all; bonus: a function (start, stop, label) whose value is added to the score of a node.
    Returns {(start, stop): list of Item, best first}. With a grammar alone, or with beam None, the best tree of the whole
    is the best of all trees; with a network a tree that is left out could have fitted better into the whole.
    Raises ValueError if there is no word, x doesn't fit, or the grammar doesn't know a word.
    """
    n = len(words)
    chart = {(item[0].start, item[0].stop): item for item in _leaves(model, words, x)}
    merge = _merge(model, bonus)
    for width in range(2, n + 1):
        for start in range(n - width + 1):
            stop = start + width
            found = [
                item
                for middle in range(start + 1, stop)
                for left, right in product(chart[start, middle], chart[middle, stop])
                for item in merge(left, right)
            ]
            chart[start, stop] = _kept(found, beam)
    return chart


def best(chart, label=None):
    """The best Item of the whole string, with this label at its root, any if None. Raises ValueError if there is none."""
    whole = chart[max(chart, key=lambda part: part[1] - part[0])]
    for item in whole:
        if label is None or item.tree.label == label:
            return item
    raise ValueError(f"no tree with the root {label!r}" if label else "no tree")


def brute_force(model, words, x=None):
    """The Items of all trees over a string, best first. Their number grows as 4^n: for a few words only.

    Raises ValueError as `cky` does.
    """
    leaves, merge = _leaves(model, words, x), _merge(model)

    def items(shape):
        if not shape.children:
            return leaves[shape.label]
        left, right = map(items, shape.children)
        return [item for pair in product(left, right) for item in merge(*pair)]

    every = [item for shape in bracketings(range(len(words))) for item in items(shape)]
    return sorted(every, key=lambda item: -item.score)


def greedy(model, words, x=None):
    """The Item of the tree that merges, again and again, the neighbours whose node scores most.

    Of the labels that a word may have, it takes the likeliest. Raises ValueError as `cky` does, or if it gets stuck.
    """
    row, merge = [items[0] for items in _leaves(model, words, x)], _merge(model)
    while len(row) > 1:
        found = [
            (item.score - left.score - right.score, place, item)
            for place, (left, right) in enumerate(zip(row, row[1:]))
            for item in merge(left, right)
        ]
        if not found:
            raise ValueError(f"no rule merges any of {[item.tree.label for item in row]}")
        _, place, item = max(found, key=lambda entry: entry[0])
        row[place : place + 2] = [item]
    return row[0]


def score(model, node, x=None):
    """The score of a whole tree, the sum over its nodes; x (n, d) if the model has a network."""
    total = 0.0 if model.grammar is None else log_probability(model.grammar, node)
    if model.params is not None:
        total += float(tree.forward(model.params, x, _plan(model, node))[1].sum())
    return total


def max_margin(model, x, gold, kappa=0.1, beam=1):
    """How far the right tree is from beating every other by a margin of kappa for each wrong node; the gradients.

    loss = max over trees y' of (score(y') + kappa * nodes of y' that are not in y) - score(y), at least 0
    with the search of `cky`. x (n, d): vectors of the words; gold: y, a binary tree, and with a grammar one of its trees.
    Returns the loss, the gradients of model.params, dx (n, d), and the Item of y' with its score and margin.
    Raises ValueError as `cky` does, if the model has no network, or its grammar can't make y.
    Source: Socher, Lin, Ng & Manning (2011); a subgradient where two trees tie.
    """
    if model.params is None:
        raise ValueError("the model has no network, so there is nothing to learn")
    right = score(model, gold, x)
    if right == -math.inf:
        raise ValueError(f"the grammar doesn't make {structure.write(gold)}")
    size = 2 if model.grammar is None else 3  # without a grammar nodes have no labels to be wrong
    inside = {span[:size] for span in structure.spans(gold)}
    bonus = lambda *span: 0.0 if span[:size] in inside else kappa
    label = None if model.grammar is None else gold.label
    guess = best(cky(model, structure.leaves(gold), x, beam, bonus), label)
    loss = guess.score - right
    grads, dx = tree_map(np.zeros_like, model.params), np.zeros_like(x)
    if loss <= 0:
        return 0.0, grads, dx, guess
    for node, sign in ((guess.tree, 1), (gold, -1)):
        _, s, cache = tree.forward(model.params, x, _plan(model, node))
        part, dx_part = tree.backward(model.params, cache, None, sign * np.ones_like(s))
        grads, dx = tree_map(np.add, grads, part), dx + dx_part
    return float(loss), grads, dx, guess


def brackets(guesses, golds, labelled=True):
    """Precision, recall and F1 of the brackets of some trees (guesses) against the right ones (golds), over all of them.

    A bracket is a node over two words or more: its part of the string and, if labelled, its label.
    Raises ValueError if there isn't one guess a tree over as many words, or no bracket at all.
    """
    if len(guesses) != len(golds):
        raise ValueError(f"{len(guesses)} guesses for {len(golds)} trees")
    hits, guessed, right = 0, 0, 0
    for guess, gold in zip(guesses, golds):
        if len(structure.leaves(guess)) != len(structure.leaves(gold)):
            raise ValueError(
                f"{structure.write(guess)} has other words than {structure.write(gold)}"
            )
        ours, theirs = (_wide(node, labelled) for node in (guess, gold))
        hits, guessed, right = (
            hits + (ours & theirs).total(),
            guessed + ours.total(),
            right + theirs.total(),
        )
    if not guessed or not right:
        raise ValueError("there is no bracket over two words or more")
    return Brackets(hits / guessed, hits / right, 2 * hits / (guessed + right))


def _wide(node, labelled):
    """Counter of the brackets over two words or more."""
    return Counter(
        span if labelled else span[:2] for span in structure.spans(node) if span[1] - span[0] > 1
    )


def _plan(model, node):
    """The plan of a tree for the model's network: without the words, if there are categories above them."""
    if model.grammar is None:
        return structure.plan([node])
    kinds = pairs(model.grammar) if isinstance(model.params, tree.UntiedParams) else None
    return structure.plan([structure.delexicalised(node)], kinds)


def _leaves(model, words, x):
    """For each word a list of its Items, best first: one, or one for each of its categories."""
    if not len(words):
        raise ValueError("there is no word")
    grammar, params = model
    if grammar is None and params is None:
        raise ValueError("the model has neither a grammar nor a network")
    vectors = [None] * len(words)
    if params is not None:
        if x is None:
            raise ValueError("the model has a network, which needs the vectors x of the words")
        vectors = checked("x", x, (len(words), params.W.shape[-2]), params.W.dtype)
    leaves = []
    for start, (word, vector) in enumerate(zip(words, vectors)):
        if grammar is None:
            options = [(0.0, Tree(word))]
        else:
            options = [
                (p, Tree(category, (Tree(word),)))
                for (category, w), p in grammar.lexical.items()
                if w == word
            ]
        if not options:
            raise ValueError(f"the grammar has no category for the word {word!r}")
        items = [Item(p, node, start, start + 1, vector) for p, node in options]
        leaves.append(sorted(items, key=lambda item: -item.score))
    return leaves


def _merge(model, bonus=None):
    """A function that joins two neighbouring Items in every way that the model knows: a list of Items."""
    grammar, params = model
    rules = {}
    if grammar is not None:
        for (A, B, C), p in grammar.binary.items():
            rules.setdefault((B, C), []).append((A, p))
    place = None
    if isinstance(params, tree.UntiedParams):
        if grammar is None:
            raise ValueError("the weights are untied, the model has no grammar to choose them by")
        place = {pair: np.array([number]) for number, pair in enumerate(pairs(grammar))}

    def merge(left, right):
        labels = left.tree.label, right.tree.label
        options = [("", 0.0)] if grammar is None else rules.get(labels, ())
        if not options:
            return []
        vector, s = None, 0.0
        if params is not None:
            kinds = None if place is None else place[labels]
            p, scores = tree.compose(params, left.vector[None], right.vector[None], kinds)
            vector, s = p[0], float(scores[0])
        items = []
        for label, p in options:
            extra = 0.0 if bonus is None else bonus(left.start, right.stop, label)
            total = left.score + right.score + s + p + extra
            node = Tree(label, (left.tree, right.tree))
            items.append(Item(total, node, left.start, right.stop, vector))
        return items

    return merge


def _kept(items, beam):
    """The `beam` best items of each label, all if None; best first."""
    kept, count = [], Counter()
    for item in sorted(items, key=lambda item: -item.score):
        count[item.tree.label] += 1
        if beam is None or count[item.tree.label] <= beam:
            kept.append(item)
    return kept
