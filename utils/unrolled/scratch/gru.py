"""The gated recurrent unit: a state that is an average of what it was and of a candidate.

    z, r = sigmoid(b + W h_{t-1} + U x_t),  each with its block of W, U and b              (13.3)
    n = tanh(b_n + W_n (r * h_{t-1}) + U_n x_t)              reset before the product: `Params`       (13.4)
    n = tanh(b_n + r * (W_n h_{t-1} + b_hn) + U_n x_t)       reset after the product: `AfterParams`   (13.9)
    h_t = (1 - z) * h_{t-1} + z * n                                                       (13.5)

So z = 1 takes the candidate. Cho et al. (2014) and torch have z and 1 - z the other way round (13.8).

How it gets fast, besides the layout that `unrolled.scratch.gated` explains:
- The sigmoid is (1 + tanh(a / 2)) / 2, with its inner half in the weight, as in `unrolled.scratch.lstm`.
- What x gives to the candidate is not touched by r: it is one product over all steps, before the first.
- Reset after the product: W_n h_{t-1} comes from the same product as r and z, and the way back is one product too.
- Blocks are ordered n, r, z, m (m = W_n h_{t-1} + b_hn): x enters the first three, h the last three. So the gradients
  of U and of W are one product each over all steps, without a wasted block.
"""

from typing import NamedTuple

import numpy as np
from numpy import add, dot, multiply, subtract, tanh

from unrolled.scratch.checks import check_input, check_parameters, check_type, checked
from unrolled.scratch.gated import last, outputs, side_by_side, stacked, upstream
from unrolled.scratch.masking import checked_lengths, counted
from unrolled.scratch.workspace import FRESH, Workspace

