"""Tree-LSTMs: a memory cell at every node, and a forget gate for each of its children.

With x the input of a node and h_k, c_k what its children pass on, child-sum (any number of children, in no order):

    i, g, o = b + U x + W (sum of h_k),     f_k = b_f + U_f x + W_f h_k
    c = sigmoid(i) tanh(g) + sum of sigmoid(f_k) c_k,     h = sigmoid(o) tanh(c)

N-ary (at most N children, each with weights of its own): W takes [h_1; ...; h_N], and each f_k has rows of its own in W.
The type of the parameters says which. A chain of single children is `unrolled.scratch.lstm`.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import sigmoid, sigmoid_slope, tanh_slope
from unrolled.scratch.checks import checked
from unrolled.scratch.structure import Plan

__all__ = ["Cache", "ChildSumParams", "NaryParams", "backward", "forward", "init"]


class ChildSumParams(NamedTuple):  # gradients use this type too
    """Parameters of a child-sum Tree-LSTM; the blocks are i, f, g, o."""

    U: np.ndarray  # (4H, D)
    W: np.ndarray  # (4H, H)
    b: np.ndarray  # (4H,)


class NaryParams(NamedTuple):  # gradients use this type too
    """Parameters of an N-ary Tree-LSTM; the blocks are i, f, g, o, and in W there is an f for each child."""

    U: np.ndarray  # (4H, D)
    W: np.ndarray  # ((3 + N)H, NH), rows i, f_1 ... f_N, g, o
    b: np.ndarray  # (4H,)


class Kept(NamedTuple):
    """The gates of one level of m nodes with at most k children."""

    i: np.ndarray  # (m, H)
    f: np.ndarray  # (m, k, H)
    g: np.ndarray  # (m, H)
    o: np.ndarray  # (m, H)


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    plan: Plan
    x: np.ndarray  # (N, D)
    h: np.ndarray  # (N + 1, H), the last for children that aren't there: zero
    c: np.ndarray  # (N + 1, H), the same
    kept: tuple  # one Kept for each level


def init(rng, D, H, N=None, dtype=np.float64):
    """Draw the parameters for inputs of D numbers and H cells, uniform in +-1/sqrt(H); the forget bias is 1.

    N: the most children a node may have, each with weights of its own; None for the sum of any number.
    """
    bound = 1 / np.sqrt(H)
    shape = (4 * H, H) if N is None else ((3 + N) * H, N * H)
    U, W, b = (rng.uniform(-bound, bound, s).astype(dtype) for s in ((4 * H, D), shape, (4 * H,)))
    b[H : 2 * H] = 1
    return (ChildSumParams if N is None else NaryParams)(U, W, b)


def forward(params, x, plan):
    """Compute all nodes of some trees.

    x (N, D): the input of every node in the plan's order, zeros where there is none.
    Returns h (N, H) in (-1, 1), so h[plan.roots] are the whole trees, and a cache for `backward`.
    Raises ValueError if shapes or dtypes don't fit, or a node has more children than an N-ary layer takes.
    Source: Tai, Socher & Manning (2015), equations (2)-(8) and (9)-(14).
    """
    H = _check(params, x, plan)
    h, c = np.zeros((2, plan.nodes + 1, H), x.dtype)
    inputs, kept = x @ params.U.T + params.b, []
    for level in plan.levels:
        at = slice(level.start, level.stop)
        a, a_f = _recurrent(params, h[level.children])
        i, f, g, o = np.split(inputs[at], 4, axis=1)
        i, g, o = (block + part for block, part in zip((i, g, o), a))
        gates = Kept(sigmoid(i), sigmoid(f[:, None] + a_f), np.tanh(g), sigmoid(o))
        c[at] = gates.i * gates.g + (gates.f * c[level.children]).sum(axis=1)
        h[at] = gates.o * np.tanh(c[at])
        kept.append(gates)
    return h[:-1], Cache(plan, x, h, c, tuple(kept))


def backward(params, cache, dh=None):
    """Backpropagate through structure: from the roots down to the leaves.

    dh (N, H): the immediate gradient of each node's h; zero if None.
    Returns the gradients of the parameters, in their type, and dx (N, D). Raises ValueError if dh doesn't fit.
    """
    plan, x, h, c, kept = cache
    total_h, total_c = np.zeros_like(h), np.zeros_like(c)
    if dh is not None:
        total_h[:-1] = checked("dh", dh, h[:-1].shape, h.dtype)
    da = np.zeros((len(x), len(params.b)), h.dtype)  # gradients of the sums of U x and b
    dW = np.zeros_like(params.W)
    for level, (i, f, g, o) in zip(reversed(plan.levels), reversed(kept)):
        at = slice(level.start, level.stop)
        tanh_c = np.tanh(c[at])
        dc = total_c[at] + total_h[at] * o * tanh_slope(tanh_c)
        below = c[level.children]
        a_i, a_g = dc * g * sigmoid_slope(i), dc * i * tanh_slope(g)
        a_o = total_h[at] * tanh_c * sigmoid_slope(o)
        a_f = dc[:, None] * below * sigmoid_slope(f)  # (m, k, H); 0 for a child that isn't there
        da[at] = np.concatenate([a_i, a_f.sum(axis=1), a_g, a_o], axis=1)
        dbelow = _recurrent_backward(params, h[level.children], (a_i, a_g, a_o), a_f, dW)
        # A child has one parent, so nothing is lost; what falls on those that aren't there is never read.
        total_h[level.children] = total_h[level.children] + dbelow
        total_c[level.children] = total_c[level.children] + dc[:, None] * f
    return type(params)(da.T @ x, dW, da.sum(axis=0)), da @ params.U


def _recurrent(params, below):
    """What the children's h (m, k, H) add to i, g, o, three (m, H), and to the forget gates (m, k, H)."""
    m, k, H = below.shape
    if type(params) is ChildSumParams:
        i, f, g, o = np.split(params.W, 4)
        total = below.sum(axis=1)
        return [total @ block.T for block in (i, g, o)], below @ f.T
    a = below.reshape(m, k * H) @ params.W[:, : k * H].T  # fewer than N children: the others are 0
    N = params.W.shape[1] // H
    i, f, g, o = np.split(a, [H, (1 + N) * H, (2 + N) * H], axis=1)
    return [i, g, o], f.reshape(m, N, H)[:, :k]


