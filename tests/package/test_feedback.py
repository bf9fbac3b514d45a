"""`scratch.feedback` against the equations as loops, central differences, torch and `scratch.rnn`."""

import numpy as np
import pytest
import torch

from tests.package.layers import assert_equal
from unrolled.scratch import feedback, gradcheck, nested, readout, rnn

PLACES = [*feedback.PLACES, "none"]
SHAPES = [(5, 3, 2, 4, 3), (1, 2, 2, 3, 1), (4, 1, 1, 1, 2)]  # T, B, D, H, K
SIZE = {"x": 2, "h": 3, "o": 4, "none": 5}  # index into a shape of the size of a source


def problem(place, shape=SHAPES[0], seed=1, dtype=np.float64):
    """Parameters with non-zero biases, input, initial state, random upstream gradients of o and of the state."""
    T, B, D, H, K = shape
    rng = np.random.default_rng(seed)
    params = feedback.init(rng, D, H, K, place, dtype)
    size = 0 if place == "none" else shape[SIZE[place[0]]]
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    return params, draw(T, B, D), feedback.State(draw(B, size)), draw(T, B, K), draw(B, size)


def loop(place, params, x, past, lengths):
    """Outputs, hidden states and the last source by the equations on columns, one sequence at a time."""
    T, B, _ = x.shape
    o, h = np.zeros((T, B, len(params.c))), np.zeros((T, B, len(params.b)))
    last = past.copy()
    for n in range(B):
        for t in range(lengths[n]):
            before, x_t = last[n], x[t, n]
            match place:
                case "x to x" | "h to x" | "o to x":
                    a = params.b + params.U @ np.concatenate([x_t, before])
                case "h to h" | "o to h":
                    a = params.b + params.U @ x_t + params.F @ before
                case _:
                    a = params.b + params.U @ x_t
            h[t, n] = np.tanh(a)
            o[t, n] = params.c + params.V @ h[t, n]
            if place == "o to o":
                o[t, n] += params.F @ before
            if place != "none":
                last[n] = {"x": x_t, "h": h[t, n], "o": o[t, n]}[place[0]]
    return o, h, last


@pytest.mark.parametrize("lengths", [None, [2, 5, 0]])
@pytest.mark.parametrize("place", PLACES)
def test_values_equal_the_equations_written_as_loops(place, lengths):
    params, x, state, *_ = problem(place)
    steps = [5, 5, 5] if lengths is None else lengths
    o, cache = feedback.forward(params, x, state, lengths)
    exact_o, exact_h, last = loop(place, params, x, state.past, steps)
    assert_equal((o, cache.state.past), (exact_o, last))
    for n, length in enumerate(steps):
        assert_equal(cache.h[:length, n], exact_h[:length, n])


