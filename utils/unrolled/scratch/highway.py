"""Recurrent layers that add to their state instead of replacing it, several times a step if they are deep.

One step goes through `depth` rounds, from s_0 = h_{t-1} to h_t = s_depth; the input enters the first round only.

    highway   n = tanh(b_n + W_n s + U_n x_t),  g = sigmoid(b_g + W_g s + U_g x_t),  s <- (1 - g) * s + g * n
    residual  s <- s + tanh(b + W s + U x_t)

The highway's transform gate g and its carry gate 1 - g are coupled. Every round has W and b of its own. The type of the
parameters says which one it is.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import sigmoid, sigmoid_slope, tanh_slope
from unrolled.scratch.checks import check_input, check_type, checked
from unrolled.scratch.masking import checked_lengths, counted

__all__ = ["Cache", "Params", "ResidualParams", "State", "backward", "forward", "init"]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a recurrent highway layer."""

    U: np.ndarray  # (2H, D), blocks n, g
    W: np.ndarray  # (depth, 2H, H)
    b: np.ndarray  # (depth, 2H)


class ResidualParams(NamedTuple):
    """Parameters of a residual layer."""

    U: np.ndarray  # (H, D)
    W: np.ndarray  # (depth, H, H)
    b: np.ndarray  # (depth, H)


class State(NamedTuple):
    """What the layer carries from one step to the next."""

    h: np.ndarray  # (B, H)


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    x: np.ndarray  # (T, B, D)
    s: np.ndarray  # (T, depth, B, H): what each round reads
    n: np.ndarray  # (T, depth, B, H)
    g: np.ndarray  # (T, depth, B, H), 1 takes n; ones in a residual layer
    state: State  # after the last step that counts
    lengths: np.ndarray | None


TYPES = {"highway": Params, "residual": ResidualParams}


def init(rng, D, H, dtype=np.float64, variant="highway", depth=1, transform_bias=-1.0):
    """Draw the parameters of a layer with D inputs and H units, uniform in +-1/sqrt(H).

    variant: "highway" or "residual"; depth: rounds a step, at least 1; transform_bias: what b_g starts at; below 0 the
    layer starts by carrying most of its state. Raises ValueError for another variant or depth.
    """
    if variant not in TYPES or depth < 1:
        raise ValueError(
            f"variant is {variant!r} with depth {depth}, expected one of {sorted(TYPES)} and at least 1"
        )
    rows, bound = (2 if variant == "highway" else 1) * H, 1 / np.sqrt(H)
    shapes = (rows, D), (depth, rows, H), (depth, rows)
    params = TYPES[variant](*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))
    if variant == "highway":
        params.b[:, H:] = transform_bias
    return params


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the layer over a batch of sequences.

    x (T, B, D), T >= 1; state: h (B, H), zero if None; lengths (B,) steps that count, in 0..T, all if None. `workspace`
    is taken for the sake of the layers' common form and not used.
    Returns h (T, B, H), zero at steps that don't count, and a cache for `backward`; cache.state is the state after the
    last step that counts. Highway: h stays in (-1, 1) from a state that is; residual: h is unbounded.
    Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: Zilly et al. (2017), with the carry gate coupled to the transform gate.
    """
    _check(params, x)
    (T, B, _), (depth, _, H), dtype = x.shape, params.W.shape, x.dtype
    h = np.zeros((B, H), dtype) if state is None else checked("state.h", state.h, (B, H), dtype)
    if lengths is not None:
        lengths = checked_lengths(lengths, T, B)
        x = np.where(counted(lengths, T, B)[..., None], x, 0)
    from_x = x @ params.U.T
    s, n, g = (np.ones((T, depth, B, H), dtype) for _ in range(3))
    hs = np.empty((T, B, H), dtype)
    for t in range(T):
        start = h
        for k in range(depth):
            a = params.b[k] + h @ params.W[k].T
            if k == 0:
                a += from_x[t]
            s[t, k], n[t, k] = h, np.tanh(a[:, :H])
            if type(params) is Params:
                g[t, k] = sigmoid(a[:, H:])
                h = (1 - g[t, k]) * h + g[t, k] * n[t, k]
            else:
                h = h + n[t, k]
        if lengths is not None:
            h = np.where((t < lengths)[:, None], h, start)
        hs[t] = h
    if lengths is not None:
        hs[~counted(lengths, T, B)] = 0
    return hs, Cache(x, s, n, g, State(h.copy()), lengths)


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through all the rounds of all the steps of a forward call.

    dh (T, B, H): gradient of h; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    Raises ValueError if shapes or dtypes don't fit.
    """
    (T, depth, B, H), dtype = cache.s.shape, cache.x.dtype
    dh = np.zeros((T, B, H), dtype) if dh is None else checked("dh", dh, (T, B, H), dtype)
    ds = np.zeros((B, H), dtype)
    if dstate is not None:
        ds = checked("dstate.h", dstate.h, (B, H), dtype)
    delta = np.empty((T, depth, B, params.W.shape[1]), dtype)  # of the pre-activations
    for t in reversed(range(T)):
        through = ds + dh[t]
        for k in reversed(range(depth)):
            s, n, g = cache.s[t, k], cache.n[t, k], cache.g[t, k]
            delta[t, k, :, :H] = through * g * tanh_slope(n)
            kept = through
            if type(params) is Params:
                delta[t, k, :, H:] = through * (n - s) * sigmoid_slope(g)
                kept = through * (1 - g)
            through = kept + delta[t, k] @ params.W[k]
        if cache.lengths is not None:
            counts = (t < cache.lengths)[:, None]
            delta[t] = np.where(counts, delta[t], 0)
            through = np.where(counts, through, ds)
        ds = through
    dW = np.einsum("tkbr,tkbh->krh", delta, cache.s)
    dU = np.einsum("tbr,tbd->rd", delta[:, 0], cache.x)
    return type(params)(dU, dW, delta.sum(axis=(0, 2))), delta[:, 0] @ params.U, State(ds)


def _check(params, x):
    """Raise ValueError unless the parameters and x fit."""
    check_type(params, TYPES.values())
    D, (depth, rows, H) = params.U.shape[-1], params.W.shape
    expected = [(rows, D), (depth, rows, H), (depth, rows)]
    blocks = 2 if type(params) is Params else 1
    found = [leaf.shape for leaf in params]
    if found != expected or rows != blocks * H or len({leaf.dtype for leaf in params}) > 1:
        raise ValueError(
            f"U, W, b have shapes {found} and dtypes {[str(leaf.dtype) for leaf in params]}, expected "
            f"({blocks}H, D), (depth, {blocks}H, H), (depth, {blocks}H) and one dtype"
        )
    check_input(params, x)
