"""`scratch.output_rnn` against the equations as loops, central differences and torch."""

import math

import numpy as np
import pytest
import torch

from tests.package.layers import assert_equal
from unrolled.scratch import gradcheck, nested, output_rnn, readout, rnn

SHAPES = [(6, 3, 4, 5, 2), (1, 3, 4, 5, 3), (6, 1, 0, 5, 7), (1, 1, 1, 1, 1), (7, 2, 1, 3, 4)]
PADDING = {(6, 3, 4, 5, 2): [2, 6, 0], (1, 3, 4, 5, 3): [1, 0, 1], (7, 2, 1, 3, 4): [7, 1]}
CASES = [(shape, None) for shape in SHAPES] + list(PADDING.items())
FEEDBACK = ["own", "teacher", "mixed"]


# The equations as loops over sequences, steps and units: the oracle.


def loop_forward(params, x, o0, h0, lengths, teacher):
    """o (T, B, K) and h (T, B, H), zero at padding, what each step read, and the last o and h."""
    p = params._asdict()
    (T, B, D), (K, H) = x.shape, p["V"].shape
    o, h, fed = np.zeros((T, B, K)), np.zeros((T, B, H)), np.zeros((T, B, K))
    last_o, last_h = np.array(o0, dtype=float), np.array(h0, dtype=float)
    for n in range(B):
        for t in range(lengths[n]):
            fed[t, n] = last_o[n]
            if t and teacher is not None and (teacher.forced is None or teacher.forced[t, n]):
                fed[t, n] = teacher.y[t - 1, n]
            h_prev = last_h[n].copy()
            for i in range(H):
                a = p["b"][i]
                a += sum(p["R"][i, k] * fed[t, n, k] for k in range(K))
                a += sum(p["U"][i, k] * x[t, n, k] for k in range(D))
                if "W" in p:
                    a += sum(p["W"][i, j] * h_prev[j] for j in range(H))
                h[t, n, i] = last_h[n, i] = math.tanh(a)
            for k in range(K):
                o[t, n, k] = p["c"][k] + sum(p["V"][k, i] * h[t, n, i] for i in range(H))
            last_o[n] = o[t, n]
    return o, h, fed, last_o, last_h


def torch_forward(params, x, o0, h0, teacher):
    """The same in torch, for sequences without padding: o (T, B, K), last o and last h."""
    p, outputs, o, h = params._asdict(), [], o0, h0
    for t in range(len(x)):
        fed = o
        if t and teacher is not None:
            y = torch.tensor(teacher.y[t - 1])
            forced = None if teacher.forced is None else torch.tensor(teacher.forced[t])[:, None]
            fed = y if forced is None else torch.where(forced, y, o)
        a = p["b"] + fed @ p["R"].T + x[t] @ p["U"].T
        if "W" in p:
            a = a + h @ p["W"].T
        h = torch.tanh(a)
        o = p["c"] + h @ p["V"].T
        outputs.append(o)
    return torch.stack(outputs), o, h


# What is tested with them.


def problem(shape, link=False, feedback="own", dtype=np.float64, seed=1):
    """Parameters with non-zero biases, an input, a state, random upstream gradients, and a teacher or None."""
    T, B, D, H, K = shape
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = output_rnn.init(rng, D, H, K, dtype, link)._replace(b=draw(H), c=draw(K))
    kind = output_rnn.LinkedState if link else output_rnn.State
    state, dstate = (
        kind(*[draw(B, K), draw(B, H)][: 2 if link else 1]) for _ in ("state", "its gradient")
    )
    y, forced = draw(T, B, K), rng.random((T, B)) < 0.5
    teacher = {
        "own": None,
        "teacher": output_rnn.Teacher(y),
        "mixed": output_rnn.Teacher(y, forced),
    }[feedback]
    return params, draw(T, B, D), state, draw(T, B, K), dstate, teacher


def first_h(state, H):
    return getattr(state, "h", np.zeros((len(state.o), H)))


def everything(params, x, state, do, dstate, teacher, lengths=None, workspace=None):
    """All that forward and backward return, as one tree."""
    o, cache = output_rnn.forward(params, x, state, lengths, workspace, teacher)
    return o, cache.state, *output_rnn.backward(params, cache, do, dstate)


