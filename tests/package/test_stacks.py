"""`scratch.stacks` against the published equations as loops, Python's own containers, central differences and torch."""

import collections

import numpy as np
import pytest
import torch

from unrolled.scratch import gradcheck, nested, stacks

EXACT = 1e-10
KINDS = {"stack": stacks.stack, "queue": stacks.queue, "deque": stacks.deque}
SIZES = {  # T, B, m, slots before
    "several": (6, 3, 2, 0),
    "some before": (5, 2, 3, 3),
    "one step": (1, 2, 2, 1),
    "one sequence": (4, 1, 1, 0),
    "one of each": (1, 1, 1, 0),
}
CASES = [(kind, size) for kind in KINDS for size in SIZES]


def problem(kind, size, seed=1, dtype=np.float64):
    """Controls, a memory, and random upstream gradients of the reads and of the memory at the end."""
    T, B, m, n = SIZES[size]
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    amount = lambda *shape: rng.uniform(0, 1.2, shape).astype(dtype)
    side = lambda: stacks.Controls(draw(T, B, m), amount(T, B), amount(T, B))
    controls = stacks.Ends(side(), side()) if kind == "deque" else side()
    slots = n + (2 * T if kind == "deque" else T)
    dread = stacks.Ends(draw(T, B, m), draw(T, B, m)) if kind == "deque" else draw(T, B, m)
    memory = stacks.Memory(draw(B, n, m), amount(B, n))
    return controls, memory, dread, stacks.Memory(draw(B, slots, m), draw(B, slots))


def pop_loop(s, u, order):
    """Strengths of one sequence after a pop of u that meets the slots in this order; any numbers."""
    found, left = list(s), u
    for i in order:
        found[i] = max(0.0, s[i] - max(0.0, left))
        left = left - s[i]
    return found


def read_loop(V, s, order):
    """What is read from one sequence."""
    r, left = np.zeros(V[0].shape), 1.0
    for i in order:
        r = r + min(s[i], max(0.0, left)) * V[i]
        left = left - s[i]
    return r


def loops(kind, controls, memory):
    """Reads by end, (T, B, m), and for each sequence the values and the strengths at the end, as published."""
    ends = {"top": controls} if kind != "deque" else controls._asdict()
    T, B, m = ends["top"].value.shape
    read_at = {"stack": ["top"], "queue": ["bottom"], "deque": ["top", "bottom"]}[kind]
    reads, after = {end: np.zeros((T, B, m)) for end in read_at}, []
    for b in range(B):
        V, s = list(memory.values[b]), list(memory.strengths[b])
        for t in range(T):
            down, up = list(range(len(s)))[::-1], list(range(len(s)))
            if kind == "queue":
                s = pop_loop(s, controls.pop[t, b], up)
            else:
                s = pop_loop(s, ends["top"].pop[t, b], down)
            if kind == "deque":
                s = pop_loop(s, controls.bottom.pop[t, b], up)
                V, s = [controls.bottom.value[t, b], *V], [controls.bottom.push[t, b], *s]
            V, s = [*V, ends["top"].value[t, b]], [*s, ends["top"].push[t, b]]
            for end in read_at:
                order = range(len(s))
                reads[end][t, b] = read_loop(V, s, order if end == "bottom" else order[::-1])
        after.append((np.array(V), np.array(s)))
    return reads, after


def in_torch(kind, controls, memory):
    """Reads in the order of the ends, and the memory at the end, from tensors, with autograd's own rules."""
    sides = [controls] if kind != "deque" else list(controls)
    V, s = memory
    reads = []
    for t in range(len(sides[0].value)):
        flips = {"stack": [False], "queue": [True], "deque": [False, True]}[kind]
        for flip, side in zip(flips, sides):
            s = s - portion_torch(s, side.pop[t], flip)
        if kind == "deque":
            V = torch.cat([sides[1].value[t][:, None], V], dim=1)
            s = torch.cat([sides[1].push[t][:, None], s], dim=1)
        V = torch.cat([V, sides[0].value[t][:, None]], dim=1)
        s = torch.cat([s, sides[0].push[t][:, None]], dim=1)
        one = torch.ones(len(s), dtype=s.dtype)
        reads.append([(portion_torch(s, one, flip)[..., None] * V).sum(1) for flip in flips])
    reads = [torch.stack(each) for each in zip(*reads)]
    return (stacks.Ends(*reads) if kind == "deque" else reads[0]), stacks.Memory(V, s)


def portion_torch(s, amount, flip):
    s = s if flip else s.flip(-1)
    room = amount[:, None] - (s.cumsum(-1) - s)
    found = torch.minimum(s, torch.relu(room))
    return found if flip else found.flip(-1)


