"""A recurrent network that keeps what it must remember on stacks, which it pushes and pops by degrees.

    h_t = sigmoid(U x_t + R h_{t-1} + P [the k topmost numbers of each stack] + b)
    a_t = softmax(A h_t + b_a), for each stack: how much of push, stay and pop
    s_t[0] = push sigma(D h_t + b_d) + stay s_{t-1}[0] + pop s_{t-1}[1]
    s_t[i] = push s_{t-1}[i-1]       + stay s_{t-1}[i] + pop s_{t-1}[i+1]

The contents move here: after a step every number is a mixture of its neighbours before. In
`unrolled.scratch.stacks` nothing moves, and strengths say what is left.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from unrolled.nets.seq2seq import Stack

__all__ = ["EMPTY", "POP", "PUSH", "STAY", "Plain", "StackRNN", "State", "shifted"]

PUSH, STAY, POP = range(3)
EMPTY = -1.0  # what is read where nothing was pushed


class State(NamedTuple):
    """What the network carries from step to step."""

    h: torch.Tensor  # (B, H)
    stacks: torch.Tensor  # (B, S, depth), the top first; EMPTY from there on


class StackRNN(nn.Module):
    """The network, with S stacks of single numbers.

    D, K: sizes of x and of the logits; looks: how many numbers from the top of each stack the state reads;
    recurrent: with R; without it, the stacks are the only way from one step to the next.
    noise: standard deviation of what is added to the logits of the actions in training mode. Halves of two actions
    then come out differently every time, one that is far ahead does not: actions that can be relied on are whole.
    crisp: each stack does the one action that has most weight, as a stack of computer science; for use after
    training, since the choice has no gradient.
    Source: Joulin & Mikolov (2015), section 3; the noise is not theirs.
    """

    def __init__(self, D, K, *, hidden=20, stacks=4, looks=1, recurrent=False, noise=0.0):
        super().__init__()
        if min(stacks, looks) < 1:
            raise ValueError(f"stacks is {stacks}, looks is {looks}: expected at least 1")
        self.reads = nn.Linear(D + stacks * looks + (hidden if recurrent else 0), hidden)
        self.acts = nn.Linear(hidden, 4 * stacks)  # a stack's three actions, and what is pushed
        self.readout = nn.Linear(hidden, K)
        self.hidden, self.stacks, self.looks, self.recurrent = hidden, stacks, looks, recurrent
        self.noise, self.crisp = noise, False
        self.generator = torch.Generator().manual_seed(int(torch.randint(2**31, ())))

    def initial_state(self, batch_size):
        """Zero, and empty stacks."""
        weight = self.readout.weight
        stacks = weight.new_full((batch_size, self.stacks, self.looks), EMPTY)
        return State(weight.new_zeros(batch_size, self.hidden), stacks)

    def forward(self, x, state=None):
        """x (T, B, D) -> logits (T, B, K) and the state; the stacks grow by T, so they are never full."""
        hs, state, _ = self._run(x, state)
        return self.readout(hs), state

    @torch.no_grad()
    def watch(self, x, state=None):
        """The logits, and what happened: actions (T, B, S, 3), pushed (T, B, S), stacks (T, B, S, depth)."""
        hs, _, seen = self._run(x, state, watched=True)
        return self.readout(hs), {name: torch.stack(each) for name, each in seen.items()}

    def _run(self, x, state, watched=False):
        h, stacks = self.initial_state(x.shape[1]) if state is None else state
        stacks = F.pad(stacks, (0, len(x)), value=EMPTY)
        hs, seen = [], {"actions": [], "pushed": [], "stacks": []}
        for x_t in x:
            inputs = [x_t, stacks[:, :, : self.looks].flatten(1), *([h] if self.recurrent else [])]
            h = torch.sigmoid(self.reads(torch.cat(inputs, dim=1)))
            actions, pushed = self._decide(h)
            stacks = shifted(stacks, actions, pushed)
            hs.append(h)
            if watched:
                for name, value in zip(seen, (actions, pushed, stacks)):
                    seen[name].append(value)
        return torch.stack(hs), State(h, stacks), seen

    def _decide(self, h):
        """Weights of the actions (B, S, 3), and the numbers to push (B, S)."""
        given = self.acts(h).unflatten(1, (self.stacks, 4))
        logits = given[..., :3]
        if self.training and self.noise:
            logits = logits + self.noise * torch.randn(logits.shape, generator=self.generator)
        actions = torch.softmax(logits, dim=-1)
        if self.crisp:
            actions = F.one_hot(actions.argmax(dim=-1), 3).to(actions.dtype)
        return actions, torch.sigmoid(given[..., 3])


class Plain(nn.Module):
    """A recurrent layer and a readout of its state, which is all the memory there is: what to compare with.

    cell: "rnn", "gru" or "lstm". The call is that of `StackRNN`.
    """

    def __init__(self, D, K, *, hidden=20, cell="lstm"):
        super().__init__()
        self.layer = Stack(D, hidden, cell=cell)
        self.readout = nn.Linear(hidden, K)

    def initial_state(self, batch_size):
        """Zeros."""
        return self.layer.initial_state(batch_size)

    def forward(self, x, state=None):
        """x (T, B, D) -> logits (T, B, K) and the state."""
        hs, state = self.layer(x, state)
        return self.readout(hs), state


def shifted(stacks, actions, pushed):
    """The stacks (B, S, depth) after a mixture of the actions (B, S, 3) with what is pushed (B, S).

    What would grow beyond the depth is lost, and EMPTY comes in from below.
    """
    empty = stacks.new_full((*stacks.shape[:2], 1), EMPTY)
    padded = torch.cat([pushed[..., None], stacks, empty], dim=-1)
    around = torch.stack([padded[..., :-2], stacks, padded[..., 2:]], dim=-1)  # PUSH, STAY, POP
    return (around @ actions[..., None])[..., 0]
