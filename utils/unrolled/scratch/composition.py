"""What layers made of layers share: finding the module of a part, reading a part of a torch module, turning sequences."""

import inspect
import sys
from functools import cache

import numpy as np

from unrolled.scratch import gru, lstm, rnn
from unrolled.scratch.masking import checked_lengths

OF_TORCH = {"RNN_TANH": rnn, "RNN_RELU": rnn, "LSTM": lstm, "GRU": gru}  # by a torch module's mode


def layer_of(params):
    """The module with `forward` and `backward` of a layer, found by the type of its parameters.

    Raises ValueError if that type doesn't come from a module with both functions in the layers' common form.
    """
    return _module_of(type(params))


def width(params, D):
    """How many outputs a layer with D inputs has, found by running it for one step."""
    dtype = next(dtype for dtype in _dtypes(params))
    return layer_of(params).forward(params, np.zeros((1, 1, D), dtype))[0].shape[-1]


def part_from_torch(module, layer, way=""):
    """Parameters of one layer and direction of a torch.nn.RNN, LSTM or GRU, as `from_torch` of our layer has them.

    layer: counted from 0 at the bottom; way: "" from the start, "_reverse" from the end.
    Raises ValueError for another module, one with a projection, or one without that layer.
    """
    ours = OF_TORCH.get(getattr(module, "mode", None))
    if ours is None:
        raise ValueError(f"expected a torch.nn.RNN, LSTM or GRU, the module is {module}")
    if module.proj_size:
        raise ValueError(f"expected layers without projection, the module is {module}")
    if layer not in range(module.num_layers):
        raise ValueError(f"layer is {layer}, the module has layers 0 to {module.num_layers - 1}")
    return ours.part_from_torch(module, f"l{layer}{way}")


def turned(x, lengths=None):
    """Each sequence of x (T, B, ...) from its own end to its start; padding stays where it is.

    lengths (B,) steps that count, in 0..T, all if None. Turning twice gives x again, since step t becomes
    step lengths - 1 - t. Returns a new array. Raises ValueError if `lengths` doesn't fit.
    """
    if lengths is None:
        return np.ascontiguousarray(x[::-1])
    T, B = x.shape[:2]
    lengths = checked_lengths(lengths, T, B)
    t = np.arange(T)[:, None]
    source = np.where(t < lengths, lengths - 1 - t, t)  # (T, B)
    return x[source, np.arange(B)]


@cache
def _module_of(kind):
    module = sys.modules[kind.__module__]
    came = f"{kind.__name__} comes from {module.__name__}"
    if not (hasattr(module, "forward") and hasattr(module, "backward")):
        raise ValueError(f"{came}, which has no forward and backward")
    takes = inspect.signature(module.forward)
    if list(takes.parameters)[2:5] != ["state", "lengths", "workspace"]:
        raise ValueError(
            f"{came}, where forward{takes} is not forward(params, x, state, lengths, workspace)"
        )
    return module


def _dtypes(tree):
    if isinstance(tree, tuple):
        for child in tree:
            yield from _dtypes(child)
    else:
        yield tree.dtype
