"""Neural random-access machine (NRAM): a memory of N cells in which every cell and register is a distribution over 0..N-1.

A number can therefore be an address: a pointer. In each step a controller wires a circuit,

    input of a module    a = sum_j alpha_j v_j,  v_j the registers and the outputs of the modules before it
    READ(p)              M' p                    WRITE(p, a)   M <- (1 - p) . M + p a',  gives a on
    other modules        Pr[m(A, B) = k] = sum over m(i, j) = k of Pr[A = i] Pr[B = j]
    new registers        r_i = sum_j beta_j v_j, v_j the registers and the outputs of all modules

alpha, beta are non-negative with sum 1: a choice that may be soft. With one-hot numbers and choices everything is exact.
The controller sees of each register only the probability that it is 0, so nothing learned depends on N: what was learned
in a small memory runs in a large one. The machine of the paper also learns when to stop; here the number of steps is given.
Source: Kurach, Andrychowicz & Sutskever (2016), Neural random-access machines, sections 3 and 4.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import nn

__all__ = [
    "FUNCTIONS",
    "Circuit",
    "NRAM",
    "State",
    "execute",
    "lifted",
    "listing",
    "one_hot",
    "pointer_chaser",
    "read",
    "wired",
    "write",
]

FUNCTIONS = {  # of two numbers a, b in 0..N-1; READ and WRITE, which need the memory, come besides
    "zero": lambda a, b, N: 0 * a,
    "one": lambda a, b, N: 0 * a + 1,
    "two": lambda a, b, N: 0 * a + 2,
    "inc": lambda a, b, N: (a + 1) % N,
    "dec": lambda a, b, N: (a - 1) % N,
    "add": lambda a, b, N: (a + b) % N,
    "sub": lambda a, b, N: (a - b) % N,
    "less": lambda a, b, N: (a < b).long(),
    "at_most": lambda a, b, N: (a <= b).long(),
    "equal": lambda a, b, N: (a == b).long(),
    "min": lambda a, b, N: torch.minimum(a, b),
    "max": lambda a, b, N: torch.maximum(a, b),
}


class Circuit(NamedTuple):
    """Who reads whom in one step, for each sequence of a batch. S = R registers + the modules so far."""

    inputs: tuple  # for each module (B, 2, S): the weights of its two inputs
    registers: torch.Tensor  # (B, R, R + modules)


class State(NamedTuple):
    """What the machine carries from step to step."""

    memory: torch.Tensor  # (B, N, N): row n is the distribution of cell n
    registers: torch.Tensor  # (B, R, N)


def one_hot(numbers, N, dtype=torch.float32):
    """Integers (...) in 0..N-1 as distributions (..., N)."""
    return nn.functional.one_hot(torch.as_tensor(numbers), N).to(dtype)


def read(memory, p):
    """What cell p holds: memory (B, N, N), p (B, N) a distribution over cells -> a distribution (B, N)."""
    return torch.einsum("bnk,bn->bk", memory, p)


def write(memory, p, a):
    """The memory (B, N, N) after a (B, N) was put into cell p (B, N): each cell changes as far as p points to it."""
    return torch.lerp(memory, a[:, None].expand_as(memory), p[:, :, None])


@lru_cache(maxsize=64)
def lifted(name, N, dtype=torch.float32):
    """The table (N, N, N) of a function of FUNCTIONS: 1 at [i, j, m(i, j)], 0 elsewhere.

    Raises ValueError if a constant of the function is not below N.
    """
    a, b = torch.meshgrid(torch.arange(N), torch.arange(N), indexing="ij")
    result = FUNCTIONS[name](a, b, N)
    if result.max() >= N:
        raise ValueError(f"{name!r} gives {result.max()}, but numbers are below N = {N}")
    return one_hot(result, N, dtype)


def execute(modules, circuit, state):
    """One step: modules is a dict from a module's name to "read", "write" or a key of FUNCTIONS, in their order."""
    memory, sources = state.memory, list(state.registers.unbind(dim=1))
    N = memory.shape[1]
    for operation, weights in zip(modules.values(), circuit.inputs):
        a, b = (weights @ torch.stack(sources, dim=1)).unbind(dim=1)
        if operation == "read":
            result = read(memory, a)
        elif operation == "write":
            memory, result = write(memory, a, b), b
        else:
            table = lifted(operation, N, memory.dtype)
            result = torch.einsum("bi,bj,ijk->bk", a, b, table)
        sources.append(result)
    return State(memory, circuit.registers @ torch.stack(sources, dim=1))


def wired(registers, modules, inputs=None, updates=None, dtype=torch.float32):
    """A Circuit (B = 1) from names: inputs {module: (source, source)}, updates {register: source}.

    An input that is not named is the first register, and a WRITE does write in every step; a register that is not named
    keeps what it holds.
    Raises ValueError if a source is not there, or comes later than the module that reads it.
    """
    inputs, updates, known = inputs or {}, updates or {}, list(registers)
    chosen = []
    for name in modules:
        pair = tuple(inputs.get(name, ())) + (known[0],) * (2 - len(inputs.get(name, ())))
        chosen.append(torch.stack([_choice(known, each, dtype) for each in pair])[None])
        known.append(name)
    rows = [_choice(known, updates.get(name, name), dtype) for name in registers]
    return Circuit(tuple(chosen), torch.stack(rows)[None])


