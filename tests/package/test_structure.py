"""Trees, their bracketed strings and their plans, against definitions and counts."""

import math

import numpy as np
import pytest

from unrolled.scratch import structure
from unrolled.scratch.structure import Tree

SENTENCE = "(S (NP (D the) (N dog)) (VP barks loudly))"


def words(n):
    return [f"w{k}" for k in range(n)]


def test_read_builds_the_tree():
    the, dog = Tree("D", (Tree("the"),)), Tree("N", (Tree("dog"),))
    phrase = Tree("VP", (Tree("barks"), Tree("loudly")))
    assert structure.read(SENTENCE) == Tree("S", (Tree("NP", (the, dog)), phrase))
    assert structure.read("dog") == Tree("dog")
    assert structure.read(" (S\n(NP a ) b )") == Tree("S", (Tree("NP", (Tree("a"),)), Tree("b")))


def test_read_without_labels():
    tree = structure.read("((the dog) barks)", labelled=False)
    assert tree == Tree("", (Tree("", (Tree("the"), Tree("dog"))), Tree("barks")))
    assert structure.read("((a b) c)") != structure.read("((a b) c)", labelled=False)


@pytest.mark.parametrize("text", [SENTENCE, "w", "(A b)", "(A (B (C d)))", "(X a b c d e)"])
def test_write_and_linearised_invert_read(text):
    tree = structure.read(text)
    assert structure.write(tree) == text
    assert structure.delinearised(structure.linearised(tree)) == tree


def test_round_trip_on_random_trees():
    rng = np.random.default_rng(0)
    for n in range(1, 12):
        tree = structure.random_binary(rng, words(n))
        assert structure.read(structure.write(tree), labelled=False) == tree
        assert structure.leaves(tree) == words(n)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 brackets are open after 0 tokens"),
        ("(S (NP a)", "1 brackets are open after 4 tokens"),
        ("(S a))", "the tree ends before token 3"),
        ("(S a) b", "the tree ends before token 3"),
        (")", "token 0 closes a bracket, none is open"),
        ("(S (NP ) a)", "token 2 closes an empty bracket"),
    ],
)
def test_read_says_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        structure.read(text)


@pytest.mark.parametrize("tree", [Tree("a b"), Tree("("), Tree(""), Tree("S", (Tree(")"),))])
def test_labels_that_brackets_would_break_are_refused(tree):
    with pytest.raises(ValueError, match="can't stand in a bracketed string"):
        structure.write(tree)


def test_leaves_depth_and_spans():
    tree = structure.read(SENTENCE)
    assert structure.leaves(tree) == "the dog barks loudly".split()
    assert structure.depth(tree) == 3 and structure.depth(Tree("a")) == 0
    assert structure.spans(tree) == [
        (0, 1, "D"),
        (1, 2, "N"),
        (0, 2, "NP"),
        (2, 4, "VP"),
        (0, 4, "S"),
    ]
    assert structure.spans(Tree("a")) == []


def test_delexicalised():
    tree = structure.read("(S (NP (D the) (N dog)) (V barks))")
    assert structure.write(structure.delexicalised(tree)) == "(S (NP D N) V)"
    with pytest.raises(ValueError, match="'barks' stands under no tag"):
        structure.delexicalised(structure.read(SENTENCE))


@pytest.mark.parametrize("n", range(1, 9))
def test_shapes_have_their_depths_and_bracketings_their_number(n):
    assert structure.depth(structure.chain(words(n))) == n - 1
    assert structure.depth(structure.balanced(words(n))) == math.ceil(math.log2(n))
    for build in (structure.chain, structure.balanced):
        assert structure.leaves(build(words(n))) == words(n)
    every = structure.bracketings(words(n))
    assert len(set(every)) == len(every) == math.comb(2 * n - 2, n - 1) // n  # Catalan
    assert structure.chain(words(n)) in every and structure.balanced(words(n)) in every


def nodes(tree):
    """All nodes of a tree as a list of (tree, list of places of the children in that list)."""
    found, places = [], []
    for child in tree.children:
        below = [(node, [place + len(found) for place in under]) for node, under in nodes(child)]
        found += below
        places.append(len(found) - 1)
    return [*found, (tree, places)]


def rebuilt(plan, number):
    for level in plan.levels:
        if level.start <= number < level.stop:
            row = level.children[number - level.start]
            under = tuple(rebuilt(plan, child) for child in row if child >= 0)
            return Tree(plan.labels[number], under)
    raise AssertionError(number)


def test_a_plan_holds_the_trees_and_children_come_first():
    trees = [structure.read(t) for t in (SENTENCE, "w", "(A b c d)", "(A (B (C d) e))")]
    plan = structure.plan(trees)
    assert [rebuilt(plan, root) for root in plan.roots] == trees
    assert plan.nodes == sum(len(nodes(tree)) for tree in trees) == len(plan.labels)
    assert list(plan.labels[: plan.leaves]) == [w for tree in trees for w in structure.leaves(tree)]
    for level, before in zip(plan.levels[1:], plan.levels):
        assert level.start == before.stop and level.children.max() < level.start
    for height, level in enumerate(plan.levels):
        found = {structure.depth(rebuilt(plan, k)) for k in range(level.start, level.stop)}
        assert found == {height}
    parents = np.concatenate([level.children.ravel() for level in plan.levels])
    parents = parents[parents >= 0]
    assert len(set(parents)) == len(parents) == plan.nodes - len(trees)  # one parent, roots none


def test_a_plan_numbers_the_kinds_of_nodes():
    tree = structure.delexicalised(
        structure.read("(S (NP (D a) (N b)) (VP (V c) (NP (D d) (N e))))")
    )
    plan = structure.plan([tree], [("D", "N"), ("NP", "VP"), ("V", "NP")])
    assert plan.labels == ("D", "N", "V", "D", "N", "NP", "NP", "VP", "S")
    assert plan.kinds.tolist() == [0, 0, 2, 1]
    with pytest.raises(ValueError, match=r"children \('V', 'NP'\), which is none of the 2 kinds"):
        structure.plan([tree], [("D", "N"), ("NP", "VP")])


@pytest.mark.parametrize("trees", [[], (), Tree("a")])
def test_a_plan_needs_a_sequence_of_trees(trees):
    with pytest.raises(ValueError, match="a sequence of at least one tree"):
        structure.plan(trees)