@pytest.mark.parametrize("with_workspace", [False, True])
@pytest.mark.parametrize("feedback", FEEDBACK)
@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_values_equal_the_equations_written_as_loops(
    shape, lengths, link, feedback, with_workspace
):
    params, x, state, *_, teacher = problem(shape, link, feedback)
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    workspace = output_rnn.Workspace() if with_workspace else None
    for _ in range(2):  # kept arrays must not leak into the second call
        o, cache = output_rnn.forward(params, x, state, lengths, workspace, teacher)
        h0 = first_h(state, shape[3])
        exact = loop_forward(params, x, state.o, h0, steps, teacher)
        assert_equal((o, cache.hs[1:], cache.fed), exact[:3])
        assert_equal(tuple(cache.state), exact[3:] if link else exact[3:4])


@pytest.mark.parametrize("feedback", FEEDBACK)
@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_equal_central_differences(shape, lengths, link, feedback):
    params, x, state, do, dstate, teacher = problem(shape, link, feedback)

    def loss_of(tree):
        o, cache = output_rnn.forward(*tree, lengths, teacher=teacher)
        ends = zip(cache.state, dstate, strict=True)
        return float((o * do).sum() + sum((end * d).sum() for end, d in ends))

    _, cache = output_rnn.forward(params, x, state, lengths, teacher=teacher)
    found = output_rnn.backward(params, cache, do, dstate)
    assert gradcheck.check(loss_of, (params, x, state), found) < 1e-7
    assert type(found[0]) is type(params)


@pytest.mark.parametrize("feedback", FEEDBACK)
@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_values_and_gradients_equal_torch(shape, link, feedback):
    params, x, state, do, dstate, teacher = problem(shape, link, feedback)
    ours = everything(params, x, state, do, dstate, teacher)
    tree = nested.tree_map(lambda leaf: torch.tensor(leaf, requires_grad=True), (params, x, state))
    h0 = tree[2].h if link else torch.zeros(shape[1], shape[3], dtype=torch.float64)
    o, last_o, last_h = torch_forward(tree[0], tree[1], tree[2].o, h0, teacher)
    ends = [last_o, last_h][: len(dstate)]
    total = (o * torch.tensor(do)).sum()
    total = total + sum((a * torch.tensor(b)).sum() for a, b in zip(ends, dstate, strict=True))
    leaves = nested.leaves(tree)
    found = torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)
    assert_equal(ours[0], o.detach().numpy())
    assert_equal(tuple(ours[1]), tuple(end.detach().numpy() for end in ends))
    assert_equal(tuple(nested.leaves(ours[2:])), tuple(grad.numpy() for grad in found))


@pytest.mark.parametrize("feedback", FEEDBACK)
@pytest.mark.parametrize("link", [False, True])
def test_what_lies_in_the_padding_does_not_matter(link, feedback):
    lengths = np.array([2, 4, 0])
    params, x, state, do, dstate, teacher = problem((4, 3, 2, 5, 3), link, feedback)
    padded = np.arange(4)[:, None] >= lengths
    results = []
    for rubbish in (0.0, 7.0, np.nan):
        x[padded], do[padded] = rubbish, rubbish
        if teacher is not None:
            teacher.y[padded] = rubbish
        results.append(everything(params, x, state, do, dstate, teacher, lengths))
        assert not results[-1][0][padded].any() and not results[-1][3][padded].any()
    assert_equal(results[1], results[0], 0)
    assert_equal(results[2], results[0], 0)
    np.testing.assert_array_equal(results[0][1].o[2], state.o[2])  # no steps: the state stays