def loss_of(kind, dread, dmemory):
    """The sum of everything that comes out, weighted by the upstream gradients."""

    def loss(tree):
        read, cache = KINDS[kind](*tree)
        pairs = zip(nested.leaves((read, cache.memory)), nested.leaves((dread, dmemory)))
        return float(sum((a * b).sum() for a, b in pairs))

    return loss


def assert_equal(ours, exact, tolerance=EXACT):
    for (path, a), (_, b) in zip(nested.paths(ours), nested.paths(exact), strict=True):
        assert a.shape == b.shape, path
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=path)


@pytest.mark.parametrize(("kind", "size"), CASES)
def test_values_equal_the_published_equations_as_loops(kind, size):
    controls, memory, *_ = problem(kind, size)
    read, cache = KINDS[kind](controls, memory)
    exact, after = loops(kind, controls, memory)
    assert_equal(list(read) if kind == "deque" else [read], list(exact.values()), 1e-13)
    for b, (values, strengths) in enumerate(after):
        assert_equal(
            (cache.memory.values[b], cache.memory.strengths[b]), (values, strengths), 1e-13
        )


@pytest.mark.parametrize(("kind", "size"), CASES)
def test_gradients_equal_central_differences(kind, size):
    controls, memory, dread, dmemory = problem(kind, size)
    _, cache = KINDS[kind](controls, memory)
    gradients = stacks.backward(cache, dread, dmemory)
    assert type(gradients[0]) is type(controls) and type(gradients[1]) is stacks.Memory
    assert gradcheck.check(loss_of(kind, dread, dmemory), (controls, memory), gradients) < 1e-6


@pytest.mark.parametrize(("kind", "size"), CASES)
def test_values_and_gradients_equal_torch(kind, size):
    controls, memory, dread, dmemory = problem(kind, size)
    read, cache = KINDS[kind](controls, memory)
    gradients = stacks.backward(cache, dread, dmemory)
    tensors = nested.tree_map(
        lambda leaf: torch.tensor(leaf, requires_grad=True), (controls, memory)
    )
    theirs = in_torch(kind, *tensors)
    pairs = zip(nested.leaves(theirs), nested.leaves((dread, dmemory)), strict=True)
    sum((a * torch.tensor(b)).sum() for a, b in pairs).backward()
    assert_equal((read, cache.memory), nested.tree_map(lambda a: a.detach().numpy(), theirs))
    assert_equal(gradients, nested.tree_map(lambda a: a.grad.numpy(), tensors))


@pytest.mark.parametrize("kind", KINDS)
def test_whole_pushes_and_pops_are_those_of_pythons_deque(kind):
    """Up to one pop and one push at each end and step, of whole values, also where nothing is left."""
    rng = np.random.default_rng(3)
    T, B = 60, 5
    whole = lambda: stacks.Controls(
        rng.standard_normal((T, B, 2)), *rng.integers(2, size=(2, T, B)).astype(float)
    )
    controls = stacks.Ends(whole(), whole()) if kind == "deque" else whole()
    read, _ = KINDS[kind](controls)
    top, bottom = controls if kind == "deque" else (controls, None)
    for b in range(B):
        held = collections.deque()
        for t in range(T):
            if top.pop[t, b] and held:
                held.popleft() if kind == "queue" else held.pop()
            if kind == "deque" and bottom.pop[t, b] and held:
                held.popleft()
            if top.push[t, b]:
                held.append(top.value[t, b])
            if kind == "deque" and bottom.push[t, b]:
                held.appendleft(bottom.value[t, b])
            nothing = np.zeros(2)
            if kind in ("stack", "deque"):
                ours = read.top if kind == "deque" else read
                assert (ours[t, b] == (held[-1] if held else nothing)).all()
            if kind in ("queue", "deque"):
                ours = read.bottom if kind == "deque" else read
                assert (ours[t, b] == (held[0] if held else nothing)).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("T", [1, 2, 40])
def test_a_stack_reverses_and_a_queue_copies_exactly(T, dtype):
    x = np.random.default_rng(0).standard_normal((T, 2, 3)).astype(dtype)
    controls = stacks.store_then_recall(x)
    assert (stacks.stack(controls)[0][T:] == x[::-1]).all()
    assert (stacks.queue(controls)[0][T:] == x).all()


@pytest.mark.parametrize("kind", ["stack", "queue"])
def test_a_deque_that_is_used_at_one_side_is_a_stack_or_a_queue(kind):
    controls, memory, *_ = problem(kind, "some before")
    nothing = np.zeros_like(controls.push)
    none = stacks.Controls(np.zeros_like(controls.value), nothing, nothing)
    if kind == "stack":
        sides = stacks.Ends(controls, none)
    else:
        sides = stacks.Ends(controls._replace(pop=nothing), none._replace(pop=controls.pop))
    reads, _ = stacks.deque(sides, memory)
    assert_equal(
        reads.top if kind == "stack" else reads.bottom, KINDS[kind](controls, memory)[0], 1e-14
    )


