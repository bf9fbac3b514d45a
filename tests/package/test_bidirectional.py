"""`scratch.bidirectional` and `scratch.stacked` against loops, central differences and torch."""

import numpy as np
import pytest
import torch

from tests.package.layers import CASES, assert_equal, tensor, torch_gradients, torch_module
from unrolled.scratch import (
    bidirectional,
    composition,
    gradcheck,
    gru,
    lstm,
    nested,
    readout,
    rnn,
    stacked,
)


def randomised(rng, tree):
    """The tree with standard normal entries: no bias is zero."""
    return nested.tree_map(lambda leaf: rng.standard_normal(leaf.shape).astype(leaf.dtype), tree)


# The equations for one sequence, step by step: the oracle.


def chain(cell, x, h, order):
    """States by step of one sequence x (T, D), read in this order of steps from the state h (H,); and the last."""
    states = {}
    for t in order:
        h = states[t] = np.tanh(cell.b + cell.W @ h + cell.U @ x[t])
    return states, h


def loop_bidirectional(params, x, state, lengths):
    """h (T, B, 2 H), zero at padding, and the final states (B, H) of the two directions."""
    T, B, _ = x.shape
    H = len(params.forward.b)
    h, ends = np.zeros((T, B, 2 * H)), (state.forward.h.copy(), state.backward.h.copy())
    for n in range(B):
        steps = range(lengths[n])
        ahead, ends[0][n] = chain(params.forward, x[:, n], state.forward.h[n], steps)
        back, ends[1][n] = chain(params.backward, x[:, n], state.backward.h[n], reversed(steps))
        for t in steps:
            h[t, n] = np.concatenate([ahead[t], back[t]])
    return h, ends


def loop_stacked(params, x, states, lengths, skip):
    """The outputs of a stack of plain layers and their final states."""
    T, B, _ = x.shape
    outputs, reads, ends = [], x, []
    for part, start in zip(params.layers, states.layers):
        h, last = np.zeros((T, B, len(part.b))), start.h.copy()
        for n in range(B):
            found, last[n] = chain(part, reads[:, n], start.h[n], range(lengths[n]))
            for t in found:
                h[t, n] = found[t]
        outputs.append(h)
        ends.append(last)
        reads = np.concatenate([h, x], axis=-1) if skip else h
    return np.concatenate(outputs, axis=-1) if skip else h, ends


def problem_both(shape, seed=1):
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    params = randomised(rng, bidirectional.init(rng, D, H))
    draw = rng.standard_normal
    ends = [bidirectional.State(rnn.State(draw((B, H))), rnn.State(draw((B, H)))) for _ in range(2)]
    return params, draw((T, B, D)), ends[0], draw((T, B, 2 * H)), ends[1]


def problem_deep(shape, skip, layers=3, seed=2):
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    params = randomised(rng, stacked.init(rng, D, H, layers=layers, skip=skip))
    params = nested.tree_map(lambda leaf: 0.6 * leaf, params)
    draw = rng.standard_normal
    ends = [stacked.State(tuple(rnn.State(draw((B, H))) for _ in range(layers))) for _ in range(2)]
    return params, draw((T, B, D)), ends[0], draw((T, B, (layers if skip else 1) * H)), ends[1]


def check_gradients(module, params, x, state, dh, dstate, lengths):
    def loss_of(tree):
        h, cache = module.forward(*tree, lengths)
        ends = zip(nested.leaves(cache.state), nested.leaves(dstate), strict=True)
        return float((h * dh).sum() + sum((a * b).sum() for a, b in ends))

    _, cache = module.forward(params, x, state, lengths)
    grads = module.backward(params, cache, dh, dstate)
    assert gradcheck.check(loss_of, (params, x, state), grads) < 1e-7


@pytest.mark.parametrize("with_workspace", [False, True])
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_both_directions_equal_loops(shape, lengths, with_workspace):
    params, x, state, _, _ = problem_both(shape)
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    workspace = rnn.Workspace() if with_workspace else None
    h, cache = bidirectional.forward(params, x, state, lengths, workspace)
    exact_h, ends = loop_bidirectional(params, x, state, steps)
    assert_equal((h, cache.state.forward.h, cache.state.backward.h), (exact_h, *ends))


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_a_stack_equals_loops(shape, lengths, skip):
    params, x, state, _, _ = problem_deep(shape, skip)
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    h, cache = stacked.forward(params, x, state, lengths, rnn.Workspace())
    exact_h, ends = loop_stacked(params, x, state, steps, skip)
    assert_equal((h, *(end.h for end in cache.state.layers)), (exact_h, *ends))