@pytest.mark.parametrize("link", [False, True])
def test_windows_with_the_state_carried_equal_one_run(link):
    params, x, state, do, dstate, _ = problem((9, 2, 3, 4, 2), link)
    whole = everything(params, x, state, do, dstate, None)
    caches, carried = [], state
    cuts = [(0, 4), (4, 5), (5, 9)]
    for start, stop in cuts:
        o, cache = output_rnn.forward(params, x[start:stop], carried)
        np.testing.assert_allclose(o, whole[0][start:stop], rtol=0, atol=1e-13)
        carried = cache.state
        caches.append(cache)
    total, back = nested.tree_map(np.zeros_like, params), dstate
    for (start, stop), cache in reversed(list(zip(cuts, caches, strict=True))):
        grads, _, back = output_rnn.backward(params, cache, do[start:stop], back)
        total = nested.tree_map(np.add, total, grads)
    assert_equal((total, back), (whole[2], whole[4]), 1e-12)


def test_with_a_teacher_and_no_link_the_order_of_the_steps_does_not_matter():
    """Each step alone, in shuffled order, from the teacher's value as its state: the same numbers."""
    params, x, state, do, _, teacher = problem((8, 3, 2, 5, 4), feedback="teacher")
    o, cache = output_rnn.forward(params, x, state, teacher=teacher)
    grads, dx, _ = output_rnn.backward(params, cache, do)
    total = nested.tree_map(np.zeros_like, params)
    for t in np.random.default_rng(0).permutation(8):
        before = state if t == 0 else output_rnn.State(teacher.y[t - 1])
        o_t, cache_t = output_rnn.forward(params, x[[t]], before)
        np.testing.assert_allclose(o_t[0], o[t], rtol=0, atol=1e-14)
        grads_t, dx_t, _ = output_rnn.backward(params, cache_t, do[[t]])
        np.testing.assert_allclose(dx_t[0], dx[t], rtol=0, atol=1e-14)
        total = nested.tree_map(np.add, total, grads_t)
    assert_equal(total, grads, 1e-12)


def test_a_link_of_zeros_changes_nothing():
    params, x, state, do, dstate, _ = problem((7, 3, 2, 4, 3))
    linked = output_rnn.LinkedParams(W=np.zeros((4, 4)), **params._asdict())
    rest = output_rnn.LinkedState(state.o, np.zeros((3, 4)))
    plain = everything(params, x, state, do, dstate, None)
    zero = output_rnn.LinkedState(dstate.o, np.zeros((3, 4)))
    with_link = everything(linked, x, rest, do, zero, None)
    assert_equal((plain[0], plain[3]), (with_link[0], with_link[3]), 1e-14)
    for name in params._fields:
        assert_equal(getattr(plain[2], name), getattr(with_link[2], name), 1e-14)


def test_without_feedback_a_linked_layer_is_the_classical_layer_with_its_readout():
    params, x, state, do, _, _ = problem((6, 2, 3, 5, 4), link=True)
    params = params._replace(R=np.zeros((5, 4)))
    o, cache = output_rnn.forward(params, x, state)
    grads, dx, _ = output_rnn.backward(params, cache, do)
    cell, out = rnn.Params(params.U, params.W, params.b), readout.Params(params.V, params.c)
    h, cell_cache = rnn.forward(cell, x, rnn.State(state.h))
    exact, out_cache = readout.forward(out, h)
    d_out, dh = readout.backward(out, out_cache, do)
    d_cell, dx_exact, _ = rnn.backward(cell, cell_cache, dh)
    assert_equal((o, dx), (exact, dx_exact))
    assert_equal((grads.U, grads.W, grads.b, grads.V, grads.c), (*d_cell, *d_out))


@pytest.mark.parametrize("link", [False, True])
def test_float32_stays_float32_and_agrees_with_float64(link):
    args = problem((8, 3, 4, 5, 2), link, "mixed")
    single = nested.tree_map(lambda leaf: leaf.astype(np.float32), args[:5])
    teacher = output_rnn.Teacher(args[5].y.astype(np.float32), args[5].forced)
    results = everything(*args), everything(*single, teacher)
    assert {leaf.dtype for leaf in nested.leaves(results[1])} == {np.dtype(np.float32)}
    assert_equal(results[1], results[0], 1e-4)