@pytest.mark.parametrize("lengths", [None, "ragged"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", PLACES)
def test_gradients_equal_central_differences(place, shape, lengths):
    params, x, state, do, dpast = problem(place, shape)
    if lengths is not None:
        lengths = np.arange(shape[1]) * shape[0] // max(shape[1] - 1, 1)

    def loss_of(tree):
        p, x, past = tree
        o, cache = feedback.forward(p, x, feedback.State(past), lengths)
        return float((o * do).sum() + (cache.state.past * dpast).sum())

    _, cache = feedback.forward(params, x, state, lengths)
    grads, dx, dstate0 = feedback.backward(params, cache, do, feedback.State(dpast))
    assert type(grads) is type(params)
    tree = params, x, state.past
    assert gradcheck.check(loss_of, tree, (grads, dx, dstate0.past)) < 1e-8


@pytest.mark.parametrize("place", PLACES)
def test_values_and_gradients_equal_torch(place):
    params, x, state, do, dpast = problem(place)
    tensors = type(params)(*(torch.tensor(leaf, requires_grad=True) for leaf in params))
    x_torch = torch.tensor(x, requires_grad=True)
    first = torch.tensor(state.past, requires_grad=True)
    source, past, outputs = place[0], first, []
    for x_t in x_torch:
        held = torch.cat([x_t, past], 1) if place.endswith("to x") else x_t
        a = torch.nn.functional.linear(held, tensors.U, tensors.b)
        if place.endswith("to h"):
            a = a + past @ tensors.F.T
        h = torch.tanh(a)
        o = torch.nn.functional.linear(h, tensors.V, tensors.c)
        if place.endswith("to o"):
            o = o + past @ tensors.F.T
        outputs.append(o)
        past = {"x": x_t, "h": h, "o": o}.get(source, past)
    total = (torch.stack(outputs) * torch.tensor(do)).sum() + (past * torch.tensor(dpast)).sum()
    total.backward()
    o, cache = feedback.forward(params, x, state)
    grads, dx, dstate0 = feedback.backward(params, cache, do, feedback.State(dpast))
    assert_equal(o, torch.stack(outputs).detach().numpy())
    theirs = (*(leaf.grad.numpy() for leaf in tensors), x_torch.grad.numpy())
    assert_equal((*grads, dx), theirs)
    if place != "none":
        assert_equal(dstate0.past, first.grad.numpy())


def test_from_hidden_to_hidden_is_the_classical_layer_with_its_readout():
    params, x, state, do, dpast = problem("h to h")
    o, cache = feedback.forward(params, x, state)
    grads, dx, dstate0 = feedback.backward(params, cache, do, feedback.State(dpast))
    cell, out = rnn.Params(params.U, params.F, params.b), readout.Params(params.V, params.c)
    h, cell_cache = rnn.forward(cell, x, rnn.State(state.past))
    theirs, out_cache = readout.forward(out, h)
    d_out, dh = readout.backward(out, out_cache, do)
    d_cell, dx_cell, dh0 = rnn.backward(cell, cell_cache, dh, rnn.State(dpast))
    assert_equal((o, cache.h, cache.state.past), (theirs, h, cell_cache.state.h))
    ours = (grads.U, grads.F, grads.b, grads.V, grads.c, dx, dstate0.past)
    assert_equal(ours, (*d_cell, *d_out, dx_cell, dh0.h))


def test_what_lies_in_the_padding_does_not_matter():
    lengths = np.array([2, 5, 0])
    padded = np.arange(5)[:, None] >= lengths
    for place in PLACES:
        params, x, state, do, dpast = problem(place)
        results = []
        for rubbish in (0.0, np.nan):
            x[padded], do[padded] = rubbish, rubbish
            o, cache = feedback.forward(params, x, state, lengths)
            back = feedback.backward(params, cache, do, feedback.State(dpast))
            results.append((o, cache.state, *back))
            assert not o[padded].any() and not back[1][padded].any()
        assert_equal(results[1], results[0], 0)


def test_windows_with_the_state_carried_equal_one_run():
    for place in PLACES:
        params, x, state, *_ = problem(place)
        o, cache = feedback.forward(params, x, state)
        first, carried = feedback.forward(params, x[:2], state)
        second, end = feedback.forward(params, x[2:], carried.state)
        assert_equal((np.concatenate([first, second]), end.state), (o, cache.state), 1e-14)


def test_arguments_are_left_alone_and_dtypes_kept():
    for place in PLACES:
        arguments = problem(place, dtype=np.float32)
        before = nested.tree_map(np.copy, arguments)
        params, x, state, do, dpast = arguments
        o, cache = feedback.forward(params, x, state, [5, 1, 0])
        results = (o, *feedback.backward(params, cache, do, feedback.State(dpast)))
        assert_equal(arguments, before, 0)
        assert {leaf.dtype for leaf in nested.leaves(results)} == {np.dtype(np.float32)}


def test_init_draws_within_its_bound_and_names_the_places():
    params = feedback.init(np.random.default_rng(0), 2, 16, 3, "o to x")
    assert params.U.shape == (16, 5) and 0.2 < abs(params.U).max() <= 0.25
    assert [feedback.place_of(problem(place)[0]) for place in PLACES] == PLACES
    with pytest.raises(ValueError, match=r"'h to o', expected one of 'x to x'"):
        feedback.init(np.random.default_rng(0), 2, 3, 4, "h to o")
    with pytest.raises(ValueError, match="params is a Params"):
        feedback.place_of(rnn.init(np.random.default_rng(0), 1, 1))


@pytest.mark.parametrize(
    ("message", "place", "change"),
    [
        ("x has 3 features, U expects 2", "h to h", {"x": np.zeros((5, 3, 3))}),
        ("x has 3 features, U expects 2", "x to x", {"x": np.zeros((5, 3, 3))}),
        ("x has 3 features, U expects 2", "o to x", {"x": np.zeros((5, 3, 3))}),
        ("x has shape", "none", {"x": np.zeros((0, 3, 2))}),
        ("x is float32", "none", {"x": np.zeros((5, 3, 2), np.float32)}),
        ("state.past is float64 of shape", "o to o", {"state": feedback.State(np.zeros((3, 1)))}),
    ],
)
def test_forward_names_what_came_and_what_was_expected(message, place, change):
    params, x, *_ = problem(place)
    with pytest.raises(ValueError, match=message):
        feedback.forward(**({"params": params, "x": x} | change))


def test_backward_names_what_came_and_what_was_expected():
    params, x, _, do, _ = problem("o to h")
    _, cache = feedback.forward(params, x)
    with pytest.raises(ValueError, match="do is float64 of shape"):
        feedback.backward(params, cache, do[:2])
