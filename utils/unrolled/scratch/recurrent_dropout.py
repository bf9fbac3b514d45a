"""A tanh layer with dropout on the recurrent connection: h_t = tanh(b + W (m * h_{t-1}) + U x_t).

The mask m belongs to the state: it is given with the start of the sequences and carried along. One mask a sequence,
(B, H), is recurrent dropout; a new one at every step, (T, B, H), is naive dropout. No mask, None, drops nothing.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import rnn
from unrolled.scratch.checks import check_input, check_parameters, checked
from unrolled.scratch.masking import checked_lengths, counted, immediate

__all__ = ["Cache", "Params", "State", "backward", "draw_mask", "forward", "init"]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a tanh layer."""

    U: np.ndarray  # (H, D)
    W: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)


class State(NamedTuple):
    """The state, and the mask that multiplies it on its way into the next step."""

    h: np.ndarray | None  # (B, H), zero if None
    mask: np.ndarray | None  # (B, H), the same at all steps, or (T, B, H); ones if None


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    x: np.ndarray  # (T, B, D)
    hs: np.ndarray  # (T + 1, B, H): the initial state, then h
    masks: np.ndarray  # (T, B, H), a view if one mask serves all steps
    state: State
    lengths: np.ndarray | None
    given: np.ndarray | None  # the mask as it came


def init(rng, D, H, dtype=np.float64):
    """Draw the parameters as `rnn.init` does."""
    return Params(*rnn.init(rng, D, H, dtype=dtype))


def draw_mask(rng, keep, shape, dtype=np.float64):
    """Independent entries, 1/keep with probability `keep` and else 0, so that each has the mean 1.

    Raises ValueError unless 0 < keep <= 1.
    """
    if not 0 < keep <= 1:
        raise ValueError(f"keep is {keep}, expected a probability above 0")
    return (rng.random(shape) < keep).astype(dtype) / dtype(keep)


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the layer over a batch of sequences.

    x (T, B, D), T >= 1; state: h and mask as `State` says; lengths (B,) steps that count, all if None. `workspace` is
    taken for the sake of the layers' common form and not used.
    Returns h (T, B, H), zero at steps that don't count, and a cache for `backward`; cache.state is the state after the
    last step that counts, with the mask as it was given. Raises ValueError if shapes or dtypes don't fit.
    Source: Gal & Ghahramani (2016), the mask on the recurrent connection; equation (9.10).
    """
    U, W, b = params
    check_parameters(params)
    check_input(params, x)
    T, B, H = *x.shape[:2], len(b)
    given = state if state is not None else State(None, None)
    masks = _masks(given.mask, T, B, H, x.dtype)
    if lengths is not None:
        lengths = checked_lengths(lengths, T, B)
        x = np.where(counted(lengths, T, B)[..., None], x, 0)
    hs = np.empty((T + 1, B, H), x.dtype)
    hs[0] = 0 if given.h is None else checked("state.h", given.h, (B, H), x.dtype)
    a = x @ U.T + b
    for t in range(T):
        hs[t + 1] = np.tanh(a[t] + (masks[t] * hs[t]) @ W.T)  # (9.10)
    if lengths is None:
        last = hs[T].copy()
    else:
        last = hs[lengths, np.arange(B)]
        hs[1:][~counted(lengths, T, B)] = 0
    return hs[1:], Cache(x, hs, masks, State(last, given.mask), lengths, given.mask)


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through all the steps of a forward call.

    dh (T, B, H): gradient of h; dstate: State, gradient of cache.state (of its h; the mask's is ignored); zero if None.
    Returns the gradients of the parameters, dx (T, B, D) and dstate0, whose mask is the gradient of the mask, or None
    if there was none. Raises ValueError if shapes or dtypes don't fit.
    """
    U, W, _ = params
    x, hs, masks = cache.x, cache.hs, cache.masks
    T, B, _ = x.shape
    dh = None if dh is None else checked("dh", dh, hs[1:].shape, hs.dtype)
    last = None
    if dstate is not None and dstate.h is not None:
        last = checked("dstate.h", dstate.h, hs.shape[1:], hs.dtype)
    dhs = immediate(np.empty_like(hs), dh, last, cache.lengths)
    delta, message = np.empty_like(hs[1:]), np.empty_like(hs[1:])
    total = dhs[T]
    for t in reversed(range(T)):
        delta[t] = (1 - hs[t + 1] ** 2) * total
        message[t] = delta[t] @ W  # gradient of m * h_{t-1}
        total = dhs[t] + masks[t] * message[t]
    rows = delta.reshape(T * B, -1)
    dU = rows.T @ x.reshape(T * B, -1)
    dW = rows.T @ (masks * hs[:-1]).reshape(T * B, -1)
    dmask = None if cache.given is None else message * hs[:-1]
    if cache.given is not None and cache.given.ndim == 2:
        dmask = dmask.sum(axis=0)
    return Params(dU, dW, rows.sum(axis=0)), delta @ U, State(total, dmask)


def _masks(mask, T, B, H, dtype):
    """The mask of every step, (T, B, H)."""
    if mask is None:
        mask = np.ones((B, H), dtype)
    if mask.shape not in ((B, H), (T, B, H)) or mask.dtype != dtype:
        raise ValueError(
            f"mask is {mask.dtype} of shape {mask.shape}, expected {dtype} of {(B, H)} or {(T, B, H)}"
        )
    return np.broadcast_to(mask, (T, B, H))
