"""`nets.rl_ntm` against a machine in loops, and REINFORCE against the sum over every path."""

import numpy as np
import pytest
import torch

from unrolled import tasks
from unrolled.nets import rl_ntm
from unrolled.nets.rl_ntm import TapeMachine, every_path, move_gradient, rewards_to_come, surrogate
from unrolled.nets.training import drawn

EXACT = 1e-10
array = lambda x: x.detach().numpy()


def problem(L=2, B=1, N=3, seed=1):
    """A small machine in float64 and a task for it."""
    net = drawn(lambda: TapeMachine(6, 3, N=N, width=2, hidden=4), seed).double()
    x, y, counted = tasks.rewound_copy(
        np.random.default_rng(seed), L, B, symbols=3, dtype=np.float64
    )
    return net, x, y, counted


def literal(net, x, moves):
    """Logits (T, K), log-probabilities of the moves (T,), cells (T,) of one sequence by the equations."""
    get = {name: array(value) for name, value in net.named_parameters()}
    memory, at, rows = np.zeros((net.N, net.width)), 0, []
    for row, move in zip(x, moves):
        a = np.tanh(
            get["controller.weight"] @ np.concatenate([row, memory[at]]) + get["controller.bias"]
        )
        e = get["heads.weight"] @ a + get["heads.bias"]
        scores, gate, value, o = e[:3], e[3], e[4 : 4 + net.width], e[4 + net.width :]
        g = 1 / (1 + np.exp(-gate))
        memory[at] = (1 - g) * memory[at] + g * np.tanh(value)
        rows.append((o, scores[move] - np.log(np.exp(scores).sum()), at))
        at = (at + (-1, 0, 1)[move]) % net.N
    o, log_pi, cells = zip(*rows)
    return np.array(o), np.array(log_pi), np.array(cells), memory


@pytest.mark.parametrize("L, B, N", [(3, 2, 5), (1, 1, 1), (2, 3, 2)])
def test_the_machine_follows_the_equations_in_their_order(L, B, N):
    net, x, _, _ = problem(L, B, N)
    moves = np.random.default_rng(2).integers(3, size=(3 * L, B))
    episode = net.run(x, moves=torch.tensor(moves))
    for b in range(B):
        o, log_pi, at, memory = literal(net, x[:, b], moves[:, b])
        assert np.abs(array(episode.o[:, b]) - o).max() < EXACT
        assert np.abs(array(episode.log_pi[:, b]) - log_pi).max() < EXACT
        assert (array(episode.at[:, b]) == at).all()
        assert np.abs(array(episode.state.memory[b]) - memory).max() < EXACT


def test_one_step_many_times_is_many_steps():
    net, x, _, _ = problem(3, 2, 5)
    moves = torch.tensor(np.random.default_rng(3).integers(3, size=(9, 2)))
    whole, state = net.run(x, moves=moves), None
    for t in range(9):
        o, state = net(x[t : t + 1], state, moves=moves[t : t + 1])
        assert torch.allclose(o[0], whole.o[t], atol=EXACT)
    assert torch.equal(state.at, whole.state.at)


def test_moves_are_drawn_as_often_as_their_probabilities():
    net, x, _, _ = problem()
    B = 20_000
    episode = net.run(np.repeat(x[:1], B, axis=1), rng=np.random.default_rng(4))
    seen = torch.bincount(episode.moves[0], minlength=3) / B
    assert (seen - episode.pi[0, 0]).abs().max() < 5 * 0.5 / B**0.5
    assert (net.run(x).moves == net.run(x).pi.argmax(dim=2)).all()


def test_paths_are_all_there_is():
    paths = every_path(4).numpy()
    assert paths.shape == (4, 81) and len(set(map(tuple, paths.T))) == 81
    net, x, _, _ = problem(1)
    episode = net.run(np.repeat(x, 27, axis=1), moves=every_path(3))
    assert abs(episode.log_pi.sum(0).exp().sum().item() - 1) < EXACT


def test_rewards_to_come_leave_out_what_was_said_before_the_move():
    reward = torch.tensor([[1.0], [10.0], [100.0]])
    assert rewards_to_come(reward)[:, 0].tolist() == [110.0, 100.0, 0.0]


def over_every_path(net, x, y, counted):
    """One sequence with each path of moves: the episode, targets, counted, and the path's probability."""
    T = len(x)
    widen = lambda z: np.repeat(z, 3**T, axis=1)
    episode = net.run(widen(x), moves=every_path(T))
    return episode, widen(y), widen(counted), episode.log_pi.sum(0).exp()


def expected(net, x, y, counted):
    """E[sum of rewards] as the sum over every path."""
    episode, y, counted, share = over_every_path(net, x, y, counted)
    return (share * surrogate(episode, y, counted)[1]).sum()


