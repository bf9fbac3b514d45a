"""`scratch.grammar` against hand-computed probabilities, and the sentences of `tasks.attachments`."""

import math
from collections import Counter

import numpy as np
import pytest

from unrolled import tasks
from unrolled.scratch import grammar, structure
from unrolled.tasks import attaching

TEXT = """
S -> NP VP 1
NP -> she 0.25 | D N 0.75
D -> the 1
N -> dog 0.5 | N PP 0.125 | cat 0.375
VP -> V NP 0.5 | barks 0.5
V -> saw 1
PP -> P NP 1
P -> with 1
"""


def test_a_text_becomes_rules():
    ours = grammar.of(TEXT)
    assert ours.start == "S" and len(ours.binary) == 5 and len(ours.lexical) == 7
    assert ours.binary["N", "N", "PP"] == math.log(0.125)
    assert ours.lexical["NP", "she"] == math.log(0.25)
    assert grammar.pairs(ours) == (("D", "N"), ("N", "PP"), ("NP", "VP"), ("P", "NP"), ("V", "NP"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("S -> a b c 1", "is not of the form"),
        ("S a 1", "is not of the form"),
        ("S -> a 0.5 | b 0.4", "the probabilities of S sum to 0.9"),
        ("S -> A A 1", "category A has no rule"),
    ],
)
def test_texts_that_are_no_grammar(text, message):
    with pytest.raises(ValueError, match=message):
        grammar.of(text)


def test_the_probability_of_a_tree_is_the_product_of_its_rules():
    ours = grammar.of(TEXT)
    tree = structure.read("(S (NP she) (VP (V saw) (NP (D the) (N dog))))")
    assert math.isclose(grammar.log_probability(ours, tree), math.log(0.25 * 0.5 * 0.75 * 0.5))
    never = structure.read("(S (NP she) (VP runs))")
    assert grammar.log_probability(ours, never) == -math.inf
    with pytest.raises(ValueError, match="node 'S' has neither two categories nor one word"):
        grammar.log_probability(ours, structure.read("(S (NP she) barks)"))


def test_samples_have_the_frequencies_of_their_probabilities():
    ours, rng = grammar.of(TEXT), np.random.default_rng(0)
    trees = [grammar.sample(ours, rng) for _ in range(1500)]
    counted = Counter(structure.write(tree) for tree in trees)
    for text, count in counted.most_common(6):
        p = math.exp(grammar.log_probability(ours, structure.read(text)))
        assert abs(count - 1500 * p) < 5 * math.sqrt(1500 * p * (1 - p)), text


def test_estimation_finds_the_grammar_of_a_sample():
    ours, rng = grammar.of(TEXT), np.random.default_rng(1)
    found = grammar.estimated([grammar.sample(ours, rng) for _ in range(1500)])
    assert found.start == "S"
    for table, exact in ((found.binary, ours.binary), (found.lexical, ours.lexical)):
        assert table.keys() == exact.keys()
        assert all(abs(math.exp(table[r]) - math.exp(exact[r])) < 0.05 for r in exact)


def test_estimated_frequencies_are_exact_counts():
    trees = [structure.read(t) for t in ("(S (A a) (A b))", "(S (A a) (A a))")]
    found = grammar.estimated(trees)
    assert found.binary == {("S", "A", "A"): 0.0}
    assert {r: math.exp(p) for r, p in found.lexical.items()} == pytest.approx(
        {("A", "a"): 0.75, ("A", "b"): 0.25}
    )


def test_attachments_belong_where_the_words_say():
    trees = tasks.attachments(np.random.default_rng(2), 2000)
    of_verb = 0
    for tree in trees:
        subject, verb, *someone, with_, the, thing = structure.leaves(tree)
        assert subject in attaching.SUBJECTS and someone[0] == the == "the" and with_ == "with"
        assert someone[1] in attaching.PEOPLE
        phrase = "(D the) (N {})".format
        man, tool = f"(NP {phrase(someone[1])})", f"(PP (P with) (NP {phrase(thing)}))"
        if thing in attaching.TOOLS[verb]:
            form = f"(VP (VP (V {verb}) {man}) {tool})"
            of_verb += 1
        else:
            form = f"(VP (V {verb}) (NP {man} {tool}))"
        assert structure.write(tree) == f"(S (NP {subject}) {form})"
    assert abs(of_verb / 2000 - 0.5) < 0.05
    assert trees[:5] == tasks.attachments(np.random.default_rng(2), 5)


def test_neither_the_verb_nor_the_thing_alone_says_where_it_belongs():
    trees = tasks.attachments(np.random.default_rng(3), 6000)
    of_verb = lambda tree: structure.leaves(tree)[6] in attaching.TOOLS[structure.leaves(tree)[1]]
    for place in (1, 6):
        share = {}
        for tree in trees:
            share.setdefault(structure.leaves(tree)[place], []).append(of_verb(tree))
        assert all(abs(np.mean(values) - 0.5) < 0.1 for values in share.values())
