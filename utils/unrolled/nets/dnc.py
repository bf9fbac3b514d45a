"""A differentiable neural computer: a memory that knows which slots are free, and in which order they were written.

One step, with one head that writes and R that read:

    controller   h_t from [x_t; r_{t-1}]: one tanh layer ("feedforward") or an LSTM ("lstm")
    retention    psi_t[i] = product over the read heads of (1 - free w^r_{t-1}[i])
    usage        u_t = (u_{t-1} + w_{t-1} - u_{t-1} w_{t-1}) psi_t
    allocation   a_t: almost all on the least used slot, if it is free
    write        w_t = write (allocate a_t + (1 - allocate) content(M_{t-1}, key)), then M_t as in `nets.ntm`
    order        L_t[i, j]: how much slot i was written right after slot j;  p_t[i]: how much slot i was written last
    read         w^r_t = mix of L_t^T w^r_{t-1} (backward), content(M_t, key), L_t w^r_{t-1} (forward)
    output       o_t = V [h_t; r_t] + c

At the start the memory, all weightings, p_0, L_0 and u_0 are zero. Weightings sum to at most 1.

Source: Graves, Wayne, Reynolds et al. (2016), Methods. The cosine has a small number under its roots, so that an
empty slot has a finite gradient; the order of the sort has no gradient, as in the paper.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

__all__ = [
    "CONTROLLERS",
    "DNC",
    "Asked",
    "DNCState",
    "Memory",
    "allocation",
    "content",
    "empty",
    "follow",
    "idle",
    "links",
    "move",
    "precedence",
    "retention",
    "usage",
    "write",
]

CONTROLLERS = ("feedforward", "lstm")
SMALL = 1e-6  # under the roots of a cosine


class Memory(NamedTuple):
    """The memory, what is known about its slots, and what the heads did last."""

    M: torch.Tensor  # (B, N, W)
    u: torch.Tensor  # (B, N), usage, in 0..1
    p: torch.Tensor  # (B, N), precedence
    L: torch.Tensor  # (B, N, N), links
    write: torch.Tensor  # (B, N), weighting of the write head
    read: torch.Tensor  # (B, R, N), of the read heads
    r: torch.Tensor  # (B, R, W), what was read


class DNCState(NamedTuple):
    """What a network carries from step to step."""

    memory: Memory
    controller: tuple  # (h, c) of an LSTM, () of a feed-forward controller


class Asked(NamedTuple):
    """What the controller asks for at one step: the interface vector in its parts."""

    read_key: torch.Tensor  # (B, R, W)
    read_strength: torch.Tensor  # (B, R, 1), at least 1
    write_key: torch.Tensor  # (B, 1, W)
    write_strength: torch.Tensor  # (B, 1, 1), at least 1
    erase: torch.Tensor  # (B, W), in 0..1
    add: torch.Tensor  # (B, W)
    free: torch.Tensor  # (B, R, 1), in 0..1: is the slot read at the step before free now?
    allocate: torch.Tensor  # (B, 1), in 0..1: 1 writes to a free slot, 0 to what the key finds
    write: torch.Tensor  # (B, 1), in 0..1: 0 writes nothing
    modes: torch.Tensor  # (B, R, 3), a distribution over backward, content, forward


# Where to write


def retention(free, read):
    """How much of each slot is kept, (B, N). free (B, R, 1); read (B, R, N): the weightings of the step before."""
    return (1 - free * read).prod(dim=1)


def usage(u, w, psi):
    """The usage u_t (B, N) after a write at w (B, N) to slots of usage u (B, N), of which psi (B, N) is kept."""
    return (u + w - u * w) * psi


def allocation(u):
    """A weighting (B, N) of free slots: a[i] = (1 - u[i]) times the product of u over all slots that are less used.

    u (B, N), in 0..1. Of slots that are used equally the first comes first. The sum is 1 - product of u: nothing is
    allocated if every slot is in use.
    """
    ascending, order = u.sort(dim=1, stable=True)
    before = torch.cat([torch.ones_like(u[:, :1]), ascending[:, :-1]], dim=1).cumprod(dim=1)
    return torch.zeros_like(u).scatter(1, order, (1 - ascending) * before)


def write(M, w, erase, add):
    """The memory M (B, N, W) after a write at w (B, N): erased by erase (B, W), then add (B, W) is added."""
    return M * (1 - w[:, :, None] * erase[:, None]) + w[:, :, None] * add[:, None]


# Where to read


def content(M, key, strength):
    """Weightings (B, R, N): softmax over the slots of strength (B, R, 1) times the cosine of key (B, R, W) and slot."""
    length = lambda v: ((v * v).sum(dim=2) + SMALL).sqrt()
    cosine = key @ M.transpose(1, 2) / (length(key)[:, :, None] * length(M)[:, None])
    return (strength * cosine).softmax(dim=2)


def precedence(p, w):
    """How much each slot was the last one written, (B, N): what was not written now keeps what it had."""
    return (1 - w.sum(dim=1, keepdim=True)) * p + w


def links(L, p, w):
    """The links L_t (B, N, N) after a write at w (B, N), with p (B, N) the precedence before it.

    L[i, j] is how much slot i was written right after slot j. The diagonal is zero; rows and columns sum to at most 1.
    """
    L = (1 - w[:, :, None] - w[:, None]) * L + w[:, :, None] * p[:, None]
    return L * (1 - torch.eye(w.shape[1], dtype=w.dtype, device=w.device))


def follow(L, read):
    """From weightings read (B, R, N) to what was written right before and right after, each (B, R, N)."""
    return read @ L, read @ L.transpose(1, 2)


# One step of the memory


def empty(B, N, width, reads=1, dtype=torch.float64):
    """A `Memory` before the first step: nothing written, nothing in use, weightings that point nowhere."""
    zero = lambda *shape: torch.zeros(B, *shape, dtype=dtype)
    order = zero(N), zero(N), zero(N, N)
    return Memory(zero(N, width), *order, zero(N), zero(reads, N), zero(reads, width))


def idle(B, width, reads=1, dtype=torch.float64):
    """An `Asked` that writes nothing, frees nothing and reads by an empty key: to be changed by `_replace`."""
    zero = lambda *shape: torch.zeros(B, *shape, dtype=dtype)
    by_content = zero(reads, 3)
    by_content[..., 1] = 1
    return Asked(
        read_key=zero(reads, width),
        read_strength=zero(reads, 1) + 1,
        write_key=zero(1, width),
        write_strength=zero(1, 1) + 1,
        erase=zero(width) + 1,
        add=zero(width),
        free=zero(reads, 1),
        allocate=zero(1) + 1,
        write=zero(1),
        modes=by_content,
    )


def move(memory, asked):
    """The memory after one step in which the controller asks for `asked`: free, write, then read."""
    M, u, p, L, w, read, _ = memory
    u = usage(u, w, retention(asked.free, read))
    found = content(M, asked.write_key, asked.write_strength)[:, 0]
    w = asked.write * torch.lerp(found, allocation(u), asked.allocate)
    M = write(M, w, asked.erase, asked.add)
    L, p = links(L, p, w), precedence(p, w)
    backward, forward = follow(L, read)
    found = content(M, asked.read_key, asked.read_strength)
    ways = torch.stack([backward, found, forward], dim=3)  # (B, R, N, 3)
    read = (ways @ asked.modes[..., None])[..., 0]
    return Memory(M, u, p, L, w, read, read @ M)


class DNC(nn.Module):
    """D inputs, K logits, N slots of `width` numbers, `reads` heads that read, `hidden` units in the controller.

    free: False for a network that can't free a slot: its free gates are 0, and psi is 1.
    """

    def __init__(self, D, K, *, N, width, reads=1, hidden=64, free=True, controller="feedforward"):
        super().__init__()
        if controller not in CONTROLLERS:
            raise ValueError(f"controller is {controller!r}, expected one of {CONTROLLERS}")
        self.N, self.width, self.reads, self.hidden = N, width, reads, hidden
        self.free, self.kind = free, controller
        rows = hidden if controller == "feedforward" else 4 * hidden
        self.of_x = nn.Linear(D, rows)
        self.of_r = nn.Linear(reads * width, rows, bias=False)
        self.of_h = nn.Linear(hidden, rows, bias=False) if controller == "lstm" else None
        R, W = reads, width
        self.parts = (R * W, R, W, 1, W, W, R, 1, 1, 3 * R)  # of an interface vector, as in `Asked`
        self.interface = nn.Linear(hidden, sum(self.parts))
        self.readout = nn.Linear(hidden + R * W, K)

    def initial_state(self, B):
        """All zero: empty memory, nothing in use, no order, weightings that point nowhere."""
        weight = self.readout.weight
        memory = empty(B, self.N, self.width, self.reads, weight.dtype)
        h = weight.new_zeros(B, self.hidden)
        return DNCState(memory, (h, h) if self.kind == "lstm" else ())

    def control(self, seen, r, before):
        """h_t (B, H) and the controller's state, from seen = U x_t + b (B, rows), r_{t-1} and the state before."""
        a = seen + self.of_r(r.flatten(1))
        if self.kind == "feedforward":
            return torch.tanh(a), ()
        h, c = before
        i, f, o, candidate = (a + self.of_h(h)).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(candidate)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, (h, c)

    def ask(self, h):
        """What the controller asks for, from h (B, H)."""
        k, beta, k_w, beta_w, erase, add, free, allocate, gate, modes = self.interface(h).split(
            self.parts, dim=1
        )
        heads = lambda part: part.unflatten(1, (self.reads, -1))
        return Asked(
            heads(k),
            1 + F.softplus(heads(beta)),
            k_w[:, None],
            1 + F.softplus(beta_w)[:, None],
            torch.sigmoid(erase),
            add,
            torch.sigmoid(heads(free)) if self.free else torch.zeros_like(heads(free)),
            torch.sigmoid(allocate),
            torch.sigmoid(gate),
            heads(modes).softmax(dim=2),
        )

    def step(self, seen, state):
        """One step -> h_t (B, H), what was asked, and the state after it; seen (B, rows) is U x_t + b."""
        h, controller = self.control(seen, state.memory.r, state.controller)
        asked = self.ask(h)
        return h, asked, DNCState(move(state.memory, asked), controller)

    def forward(self, x, state=None):
        """x (T, B, D) -> logits (T, B, K) and the state after the last step."""
        state = self.initial_state(x.shape[1]) if state is None else state
        outputs = []
        for seen in self.of_x(x):
            h, _, state = self.step(seen, state)
            outputs.append(torch.cat([h, state.memory.r.flatten(1)], dim=1))
        return self.readout(torch.stack(outputs)), state

    @torch.no_grad()
    def watch(self, x, state=None):
        """As forward, without gradients -> logits, and what the heads did: a dict of arrays over time.

        "write", "usage", "precedence" (T, B, N), "read" (T, B, R, N), "links" (T, B, N, N), "M" (T, B, N, W): after
        the step; "free" (T, B, R), "allocate", "gate" (T, B), "modes" (T, B, R, 3): what was asked.
        """
        state = self.initial_state(x.shape[1]) if state is None else state
        o, films = [], []
        for seen in self.of_x(x):
            h, asked, state = self.step(seen, state)
            M, u, p, L, w, read, r = state.memory
            o.append(self.readout(torch.cat([h, r.flatten(1)], dim=1)))
            gates = (part[..., 0] for part in (asked.free, asked.allocate, asked.write))
            films.append((w, u, p, read, L, M, *gates, asked.modes))
        names = (
            "write",
            "usage",
            "precedence",
            "read",
            "links",
            "M",
            "free",
            "allocate",
            "gate",
            "modes",
        )
        return torch.stack(o), {
            name: torch.stack(film).numpy() for name, film in zip(names, zip(*films))
        }