def listing(circuit, registers, modules, b=0):
    """The likeliest program of sequence b as text, a line for each module and for each register that changes."""
    known, lines = list(registers), []
    for name, weights in zip(modules, circuit.inputs):
        left, right = (known[j] for j in weights[b].argmax(dim=1))
        reads = {"read": (left,), "zero": (), "one": (), "two": (), "inc": (left,), "dec": (left,)}
        operation = modules[name]
        lines.append(f"{name} = {operation}({', '.join(reads.get(operation, (left, right)))})")
        known.append(name)
    sources = [known[j] for j in circuit.registers[b].argmax(dim=1)]
    return lines + [f"{r} <- {source}" for r, source in zip(registers, sources) if r != source]


class NRAM(nn.Module):
    """R registers that start at 0, modules (a dict as for `execute`), and a controller of `hidden` units without a state."""

    def __init__(self, R, modules, hidden=16):
        super().__init__()
        self.modules_used, self.R = dict(modules), R
        counts = [R + i for i in range(len(modules))]
        self.sizes = [2 * n for n in counts] + [R * (R + len(modules))]
        self.controller = nn.Sequential(
            nn.Linear(R, hidden), nn.ReLU(), nn.Linear(hidden, sum(self.sizes))
        )

    def initial_state(self, memory):
        """State with the memory (B, N, N), registers all 0."""
        B, N = memory.shape[:2]
        zero = one_hot(torch.zeros(B, self.R, dtype=torch.int64), N, memory.dtype)
        return State(memory, zero)

    def circuit(self, registers, sharp=False):
        """The Circuit for registers (B, R, N). sharp: every choice is its likeliest, one-hot."""
        *inputs, outputs = self.controller(registers[:, :, 0]).split(self.sizes, dim=1)
        B = len(registers)
        choose = _likeliest if sharp else lambda e: e.softmax(-1)
        inputs = tuple(choose(each.view(B, 2, -1)) for each in inputs)
        return Circuit(inputs, choose(outputs.view(B, self.R, -1)))

    def forward(self, memory, state=None, *, steps, sharp=False):
        """Memory (B, N, N) -> the memories after each step (steps, B, N, N), and the state after the last one."""
        state = self.initial_state(memory) if state is None else state
        memories = []
        for _ in range(steps):
            circuit = self.circuit(state.registers, sharp)
            state = execute(self.modules_used, circuit, state)
            memories.append(state.memory)
        return torch.stack(memories), state


CHASER = {
    "zero": "zero",
    "one": "one",
    "head": "read",
    "next": "read",
    "less": "dec",
    "put": "write",
}


def pointer_chaser(memory, steps):
    """A program by hand: cell 0 holds a pointer, cell 1 a number k; follow k links and put the address into cell 0.

    memory (B, N, N), steps at least k + 2. The registers are the pointer, what is left of k, and whether it has begun.
    Each step mixes three circuits by what the controller may see, the probabilities that registers are 0:
    begin (fetch pointer and k), follow (one link, k - 1), end (write). Every module acts in every step: until the end
    WRITE puts back what READ has found. Returns the states, a list of steps + 1.
    """
    registers = ("pointer", "left", "begun")
    wire = lambda inputs, updates: wired(registers, CHASER, inputs, updates, memory.dtype)
    begin = wire(
        {"head": ("zero",), "next": ("one",), "put": ("zero", "head")},
        {"pointer": "head", "left": "next", "begun": "one"},
    )
    follow = wire(
        {"next": ("pointer",), "less": ("left",), "put": ("pointer", "next")},
        {"pointer": "next", "left": "less"},
    )
    end = wire({"put": ("zero", "pointer")}, {})
    B, N = memory.shape[:2]
    states = [State(memory, one_hot(torch.zeros(B, 3, dtype=torch.int64), N, memory.dtype))]
    for _ in range(steps):
        _, left, begun = states[-1].registers[:, :, 0].unbind(dim=1)
        shares = begun, (1 - begun) * (1 - left), (1 - begun) * left
        states.append(execute(CHASER, _mixed((begin, follow, end), shares), states[-1]))
    return states


def _mixed(circuits, shares):
    """The circuit (B) in which each choice is the mean of those of circuits (1), weighted by shares (B,) with sum 1."""
    mix = lambda leaves: sum(s[:, None, None] * leaf for s, leaf in zip(shares, leaves))
    inputs = tuple(mix(each) for each in zip(*(c.inputs for c in circuits)))
    return Circuit(inputs, mix([c.registers for c in circuits]))


def _likeliest(e):
    return one_hot(e.argmax(-1), e.shape[-1], e.dtype)


def _choice(known, source, dtype):
    if source not in known:
        raise ValueError(f"no source {source!r} here; there are {', '.join(known)}")
    return one_hot(known.index(source), len(known), dtype)
