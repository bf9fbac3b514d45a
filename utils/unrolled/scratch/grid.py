"""A grid LSTM of two dimensions: an LSTM along time and another one along depth, which meet in every cell of the grid.

The cell of layer l at step t gets two states, one from the step before and one from the layer below. Each of its two
LSTMs carries one of them on and reads the h of the other as its input:

    (h_time, c_time)   <- LSTM_time(input h_depth, state (h_time, c_time))      goes to step t + 1 of layer l
    (h_depth, c_depth) <- LSTM_depth(input h_time, state (h_depth, c_depth))    goes to layer l + 1 at step t

both from the old values. The bottom layer gets (h_depth, c_depth) = b + U x_t; the output is h_depth above the top
layer. A stacked LSTM passes only h upwards: here the cell goes up, too, and is kept or forgotten by gates.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import lstm
from unrolled.scratch.checks import check_input, check_type, checked
from unrolled.scratch.masking import checked_lengths, counted
from unrolled.scratch.nested import tree_map

__all__ = ["Cache", "Params", "State", "backward", "forward", "init"]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a grid LSTM."""

    U: np.ndarray  # (2H, D), blocks h, c of what enters the bottom layer
    b: np.ndarray  # (2H,)
    time: tuple  # lstm.Params with H inputs and H units, one a layer, from bottom to top
    depth: tuple  # the same for the LSTMs along depth


class State(NamedTuple):
    """What the layers carry from one step to the next."""

    layers: tuple  # lstm.State (B, H) of each layer, from bottom to top


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    x: np.ndarray  # (T, B, D)
    cells: list  # (T, layers) pairs of caches of lstm: along time, along depth
    state: State  # after the last step that counts
    lengths: np.ndarray | None


def init(rng, D, H, dtype=np.float64, layers=2, forget_bias=1.0):
    """Draw a grid of LSTMs of H units over D inputs, uniform in +-1/sqrt(H), U in +-1/sqrt(D).

    forget_bias: what the forget gates of both directions start at. Raises ValueError for less than one layer.
    """
    if layers < 1:
        raise ValueError(f"layers is {layers}, expected at least 1")
    draw = lambda bound, *shape: rng.uniform(-bound, bound, shape).astype(dtype)
    part = lambda: tuple(
        lstm.init(rng, H, H, dtype, forget_bias=forget_bias) for _ in range(layers)
    )
    return Params(draw(D**-0.5, 2 * H, D), draw(D**-0.5, 2 * H), part(), part())


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the grid over a batch of sequences.

    x (T, B, D), T >= 1; state: `State`, zero if None; lengths (B,) steps that count, in 0..T, all if None. `workspace`
    is taken for the sake of the layers' common form and not used.
    Returns h (T, B, H) in (-1, 1), zero at steps that don't count, and a cache for `backward`; cache.state is the state
    after the last step that counts. Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: Kalchbrenner, Danihelka & Graves (2016), but for h = o * tanh(c) as in `unrolled.scratch.lstm`, where they
    have h = tanh(o * c).
    """
    _check(params, x)
    (T, B, _), H, dtype = x.shape, len(params.b) // 2, x.dtype
    along_time = list(_states("state", state, len(params.time), (B, H), dtype))
    if lengths is not None:
        lengths = checked_lengths(lengths, T, B)
        x = np.where(counted(lengths, T, B)[..., None], x, 0)
    bottom = params.b + x @ params.U.T
    h, cells = np.empty((T, B, H), dtype), []
    for t in range(T):
        along_depth = lstm.State(bottom[t, :, :H].copy(), bottom[t, :, H:].copy())
        row = []
        for layer, (time, depth) in enumerate(zip(params.time, params.depth, strict=True)):
            before = along_time[layer]
            _, of_time = lstm.forward(time, along_depth.h[None], before)
            _, of_depth = lstm.forward(depth, before.h[None], along_depth)
            along_depth = of_depth.state
            along_time[layer] = _where(lengths, t, of_time.state, before)
            row.append((of_time, of_depth))
        h[t] = along_depth.h
        cells.append(row)
    if lengths is not None:
        h[~counted(lengths, T, B)] = 0
    return h, Cache(x, cells, State(tuple(along_time)), lengths)


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through the grid, from the last step to the first and from the top layer to the bottom one.

    dh (T, B, H): gradient of h; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    Raises ValueError if shapes or dtypes don't fit.
    """
    (T, B, _), H, dtype = cache.x.shape, len(params.b) // 2, cache.x.dtype
    along_time = list(_states("dstate", dstate, len(params.time), (B, H), dtype))
    dh = np.zeros((T, B, H), dtype) if dh is None else checked("dh", dh, (T, B, H), dtype)
    if cache.lengths is not None:
        dh = np.where(counted(cache.lengths, T, B)[..., None], dh, 0)
    dtime, ddepth = (list(tree_map(np.zeros_like, part)) for part in (params.time, params.depth))
    dbottom = np.empty((T, B, 2 * H), dtype)
    for t in reversed(range(T)):
        along_depth = lstm.State(dh[t], np.zeros((B, H), dtype))
        for layer in reversed(range(len(params.time))):
            of_time, of_depth = cache.cells[t][layer]
            after = along_time[layer]
            counts = _where(cache.lengths, t, after, tree_map(np.zeros_like, after))
            g_time, to_depth, by_time = lstm.backward(params.time[layer], of_time, dstate=counts)
            g_depth, to_time, by_depth = lstm.backward(
                params.depth[layer], of_depth, dstate=along_depth
            )
            dtime[layer] = tree_map(np.add, dtime[layer], g_time)
            ddepth[layer] = tree_map(np.add, ddepth[layer], g_depth)
            along_depth = by_depth._replace(h=by_depth.h + to_depth[0])
            by_time = by_time._replace(h=by_time.h + to_time[0])
            along_time[layer] = _where(cache.lengths, t, by_time, after)
        dbottom[t] = np.concatenate(along_depth, axis=1)
    dU = np.einsum("tbr,tbd->rd", dbottom, cache.x)
    grads = Params(dU, dbottom.sum(axis=(0, 1)), tuple(dtime), tuple(ddepth))
    return grads, dbottom @ params.U, State(tuple(along_time))


def _where(lengths, t, state, other):
    """`state` of the sequences for which step t counts, `other` of the rest."""
    if lengths is None:
        return state
    return tree_map(lambda a, b: np.where((t < lengths)[:, None], a, b), state, other)


def _states(name, state, layers, shape, dtype):
    """The states of the layers, or their gradients; zero if None."""
    if state is None:
        return [lstm.State(np.zeros(shape, dtype), np.zeros(shape, dtype)) for _ in range(layers)]
    if len(state.layers) != layers:
        raise ValueError(f"{name} has {len(state.layers)} layers, params have {layers}")
    for number, layer in enumerate(state.layers):
        for field, array in zip(("h", "c"), layer, strict=True):
            checked(f"{name}.layers[{number}].{field}", array, shape, dtype)
    return state.layers


def _check(params, x):
    """Raise ValueError unless the parameters and x fit; the LSTMs check their own."""
    check_type(params, [Params])
    rows = len(params.U)
    if params.b.shape != (rows,) or rows % 2 or len(params.time) != len(params.depth):
        raise ValueError(
            f"U and b have shapes {params.U.shape} and {params.b.shape}, expected (2H, D) and (2H,); "
            f"{len(params.time)} layers along time, {len(params.depth)} along depth, expected as many"
        )
    check_input(params, x)
    checked("b", params.b, (rows,), params.U.dtype)
