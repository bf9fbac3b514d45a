"""`scratch.pushdown` against a checker of brackets with a list."""

import itertools

import numpy as np
import pytest

from unrolled.scratch import pushdown

PARTNER = {")": "(", "]": "[", "}": "{"}


def is_balanced(string):
    held = []
    for symbol in string:
        if symbol not in PARTNER:
            held.append(symbol)
        elif not held or held.pop() != PARTNER[symbol]:
            return False
    return not held


def draw(rng, pairs, n):
    """A balanced string of n pairs."""
    string, held = "", []
    while len(string) < 2 * n:
        openings = (len(string) + len(held)) // 2
        if openings < n and (not held or rng.random() < 0.55):
            kind = 2 * rng.integers(pairs)
            string += pushdown.BRACKETS[kind]
            held.append(pushdown.BRACKETS[kind + 1])
        else:
            string += held.pop()
    return string


def answers(strings, pairs, params=None, **options):
    x, lengths = pushdown.spelled(strings, pairs)
    params = pushdown.brackets(pairs) if params is None else params
    return pushdown.accepted(pushdown.run(params, x, **options), lengths)


@pytest.mark.parametrize(("pairs", "longest"), [(1, 9), (2, 5), (3, 4)])
def test_all_short_strings_are_judged_rightly(pairs, longest):
    known = pushdown.BRACKETS[: 2 * pairs]
    strings = [
        "".join(s) for n in range(1, longest + 1) for s in itertools.product(known, repeat=n)
    ]
    expected = np.array([is_balanced(s) for s in strings])
    assert 0 < expected.sum() < len(expected)
    assert (answers(strings, pairs) == expected).all()


def test_long_strings_and_one_wrong_symbol_in_them():
    rng = np.random.default_rng(0)
    right = [draw(rng, 2, 100) for _ in range(10)] + ["(" * 100 + ")" * 100, "([" * 50 + "])" * 50]
    wrong = []
    for string in right:
        at = rng.integers(len(string))
        others = [s for s in "()[]" if s != string[at]]
        wrong.append(string[:at] + others[rng.integers(3)] + string[at + 1 :])
    assert all(map(is_balanced, right)) and not any(map(is_balanced, wrong))
    assert answers(right, 2).all() and not answers(wrong, 2).any()


def test_what_a_run_shows():
    x, _ = pushdown.spelled(["([])"], 2)
    found = pushdown.run(pushdown.brackets(2), x)
    assert found.actions[:, 0].tolist() == [1, 1, -1, -1]
    assert found.left[:, 0].tolist() == [1, 2, 1, 0]
    assert found.tops[:, 0].argmax(axis=1).tolist() == [0, 2, 0, 4]  # (, [, (, nothing
    assert (found.states == [1, 0]).all() and not found.memory.strengths.any()


def test_the_failed_state_is_for_good_and_leaves_the_stack_alone():
    x, _ = pushdown.spelled(["(]()"], 2)
    found = pushdown.run(pushdown.brackets(2), x)
    assert found.states[:, 0, 1].tolist() == [0, 1, 1, 1]
    assert not found.actions[1:].any() and found.left[-1, 0] == 1


def test_weights_that_are_a_little_off_need_rounding_on_long_strings():
    rng = np.random.default_rng(1)
    exact = pushdown.brackets(2)
    off = pushdown.Params(*(w * (1 - 0.1 * rng.random(w.shape)) for w in exact))
    short, deep = ["()", "[]", "([])"], ["(" * 40 + ")" * 40]
    assert answers(short, 2, off).all() and not answers(deep, 2, off).any()
    assert answers(short + deep, 2, off, quantised=True).all()


def test_padding_does_not_count():
    strings = ["()", "(())()", "((", ")("]
    alone = [answers([string], 1)[0] for string in strings]
    assert answers(strings, 1).tolist() == alone == [True, True, False, False]


def test_errors_say_what_came_and_what_was_expected():
    with pytest.raises(ValueError, match=r"x has shape \(2, 1, 3\), expected \(T, B, 2\)"):
        pushdown.run(pushdown.brackets(1), np.zeros((2, 1, 3)))
    for strings in (["()", ""], ["[]"], ["(a)"]):
        with pytest.raises(ValueError, match=r"expected some of \(\) in each"):
            pushdown.spelled(strings, 1)