@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_of_both_directions_equal_central_differences(shape, lengths):
    check_gradients(bidirectional, *problem_both(shape), lengths)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_of_a_stack_equal_central_differences(shape, lengths, skip):
    check_gradients(stacked, *problem_deep(shape, skip, layers=2), lengths)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize(
    ("cell", "options", "kind"),
    [
        (rnn, {"activation": "relu"}, rnn.ReluParams),
        (lstm, {}, lstm.Params),
        (lstm, {"variant": "peephole"}, lstm.PeepholeParams),
        (gru, {}, gru.Params),
        (gru, {"form": "reset_after"}, gru.AfterParams),
    ],
)
def test_any_layer_can_be_stacked(cell, options, kind, skip):
    """Two bidirectional layers, with padding."""
    rng = np.random.default_rng(3)
    drawn = stacked.init(rng, 2, 3, layers=2, layer=bidirectional, skip=skip, cell=cell, **options)
    params = randomised(rng, drawn)
    assert isinstance(params.layers[1].backward, kind)
    assert composition.layer_of(params.layers[1].backward) is cell
    x, lengths = rng.standard_normal((5, 3, 2)), [5, 2, 4]
    h, cache = stacked.forward(params, x, lengths=lengths)
    assert h.shape == (5, 3, 12 if skip else 6)
    dh = rng.standard_normal(h.shape)
    grads, dx, _ = stacked.backward(params, cache, dh)
    loss_of = lambda tree: float((stacked.forward(*tree, lengths=lengths)[0] * dh).sum())
    assert gradcheck.check(loss_of, (params, x), (grads, dx)) < 1e-7


def test_the_backward_direction_starts_at_each_end():
    """What stands in the padding, and how much of it there is, changes nothing."""
    params, x, _, dh, _ = problem_both((6, 3, 4, 5))
    lengths = np.array([2, 6, 4])
    h, cache = bidirectional.forward(params, x, lengths=lengths)
    grads, dx, _ = bidirectional.backward(params, cache, dh)
    alone = []
    for n, length in enumerate(lengths):
        part = slice(n, n + 1)
        one, one_cache = bidirectional.forward(params, x[:length, part])
        np.testing.assert_allclose(h[:length, part], one, rtol=0, atol=1e-14)
        assert not h[length:, n].any()
        one_grads, one_dx, _ = bidirectional.backward(params, one_cache, dh[:length, part])
        np.testing.assert_allclose(dx[:length, part], one_dx, rtol=0, atol=1e-13)
        assert not dx[length:, n].any()
        alone.append(one_grads)
    assert_equal(grads, nested.tree_map(lambda *leaves: sum(leaves), *alone))
    noisy = x.copy()
    noisy[2:, 0] = 1e3
    np.testing.assert_array_equal(bidirectional.forward(params, noisy, lengths=lengths)[0], h)


def test_turning_swaps_the_directions():
    """The turned sequence through swapped layers is the turned output with its halves swapped."""
    params, x, _, _, _ = problem_both((6, 3, 4, 5))
    lengths = [2, 6, 4]
    h, _ = bidirectional.forward(params, x, lengths=lengths)
    swapped = bidirectional.Params(params.backward, params.forward)
    other, _ = bidirectional.forward(swapped, composition.turned(x, lengths), lengths=lengths)
    halves = np.concatenate([h[..., 5:], h[..., :5]], axis=-1)
    np.testing.assert_allclose(other, composition.turned(halves, lengths), rtol=0, atol=1e-14)


@pytest.mark.parametrize("lengths", [None, [2, 6, 0]])
def test_turned(lengths):
    x = np.random.default_rng(0).standard_normal((6, 3, 2))
    other = composition.turned(x, lengths)
    for n, length in enumerate([6] * 3 if lengths is None else lengths):
        for t in range(6):
            source = length - 1 - t if t < length else t
            np.testing.assert_array_equal(other[t, n], x[source, n])
    np.testing.assert_array_equal(composition.turned(other, lengths), x)


KINDS = {
    "tanh": (torch.nn.RNN, {}),
    "relu": (torch.nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, {}),
    "gru": (torch.nn.GRU, {}),
}


