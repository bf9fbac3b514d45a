"""`nets.nram` against loops over numbers and distributions, and programs that run on it."""

import numpy as np
import pytest
import torch

from unrolled import tasks
from unrolled.nets.nram import (
    FUNCTIONS,
    NRAM,
    State,
    execute,
    lifted,
    listing,
    one_hot,
    pointer_chaser,
    read,
    wired,
    write,
)
from unrolled.nets.training import drawn, train

EXACT = 1e-10
N = 6
REGISTERS = ("p", "q")
MODULES = {"zero": "zero", "read": "read", "write": "write"}
DOUBLE = torch.float64


def distributions(rng, *shape):
    return torch.tensor(rng.dirichlet(np.ones(N), shape))


def test_read_and_write_are_expectations_over_cells():
    rng = np.random.default_rng(1)
    memory, p, a = distributions(rng, 2, N), distributions(rng, 2), distributions(rng, 2)
    found, changed = read(memory, p), write(memory, p, a)
    for b in range(2):
        wanted = sum(p[b, n] * memory[b, n] for n in range(N))
        assert (found[b] - wanted).abs().max() < EXACT
        for n in range(N):
            wanted = (1 - p[b, n]) * memory[b, n] + p[b, n] * a[b]
            assert (changed[b, n] - wanted).abs().max() < EXACT
    for each in (found, changed):
        assert ((each.sum(-1) - 1).abs() < EXACT).all() and (each >= 0).all()


def test_one_hot_pointers_read_and_write_one_cell():
    rng = np.random.default_rng(2)
    cells, p, a = rng.integers(N, size=(3, N)), rng.integers(N, size=3), rng.integers(N, size=3)
    memory = one_hot(cells, N)
    assert torch.equal(read(memory, one_hot(p, N)), one_hot(cells[range(3), p], N))
    cells[range(3), p] = a
    assert torch.equal(write(memory, one_hot(p, N), one_hot(a, N)), one_hot(cells, N))


