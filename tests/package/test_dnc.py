"""The differentiable neural computer against loops over slots, a brute-force sort, and sequences set by hand."""

import itertools

import numpy as np
import pytest
import torch

from unrolled import tasks
from unrolled.nets import dnc
from unrolled.recorded.experiments import dnc_freed

EXACT = 1e-10
SIZES = {  # T, B, N, R
    "several": (4, 3, 5, 2),
    "one step": (1, 2, 4, 1),
    "one sequence": (3, 1, 3, 2),
    "one slot": (3, 2, 1, 1),
}
D, K, W, H = 3, 2, 4, 6
array = lambda x: x.detach().numpy()


def weightings(rng, *shape):
    """Weightings (..., N) with sums between 0 and 1."""
    w = rng.dirichlet(np.ones(shape[-1]), size=shape[:-1])
    return torch.tensor(w * rng.random((*shape[:-1], 1)))


# Where to write


def literal_allocation(u):
    """Slots in the order of their usage, found by comparing every pair, each gets what those before it left."""
    N, a = len(u), np.zeros(len(u))
    for i in range(N):
        less = [j for j in range(N) if u[j] < u[i] or (u[j] == u[i] and j < i)]
        a[i] = (1 - u[i]) * np.prod([u[j] for j in less])
    return a


@pytest.mark.parametrize("N", [1, 2, 7])
def test_allocation_is_that_of_a_brute_force_sort(N):
    u = np.random.default_rng(1).random((50, N))
    found = dnc.allocation(torch.tensor(u))
    assert np.abs(array(found) - [literal_allocation(row) for row in u]).max() < EXACT
    assert np.abs(array(found.sum(dim=1)) - (1 - u.prod(axis=1))).max() < EXACT


def test_allocation_with_every_mixture_of_free_half_used_and_used_slots():
    u = np.array(list(itertools.product([0.0, 0.5, 1.0], repeat=4)))
    found = array(dnc.allocation(torch.tensor(u)))
    assert (found == [literal_allocation(row) for row in u]).all()
    full, free = (u == 1).all(axis=1), (u == 0).any(axis=1)
    assert (found[full] == 0).all()
    assert (found[free].argmax(axis=1) == u[free].argmin(axis=1)).all()
    assert (found[free].max(axis=1) == 1).all()


