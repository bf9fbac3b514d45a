"""A memory tape with a head that stands in ONE cell: where it goes is drawn, and learned by REINFORCE.

    read        r_t = M[p_t], one cell; nothing else of the memory is touched in this step
    controller  a_t = tanh(A [x_t; r_t] + b)
    write       M[p_t] <- (1 - g_t) r_t + g_t v_t,  g_t = sigmoid(...), v_t = tanh(...) of a_t
    say         log-probabilities of the symbols, of a_t
    move        d_t drawn from pi_t = softmax(...) of a_t over -1, 0, +1;  p_{t+1} = p_t + d_t on a ring of N cells

The reward of a step is the log-probability of the right symbol where one is to be said. What is read, written and said
is differentiated as ever; the drawn moves are not functions of the parameters, and enter by

    gradient of E[sum of rewards] = E[gradient of the rewards + sum_t (R_t - b_t) gradient of log pi_t(d_t)]

with R_t the rewards that come after move t, and b_t any number that doesn't depend on it: the baseline.
Source: Zaremba & Sutskever (2015), Reinforcement learning neural Turing machines, whose machine also moves heads on its
input and its output; Williams (1992) for the estimator. Here the only decision is the move of the memory's head.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

__all__ = [
    "BASELINES",
    "Episode",
    "TapeMachine",
    "TapeState",
    "every_path",
    "move_gradient",
    "rewards",
    "rewards_to_come",
    "surrogate",
]

MOVES = (-1, 0, 1)


class TapeState(NamedTuple):
    """What the machine carries from step to step."""

    memory: torch.Tensor  # (B, N, W)
    at: torch.Tensor  # (B,) the cell where the head stands


class Episode(NamedTuple):
    """What a machine did with a batch of sequences."""

    o: torch.Tensor  # (T, B, K) logits of what is said
    log_pi: torch.Tensor  # (T, B) of the moves that were made
    moves: torch.Tensor  # (T, B) 0, 1, 2 for -1, 0, +1
    at: torch.Tensor  # (T, B) the cell that was read and written
    guess: torch.Tensor  # (T, B) what the machine expects of the rewards to come, from x_t and r_t
    pi: torch.Tensor  # (T, B, 3) probabilities of the moves
    a: torch.Tensor  # (T, B, hidden) the controller
    state: TapeState


class TapeMachine(nn.Module):
    """D inputs, K symbols to say, a ring of N cells with W numbers, a controller of `hidden` units without a state."""

    def __init__(self, D, K, *, N=16, width=8, hidden=32):
        super().__init__()
        self.controller = nn.Linear(D + width, hidden)
        self.sizes = [len(MOVES), 1, width, K]  # moves, write gate, what is written, what is said
        self.heads = nn.Linear(hidden, sum(self.sizes))
        self.guess = nn.Linear(hidden, 1)  # reads the controller without changing it
        self.N, self.width = N, width

    def initial_state(self, batch_size, N=None):
        """An empty tape, the head in cell 0. No parameter depends on the number of cells: N may be another one."""
        zero = self.guess.weight.new_zeros(batch_size, N or self.N, self.width)
        return TapeState(zero, torch.zeros(batch_size, dtype=torch.int64))

    def forward(self, x, state=None, *, rng=None, moves=None):
        """x (T, B, D) -> logits (T, B, K), and the state after the last step; arguments as `run` has them."""
        episode = self.run(x, state, rng=rng, moves=moves)
        return episode.o, episode.state

    def run(self, x, state=None, *, rng=None, moves=None):
        """An Episode with x (T, B, D).

        moves (T, B): given; otherwise they are drawn with `rng`, or, where that is None, the most probable ones.
        """
        x, steps = torch.as_tensor(x), []
        state = self.initial_state(x.shape[1]) if state is None else state
        if moves is not None:
            choose = lambda t, log_pi: moves[t]
        elif rng is None:
            choose = lambda t, log_pi: log_pi.argmax(dim=1)
        else:
            draws = torch.as_tensor(rng.random(x.shape[:2]))
            choose = lambda t, log_pi: _drawn(log_pi.detach(), draws[t])
        for t in range(len(x)):
            done, state = self._step(x[t], state, partial(choose, t))
            steps.append(done)
        return Episode(*(torch.stack(each) for each in zip(*steps)), state)

    def _step(self, x, state, choose):
        """One step with x (B, D); choose(log_pi (B, 3)) -> moves (B,)."""
        rows, at = torch.arange(len(x)), state.at
        read = state.memory[rows, at]
        a = torch.tanh(self.controller(torch.cat([x, read], dim=1)))
        to_move, gate, value, o = self.heads(a).split(self.sizes, dim=1)
        cell = torch.lerp(read, torch.tanh(value), torch.sigmoid(gate))
        memory = state.memory.index_put((rows, at), cell)  # a copy: the gradient needs the old one
        log_pi = to_move.log_softmax(dim=1)
        move = choose(log_pi)
        chosen = log_pi.gather(1, move[:, None])[:, 0]
        done = o, chosen, move, at, self.guess(a.detach())[:, 0], log_pi.exp(), a
        return done, TapeState(memory, (at + move - 1) % memory.shape[1])


def rewards(episode, y, counted):
    """Log-probabilities (T, B) of the symbols y where they are counted, 0 elsewhere."""
    said = nn.functional.cross_entropy(
        episode.o.flatten(0, 1), torch.as_tensor(y).flatten(), reduction="none"
    )
    return -said.view(y.shape) * torch.as_tensor(counted)


def rewards_to_come(reward):
    """R_t (T, B): the sum of the rewards (T, B) after step t, whose move cannot change what was said before."""
    return reward.flip(0).cumsum(0).flip(0) - reward


def surrogate(episode, y, counted, baseline="learned", entropy=0.0):
    """A loss (B,) whose gradient is minus REINFORCE's estimate, for each sequence, and the sum of rewards (B,).

    baseline: one of BASELINES. "learned" adds the squared error of the machine's guesses, which moves nothing but them.
    entropy: what a nat of the moves' entropies is worth, summed over the steps; it keeps the moves from being certain
    before what is written and said has been learned, and is not part of the rewards.
    """
    reward = rewards(episode, y, counted)
    to_come = rewards_to_come(reward).detach()
    advantage = to_come - BASELINES[baseline](episode, to_come)
    loss = -reward.sum(0) - (advantage.detach() * episode.log_pi).sum(0)
    if baseline == "learned":
        loss = loss + 0.5 * advantage.square().sum(0)
    if entropy:
        loss = loss + entropy * (episode.pi * episode.pi.clamp_min(1e-12).log()).sum(dim=(0, 2))
    return loss, reward.sum(0)


@torch.no_grad()
def move_gradient(episode, y, counted, baseline="none"):
    """REINFORCE's estimate, from each sequence, of the gradient of E[R] by the weights of the moves' scores.

    Returns (B, 3, hidden): sum over t of (R_t - b_t) (e_{d_t} - pi_t) a_t', with e the chosen move, one-hot. Its mean
    over draws is the gradient; its variance over draws is what a baseline lowers.
    """
    to_come = rewards_to_come(rewards(episode, y, counted))
    advantage = to_come - BASELINES[baseline](episode, to_come)
    slope = nn.functional.one_hot(episode.moves, len(MOVES)) - episode.pi
    return torch.einsum("tb,tbk,tbh->bkh", advantage, slope, episode.a)


BASELINES = {
    "none": lambda episode, to_come: torch.zeros_like(to_come),
    "mean": lambda episode, to_come: _mean_of_others(to_come),
    "learned": lambda episode, to_come: episode.guess,
}


def every_path(T):
    """Every sequence of T moves, (T, 3^T): with it a sum over paths replaces the mean over draws."""
    paths = np.indices((len(MOVES),) * T).reshape(T, -1)
    return torch.as_tensor(paths)


def _mean_of_others(to_come):
    """At each step the mean over the other sequences of the batch, so that no number is its own baseline."""
    B = to_come.shape[1]
    return (to_come.sum(1, keepdim=True) - to_come) / max(B - 1, 1)


def _drawn(log_pi, u):
    """The move (B,) at which the cumulated probabilities (B, 3) pass u (B,)."""
    passed = log_pi.double().exp().cumsum(dim=1) < u[:, None]
    return passed.sum(dim=1).clamp(max=len(MOVES) - 1)
