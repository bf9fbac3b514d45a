"""`scratch.readout` against loops, central differences and torch."""

import numpy as np
import pytest
import torch

from unrolled.scratch import gradcheck, readout

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("leading", [(), (3,), (4, 3), (1, 1), (2, 4, 3)])
def test_values_and_gradients(leading):
    params = readout.init(RNG, 5, 2)
    h, do = RNG.standard_normal((*leading, 5)), RNG.standard_normal((*leading, 2))
    o, cache = readout.forward(params, h)
    for index in np.ndindex(leading):
        for k in range(2):
            exact = params.c[k] + sum(params.V[k, j] * h[index][j] for j in range(5))
            assert abs(o[index][k] - exact) < 1e-14
    grads, dh = readout.backward(params, cache, do)
    assert type(grads) is readout.Params and np.abs(params.c).min() > 0
    loss_of = lambda tree: float((readout.forward(*tree)[0] * do).sum())
    assert gradcheck.check(loss_of, (params, h), (grads, dh)) < 1e-8


@pytest.mark.parametrize("bias", [True, False])
def test_parity_with_torch(bias):
    module = torch.nn.Linear(5, 2, bias=bias, dtype=torch.float64)
    params = readout.from_torch(module)
    h, do = RNG.standard_normal((4, 3, 5)), RNG.standard_normal((4, 3, 2))
    o, cache = readout.forward(params, h)
    grads, dh = readout.backward(params, cache, do)
    h_torch = torch.tensor(h, requires_grad=True)
    o_torch = module(h_torch)
    o_torch.backward(torch.tensor(do))
    pairs = [(o, o_torch.detach()), (dh, h_torch.grad), (grads.V, module.weight.grad)]
    if bias:
        pairs.append((grads.c, module.bias.grad))
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=1e-10)


def test_errors():
    params = readout.init(RNG, 5, 2)
    with pytest.raises(ValueError, match="h has 4 units, V expects 5"):
        readout.forward(params, np.ones((3, 4)))
    with pytest.raises(ValueError, match="h is float32, the parameters are float64"):
        readout.forward(params, np.ones((3, 5), np.float32))
    _, cache = readout.forward(params, np.ones((3, 5)))
    for do in (np.ones((3, 3)), np.ones((3, 2), np.float32)):
        with pytest.raises(ValueError, match=r"expected float64 of shape \(3, 2\)"):
            readout.backward(params, cache, do)


def test_float32_stays_float32():
    params = readout.init(RNG, 5, 2, np.float32)
    o, cache = readout.forward(params, np.ones((3, 5), np.float32))
    grads, dh = readout.backward(params, cache, o)
    assert {array.dtype for array in (o, dh, *grads)} == {np.dtype(np.float32)}
