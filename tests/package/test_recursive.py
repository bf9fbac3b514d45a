"""What lecture 10 adds: formulas and judgements against their definitions, drawings of trees, and its experiments."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import tasks
from unrolled.plots import parses
from unrolled.recorded.experiments import (
    recursive_alkanes,
    recursive_attachments,
    recursive_formulas,
)
from unrolled.scratch import gradcheck, losses, structure
from unrolled.tasks import evaluating, negating

PYTHON = {"(and": "&(", "(or": "|(", "(xor": "^(", "(not": "(1^"}  # brackets as infix needs them


def nesting(formula):
    """How deep operators are nested; a binary operator and its second operand are one of them."""
    if not formula.children:
        return 0
    first, second = formula.children
    if first.label == "not":
        return 1 + nesting(second)
    return 1 + max(nesting(first), nesting(second.children[1]))


@pytest.mark.parametrize("deep", [1, 2, 3, 6])
def test_formulas_have_pythons_values(deep):
    drawn = tasks.formulas(np.random.default_rng(deep), 300, deep)
    for formula in drawn:
        tokens = structure.linearised(formula)
        infix = structure.write(formula)
        for ours, theirs in PYTHON.items():
            infix = infix.replace(ours, theirs)
        by_python = eval(infix)
        assert evaluating.value(formula) is bool(by_python)
        assert nesting(formula) == deep and set(tokens) <= set(evaluating.TOKENS)
    assert 0.4 < np.mean([evaluating.value(formula) for formula in drawn]) < 0.6
    assert {op for f in drawn for op in structure.leaves(f)} == set(evaluating.TOKENS) - {"(", ")"}


def test_what_is_no_formula_is_refused():
    for text in ("(and 1)", "(1 (1 1))", "(1 0)", "2", "(not not)"):
        with pytest.raises(ValueError, match="is no formula"):
            evaluating.value(structure.read(text, labelled=False))
    with pytest.raises(ValueError, match="nesting is 0"):
        tasks.formulas(np.random.default_rng(0), 1, 0)


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("good", 1),
        ("(very good)", 2),
        ("(very (very good))", 2),
        ("(not (very good))", -1),
        ("(very (not good))", -2),
        ("(not (not dull))", -1),
        ("(not (very dull))", 1),
    ],
)
def test_judgements_mean_what_the_table_says(text, strength):
    assert negating.strength(structure.read(text, labelled=False)) == strength


def test_judgements_have_their_modifiers():
    drawn = tasks.judgements(np.random.default_rng(0), 400, 2)
    heads = {tuple(structure.leaves(node)[:2]) for node in drawn}
    assert heads == set(itertools.product(negating.MODIFIERS, repeat=2))
    assert {structure.leaves(node)[2] for node in drawn} == set(negating.PRAISE + negating.BLAME)
    assert {negating.strength(node) for node in drawn} == set(negating.STRENGTHS)
    with pytest.raises(ValueError, match="is no judgement"):
        negating.strength(structure.read("(good not)", labelled=False))


def test_a_parse_shows_its_words_labels_and_notes():
    figure, ax = plt.subplots()
    parses.parse(structure.read("(S (NP she) (VP (V fed) (NP him)))"), ax, notes={(1, 3): "note"})
    assert [t.get_text() for t in ax.texts] == "she NP fed V him NP VP note S".split()
    places = {t.get_text(): t.get_position() for t in ax.texts}
    assert places["S"][1] > places["VP"][1] > places["V"][1] > places["fed"][1] == 0
    plt.close(figure)


def test_a_chart_has_a_box_for_each_part_and_frames_what_it_is_told_to():
    figure, ax = plt.subplots()
    parses.chart(
        {(0, 1): "a", (1, 2): "b", (0, 2): "c"}, list("xyz"), ax, now=(0, 2), parts=[(0, 1)]
    )
    assert len(ax.patches) == 6
    assert sorted(t.get_text() for t in ax.texts) == sorted("abcxyz")
    framed = [box for box in ax.patches if box.get_linewidth() > 1]
    assert [box.get_linestyle() for box in framed] == ["--", "-"]
    plt.close(figure)


@pytest.mark.parametrize("kind", ["tree", "rnn", "lstm"])
def test_the_networks_on_formulas_have_their_gradients(kind):
    rng = np.random.default_rng(1)
    model, trees = recursive_formulas.draw(rng, kind), tasks.formulas(rng, 3, 2)
    y = recursive_formulas.truths(trees)
    loss = lambda m: losses.cross_entropy(m.run(trees)[0], y)[0]
    o, kept = model.run(trees)
    grads = model.back(kept, losses.cross_entropy(o, y)[1])
    assert gradcheck.check(loss, model, grads, tol=1e-6) < 1e-6


def test_formulas_as_strings_keep_their_brackets():
    (formula,) = [structure.read("(1 (and (not 0)))", labelled=False)]
    x, lengths = recursive_formulas.one_hot([formula, structure.Tree("1")])
    read = [evaluating.TOKENS[k] for k in x[: lengths[0], 0].argmax(axis=-1)]
    assert " ".join(read) == "( 1 ( and ( not 0 ) ) )" and lengths[1] == 1
    assert x[1:, 1].sum() == 0


def test_a_parser_of_attachments_learns_from_its_gradients():
    parser = recursive_attachments.train(1, "tied", 4, None, epochs=0)
    losses_of = lambda node: recursive_attachments.gradients(parser, node)[0]
    node = max(recursive_attachments.sentences(1)[0][:20], key=losses_of)
    loss = lambda w: recursive_attachments.gradients(parser._replace(weights=w), node)[0]
    grads = recursive_attachments.gradients(parser, node)[1]
    assert loss(parser.weights) > 0
    assert gradcheck.check(loss, parser.weights, grads, tol=1e-6) < 1e-6
    test = recursive_attachments.sentences(1)[1][:20]
    right = [parser.parse(n).tree for n in test]
    assert recursive_attachments.missed(parser, test, right) == 0  # an exact search misses none


def test_alkanes_are_split_without_overlap_and_described_rightly():
    tests = [recursive_alkanes.split(3, fold)[1] for fold in range(5)]
    assert sorted(np.concatenate(tests)) == list(range(147))
    for fold in range(5):
        train, test = recursive_alkanes.split(3, fold)
        assert not set(train) & set(test) and len(train) + len(test) == 147
    names = [alkane.name for alkane in recursive_alkanes.EVERY]
    F = recursive_alkanes.features()
    assert F[names.index("2,2-dimethylpropane")].tolist() == [1, 5, 25, 0, 1]
    assert F[names.index("2-methylpropane")].tolist() == [1, 4, 16, 1, 0]
