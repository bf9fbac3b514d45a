"""`scratch.gru` in both forms against the equations as loops, central differences and torch."""

import numpy as np
import pytest
import torch

from tests.package.layers import (
    CASES,
    EXACT,
    SHAPES,
    assert_a_workspace_changes_nothing,
    assert_equal,
    assert_nothing_is_overwritten,
    assert_training_with_a_workspace_equals_training_without,
    tensor,
    torch_gradients,
    torch_module,
)
from unrolled.scratch import gradcheck, gru, nested

FORMS = sorted(gru.FORMS)


# The equations as loops over sequences and steps, gate by gate; torch differentiates them: the oracle.


def loop_step(form, params, x, h):
    """r, z, n, h after one step of one sequence."""
    H = len(h)
    (U_r, W_r, b_r), (U_z, W_z, b_z), (U_n, W_n, b_n) = (
        [array[k * H : (k + 1) * H] for array in params[:3]] for k in range(3)
    )
    r = torch.sigmoid(b_r + W_r @ h + U_r @ x)
    z = torch.sigmoid(b_z + W_z @ h + U_z @ x)
    if form == "reset_before":
        n = torch.tanh(b_n + W_n @ (r * h) + U_n @ x)
    else:
        n = torch.tanh(b_n + r * (W_n @ h + params.b_hn) + U_n @ x)
    return r, z, n, (1 - z) * h + z * n


def loop(form, params, x, state, lengths):
    """Lists of (r, z, n) by sequence and step; h (T, B, H), zero at padding; the final state."""
    T, B, _ = x.shape
    traces, outputs, ends = [], [], []
    for b in range(B):
        h, trace, hs = state.h[b], [], []
        for t in range(T):
            if t < lengths[b]:
                *gates, h = loop_step(form, params, x[t, b], h)
                trace.append(gates)
            hs.append(h if t < lengths[b] else torch.zeros_like(h))
        traces.append(trace)
        outputs.append(torch.stack(hs))
        ends.append(h)
    return traces, torch.stack(outputs, dim=1), gru.State(torch.stack(ends))


