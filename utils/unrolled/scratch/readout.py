"""The linear readout o = c + V h."""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.checks import checked


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a readout."""

    V: np.ndarray  # (K, H)
    c: np.ndarray  # (K,)


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    h: np.ndarray  # (..., H)


def init(rng, H, K, dtype=np.float64):
    """Draw the parameters of a readout from H units to K outputs, uniform in +-1/sqrt(H) as torch draws them."""
    bound = 1 / np.sqrt(H)
    return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in ((K, H), (K,))))


def forward(params, h):
    """Outputs o (..., K) of the states h (..., H), and a cache for `backward`; equation (6.3).

    Raises ValueError if the last axis of h is not H or its dtype is not the parameters'.
    """
    V, c = params
    if h.shape[-1] != V.shape[1]:
        raise ValueError(f"h has {h.shape[-1]} units, V expects {V.shape[1]}")
    if not h.dtype == V.dtype == c.dtype:
        raise ValueError(f"h is {h.dtype}, the parameters are {V.dtype} and {c.dtype}")
    return c + h @ V.T, Cache(h)  # (6.3)


def backward(params, cache, do):
    """Gradients of the parameters and dh (..., H), given do (..., K); equations (6.7), (6.11) and (6.12).

    Raises ValueError if do has not the shape of o or not the dtype of h.
    """
    V, c = params
    do = checked("do", do, (*cache.h.shape[:-1], len(c)), cache.h.dtype)
    rows = do.reshape(-1, len(c))
    dV = rows.T @ cache.h.reshape(-1, V.shape[1])  # (6.11)
    dc = rows.sum(axis=0)  # (6.12)
    dh = do @ V  # (6.7)
    return Params(dV, dc), dh


def from_torch(module):
    """Parameters of a torch.nn.Linear."""
    V = module.weight.detach().numpy().copy()
    c = np.zeros(len(V), V.dtype) if module.bias is None else module.bias.detach().numpy().copy()
    return Params(V, c)
