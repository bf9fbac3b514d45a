"""`scratch.rnn` against the equations as loops, central differences and torch."""

import math

import numpy as np
import pytest
import torch

from tests.package.layers import (
    CASES,
    SHAPES,
    assert_a_workspace_changes_nothing,
    assert_equal,
    assert_nothing_is_overwritten,
    assert_training_with_a_workspace_equals_training_without,
)
from unrolled.scratch import gradcheck, nested, rnn

# The equations as loops over sequences, steps and units: the oracle.


def activate(name, a):
    return math.tanh(a) if name == "tanh" else max(a, 0.0)


def slope(name, a):
    return 1 - math.tanh(a) ** 2 if name == "tanh" else float(a > 0)


def loop_forward(name, params, x, h0, lengths):
    """h (T, B, H), zero at padding; pre-activations a (T, B, H); and the state after the last step that counts."""
    U, W, b = params
    T, B, D = x.shape
    H = len(b)
    h, a, last = np.zeros((T, B, H)), np.zeros((T, B, H)), np.array(h0, dtype=float)
    for n in range(B):
        for t in range(lengths[n]):
            h_prev = last[n].copy()
            for i in range(H):
                a[t, n, i] = b[i]
                a[t, n, i] += sum(W[i, j] * h_prev[j] for j in range(H))
                a[t, n, i] += sum(U[i, k] * x[t, n, k] for k in range(D))
                h[t, n, i] = last[n, i] = activate(name, a[t, n, i])
    return h, a, last


def loop_backward(name, params, x, h0, lengths, dh, dlast):
    """dU, dW, db, dx, dh0 by the recursion for the total gradient of h_t, unit by unit."""
    U, W, b = params
    T, B, D = x.shape
    H = len(b)
    h, a, _ = loop_forward(name, params, x, h0, lengths)
    dU, dW, db, dx, dh0 = (
        np.zeros(shape) for shape in (U.shape, W.shape, b.shape, x.shape, h0.shape)
    )
    for n in range(B):
        total = np.array(dlast[n], dtype=float)
        for t in reversed(range(lengths[n])):
            total = total + dh[t, n]
            h_prev = h[t - 1, n] if t else h0[n]
            delta = [slope(name, a[t, n, i]) * total[i] for i in range(H)]
            for i in range(H):
                db[i] += delta[i]
                dW[i] += [delta[i] * h_prev[j] for j in range(H)]
                dU[i] += [delta[i] * x[t, n, k] for k in range(D)]
            dx[t, n] = [sum(U[i, k] * delta[i] for i in range(H)) for k in range(D)]
            total = np.array([sum(W[i, j] * delta[i] for i in range(H)) for j in range(H)])
        dh0[n] = total
    return dU, dW, db, dx, dh0


# What is tested with them.


