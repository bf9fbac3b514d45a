"""A Neural Turing Machine: a controller, a memory of N slots, and heads that point at slots by weightings.

One step, with one head that writes and one that reads:

    controller   h_t from [x_t; r_{t-1}]: one tanh layer ("feedforward") or an LSTM ("lstm")
    heads        k, beta, g, s, gamma for each head, erase and add for the one that writes, all linear in h_t
    addressing   both weightings against M_{t-1}: content, gate, shift, sharpen
    write        M_t[i] = M_{t-1}[i] * (1 - w[i] erase) + w[i] add
    read         r_t = sum over i of w[i] M_t[i]: after the write, so that it sees what was written at this step
    output       o_t = V [h_t; r_t] + c

The addressing is that of `unrolled.scratch.addressing`. At the start every slot holds 1e-6, r_0 is 0, and both heads
point at slot 0.

Source: Graves, Wayne & Danihelka (2014), sections 3.1 to 3.3. The paper leaves open whether a step reads before or
after it writes, and where the heads start; both are chosen here.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["CONTROLLERS", "Memory", "NTM", "NTMState", "Settings", "address", "write"]

CONTROLLERS = ("feedforward", "lstm")
EMPTY = 1e-6  # what every number of the memory is at the start
EPSILON = 1e-8  # added to the product of two norms: a row of zeros is similar to nothing


class Memory(NamedTuple):
    """The memory and what the heads did last."""

    M: torch.Tensor  # (B, N, W)
    w: torch.Tensor  # (B, 2, N), weightings of the write head and of the read head
    r: torch.Tensor  # (B, W)


class NTMState(NamedTuple):
    """What a machine carries from step to step."""

    memory: Memory
    controller: tuple  # (h, c) of an LSTM, () of a feed-forward controller


class Settings(NamedTuple):
    """What the heads ask for at one step; two heads, the one that writes first."""

    k: torch.Tensor  # (B, 2, W), keys, in -1..1
    beta: torch.Tensor  # (B, 2, 1), > 0
    g: torch.Tensor  # (B, 2, 1), in 0..1
    s: torch.Tensor  # (B, 2, S), a distribution over shifts
    gamma: torch.Tensor  # (B, 2, 1), >= 1
    erase: torch.Tensor  # (B, W), in 0..1
    add: torch.Tensor  # (B, W), in -1..1


def parts(width, shifts):
    """How the numbers that the controller sends to two heads are divided among the fields of `Settings`."""
    return [2 * width, 2, 2, 2 * shifts, 2, width, width]


def settings(p, width, shifts):
    """What the heads ask for, from what the controller sends them, p (B, sum of `parts`), any numbers."""
    k, beta, g, s, gamma, erase, add = p.split(parts(width, shifts), dim=1)
    two = lambda part: part.view(len(p), 2, -1)
    return Settings(
        two(torch.tanh(k)),
        two(F.softplus(beta)),
        two(torch.sigmoid(g)),
        two(s).softmax(dim=2),
        two(1 + F.softplus(gamma)),
        torch.sigmoid(erase),
        torch.tanh(add),
    )


def address(M, before, asked):
    """Weightings (B, 2, N) of two heads in a memory M (B, N, W); before (B, 2, N): those of the step before."""
    return _address(M, before, asked)[0]


def write(M, w, erase, add):
    """The memory M (B, N, W) after a write at w (B, N): erased, then added to."""
    change = torch.addcmul(add[:, None], erase[:, None], M, value=-1)
    return torch.addcmul(M, w[..., None], change)


class Turn(torch.autograd.Function):
    """`settings`, `address`, `write` and the read as one node of the graph, with the gradient written out.

    p (B, sum of `parts`), M (B, N, W), weightings before (B, 2, N) -> M, w, r of `Memory`. The same numbers as the
    four in a row, in less than half of the time: a step of small arrays is otherwise spent on keeping the books.
    """

    @staticmethod
    def forward(ctx, p, M, before, width, shifts):
        asked = settings(p, width, shifts)
        w, kept = _address(M, before, asked)
        new = write(M, w[:, 0], asked.erase, asked.add)
        ctx.save_for_backward(M, before, new, w, *asked, *kept)
        return new, w, torch.bmm(w[:, 1:], new)[:, 0]

    @staticmethod
    def backward(ctx, dnew, dw, dr):
        M, before, new, w, *saved = ctx.saved_tensors
        asked, kept = Settings(*saved[:7]), saved[7:]
        dnew = torch.addcmul(dnew, w[:, 1, :, None], dr[:, None])  # the read
        wrote = w[:, :1]  # the write, (B, 1, N)
        lost = dnew * M
        derase = -torch.bmm(wrote, lost)[:, 0]
        dadd = torch.bmm(wrote, dnew)[:, 0]
        by_write = torch.bmm(dnew, asked.add[..., None]) - torch.bmm(lost, asked.erase[..., None])
        dw = dw + torch.cat([by_write, torch.bmm(new, dr[..., None])], dim=2).transpose(1, 2)
        dM, dbefore, dk, dbeta, dg, ds, dgamma = _address_backward(dw, M, before, w, asked, kept)
        dM += torch.addcmul(dnew, wrote.transpose(1, 2) * asked.erase[:, None], dnew, value=-1)
        k, beta, g, s, gamma, erase, add = asked
        dp = [
            dk * (1 - k * k),
            dbeta * -torch.expm1(-beta),  # the slope of softplus
            dg * g * (1 - g),
            s * (ds - (ds * s).sum(dim=2, keepdim=True)),
            dgamma * -torch.expm1(1 - gamma),
            derase * erase * (1 - erase),
            dadd * (1 - add * add),
        ]
        return torch.cat([each.flatten(1) for each in dp], dim=1), dM, dbefore, None, None


def _address(M, before, asked):
    """`address`, and what its gradient needs besides: the lengths, cosines and weightings on the way."""
    k, beta, g, s, gamma = asked[:5]
    length_k = torch.linalg.vector_norm(k, dim=2, keepdim=True)
    length_M = torch.linalg.vector_norm(M, dim=2)[:, None]
    below = length_k * length_M + EPSILON
    cosine = torch.bmm(k, M.transpose(1, 2)) / below
    content = (beta * cosine).softmax(dim=2)
    gated = torch.lerp(before, content, g)
    logs = _windows(gated, s.shape[2]).matmul(s.flip(2)[..., None])[..., 0]
    logs = logs.clamp(min=torch.finfo(M.dtype).tiny).log()
    w = (gamma * logs).softmax(dim=2)
    return w, (length_k, length_M, below, cosine, content, gated, logs)


def _address_backward(dw, M, before, w, asked, kept):
    """Gradients of M, before, k, beta, g, s and gamma from dw (B, 2, N)."""
    k, beta, g, s, gamma = asked[:5]
    length_k, length_M, below, cosine, content, gated, logs = kept
    total = lambda x: x.sum(dim=2, keepdim=True)
    dpower = w * (dw - total(w * dw))  # sharpen
    dgamma = total(dpower * logs)
    dshifted = gamma * dpower * torch.exp(-logs)
    S = s.shape[2]
    ds = torch.matmul(dshifted[:, :, None], _windows(gated, S))[:, :, 0].flip(2)  # shift
    dgated = _windows(dshifted, S).matmul(s[..., None])[..., 0]
    dg = total(dgated * (content - before))  # gate
    dcontent = g * dgated
    dscore = content * (dcontent - total(content * dcontent))  # content
    dbeta = total(dscore * cosine)
    dcosine = beta * dscore / below
    along = dcosine * cosine
    unit_k = k / length_k.clamp(min=EPSILON)
    dk = torch.bmm(dcosine, M) - total(along * length_M) * unit_k
    by_length = (along * length_k).sum(dim=1) / length_M[:, 0].clamp(min=torch.finfo(M.dtype).tiny)
    dM = torch.baddbmm(by_length[..., None] * M, dcosine.transpose(1, 2), k, beta=-1)
    return dM, dgated - dcontent, dk, dbeta, dg, ds, dgamma


def _windows(w, S):
    """For every slot the entries of w (B, 2, N) up to S // 2 slots away, in a ring: (B, 2, N, S), a view."""
    n = S // 2
    return torch.cat([w[..., w.shape[2] - n :], w, w[..., :n]], dim=2).unfold(2, S, 1)


