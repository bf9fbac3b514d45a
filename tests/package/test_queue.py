"""`nets.queue` against `scratch.stacks` in values and gradients, and its call in pieces."""

import numpy as np
import pytest
import torch

from unrolled.nets import queue
from unrolled.nets.training import drawn
from unrolled.scratch import stacks

EXACT = 1e-10
BY_HAND = {"stack": stacks.stack, "queue": stacks.queue}


def network(kind, seed=1):
    net = drawn(lambda: queue.Transducer(3, 2, hidden=5, width=4, kind=kind), seed).double()
    return net, torch.randn(6, 3, 3, generator=torch.Generator().manual_seed(2)).double()


@pytest.mark.parametrize("kind", queue.KINDS)
@pytest.mark.parametrize("T", [1, 7])
def test_steps_equal_the_memory_by_hand(kind, T):
    rng = np.random.default_rng(0)
    B, m = 3, 2
    controls = stacks.Controls(
        rng.standard_normal((T, B, m)), rng.uniform(0, 1.2, (T, B)), rng.uniform(0, 1.2, (T, B))
    )
    dread = rng.standard_normal((T, B, m))
    read, cache = BY_HAND[kind](controls)
    grads, _ = stacks.backward(cache, dread)
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in controls]
    values, strengths, reads = torch.zeros(B, 0, m).double(), torch.zeros(B, 0).double(), []
    for value, push, pop in zip(*tensors):
        r, values, strengths = queue.step(values, strengths, value, push, pop, kind)
        reads.append(r)
    reads = torch.stack(reads)
    (reads * torch.tensor(dread)).sum().backward()
    np.testing.assert_allclose(reads.detach(), read, rtol=0, atol=EXACT)
    np.testing.assert_allclose(strengths.detach(), cache.memory.strengths, rtol=0, atol=EXACT)
    for tensor, grad in zip(tensors, grads, strict=True):
        np.testing.assert_allclose(tensor.grad, grad, rtol=0, atol=EXACT)


@pytest.mark.parametrize("kind", queue.KINDS)
def test_what_is_watched_is_what_its_memory_did(kind):
    net, x = network(kind)
    o, seen = net.watch(x)
    _, state = net(x)
    push, pop, read = (seen[name].numpy() for name in ("push", "pop", "read"))
    values = state.values.detach().numpy().swapaxes(0, 1).copy()
    exact, cache = BY_HAND[kind](stacks.Controls(values, push, pop))
    np.testing.assert_allclose(read, exact, rtol=0, atol=EXACT)
    np.testing.assert_allclose(state.strengths.detach(), cache.memory.strengths, rtol=0, atol=EXACT)
    assert o.shape == (6, 3, 2) and (pop[0] < push[0]).all()


@pytest.mark.parametrize("kind", queue.KINDS)
def test_a_sequence_in_pieces_is_the_whole(kind):
    net, x = network(kind)
    whole, after = net(x)
    first, state = net(x[:2])
    second, state = net(x[2:], state)
    assert torch.allclose(torch.cat([first, second]), whole, rtol=0, atol=1e-13)
    assert torch.allclose(state.strengths, after.strengths, rtol=0, atol=1e-13)


def test_a_stack_and_a_queue_of_the_same_weights_differ():
    (stack, x), (line, _) = network("stack"), network("queue")
    assert torch.equal(stack.acts.weight, line.acts.weight)
    assert torch.allclose(stack(x)[0][0], line(x)[0][0]) and not torch.allclose(
        stack(x)[0], line(x)[0]
    )


def test_another_kind_is_refused():
    with pytest.raises(ValueError, match="kind is 'heap', expected one of"):
        queue.Transducer(2, 2, kind="heap")
