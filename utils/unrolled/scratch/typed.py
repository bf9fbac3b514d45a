"""Strongly typed recurrent layers: gates and candidate come from the inputs alone, and the state is never multiplied
by a matrix, so that every unit keeps its own "unit of measurement".

    T-RNN    z = U_z x_t,                 f = sigmoid(b_f + U_f x_t)
             h_t = f * h_{t-1} + (1 - f) * z
    T-LSTM   z, f, o = linear, sigmoid, tanh of (b + U x_t + U_prev x_{t-1}),  each with its block
             c_t = f * c_{t-1} + (1 - f) * z,   h_t = o * c_t
    T-GRU    the same z, f, o
             h_t = f * h_{t-1} + o * z

The types of the parameters say which one it is. In all three the state goes through c_t = f_t * c_{t-1} + u_t, with f_t
and u_t known for all steps before the first: `scan` finds all states in about 2 log2(T) rounds, `loop` in T. The
gradient goes back through a recurrence of the same form, and takes the same two ways.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import sigmoid, sigmoid_slope, tanh_slope
from unrolled.scratch.checks import check_input, check_type, checked
from unrolled.scratch.masking import checked_lengths, counted

__all__ = [
    "Cache",
    "GruParams",
    "InputState",
    "LstmParams",
    "Params",
    "State",
    "backward",
    "forward",
    "init",
    "loop",
    "scan",
]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a T-RNN."""

    U: np.ndarray  # (2H, D), blocks z, f
    b: np.ndarray  # (H,), of the gate


class LstmParams(NamedTuple):
    """Parameters of a T-LSTM."""

    U: np.ndarray  # (3H, D), blocks z, f, o
    U_prev: np.ndarray  # (3H, D), of the input one step before
    b: np.ndarray  # (3H,)


class GruParams(NamedTuple):
    """Parameters of a T-GRU."""

    U: np.ndarray  # (3H, D), blocks z, f, o
    U_prev: np.ndarray  # (3H, D), of the input one step before
    b: np.ndarray  # (3H,)


class State(NamedTuple):
    """What a T-RNN carries from one step to the next."""

    c: np.ndarray  # (B, H), which is h here


class InputState(NamedTuple):
    """What a T-LSTM or a T-GRU carries from one step to the next."""

    c: np.ndarray  # (B, H), the cell of a T-LSTM, h of a T-GRU
    x: np.ndarray  # (B, D), the last input


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    x: np.ndarray  # (T, B, D)
    x_prev: np.ndarray | None  # (T, B, D), x_{t-1}; None for a T-RNN
    z: np.ndarray  # (T, B, H), the candidate
    f: np.ndarray  # (T, B, H), 1 keeps
    o: np.ndarray | None  # (T, B, H); None for a T-RNN
    cs: np.ndarray  # (T + 1, B, H): the initial state, then c
    state: State | InputState  # after the last step that counts
    lengths: np.ndarray | None


TYPES = {"rnn": Params, "lstm": LstmParams, "gru": GruParams}


def init(rng, D, H, dtype=np.float64, variant="rnn", forget_bias=1.0):
    """Draw the parameters of a layer with D inputs and H units, uniform in +-1/sqrt(D) but for the bias of f.

    variant: "rnn", "lstm" or "gru"; forget_bias: what b_f starts at, a number or (H,). Raises ValueError for another
    variant.
    """
    if variant not in TYPES:
        raise ValueError(f"variant is {variant!r}, expected one of {sorted(TYPES)}")
    bound, kind = 1 / np.sqrt(D), TYPES[variant]
    draw = lambda *shape: rng.uniform(-bound, bound, shape).astype(dtype)
    if kind is Params:
        return Params(draw(2 * H, D), np.full(H, forget_bias, dtype))
    params = kind(draw(3 * H, D), draw(3 * H, D), draw(3 * H))
    params.b[H : 2 * H] = forget_bias
    return params


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the layer over a batch of sequences, by `scan`.

    x (T, B, D), T >= 1; state: `State` (T-RNN) or `InputState`, zero if None; lengths (B,) steps that count, in 0..T,
    all if None. `workspace` is taken for the sake of the layers' common form and not used.
    Returns h (T, B, H), zero at steps that don't count, and a cache for `backward`; cache.state is the state after the
    last step that counts. h is not bounded by 1: z is linear in x.
    Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: Balduzzi & Ghifary (2016).
    """
    H = _check(params, x)
    T, B, D = x.shape
    c0, x0 = _checked_state("state", params, state, B, H, x.dtype)
    counts = None
    if lengths is not None:
        lengths = checked_lengths(lengths, T, B)
        counts = counted(lengths, T, B)[..., None]
        x = np.where(counts, x, 0)
    x_prev = None
    if type(params) is Params:
        a = x @ params.U.T
        a[..., H:] += params.b
    else:
        x_prev = np.concatenate([x0[None], x[:-1]])
        a = params.b + x @ params.U.T + x_prev @ params.U_prev.T
    z, f = a[..., :H], sigmoid(a[..., H : 2 * H])
    o = None if x_prev is None else np.tanh(a[..., 2 * H :])

    u = o * z if type(params) is GruParams else (1 - f) * z
    if counts is not None:
        f, u = np.where(counts, f, 1), np.where(counts, u, 0)  # a step that doesn't count keeps c
    cs = np.concatenate([c0[None], scan(f, u, c0)])
    h = o * cs[1:] if type(params) is LstmParams else cs[1:].copy()
    if counts is not None:
        h = np.where(counts, h, 0)
    end = State(cs[-1].copy())
    if x_prev is not None:
        end = InputState(end.c, _last_inputs(x, x0, lengths))
    return h, Cache(x, x_prev, z, f, o, cs, end, lengths)


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through all the steps of a forward call, by `scan` from the last step to the first.

    dh (T, B, H): gradient of h; dstate: gradient of cache.state, in its type; zero if None.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    Raises ValueError if shapes or dtypes don't fit.
    """
    (T, B, H), dtype = cache.z.shape, cache.x.dtype
    c_prev, c, z, f, o = cache.cs[:-1], cache.cs[1:], cache.z, cache.f, cache.o
    dc_last, dx_last = _checked_state("dstate", params, dstate, B, H, dtype)
    dh = np.zeros((T, B, H), dtype) if dh is None else checked("dh", dh, (T, B, H), dtype)
    if cache.lengths is not None:
        dh = np.where(counted(cache.lengths, T, B)[..., None], dh, 0)

    immediate = dh * o if type(params) is LstmParams else dh.copy()
    immediate[-1] += dc_last
    dc = _scan_back(f, immediate)  # total gradients of c: dc_t = immediate_t + f_{t+1} dc_{t+1}
    dc0 = f[0] * dc[0]
    if type(params) is GruParams:
        df, dz, do = dc * c_prev, dc * o, dc * z
    else:
        df, dz, do = dc * (c_prev - z), dc * (1 - f), dh * c
    da = [dz, df * sigmoid_slope(f)]
    if o is not None:
        da.append(do * tanh_slope(o))
    da = np.concatenate(da, axis=-1)
    if cache.lengths is not None:
        da = np.where(counted(cache.lengths, T, B)[..., None], da, 0)

    rows, D = da.reshape(T * B, -1), cache.x.shape[-1]
    dU, db = rows.T @ cache.x.reshape(T * B, D), rows.sum(axis=0)
    dx = da @ params.U
    if type(params) is Params:
        return Params(dU, db[H:]), dx, State(dc0)
    dU_prev = rows.T @ cache.x_prev.reshape(T * B, D)
    dx_prev = np.concatenate([da @ params.U_prev, np.zeros((1, B, D), dtype)])  # of x_0 ... x_T
    dx_prev[T if cache.lengths is None else cache.lengths, np.arange(B)] += dx_last
    return type(params)(dU, dU_prev, db), dx + dx_prev[1:], InputState(dc0, dx_prev[0])