__all__ = [
    "AfterParams",
    "Cache",
    "Gates",
    "Params",
    "State",
    "Workspace",
    "backward",
    "forward",
    "from_torch",
    "gates",
    "init",
    "part_from_torch",
]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of a GRU that resets the state before the product, as published."""

    U: np.ndarray  # (3H, D), blocks r, z, n
    W: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)


class AfterParams(NamedTuple):
    """Parameters of a GRU that resets after the product, as torch does."""

    U: np.ndarray  # (3H, D), blocks r, z, n
    W: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)
    b_hn: np.ndarray  # (H,), inside of what r multiplies


class State(NamedTuple):
    """What the layer carries from one step to the next."""

    h: np.ndarray  # (B, H)


class Gates(NamedTuple):
    """What the gates did, for plots and tests."""

    r: np.ndarray  # (T, B, H), 0 resets
    z: np.ndarray  # (T, B, H), 1 takes the candidate
    n: np.ndarray  # (T, B, H), the candidate


class Cache(NamedTuple):
    """What `backward` needs of a forward call; inside the layer the blocks have the order n, r, z, m."""

    weight: np.ndarray  # (3, H, H + 1 + D), for the blocks r, z, m
    U_n: np.ndarray  # (H, D)
    stack: np.ndarray  # (T + 1, H + 1 + D, B): h_{t-1}, 1, x_t
    blocks: np.ndarray  # (T, 4, H, B): n, r, z, and m = W_n h_{t-1} + b_hn or r h_{t-1}
    move: np.ndarray  # (T, H, B): n - h_{t-1}
    state: State  # after the last step that counts
    lengths: np.ndarray | None
    workspace: Workspace
    turn: int


FORMS = {"reset_before": Params, "reset_after": AfterParams}
CANDIDATE, RESET, UPDATE, M = range(4)


def init(rng, D, H, dtype=np.float64, form="reset_before"):
    """Draw the parameters of a layer with D inputs and H units, uniform in +-1/sqrt(H) as torch draws them.

    form: "reset_before" or "reset_after". Raises ValueError for another one.
    """
    if form not in FORMS:
        raise ValueError(f"form is {form!r}, expected one of {sorted(FORMS)}")
    bound = 1 / np.sqrt(H)
    kind = FORMS[form]
    shapes = [(3 * H, D), (3 * H, H), (3 * H,), (H,)][: len(kind._fields)]
    return kind(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the layer over a batch of sequences.

    x (T, B, D), T >= 1; state: h (B, H), zero if None; lengths (B,) steps that count, in 0..T, all if None.
    Returns h (T, B, H), zero at steps that don't count, in (-1, 1) from a state that is, and a cache for `backward`;
    cache.state is the state after the last step that counts. With a workspace h and the cache are valid until its
    next forward. Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: Cho et al. (2014), equations (5)-(8), with z and 1 - z as in Chung et al. (2014);
    equations (13.3)-(13.5), with the reset after the product (13.9).
    """
    check_type(params, FORMS.values())
    check_parameters(params, 3)
    check_input(params, x)
    (T, B, _), H, dtype = x.shape, params.W.shape[1], x.dtype
    workspace = FRESH if workspace is None else workspace
    turn = workspace.begin()
    lengths = None if lengths is None else checked_lengths(lengths, T, B)
    h0 = np.zeros((B, H), dtype) if state is None else checked("state.h", state.h, (B, H), dtype)

    weight, U_n = _weight(params, workspace), params.U[2 * H :].copy()
    stack = stacked(x, h0, lengths, workspace)
    blocks = workspace.empty("blocks", (T, 4, H, B), dtype)
    move = workspace.empty("move", (T, H, B), dtype)
    np.matmul(U_n, stack[:-1, H + 1 :], out=blocks[:, CANDIDATE])  # U_n x_t for all steps at once
    blocks[:, CANDIDATE] += params.b[2 * H :, None]
    run = _run_before if type(params) is Params else _run_after
    run(weight, stack, blocks, move)

    hs = stack[:, :H]
    cache = Cache(
        weight, U_n, stack, blocks, move, State(last(hs, lengths)), lengths, workspace, turn
    )
    return outputs(hs, lengths, workspace), cache


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through all the steps of a forward call.

    dh (T, B, H): gradient of h; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    With a workspace dx is valid until its next use; the rest is fresh.
    Raises ValueError if shapes or dtypes don't fit, RuntimeError if the cache's workspace was used again.
    Source: equations (13.10)-(13.14).
    """
    cache.workspace.require(cache.turn)
    T, H, B = cache.move.shape
    D = cache.U_n.shape[1]
    delta, dstate0 = _deltas(params, cache, dh, dstate)
    rows = side_by_side("rows", delta.reshape(T, 4 * H, B), cache.workspace)  # n, r, z, m
    read = side_by_side("read", cache.stack[:-1], cache.workspace)  # h, 1, x

    from_x = rows[: 3 * H] @ read[H:].T  # (13.14), (3H, 1 + D): n, r, z
    dU, db = (np.concatenate([from_x[H:, k], from_x[:H, k]]) for k in (slice(1, None), 0))
    if type(params) is Params:
        reset = side_by_side("reset", cache.blocks[:, M], cache.workspace)  # r h_{t-1}
        dW = np.concatenate([rows[H : 3 * H] @ read[:H].T, rows[:H] @ reset.T])  # (13.14)
        grads = Params(dU, dW, db)
    else:
        from_h = rows[H:] @ read[: H + 1].T  # (3H, H + 1): r, z, m
        grads = AfterParams(dU, from_h[:, :H].copy(), db, from_h[2 * H :, H].copy())
    U = np.concatenate([cache.U_n, cache.weight[:2, :, H + 1 :].reshape(2 * H, D)])
    dx = cache.workspace.empty("dx", (T * B, D), rows.dtype)
    np.matmul(rows[: 3 * H].T, U, out=dx)
    return grads, dx.reshape(T, B, D), dstate0


def gates(cache):
    """The gates and the candidate of a forward call, as new arrays, zero at steps that don't count.

    Raises RuntimeError if the cache's workspace was used again.
    """
    cache.workspace.require(cache.turn)
    T, _, B = cache.move.shape
    arrays = [cache.blocks[:, k].transpose(0, 2, 1).copy() for k in (RESET, UPDATE, CANDIDATE)]
    if cache.lengths is not None:
        for array in arrays:
            array[~counted(cache.lengths, T, B)] = 0
    return Gates(*arrays)


def from_torch(module):
    """Parameters (`AfterParams`) of a torch.nn.GRU of one layer and one direction.

    torch's z keeps where ours takes: the block is negated, which is exact since sigmoid(-a) = 1 - sigmoid(a) (13.8).
    Raises ValueError for a module with more layers or directions.
    """
    if module.num_layers != 1 or module.bidirectional:
        raise ValueError(f"expected one layer in one direction, the module is {module}")
    return part_from_torch(module, "l0")


def part_from_torch(module, part):
    """Parameters of one layer and direction of a torch.nn.GRU by torch's name for it, such as "l1_reverse"."""
    weight = lambda name: getattr(module, f"{name}_{part}").detach().numpy()
    U, W = weight("weight_ih").copy(), weight("weight_hh").copy()
    H = W.shape[1]
    b, b_hn = np.zeros(3 * H, W.dtype), np.zeros(H, W.dtype)
    if module.bias:
        b, b_hn = weight("bias_ih").copy(), weight("bias_hh")[2 * H :].copy()
        b[: 2 * H] += weight("bias_hh")[: 2 * H]
    for leaf in (U, W, b):
        leaf[H : 2 * H] *= -1
    return AfterParams(U, W, b, b_hn)


