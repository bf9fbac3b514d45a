"""A recurrent network beside a continuous stack or queue: `unrolled.scratch.stacks`, one step at a time, in torch.

h_t, c_t from [x_t; r_{t-1}], an LSTM
push d_t = sigma(.), pop u_t = sigma(.), value v_t = tanh(.), each a layer on h_t
r_t from the stack or queue after u_t was popped and d_t of v_t pushed
o_t = V [h_t; r_t] + c
"""

from typing import NamedTuple

import torch
from torch import nn

__all__ = ["KINDS", "State", "Transducer", "portion", "step"]

KINDS = {"stack": "top", "queue": "bottom"}  # the end that is popped and read


class State(NamedTuple):
    """What the network carries from step to step."""

    controller: tuple  # h, c, each (B, H)
    read: torch.Tensor  # (B, m)
    values: torch.Tensor  # (B, n, m), the last slot on top
    strengths: torch.Tensor  # (B, n)


class Transducer(nn.Module):
    """The network; kind: "stack" or "queue"; width: size m of the values.

    The pop starts with a bias of -1: a network that takes away what it pushed at once learns nothing from it.
    Source: Grefenstette et al. (2015), section 3.4; here the output also sees what was read at its own step.
    """

    def __init__(self, D, K, *, hidden=32, width=8, kind="queue"):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}, expected one of {sorted(KINDS)}")
        self.controller = nn.LSTMCell(D + width, hidden)
        self.acts = nn.Linear(hidden, width + 2)  # the value, push, pop
        self.readout = nn.Linear(hidden + width, K)
        self.hidden, self.width, self.kind = hidden, width, kind
        with torch.no_grad():
            self.acts.bias[width + 1] = -1

    def initial_state(self, batch_size):
        """Zeros, and nothing pushed."""
        zero = lambda *shape: self.readout.weight.new_zeros(batch_size, *shape)
        return State(
            (zero(self.hidden), zero(self.hidden)), zero(self.width), zero(0, self.width), zero(0)
        )

    def forward(self, x, state=None):
        """x (T, B, D) -> logits (T, B, K) and the state, with a slot more for every step."""
        o, state, _ = self._run(x, state)
        return o, state

    @torch.no_grad()
    def watch(self, x, state=None):
        """The logits, and push (T, B), pop (T, B) and what was read (T, B, m)."""
        o, _, seen = self._run(x, state)
        return o, dict(zip(("push", "pop", "read"), map(torch.stack, zip(*seen))))

    def _run(self, x, state):
        (h, c), read, values, strengths = self.initial_state(x.shape[1]) if state is None else state
        given, seen = [], []
        for x_t in x:
            h, c = self.controller(torch.cat([x_t, read], dim=1), (h, c))
            acts = self.acts(h)
            value, amounts = torch.tanh(acts[:, : self.width]), torch.sigmoid(acts[:, self.width :])
            push, pop = amounts.unbind(dim=1)
            read, values, strengths = step(values, strengths, value, push, pop, self.kind)
            given.append(torch.cat([h, read], dim=1))
            seen.append((push, pop, read))
        return self.readout(torch.stack(given)), State((h, c), read, values, strengths), seen


def step(values, strengths, value, push, pop, kind):
    """Pop (B,), push (B,) of a value (B, m), read: what is read (B, m), values (B, n + 1, m), strengths (B, n + 1)."""
    end = KINDS[kind]
    strengths = strengths - portion(strengths, pop[:, None], end)
    strengths = torch.cat([strengths, push[:, None]], dim=1)
    values = torch.cat([values, value[:, None]], dim=1)
    read = portion(strengths, torch.ones_like(push)[:, None], end)[:, None] @ values
    return read[:, 0], values, strengths


def portion(strengths, amount, end):
    """How much of each slot lies within the amount (B, 1) of strength (B, n) nearest to an end."""
    total = strengths.cumsum(dim=1)
    nearer = total - strengths if end == "bottom" else total[:, -1:] - total
    return torch.minimum(strengths, torch.relu(amount - nearer))