WANTED = {
    "zero": lambda a, b: 0,
    "one": lambda a, b: 1,
    "two": lambda a, b: 2,
    "inc": lambda a, b: 0 if a == N - 1 else a + 1,
    "dec": lambda a, b: N - 1 if a == 0 else a - 1,
    "add": lambda a, b: (a + b) % N,
    "sub": lambda a, b: a - b if a >= b else a - b + N,
    "less": lambda a, b: int(a < b),
    "at_most": lambda a, b: int(a <= b),
    "equal": lambda a, b: int(a == b),
    "min": min,
    "max": max,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_modules_are_functions_of_numbers_and_of_distributions(name):
    rng = np.random.default_rng(3)
    a, b = distributions(rng, 2), distributions(rng, 2)
    circuit = wired(REGISTERS, {"m": name}, {"m": ("p", "q")}, {"p": "m"}, dtype=DOUBLE)
    after = execute({"m": name}, circuit, State(distributions(rng, 2, N), torch.stack([a, b], 1)))
    wanted = np.zeros((2, N))
    for i in range(N):
        for j in range(N):
            assert lifted(name, N)[i, j].argmax() == WANTED[name](i, j)
            wanted[:, WANTED[name](i, j)] += (a[:, i] * b[:, j]).numpy()
    assert np.abs(after.registers[:, 0].numpy() - wanted).max() < EXACT
    assert torch.equal(after.registers[:, 1], b)


def test_every_function_is_tested():
    assert set(WANTED) == set(FUNCTIONS)


def test_a_constant_must_be_a_number_of_the_memory():
    with pytest.raises(ValueError, match="'two' gives 2, but numbers are below N = 2"):
        lifted("two", 2)


def test_soft_choices_are_expectations_over_circuits():
    rng = np.random.default_rng(4)
    net = drawn(lambda: NRAM(2, MODULES, hidden=4), 5).double()
    state = State(distributions(rng, 3, N), distributions(rng, 3, 2))
    circuit = net.circuit(state.registers)
    after = execute(MODULES, circuit, state)
    for b in range(3):
        sources = list(state.registers[b])
        memory = state.memory[b].clone()
        for name, weights in zip(MODULES, circuit.inputs):
            left, right = (sum(w * s for w, s in zip(weights[b, side], sources)) for side in (0, 1))
            if name == "zero":
                sources.append(torch.eye(N, dtype=DOUBLE)[0])
            elif name == "read":
                sources.append(sum(left[n] * memory[n] for n in range(N)))
            else:
                memory = torch.stack(
                    [(1 - left[n]) * memory[n] + left[n] * right for n in range(N)]
                )
                sources.append(right)
        assert (after.memory[b] - memory).abs().max() < EXACT
        for i in range(2):
            wanted = sum(w * s for w, s in zip(circuit.registers[b, i], sources))
            assert (after.registers[b, i] - wanted).abs().max() < EXACT


def test_gradients_are_central_differences():
    rng = np.random.default_rng(6)
    net = drawn(lambda: NRAM(1, MODULES, hidden=2), 7).double()
    names, values = zip(*net.named_parameters())
    run = lambda memory, *p: torch.func.functional_call(
        net, dict(zip(names, p)), (memory,), {"steps": 2}
    )[0]
    memory = distributions(rng, 1, N).requires_grad_()
    assert torch.autograd.gradcheck(run, (memory, *values))


def chased(cells, k):
    """The address after k links from cell 0, by integers."""
    at = 0
    for _ in range(k):
        at = cells[at]
    return at


@pytest.mark.parametrize("k", [1, 2, 5])
def test_lists_lead_where_they_say(k):
    x, y = tasks.linked_lists(np.random.default_rng(8), 6, k, 20)
    assert [chased(cells, k) for cells in x] == y.tolist()
    assert (
        np.sort(x, axis=1) == np.arange(6)
    ).all()  # one circle through all cells: no node comes twice


@pytest.mark.parametrize("k", [0, 6])
def test_lists_have_as_many_links_as_nodes(k):
    with pytest.raises(ValueError, match=f"k is {k}, expected 1..5 links in 6 cells"):
        tasks.linked_lists(np.random.default_rng(0), 6, k, 1)


@pytest.mark.parametrize("size", [4, 9, 40])
def test_the_program_by_hand_follows_any_number_of_links_exactly(size):
    rng, B = np.random.default_rng(9), 12
    cells = rng.integers(size, size=(B, size))
    cells[:, 1] = rng.integers(size, size=B)  # k, links to follow after the pointer of cell 0
    k = cells[:, 1]
    states = pointer_chaser(one_hot(cells, size), steps=k.max() + 2)
    for b in range(B):
        wanted = cells[b].copy()
        wanted[0] = chased(cells[b], k[b] + 1)
        assert torch.equal(states[-1].memory[b], one_hot(wanted, size))


def test_a_soft_memory_blurs_with_every_link():
    x, y = tasks.linked_lists(np.random.default_rng(10), 12, 8, 5)
    sure = 0.95
    memory = sure * one_hot(x, 12, DOUBLE) + (1 - sure) / 12
    state = State(memory, one_hot(np.zeros((5, 1), int), 12, DOUBLE))
    circuit = wired(("p",), {"read": "read"}, {}, {"p": "read"}, dtype=DOUBLE)
    for k in range(1, 9):
        state = execute({"read": "read"}, circuit, state)
        likeliest = state.registers[:, 0].max(dim=1).values
        wanted = (
            sure**k + (1 - sure**k) / 12
        )  # the memory is a mixture with the uniform distribution
        assert (likeliest - wanted).abs().max() < EXACT
    assert (state.registers[:, 0].argmax(dim=1).numpy() == y).all()


def test_wires_name_what_is_there():
    with pytest.raises(ValueError, match="no source 'write' here; there are p, q, zero"):
        wired(REGISTERS, MODULES, {"read": ("write",)})


def test_a_listing_is_the_program():
    circuit = wired(REGISTERS, MODULES, {"read": ("q",), "write": ("zero", "read")}, {"q": "read"})
    assert listing(circuit, REGISTERS, MODULES) == [
        "zero = zero()",
        "read = read(q)",
        "write = write(zero, read)",
        "q <- read",
    ]


def test_a_program_learned_in_a_small_memory_runs_in_a_large_one():
    rng = np.random.default_rng(11)
    net = drawn(lambda: NRAM(2, MODULES), 11)

    def loss(k):
        links = int(rng.integers(1, 4))
        x, y = tasks.linked_lists(rng, 6, links, 16)
        memories, _ = net(one_hot(x, 6), steps=links)
        return -torch.log(memories[-1][range(16), 0, y] + 1e-6).mean()

    losses = train(net, loss, 80, lr=0.03)
    assert losses[-10:].mean() < 0.1 < 0.5 < losses[:5].mean()
    x, y = tasks.linked_lists(np.random.default_rng(12), 30, 25, 8)
    memories, _ = net(one_hot(x, 30), steps=25, sharp=True)
    assert (memories[-1][:, 0].argmax(dim=1).numpy() == y).all()
