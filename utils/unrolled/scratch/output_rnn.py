"""The layer with output recurrence: its own last output comes back as an input of the next step.

    a_t = b + R o_{t-1} + U x_t,    h_t = tanh(a_t),    o_t = c + V h_t

The type of the parameters says what joins the steps: `Params` has the output alone; `LinkedParams` has a link from
state to state besides, W h_{t-1} in a_t. A `Teacher` replaces the outputs that are fed back by values from the data,
at all steps or at some. To feed back anything else (a drawn symbol, a rounded value), run one step a call and put it
into the state. A network without inputs has D = 0.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import tanh_slope
from unrolled.scratch.checks import check_input, checked
from unrolled.scratch.masking import checked_lengths, counted, immediate
from unrolled.scratch.workspace import FRESH, Workspace

__all__ = [
    "Cache",
    "LinkedParams",
    "LinkedState",
    "Params",
    "State",
    "Teacher",
    "Workspace",
    "backward",
    "forward",
    "init",
]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a layer whose steps are joined by the output alone."""

    U: np.ndarray  # (H, D)
    R: np.ndarray  # (H, K)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class LinkedParams(NamedTuple):
    """Parameters of a layer with a link from state to state besides."""

    U: np.ndarray  # (H, D)
    R: np.ndarray  # (H, K)
    W: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class State(NamedTuple):
    """What `Params` carry from one step to the next: what is fed back."""

    o: np.ndarray  # (B, K)


class LinkedState(NamedTuple):
    """What `LinkedParams` carry from one step to the next."""

    o: np.ndarray  # (B, K)
    h: np.ndarray  # (B, H)


class Teacher(NamedTuple):
    """What is fed back instead of the outputs: y[t - 1] is what step t reads, where forced[t].

    The last row of y is read by no step, and the first row of forced says nothing: step 0 reads the state.
    """

    y: np.ndarray  # (T, B, K)
    forced: np.ndarray | None = None  # (T, B) bool; None: every step


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    x: np.ndarray  # (T, B, D)
    fed: np.ndarray  # (T, B, K): what each step read in place of o_{t-1}
    own: np.ndarray  # (T, B) bool: where that was the output of the step before
    hs: np.ndarray  # (T + 1, B, H): the initial state (zero without a link), then h
    state: State | LinkedState  # after the last step that counts
    lengths: np.ndarray | None
    workspace: Workspace
    turn: int


def init(rng, D, H, K, dtype=np.float64, link=False):
    """Draw the parameters of a layer with D inputs, H units and K outputs, uniform in +-1/sqrt(H).

    link: whether there is a link from state to state besides the output's.
    """
    bound = 1 / np.sqrt(H)
    draw = lambda *shape: rng.uniform(-bound, bound, shape).astype(dtype)
    into = [draw(H, D), draw(H, K)] + ([draw(H, H)] if link else [])
    return (LinkedParams if link else Params)(*into, draw(H), draw(K, H), draw(K))


def forward(params, x, state=None, lengths=None, workspace=None, teacher=None):
    """Run the layer over a batch of sequences.

    x (T, B, D), T >= 1, D >= 0; state: o (B, K) and, with a link, h (B, H), zero if None; lengths (B,) steps that
    count, in 0..T, all if None; teacher: what is fed back instead of the outputs, nothing if None.
    Returns o (T, B, K), zero at steps that don't count, and a cache for `backward`; cache.hs[1:] are the states h,
    cache.state is what comes after the last step that counts. With a workspace o and the cache are valid until its
    next forward. Without a link, and with a teacher at every step, no step waits for another: all are computed at once.
    Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: equations (7.1)-(7.3); with a link (7.17).
    """
    _check_parameters(params)
    check_input(params, x)
    (T, B, _), (K, H) = x.shape, params.V.shape
    workspace = FRESH if workspace is None else workspace
    turn = workspace.begin()
    mask = None
    if lengths is not None:
        lengths = checked_lengths(lengths, T, B)
        mask = counted(lengths, T, B)
        x = np.where(mask[..., None], x, 0)
    start = _start(params, state, B)
    fed, own = _fed_back(workspace, start, teacher, mask, (T, B, K))
    hs = workspace.empty("hs", (T + 1, B, H), x.dtype)
    hs[0] = start.h if _linked(params) else 0
    a = workspace.empty("a", (T, B, H), x.dtype)
    np.matmul(x.reshape(T * B, -1), params.U.T, out=a.reshape(T * B, H))  # U x_t, all steps at once
    a += params.b
    o = workspace.empty("o", (T, B, K), x.dtype)
    if _linked(params) or own.any():
        _step_by_step(params, a, fed, own, hs, o)
    else:
        a += fed @ params.R.T  # (7.1), all steps at once
        np.tanh(a, out=hs[1:])  # (7.2)
        o[:] = params.c + hs[1:] @ params.V.T  # (7.3)
    last = _last_state(params, start, hs, o, lengths)
    if mask is not None:
        o[~mask] = 0
        hs[1:][~mask] = 0
    return o, Cache(x, fed, own, hs, last, lengths, workspace, turn)


