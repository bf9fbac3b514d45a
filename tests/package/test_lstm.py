"""`scratch.lstm` in all its variants against the equations as loops, central differences and torch."""

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
    torch_module,
)
from unrolled.scratch import gradcheck, lstm, nested

VARIANTS = sorted(lstm.TYPES)


# The equations as loops over sequences and steps, gate by gate; torch differentiates them: the oracle.


def blocks_of(variant, params):
    """(U, W, b) of each block that the variant has, by its letter."""
    H = params.W.shape[1]
    letters = {"no_forget": "igo", "no_input": "fgo", "no_output": "ifg", "coupled": "igo"}
    return {
        letter: [array[k * H : (k + 1) * H] for array in params[:3]]
        for k, letter in enumerate(letters.get(variant, "ifgo"))
    }


def loop_step(variant, params, x, h, c):
    """i, f, g, o, c, h after one step of one sequence."""
    blocks, one = blocks_of(variant, params), torch.ones_like(c)

    def a(letter):
        U, W, b = blocks[letter]
        return U @ x + W @ h + b

    peep = variant == "peephole"
    i = one if variant == "no_input" else torch.sigmoid(a("i") + (params.p_i * c if peep else 0))
    if variant == "no_forget":
        f = one
    elif variant == "coupled":
        f = 1 - i
    else:
        f = torch.sigmoid(a("f") + (params.p_f * c if peep else 0))
    g = torch.tanh(a("g"))
    c = f * c + i * g
    o = one if variant == "no_output" else torch.sigmoid(a("o") + (params.p_o * c if peep else 0))
    return i, f, g, o, c, o * torch.tanh(c)


def loop(variant, params, x, state, lengths):
    """Lists of (i, f, g, o, c) by sequence and step; h (T, B, H), zero at padding; the final state."""
    T, B, _ = x.shape
    traces, outputs, ends = [], [], []
    for n in range(B):
        h, c, trace, hs = state.h[n], state.c[n], [], []
        for t in range(T):
            if t < lengths[n]:
                *gates, h = loop_step(variant, params, x[t, n], h, c)
                c = gates[-1]
                trace.append(gates)
            hs.append(h if t < lengths[n] else torch.zeros_like(h))
        traces.append(trace)
        outputs.append(torch.stack(hs))
        ends.append((h, c))
    h, c = (torch.stack(list(end)) for end in zip(*ends, strict=True))
    return traces, torch.stack(outputs, dim=1), lstm.State(h, c)