@pytest.mark.parametrize("two_ways", [False, True])
@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients_equal_torch(layers, two_ways, kind):
    T, B, D, H = 6, 3, 4, 5
    rng = np.random.default_rng(4)
    x = rng.standard_normal((T, B, D))
    dh = rng.standard_normal((T, B, H * (1 + two_ways)))
    lengths = [6, 2, 4]
    of_torch, options = KINDS[kind]
    module = torch_module(of_torch, D, H, num_layers=layers, bidirectional=two_ways, **options)
    params = stacked.from_torch(module)
    h, cache = stacked.forward(params, x, lengths=lengths)
    dends = nested.tree_map(lambda leaf: rng.standard_normal(leaf.shape), cache.state)
    grads, dx, _ = stacked.backward(params, cache, dh, dends)

    x_torch = tensor(x)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x_torch, lengths, enforce_sorted=False)
    out, last = module(packed)
    h_torch, _ = torch.nn.utils.rnn.pad_packed_sequence(out)
    ends = torch.stack(last if kind == "lstm" else [last], dim=1).flatten(0, 1)  # in our order
    loss = (h_torch * torch.tensor(dh)).sum()
    (loss + (ends * torch.tensor(np.stack(nested.leaves(dends)))).sum()).backward()
    assert_equal((h, dx), (h_torch.detach().numpy(), x_torch.grad.numpy()))
    assert_equal(np.stack(nested.leaves(cache.state)), ends.detach().numpy())
    theirs = [
        leaf
        for layer in range(layers)
        for way in ("", "_reverse")[: 1 + two_ways]
        for leaf in torch_gradients(module, f"l{layer}{way}")
    ]
    assert_equal(nested.leaves(grads), theirs)


@pytest.mark.parametrize("kind", KINDS)
def test_one_layer_of_torch_in_two_directions(kind):
    of_torch, options = KINDS[kind]
    module = torch_module(of_torch, 2, 3, num_layers=2, bidirectional=True, **options)
    assert_equal(bidirectional.from_torch(module, layer=1), stacked.from_torch(module).layers[1], 0)
    with pytest.raises(ValueError, match="expected two directions"):
        bidirectional.from_torch(of_torch(2, 3, **options))
    for layer in (-1, 2):
        with pytest.raises(ValueError, match=f"layer is {layer}, the module has layers 0 to 1"):
            bidirectional.from_torch(module, layer)


def test_from_torch_refuses_what_is_no_such_layer():
    for module in (torch.nn.Linear(2, 3), torch.nn.LSTMCell(2, 3)):
        with pytest.raises(
            ValueError, match="expected a torch.nn.RNN, LSTM or GRU, the module is L"
        ):
            stacked.from_torch(module)
        with pytest.raises(ValueError, match="expected two directions, the module is L"):
            bidirectional.from_torch(module)
    for two_ways in (False, True):
        module = torch.nn.LSTM(2, 3, num_layers=2, proj_size=2, bidirectional=two_ways)
        with pytest.raises(ValueError, match="without projection, the module is .*proj_size=2"):
            stacked.from_torch(module)


def test_a_workspace_keeps_the_layers_apart_and_voids_old_caches():
    params, x, _, dh, _ = problem_both((6, 3, 4, 5))
    workspace = rnn.Workspace()
    fresh = bidirectional.backward(params, bidirectional.forward(params, x)[1], dh)[0]
    _, cache = bidirectional.forward(params, x, workspace=workspace)
    assert_equal(bidirectional.backward(params, cache, dh)[0], fresh, 0)
    bidirectional.forward(params, x + 1, workspace=workspace)
    with pytest.raises(RuntimeError, match="overwritten"):
        bidirectional.backward(params, cache, dh)


def test_initial_parameters():
    rng = np.random.default_rng(5)
    deep = stacked.init(rng, 2, 3, dtype=np.float32, layers=3, layer=bidirectional, skip=True)
    assert [layer.forward.U.shape for layer in deep.layers] == [(3, 2), (3, 8), (3, 8)]
    assert {leaf.dtype for leaf in nested.leaves(deep)} == {np.dtype(np.float32)}
    assert np.abs(nested.flatten(deep)).max() <= 1 / np.sqrt(3)
    assert (deep.layers[0].forward.U != deep.layers[0].backward.U).all()
    with pytest.raises(ValueError, match="layers is 0, expected at least 1"):
        stacked.init(rng, 2, 3, layers=0)


def test_errors_name_what_came():
    params, x, state, dh, _ = problem_deep((3, 2, 4, 5), skip=True)
    with pytest.raises(ValueError, match="x has 3 features, U expects 4"):
        stacked.forward(params, x[..., 1:])
    with pytest.raises(ValueError, match="state has 2 layers, params have 3"):
        stacked.forward(params, x, stacked.State(state.layers[:2]))
    with pytest.raises(ValueError, match="dh has 14 columns, the layers put out 15"):
        stacked.backward(params, stacked.forward(params, x)[1], dh[..., 1:])
    with pytest.raises(ValueError, match="params is a State, expected Params or SkipParams"):
        stacked.forward(state, x)
    with pytest.raises(ValueError, match="tuple comes from builtins"):
        bidirectional.forward(bidirectional.Params((), ()), x)
    with pytest.raises(
        ValueError, match=r"Params comes from .*readout, where forward\(params, h\)"
    ):
        composition.layer_of(readout.init(np.random.default_rng(0), 2, 3))
    with pytest.raises(ValueError, match="lengths range from 1 to 4"):
        bidirectional.forward(problem_both((3, 2, 4, 5))[0], x, lengths=[1, 4])