def backward(params, cache, do=None, dstate=None):
    """Backpropagate through all the steps of a forward call.

    do (T, B, K): gradient of o; dstate: gradient of cache.state, in its type; zero if None. What a teacher fed back
    is a constant: no gradient passes it.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    With a workspace dx is valid until its next use; the rest is fresh.
    Raises ValueError if shapes or dtypes don't fit, RuntimeError if the cache's workspace was used again.
    Source: equations (7.8)-(7.10); with a teacher at every step (7.12).
    """
    cache.workspace.require(cache.turn)
    (T, B, D), H = cache.x.shape, len(params.b)
    dos, dhs = _upstream(params, cache, do, dstate)
    slope = tanh_slope(cache.hs[1:])
    delta = cache.workspace.empty("delta", slope.shape, slope.dtype)
    if _linked(params) or cache.own.any():
        for t in reversed(range(T)):
            delta[t] = slope[t] * (dos[t + 1] @ params.V + dhs[t + 1])  # (7.9)
            reads = cache.own[t][:, None] | (t == 0)  # step 0 reads the state
            dos[t] += np.where(reads, delta[t] @ params.R, 0)  # (7.8)
            if _linked(params):
                dhs[t] += delta[t] @ params.W
    else:
        np.multiply(slope, dos[1:] @ params.V, out=delta)  # (7.12), all steps at once
        dos[0] += delta[0] @ params.R
    rows, out_rows = delta.reshape(T * B, H), dos[1:].reshape(T * B, -1)
    grads = {
        "U": rows.T @ cache.x.reshape(T * B, D),  # (7.10)
        "R": rows.T @ cache.fed.reshape(T * B, -1),  # (7.10)
        "b": rows.sum(axis=0),  # (7.10)
        "V": out_rows.T @ cache.hs[1:].reshape(T * B, H),  # (7.10)
        "c": out_rows.sum(axis=0),  # (7.10)
    }
    if _linked(params):
        grads["W"] = rows.T @ cache.hs[:-1].reshape(T * B, H)
    dx = cache.workspace.empty("dx", (T * B, D), cache.x.dtype)
    np.matmul(rows, params.U, out=dx)
    dstate0 = LinkedState(dos[0], dhs[0]) if _linked(params) else State(dos[0])
    return type(params)(**grads), dx.reshape(T, B, D), dstate0


def _linked(params):
    return isinstance(params, LinkedParams)


def _step_by_step(params, a, fed, own, hs, o):
    """Fill fed, hs and o step by step; a (T, B, H) holds b + U x_t."""
    for t in range(len(a)):
        if t:
            np.copyto(fed[t], o[t - 1], where=own[t][:, None])
        a[t] += fed[t] @ params.R.T  # (7.1)
        if _linked(params):
            a[t] += hs[t] @ params.W.T  # (7.17)
        np.tanh(a[t], out=hs[t + 1])  # (7.2)
        o[t] = params.c + hs[t + 1] @ params.V.T  # (7.3)


def _fed_back(workspace, start, teacher, mask, shape):
    """What the steps read in place of o_{t-1}, (T, B, K), as far as it is known; and where it will be the output."""
    T, B, K = shape
    fed = workspace.empty("fed", shape, start.o.dtype)
    fed[0], fed[1:] = start.o, 0
    own = np.ones((T, B), dtype=bool)
    if teacher is not None:
        fed[1:] = checked("teacher.y", teacher.y, shape, start.o.dtype)[:-1]
        own = ~_forced(teacher, T, B)
    own[0] = False
    if mask is not None:
        fed[~mask] = 0
        own &= mask
    return fed, own


def _forced(teacher, T, B):
    if teacher.forced is None:
        return np.ones((T, B), dtype=bool)
    return checked("teacher.forced", teacher.forced, (T, B), np.dtype(bool))


def _start(params, state, B):
    (K, H), dtype = params.V.shape, params.V.dtype
    shapes = {"o": (B, K), "h": (B, H)} if _linked(params) else {"o": (B, K)}
    kind = LinkedState if _linked(params) else State
    if state is None:
        return kind(**{name: np.zeros(shape, dtype) for name, shape in shapes.items()})
    return kind(
        **{
            name: checked(f"state.{name}", getattr(state, name), shape, dtype)
            for name, shape in shapes.items()
        }
    )


def _last_state(params, start, hs, o, lengths):
    """The state after the last step that counts: the initial one where none does."""
    T, B = o.shape[:2]
    lengths = np.full(B, T) if lengths is None else lengths
    last_o = np.where((lengths > 0)[:, None], o[lengths - 1, np.arange(B)], start.o)
    if not _linked(params):
        return State(last_o)
    return LinkedState(last_o, hs[lengths, np.arange(B)])


def _upstream(params, cache, do, dstate):
    """Immediate gradients dos (T + 1, B, K) and dhs (T + 1, B, H) of the initial state and of o and h.

    dstate stands where cache.state was taken.
    """
    (T, B, K), dtype = cache.fed.shape, cache.x.dtype
    do = None if do is None else checked("do", do, (T, B, K), dtype)
    last_o = last_h = None
    if dstate is not None:
        last_o = checked("dstate.o", dstate.o, (B, K), dtype)
        if _linked(params):
            last_h = checked("dstate.h", dstate.h, cache.hs.shape[1:], dtype)
    dos = immediate(np.empty((T + 1, B, K), dtype), do, last_o, cache.lengths)
    dhs = immediate(np.empty(cache.hs.shape, dtype), None, last_h, cache.lengths)
    return dos, dhs


def _check_parameters(params):
    if type(params) not in (Params, LinkedParams):
        raise ValueError(
            f"params is a {type(params).__name__}, expected output_rnn.Params or LinkedParams"
        )
    K, H = params.V.shape
    expected = {"U": (H, params.U.shape[-1]), "R": (H, K), "b": (H,), "c": (K,), "W": (H, H)}
    for name, leaf in params._asdict().items():
        if name in expected and leaf.shape != expected[name]:
            raise ValueError(
                f"{name} has shape {leaf.shape}, expected {expected[name]} beside V {(K, H)}"
            )
        if leaf.dtype != params.V.dtype:
            raise ValueError(f"{name} is {leaf.dtype}, V is {params.V.dtype}")
