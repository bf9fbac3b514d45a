"""`scratch.highway` against the equations as loops, central differences, and the layers that it contains."""

import numpy as np
import pytest
import torch

from tests.package.layers import CASES, assert_equal, tensor
from unrolled.scratch import gradcheck, gru, highway, nested, stacked

VARIANTS = [("highway", 1), ("highway", 3), ("residual", 1), ("residual", 3)]


# The equations as loops over sequences, steps and rounds; torch differentiates them: the oracle.


def loop_step(variant, params, x, s):
    H = len(s)
    for k in range(len(params.W)):
        n = params.b[k, :H] + params.W[k, :H] @ s
        g = params.b[k, H:] + params.W[k, H:] @ s
        if k == 0:
            n, g = n + params.U[:H] @ x, g + params.U[H:] @ x
        if variant == "highway":
            g = torch.sigmoid(g)
            s = s * (1 - g) + torch.tanh(n) * g
        else:
            s = s + torch.tanh(n)
    return s


def oracle(variant, params, x, state, lengths):
    """h (T, B, H), zero at padding, and the final state."""
    T, B, _ = x.shape
    outputs, ends = [], []
    for b in range(B):
        h, hs = state.h[b], []
        for t in range(T):
            if t < lengths[b]:
                h = loop_step(variant, params, x[t, b], h)
            hs.append(h if t < lengths[b] else torch.zeros_like(h))
        outputs.append(torch.stack(hs))
        ends.append(h)
    return torch.stack(outputs, dim=1), highway.State(torch.stack(ends))