def _recurrent_backward(params, below, a, a_f, dW):
    """Add the gradient of W to dW; returns that of the children's h (m, k, H). a: of i, g, o."""
    m, k, H = below.shape
    if type(params) is ChildSumParams:
        W_f = params.W[H : 2 * H]
        rows = np.concatenate([a[0], np.zeros_like(a[0]), a[1], a[2]], axis=1)
        dW += rows.T @ below.sum(axis=1)
        dW[H : 2 * H] += a_f.reshape(m * k, H).T @ below.reshape(m * k, H)
        return (rows @ params.W)[:, None] + a_f @ W_f
    N = params.W.shape[1] // H
    of_all = np.zeros((m, N, H), below.dtype)
    of_all[:, :k] = a_f
    rows = np.concatenate([a[0], of_all.reshape(m, N * H), a[1], a[2]], axis=1)
    dW[:, : k * H] += rows.T @ below.reshape(m, k * H)
    return (rows @ params.W[:, : k * H]).reshape(m, k, H)


def _check(params, x, plan):
    """H, if everything fits."""
    if type(params) not in (ChildSumParams, NaryParams):
        raise ValueError(
            f"params is a {type(params).__name__}, expected ChildSumParams or NaryParams"
        )
    U, W, b = params
    H, D = len(b) // 4, U.shape[-1]
    N = W.shape[-1] // max(H, 1)
    expected = (4 * H, H) if type(params) is ChildSumParams else ((3 + N) * H, N * H)
    if U.shape != (4 * H, D) or W.shape != expected or b.shape != (4 * H,):
        raise ValueError(
            f"U, W, b have shapes {U.shape}, {W.shape}, {b.shape}, expected {(4 * H, D)}, {expected}, {(4 * H,)}"
        )
    if not U.dtype == W.dtype == b.dtype:
        raise ValueError(f"U, W, b have dtypes {U.dtype}, {W.dtype}, {b.dtype}, expected one")
    checked("x", x, (plan.nodes, D), U.dtype)
    most = plan.levels[0].children.shape[1]
    if type(params) is NaryParams and most > N:
        raise ValueError(f"a node has {most} children, the layer takes {N}")
    return H
