"""`scratch.grid` against the equations as loops and central differences."""

import numpy as np
import pytest
import torch

from tests.package.layers import CASES, assert_equal, tensor
from unrolled.scratch import gradcheck, grid, lstm, nested, stacked


def lstm_step(params, x, h, c):
    """One step of one LSTM for one sequence, gate by gate."""
    H = len(h)
    i, f, g, o = (params.b + params.W @ h + params.U @ x).split(H)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def oracle(params, x, state, lengths):
    """h (T, B, H), zero at padding, and the final state, by loops over sequences, steps and layers."""
    T, B, _ = x.shape
    outputs, ends = [], []
    for b in range(B):
        carried, hs = [(layer.h[b], layer.c[b]) for layer in state.layers], []
        for t in range(T):
            if t >= lengths[b]:
                hs.append(torch.zeros_like(carried[0][0]))
                continue
            h_depth, c_depth = (params.b + params.U @ x[t, b]).chunk(2)
            for k, (h_time, c_time) in enumerate(carried):
                carried[k] = lstm_step(params.time[k], h_depth, h_time, c_time)
                h_depth, c_depth = lstm_step(params.depth[k], h_time, h_depth, c_depth)
            hs.append(h_depth)
        outputs.append(torch.stack(hs))
        ends.append(carried)
    layers = tuple(
        lstm.State(*(torch.stack([end[k][part] for end in ends]) for part in (0, 1)))
        for k in range(len(state.layers))
    )
    return torch.stack(outputs, dim=1), grid.State(layers)


def problem(shape, layers=2, dtype=np.float64, seed=1):
    """Parameters with random biases, an input, an initial state, and random upstream gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = grid.init(rng, D, H, dtype, layers)
    params = nested.tree_map(lambda p: draw(*p.shape) if p.ndim == 1 else p, params)
    state = lambda: grid.State(tuple(lstm.State(draw(B, H), draw(B, H)) for _ in range(layers)))
    return params, draw(T, B, D), state(), draw(T, B, H), state()


def dot(a, b):
    return sum((p * q).sum() for p, q in zip(nested.leaves(a), nested.leaves(b), strict=True))


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_values_and_gradients_equal_the_equations_written_as_loops(shape, lengths, layers):
    params, x, state, dh, dstate = problem(shape, layers)
    h, cache = grid.forward(params, x, state, lengths)
    ours = grid.backward(params, cache, dh, dstate)
    leaves = nested.tree_map(tensor, (params, x, state))
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    exact = oracle(*leaves, steps)
    assert_equal((h, cache.state), nested.tree_map(lambda a: a.detach().numpy(), exact))
    dot(exact, nested.tree_map(torch.tensor, (dh, dstate))).backward()
    found = lambda leaf: np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
    assert_equal(ours, nested.tree_map(found, leaves))


@pytest.mark.parametrize(
    ("shape", "lengths"), [((4, 2, 3, 2), None), ((4, 3, 2, 2), [1, 4, 0]), ((1, 1, 1, 1), None)]
)
def test_gradients_equal_central_differences(shape, lengths):
    params, x, state, dh, dstate = problem(shape)

    def loss_of(tree):
        h, cache = grid.forward(*tree, lengths)
        return float(dot((h, cache.state), (dh, dstate)))

    _, cache = grid.forward(params, x, state, lengths)
    ours = grid.backward(params, cache, dh, dstate)
    assert gradcheck.check(loss_of, (params, x, state), ours) < 1e-6


def test_without_what_passes_from_depth_to_time_the_state_does_not_see_the_input():
    params, x, state, *_ = problem((5, 2, 3, 4))
    blind = tuple(layer._replace(U=np.zeros_like(layer.U)) for layer in params.time)
    ends = [
        grid.forward(p, value, state)[1].state
        for p in (params, params._replace(time=blind))
        for value in (x, x + 1)
    ]
    assert_equal(ends[2], ends[3], 0)
    assert np.abs(ends[0].layers[0].h - ends[1].layers[0].h).max() > 0.01


def test_a_grid_can_be_stacked():
    rng = np.random.default_rng(0)
    params = stacked.init(rng, 2, 2, layer=grid)
    x, dh = rng.standard_normal((3, 2, 2)), rng.standard_normal((3, 2, 2))
    _, cache = stacked.forward(params, x)
    ours = stacked.backward(params, cache, dh)[:2]
    gradcheck.check(lambda tree: float((stacked.forward(*tree)[0] * dh).sum()), (params, x), ours)


PARAMS, X, STATE, DH, DSTATE = problem((5, 3, 4, 2))
ERRORS = {
    "x has 3 features, U expects 4": {"x": X[..., :3]},
    r"x has shape \(5, 3\), expected \(T, B, D\)": {"x": X[..., 0]},
    "x is float32, the parameters are float64": {"x": X.astype(np.float32)},
    "state has 1 layers, params have 2": {"state": grid.State(STATE.layers[:1])},
    "lengths range from -1 to 2": {"lengths": [1, 2, -1]},
    "2 layers along time, 1 along depth": {"params": PARAMS._replace(depth=PARAMS.depth[:1])},
    r"params is a tuple, expected one of \['Params'\]": {"params": tuple(PARAMS)},
}


@pytest.mark.parametrize(("message", "change"), ERRORS.items())
def test_forward_names_what_came_and_what_was_expected(message, change):
    with pytest.raises(ValueError, match=message):
        grid.forward(**({"params": PARAMS, "x": X} | change))


def test_init_and_backward_name_what_came_and_what_was_expected():
    with pytest.raises(ValueError, match="layers is 0, expected at least 1"):
        grid.init(np.random.default_rng(0), 2, 3, layers=0)
    _, cache = grid.forward(PARAMS, X)
    with pytest.raises(ValueError, match=r"dh is float64 of shape \(4, 3, 2\)"):
        grid.backward(PARAMS, cache, DH[:4])
    wrong = grid.State((DSTATE.layers[0], lstm.State(np.ones((1, 2)), np.ones((3, 2)))))
    with pytest.raises(ValueError, match=r"dstate.layers\[1\].h is float64 of shape \(1, 2\)"):
        grid.backward(PARAMS, cache, dstate=wrong)
