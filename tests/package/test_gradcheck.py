"""The checker finds what is wrong and lets pass what is right."""

from typing import NamedTuple

import numpy as np
import pytest

from unrolled.scratch import gradcheck


class Params(NamedTuple):
    W: np.ndarray
    b: np.ndarray


TREE = Params(np.array([[0.3, -1.2], [2.0, 0.7]]), np.array([0.5, -0.4]))


def loss_of(tree):
    return float((np.sin(tree.W) * tree.b).sum() + (tree.b**3).sum())


EXACT = Params(np.cos(TREE.W) * TREE.b, np.sin(TREE.W).sum(0) + 3 * TREE.b**2)


def test_numerical_gradients_equal_the_exact_ones():
    found = gradcheck.numerical(loss_of, TREE)
    for ours, exact in zip(found, EXACT, strict=True):
        np.testing.assert_allclose(ours, exact, rtol=0, atol=1e-9)


def test_central_not_one_sided_differences():
    found = gradcheck.numerical(lambda x: float((x**2).sum()), np.array([1.0, -3.0]), eps=0.1)
    np.testing.assert_allclose(
        found, [2.0, -6.0], rtol=1e-13
    )  # exact for a parabola; one-sided is off by 0.1


def test_the_tree_is_left_alone():
    before = [leaf.copy() for leaf in TREE]
    gradcheck.numerical(loss_of, TREE)
    for now, then in zip(TREE, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_memory_order_does_not_matter():
    x = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    np.testing.assert_allclose(gradcheck.numerical(lambda a: float((a * x).sum()), x), x, atol=1e-9)


def test_check_passes_the_exact_gradient():
    assert gradcheck.check(loss_of, TREE, EXACT) < 1e-8


def test_check_names_the_worst_entry():
    wrong = EXACT._replace(W=EXACT.W.copy())
    wrong.W[1, 0] += 1e-4
    with pytest.raises(
        AssertionError, match=r"gradient of W\[1, 0\] is .*central differences give"
    ):
        gradcheck.check(loss_of, TREE, wrong)
    assert gradcheck.check(loss_of, TREE, wrong, tol=1e-3) > 1e-5


def test_check_refuses_nan():
    wrong = EXACT._replace(b=np.array([EXACT.b[0], np.nan]))
    with pytest.raises(AssertionError, match=r"gradient of b\[1\] is nan"):
        gradcheck.check(loss_of, TREE, wrong)


def test_a_small_leaf_is_not_hidden_by_a_large_one():
    tree = Params(np.array([1.0]), np.array([1.0]))
    loss = lambda tree: float((1e3 * tree.W + 1e-3 * tree.b).sum())
    with pytest.raises(AssertionError, match=r"gradient of b\[0\]"):
        gradcheck.check(loss, tree, Params(np.array([1e3]), np.array([1.1e-3])))


def test_errors():
    with pytest.raises(ValueError, match="W is float32, central differences need float64"):
        gradcheck.numerical(loss_of, TREE._replace(W=TREE.W.astype(np.float32)))
    with pytest.raises(ValueError, match=r"gradient has shape \(2,\), its array \(2, 2\)"):
        gradcheck.check(loss_of, TREE, EXACT._replace(W=EXACT.b))
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\) differ"):
        gradcheck.relative_error(np.ones(2), np.ones(3))


def test_relative_error():
    assert gradcheck.relative_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 0.5
    assert gradcheck.relative_error(np.zeros(3), np.zeros(3)) == 0
    assert gradcheck.relative_error(np.array([1e-9]), np.zeros(1), floor=1e-3) == pytest.approx(
        1e-6
    )
    assert np.isnan(gradcheck.relative_error(np.array([np.nan]), np.ones(1)))