def problem(shape, activation="tanh", dtype=np.float64, seed=1):
    """Parameters with non-zero biases, an input, an initial state, and random upstream gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    params = rnn.init(rng, D, H, dtype, activation)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = params._replace(b=draw(H))
    return params, draw(T, B, D), rnn.State(draw(B, H)), draw(T, B, H), rnn.State(draw(B, H))


@pytest.mark.parametrize("with_workspace", [False, True])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_values_and_gradients_equal_the_equations_written_as_loops(
    shape, lengths, activation, with_workspace
):
    params, x, state, dh, dstate = problem(shape, activation)
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    workspace = rnn.Workspace() if with_workspace else None
    h, cache = rnn.forward(params, x, state, lengths, workspace)
    exact_h, _, exact_last = loop_forward(activation, params, x, state.h, steps)
    assert_equal((h, cache.state.h), (exact_h, exact_last))
    grads, dx, dstate0 = rnn.backward(params, cache, dh, dstate)
    exact = loop_backward(activation, params, x, state.h, steps, dh, dstate.h)
    assert_equal((*grads, dx, dstate0.h), exact)
    assert type(grads) is type(params)


@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_equal_central_differences(shape, lengths):
    params, x, state, dh, dstate = problem(shape)

    def loss_of(tree):
        h, cache = rnn.forward(*tree, lengths)
        return float((h * dh).sum() + (cache.state.h * dstate.h).sum())

    _, cache = rnn.forward(params, x, state, lengths)
    assert (
        gradcheck.check(loss_of, (params, x, state), rnn.backward(params, cache, dh, dstate)) < 1e-8
    )


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_equal_torch(shape, activation):
    T, B, D, H = shape
    _, x, state, dh, dstate = problem(shape)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = torch.nn.RNN(D, H, nonlinearity=activation, dtype=torch.float64)
    params = rnn.from_torch(module)
    assert np.abs(params.b).min() > 0
    h, cache = rnn.forward(params, x, state)
    grads, dx, dstate0 = rnn.backward(params, cache, dh, dstate)

    x_torch = torch.tensor(x, requires_grad=True)
    h0_torch = torch.tensor(state.h[None], requires_grad=True)
    h_torch, last = module(x_torch, h0_torch)
    ((h_torch * torch.tensor(dh)).sum() + (last[0] * torch.tensor(dstate.h)).sum()).backward()
    assert_equal((h, cache.state.h), (h_torch.detach().numpy(), last[0].detach().numpy()))
    theirs = [
        p.grad.numpy()
        for p in (module.weight_ih_l0, module.weight_hh_l0, module.bias_hh_l0, x_torch)
    ]
    assert_equal((*grads, dx, dstate0.h), (*theirs, h0_torch.grad.numpy()[0]))


def test_padding_equals_torch_packed_sequences():
    lengths = [2, 6, 4]
    _, x, _, dh, dstate = problem((6, 3, 4, 5))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = torch.nn.RNN(4, 5, dtype=torch.float64)
    params = rnn.from_torch(module)
    h, cache = rnn.forward(params, x, lengths=lengths)
    grads, dx, _ = rnn.backward(params, cache, dh, dstate)
    x_torch = torch.tensor(x, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x_torch, lengths, enforce_sorted=False)
    out, last = module(packed)
    h_torch, _ = torch.nn.utils.rnn.pad_packed_sequence(out)
    ((h_torch * torch.tensor(dh)).sum() + (last[0] * torch.tensor(dstate.h)).sum()).backward()
    assert_equal((h, cache.state.h), (h_torch.detach().numpy(), last[0].detach().numpy()))
    assert_equal((grads.W, dx), (module.weight_hh_l0.grad.numpy(), x_torch.grad.numpy()))


def test_from_torch_without_bias_and_its_refusals():
    params = rnn.from_torch(torch.nn.RNN(2, 3, bias=False))
    assert params.b.dtype == np.float32 and not params.b.any()
    for options in ({"num_layers": 2}, {"bidirectional": True}):
        with pytest.raises(ValueError, match="one layer in one direction"):
            rnn.from_torch(torch.nn.RNN(2, 3, **options))


def test_from_torch_copies():
    module = torch.nn.RNN(2, 3)
    params = rnn.from_torch(module)
    before = params.W.copy()
    with torch.no_grad():
        module.weight_hh_l0.zero_()
    np.testing.assert_array_equal(params.W, before)


def test_without_state_the_layer_starts_at_zero():
    params, x, *_ = problem((3, 2, 4, 5))
    h, _ = rnn.forward(params, x)
    np.testing.assert_array_equal(h[0], np.tanh(x[0] @ params.U.T + params.b))


def test_upstream_gradients_that_are_none_are_zero():
    params, x, state, dh, dstate = problem((5, 2, 4, 3))
    _, cache = rnn.forward(params, x, state)
    zero_dh, zero_dstate = np.zeros_like(dh), rnn.State(np.zeros_like(dstate.h))
    assert_equal(rnn.backward(params, cache, dh), rnn.backward(params, cache, dh, zero_dstate), 0)
    assert_equal(
        rnn.backward(params, cache, None, dstate), rnn.backward(params, cache, zero_dh, dstate), 0
    )


def test_what_lies_in_the_padding_does_not_matter():
    lengths = np.array([2, 4, 0])
    params, x, state, dh, dstate = problem((4, 3, 2, 5))
    padded = np.arange(4)[:, None] >= lengths
    results = []
    for rubbish in (0.0, 7.0, np.nan):
        x[padded], dh[padded] = rubbish, rubbish
        h, cache = rnn.forward(params, x, state, lengths)
        results.append((h, cache.state, *rnn.backward(params, cache, dh, dstate)))
        assert not h[padded].any() and not results[-1][3][padded].any()
    assert_equal(results[1], results[0], 0)
    assert_equal(results[2], results[0], 0)
    np.testing.assert_array_equal(
        results[0][1].h[2], state.h[2]
    )  # a sequence of no steps keeps its state


def test_windows_with_the_state_carried_equal_one_run():
    params, x, state, dh, dstate = problem((9, 2, 3, 4))
    h, cache = rnn.forward(params, x, state)
    whole = rnn.backward(params, cache, dh, dstate)
    cuts, caches, carried = [(0, 4), (4, 5), (5, 9)], [], state
    for start, stop in cuts:
        h_window, cache = rnn.forward(params, x[start:stop], carried)
        np.testing.assert_allclose(h_window, h[start:stop], rtol=0, atol=1e-14)
        carried = cache.state
        caches.append(cache)
    total, dcarried = nested.tree_map(np.zeros_like, params), dstate
    for (start, stop), cache in reversed(list(zip(cuts, caches, strict=True))):
        grads, dx, dcarried = rnn.backward(params, cache, dh[start:stop], dcarried)
        np.testing.assert_allclose(dx, whole[1][start:stop], rtol=0, atol=1e-13)
        total = nested.tree_map(np.add, total, grads)
    assert_equal((total, dcarried), (whole[0], whole[2]), 1e-13)


def test_truncation_drops_exactly_the_paths_that_cross_the_cut():
    params, x, state, dh, _ = problem((6, 2, 3, 4))
    dh[:3] = 0  # the loss looks at the second window only
    _, first = rnn.forward(params, x[:3], state)
    _, second = rnn.forward(params, x[3:], first.state)
    grads, dx, dcut = rnn.backward(params, second, dh[3:])
    _, dx_before, _ = rnn.backward(params, first, dh[:3])
    assert not dx_before.any() and np.abs(dcut.h).min() > 0
    rest, _, _ = rnn.backward(params, first, None, dcut)
    _, cache = rnn.forward(params, x, state)
    whole, whole_dx, _ = rnn.backward(params, cache, dh)
    assert_equal(nested.tree_map(np.add, grads, rest), whole, 1e-13)
    np.testing.assert_allclose(dx, whole_dx[3:], rtol=0, atol=1e-14)
    assert np.abs(rest.W).max() > 1e-3


def test_deltas_are_the_gradients_of_the_preactivations():
    """Adding e to a_t and adding it to a bias of step t alone are the same thing."""
    params, x, state, dh, _ = problem((4, 1, 2, 3))
    _, cache = rnn.forward(params, x, state)
    delta, _ = rnn.deltas(params, cache, dh)

    def loss_of(shift):
        h, total = state.h, 0.0
        for t in range(4):
            h = np.tanh(params.b + h @ params.W.T + x[t] @ params.U.T + shift[t])
            total += float((h * dh[t]).sum())
        return total

    assert gradcheck.check(loss_of, np.zeros((4, 1, 3)), delta) < 1e-8


def test_float32_stays_float32_and_agrees_with_float64():
    params, x, state, dh, dstate = problem((8, 3, 4, 5))
    single = nested.tree_map(lambda leaf: leaf.astype(np.float32), (params, x, state, dh, dstate))
    results = []
    for p, x_, s, g, ds in ((params, x, state, dh, dstate), single):
        h, cache = rnn.forward(p, x_, s)
        results.append((h, cache.state, *rnn.backward(p, cache, g, ds)))
    assert {leaf.dtype for leaf in nested.leaves(results[1])} == {np.dtype(np.float32)}
    assert_equal(results[1], results[0], 1e-4)


def test_arguments_are_left_alone():
    args = problem((5, 3, 4, 2))
    before = nested.tree_map(np.copy, args)
    params, x, state, dh, dstate = args
    _, cache = rnn.forward(params, x, state, lengths=[5, 2, 0])
    rnn.backward(params, cache, dh, dstate)
    assert_equal(args, before, 0)


def test_without_a_workspace_nothing_is_overwritten():
    assert_nothing_is_overwritten(rnn, *problem((5, 3, 4, 2)))


def test_a_workspace_keeps_its_arrays_and_makes_old_caches_raise():
    params, x, state, dh, dstate = problem((5, 3, 4, 2))
    workspace = rnn.Workspace()
    h, cache = rnn.forward(params, x, state, workspace=workspace)
    first = rnn.backward(params, cache, dh)
    again = rnn.backward(params, cache, dh)  # a second backward is fine
    assert_equal(again, first, 0)
    assert not np.shares_memory(first[0].W, again[0].W)
    h_next, cache_next = rnn.forward(params, x, cache.state, workspace=workspace)
    assert np.shares_memory(h, h_next)
    with pytest.raises(RuntimeError, match=r"forward call 1 .* made 2"):
        rnn.backward(params, cache, dh)
    with pytest.raises(RuntimeError, match=r"forward call 1 .* made 2"):
        rnn.deltas(params, cache, dh)
    rnn.backward(params, cache_next, dh)


def test_a_state_survives_the_next_use_of_its_workspace():
    params, x, *_ = problem((5, 3, 4, 2))
    workspace = rnn.Workspace()
    _, cache = rnn.forward(params, x, workspace=workspace)
    before = cache.state.h.copy()
    rnn.forward(params, x + 1, workspace=workspace)
    np.testing.assert_array_equal(cache.state.h, before)


def test_a_workspace_follows_changes_of_shape_dtype_and_padding():
    workspace = rnn.Workspace()
    for shape, dtype, lengths in [
        ((5, 3, 4, 2), np.float64, None),
        ((2, 3, 4, 2), np.float64, [1, 2, 0]),
        ((5, 3, 4, 2), np.float32, None),
        ((5, 3, 4, 2), np.float64, [5, 0, 1]),
    ]:
        given = problem(shape, dtype=dtype, seed=len(str(lengths)))
        assert_a_workspace_changes_nothing(rnn, workspace, *given, lengths)


def test_a_training_loop_with_a_workspace_equals_one_without():
    params, x, _, target, _ = problem((6, 4, 3, 5))
    assert_training_with_a_workspace_equals_training_without(rnn, params, x, target)


def test_init_draws_within_its_bound_and_repeats_with_the_seed():
    params = rnn.init(np.random.default_rng(3), 7, 16, np.float32)
    for leaf, shape in zip(params, [(16, 7), (16, 16), (16,)], strict=True):
        assert leaf.shape == shape and leaf.dtype == np.float32
        assert 0.15 < np.abs(leaf).max() <= 0.25  # 1 / sqrt(16)
    assert_equal(rnn.init(np.random.default_rng(3), 7, 16, np.float32), params, 0)
    with pytest.raises(ValueError, match=r"'sine'.*relu.*tanh"):
        rnn.init(np.random.default_rng(3), 7, 16, activation="sine")


PARAMS, X, STATE, DH, DSTATE = problem((5, 3, 4, 2))
FORWARD_ERRORS = {
    "x has 3 features, U expects 4": {"x": X[..., :3]},
    r"x has shape \(5, 3\), expected \(T, B, D\)": {"x": X[..., 0]},
    r"x has shape \(0, 3, 4\), expected at least one step": {"x": X[:0]},
    r"x has shape \(5, 0, 4\), expected at least one step and one": {"x": X[:, :0]},
    "x is float32, the parameters are float64": {"x": X.astype(np.float32)},
    "x is int64, the parameters are float64": {"x": X.astype(np.int64)},
    r"state.h is float64 of shape \(2, 2\), expected float64 of shape \(3, 2\)": {
        "state": rnn.State(STATE.h[:2])
    },
    "state.h is float32 of shape": {"state": rnn.State(STATE.h.astype(np.float32))},
    r"lengths has shape \(2,\).*expected 3 integers": {"lengths": [1, 2]},
    "lengths has shape .* dtype float64": {"lengths": [1.0, 2.0, 3.0]},
    "lengths range from 1 to 6, the batch has steps 0 to 5": {"lengths": [1, 2, 6]},
    "lengths range from -1 to 2": {"lengths": [1, 2, -1]},
    "dtypes float64, float32, float64": {"params": PARAMS._replace(W=PARAMS.W.astype(np.float32))},
    r"shapes .*\(2, 3\).*expected \(H, D\), \(H, H\), \(H,\)": {
        "params": PARAMS._replace(W=np.ones((2, 3)))
    },
    "params is a tuple, expected one of .*'Params', 'ReluParams'": {"params": tuple(PARAMS)},
}


@pytest.mark.parametrize(("message", "change"), FORWARD_ERRORS.items())
def test_forward_names_what_came_and_what_was_expected(message, change):
    with pytest.raises(ValueError, match=message):
        rnn.forward(**({"params": PARAMS, "x": X} | change))


@pytest.mark.parametrize(
    ("message", "change"),
    {
        r"dh is float64 of shape \(4, 3, 2\), expected float64 of shape \(5, 3, 2\)": {
            "dh": DH[:4]
        },
        "dh is float32": {"dh": DH.astype(np.float32)},
        r"dstate.h is float64 of shape \(3, 1\)": {"dstate": rnn.State(DSTATE.h[:, :1])},
    }.items(),
)
def test_backward_names_what_came_and_what_was_expected(message, change):
    _, cache = rnn.forward(PARAMS, X)
    with pytest.raises(ValueError, match=message):
        rnn.backward(PARAMS, cache, **change)
