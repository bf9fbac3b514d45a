"""`nets.ntm` against `scratch.addressing`, torch's own gradients, and a loop over single steps."""

from functools import partial

import numpy as np
import pytest
import torch

from unrolled.nets import ntm
from unrolled.nets.training import drawn
from unrolled.scratch import addressing

EXACT = 1e-10
SIZES = {  # B, N, W, S
    "several": (3, 7, 4, 3),
    "one sequence": (1, 5, 3, 5),
    "one shift": (2, 4, 2, 1),
    "one slot": (2, 1, 3, 3),
}
array = lambda x: x.detach().numpy()


def problem(size, zeros=False):
    """What the heads are sent, a memory and weightings, random in float64; zeros: with empty slots."""
    B, N, W, S = SIZES[size]
    rng = np.random.default_rng(1)
    p = rng.standard_normal((B, sum(ntm.parts(W, S))))
    M = rng.standard_normal((B, N, W))
    if zeros:
        M[:, ::2] = 0
    before = rng.dirichlet(np.ones(N), size=(B, 2))
    return [torch.tensor(each, requires_grad=True) for each in (p, M, before)], W, S


def by_hand(asked, M, before):
    """Memory, weightings and reading of one turn, and the caches of both heads, by `scratch.addressing`."""
    k, beta, g, s, gamma, erase, add = map(array, asked)
    M, before = array(M), array(before)
    heads = [
        addressing.forward(
            M,
            k[:, n],
            beta[:, n, 0],
            g[:, n, 0],
            np.ascontiguousarray(s[:, n]),
            gamma[:, n, 0],
            before[:, n],
        )
        for n in (0, 1)
    ]
    new = addressing.write(M, heads[0][0], erase, add)
    return new, [w for w, _ in heads], addressing.read(new, heads[1][0]), [c for _, c in heads]


@pytest.mark.parametrize("size", SIZES)
def test_a_turn_is_that_of_scratch(size):
    (p, M, before), W, S = problem(size)
    asked = ntm.settings(p, W, S)
    new, w, r = ntm.Turn.apply(p, M, before, W, S)
    wanted, weightings, reading, _ = by_hand(asked, M, before)
    assert np.abs(array(new) - wanted).max() < EXACT
    assert np.abs(array(w) - np.stack(weightings, axis=1)).max() < EXACT
    assert np.abs(array(r) - reading).max() < EXACT
    assert np.abs(array(ntm.address(M, before, asked)) - array(w)).max() < EXACT


@pytest.mark.parametrize("size", SIZES)
def test_gradients_of_the_addressing_are_those_of_scratch(size):
    (p, M, before), W, S = problem(size)
    asked = ntm.settings(p, W, S)
    upstream = np.random.default_rng(2).standard_normal(before.shape)
    value = (ntm.address(M, before, asked) * torch.tensor(upstream)).sum()
    found = torch.autograd.grad(value, (M, before, *asked[:5]))
    caches = by_hand(asked, M, before)[3]
    one, two = (addressing.backward(upstream[:, n], caches[n]) for n in (0, 1))
    both = lambda name: np.stack([getattr(one, name), getattr(two, name)], axis=1)
    wanted = (one.M + two.M, *map(both, ("w_before", "k", "beta", "g", "s", "gamma")))
    for a, b in zip(found, wanted):
        assert np.abs(array(a).reshape(b.shape) - b).max() < EXACT


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_the_gradient_of_a_turn_is_what_torch_finds_for_its_parts(size, zeros):
    """And, where no slot is empty, what differences find."""
    variables, W, S = problem(size, zeros)
    found = ntm.Turn.apply(*variables, W, S)
    p, M, before = variables
    asked = ntm.settings(p, W, S)
    w = ntm.address(M, before, asked)
    new = ntm.write(M, w[:, 0], asked.erase, asked.add)
    wanted = (new, w, torch.einsum("bn,bnw->bw", w[:, 1], new))
    rng = np.random.default_rng(3)
    upstream = [torch.tensor(rng.standard_normal(each.shape)) for each in found]
    gradients = lambda outputs: torch.autograd.grad(outputs, variables, upstream)
    for a, b in zip(gradients(found), gradients(wanted)):
        assert torch.isfinite(a).all() and (a - b).abs().max() < EXACT * (1 + b.abs().max())
    if not zeros:
        assert torch.autograd.gradcheck(lambda *v: ntm.Turn.apply(*v, W, S), variables)


