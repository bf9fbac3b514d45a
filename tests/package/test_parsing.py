"""`scratch.parsing` against all trees over short strings, and its gradients against central differences."""

import math

import numpy as np
import pytest

from unrolled import tasks
from unrolled.scratch import gradcheck, grammar, nested, optim, parsing, structure, tree

AMBIGUOUS = grammar.of("""
S -> S S 0.3 | T S 0.1 | a 0.4 | b 0.2
T -> S T 0.5 | b 0.3 | a 0.2
""")
KINDS = len(grammar.pairs(AMBIGUOUS))
MODELS = ["grammar", "network", "both", "untied"]


def model_of(name, rng, d=3):
    """A model, its biases and scores of size 1."""
    params = None
    if name != "grammar":
        params = tree.init(rng, d, KINDS if name == "untied" else None)
        params = params._replace(
            b=rng.standard_normal(params.b.shape), v=rng.standard_normal(params.v.shape)
        )
    return parsing.Model(None if name == "network" else AMBIGUOUS, params)


def problem(name, n, seed):
    rng = np.random.default_rng([seed, n])
    return model_of(name, rng), list(rng.choice(["a", "b"], n)), rng.standard_normal((n, 3))


def labellings(node, labels):
    """All trees with a label at each node of an unlabelled one, words as nodes with one child."""
    if not node.children:
        return [structure.Tree(label, (node,)) for label in labels]
    left, right = (labellings(child, labels) for child in node.children)
    return [structure.Tree(top, (a, b)) for top in labels for a in left for b in right]


@pytest.mark.parametrize("n", range(1, 5))
@pytest.mark.parametrize("name", MODELS)
def test_brute_force_finds_every_tree_with_its_score(name, n):
    model, words, x = problem(name, n, 0)
    every = structure.bracketings(words)
    if model.grammar is not None:
        every = [t for shape in every for t in labellings(shape, "ST")]
        every = [t for t in every if grammar.log_probability(AMBIGUOUS, t) > -math.inf]
    found = parsing.brute_force(model, words, x)
    assert len(found) == len(every) and {item.tree for item in found} == set(every)
    for item in found:
        assert abs(item.score - parsing.score(model, item.tree, x)) < 1e-12
        assert (item.start, item.stop) == (0, n)
    assert all(a.score >= b.score for a, b in zip(found, found[1:]))


@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("name", MODELS)
def test_cky_that_keeps_all_trees_equals_brute_force(name, n):
    n = min(n, 5) if name in ("both", "untied") else n
    model, words, x = problem(name, n, 1)
    chart = parsing.cky(model, words, x, beam=None)
    exact = parsing.brute_force(model, words, x)
    ours = chart[0, n]
    assert len(ours) == len(exact) and {i.tree for i in ours} == {i.tree for i in exact}
    np.testing.assert_allclose(
        [i.score for i in ours], [i.score for i in exact], rtol=0, atol=1e-12
    )
    assert parsing.best(chart).tree == exact[0].tree


@pytest.mark.parametrize("seed", range(20))
def test_cky_with_a_grammar_keeps_one_tree_a_label_and_finds_the_best(seed):
    model, words, _ = problem("grammar", 1 + seed % 6, seed)
    chart = parsing.cky(model, words)
    assert all(len({i.tree.label for i in items}) == len(items) for items in chart.values())
    exact = parsing.brute_force(model, words)
    for label in "ST":
        scores = [i.score for i in exact if i.tree.label == label]
        assert abs(parsing.best(chart, label).score - max(scores)) < 1e-12


def test_a_wider_beam_comes_nearer_to_the_best_tree():
    gaps = {beam: [] for beam in (1, 4, 16, None)}
    for seed in range(20):
        model, words, x = problem("network", 6, seed)
        exact = parsing.brute_force(model, words, x)[0].score
        for beam in gaps:
            gaps[beam].append(exact - parsing.best(parsing.cky(model, words, x, beam)).score)
    assert all(min(values) > -1e-12 for values in gaps.values())
    means = [np.mean(values) for values in gaps.values()]
    assert means == sorted(means, reverse=True) and means[0] > 0.01 and means[-1] < 1e-12


