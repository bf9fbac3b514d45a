"""Layers in both directions, each of which reads the states of the one below in pairs, at half the rate.

    h^k_i = layer in both directions of [h^{k-1}_{2i}; h^{k-1}_{2i+1}],  i = 0, 1, ...

With n layers above the first, 2^n steps of the input become one step at the top.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import bidirectional, gru
from unrolled.scratch.masking import checked_lengths
from unrolled.scratch.workspace import FRESH

__all__ = ["Cache", "Params", "State", "backward", "forward", "init", "pair", "unpair"]


class Params(NamedTuple):  # gradients use this type too
    """The layers, of the type that runs in both directions, from the bottom to the top."""

    layers: tuple


class State(NamedTuple):
    """The state of each layer, as `bidirectional` has it."""

    layers: tuple


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    layers: tuple  # of the layers' caches
    steps: tuple  # of what each layer reads
    state: State
    lengths: np.ndarray | None  # (B,) steps that count at the top


def init(rng, D, H, layers=3, dtype=np.float64, cell=gru, **options):
    """Draw `layers` layers of H units in each direction, the first of which reads D numbers a step.

    cell: the module that runs in the two directions, options: for its `init`. Raises ValueError if layers < 1.
    """
    if layers < 1:
        raise ValueError(f"layers is {layers}, expected at least 1")
    sizes = [D, *[4 * H] * (layers - 1)]  # two steps of 2 H
    return Params(
        tuple(bidirectional.init(rng, size, H, dtype=dtype, cell=cell, **options) for size in sizes)
    )


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the layers over a batch of sequences.

    x (T, B, D); state: where each layer starts, zero if None; lengths (B,) steps that count, all if None.
    Returns h (T', B, 2 H), where T is halved and rounded up once for each layer above the first, zero at steps that
    don't count, and a cache for `backward`; cache.lengths are the steps that count at the top. Raises as the layers do.
    Source: Chan, Jaitly, Le & Vinyals (2016), equation (5); equation (15.42).
    """
    states = (None,) * len(params.layers) if state is None else state.layers
    workspace = FRESH if workspace is None else workspace
    caches, steps, h = [], [], x
    for k, (part, start) in enumerate(zip(params.layers, states, strict=True)):
        if k:
            h, lengths = pair(h, lengths)  # (15.42)
        steps.append(len(h))
        h, cache = bidirectional.forward(part, h, start, lengths, workspace.part(f"layer{k}"))
        caches.append(cache)
    ends = State(tuple(cache.state for cache in caches))
    return h, Cache(tuple(caches), (*steps,), ends, lengths)


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through all layers.

    dh (T', B, 2 H): gradient of h; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters, dx (T, B, D) and dstate0. Raises as the layers do.
    """
    dends = (None,) * len(params.layers) if dstate is None else dstate.layers
    grads, starts = [], []
    for k in reversed(range(len(params.layers))):
        part, dx, start = bidirectional.backward(params.layers[k], cache.layers[k], dh, dends[k])
        grads.insert(0, part)
        starts.insert(0, start)
        dh = unpair(dx, cache.steps[k - 1]) if k else None
    return Params(tuple(grads)), dx, State(tuple(starts))


def pair(x, lengths=None):
    """Steps 2i and 2i+1 of x (T, B, D) side by side: (T', B, 2 D), T' = T / 2 rounded up; zeros follow a last odd step.

    lengths (B,), steps that count, are halved and rounded up too. Returns both; lengths None stays None.
    """
    T, B, D = x.shape
    if lengths is not None:
        lengths = -(-checked_lengths(lengths, T, B) // 2)
    if T % 2:
        x = np.concatenate([x, np.zeros((1, B, D), x.dtype)])
    pairs = x.reshape(-1, 2, B, D).transpose(0, 2, 1, 3)  # (T', B, 2, D)
    return np.ascontiguousarray(pairs).reshape(len(pairs), B, 2 * D), lengths


def unpair(x, T):
    """The T steps (T, B, D) of pairs x (T', B, 2 D): what `pair` put together, and the way back of its gradient."""
    steps, B, D = x.shape
    single = x.reshape(steps, B, 2, D // 2).transpose(0, 2, 1, 3).reshape(2 * steps, B, D // 2)
    return np.ascontiguousarray(single[:T])