def _run_after(weight, stack, blocks, move):
    """All steps, reset after the product: fills in h in the stack, the blocks, and n - h_{t-1}."""
    T, H, B = move.shape
    half = np.array(0.5, move.dtype)
    folded = weight.copy()
    folded[:2] *= half  # the half inside of the sigmoids
    folded = folded.reshape(3 * H, -1)
    steps = zip(
        stack[:-1],  # [h_{t-1}; 1; x_t]
        blocks.reshape(T, 4 * H, B)[:, H:],  # r, z, m
        blocks[:, RESET:M],  # r, z
        blocks[:, RESET],
        blocks[:, UPDATE],
        blocks[:, M],
        blocks[:, CANDIDATE],
        move,
        stack[:-1, :H],
        stack[1:, :H],
        strict=True,
    )
    for read, a, sigmoids, r, z, m, n, d, h_prev, h in steps:
        dot(folded, read, a)  # m = W_n h_{t-1} + b_hn is done
        tanh(sigmoids, sigmoids)
        multiply(sigmoids, half, sigmoids)
        add(sigmoids, half, sigmoids)  # r, z
        multiply(r, m, d)
        add(n, d, n)
        tanh(n, n)  # (13.9)
        subtract(n, h_prev, d)
        multiply(z, d, h)
        add(h, h_prev, h)  # (13.5), as h_t = h_{t-1} + z (n - h_{t-1})


def _run_before(weight, stack, blocks, move):
    """The same with the reset before the product, so that the candidate needs a second one."""
    T, H, B = move.shape
    half = np.array(0.5, move.dtype)
    folded = (half * weight[:2]).reshape(2 * H, -1)
    W_n = np.ascontiguousarray(weight[2, :, :H])
    for t in range(T):
        n, r, z, m = blocks[t]
        sigmoids, d = blocks[t, RESET:M], move[t]
        h_prev, h = stack[t, :H], stack[t + 1, :H]
        dot(folded, stack[t], sigmoids.reshape(2 * H, B))
        tanh(sigmoids, sigmoids)
        multiply(sigmoids, half, sigmoids)
        add(sigmoids, half, sigmoids)  # r, z
        multiply(r, h_prev, m)
        dot(W_n, m, d)
        add(n, d, n)
        tanh(n, n)  # (13.4)
        subtract(n, h_prev, d)
        multiply(z, d, h)
        add(h, h_prev, h)


