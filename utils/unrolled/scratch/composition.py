"""What layers made of layers share: finding the module of a part, and turning sequences round."""

import sys

import numpy as np

from unrolled.scratch.masking import checked


def layer_of(params):
    """The module with `forward` and `backward` of a layer, found by the type of its parameters.

    Raises ValueError if that type doesn't come from a module with both functions.
    """
    module = sys.modules[type(params).__module__]
    if not (hasattr(module, "forward") and hasattr(module, "backward")):
        raise ValueError(
            f"{type(params).__name__} comes from {module.__name__}, which has no forward and backward"
        )
    return module


def width(params, D):
    """How many outputs a layer with D inputs has, found by running it for one step."""
    dtype = next(dtype for dtype in _dtypes(params))
    return layer_of(params).forward(params, np.zeros((1, 1, D), dtype))[0].shape[-1]


def turned(x, lengths=None):
    """Each sequence of x (T, B, ...) from its own end to its start; padding stays where it is.

    lengths (B,) steps that count, in 0..T, all if None. Turning twice gives x again, since step t becomes
    step lengths - 1 - t. Returns a new array. Raises ValueError if `lengths` doesn't fit.
    """
    if lengths is None:
        return np.ascontiguousarray(x[::-1])
    T, B = x.shape[:2]
    lengths = checked(lengths, T, B)
    t = np.arange(T)[:, None]
    source = np.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    return x[source, np.arange(B)]


def _dtypes(tree):
    if isinstance(tree, tuple):
        for child in tree:
            yield from _dtypes(child)
    else:
        yield tree.dtype
