"""A network of one hidden layer and one feedback connection, which stands in one of six places, or in none.

At each step the input layer passes on what it holds, h_t = tanh(a_t) and o_t = c + V h_t. The feedback takes the
input x, the hidden state h or the output o of the step before, its source, into the input layer, the hidden layer or
the output layer of this step, its target, which is never above the source:

    "x to x", "h to x", "o to x"   the input layer holds [x_t; past], and U has as many columns
    "h to h", "o to h"             a_t gets F past; F is called W or R on the page
    "o to o"                       o_t gets F past
    "none"                         no feedback

where past is the source at step t - 1. The place belongs to the type of the parameters. The classical network is
"h to h"; `unrolled.scratch.rnn` is its fast form.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import tanh_slope
from unrolled.scratch.checks import checked
from unrolled.scratch.masking import checked_lengths, counted, immediate

__all__ = ["PLACES", "Cache", "State", "backward", "forward", "init", "place_of"]


class NoFeedback(NamedTuple):  # gradients use these types too
    """Parameters of a network without feedback."""

    U: np.ndarray  # (H, D)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class InputToInput(NamedTuple):
    """Parameters of a network whose input layer holds [x_t; x_{t-1}]."""

    U: np.ndarray  # (H, D + D)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class HiddenToInput(NamedTuple):
    """Parameters of a network whose input layer holds [x_t; h_{t-1}]."""

    U: np.ndarray  # (H, D + H)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class OutputToInput(NamedTuple):
    """Parameters of a network whose input layer holds [x_t; o_{t-1}]."""

    U: np.ndarray  # (H, D + K)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class HiddenToHidden(NamedTuple):
    """Parameters of the classical network; F is W."""

    U: np.ndarray  # (H, D)
    F: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class OutputToHidden(NamedTuple):
    """Parameters of a network with output recurrence; F is R."""

    U: np.ndarray  # (H, D)
    F: np.ndarray  # (H, K)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class OutputToOutput(NamedTuple):
    """Parameters of a network whose output gets F o_{t-1}."""

    U: np.ndarray  # (H, D)
    F: np.ndarray  # (K, K)
    b: np.ndarray  # (H,)
    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


TYPES = {
    "x to x": InputToInput,
    "h to x": HiddenToInput,
    "h to h": HiddenToHidden,
    "o to x": OutputToInput,
    "o to h": OutputToHidden,
    "o to o": OutputToOutput,
    "none": NoFeedback,
}
PLACES = tuple(name for name in TYPES if name != "none")


class State(NamedTuple):
    """The source of the feedback at the step before: an input, a hidden state or an output."""

    past: np.ndarray  # (B, D), (B, H) or (B, K); (B, 0) without feedback


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    x: np.ndarray  # (T, B, D)
    past: np.ndarray  # (T + 1, B, S): the initial state, then the source at each step
    h: np.ndarray  # (T, B, H)
    state: State  # after the last step that counts
    lengths: np.ndarray | None


def place_of(params):
    """The place of the feedback, a key of TYPES. Raises ValueError for another type."""
    for name, form in TYPES.items():
        if type(params) is form:
            return name
    raise ValueError(f"params is a {type(params).__name__}, expected a type of feedback.TYPES")


def init(rng, D, H, K, place, dtype=np.float64):
    """Draw the parameters of a network with D inputs, H units and K outputs, uniform in +-1/sqrt(H).

    place: a key of TYPES, such as "h to h". Raises ValueError for another one.
    """
    if place not in TYPES:
        raise ValueError(f"place is {place!r}, expected one of {', '.join(map(repr, TYPES))}")
    source, target = _ends(place)
    size = {"x": D, "h": H, "o": K, None: 0}[source]
    shapes = {"U": (H, D + size if target == "x" else D), "b": (H,), "V": (K, H), "c": (K,)}
    shapes["F"] = ({"h": H, "o": K}.get(target), size)
    bound = 1 / np.sqrt(H)
    fields = TYPES[place]._fields
    return TYPES[place](*(rng.uniform(-bound, bound, shapes[f]).astype(dtype) for f in fields))


def forward(params, x, state=None, lengths=None):
    """Run the network over a batch of sequences.

    x (T, B, D), T >= 1; state: what the feedback brings to the first step, zero if None; lengths (B,) steps that
    count, in 0..T, all if None.
    Returns the outputs o (T, B, K), zero at steps that don't count, and a cache for `backward`; cache.h holds the
    hidden states, and cache.state is the state after the last step that counts.
    Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: equations (5.2)-(5.4) and (5.10)-(5.12).
    """
    place = place_of(params)
    source, target = _ends(place)
    H, K = len(params.b), len(params.c)
    size = _check_input(params, x, source, target)
    T, B, _ = x.shape
    if lengths is not None:
        lengths = checked_lengths(lengths, T, B)
        x = np.where(counted(lengths, T, B)[..., None], x, 0)
    past = np.zeros((T + 1, B, size), x.dtype)
    h, o = np.empty((T, B, H), x.dtype), np.empty((T, B, K), x.dtype)
    if state is not None:
        past[0] = checked("state.past", state.past, (B, size), x.dtype)
    for t in range(T):
        held = np.concatenate([x[t], past[t]], axis=1) if target == "x" else x[t]
        a = params.b + held @ params.U.T  # (5.2), (5.12)
        if target == "h":
            a += past[t] @ params.F.T  # (5.2), (5.10)
        h[t] = np.tanh(a)  # (5.3)
        o[t] = params.c + h[t] @ params.V.T  # (5.4)
        if target == "o":
            o[t] += past[t] @ params.F.T  # (5.11)
        if source is not None:
            past[t + 1] = {"x": x, "h": h, "o": o}[source][t]
    last = past[T].copy() if lengths is None else past[lengths, np.arange(B)]
    if lengths is not None:
        o[~counted(lengths, T, B)] = 0
    return o, Cache(x, past, h, State(last), lengths)


def backward(params, cache, do=None, dstate=None):
    """Backpropagate through all the steps of a forward call.

    do (T, B, K): the immediate gradient of o; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    Raises ValueError if shapes or dtypes don't fit. Source: the rule of chapter 6, (6.8)-(6.15), with the feedback
    as one more reader of its source.
    """
    source, target = _ends(place_of(params))
    T, B, D = cache.x.shape
    do, dpast = _upstream(params, cache, do, dstate)
    slope = tanh_slope(cache.h)
    delta, dx = np.empty_like(cache.h), np.zeros_like(cache.x)
    for t in reversed(range(T)):
        if source == "o":
            do[t] += dpast[t + 1]
        dh = do[t] @ params.V
        if source == "h":
            dh += dpast[t + 1]
        delta[t] = slope[t] * dh
        held = delta[t] @ params.U
        dx[t] = held[:, :D]
        if source == "x":
            dx[t] += dpast[t + 1]
        if target == "x":
            dpast[t] += held[:, D:]
        elif target is not None:
            dpast[t] += (delta[t] if target == "h" else do[t]) @ params.F
    if cache.lengths is not None:
        dx[~counted(cache.lengths, T, B)] = 0
    return _parameter_gradients(params, cache, delta, do, target), dx, State(dpast[0])


def _ends(place):
    """Source and target of a place: "h", "x" for "h to x"; None, None without feedback."""
    return (None, None) if place == "none" else tuple(place.split(" to "))


def _upstream(params, cache, do, dstate):
    """Fresh arrays of the immediate gradients: of o (T, B, K), and of the source at steps 0..T (T + 1, B, S)."""
    T, B, _ = cache.x.shape
    dtype, shape = cache.x.dtype, (T, B, len(params.c))
    given = np.zeros(shape, dtype) if do is None else checked("do", do, shape, dtype).copy()
    if cache.lengths is not None:
        given[~counted(cache.lengths, T, B)] = 0
    past = cache.past
    last = None if dstate is None else checked("dstate.past", dstate.past, past.shape[1:], dtype)
    return given, immediate(np.empty_like(past), None, last, cache.lengths)


def _parameter_gradients(params, cache, delta, do, target):
    rows = lambda array: array.reshape(-1, array.shape[-1])
    past = cache.past[:-1]
    held = np.concatenate([cache.x, past], axis=2) if target == "x" else cache.x
    grads = {
        "U": rows(delta).T @ rows(held),
        "b": rows(delta).sum(axis=0),
        "V": rows(do).T @ rows(cache.h),
        "c": rows(do).sum(axis=0),
    }
    if target in ("h", "o"):
        grads["F"] = rows(delta if target == "h" else do).T @ rows(past)
    return type(params)(**grads)


def _check_input(params, x, source, target):
    """The size of the source; raises ValueError if x does not fit the parameters."""
    H, K = len(params.b), len(params.c)
    if x.ndim != 3 or 0 in x.shape[:2]:
        raise ValueError(f"x has shape {x.shape}, expected (T, B, D) with at least one step")
    size = {"x": x.shape[2], "h": H, "o": K, None: 0}[source]
    expected = params.U.shape[1] - (size if target == "x" else 0)
    if source == "x" and params.U.shape[1] != 2 * x.shape[2]:
        expected = params.U.shape[1] // 2
    if x.shape[2] != expected:
        raise ValueError(f"x has {x.shape[2]} features, U expects {expected}")
    if any(leaf.dtype != x.dtype for leaf in params):
        raise ValueError(f"x is {x.dtype}, the parameters are {params.U.dtype}")
    return size
