"""Losses against loops, central differences and torch."""

import math

import numpy as np
import pytest
import torch

from unrolled.scratch import gradcheck, losses

T, B, K = 4, 3, 5
RNG = np.random.default_rng(4)
O, Y = RNG.standard_normal((T, B, K)), RNG.integers(K, size=(T, B))
REAL = RNG.standard_normal((T, B, K))
LENGTHS = np.array([2, 0, 4])


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_cross_entropy_equals_the_definition(lengths, reduction):
    steps = [T] * B if lengths is None else lengths
    total = 0.0
    for b in range(B):
        for t in range(steps[b]):
            total -= math.log(math.exp(O[t, b, Y[t, b]]) / sum(math.exp(o) for o in O[t, b]))
    loss, do = losses.cross_entropy(O, Y, lengths, reduction=reduction)
    assert isinstance(loss, float)
    assert loss == pytest.approx(total / (sum(steps) if reduction == "mean" else 1), rel=1e-13)
    loss_of = lambda o: losses.cross_entropy(o, Y, lengths, reduction=reduction)[0]
    assert gradcheck.check(loss_of, O, do) < 1e-8


def test_cross_entropy_equals_torch():
    for reduction in ("mean", "sum"):
        o = torch.tensor(O, requires_grad=True)
        loss = torch.nn.functional.cross_entropy(
            o.reshape(-1, K), torch.tensor(Y).reshape(-1), reduction=reduction
        )
        loss.backward()
        ours, do = losses.cross_entropy(O, Y, reduction=reduction)
        assert abs(ours - loss.item()) < 1e-12
        np.testing.assert_allclose(do, o.grad.numpy(), rtol=0, atol=1e-12)


def test_the_gradient_is_probabilities_minus_one_hot():
    _, do = losses.cross_entropy(O, Y, reduction="sum")
    probabilities = np.exp(O) / np.exp(O).sum(-1, keepdims=True)
    np.testing.assert_allclose(do, probabilities - np.eye(K)[Y], rtol=0, atol=1e-14)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_squared_error_equals_the_definition(lengths, reduction):
    steps = [T] * B if lengths is None else lengths
    total = sum(
        (O[t, b, k] - REAL[t, b, k]) ** 2
        for b in range(B)
        for t in range(steps[b])
        for k in range(K)
    )
    loss, dy_hat = losses.squared_error(O, REAL, lengths, reduction=reduction)
    assert loss == pytest.approx(total / (sum(steps) if reduction == "mean" else 1), rel=1e-13)
    loss_of = lambda o: losses.squared_error(o, REAL, lengths, reduction=reduction)[0]
    assert gradcheck.check(loss_of, O, dy_hat) < 1e-8


def test_padding_may_hold_anything():
    padded = np.arange(T)[:, None] >= LENGTHS
    o, y_hat, y = O.copy(), O.copy(), Y.copy()
    o[padded], y_hat[padded], y[padded] = np.nan, np.nan, 0
    for loss, args in ((losses.cross_entropy, (o, y)), (losses.squared_error, (y_hat, REAL))):
        rubbish, gradient = loss(*args, LENGTHS)
        clean, _ = loss(O, Y if loss is losses.cross_entropy else REAL, LENGTHS)
        assert rubbish == clean and not gradient[padded].any()


def test_any_leading_axes_without_lengths():
    loss, do = losses.cross_entropy(O[0, 0], Y[0, 0], reduction="sum")
    assert loss == pytest.approx(-math.log(math.exp(O[0, 0, Y[0, 0]]) / np.exp(O[0, 0]).sum()))
    assert do.shape == (K,)
    assert losses.squared_error(O[0], REAL[0])[1].shape == (B, K)


def test_float32_stays_float32():
    assert losses.cross_entropy(O.astype(np.float32), Y)[1].dtype == np.float32
    assert (
        losses.squared_error(O.astype(np.float32), REAL.astype(np.float32))[1].dtype == np.float32
    )


def test_bits():
    assert losses.bits(math.log(8)) == pytest.approx(3)


def test_errors():
    with pytest.raises(ValueError, match=r"shape \(3, 3\), expected integers of shape \(4, 3\)"):
        losses.cross_entropy(O, Y[:3])
    with pytest.raises(ValueError, match="y is float64"):
        losses.cross_entropy(O, Y.astype(float))
    with pytest.raises(ValueError, match="targets range from .* to 5, o has classes 0 to 4"):
        losses.cross_entropy(O, np.full_like(Y, K))
    with pytest.raises(ValueError, match="targets range from -1"):
        losses.cross_entropy(O, np.full_like(Y, -1))
    with pytest.raises(ValueError, match="'none', expected 'mean' or 'sum'"):
        losses.cross_entropy(O, Y, reduction="none")
    with pytest.raises(ValueError, match="no step counts"):
        losses.cross_entropy(O, Y, np.zeros(B, int))
    with pytest.raises(ValueError, match=r"\(4, 3, 5\).*\(3, 3, 5\).*expected the same"):
        losses.squared_error(O, REAL[:3])