def problem(shape, form="reset_before", dtype=np.float64, seed=1):
    """Parameters with non-zero biases, an input, an initial state, and random upstream gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    params = gru.init(rng, D, H, dtype, form)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = params._replace(b=draw(len(params.b)))
    if form == "reset_after":
        params = params._replace(b_hn=draw(H))
    return params, draw(T, B, D), gru.State(draw(B, H)), draw(T, B, H), gru.State(draw(B, H))


@pytest.mark.parametrize("with_workspace", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_values_and_gradients_equal_the_equations_written_as_loops(
    shape, lengths, form, with_workspace
):
    params, x, state, dh, dstate = problem(shape, form)
    workspace = gru.Workspace() if with_workspace else None
    h, cache = gru.forward(params, x, state, lengths, workspace)
    grads, dx, dstate0 = gru.backward(params, cache, dh, dstate)

    leaves = nested.tree_map(tensor, (params, x, state))
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    _, exact_h, exact_end = loop(form, *leaves, steps)
    exact = nested.tree_map(lambda a: a.detach().numpy(), (exact_h, exact_end))
    assert_equal((h, cache.state), exact)
    loss = (exact_h * torch.tensor(dh)).sum() + (exact_end.h * torch.tensor(dstate.h)).sum()
    loss.backward()
    assert_equal((grads, dx, dstate0), nested.tree_map(lambda leaf: leaf.grad.numpy(), leaves))
    assert type(grads) is type(params) is gru.FORMS[form]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_equal_central_differences(shape, lengths, form):
    params, x, state, dh, dstate = problem(shape, form)

    def loss_of(tree):
        h, cache = gru.forward(*tree, lengths)
        return float((h * dh).sum() + (cache.state.h * dstate.h).sum())

    _, cache = gru.forward(params, x, state, lengths)
    ours = gru.backward(params, cache, dh, dstate)
    assert gradcheck.check(loss_of, (params, x, state), ours) < 1e-7


@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_equal_torch(shape):
    T, B, D, H = shape
    _, x, state, dh, dstate = problem(shape)
    module = torch_module(torch.nn.GRU, D, H)
    params = gru.from_torch(module)
    assert type(params) is gru.AfterParams and min(np.abs(b).min() for b in params[2:]) > 0
    h, cache = gru.forward(params, x, state)
    grads, dx, dstate0 = gru.backward(params, cache, dh, dstate)

    x_torch, h0 = tensor(x), tensor(state.h[None])
    h_torch, last = module(x_torch, h0)
    ((h_torch * torch.tensor(dh)).sum() + (last[0] * torch.tensor(dstate.h)).sum()).backward()
    assert_equal((h, cache.state.h), (h_torch.detach().numpy(), last[0].detach().numpy()))
    assert_equal(tuple(grads), torch_gradients(module, "l0"))
    assert_equal((dx, dstate0.h), (x_torch.grad.numpy(), h0.grad.numpy()[0]))


def test_padding_equals_torch_packed_sequences():
    lengths = [2, 6, 4]
    _, x, _, dh, dstate = problem((6, 3, 4, 5))
    module = torch_module(torch.nn.GRU, 4, 5)
    params = gru.from_torch(module)
    h, cache = gru.forward(params, x, lengths=lengths)
    grads, dx, _ = gru.backward(params, cache, dh, dstate)
    x_torch = tensor(x)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x_torch, lengths, enforce_sorted=False)
    out, last = module(packed)
    h_torch, _ = torch.nn.utils.rnn.pad_packed_sequence(out)
    ((h_torch * torch.tensor(dh)).sum() + (last[0] * torch.tensor(dstate.h)).sum()).backward()
    assert_equal((h, cache.state.h), (h_torch.detach().numpy(), last[0].detach().numpy()))
    dW = torch_gradients(module, "l0")[1]
    assert_equal((grads.W, dx), (dW, x_torch.grad.numpy()))


def test_from_torch_copies_takes_no_bias_as_zero_and_refuses_what_it_is_not():
    module = torch_module(torch.nn.GRU, 2, 3, dtype=torch.float32)
    params = gru.from_torch(module)
    before = nested.tree_map(np.copy, params)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert_equal(params, before, 0)
    bare = gru.from_torch(torch.nn.GRU(2, 3, bias=False))
    for leaf, shape in ((bare.b, (9,)), (bare.b_hn, (3,))):
        assert leaf.dtype == np.float32 and leaf.shape == shape and not leaf.any()
    for options in ({"num_layers": 2}, {"bidirectional": True}):
        with pytest.raises(ValueError, match="one layer in one direction"):
            gru.from_torch(torch.nn.GRU(2, 3, **options))


def test_a_part_of_a_deep_module_in_two_directions_is_taken_by_its_name():
    module = torch_module(torch.nn.GRU, 4, 5, num_layers=2, bidirectional=True)
    x = np.random.default_rng(0).standard_normal((6, 3, 4))
    ways = ((1, ""), (-1, "_reverse"))
    both = x
    for layer in range(2):
        parts = [gru.part_from_torch(module, f"l{layer}{end}") for _, end in ways]
        runs = [
            gru.forward(part, both[::way])[0][::way]
            for part, (way, _) in zip(parts, ways, strict=True)
        ]
        both = np.concatenate(runs, axis=-1)
    assert_equal(both, module(torch.tensor(x))[0].detach().numpy())


@pytest.mark.parametrize("form", FORMS)
def test_gates_are_those_of_the_equations(form):
    shape, lengths = (6, 3, 4, 5), [2, 6, 0]
    params, x, state, *_ = problem(shape, form)
    _, cache = gru.forward(params, x, state, lengths)
    ours = gru.gates(cache)
    traces, _, _ = loop(form, *nested.tree_map(torch.tensor, (params, x, state)), lengths)
    for b, trace in enumerate(traces):
        for k, array in enumerate(ours):
            assert not array[lengths[b] :, b].any()
            for t, gates in enumerate(trace):
                np.testing.assert_allclose(array[t, b], gates[k].numpy(), rtol=0, atol=EXACT)


@pytest.mark.parametrize("form", FORMS)
def test_an_update_gate_of_one_takes_the_candidate_and_of_zero_keeps_the_state(form):
    params, x, state, *_ = problem((4, 2, 3, 5), form)
    for bias, taken in ((100.0, True), (-1000.0, False)):
        b = params.b.copy()
        b[5:10] = bias
        h, cache = gru.forward(params._replace(b=b), x, state)
        exact = gru.gates(cache).n if taken else np.broadcast_to(state.h, h.shape)
        np.testing.assert_allclose(h, exact, rtol=0, atol=1e-15)


def test_a_constant_update_gate_averages_exponentially():
    """With z = 1/4 and a candidate that hears x alone, h is 3/4 of what it was and 1/4 of the new value."""
    params = nested.tree_map(np.zeros_like, gru.init(np.random.default_rng(0), 1, 1))
    params.U[2], params.b[1] = 1.0, np.log(1 / 3)
    x = np.random.default_rng(1).standard_normal((30, 1, 1))
    h, _ = gru.forward(params, x)
    exact = [
        sum(0.25 * 0.75 ** (t - k) * np.tanh(x[k, 0, 0]) for k in range(t + 1)) for t in range(30)
    ]
    np.testing.assert_allclose(h[:, 0, 0], exact, rtol=0, atol=1e-14)


def test_the_two_forms_agree_where_nothing_is_reset_and_differ_elsewhere():
    params, x, state, *_ = problem((6, 3, 4, 5))
    after = gru.AfterParams(*params, np.zeros(5))
    difference = lambda before, after: np.abs(
        gru.forward(before, x, state)[0] - gru.forward(after, x, state)[0]
    ).max()
    assert difference(params, after) > 1e-2
    b = params.b.copy()
    b[:5] = 1000.0
    assert difference(params._replace(b=b), after._replace(b=b)) < 1e-14


def test_without_state_the_layer_starts_at_zero():
    params, x, state, dh, _ = problem((3, 2, 4, 5))
    zero = nested.tree_map(np.zeros_like, state)
    (h, cache), (h_zero, cache_zero) = (gru.forward(params, x, s) for s in (None, zero))
    assert_equal((h, cache.state), (h_zero, cache_zero.state), 0)
    assert_equal(gru.backward(params, cache, dh), gru.backward(params, cache_zero, dh), 0)


@pytest.mark.parametrize("form", FORMS)
def test_upstream_gradients_that_are_none_are_zero(form):
    params, x, state, dh, dstate = problem((5, 2, 4, 3), form)
    _, cache = gru.forward(params, x, state)
    zero_dh, zero_dstate = nested.tree_map(np.zeros_like, (dh, dstate))
    assert_equal(gru.backward(params, cache, dh), gru.backward(params, cache, dh, zero_dstate), 0)
    assert_equal(
        gru.backward(params, cache, None, dstate), gru.backward(params, cache, zero_dh, dstate), 0
    )


@pytest.mark.parametrize("form", FORMS)
def test_what_lies_in_the_padding_does_not_matter(form):
    lengths = np.array([2, 4, 0])
    params, x, state, dh, dstate = problem((4, 3, 2, 5), form)
    padded = np.arange(4)[:, None] >= lengths
    results = []
    for rubbish in (0.0, 7.0, np.nan):
        x[padded], dh[padded] = rubbish, rubbish
        h, cache = gru.forward(params, x, state, lengths)
        results.append((h, cache.state, *gru.backward(params, cache, dh, dstate)))
        assert not h[padded].any() and not results[-1][3][padded].any()
    assert_equal(results[1], results[0], 0)
    assert_equal(results[2], results[0], 0)
    np.testing.assert_array_equal(results[0][1].h[2], state.h[2])
    np.testing.assert_array_equal(results[0][4].h[2], dstate.h[2])


@pytest.mark.parametrize("form", FORMS)
def test_windows_with_the_state_carried_equal_one_run(form):
    params, x, state, dh, dstate = problem((9, 2, 3, 4), form)
    h, cache = gru.forward(params, x, state)
    whole = gru.backward(params, cache, dh, dstate)
    cuts, caches, carried = [(0, 4), (4, 5), (5, 9)], [], state
    for start, stop in cuts:
        h_window, cache = gru.forward(params, x[start:stop], carried)
        np.testing.assert_allclose(h_window, h[start:stop], rtol=0, atol=1e-14)
        carried = cache.state
        caches.append(cache)
    total, dcarried = nested.tree_map(np.zeros_like, params), dstate
    for (start, stop), cache in reversed(list(zip(cuts, caches, strict=True))):
        grads, dx, dcarried = gru.backward(params, cache, dh[start:stop], dcarried)
        np.testing.assert_allclose(dx, whole[1][start:stop], rtol=0, atol=1e-13)
        total = nested.tree_map(np.add, total, grads)
    assert_equal((total, dcarried), (whole[0], whole[2]), 1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_float32_stays_float32_and_agrees_with_float64(form):
    double = problem((8, 3, 4, 5), form)
    single = nested.tree_map(lambda leaf: leaf.astype(np.float32), double)
    results = []
    for params, x, state, dh, dstate in (double, single):
        h, cache = gru.forward(params, x, state, [8, 3, 0])
        results.append((h, cache.state, gru.gates(cache), *gru.backward(params, cache, dh, dstate)))
    assert {leaf.dtype for leaf in nested.leaves(results[1])} == {np.dtype(np.float32)}
    assert_equal(results[1], results[0], 1e-4)


@pytest.mark.parametrize("form", FORMS)
def test_arguments_are_left_alone(form):
    args = problem((5, 3, 4, 2), form)
    before = nested.tree_map(np.copy, args)
    params, x, state, dh, dstate = args
    _, cache = gru.forward(params, x, state, lengths=[5, 2, 0])
    gru.backward(params, cache, dh, dstate)
    assert_equal(args, before, 0)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (5, 1, 4, 2)])
def test_without_a_workspace_nothing_is_overwritten(shape, form):
    assert_nothing_is_overwritten(gru, *problem(shape, form))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (5, 1, 4, 2)])
def test_a_workspace_keeps_its_arrays_and_makes_old_caches_raise(shape, form):
    params, x, _, dh, dstate = problem(shape, form)
    workspace = gru.Workspace()
    h, cache = gru.forward(params, x, workspace=workspace)
    first = gru.backward(params, cache, dh, dstate)
    kept = nested.tree_map(np.copy, first)
    again = gru.backward(params, cache, dh, dstate)  # a second backward is fine
    assert_equal(again, kept, 0)
    assert not np.shares_memory(first[0].W, again[0].W)
    h_next, cache_next = gru.forward(params, x + 1, cache.state, workspace=workspace)
    assert np.shares_memory(h, h_next)
    gru.backward(params, cache_next, dh)
    assert_equal((first[0], first[2]), (kept[0], kept[2]), 0)  # gradients and states are fresh
    for use in (lambda: gru.backward(params, cache, dh), lambda: gru.gates(cache)):
        with pytest.raises(RuntimeError, match=r"forward call 1 .* made 2"):
            use()


def test_a_state_survives_the_next_use_of_its_workspace():
    params, x, *_ = problem((5, 1, 4, 2))
    for lengths in (None, [3]):
        workspace = gru.Workspace()
        _, cache = gru.forward(params, x, lengths=lengths, workspace=workspace)
        before = cache.state.h.copy()
        gru.forward(params, x + 1, workspace=workspace)
        np.testing.assert_array_equal(cache.state.h, before)


def test_a_workspace_follows_changes_of_shape_dtype_form_and_padding():
    workspace = gru.Workspace()
    for shape, dtype, lengths, form in [
        ((5, 3, 4, 2), np.float64, None, "reset_before"),
        ((2, 3, 4, 2), np.float64, [1, 2, 0], "reset_after"),
        ((5, 3, 4, 2), np.float32, None, "reset_after"),
        ((5, 3, 4, 2), np.float64, [5, 0, 1], "reset_before"),
        ((5, 1, 4, 2), np.float64, None, "reset_after"),
    ]:
        given = problem(shape, form, dtype)
        assert_a_workspace_changes_nothing(gru, workspace, *given, lengths)


def test_a_training_loop_with_a_workspace_equals_one_without():
    params, x, _, target, _ = problem((6, 4, 3, 5))
    assert_training_with_a_workspace_equals_training_without(gru, params, x, target)


@pytest.mark.parametrize("form", FORMS)
def test_init_draws_within_its_bound_and_repeats_with_the_seed(form):
    params = gru.init(np.random.default_rng(3), 7, 16, np.float32, form)
    shapes = [(48, 7), (48, 16), (48,)] + [(16,)] * (form == "reset_after")
    for leaf, shape in zip(params, shapes, strict=True):
        assert leaf.shape == shape and leaf.dtype == np.float32
        assert 0.15 < np.abs(leaf).max() <= 0.25  # 1 / sqrt(16)
    assert_equal(gru.init(np.random.default_rng(3), 7, 16, np.float32, form), params, 0)
    with pytest.raises(ValueError, match=r"'reset'.*reset_after.*reset_before"):
        gru.init(np.random.default_rng(3), 7, 16, form="reset")


PARAMS, X, STATE, DH, DSTATE = problem((5, 3, 4, 2))
FORWARD_ERRORS = {
    "x has 3 features, U expects 4": {"x": X[..., :3]},
    r"x has shape \(5, 3\), expected \(T, B, D\)": {"x": X[..., 0]},
    r"x has shape \(5, 0, 4\), expected at least one step and one": {"x": X[:, :0]},
    "x is float32, the parameters are float64": {"x": X.astype(np.float32)},
    r"state.h is float64 of shape \(2, 2\), expected float64 of shape \(3, 2\)": {
        "state": gru.State(STATE.h[:2])
    },
    r"lengths has shape \(2,\).*expected 3 integers": {"lengths": [1, 2]},
    "lengths range from -1 to 2": {"lengths": [1, 2, -1]},
    "U, W, b have dtypes float64, float32, float64": {
        "params": PARAMS._replace(W=PARAMS.W.astype(np.float32))
    },
    r"shapes \(6, 4\), \(5, 2\), \(6,\), expected \(3H, D\), \(3H, H\), \(3H,\)": {
        "params": PARAMS._replace(W=PARAMS.W[:5])
    },
    r"b_hn have shapes .*\(6,\), \(3,\), expected .*\(3H,\), \(H,\)": {
        "params": gru.AfterParams(*PARAMS, np.ones(3))
    },
    "params is a tuple, expected one of .*'Params', 'AfterParams'": {"params": tuple(PARAMS)},
}


@pytest.mark.parametrize(("message", "change"), FORWARD_ERRORS.items())
def test_forward_names_what_came_and_what_was_expected(message, change):
    with pytest.raises(ValueError, match=message):
        gru.forward(**({"params": PARAMS, "x": X} | change))


@pytest.mark.parametrize(
    ("message", "change"),
    {
        r"dh is float64 of shape \(4, 3, 2\), expected float64 of shape \(5, 3, 2\)": {
            "dh": DH[:4]
        },
        "dh is float32": {"dh": DH.astype(np.float32)},
        r"dstate.h is float64 of shape \(3, 1\)": {"dstate": gru.State(DSTATE.h[:, :1])},
    }.items(),
)
def test_backward_names_what_came_and_what_was_expected(message, change):
    _, cache = gru.forward(PARAMS, X)
    with pytest.raises(ValueError, match=message):
        gru.backward(PARAMS, cache, **change)
