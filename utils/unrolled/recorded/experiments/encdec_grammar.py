"""Lecture 14: grammar as a foreign language. A network translates sentences of a grammar into their bracketed trees.

The trees are drawn from the grammar and linearised without their words. Held-out sentences occur nowhere in training.
The best that any parser can expect is the most probable tree of each sentence, which CKY finds with the true grammar.
"""

import numpy as np
import torch

from unrolled.data.batches import padded
from unrolled.nets import decoding, seq2seq, training
from unrolled.scratch import grammar, parsing, structure
from unrolled.scratch.structure import Tree

GRAMMAR = """
S -> NP VP 1
NP -> D N 0.55 | NP PP 0.2 | she 0.15 | he 0.1
VP -> V NP 0.5 | VP PP 0.25 | sleeps 0.15 | waits 0.1
PP -> P NP 1
D -> the 0.6 | a 0.4
N -> man 0.25 | dog 0.25 | park 0.25 | telescope 0.25
V -> sees 0.4 | follows 0.3 | paints 0.3
P -> in 0.4 | with 0.4 | near 0.2
"""
CONFIG = {
    "grammar": GRAMMAR,
    "words": 8,  # of the longest sentence
    "trees": 8000,
    "drawn": 1500,  # sentences, of which those that training doesn't have are the test
    "units": 64,
    "input_size": 32,
    "batch": 64,
    "steps": 800,
    "lr": 0.005,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "most": 40,  # tokens of a tree
    "kinds": {"start": {}, "every step": {"context": True}},
}
SEEDS = [1, 2, 3]


def run(seed):
    """What `measure` returns, for each kind and for CKY with the true grammar."""
    data = split()
    result = {kind: measure(train(seed, kind, data), data) for kind in CONFIG["kinds"]}
    return result | {"cky": judged(most_probable(data), data)}


def draw(rng, count):
    """So many trees of the grammar with at most `words` words."""
    rules, trees = grammar.of(CONFIG["grammar"]), []
    while len(trees) < count:
        tree = grammar.sample(rules, rng)
        if len(structure.leaves(tree)) <= CONFIG["words"]:
            trees.append(tree)
    return trees


def foreign(tree):
    """The tokens of a tree without its words: what the decoder writes."""
    return structure.linearised(structure.delexicalised(tree))


def split():
    """Source and target symbols with START and STOP first (dicts of numbers), trees for training, trees for the test."""
    rng = np.random.default_rng(0)
    trees = draw(rng, CONFIG["trees"])
    seen = {tuple(structure.leaves(tree)) for tree in trees}
    test = [
        tree for tree in draw(rng, CONFIG["drawn"]) if tuple(structure.leaves(tree)) not in seen
    ]
    numbered = lambda parts: {
        symbol: k
        for k, symbol in enumerate(
            ["<start>", "<stop>", *sorted({symbol for tree in trees for symbol in parts(tree)})]
        )
    }
    return numbered(structure.leaves), numbered(foreign), trees, test


def train(seed, kind, data, steps=None):
    """The trained `Seq2Seq`; steps: CONFIG["steps"] if None."""
    steps = CONFIG["steps"] if steps is None else steps
    words, symbols, trees, _ = data
    sources = [[words[word] for word in structure.leaves(tree)] for tree in trees]
    targets = [[symbols[symbol] for symbol in foreign(tree)] for tree in trees]
    rng = np.random.default_rng(seed)
    net = training.drawn(
        lambda: seq2seq.Seq2Seq(
            len(words),
            len(symbols),
            CONFIG["units"],
            input_size=CONFIG["input_size"],
            **CONFIG["kinds"][kind],
        ),
        seed,
    )

    def loss(k):
        chosen = rng.integers(len(trees), size=CONFIG["batch"])
        x, lengths = padded([sources[n] for n in chosen])
        y_read, y, y_lengths = seq2seq.taught([targets[n] for n in chosen])
        return net.loss(x, y_read, y, lengths, y_lengths)

    training.train(net, loss, steps, lr=CONFIG["lr"])
    return net


@torch.no_grad()
def parsed(net, data, sentences):
    """What the network writes for sentences, lists of words: a list of lists of symbols, without STOP."""
    words, symbols, *_ = data
    state = net.encode(*padded([[words[word] for word in sentence] for sentence in sentences]))
    found = decoding.greedy(net.decoder.step, state, most=CONFIG["most"])
    names = list(symbols)
    return [[names[token] for token in decoding.tokens_of(each)] for each in found]


def with_words(symbols, sentence):
    """The tree that symbols stand for, with the words of the sentence under it.

    None if they aren't the symbols of a tree; False if the tree has another number of words.
    """
    try:
        bare = structure.delinearised(symbols)
    except ValueError:
        return None
    if len(structure.leaves(bare)) != len(sentence):
        return False
    words = iter(sentence)

    def clothed(tree):
        under = tuple(map(clothed, tree.children)) or (Tree(next(words)),)
        return Tree(tree.label, under)

    return clothed(bare)


def measure(net, data):
    """What `judged` returns of the network's trees for the test sentences."""
    sentences = [structure.leaves(tree) for tree in data[3]]
    written = parsed(net, data, sentences)
    return judged([with_words(*pair) for pair in zip(written, sentences)], data)


def most_probable(data):
    """The most probable tree of each test sentence under the true grammar."""
    model = parsing.Model(grammar=grammar.of(CONFIG["grammar"]))
    charts = [parsing.cky(model, structure.leaves(tree)) for tree in data[3]]
    return [parsing.best(chart, "S").tree for chart in charts]


def judged(guesses, data):
    """Shares: well-formed; with the right number of words; the very tree; F1 of the brackets, where a sentence without
    a tree over its words counts as one flat bracket."""
    test = data[3]
    flat = lambda tree: Tree("S", tuple(map(Tree, structure.leaves(tree))))
    whole = [guess or flat(tree) for guess, tree in zip(guesses, test)]
    return {
        "well_formed": float(np.mean([guess is not None for guess in guesses])),
        "fits": float(np.mean([bool(guess) for guess in guesses])),
        "exact": float(np.mean([guess == tree for guess, tree in zip(guesses, test)])),
        "f1": float(parsing.brackets(whole, test).f1),
    }