def problem(shape, variant="highway", depth=2, dtype=np.float64, seed=1):
    """Parameters with random biases, an input, an initial state, and random upstream gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    params = highway.init(rng, D, H, dtype, variant, depth)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = params._replace(b=draw(*params.b.shape))
    return (
        params,
        draw(T, B, D),
        highway.State(draw(B, H)),
        draw(T, B, H),
        highway.State(draw(B, H)),
    )


def dot(a, b):
    return sum((p * q).sum() for p, q in zip(nested.leaves(a), nested.leaves(b), strict=True))


@pytest.mark.parametrize(("variant", "depth"), VARIANTS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_values_and_gradients_equal_the_equations_written_as_loops(shape, lengths, variant, depth):
    params, x, state, dh, dstate = problem(shape, variant, depth)
    h, cache = highway.forward(params, x, state, lengths)
    ours = highway.backward(params, cache, dh, dstate)
    leaves = nested.tree_map(tensor, (params, x, state))
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    exact = oracle(variant, *leaves, steps)
    assert_equal((h, cache.state), nested.tree_map(lambda a: a.detach().numpy(), exact))
    dot(exact, nested.tree_map(torch.tensor, (dh, dstate))).backward()
    assert_equal(ours, nested.tree_map(lambda leaf: leaf.grad.numpy(), leaves))
    assert type(ours[0]) is type(params) is highway.TYPES[variant]


@pytest.mark.parametrize(("variant", "depth"), VARIANTS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_equal_central_differences(shape, lengths, variant, depth):
    params, x, state, dh, dstate = problem(shape, variant, depth)

    def loss_of(tree):
        h, cache = highway.forward(*tree, lengths)
        return float(dot((h, cache.state), (dh, dstate)))

    _, cache = highway.forward(params, x, state, lengths)
    ours = highway.backward(params, cache, dh, dstate)
    assert gradcheck.check(loss_of, (params, x, state), ours) < 1e-6


def test_a_highway_of_depth_1_is_a_gru_that_never_resets():
    params, x, state, dh, _ = problem((6, 3, 4, 5), depth=1)
    n, z = slice(0, 5), slice(5, 10)
    always = np.full(5, 100.0)  # sigmoid(100) is 1
    same = gru.Params(
        np.concatenate([np.zeros((5, 4)), params.U[z], params.U[n]]),
        np.concatenate([np.zeros((5, 5)), params.W[0, z], params.W[0, n]]),
        np.concatenate([always, params.b[0, z], params.b[0, n]]),
    )
    h, cache = highway.forward(params, x, state)
    h_gru, cache_gru = gru.forward(same, x, gru.State(state.h))
    assert_equal(h, h_gru)
    _, dx, dstate0 = highway.backward(params, cache, dh)
    _, dx_gru, dstate0_gru = gru.backward(same, cache_gru, dh)
    assert_equal((dx, dstate0.h), (dx_gru, dstate0_gru.h))


def test_a_closed_highway_and_a_silent_residual_layer_keep_the_state():
    _, x, state, dh, _ = problem((6, 3, 4, 5))
    for variant in ("highway", "residual"):
        params = highway.init(np.random.default_rng(0), 4, 5, variant=variant, transform_bias=-800)
        if variant == "residual":
            params = nested.tree_map(np.zeros_like, params)
        h, cache = highway.forward(params, x, state)
        assert_equal(h, np.broadcast_to(state.h, h.shape), 1e-12)
        _, _, dstate0 = highway.backward(params, cache, dstate=highway.State(dh[0]))
        assert_equal(dstate0.h, dh[0], 1e-12)


@pytest.mark.parametrize(("variant", "depth"), VARIANTS)
def test_it_can_be_stacked(variant, depth):
    rng = np.random.default_rng(0)
    params = stacked.init(rng, 3, 4, layer=highway, variant=variant, depth=depth)
    x, dh = rng.standard_normal((5, 2, 3)), rng.standard_normal((5, 2, 4))
    _, cache = stacked.forward(params, x)
    ours = stacked.backward(params, cache, dh)[:2]
    gradcheck.check(lambda tree: float((stacked.forward(*tree)[0] * dh).sum()), (params, x), ours)


def test_init_draws_within_its_bound_and_sets_the_bias_of_the_gate():
    params = highway.init(np.random.default_rng(3), 7, 16, np.float32, depth=2, transform_bias=-3.0)
    assert [leaf.shape for leaf in params] == [(32, 7), (2, 32, 16), (2, 32)]
    assert all(leaf.dtype == np.float32 for leaf in params)
    assert 0.2 < np.abs(params.W).max() <= 0.25 and (params.b[:, 16:] == -3).all()
    for wrong in ({"variant": "carry"}, {"depth": 0}):
        with pytest.raises(ValueError, match=r"'highway', 'residual'.* at least 1"):
            highway.init(np.random.default_rng(3), 7, 16, **wrong)


PARAMS, X, STATE, DH, DSTATE = problem((5, 3, 4, 2))
ERRORS = {
    "x has 3 features, U expects 4": {"x": X[..., :3]},
    r"x has shape \(5, 3\), expected \(T, B, D\)": {"x": X[..., 0]},
    "x is float32, the parameters are float64": {"x": X.astype(np.float32)},
    r"state.h is float64 of shape \(2, 2\)": {"state": highway.State(STATE.h[:2])},
    "lengths range from -1 to 2": {"lengths": [1, 2, -1]},
    r"expected \(2H, D\), \(depth, 2H, H\)": {"params": PARAMS._replace(b=np.ones((2, 3)))},
    "params is a tuple, expected one of": {"params": tuple(PARAMS)},
}


@pytest.mark.parametrize(("message", "change"), ERRORS.items())
def test_forward_names_what_came_and_what_was_expected(message, change):
    with pytest.raises(ValueError, match=message):
        highway.forward(**({"params": PARAMS, "x": X} | change))


def test_backward_names_what_came_and_what_was_expected():
    _, cache = highway.forward(PARAMS, X)
    with pytest.raises(ValueError, match=r"dh is float64 of shape \(4, 3, 2\)"):
        highway.backward(PARAMS, cache, DH[:4])
    with pytest.raises(ValueError, match=r"dstate.h is float64 of shape \(3, 1\)"):
        highway.backward(PARAMS, cache, dstate=highway.State(DSTATE.h[:, :1]))