def problem(shape, variant="plain", dtype=np.float64, seed=1):
    """Parameters with non-zero biases, an input, an initial state, and random upstream gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    params = lstm.init(rng, D, H, dtype, variant)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = params._replace(b=draw(len(params.b)))
    state, dstate = (lstm.State(draw(B, H), draw(B, H)) for _ in range(2))
    return params, draw(T, B, D), state, draw(T, B, H), dstate


def steps_of(shape, lengths):
    return [shape[0]] * shape[1] if lengths is None else lengths


@pytest.mark.parametrize("with_workspace", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_values_and_gradients_equal_the_equations_written_as_loops(
    shape, lengths, variant, with_workspace
):
    params, x, state, dh, dstate = problem(shape, variant)
    workspace = lstm.Workspace() if with_workspace else None
    h, cache = lstm.forward(params, x, state, lengths, workspace)
    grads, dx, dstate0 = lstm.backward(params, cache, dh, dstate)

    leaves = nested.tree_map(tensor, (params, x, state))
    _, exact_h, exact_end = loop(variant, *leaves, steps_of(shape, lengths))
    assert_equal(
        (h, cache.state), nested.tree_map(lambda a: a.detach().numpy(), (exact_h, exact_end))
    )
    loss = (exact_h * torch.tensor(dh)).sum()
    loss = loss + sum((a * torch.tensor(b)).sum() for a, b in zip(exact_end, dstate, strict=True))
    loss.backward()
    of_leaf = lambda leaf: np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
    assert_equal((grads, dx, dstate0), nested.tree_map(of_leaf, leaves))
    assert type(grads) is type(params) is lstm.TYPES[variant]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_equal_central_differences(shape, lengths, variant):
    params, x, state, dh, dstate = problem(shape, variant)

    def loss_of(tree):
        h, cache = lstm.forward(*tree, lengths)
        end = cache.state
        return float((h * dh).sum() + (end.h * dstate.h).sum() + (end.c * dstate.c).sum())

    _, cache = lstm.forward(params, x, state, lengths)
    ours = lstm.backward(params, cache, dh, dstate)
    assert gradcheck.check(loss_of, (params, x, state), ours) < 1e-7


@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_equal_torch(shape):
    T, B, D, H = shape
    _, x, state, dh, dstate = problem(shape)
    module = torch_module(torch.nn.LSTM, D, H)
    params = lstm.from_torch(module)
    assert np.abs(params.b).min() > 0
    h, cache = lstm.forward(params, x, state)
    grads, dx, dstate0 = lstm.backward(params, cache, dh, dstate)

    x_torch, h0, c0 = tensor(x), tensor(state.h[None]), tensor(state.c[None])
    h_torch, (h_last, c_last) = module(x_torch, (h0, c0))
    loss = (h_torch * torch.tensor(dh)).sum() + (h_last[0] * torch.tensor(dstate.h)).sum()
    (loss + (c_last[0] * torch.tensor(dstate.c)).sum()).backward()
    values = (h_torch, h_last[0], c_last[0])
    assert_equal((h, *cache.state), [value.detach().numpy() for value in values])
    theirs = (module.weight_ih_l0, module.weight_hh_l0, module.bias_hh_l0, x_torch)
    starts = [h0.grad.numpy()[0], c0.grad.numpy()[0]]
    assert_equal((*grads, dx, *dstate0), [leaf.grad.numpy() for leaf in theirs] + starts)


def test_padding_equals_torch_packed_sequences():
    lengths = [2, 6, 4]
    _, x, _, dh, dstate = problem((6, 3, 4, 5))
    module = torch_module(torch.nn.LSTM, 4, 5)
    params = lstm.from_torch(module)
    h, cache = lstm.forward(params, x, lengths=lengths)
    grads, dx, _ = lstm.backward(params, cache, dh, dstate)
    x_torch = tensor(x)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x_torch, lengths, enforce_sorted=False)
    out, (h_last, c_last) = module(packed)
    h_torch, _ = torch.nn.utils.rnn.pad_packed_sequence(out)
    loss = (h_torch * torch.tensor(dh)).sum() + (h_last[0] * torch.tensor(dstate.h)).sum()
    (loss + (c_last[0] * torch.tensor(dstate.c)).sum()).backward()
    values = (h_torch, h_last[0], c_last[0])
    assert_equal((h, *cache.state), [value.detach().numpy() for value in values])
    assert_equal((grads.W, dx), (module.weight_hh_l0.grad.numpy(), x_torch.grad.numpy()))


def test_from_torch_copies_takes_no_bias_as_zero_and_refuses_what_it_is_not():
    module = torch_module(torch.nn.LSTM, 2, 3, dtype=torch.float32)
    params = lstm.from_torch(module)
    before = nested.tree_map(np.copy, params)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
    assert_equal(params, before, 0)
    bare = lstm.from_torch(torch.nn.LSTM(2, 3, bias=False))
    assert bare.b.dtype == np.float32 and bare.b.shape == (12,) and not bare.b.any()
    for options in ({"num_layers": 2}, {"bidirectional": True}, {"proj_size": 2}):
        with pytest.raises(ValueError, match="one layer in one direction without projection"):
            lstm.from_torch(torch.nn.LSTM(2, 3, **options))


def test_a_part_of_a_deep_module_in_two_directions_is_taken_by_its_name():
    module = torch_module(torch.nn.LSTM, 4, 5, num_layers=2, bidirectional=True)
    x = np.random.default_rng(0).standard_normal((6, 3, 4))
    for direction, suffix in ((1, ""), (-1, "_reverse")):
        below = [
            lstm.forward(lstm.part_from_torch(module, f"l0{end}"), x[::way])[0][::way]
            for way, end in ((1, ""), (-1, "_reverse"))
        ]
        both = np.concatenate(below, axis=-1)[::direction]
        top, _ = lstm.forward(lstm.part_from_torch(module, f"l1{suffix}"), both)
        theirs = module(torch.tensor(x))[0].detach().numpy()
        half = slice(0, 5) if suffix == "" else slice(5, 10)
        assert_equal(top[::direction], theirs[..., half])


@pytest.mark.parametrize("variant", VARIANTS)
def test_gates_are_those_of_the_equations(variant):
    shape, lengths = (6, 3, 4, 5), [2, 6, 0]
    params, x, state, *_ = problem(shape, variant)
    _, cache = lstm.forward(params, x, state, lengths)
    ours = lstm.gates(cache)
    traces, _, _ = loop(variant, *nested.tree_map(torch.tensor, (params, x, state)), lengths)
    for n, trace in enumerate(traces):
        for array, name in zip(ours, lstm.Gates._fields, strict=True):
            assert not array[lengths[n] :, n].any()
            for t, gates in enumerate(trace):
                exact = gates["ifgoc".index(name)].numpy()
                np.testing.assert_allclose(array[t, n], exact, rtol=0, atol=EXACT)
    for name, lacking in (("f", "no_forget"), ("i", "no_input"), ("o", "no_output")):
        if variant == lacking:
            assert (getattr(ours, name)[:, 1] == 1).all()  # exactly


def test_variants_are_the_whole_layer_with_weights_that_are_tied_or_fixed():
    """A layer with peepholes of zero is the plain one; coupled gates are a forget gate with negated weights."""
    params, x, state, dh, dstate = problem((6, 3, 4, 5))
    zero = np.zeros(5)
    h, cache = lstm.forward(params, x, state)
    peepholes = lstm.PeepholeParams(*params, zero, zero, zero)
    h_peepholes, cache_peepholes = lstm.forward(peepholes, x, state)
    assert_equal(h_peepholes, h, 1e-15)
    grads = lstm.backward(peepholes, cache_peepholes, dh, dstate)[0]
    assert_equal(tuple(grads[:3]), tuple(lstm.backward(params, cache, dh, dstate)[0]), 1e-13)
    assert min(np.abs(p).min() for p in grads[3:]) > 0

    tied, x, state, *_ = problem((6, 3, 4, 5), "coupled")
    whole = lstm.Params(
        *(np.concatenate([i, -i, g, o]) for i, g, o in (np.split(leaf, 3) for leaf in tied))
    )
    assert_equal(lstm.forward(tied, x, state)[0], lstm.forward(whole, x, state)[0], 0)


def test_coupled_gates_keep_the_cell_in_its_range_and_a_cell_without_forget_gate_grows():
    rng = np.random.default_rng(0)
    x = np.ones((100, 1, 1))
    for variant, bounded in (("coupled", True), ("no_forget", False)):
        params = lstm.init(rng, 1, 3, variant=variant)
        params = nested.tree_map(np.zeros_like, params)
        params.b[:] = 5.0  # all gates near 1, and the candidate too
        _, cache = lstm.forward(params, x)
        c = lstm.gates(cache).c
        assert bool(np.abs(c).max() <= 1) is bounded
        if not bounded:
            exact = np.arange(1, 101) * np.tanh(5) / (1 + np.exp(-5))
            np.testing.assert_allclose(c[:, 0, 0], exact, rtol=1e-12)


def test_one_step_by_hand():
    """Cells (1, 1/2, 1/2, 1), kept by f = (0, 0, 1, 1), plus what i = (0, 1, 0, 1) lets in; o shows all but one."""
    opened = lambda *gate: np.where(gate, 40.0, -40.0)  # sigmoid(40) is 1 to 17 digits
    i, f, o = opened(0, 1, 0, 1), opened(0, 0, 1, 1), opened(0, 1, 1, 1)
    b = np.concatenate([i, f, np.arctanh([0.9, 0.5, 0.9, -0.25]), o])
    params = lstm.Params(np.zeros((16, 1)), np.zeros((16, 4)), b)
    state = lstm.State(np.zeros((1, 4)), np.array([[1.0, 0.5, 0.5, 1.0]]))
    h, cache = lstm.forward(params, np.zeros((1, 1, 1)), state)
    np.testing.assert_allclose(cache.state.c, [[0, 0.5, 0.5, 0.75]], atol=1e-12)
    np.testing.assert_allclose(h[0], [[0, 0.46212, 0.46212, 0.63515]], atol=1e-5)


def test_without_state_the_layer_starts_at_zero():
    params, x, state, dh, _ = problem((3, 2, 4, 5))
    zero = nested.tree_map(np.zeros_like, state)
    (h, cache), (h_zero, cache_zero) = (lstm.forward(params, x, s) for s in (None, zero))
    assert_equal((h, cache.state), (h_zero, cache_zero.state), 0)
    assert_equal(lstm.backward(params, cache, dh), lstm.backward(params, cache_zero, dh), 0)


def test_upstream_gradients_that_are_none_are_zero():
    params, x, state, dh, dstate = problem((5, 2, 4, 3))
    _, cache = lstm.forward(params, x, state)
    zero_dh, zero_dstate = nested.tree_map(np.zeros_like, (dh, dstate))
    assert_equal(lstm.backward(params, cache, dh), lstm.backward(params, cache, dh, zero_dstate), 0)
    assert_equal(
        lstm.backward(params, cache, None, dstate), lstm.backward(params, cache, zero_dh, dstate), 0
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_lies_in_the_padding_does_not_matter(variant):
    lengths = np.array([2, 4, 0])
    params, x, state, dh, dstate = problem((4, 3, 2, 5), variant)
    padded = np.arange(4)[:, None] >= lengths
    results = []
    for rubbish in (0.0, 7.0, np.nan):
        x[padded], dh[padded] = rubbish, rubbish
        h, cache = lstm.forward(params, x, state, lengths)
        results.append((h, cache.state, *lstm.backward(params, cache, dh, dstate)))
        assert not h[padded].any() and not results[-1][3][padded].any()
    assert_equal(results[1], results[0], 0)
    assert_equal(results[2], results[0], 0)
    empty = nested.tree_map(lambda leaf: leaf[2], (results[0][1], results[0][4]))
    assert_equal(empty, nested.tree_map(lambda leaf: leaf[2], (state, dstate)), 0)


@pytest.mark.parametrize("variant", VARIANTS)
def test_windows_with_the_state_carried_equal_one_run(variant):
    params, x, state, dh, dstate = problem((9, 2, 3, 4), variant)
    h, cache = lstm.forward(params, x, state)
    whole = lstm.backward(params, cache, dh, dstate)
    cuts, caches, carried = [(0, 4), (4, 5), (5, 9)], [], state
    for start, stop in cuts:
        h_window, cache = lstm.forward(params, x[start:stop], carried)
        np.testing.assert_allclose(h_window, h[start:stop], rtol=0, atol=1e-14)
        carried = cache.state
        caches.append(cache)
    total, dcarried = nested.tree_map(np.zeros_like, params), dstate
    for (start, stop), cache in reversed(list(zip(cuts, caches, strict=True))):
        grads, dx, dcarried = lstm.backward(params, cache, dh[start:stop], dcarried)
        np.testing.assert_allclose(dx, whole[1][start:stop], rtol=0, atol=1e-13)
        total = nested.tree_map(np.add, total, grads)
    assert_equal((total, dcarried), (whole[0], whole[2]), 1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_float32_stays_float32_and_agrees_with_float64(variant):
    double = problem((8, 3, 4, 5), variant)
    single = nested.tree_map(lambda leaf: leaf.astype(np.float32), double)
    results = []
    for params, x, state, dh, dstate in (double, single):
        h, cache = lstm.forward(params, x, state, [8, 3, 0])
        results.append(
            (h, cache.state, lstm.gates(cache), *lstm.backward(params, cache, dh, dstate))
        )
    assert {leaf.dtype for leaf in nested.leaves(results[1])} == {np.dtype(np.float32)}
    assert_equal(results[1], results[0], 1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_arguments_are_left_alone(variant):
    args = problem((5, 3, 4, 2), variant)
    before = nested.tree_map(np.copy, args)
    params, x, state, dh, dstate = args
    _, cache = lstm.forward(params, x, state, lengths=[5, 2, 0])
    lstm.backward(params, cache, dh, dstate)
    assert_equal(args, before, 0)


@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (5, 1, 4, 2)])
def test_without_a_workspace_nothing_is_overwritten(shape):
    assert_nothing_is_overwritten(lstm, *problem(shape))


@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (5, 1, 4, 2)])
def test_a_workspace_keeps_its_arrays_and_makes_old_caches_raise(shape):
    params, x, _, dh, dstate = problem(shape)
    workspace = lstm.Workspace()
    h, cache = lstm.forward(params, x, workspace=workspace)
    first = lstm.backward(params, cache, dh, dstate)
    kept = nested.tree_map(np.copy, first)
    again = lstm.backward(params, cache, dh, dstate)  # a second backward is fine
    assert_equal(again, kept, 0)
    assert not np.shares_memory(first[0].W, again[0].W)
    h_next, cache_next = lstm.forward(params, x + 1, cache.state, workspace=workspace)
    assert np.shares_memory(h, h_next)
    lstm.backward(params, cache_next, dh)
    assert_equal((first[0], first[2]), (kept[0], kept[2]), 0)  # gradients and states are fresh
    for use in (lambda: lstm.backward(params, cache, dh), lambda: lstm.gates(cache)):
        with pytest.raises(RuntimeError, match=r"forward call 1 .* made 2"):
            use()


def test_a_state_survives_the_next_use_of_its_workspace():
    params, x, *_ = problem((5, 1, 4, 2))
    for lengths in (None, [3]):
        workspace = lstm.Workspace()
        _, cache = lstm.forward(params, x, lengths=lengths, workspace=workspace)
        before = nested.tree_map(np.copy, cache.state)
        lstm.forward(params, x + 1, workspace=workspace)
        assert_equal(cache.state, before, 0)


def test_a_workspace_follows_changes_of_shape_dtype_variant_and_padding():
    workspace = lstm.Workspace()
    for shape, dtype, lengths, variant in [
        ((5, 3, 4, 2), np.float64, None, "plain"),
        ((2, 3, 4, 2), np.float64, [1, 2, 0], "coupled"),
        ((5, 3, 4, 2), np.float32, None, "peephole"),
        ((5, 3, 4, 2), np.float64, [5, 0, 1], "no_forget"),
        ((5, 1, 4, 2), np.float64, None, "plain"),
    ]:
        given = problem(shape, variant, dtype)
        assert_a_workspace_changes_nothing(lstm, workspace, *given, lengths)


def test_a_training_loop_with_a_workspace_equals_one_without():
    params, x, _, target, _ = problem((6, 4, 3, 5))
    assert_training_with_a_workspace_equals_training_without(lstm, params, x, target)


@pytest.mark.parametrize("variant", VARIANTS)
def test_init_draws_within_its_bound_sets_the_forget_bias_and_repeats_with_the_seed(variant):
    params = lstm.init(np.random.default_rng(3), 7, 16, np.float32, variant)
    rows = 64 if variant in ("plain", "peephole") else 48
    shapes = [(rows, 7), (rows, 16), (rows,)] + [(16,)] * 3 * (variant == "peephole")
    assert [leaf.shape for leaf in params] == shapes
    bias = blocks_of(variant, params)
    held, sign = ("i", -1) if variant == "coupled" else ("f", 1)
    for leaf in [*params[:2], *params[3:], *(bias[k][2] for k in bias if k != held)]:
        assert leaf.dtype == np.float32
        assert 0.15 < np.abs(leaf).max() <= 0.25  # 1 / sqrt(16)
    if variant != "no_forget":
        assert (bias[held][2] == sign).all()
        wanted = np.linspace(0, 5, 16, dtype=np.float32)
        given = lstm.init(np.random.default_rng(3), 7, 16, np.float32, variant, wanted)
        np.testing.assert_array_equal(blocks_of(variant, given)[held][2], sign * wanted)
        np.testing.assert_array_equal(given.W, params.W)
    assert_equal(lstm.init(np.random.default_rng(3), 7, 16, np.float32, variant), params, 0)


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "no_forget"])
def test_chrono_keeps_as_long_as_it_says(variant):
    params = lstm.init(np.random.default_rng(3), 2, 2000, np.float32, variant)
    before = nested.tree_map(np.copy, params)
    chrono = lstm.chrono(np.random.default_rng(4), params, 200)
    assert_equal(params, before, 0)
    bias = {gate: block[2] for gate, block in blocks_of(variant, chrono).items()}
    forget = -bias["i"] if variant == "coupled" else bias["f"]
    steps = np.exp(forget)  # sigmoid(log u) = u / (1 + u): the cell decays by 1 / (1 + u) a step
    assert 1 <= steps.min() < 2 and 198 < steps.max() <= 199.001
    assert abs(steps.mean() - 100) < 4  # uniform: standard error 1.3
    if "i" in bias and variant != "coupled":
        np.testing.assert_array_equal(bias["i"], -forget)
    for gate in set("go") & set(bias):
        np.testing.assert_array_equal(bias[gate], blocks_of(variant, before)[gate][2])
    np.testing.assert_array_equal(chrono.W, before.W)


def test_init_and_chrono_refuse_what_makes_no_sense():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"'gru'.*coupled.*plain"):
        lstm.init(rng, 2, 3, variant="gru")
    with pytest.raises(ValueError, match="no forget gate"):
        lstm.init(rng, 2, 3, variant="no_forget", forget_bias=1.0)
    with pytest.raises(ValueError, match="no forget gate"):
        lstm.chrono(rng, lstm.init(rng, 2, 3, variant="no_forget"), 10)
    with pytest.raises(ValueError, match="longest is 1, expected at least 2"):
        lstm.chrono(rng, lstm.init(rng, 2, 3), 1)


PARAMS, X, STATE, DH, DSTATE = problem((5, 3, 4, 2))
FORWARD_ERRORS = {
    "x has 3 features, U expects 4": {"x": X[..., :3]},
    r"x has shape \(5, 3\), expected \(T, B, D\)": {"x": X[..., 0]},
    r"x has shape \(0, 3, 4\), expected at least one step": {"x": X[:0]},
    "x is float32, the parameters are float64": {"x": X.astype(np.float32)},
    r"state.h is float64 of shape \(2, 2\), expected float64 of shape \(3, 2\)": {
        "state": STATE._replace(h=STATE.h[:2])
    },
    "state.c is float32 of shape": {"state": STATE._replace(c=STATE.c.astype(np.float32))},
    r"lengths has shape \(2,\).*expected 3 integers": {"lengths": [1, 2]},
    "lengths range from 1 to 6, the batch has steps 0 to 5": {"lengths": [1, 2, 6]},
    "U, W, b have dtypes float64, float32, float64": {
        "params": PARAMS._replace(W=PARAMS.W.astype(np.float32))
    },
    r"shapes \(8, 4\), \(6, 2\), \(8,\), expected \(4H, D\), \(4H, H\), \(4H,\)": {
        "params": PARAMS._replace(W=PARAMS.W[:6])
    },
    r"expected \(3H, D\), \(3H, H\), \(3H,\)": {"params": lstm.CoupledParams(*PARAMS)},
    r"p_i, p_f, p_o have shapes .*\(2,\), \(1,\), \(2,\), expected .*\(H,\), \(H,\), \(H,\)": {
        "params": lstm.PeepholeParams(*PARAMS, np.ones(2), np.ones(1), np.ones(2))
    },
    "params is a tuple, expected one of .*'Params'.*'PeepholeParams'": {"params": tuple(PARAMS)},
}


@pytest.mark.parametrize(("message", "change"), FORWARD_ERRORS.items())
def test_forward_names_what_came_and_what_was_expected(message, change):
    with pytest.raises(ValueError, match=message):
        lstm.forward(**({"params": PARAMS, "x": X} | change))


@pytest.mark.parametrize(
    ("message", "change"),
    {
        r"dh is float64 of shape \(4, 3, 2\), expected float64 of shape \(5, 3, 2\)": {
            "dh": DH[:4]
        },
        "dh is float32": {"dh": DH.astype(np.float32)},
        r"dstate.h is float64 of shape \(3, 1\)": {"dstate": DSTATE._replace(h=DSTATE.h[:, :1])},
        "dstate.c is float32": {"dstate": DSTATE._replace(c=DSTATE.c.astype(np.float32))},
    }.items(),
)
def test_backward_names_what_came_and_what_was_expected(message, change):
    _, cache = lstm.forward(PARAMS, X)
    with pytest.raises(ValueError, match=message):
        lstm.backward(PARAMS, cache, **change)