@pytest.mark.parametrize("feedback", FEEDBACK)
def test_arguments_are_left_alone_and_without_a_workspace_nothing_is_overwritten(feedback):
    args = problem((5, 3, 4, 2, 3), True, feedback)
    before = nested.tree_map(np.copy, args[:5])
    first = everything(*args, lengths=[5, 2, 0])
    kept = nested.tree_map(np.copy, first)
    everything(*args[:4], nested.tree_map(np.negative, args[4]), args[5])
    assert_equal(args[:5], before, 0)
    assert_equal(first, kept, 0)


def test_a_workspace_keeps_its_arrays_and_makes_old_caches_raise():
    params, x, state, do, dstate, _ = problem((5, 3, 4, 2, 3))
    workspace = output_rnn.Workspace()
    o, cache = output_rnn.forward(params, x, state, workspace=workspace)
    first = output_rnn.backward(params, cache, do, dstate)
    assert_equal(output_rnn.backward(params, cache, do, dstate), first, 0)  # a second one is fine
    carried = nested.tree_map(np.copy, cache.state)
    o_next, cache_next = output_rnn.forward(params, x, cache.state, workspace=workspace)
    assert np.shares_memory(o, o_next)
    assert_equal(cache.state, carried, 0)
    with pytest.raises(RuntimeError, match=r"forward call 1 .* made 2"):
        output_rnn.backward(params, cache, do)
    output_rnn.backward(params, cache_next, do)


def test_upstream_gradients_that_are_none_are_zero():
    params, x, state, do, dstate, _ = problem((5, 2, 4, 3, 2), link=True)
    _, cache = output_rnn.forward(params, x, state)
    none = nested.tree_map(np.zeros_like, dstate)
    assert_equal(
        output_rnn.backward(params, cache, do), output_rnn.backward(params, cache, do, none), 0
    )
    assert_equal(
        output_rnn.backward(params, cache, None, dstate),
        output_rnn.backward(params, cache, np.zeros_like(do), dstate),
        0,
    )


def test_init_draws_within_its_bound_and_keeps_the_dtype():
    for link in (False, True):
        params = output_rnn.init(np.random.default_rng(0), 3, 16, 5, np.float32, link)
        assert {leaf.dtype for leaf in params} == {np.dtype(np.float32)}
        assert all(np.abs(leaf).max() <= 0.25 and np.abs(leaf).max() > 0.05 for leaf in params)
        assert isinstance(params, output_rnn.LinkedParams) == link


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p, x, s, y: (p, x[..., :2], s, y), "x has 2 features, U expects 3"),
        (lambda p, x, s, y: (p, x[0], s, y), r"expected \(T, B, D\)"),
        (lambda p, x, s, y: (p, x[:0], s, y), "at least one step"),
        (lambda p, x, s, y: (p, x.astype(np.float32), s, y), "x is float32"),
        (lambda p, x, s, y: (p, x, output_rnn.State(s.o[:, :1]), y), "state.o is float64"),
        (lambda p, x, s, y: (p, x, s, output_rnn.Teacher(y.y[1:])), "teacher.y is float64"),
        (
            lambda p, x, s, y: (p, x, s, y._replace(forced=np.ones((4, 2)))),
            "teacher.forced is float64",
        ),
        (lambda p, x, s, y: (p._replace(R=p.R.T), x, s, y), "R has shape"),
        (lambda p, x, s, y: (p._replace(c=p.c.astype(np.float32)), x, s, y), "c is float32"),
        (lambda p, x, s, y: (tuple(p), x, s, y), "params is a tuple"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    params, x, state, *_, teacher = problem((4, 2, 3, 5, 2), feedback="teacher")
    params, x, state, teacher = change(params, x, state, teacher)
    with pytest.raises(ValueError, match=message):
        output_rnn.forward(params, x, state, teacher=teacher)


def test_backward_refuses_gradients_that_do_not_fit():
    params, x, state, do, dstate, _ = problem((4, 2, 3, 5, 2))
    _, cache = output_rnn.forward(params, x, state)
    with pytest.raises(ValueError, match="do is float64"):
        output_rnn.backward(params, cache, do[1:])
    with pytest.raises(ValueError, match=r"dstate\.o is float64"):
        output_rnn.backward(params, cache, do, output_rnn.State(dstate.o[1:]))