@pytest.mark.parametrize("name", MODELS)
def test_greedy_takes_the_best_merge_at_each_step(name):
    model, _, x = problem(name, 5, 2)
    words = list("aaaaa")  # likeliest as S, and two S can always merge
    found = parsing.greedy(model, words, x)
    assert structure.leaves(found.tree) == words
    assert abs(found.score - parsing.score(model, found.tree, x)) < 1e-12
    assert found.score <= parsing.brute_force(model, words, x)[0].score + 1e-12
    # the first merge, over the pairs of neighbours
    pairs = [parsing.greedy(model, words[k : k + 2], x[k : k + 2]) for k in range(4)]
    alone = [parsing.greedy(model, [w], x[[k]]).score for k, w in enumerate(words)]
    gains = [pair.score - alone[k] - alone[k + 1] for k, pair in enumerate(pairs)]
    first = int(np.argmax(gains))
    assert any(span[:2] == (first, first + 2) for span in structure.spans(found.tree))


def test_greedy_can_be_led_astray():
    """Some strings have a better tree than the greedy one, and none a worse one."""
    gaps = []
    for seed in range(20):
        model, words, x = problem("network", 5, seed)
        every = parsing.brute_force(model, words, x)
        gaps.append(every[0].score - parsing.greedy(model, words, x).score)
    assert min(gaps) > -1e-12 and max(gaps) > 0.1


def random_gold(name, model, rng, n):
    if name == "network":
        return structure.random_binary(rng, list("abcdefgh"[:n]))
    while True:
        gold = grammar.sample(AMBIGUOUS, rng, "S")
        if len(structure.leaves(gold)) == n:
            return gold


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", MODELS[1:])
def test_the_margin_is_that_of_the_worst_of_all_trees(name, seed):
    rng = np.random.default_rng(seed)
    model, x = model_of(name, rng), rng.standard_normal((4, 3))
    gold = random_gold(name, model, rng, 4)
    loss, _, _, guess = parsing.max_margin(model, x, gold, 0.3, beam=None)
    right = set(structure.spans(gold))

    def beaten_by(item):
        wrong = [s for s in structure.spans(item.tree) if s not in right and s[1] - s[0] > 1]
        return item.score + 0.3 * len(wrong) - parsing.score(model, gold, x)

    every = parsing.brute_force(model, structure.leaves(gold), x)
    same_root = [i for i in every if i.tree.label == gold.label]
    assert abs(loss - max(map(beaten_by, same_root))) < 1e-12
    assert loss >= 0 and abs(guess.score - parsing.score(model, gold, x) - loss) < 1e-12


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", MODELS[1:])
def test_margin_gradients_equal_central_differences(name, seed):
    rng = np.random.default_rng(seed)
    model, x = model_of(name, rng), rng.standard_normal((5, 3))
    gold = random_gold(name, model, rng, 5)
    loss_of = lambda pair: parsing.max_margin(model._replace(params=pair[0]), pair[1], gold, 0.5)[0]
    loss, grads, dx, _ = parsing.max_margin(model, x, gold, 0.5)
    assert gradcheck.check(loss_of, (model.params, x), (grads, dx), tol=1e-7) < 1e-7
    assert type(grads) is type(model.params)


def test_a_right_tree_with_room_to_spare_costs_nothing():
    model, words, x = problem("network", 4, 3)
    every = parsing.brute_force(model, words, x)
    gap = every[0].score - every[1].score
    loss, grads, dx, guess = parsing.max_margin(model, x, every[0].tree, gap / 10, beam=None)
    assert loss == 0 and guess.tree == every[0].tree
    assert not any(leaf.any() for leaf in nested.leaves((grads, dx)))


def test_labels_of_the_right_tree_do_not_matter_without_a_grammar():
    rng = np.random.default_rng(4)
    model, x = model_of("network", rng), rng.standard_normal((4, 3))
    plain = structure.read("((a b) (c d))", labelled=False)
    losses = [
        parsing.max_margin(model, x, t)[0] for t in (plain, structure.read("(S (A a b) (B c d))"))
    ]
    assert losses[0] == losses[1]