def test_a_turn_stays_finite_at_its_edges():
    """In the precision of training: sharpened to one slot, a gate at 0 and at 1, an empty memory."""
    B, N, W, S = 2, 6, 3, 3
    p = torch.zeros(B, sum(ntm.parts(W, S)))
    widths = ntm.parts(W, S)
    for extreme in (-50.0, 1e4):
        p[:, sum(widths[:1]) :] = extreme  # beta, gates, shifts, gamma, erase, add
        M, before = torch.full((B, N, W), ntm.EMPTY), torch.eye(N)[:2].expand(B, 2, N)
        leaves = [each.clone().requires_grad_() for each in (p, M, before)]
        new, w, r = ntm.Turn.apply(*leaves, W, S)
        assert torch.isfinite(new).all() and torch.allclose(w.sum(dim=2), torch.ones(B, 2))
        (w.square().sum() + r.sum()).backward()
        assert all(torch.isfinite(leaf.grad).all() for leaf in leaves)


def machine(controller, **options):
    with torch.random.fork_rng():
        torch.manual_seed(4)
        return ntm.NTM(3, 2, N=6, width=4, hidden=5, controller=controller, **options).double()


@pytest.mark.parametrize("controller", ntm.CONTROLLERS)
@pytest.mark.parametrize("T, B", [(5, 3), (1, 2), (4, 1)])
def test_a_sequence_in_two_calls_is_the_sequence_in_one(controller, T, B):
    net, x = machine(controller), torch.tensor(np.random.default_rng(5).standard_normal((T, B, 3)))
    whole, end = net(x)
    state, pieces = net.initial_state(B), []
    for step in x:
        o, state = net(step[None], state)
        pieces.append(o)
    assert (torch.cat(pieces) - whole).abs().max() < EXACT
    assert (state.memory.M - end.memory.M).abs().max() < EXACT
    watched, seen = net.watch(x)
    assert (watched - whole).abs().max() < EXACT
    assert seen["write"].shape == seen["read"].shape == (T, B, 6)
    assert np.abs(seen["M"][-1] - array(end.memory.M)).max() < EXACT
    assert np.abs(np.einsum("tbn,tbnw->tbw", seen["read"], seen["M"]) - seen["got"]).max() < EXACT


def test_the_controller_is_torchs_lstm():
    net = machine("lstm")
    cell = torch.nn.LSTMCell(3 + 4, 5).double()
    with torch.no_grad():
        cell.weight_ih.copy_(torch.cat([net.of_x.weight, net.of_r.weight], dim=1))
        cell.weight_hh.copy_(net.of_h.weight)
        cell.bias_ih.copy_(net.of_x.bias)
        cell.bias_hh.zero_()
    # torch's order of the rows is i, f, candidate, o, here it is i, f, o, candidate
    order = torch.cat([torch.arange(0, 10), torch.arange(15, 20), torch.arange(10, 15)])
    with torch.no_grad():
        for weight in (cell.weight_ih, cell.weight_hh, cell.bias_ih):
            weight.copy_(weight[order])
    rng = np.random.default_rng(6)
    x, r, h, c = (torch.tensor(rng.standard_normal((2, n))) for n in (3, 4, 5, 5))
    found, state = net.control(net.of_x(x), r, (h, c))
    wanted = cell(torch.cat([x, r], dim=1), (h, c))
    assert (found - wanted[0]).abs().max() < EXACT and (state[1] - wanted[1]).abs().max() < EXACT


@pytest.mark.parametrize("controller", ntm.CONTROLLERS)
def test_gradients_reach_every_parameter(controller):
    net, x = machine(controller), torch.tensor(np.random.default_rng(7).standard_normal((4, 2, 3)))
    net(x)[0].square().sum().backward()
    assert all(each.grad.abs().max() > 0 for each in net.parameters())


def test_the_number_of_slots_is_no_parameter():
    """A machine may be given more of them after its training."""
    net, x = machine("feedforward"), torch.zeros(2, 1, 3, dtype=torch.float64)
    shapes = {name: each.shape for name, each in net.named_parameters()}
    net.N = 60
    assert net(x)[1].memory.M.shape == (1, 60, 4)
    other = ntm.NTM(3, 2, N=60, width=4, hidden=5)
    assert shapes == {name: each.shape for name, each in other.named_parameters()}


def test_gates_start_as_low_as_asked():
    """The other biases stay as torch draws them."""
    make = partial(ntm.NTM, 3, 2, N=9, width=4, hidden=5)
    low, as_drawn = drawn(partial(make, gate=-3.0), 1), drawn(make, 1)
    change = (low.heads.bias - as_drawn.heads.bias).detach().split(ntm.parts(4, 3))
    for index, part in enumerate(change):
        torch.testing.assert_close(part, torch.full_like(part, -3.0 if index == 2 else 0.0))


@pytest.mark.parametrize("options", [{"controller": "gru"}, {"shifts": 2}, {"shifts": 5, "N": 1}])
def test_what_no_machine_has_is_refused(options):
    with pytest.raises(ValueError, match="expected"):
        ntm.NTM(3, 2, **options)
