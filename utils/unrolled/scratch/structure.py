"""Labelled, ordered trees: their bracketed strings, and the order in which a network computes their nodes."""

import re
from typing import NamedTuple

import numpy as np

__all__ = [
    "Level",
    "Plan",
    "Tree",
    "balanced",
    "bracketings",
    "chain",
    "delexicalised",
    "delinearised",
    "depth",
    "leaves",
    "linearised",
    "plan",
    "random_binary",
    "read",
    "spans",
    "write",
]


class Tree(NamedTuple):
    """A node and what stands under it. A leaf has no children, and its label is a word."""

    label: str
    children: tuple = ()


class Level(NamedTuple):
    """The nodes of one height, numbered one after the other."""

    start: int  # number of the first node
    stop: int  # after the last
    children: (
        np.ndarray
    )  # (stop - start, k) numbers of the children, -1 where a node has fewer than k


class Plan(NamedTuple):
    """The nodes of some trees in an order of computation: children before their parents.

    The leaves have the numbers 0..n-1, from the first tree's leftmost to the last tree's rightmost; then come the
    inner nodes by height, so that all nodes of one height are computed at once.
    """

    labels: tuple  # N labels
    levels: tuple  # one Level for each height; the first are the leaves
    roots: np.ndarray  # (B,) numbers of the trees' roots
    kinds: np.ndarray | None = (
        None  # (N - n,) of the inner nodes, by the labels of their two children
    )

    @property
    def leaves(self):
        """How many nodes are leaves."""
        return self.levels[0].stop

    @property
    def nodes(self):
        """How many nodes there are, N."""
        return len(self.labels)


# Bracketed strings.


def read(string, labelled=True):
    """The tree of a bracketed string such as "(S (NP the dog) (VP barks))".

    labelled: whether a bracket is followed by the label of its node; if not, as in "((the dog) barks)", inner nodes
    have the label "". Raises ValueError that says where a string isn't the string of one tree.
    """
    tokens = re.findall(r"\([^\s()]*|\)|[^\s()]+", string)
    if not labelled:
        tokens = [part for token in tokens for part in _split_label(token)]
    return delinearised(tokens)


def write(tree):
    """The bracketed string of a tree; `read` gives the tree again, with labelled=False if inner labels are "".

    Raises ValueError for a label that brackets and spaces would break.
    """
    return re.sub(r"\( ", "(", " ".join(linearised(tree)).replace(" )", ")"))


def linearised(tree):
    """The tokens of a tree, depth first: "(S", "(NP", "the", "dog", ")", and so on. A list of strings.

    Raises ValueError for a label with brackets or spaces, or a leaf with none.
    """
    if re.search(r"[\s()]", tree.label) or not (tree.label or tree.children):
        raise ValueError(f"label {tree.label!r} can't stand in a bracketed string")
    if not tree.children:
        return [tree.label]
    inner = [token for child in tree.children for token in linearised(child)]
    return [f"({tree.label}", *inner, ")"]


def delinearised(tokens):
    """The tree of the tokens that `linearised` makes. Raises ValueError that says where they aren't those of one tree."""
    tokens = list(tokens)
    open_nodes, trees = [], []  # open: label and what stood before it
    for place, token in enumerate(tokens):
        if trees and not open_nodes:
            raise ValueError(f"the tree ends before token {place}, {token!r}")
        if token.startswith("("):
            open_nodes.append((token[1:], trees))
            trees = []
        elif token != ")":
            trees.append(Tree(token))
        elif not open_nodes:
            raise ValueError(f"token {place} closes a bracket, none is open")
        elif not trees:
            raise ValueError(f"token {place} closes an empty bracket")
        else:
            label, before = open_nodes.pop()
            trees = [*before, Tree(label, tuple(trees))]
    if open_nodes or not trees:
        raise ValueError(f"{len(open_nodes)} brackets are open after {len(tokens)} tokens")
    return trees[0]


def _split_label(token):
    return ["(", token[1:]] if token.startswith("(") and len(token) > 1 else [token]


# Parts and shapes.


def leaves(tree):
    """The labels of the leaves, left to right: a list."""
    if not tree.children:
        return [tree.label]
    return [label for child in tree.children for label in leaves(child)]


