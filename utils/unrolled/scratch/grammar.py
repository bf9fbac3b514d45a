"""Probabilistic context-free grammars whose rules make two categories, A -> B C, or one word, A -> w."""

import math
from collections import Counter
from typing import NamedTuple

from unrolled.scratch.structure import Tree

__all__ = ["Grammar", "estimated", "log_probability", "of", "pairs", "sample"]


class Grammar(NamedTuple):
    """Logarithms (nats) of the probabilities of the rules; those of one category sum to 1."""

    binary: dict  # (A, B, C) -> log P(A -> B C)
    lexical: dict  # (A, w) -> log P(A -> w)
    start: str  # the category of a sentence


def of(text):
    """The grammar of a text such as "S -> NP VP 1\\nNP -> she 0.4 | D N 0.6": one line a category, the first the start.

    Two symbols are categories, one is a word; the number behind them is their probability.
    Raises ValueError for a line that isn't of this form, probabilities that don't sum to 1, or a category without rules.
    """
    binary, lexical, total = {}, {}, Counter()
    for line in filter(None, map(str.strip, text.splitlines())):
        left, arrow, right = line.partition(" -> ")
        for option in right.split("|"):
            parts = option.split()
            if not arrow or len(parts) not in (2, 3):
                raise ValueError(f"line {line!r} is not of the form A -> B C 0.5 | word 0.5")
            *symbols, p = parts
            rules = binary if len(symbols) == 2 else lexical
            rules[left, *symbols] = math.log(float(p))
            total[left] += float(p)
    for category, p in total.items():
        if abs(p - 1) > 1e-9:
            raise ValueError(f"the probabilities of {category} sum to {p:g}")
    for rule in binary:
        for category in rule[1:]:
            if category not in total:
                raise ValueError(f"category {category} has no rule")
    return Grammar(binary, lexical, next(iter(total)))


def estimated(trees):
    """The grammar with the relative frequencies of the rules in some trees, and the category of the first as its start.

    Raises ValueError for a node that has neither two children nor one word.
    """
    binary, lexical = Counter(), Counter()
    for tree in trees:
        for rule in _rules(tree):
            (binary if len(rule) == 3 else lexical)[rule] += 1
    total = Counter()
    for rule, count in (binary + lexical).items():
        total[rule[0]] += count
    log = lambda counts: {rule: math.log(n / total[rule[0]]) for rule, n in counts.items()}
    return Grammar(log(binary), log(lexical), trees[0].label)


def log_probability(grammar, tree):
    """Logarithm (nats) of the probability that the grammar makes this tree from its label; -inf if it can't."""
    tables = {2: grammar.lexical, 3: grammar.binary}
    return sum(tables[len(rule)].get(rule, -math.inf) for rule in _rules(tree))


def pairs(grammar):
    """The pairs of categories (B, C) that stand in the rules, sorted: the kinds of node of an untied network."""
    return tuple(sorted({(B, C) for _, B, C in grammar.binary}))


def sample(grammar, rng, label=None):
    """Draw a tree from the start category, or from another. A grammar that calls itself too often may never end."""
    label = grammar.start if label is None else label
    rules = [rule for rule in (*grammar.binary, *grammar.lexical) if rule[0] == label]
    p = [math.exp(grammar.binary.get(rule, grammar.lexical.get(rule))) for rule in rules]
    _, *symbols = rules[rng.choice(len(rules), p=p)]
    if len(symbols) == 1:
        return Tree(label, (Tree(symbols[0]),))
    return Tree(label, tuple(sample(grammar, rng, symbol) for symbol in symbols))


def _rules(tree):
    """The rules of a tree's nodes: (A, B, C) or (A, word)."""
    children = tree.children
    if len(children) == 1 and not children[0].children:
        yield tree.label, children[0].label
    elif len(children) == 2 and all(child.children for child in children):
        yield tree.label, children[0].label, children[1].label
        for child in children:
            yield from _rules(child)
    else:
        raise ValueError(f"node {tree.label!r} has neither two categories nor one word under it")
