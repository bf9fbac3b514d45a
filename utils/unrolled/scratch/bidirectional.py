"""Two layers over one sequence, one from its start and one from its end, side by side at every step.

Any layer module of this package can run in the two directions; the type of its parameters says which one it is.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import rnn
from unrolled.scratch.composition import layer_of, part_from_torch, turned
from unrolled.scratch.workspace import FRESH

__all__ = ["Cache", "Params", "State", "backward", "forward", "from_torch", "init", "turned"]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of the two directions, of the type of the layer that runs in them."""

    forward: tuple
    backward: tuple


class State(NamedTuple):
    """States of the two directions: after the last step, and after the first."""

    forward: tuple | None
    backward: tuple | None


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    forward: tuple
    backward: tuple  # of the turned sequence
    state: State
    lengths: np.ndarray | None
    split: int  # outputs of the forward direction


def init(rng, D, H, dtype=np.float64, cell=rnn, **options):
    """Draw two layers with D inputs and H units each; cell: their module, options: for its `init`."""
    return Params(*(cell.init(rng, D, H, dtype=dtype, **options) for _ in Params._fields))


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run both directions over a batch of sequences.

    x (T, B, D), T >= 1; state: where each direction starts, zero if None; lengths (B,) steps that count, in 0..T,
    all if None: the backward direction starts at each sequence's own last step.
    Returns h (T, B, 2 H), the forward direction first, zero at steps that don't count, and a cache for `backward`;
    cache.state holds the state of each direction where it ended. With a workspace the cache is valid until its next
    forward. Raises as the layer does.
    Source: Schuster & Paliwal (1997), equations (9.1)-(9.3).
    """
    state = State(None, None) if state is None else state
    workspace = FRESH if workspace is None else workspace
    cell = layer_of(params.forward), layer_of(params.backward)
    ahead, ahead_cache = cell[0].forward(
        params.forward, x, state.forward, lengths, workspace.part("forward")
    )  # (9.1)
    back, back_cache = cell[1].forward(
        params.backward, turned(x, lengths), state.backward, lengths, workspace.part("backward")
    )  # (9.2)
    h = np.concatenate([ahead, turned(back, lengths)], axis=-1)  # (9.3)
    ends = State(ahead_cache.state, back_cache.state)
    return h, Cache(ahead_cache, back_cache, ends, lengths, ahead.shape[-1])


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through both directions.

    dh (T, B, 2 H): gradient of h; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters, dx (T, B, D), the sum of what both directions send to the input, and
    dstate0. Raises as the layer does. Source: equation (9.4).
    """
    dstate = State(None, None) if dstate is None else dstate
    dh_ahead = dh_back = None
    if dh is not None:
        dh_ahead = np.ascontiguousarray(dh[..., : cache.split])
        dh_back = turned(dh[..., cache.split :], cache.lengths)
    ahead, dx_ahead, first = layer_of(params.forward).backward(
        params.forward, cache.forward, dh_ahead, dstate.forward
    )
    back, dx_back, last = layer_of(params.backward).backward(
        params.backward, cache.backward, dh_back, dstate.backward
    )
    dx = dx_ahead + turned(dx_back, cache.lengths)  # (9.4)
    return Params(ahead, back), dx, State(first, last)


def from_torch(module, layer=0):
    """Parameters of one layer of a bidirectional torch.nn.RNN, LSTM or GRU, as `from_torch` of our layer has them.

    Raises ValueError if the module has one direction only, and as `composition.part_from_torch` does.
    """
    if not getattr(module, "bidirectional", False):
        raise ValueError(f"expected two directions, the module is {module}")
    return Params(*(part_from_torch(module, layer, way) for way in ("", "_reverse")))