def loop(f, u, c0):
    """All states c_t = f_t * c_{t-1} + u_t (T, ...) of f, u (T, ...) from c0 (...), step by step."""
    c, cs = c0, []
    for f_t, u_t in zip(f, u, strict=True):
        c = f_t * c + u_t
        cs.append(c)
    return np.stack(cs)


def scan(f, u, c0):
    """What `loop` returns, in about 2 log2(T) rounds, each over many steps at once.

    Two steps in a row are one step of the same form: f_2 (f_1 c + u_1) + u_2 = (f_2 f_1) c + (f_2 u_1 + u_2). So the
    steps are joined in pairs, the half as long recurrence gives every second state, and one step from each of these
    gives the others.
    Source: Blelloch (1990).
    """
    c = u.copy()
    c[0] += f[0] * c0
    if len(c) == 1:
        return c
    pairs_f = f[1::2] * f[:-1:2]
    pairs_u = f[1::2] * c[:-1:2] + c[1::2]
    c[1::2] = scan(pairs_f, pairs_u, np.zeros_like(c0))
    c[2::2] += f[2::2] * c[1:-1:2]
    return c


def _scan_back(f, immediate):
    """dc_t = immediate_t + f_{t+1} * dc_{t+1} for all t, the last one being immediate itself."""
    f_next = np.concatenate([f[1:], np.zeros_like(f[:1])])
    return scan(f_next[::-1], immediate[::-1], np.zeros_like(f[0]))[::-1]


def _last_inputs(x, x0, lengths):
    """A new array (B, D): the input of each sequence's last step that counts, x0 if none does."""
    if lengths is None:
        return x[-1].copy()
    return np.concatenate([x0[None], x])[lengths, np.arange(x.shape[1])]


def _check(params, x):
    """H, if the parameters and x fit; raises ValueError otherwise."""
    check_type(params, TYPES.values())
    blocks, D = (2 if type(params) is Params else 3), params.U.shape[-1]
    H = len(params.U) // blocks
    expected = [(blocks * H, D)] * (len(params) - 1) + [(H if blocks == 2 else 3 * H,)]
    if [leaf.shape for leaf in params] != expected or len({leaf.dtype for leaf in params}) > 1:
        found = ", ".join(f"{leaf.dtype} {leaf.shape}" for leaf in params)
        raise ValueError(
            f"{', '.join(params._fields)} are {found}, expected one dtype and {expected}"
        )
    check_input(params, x)
    return H


def _checked_state(name, params, state, B, H, dtype):
    """c (B, H) and x (B, D) of a state or of its gradient, zero if it is None; x is None for a T-RNN."""
    kind, D = (State if type(params) is Params else InputState), params.U.shape[1]
    if state is None:
        state = kind(*(np.zeros((B, n), dtype) for n in (H, D)[: len(kind._fields)]))
    if type(state) is not kind:
        raise ValueError(f"{name} is a {type(state).__name__}, expected {kind.__name__}")
    c = checked(f"{name}.c", state.c, (B, H), dtype)
    return c, checked(f"{name}.x", state.x, (B, D), dtype) if kind is InputState else None
