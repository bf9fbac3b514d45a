"""Optimisers against torch's, step by step."""

from typing import NamedTuple

import numpy as np
import pytest
import torch

from unrolled.scratch import nested, optim


class Params(NamedTuple):
    W: np.ndarray
    b: np.ndarray


def start():
    rng = np.random.default_rng(5)
    return Params(rng.standard_normal((3, 2)), rng.standard_normal(2))


PAIRS = [
    (optim.sgd(0.1), lambda p: torch.optim.SGD(p, lr=0.1)),
    (optim.momentum(0.1, 0.7), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.7)),
    (
        optim.adam(0.03, 0.8, 0.95, 1e-4),
        lambda p: torch.optim.Adam(p, lr=0.03, betas=(0.8, 0.95), eps=1e-4),
    ),
    (optim.adam(), lambda p: torch.optim.Adam(p)),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_thirty_steps_equal_torch(ours, theirs):
    rng = np.random.default_rng(6)
    params = start()
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in params]
    optimiser, state = theirs(tensors), ours.init(params)
    for _ in range(30):
        grads = Params(*(rng.standard_normal(leaf.shape) for leaf in params))
        for tensor, gradient in zip(tensors, grads, strict=True):
            tensor.grad = torch.tensor(gradient)
        optimiser.step()
        params, state = ours.update(params, grads, state)
        for leaf, tensor in zip(params, tensors, strict=True):
            np.testing.assert_allclose(leaf, tensor.detach().numpy(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("optimiser", [pair[0] for pair in PAIRS])
def test_updates_are_pure_and_keep_float32(optimiser):
    params = nested.tree_map(lambda leaf: leaf.astype(np.float32), start())
    grads = nested.tree_map(lambda leaf: leaf + 1, params)
    state = optimiser.init(params)
    first, state_1 = optimiser.update(params, grads, state)
    kept = nested.tree_map(np.copy, (params, grads, state, first, state_1))
    optimiser.update(first, grads, state_1)
    again, _ = optimiser.update(params, grads, state)
    for now, then in zip(
        nested.leaves((params, grads, state, first, state_1)), nested.leaves(kept), strict=True
    ):
        np.testing.assert_array_equal(now, then)
    for a, b in zip(again, first, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_array_equal(a, b)


def test_adam_moves_by_the_rate_in_its_first_step():
    params, grads = np.zeros(3), np.array([1e-3, -5.0, 2.0])
    optimiser = optim.adam(0.01, eps=0.0)
    moved, _ = optimiser.update(params, grads, optimiser.init(params))
    np.testing.assert_allclose(moved, -0.01 * np.sign(grads), rtol=1e-12)


def test_clipping_equals_torch_and_leaves_small_gradients_alone():
    grads = start()
    tensors = [torch.zeros(leaf.shape, dtype=torch.float64, requires_grad=True) for leaf in grads]
    for tensor, gradient in zip(tensors, grads, strict=True):
        tensor.grad = torch.tensor(gradient)
    clipped, norm = optim.clip_by_norm(grads, 0.5)
    assert norm == pytest.approx(torch.nn.utils.clip_grad_norm_(tensors, 0.5).item())
    assert nested.global_norm(clipped) == pytest.approx(0.5)
    for leaf, tensor in zip(clipped, tensors, strict=True):
        np.testing.assert_allclose(
            leaf, tensor.grad.numpy(), atol=2e-6
        )  # torch adds 1e-6 to the norm
    same, norm = optim.clip_by_norm(grads, 100.0)
    assert same is grads and norm == nested.global_norm(grads)
    with pytest.raises(ValueError, match="max_norm is 0, expected a positive"):
        optim.clip_by_norm(grads, 0)


def test_clipping_zero_gradients():
    clipped, norm = optim.clip_by_norm(np.zeros(3), 1.0)
    assert norm == 0 and not clipped.any()