@pytest.mark.parametrize("baseline", ["none", "learned"])
def test_the_estimate_has_the_gradient_as_its_mean(baseline):
    net, *task = problem()
    network = [p for name, p in net.named_parameters() if not name.startswith("guess")]
    wanted = torch.autograd.grad(expected(net, *task), network)
    episode, y, counted, share = over_every_path(net, *task)
    loss, _ = surrogate(episode, y, counted, baseline)
    found = torch.autograd.grad((share.detach() * loss).sum(), network)
    for ours, theirs in zip(found, wanted):
        assert (ours + theirs).abs().max() < EXACT


def test_the_gradient_of_the_sum_over_paths_is_that_of_central_differences():
    net, *task = problem()
    weight, step = net.heads.weight, 1e-6
    (wanted,) = torch.autograd.grad(expected(net, *task), weight)
    for i, j in [(0, 0), (2, 3), (3, 1), (5, 2)]:
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                weight[i, j] += sign * step
                values.append(expected(net, *task).item())
                weight[i, j] -= sign * step
        assert abs((values[0] - values[1]) / (2 * step) - wanted[i, j].item()) < 1e-7


@pytest.mark.parametrize("baseline", ["none", "mean", "learned"])
def test_the_gradient_of_the_moves_is_that_part_of_the_estimate(baseline):
    net, x, y, counted = problem(2, 4)
    episode = net.run(x, rng=np.random.default_rng(5))
    estimates = move_gradient(episode, y, counted, baseline)
    loss, _ = surrogate(episode, y, counted, baseline)
    for b in range(4):
        (whole,) = torch.autograd.grad(loss[b], net.heads.weight, retain_graph=True)
        assert (whole[:3] + estimates[b]).abs().max() < EXACT


def test_the_bonus_is_the_entropy_of_the_moves():
    net, x, y, counted = problem(2, 3)
    episode = net.run(x, rng=np.random.default_rng(10))
    without, same = surrogate(episode, y, counted, "none")
    loss, total = surrogate(episode, y, counted, "none", entropy=0.3)
    pi = array(episode.pi)
    assert np.abs(array(without - loss) + 0.3 * (pi * np.log(pi)).sum(axis=(0, 2))).max() < EXACT
    assert torch.equal(total, same)


def test_no_sequence_is_part_of_its_own_mean():
    to_come = torch.tensor(np.random.default_rng(6).standard_normal((3, 4)))
    other = to_come.clone()
    other[:, 2] += 100
    before, after = (rl_ntm.BASELINES["mean"](None, each) for each in (to_come, other))
    assert torch.allclose(before[:, 2], after[:, 2], atol=EXACT)
    assert (before[:, [0, 1, 3]] != after[:, [0, 1, 3]]).all()
    assert torch.allclose(before[:, 0], to_come[:, 1:].mean(dim=1), atol=EXACT)


def test_the_guess_learns_what_is_to_come_and_changes_nothing_else():
    net, x, y, counted = problem(2, 4)
    episode = net.run(x, rng=np.random.default_rng(7))
    with_guess, _ = surrogate(episode, y, counted, "learned")
    guess = net.guess.bias
    (found,) = torch.autograd.grad(with_guess.sum(), guess, retain_graph=True)
    to_come = rewards_to_come(rl_ntm.rewards(episode, y, counted))
    assert abs(found.item() - (episode.guess - to_come).sum().item()) < EXACT
    without, _ = surrogate(episode, y, counted, "none")
    assert torch.autograd.grad(without.sum(), guess, allow_unused=True) == (None,)


def test_a_mean_as_baseline_lowers_the_variance():
    net, x, y, counted = problem(3, 1, 5)
    x, y, counted = (np.repeat(each, 2000, axis=1) for each in (x, y, counted))
    episode = net.run(x, rng=np.random.default_rng(8))
    spread = {b: move_gradient(episode, y, counted, b).var(0).sum() for b in ("none", "mean")}
    assert spread["mean"] < 0.2 * spread["none"]


@pytest.mark.parametrize("L", [1, 3])
def test_the_task_names_its_phases_and_says_what_it_took(L):
    x, y, counted = tasks.rewound_copy(np.random.default_rng(9), L, 4, symbols=5)
    assert x.shape == (3 * L, 4, 8) and x.dtype == np.float32
    assert (x[:L, :, :5].argmax(2) == y[2 * L :]).all() and (x[L:, :, :5] == 0).all()
    assert (x[:, :, 5:].argmax(2) == np.repeat([0, 1, 2], L)[:, None]).all()
    assert (x[:, :, 5:].sum(2) == 1).all() and (x[:L, :, :5].sum(2) == 1).all()
    assert (counted == (np.arange(3 * L) >= 2 * L)[:, None]).all() and (y[: 2 * L] == 0).all()


def test_a_copy_needs_a_symbol():
    with pytest.raises(ValueError, match="L is 0"):
        tasks.rewound_copy(np.random.default_rng(0), 0, 1)
