"""The plain recurrent layer h_t = g(b + W h_{t-1} + U x_t) and backpropagation through time.

The activation g belongs to the type of the parameters: `Params` is tanh, `ReluParams` is relu.

Truncated backpropagation through time needs no function of its own: call `forward` window by window with
`state=cache.state` of the window before, and `backward` with `dstate=None`, which drops what lies beyond the cut.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import relu_slope, tanh_slope
from unrolled.scratch.checks import check_input, check_parameters, check_type, checked
from unrolled.scratch.masking import checked_lengths, counted, immediate
from unrolled.scratch.workspace import FRESH, Workspace

__all__ = [
    "Cache",
    "Params",
    "ReluParams",
    "State",
    "Workspace",
    "backward",
    "deltas",
    "forward",
    "from_torch",
    "init",
    "part_from_torch",
]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a tanh layer."""

    U: np.ndarray  # (H, D)
    W: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)


class ReluParams(NamedTuple):
    """Parameters of a relu layer."""

    U: np.ndarray  # (H, D)
    W: np.ndarray  # (H, H)
    b: np.ndarray  # (H,)


class State(NamedTuple):
    """What the layer carries from one step to the next."""

    h: np.ndarray  # (B, H)


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    x: np.ndarray  # (T, B, D)
    hs: np.ndarray  # (T + 1, B, H): the initial state, then h
    state: State  # after the last step that counts
    lengths: np.ndarray | None
    workspace: Workspace
    turn: int


TYPES = {"tanh": Params, "relu": ReluParams}


def _tanh(a, out):
    np.tanh(a, out=out)


def _relu(a, out):
    np.maximum(a, 0, out=out)


ACTIVATIONS = {Params: _tanh, ReluParams: _relu}
SLOPES = {Params: tanh_slope, ReluParams: relu_slope}  # as functions of the output


def init(rng, D, H, dtype=np.float64, activation="tanh"):
    """Draw the parameters of a layer with D inputs and H units, uniform in +-1/sqrt(H) as torch draws them.

    activation: "tanh" or "relu". Raises ValueError for another one.
    """
    if activation not in TYPES:
        raise ValueError(f"activation is {activation!r}, expected one of {sorted(TYPES)}")
    bound = 1 / np.sqrt(H)
    shapes = (H, D), (H, H), (H,)
    return TYPES[activation](*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the layer over a batch of sequences.

    x (T, B, D), T >= 1; state: h (B, H), zero if None; lengths (B,) steps that count, in 0..T, all if None.
    Returns h (T, B, H), zero at steps that don't count, and a cache for `backward`; cache.state is the state
    after the last step that counts. With a workspace h and the cache are valid until its next forward.
    Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: equations (6.1) and (6.2).
    """
    check_type(params, ACTIVATIONS)
    check_parameters(params)
    check_input(params, x)
    U, W, b = params
    T, B, H = *x.shape[:2], len(b)
    activation = ACTIVATIONS[type(params)]
    workspace = FRESH if workspace is None else workspace
    turn = workspace.begin()
    if lengths is not None:
        lengths = checked_lengths(lengths, T, B)
        x = np.where(counted(lengths, T, B)[..., None], x, 0)
    hs = workspace.empty("hs", (T + 1, B, H), x.dtype)
    hs[0] = 0 if state is None else checked("state.h", state.h, (B, H), x.dtype)
    a = workspace.empty("a", (T, B, H), x.dtype)
    np.matmul(x.reshape(T * B, -1), U.T, out=a.reshape(T * B, H))  # U x_t for all steps at once
    a += b
    for t in range(T):
        a[t] += hs[t] @ W.T  # (6.1)
        activation(a[t], out=hs[t + 1])  # (6.2)
    if lengths is None:
        last = hs[T].copy()
    else:
        last = hs[lengths, np.arange(B)]
        hs[1:][~counted(lengths, T, B)] = 0
    return hs[1:], Cache(x, hs, State(last), lengths, workspace, turn)


def deltas(params, cache, dh=None, dstate=None):
    """Gradients delta_t = dL/da_t of the pre-activations, for all steps, and of the initial state.

    dh (T, B, H): the immediate gradient of h_t, what reaches it at its own step; dstate: of cache.state; zero if None.
    Returns delta (T, B, H) and dstate0. Source: equations (6.9) and (6.16).
    Raises ValueError if shapes or dtypes don't fit, RuntimeError if the cache's workspace was used again.
    """
    cache.workspace.require(cache.turn)
    W_T = np.ascontiguousarray(params.W.T)  # BLAS multiplies by a transpose up to 15 % faster
    T = len(cache.x)
    dhs = _upstream(cache, dh, dstate)
    slope = SLOPES[type(params)](cache.hs[1:])  # g'(a_t), all steps at once
    delta = cache.workspace.empty("delta", cache.hs[1:].shape, cache.x.dtype)
    dh_t = dhs[T]  # the total gradient of h_t
    for t in reversed(range(T)):
        np.multiply(slope[t], dh_t, out=delta[t])  # (6.9)
        dh_t = dhs[t] + delta[t] @ W_T.T  # (6.9)
    return delta, State(dh_t)  # (6.16)


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through all the steps of a forward call.

    dh (T, B, H): gradient of h; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    With a workspace dx is valid until its next use; the rest is fresh.
    Raises as `deltas` does. Source: equations (6.9) and (6.13)-(6.16).
    """
    delta, dstate0 = deltas(params, cache, dh, dstate)
    T, B, D = cache.x.shape
    rows = delta.reshape(T * B, -1)
    h_prev = cache.hs[:-1].reshape(T * B, -1)
    x = cache.x.reshape(T * B, D)
    dW = rows.T @ h_prev  # (6.13)
    dU = rows.T @ x  # (6.14)
    db = rows.sum(axis=0)  # (6.15)
    dx = np.matmul(rows, params.U, out=cache.workspace.empty("dx", (T * B, D), x.dtype))
    return type(params)(dU, dW, db), dx.reshape(T, B, D), dstate0


def from_torch(module):
    """Parameters of a torch.nn.RNN of one layer and one direction; b is the sum of torch's two biases.

    Raises ValueError for a module with more layers or directions.
    """
    if module.num_layers != 1 or module.bidirectional:
        raise ValueError(f"expected one layer in one direction, the module is {module}")
    return part_from_torch(module, "l0")


def part_from_torch(module, part):
    """Parameters of one layer and direction of a torch.nn.RNN by torch's name for it, such as "l1_reverse"."""
    weight = lambda name: getattr(module, f"{name}_{part}").detach().numpy()
    U, W = weight("weight_ih").copy(), weight("weight_hh").copy()
    b = weight("bias_ih") + weight("bias_hh") if module.bias else np.zeros(len(W), W.dtype)
    return TYPES[module.nonlinearity](U, W, b)


def _upstream(cache, dh, dstate):
    """Immediate gradients (T + 1, B, H) of the initial state and of h, with dstate where cache.state was taken."""
    shape, dtype = cache.hs[1:].shape, cache.x.dtype
    dh = None if dh is None else checked("dh", dh, shape, dtype)
    last = None if dstate is None else checked("dstate.h", dstate.h, shape[1:], dtype)
    return immediate(cache.workspace.empty("dhs", cache.hs.shape, dtype), dh, last, cache.lengths)