@pytest.mark.parametrize("kind", KINDS)
def test_step_by_step_equals_all_steps_at_once(kind):
    controls, memory, *_ = problem(kind, "some before")
    whole, cache = KINDS[kind](controls, memory)
    pieces, held = [], memory
    for t in range(SIZES["some before"][0]):
        step = nested.tree_map(lambda leaf, t=t: leaf[t : t + 1], controls)
        read, part = KINDS[kind](step, held)
        pieces.append(read)
        held = part.memory
    joined = nested.tree_map(lambda *steps: np.concatenate(steps), *pieces)
    assert_equal((joined, held), (whole, cache.memory), 1e-14)


@pytest.mark.parametrize("end", ["top", "bottom"])
def test_a_portion_is_what_was_demanded_or_all_there_is(end):
    rng = np.random.default_rng(4)
    s = rng.uniform(size=(50, 6)) * (rng.random((50, 6)) < 0.7)
    amount = rng.uniform(0, 4, 50)
    p = stacks.portion(s, amount, end)
    assert (p >= 0).all() and (p <= s).all()
    np.testing.assert_allclose(p.sum(axis=1), np.minimum(amount, s.sum(axis=1)), atol=1e-14)
    ordered = p if end == "bottom" else p[:, ::-1]
    capacity = s if end == "bottom" else s[:, ::-1]
    for taken, there in zip(ordered, capacity):
        short = np.flatnonzero(taken < there - 1e-12)
        assert not len(short) or not taken[short[0] + 1 :].any()  # nothing behind one that is left


def test_too_little_strength_reads_less_than_a_value():
    side = stacks.Controls(np.ones((1, 1, 1)), np.full((1, 1), 0.3), np.zeros((1, 1)))
    assert stacks.stack(side)[0].item() == pytest.approx(0.3)
    assert stacks.queue(side)[0].item() == pytest.approx(0.3)


@pytest.mark.parametrize("kind", KINDS)
def test_upstream_gradients_that_are_none_are_zero(kind):
    controls, memory, dread, dmemory = problem(kind, "some before")
    _, cache = KINDS[kind](controls, memory)
    zero = nested.tree_map(np.zeros_like, (dread, dmemory))
    assert_equal(stacks.backward(cache, dread), stacks.backward(cache, dread, zero[1]), 0)
    assert_equal(stacks.backward(cache, None, dmemory), stacks.backward(cache, zero[0], dmemory), 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", KINDS)
def test_arguments_are_left_alone_and_dtypes_stay(kind, dtype):
    args = problem(kind, "some before", dtype=dtype)
    before = nested.tree_map(np.copy, args)
    controls, memory, dread, dmemory = args
    read, cache = KINDS[kind](controls, memory)
    strengths = cache.strengths.copy()
    results = (read, cache.memory, stacks.backward(cache, dread, dmemory))
    assert {leaf.dtype for leaf in nested.leaves(results)} == {np.dtype(dtype)}
    assert_equal(args, before, 0)
    assert_equal(stacks.backward(cache, dread, dmemory), results[2], 0)
    assert (cache.strengths == strengths).all()


def test_errors_say_what_came_and_what_was_expected():
    controls, memory, dread, dmemory = problem("stack", "some before")
    with pytest.raises(ValueError, match=r"value has shape \(5, 2\)"):
        stacks.stack(controls._replace(value=controls.push))
    with pytest.raises(ValueError, match="T and B at least 1"):
        stacks.queue(nested.tree_map(lambda leaf: leaf[:0], controls))
    with pytest.raises(ValueError, match=r"pop is float64 of shape \(4, 2\)"):
        stacks.stack(controls._replace(pop=controls.pop[1:]))
    with pytest.raises(ValueError, match="push is float32"):
        stacks.stack(controls._replace(push=controls.push.astype(np.float32)))
    with pytest.raises(ValueError, match="push has a value -1.0, expected at least 0"):
        stacks.stack(controls._replace(push=0 * controls.push - 1))
    with pytest.raises(ValueError, match="memory.strengths is float64 of shape"):
        stacks.stack(controls, memory._replace(strengths=memory.strengths[:, 1:]))
    with pytest.raises(ValueError, match="memory.values is float64 of shape"):
        stacks.stack(controls, memory._replace(values=memory.values[:1]))
    _, cache = stacks.stack(controls, memory)
    with pytest.raises(ValueError, match="dread is float64 of shape"):
        stacks.backward(cache, dread[1:])
    with pytest.raises(ValueError, match="dmemory.strengths is float64 of shape"):
        stacks.backward(cache, dread, dmemory._replace(strengths=dmemory.strengths[1:]))