def test_allocation_has_the_gradient_of_its_values():
    u = torch.tensor(np.random.default_rng(2).permuted(np.tile(np.arange(5) / 5, (3, 1)), axis=1))
    assert torch.autograd.gradcheck(dnc.allocation, (u + 0.1).requires_grad_())
    one_free = torch.tensor([[0.3, 0.0, 0.7]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(dnc.allocation, one_free)
    zeros = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    dnc.allocation(zeros)[:, 0].sum().backward()
    assert torch.isfinite(zeros.grad).all()


def test_retention_and_usage_slot_by_slot():
    rng = np.random.default_rng(3)
    B, R, N = 4, 3, 5
    free, read = torch.tensor(rng.random((B, R, 1))), weightings(rng, B, R, N)
    u, w = torch.tensor(rng.random((B, N))), weightings(rng, B, N)
    psi = dnc.retention(free, read)
    after = dnc.usage(u, w, psi)
    for b, i in np.ndindex(B, N):
        kept = 1.0
        for r in range(R):
            kept *= 1 - free[b, r, 0] * read[b, r, i]
        assert abs(psi[b, i] - kept) < EXACT
        unused = (1 - u[b, i]) * (1 - w[b, i])  # neither used before nor written now
        assert abs(after[b, i] - (1 - unused) * kept) < EXACT


# Where to read


def literal_order(L, p, w):
    """Links and precedence after a write, entry by entry."""
    N, new = len(w), np.zeros_like(L)
    for i, j in np.ndindex(N, N):
        if i != j:
            new[i, j] = (1 - w[i] - w[j]) * L[i, j] + w[i] * p[j]
    return new, np.array([(1 - sum(w)) * p[i] + w[i] for i in range(N)])


def test_links_and_precedence_entry_by_entry():
    rng = np.random.default_rng(4)
    B, N = 3, 5
    L, p = torch.zeros(B, N, N, dtype=torch.float64), torch.zeros(B, N, dtype=torch.float64)
    wanted = [(L[b].numpy(), p[b].numpy()) for b in range(B)]
    for _ in range(30):
        w = weightings(rng, B, N)
        L, p = dnc.links(L, p, w), dnc.precedence(p, w)
        wanted = [literal_order(*each, row.numpy()) for each, row in zip(wanted, w)]
        for b in range(B):
            assert np.abs(L[b].numpy() - wanted[b][0]).max() < EXACT
            assert np.abs(p[b].numpy() - wanted[b][1]).max() < EXACT
        assert (L.diagonal(dim1=1, dim2=2) == 0).all() and (L >= 0).all()
        assert L.sum(dim=1).max() <= 1 + EXACT and L.sum(dim=2).max() <= 1 + EXACT
        assert p.sum(dim=1).max() <= 1 + EXACT


def written(order, N):
    """Links and precedence after sharp writes to the slots of `order`."""
    L, p = torch.zeros(1, N, N), torch.zeros(1, N)
    for slot in order:
        w = torch.eye(N)[slot][None]
        L, p = dnc.links(L, p, w), dnc.precedence(p, w)
    return L, p


def walk(L, slot, way):
    """Slots that are visited from one on, way 0 backward or 1 forward, until nothing follows."""
    read, seen = torch.eye(L.shape[1])[slot][None, None], []
    while read.any():
        seen.append(read.argmax().item())
        assert read.max() == 1 and read.sum() == 1
        read = dnc.follow(L, read)[way]
    return seen


def test_links_replay_the_order_of_writing_both_ways():
    order = [3, 1, 4, 0, 2]
    L, p = written(order, 6)
    assert walk(L, 3, way=1) == order
    assert walk(L, 2, way=0) == order[::-1]
    assert walk(L, 5, way=0) == walk(L, 5, way=1) == [5]
    assert p[0].argmax() == 2 and p.sum() == 1


def test_a_slot_that_is_written_again_leaves_its_old_place():
    L, _ = written([0, 1, 2, 3, 1], 4)
    assert walk(L, 2, way=1) == [2, 3, 1]
    assert walk(L, 0, way=1) == [0]  # what followed it has been overwritten
    again, _ = written([0, 0, 1], 2)
    assert walk(again, 0, way=1) == [0, 1]


def test_a_write_of_nothing_changes_no_order():
    L, p = written([2, 0, 1], 3)
    nothing = torch.zeros(1, 3)
    assert (dnc.links(L, p, nothing) == L).all() and (dnc.precedence(p, nothing) == p).all()


def test_content_is_a_softmax_of_cosines():
    rng = np.random.default_rng(5)
    M, key = (
        torch.tensor(rng.standard_normal((2, 4, 3))),
        torch.tensor(rng.standard_normal((2, 2, 3))),
    )
    M[0, 1] = 0
    strength = torch.tensor(1 + rng.random((2, 2, 1)))
    found = dnc.content(M, key, strength)
    for b, r in np.ndindex(2, 2):
        cosine = np.array([literal_cosine(key[b, r].numpy(), row.numpy()) for row in M[b]])
        e = np.exp(strength[b, r, 0].item() * cosine)
        assert np.abs(found[b, r].numpy() - e / e.sum()).max() < EXACT
    assert literal_cosine(key[0, 0].numpy(), M[0, 1].numpy()) == 0


def literal_cosine(a, b):
    return a @ b / np.sqrt((a @ a + dnc.SMALL) * (b @ b + dnc.SMALL))


# Sequences set by hand


def remember(memory, item):
    """One step that writes an item (W,) to a free slot."""
    asked = dnc.idle(1, len(item))
    return dnc.move(memory, asked._replace(write=torch.ones(1, 1).double(), add=item[None]))


def recall(memory, item, free=0.0):
    """One step that reads what is most like item (W,); the step after it, which frees it or not, does nothing."""
    asked = dnc.idle(1, len(item))
    strong = torch.full((1, 1, 1), 1e4).double()
    memory = dnc.move(memory, asked._replace(read_key=item[None, None], read_strength=strong))
    return memory, dnc.move(memory, asked._replace(free=torch.full((1, 1, 1), free).double()))


def test_a_freed_slot_is_written_next_and_a_full_memory_takes_nothing():
    items = torch.eye(5, dtype=torch.float64)
    memory = dnc.empty(1, 3, 5)
    for k in range(3):
        memory = remember(memory, items[k])
        assert memory.write[0].tolist() == np.eye(3)[k].tolist()
    assert torch.equal(memory.M[0], items[:3])
    refused = remember(memory, items[3])
    assert torch.equal(refused.M, memory.M) and (refused.write == 0).all()

    found, after = recall(memory, items[1], free=1.0)
    assert (found.r[0, 0] - items[1]).abs().max() < EXACT
    assert (after.u[0] - torch.tensor([1.0, 0, 1])).abs().max() < EXACT
    reused = remember(after, items[3])
    assert (reused.M[0] - items[[0, 3, 2]]).abs().max() < EXACT
    kept, after = recall(memory, items[1], free=0.0)
    assert torch.equal(after.u, torch.ones(1, 3).double())


def test_reading_forward_replays_what_was_written_and_backward_reverses_it():
    rng = np.random.default_rng(6)
    items = torch.tensor(rng.standard_normal((4, 6)))
    memory = dnc.empty(1, 6, 6)
    for item in items:
        memory = remember(memory, item)
    for mode, start, wanted in ((2, 0, [0, 1, 2, 3]), (0, 3, [3, 2, 1, 0])):
        now, _ = recall(memory, items[start])
        got = [now.r[0, 0]]
        asked = dnc.idle(1, 6)._replace(modes=torch.eye(3).double()[mode][None, None])
        for _ in range(3):
            now = dnc.move(now, asked)
            got.append(now.r[0, 0])
        assert (torch.stack(got) - items[wanted]).abs().max() < 1e-8
        assert dnc.move(now, asked).r.abs().max() < 1e-8  # nothing was written before or after


@pytest.mark.parametrize("free", [True, False])
def test_a_cloakroom_run_by_hand_needs_freed_slots(free):
    """Freeing, every coat comes back; not freeing, those that came after the N-th are lost, and no others."""
    T, N, ticket = 60, 4, 6
    x, y, counted = tasks.cloakroom(np.random.default_rng(10), T, 30, hooks=N, ticket=ticket)
    got, memories = dnc_freed.attendant(x, N, ticket, free=free)
    right = ((got.numpy() > 0) == y).all(axis=2) & (got.abs() > 0.99).all(dim=2).numpy()
    came = (~counted).cumsum(axis=0)  # coats that have come in, up to and with this step
    for t, b in np.argwhere(counted):
        shown = x[t, b, 2 : 2 + ticket]
        number = came[(x[:t, b, 2 : 2 + ticket] == shown).all(axis=1).argmax(), b]
        tickets, kept = memories[t].M[b, :, :ticket].numpy(), free or number <= N
        assert (tickets == shown).all(axis=1).any() == kept and (right[t, b] or not kept)
    assert came[-1].min() > 3 * N
    full = memories[-1].u.sum(dim=1)
    assert free or (full == N).all()


# The network


def network(size, controller="feedforward", free=True):
    T, B, N, R = SIZES[size]
    with torch.random.fork_rng():
        torch.manual_seed(7)
        net = dnc.DNC(
            D, K, N=N, width=W, reads=R, hidden=H, free=free, controller=controller
        ).double()
        for parameter in net.parameters():
            torch.nn.init.normal_(parameter, std=0.7)
    return net, torch.tensor(np.random.default_rng(8).standard_normal((T, B, D)))


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(e):
    e = np.exp(e - np.max(e))
    return e / e.sum()


def literal(net, x):
    """Logits (T, K) of one sequence x (T, D) by the equations of the paper's Methods, slot by slot."""
    get = {name: array(value) for name, value in net.named_parameters()}
    N, R = net.N, net.reads
    M, u, p, L, w = np.zeros((N, W)), np.zeros(N), np.zeros(N), np.zeros((N, N)), np.zeros(N)
    read, r, h, c, out = np.zeros((R, N)), np.zeros(R * W), np.zeros(H), np.zeros(H), []
    for x_t in x:
        a = get["of_x.weight"] @ x_t + get["of_x.bias"] + get["of_r.weight"] @ r
        if net.kind == "lstm":
            i, f, o, candidate = np.split(a + get["of_h.weight"] @ h, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
            h = sigmoid(o) * np.tanh(c)
        else:
            h = np.tanh(a)
        xi = iter(get["interface.weight"] @ h + get["interface.bias"])
        take = lambda count: np.array([next(xi) for _ in range(count)])  # noqa: B023
        keys, strengths = take(R * W).reshape(R, W), 1 + np.log1p(np.exp(take(R)))
        write_key, write_strength = take(W), 1 + np.log1p(np.exp(take(1)[0]))
        erase, add, free = sigmoid(take(W)), take(W), sigmoid(take(R)) * net.free
        g_a, g_w = sigmoid(take(1)[0]), sigmoid(take(1)[0])
        modes = take(3 * R).reshape(R, 3)
        for n in range(N):
            u[n] = u[n] + w[n] - u[n] * w[n]
            for k in range(R):
                u[n] *= 1 - free[k] * read[k, n]
        by_key = softmax([write_strength * literal_cosine(write_key, M[n]) for n in range(N)])
        w = g_w * (g_a * literal_allocation(u) + (1 - g_a) * by_key)
        M = np.array([M[n] * (1 - w[n] * erase) + w[n] * add for n in range(N)])
        L, p = literal_order(L, p, w)
        for k in range(R):
            by_key = softmax([strengths[k] * literal_cosine(keys[k], M[n]) for n in range(N)])
            backward, content, forward = softmax(modes[k])
            read[k] = backward * (L.T @ read[k]) + content * by_key + forward * (L @ read[k])
        r = np.concatenate([sum(read[k, n] * M[n] for n in range(N)) for k in range(R)])
        out.append(get["readout.weight"] @ np.concatenate([h, r]) + get["readout.bias"])
    return np.array(out)


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("controller", dnc.CONTROLLERS)
@pytest.mark.parametrize("size", SIZES)
def test_the_network_follows_the_equations_in_their_order(size, controller, free):
    net, x = network(size, controller, free)
    o, _ = net(x)
    wanted = np.stack([literal(net, x[:, b].numpy()) for b in range(x.shape[1])], axis=1)
    assert np.abs(array(o) - wanted).max() < EXACT


@pytest.mark.parametrize("controller", dnc.CONTROLLERS)
def test_gradients_are_central_differences(controller):
    net, x = network("several", controller)
    names = [name for name, _ in net.named_parameters()]
    up = torch.tensor(np.random.default_rng(9).standard_normal((*x.shape[:2], K)))

    def loss(x, *values):
        o, _ = torch.func.functional_call(net, dict(zip(names, values)), (x,))
        return (o * up).sum()

    inputs = [x.requires_grad_(), *(value.detach().requires_grad_() for value in net.parameters())]
    assert torch.autograd.gradcheck(loss, inputs, fast_mode=True)


@pytest.mark.parametrize("controller", dnc.CONTROLLERS)
def test_many_steps_are_one_step_many_times(controller):
    net, x = network("several", controller)
    o, state = net(x)
    now, logits = net.initial_state(x.shape[1]), []
    for x_t in x:
        o_t, now = net(x_t[None], now)
        logits.append(o_t)
    assert (torch.cat(logits) - o).abs().max() < EXACT
    assert all((a - b).abs().max() < EXACT for a, b in zip(now.memory, state.memory))


def test_sequences_of_a_batch_do_not_meet():
    net, x = network("several")
    o, _ = net(x)
    alone, _ = net(x[:, 1:2])
    assert (o[:, 1:2] - alone).abs().max() < EXACT


def test_watching_shows_what_a_call_computes():
    net, x = network("several")
    o, film = net.watch(x)
    wanted, state = net(x)
    T, B, N, R = SIZES["several"]
    assert torch.allclose(o, wanted, atol=EXACT)
    names = ("M", "usage", "precedence", "links", "write", "read")
    for name, value in zip(names, state.memory):
        assert np.abs(film[name][-1] - array(value)).max() < EXACT
    assert film["read"].shape == (T, B, R, N) and film["modes"].shape == (T, B, R, 3)
    assert film["free"].shape == (T, B, R) and film["gate"].shape == (T, B)
    assert np.abs(film["modes"].sum(axis=3) - 1).max() < EXACT
    for t in range(1, T):  # usage by the gates that the film shows
        psi = (1 - film["free"][t, :, :, None] * film["read"][t - 1]).prod(axis=1)
        u, w = film["usage"][t - 1], film["write"][t - 1]
        assert np.abs(film["usage"][t] - (u + w - u * w) * psi).max() < EXACT


def test_without_freeing_usage_never_falls():
    net, x = network("several", free=False)
    _, film = net.watch(x.repeat(5, 1, 1))
    assert (np.diff(film["usage"], axis=0) >= 0).all() and (film["free"] == 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_at_the_empty_memory_are_finite(dtype):
    net, x = network("one step")
    net = net.to(dtype)
    o, state = net(torch.zeros_like(x, dtype=dtype))
    assert o.dtype == state.memory.M.dtype == dtype
    o.square().sum().backward()
    assert all(p.grad is None or torch.isfinite(p.grad).all() for p in net.parameters())


def test_an_opened_network_asks_to_write_to_free_slots_and_to_read_by_content():
    make = lambda: dnc.DNC(D, K, N=3, width=W, reads=2, hidden=H).double()
    more = {"inputs": 2, "interface": 3, "strength": 4, "gates": 2, "content": 5}
    with torch.random.fork_rng():
        torch.manual_seed(11)
        plain = make()
        torch.manual_seed(11)
        net = dnc_freed.opened(make(), **more)
    assert torch.equal(net.of_x.weight, 2 * plain.of_x.weight)
    assert torch.equal(net.interface.weight, 3 * plain.interface.weight)
    before, after = (each.ask(torch.zeros(1, H).double()) for each in (plain, net))
    for name in ("allocate", "write"):
        change = torch.logit(getattr(after, name)) - torch.logit(getattr(before, name))
        assert (change - 2).abs().max() < EXACT
    for name in ("read_strength", "write_strength"):
        change = (
            getattr(after, name).sub(1).expm1().log() - getattr(before, name).sub(1).expm1().log()
        )
        assert (change - 4).abs().max() < EXACT
    assert (after.modes.log() - before.modes.log()).diff(dim=2).abs().sub(5).abs().max() < EXACT
    for name in ("read_key", "write_key", "erase", "add", "free"):
        assert torch.equal(getattr(before, name), getattr(after, name))


def test_another_controller_is_refused():
    with pytest.raises(ValueError, match="controller is 'gru'"):
        dnc.DNC(D, K, N=2, width=W, controller="gru")
