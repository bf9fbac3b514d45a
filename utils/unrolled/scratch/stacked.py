"""Layers on top of each other: layer l reads what layer l - 1 puts out at the same step.

Any layer module of this package can be stacked, `bidirectional` too; the types of the parameters say which they are.
`SkipParams` is a stack with skip connections: every layer also reads x, and the output holds the states of all layers.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import bidirectional, rnn
from unrolled.scratch.composition import layer_of, part_from_torch, width
from unrolled.scratch.workspace import FRESH

__all__ = ["Cache", "Params", "SkipParams", "State", "backward", "forward", "from_torch", "init"]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of the layers from bottom to top."""

    layers: tuple


class SkipParams(NamedTuple):
    """Parameters of the layers of a stack with skip connections, from bottom to top."""

    layers: tuple


class State(NamedTuple):
    """States of the layers from bottom to top."""

    layers: tuple


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    layers: tuple
    state: State
    widths: tuple  # outputs of each layer


def init(rng, D, H, dtype=np.float64, layers=2, layer=rnn, skip=False, **options):
    """Draw a stack of layers of H units each over D inputs.

    layers: how many, at least 1; layer: their module, options: for its `init`; skip: with skip connections.
    Raises ValueError for less than one layer.
    """
    if layers < 1:
        raise ValueError(f"layers is {layers}, expected at least 1")
    drawn, reads = [], D
    for _ in range(layers):
        drawn.append(layer.init(rng, reads, H, dtype=dtype, **options))
        reads = width(drawn[-1], reads) + (D if skip else 0)
    return (SkipParams if skip else Params)(tuple(drawn))


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the stack over a batch of sequences.

    x (T, B, D), T >= 1; state: where each layer starts, zero if None; lengths (B,) steps that count, all if None.
    Returns the top layer's h (T, B, H), with skip connections those of all layers side by side from bottom to top,
    and a cache for `backward`; cache.state holds the final state of each layer. Raises as the layers do, and
    ValueError if params is no stack or `state` has not one state a layer.
    Source: Graves, Mohamed & Hinton (2013); equations (9.5) and (9.6).
    """
    skip = _has_skip(params)
    states = [None] * len(params.layers) if state is None else state.layers
    if len(states) != len(params.layers):
        raise ValueError(f"state has {len(states)} layers, params have {len(params.layers)}")
    workspace = FRESH if workspace is None else workspace
    outputs, caches, reads = [], [], x
    for number, (part, start) in enumerate(zip(params.layers, states)):
        h, cache = layer_of(part).forward(
            part, reads, start, lengths, workspace.part(str(number))
        )  # (9.5)
        outputs.append(h)
        caches.append(cache)
        reads = np.concatenate([h, x], axis=-1) if skip else h  # (9.6)
    out = np.concatenate(outputs, axis=-1) if skip else outputs[-1]  # (9.6)
    ends = State(tuple(cache.state for cache in caches))
    return out, Cache(tuple(caches), ends, tuple(h.shape[-1] for h in outputs))


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through the stack, from the top layer to the bottom one.

    dh: gradient of what `forward` returned; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters, dx (T, B, D) and dstate0. Raises as the layers do.
    """
    skip, count = _has_skip(params), len(params.layers)
    dstates = [None] * count if dstate is None else dstate.layers
    shares = _shares(dh, cache.widths, skip)
    grads, firsts, dx, from_above = [None] * count, [None] * count, 0, None
    for number in reversed(range(count)):
        part = params.layers[number]
        dh_layer = _sum(shares[number], from_above)
        grads[number], dreads, firsts[number] = layer_of(part).backward(
            part, cache.layers[number], dh_layer, dstates[number]
        )
        if number == 0:
            dx = dreads + dx
        elif skip:
            below = cache.widths[number - 1]
            dx = dreads[..., below:] + dx
            from_above = np.ascontiguousarray(dreads[..., :below])
        else:
            from_above = dreads
    return type(params)(tuple(grads)), dx, State(tuple(firsts))


def from_torch(module):
    """Parameters of a torch.nn.RNN, LSTM or GRU of any depth, in one direction or two.

    Raises ValueError as `composition.part_from_torch` does.
    """
    two_ways = getattr(module, "bidirectional", False)
    layer = bidirectional.from_torch if two_ways else part_from_torch
    return Params(tuple(layer(module, k) for k in range(getattr(module, "num_layers", 1))))


def _has_skip(params):
    if not isinstance(params, (Params, SkipParams)):
        raise ValueError(f"params is a {type(params).__name__}, expected Params or SkipParams")
    return isinstance(params, SkipParams)


def _shares(dh, widths, skip):
    """What of dh belongs to the states of each layer: an array or None."""
    if dh is None:
        return [None] * len(widths)
    if not skip:
        return [None] * (len(widths) - 1) + [dh]
    if dh.shape[-1] != sum(widths):
        raise ValueError(f"dh has {dh.shape[-1]} columns, the layers put out {sum(widths)}")
    return [np.ascontiguousarray(part) for part in np.split(dh, np.cumsum(widths)[:-1], axis=-1)]


def _sum(a, b):
    """a + b, where None stands for zero."""
    if a is None or b is None:
        return b if a is None else a
    return a + b