def test_max_margin_learns_trees_that_the_words_decide():
    """a and b go together, whatever stands beside them: learned from strings of five words, five of five right."""
    rng = np.random.default_rng(5)
    vectors = {word: rng.standard_normal(4) / 2 for word in "abc"}
    golds = [structure.read(t, labelled=False) for t in ("((a b) c)", "(c (a b))", "((c (a b)) c)")]
    inputs = [np.array([vectors[w] for w in structure.leaves(t)]) for t in golds]
    params, optimiser = tree.init(rng, 4), optim.adam(0.03)
    state = optimiser.init(params)
    for _ in range(60):
        for gold, x in zip(golds, inputs):
            _, grads, _, _ = parsing.max_margin(parsing.Model(params=params), x, gold, 0.5)
            params, state = optimiser.update(params, grads, state)
    model = parsing.Model(params=params)
    found = [
        parsing.best(parsing.cky(model, structure.leaves(t), x)).tree for t, x in zip(golds, inputs)
    ]
    assert found == golds


def test_a_grammar_alone_cannot_attach_by_words():
    """All sentences have the same categories, so one of the two structures always wins: half of them are wrong."""
    trees = tasks.attachments(np.random.default_rng(6), 200)
    model = parsing.Model(grammar.estimated(trees))
    found = [parsing.best(parsing.cky(model, structure.leaves(t)), "S").tree for t in trees]
    assert len({structure.write(structure.delexicalised(t)) for t in found}) == 1
    right = np.mean([a == b for a, b in zip(found, trees)])
    assert 0.4 < right < 0.6


def test_brackets_are_counted():
    gold = structure.read("(S (NP (D the) (N dog)) (VP (V saw) (NP (D a) (N cat))))")
    same = parsing.brackets([gold], [gold])
    assert same == (1, 1, 1)
    guess = structure.read("(S (X (NP (D the) (N dog)) (V saw)) (NP (D a) (N cat)))")
    assert parsing.brackets([guess], [gold]) == (3 / 4, 3 / 4, 3 / 4)
    flat = structure.read("(S (D the) (N dog) (V saw) (NQ (D a) (N cat)))")
    assert parsing.brackets([flat], [gold]) == (1 / 2, 1 / 4, 1 / 3)
    assert parsing.brackets([flat], [gold], labelled=False) == (1, 1 / 2, 2 / 3)
    both = parsing.brackets([gold, flat], [gold, gold])
    assert both == (5 / 6, 5 / 8, 10 / 14)


def test_brackets_refuse_what_cannot_be_compared():
    one, two = structure.read("(S (A a) (B b))"), structure.read("(S (A a) (S (B b) (C c)))")
    with pytest.raises(ValueError, match="1 guesses for 2 trees"):
        parsing.brackets([one], [one, two])
    with pytest.raises(ValueError, match="has other words than"):
        parsing.brackets([one], [two])
    with pytest.raises(ValueError, match="there is no bracket"):
        parsing.brackets([structure.Tree("a")], [structure.Tree("a")])


def test_errors_say_what_came_and_what_was_expected():
    rng = np.random.default_rng(7)
    model, words, x = problem("both", 3, 0)
    for parse in (parsing.cky, parsing.greedy, parsing.brute_force):
        with pytest.raises(ValueError, match="there is no word"):
            parse(model, [], x[:0])
        with pytest.raises(ValueError, match="needs the vectors x of the words"):
            parse(model, words)
        with pytest.raises(ValueError, match=r"x is float64 of shape \(2, 3\)"):
            parse(model, words, x[:2])
        with pytest.raises(ValueError, match="no category for the word 'z'"):
            parse(model, [*words[:2], "z"], x)
        with pytest.raises(ValueError, match="neither a grammar nor a network"):
            parse(parsing.Model(), words)
        with pytest.raises(ValueError, match="no grammar to choose them by"):
            parse(parsing.Model(None, tree.init(rng, 3, 2)), words, x)
    narrow = parsing.Model(grammar.of("S -> A B 1\nA -> a 1\nB -> b 1"))
    assert parsing.best(parsing.cky(narrow, ["a", "b"])).score == 0
    with pytest.raises(ValueError, match="no tree"):
        parsing.best(parsing.cky(narrow, ["b", "a"]))
    with pytest.raises(ValueError, match="no tree with the root 'A'"):
        parsing.best(parsing.cky(narrow, ["a", "b"]), "A")
    with pytest.raises(ValueError, match=r"no rule merges any of \['B', 'A'\]"):
        parsing.greedy(narrow, ["b", "a"])
    with pytest.raises(ValueError, match="nothing to learn"):
        parsing.max_margin(narrow, x, structure.read("(S (A a) (B b))"))
    with pytest.raises(ValueError, match="the grammar doesn't make"):
        parsing.max_margin(model, x[:2], structure.read("(T (T a) (T b))"))