def _deltas(params, cache, dh, dstate):
    """Gradients (T, 4, H, B) of the pre-activations of n, r, z and of m, and of the initial state."""
    T, H, B = cache.move.shape
    dtype, workspace, after = cache.move.dtype, cache.workspace, type(params) is AfterParams
    dlast = None if dstate is None else checked("dstate.h", dstate.h, (B, H), dtype)
    dhs = upstream(dh, dlast, (T, B, H), dtype, cache.lengths, workspace)
    delta, keep = _local_derivatives(cache, after)
    W = workspace.empty("W", (3, H, H), dtype)
    W[:] = cache.weight[:, :, :H]
    W_T = W.reshape(3 * H, H).T if after else W[:2].reshape(2 * H, H).T
    W_n_T = W[2].T
    joined = slice(H, 4 * H) if after else slice(H, 3 * H)  # the rows of delta that W_T takes

    dh_t, carry = dhs[T].copy(), np.empty((H, B), dtype)
    steps = zip(
        dhs[:T][::-1],
        keep[::-1],
        delta[::-1, CANDIDATE],
        delta[::-1, RESET],
        delta[::-1, UPDATE],
        delta[::-1, M],
        delta.reshape(T, 4 * H, B)[::-1, joined],
        cache.blocks[::-1, RESET],
        strict=True,
    )
    for dh_before, keep_t, d_n, d_r, d_z, d_m, d, r in steps:
        multiply(d_n, dh_t, d_n)  # (13.11): local derivatives become deltas where they stand
        multiply(d_z, dh_t, d_z)  # (13.11)
        multiply(keep_t, dh_t, carry)  # dh_t (1 - z)
        if after:
            multiply(d_r, d_n, d_r)
            multiply(r, d_n, d_m)
        else:
            dot(W_n_T, d_n, d_m)  # the gradient of r h_{t-1}
            multiply(d_r, d_m, d_r)  # (13.12)
            multiply(r, d_m, d_m)
            add(carry, d_m, carry)
        dot(W_T, d, dh_t)
        add(dh_t, carry, dh_t)
        add(dh_t, dh_before, dh_t)  # (13.13), what reaches h_{t-1}
    return delta, State(dh_t.T.copy())


def _local_derivatives(cache, after):
    """For all steps at once: by what dh_t (blocks n, z) and dn or dm (r) are multiplied; and 1 - z."""
    T, H, B = cache.move.shape
    n, r, z, m = (cache.blocks[:, k] for k in range(4))
    local = cache.workspace.empty("local", (T, 4, H, B), n.dtype)
    keep = cache.workspace.empty("keep", (T, H, B), n.dtype)
    d_n, d_r, d_z, _ = (local[:, k] for k in range(4))
    subtract(1, z, keep)
    multiply(z, keep, d_z)
    multiply(d_z, cache.move, d_z)  # (n - h_{t-1}) z (1 - z)
    multiply(n, n, d_n)
    subtract(1, d_n, d_n)
    multiply(z, d_n, d_n)  # z (1 - n^2)
    subtract(1, r, d_r)
    multiply(m, d_r, d_r)
    if after:
        multiply(
            r, d_r, d_r
        )  # m r (1 - r); before the product m has its r already: h_{t-1} r (1 - r)
    return local, keep


def _weight(params, workspace):
    """The weight (3, H, H + 1 + D) of the columns [h; 1; x] for the blocks r, z, m; x doesn't enter m."""
    H, D = params.W.shape[1], params.U.shape[1]
    weight = workspace.empty("weight", (3, H, H + 1 + D), params.U.dtype)
    weight[:, :, :H] = params.W.reshape(3, H, H)
    weight[:2, :, H] = params.b[: 2 * H].reshape(2, H)
    weight[:2, :, H + 1 :] = params.U[: 2 * H].reshape(2, H, D)
    weight[2, :, H] = params.b_hn if type(params) is AfterParams else 0
    weight[2, :, H + 1 :] = 0
    return weight