class NTM(nn.Module):
    """D inputs, K logits, N slots of `width` numbers; `hidden` units in the controller; an odd number of `shifts`.

    gate: added to the gates' biases at the start; far below 0, a head goes by where it was and not by content.
    No parameter depends on N: a trained machine may be given more slots, by setting its N.
    Raises ValueError for another controller, an even number of shifts, or shifts by more than N slots.
    """

    def __init__(
        self, D, K, *, N=128, width=20, hidden=100, controller="feedforward", shifts=3, gate=0.0
    ):
        super().__init__()
        if controller not in CONTROLLERS:
            raise ValueError(f"controller is {controller!r}, expected one of {CONTROLLERS}")
        if shifts % 2 == 0 or shifts // 2 > N:
            raise ValueError(f"{shifts} shifts, expected an odd number, by {N} slots at most")
        self.N, self.width, self.shifts = N, width, shifts
        self.kind = controller
        rows = hidden if controller == "feedforward" else 4 * hidden
        self.of_x = nn.Linear(D, rows)
        self.of_r = nn.Linear(width, rows, bias=False)
        self.of_h = nn.Linear(hidden, rows, bias=False) if controller == "lstm" else None
        self.heads = nn.Linear(hidden, sum(parts(width, shifts)))
        self.readout = nn.Linear(hidden + width, K)
        self.hidden = hidden
        with torch.no_grad():
            self.heads.bias.split(parts(width, shifts))[2].add_(gate)

    def initial_state(self, B):
        """Empty memory, both heads at slot 0."""
        like = self.heads.weight
        w = like.new_zeros(B, 2, self.N)
        w[:, :, 0] = 1
        memory = Memory(
            like.new_full((B, self.N, self.width), EMPTY), w, like.new_zeros(B, self.width)
        )
        zero = like.new_zeros(B, self.hidden)
        return NTMState(memory, (zero, zero) if self.kind == "lstm" else ())

    def control(self, seen, r, before):
        """h_t (B, H) and the controller's state, from seen = U x_t + b (B, rows), r_{t-1} and the state before."""
        a = torch.addmm(seen, r, self.of_r.weight.T)
        if self.kind == "feedforward":
            return torch.tanh(a), ()
        h, c = before
        i, f, o, candidate = torch.addmm(a, h, self.of_h.weight.T).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(candidate)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, (h, c)

    def step(self, seen, state):
        """One step -> h_t (B, H) and the state after it; seen (B, rows) is U x_t + b."""
        M, w, r = state.memory
        h, controller = self.control(seen, r, state.controller)
        M, w, r = Turn.apply(self.heads(h), M, w, self.width, self.shifts)
        return h, NTMState(Memory(M, w, r), controller)

    def forward(self, x, state=None):
        """x (T, B, D) -> logits (T, B, K) and the state after the last step."""
        state = self.initial_state(x.shape[1]) if state is None else state
        seen, outputs = self.of_x(x), []
        for each in seen:
            h, state = self.step(each, state)
            outputs.append(torch.cat([h, state.memory.r], dim=1))
        return self.readout(torch.stack(outputs)), state

    @torch.no_grad()
    def watch(self, x, state=None):
        """As forward, without gradients -> logits, and what the heads did: a dict of arrays over time.

        "write", "read" (T, B, N): weightings; "M" (T, B, N, W): the memory after the step; "added", "got" (T, B, W):
        the add vector and what was read; "g", "gamma", "beta" (T, B, 2) and "s" (T, B, 2, S), write head first.
        """
        state = self.initial_state(x.shape[1]) if state is None else state
        o, seen = [], []
        for each in self.of_x(x):
            h, state = self.step(each, state)
            (M, w, r), asked = state.memory, settings(self.heads(h), self.width, self.shifts)
            o.append(self.readout(torch.cat([h, r], dim=1)))
            flat = (part[..., 0] for part in (asked.g, asked.gamma, asked.beta))
            seen.append((w[:, 0], w[:, 1], M, asked.add, r, *flat, asked.s))
        names = ("write", "read", "M", "added", "got", "g", "gamma", "beta", "s")
        films = (torch.stack(each).numpy() for each in zip(*seen))
        return torch.stack(o), dict(zip(names, films))
