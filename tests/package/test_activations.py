"""Activations against the standard library, their slopes against central differences."""

import math

import numpy as np
import pytest

from unrolled.scratch import activations

A = np.array([-3.0, -0.7, -1e-3, 0.2, 1.5, 4.0])
EXACT = {
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "saturated_linear": lambda a: min(max(a, 0.0), 1.0),
}


@pytest.mark.parametrize("name", EXACT)
def test_values_and_slopes(name):
    f, slope = getattr(activations, name), getattr(activations, f"{name}_slope")
    np.testing.assert_allclose(f(A), [EXACT[name](a) for a in A], rtol=1e-14)
    eps = 1e-5
    np.testing.assert_allclose(slope(f(A)), (f(A + eps) - f(A - eps)) / (2 * eps), atol=1e-9)
    single = f(A.astype(np.float32))
    assert single.dtype == slope(single).dtype == np.float32


def test_sigmoid_does_not_overflow():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(
            activations.sigmoid(np.array([-1e4, 0.0, 1e4])), [0.0, 0.5, 1.0]
        )


def test_relu_slope_is_zero_at_the_kink():
    assert activations.relu_slope(np.zeros(1)) == 0


def test_the_slope_of_the_saturated_linear_function_is_zero_at_its_kinks():
    np.testing.assert_array_equal(activations.saturated_linear_slope(np.array([0.0, 1.0])), 0)


def test_the_step_jumps_at_zero_and_keeps_the_dtype():
    found = activations.step(np.array([-2.0, -1e-300, 0.0, 3.0], np.float64))
    np.testing.assert_array_equal(found, [0, 0, 1, 1])
    assert activations.step(np.zeros(2, np.float32)).dtype == np.float32


def test_softmax_is_the_ratio_of_exponentials_and_survives_large_logits():
    o = np.array([[0.5, -1.0, 2.0], [1000.0, 1001.0, 999.0]])
    e = [[math.exp(v - max(row)) for v in row] for row in o.tolist()]
    exact = [[v / sum(row) for v in row] for row in e]
    np.testing.assert_allclose(activations.softmax(o), exact, rtol=1e-13)
    np.testing.assert_allclose(activations.log_softmax(o), np.log(exact), rtol=1e-12)
    far = activations.log_softmax(np.array([0.0, -2000.0]))
    np.testing.assert_array_equal(
        far, [0.0, -2000.0]
    )  # the logarithm of the softmax itself would be -inf