def depth(tree):
    """Steps from the root to the farthest leaf."""
    return 1 + max(map(depth, tree.children)) if tree.children else 0


def spans(tree, start=0):
    """(start, stop, label) of every inner node, children before parents: it stands over the leaves start..stop-1."""
    found, at = [], start
    for child in tree.children:
        found += spans(child, at)
        at = found[-1][1] if child.children else at + 1
    return [*found, (start, at, tree.label)] if tree.children else []


def delexicalised(tree):
    """The tree without its words: a node over a single leaf becomes a leaf itself. Raises ValueError for other words."""
    if not tree.children:
        raise ValueError(f"the word {tree.label!r} stands under no tag of its own")
    if len(tree.children) == 1 and not tree.children[0].children:
        return Tree(tree.label)
    return Tree(tree.label, tuple(map(delexicalised, tree.children)))


def chain(words):
    """The left-branching tree over some words, "(((a b) c) d)", of depth n - 1."""
    trees = [Tree(word) for word in words]
    result = trees[0]
    for leaf in trees[1:]:
        result = Tree("", (result, leaf))
    return result


def balanced(words):
    """The binary tree over some words that halves them at each node, of depth ceil(log2 n)."""
    if len(words) == 1:
        return Tree(words[0])
    half = (len(words) + 1) // 2
    return Tree("", (balanced(words[:half]), balanced(words[half:])))


def random_binary(rng, words):
    """A binary tree over some words; every split of every part is equally likely."""
    if len(words) == 1:
        return Tree(words[0])
    cut = int(rng.integers(1, len(words)))
    return Tree("", (random_binary(rng, words[:cut]), random_binary(rng, words[cut:])))


def bracketings(words):
    """All binary trees over n words, a list: as many as the Catalan number C(n - 1)."""
    if len(words) == 1:
        return [Tree(words[0])]
    return [
        Tree("", (left, right))
        for cut in range(1, len(words))
        for left in bracketings(words[:cut])
        for right in bracketings(words[cut:])
    ]


# The order of computation.


def plan(trees, kinds=None):
    """The Plan of some trees, a sequence with at least one.

    kinds: pairs of labels (left, right), a sequence; an inner node's kind is the place of its children's labels in it.
    Raises ValueError if there is no tree or it is no sequence of them, or if a node's kind is not among the kinds.
    """
    if isinstance(trees, Tree) or not len(trees):
        raise ValueError(f"expected a sequence of at least one tree, got {trees!r}")
    by_height = [
        []
    ]  # for each height: (label, places of the children); a place is (height, position)
    roots = [_place(tree, by_height) for tree in trees]
    starts = np.cumsum([0, *map(len, by_height)]).tolist()
    number = lambda place: starts[place[0]] + place[1]
    levels, width = [], max(len(children) for nodes in by_height for _, children in nodes)
    for height, nodes in enumerate(by_height):
        table = np.full((len(nodes), width), -1)
        for row, (_, children) in zip(table, nodes):
            row[: len(children)] = [number(child) for child in children]
        levels.append(Level(starts[height], starts[height + 1], table))
    labels = tuple(label for nodes in by_height for label, _ in nodes)
    roots = np.array([number(root) for root in roots])
    of_nodes = None if kinds is None else _kinds(labels, levels, kinds)
    return Plan(labels, tuple(levels), roots, of_nodes)


def _kinds(labels, levels, kinds):
    """The kind (N - n,) of each inner node."""
    place = {tuple(pair): number for number, pair in enumerate(kinds)}
    pairs = [
        tuple(labels[child] for child in row if child >= 0)
        for level in levels[1:]
        for row in level.children
    ]
    for pair in pairs:
        if pair not in place:
            raise ValueError(f"a node has children {pair}, which is none of the {len(place)} kinds")
    return np.array([place[pair] for pair in pairs], dtype=int)


def _place(tree, by_height):
    """Enter a tree's nodes into the lists by height; returns the height and the position of its root."""
    children = [_place(child, by_height) for child in tree.children]
    height = 1 + max(height for height, _ in children) if children else 0
    while len(by_height) <= height:
        by_height.append([])
    by_height[height].append((tree.label, children))
    return height, len(by_height[height]) - 1
