"""The recursive layer: p = tanh(W [left; right] + b) from the leaves of binary trees to the roots, and a score v . p.

All nodes of one height, in all trees, are computed at once; `unrolled.scratch.structure.plan` says which they are.

The type of the parameters says how much is shared: with `Params` all nodes have the same weights, with
`UntiedParams` the labels of a node's two children choose them, as in a compositional vector grammar.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import rnn
from unrolled.scratch.activations import tanh_slope
from unrolled.scratch.checks import checked
from unrolled.scratch.structure import Plan

__all__ = [
    "Cache",
    "Params",
    "UntiedParams",
    "backward",
    "chain_leaves",
    "compose",
    "forward",
    "from_rnn",
    "init",
]


class Params(NamedTuple):  # gradients use this type too
    """Parameters that all nodes share."""

    W: np.ndarray  # (d, 2d)
    b: np.ndarray  # (d,)
    v: np.ndarray  # (d,)


class UntiedParams(NamedTuple):  # gradients use this type too
    """Parameters for each of C kinds of node."""

    W: np.ndarray  # (C, d, 2d)
    b: np.ndarray  # (C, d)
    v: np.ndarray  # (C, d)


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    plan: Plan
    p: np.ndarray  # (N, d)


def init(rng, d, kinds=None, dtype=np.float64):
    """Draw the parameters for vectors of d numbers.

    kinds: how many kinds of node have weights of their own, None if all share theirs. Shared parameters are uniform
    in +-1/sqrt(2d). Untied ones are a tenth of such numbers, with [I I]/2 added to W: at first a node is near the
    mean of its children. Source: Socher, Bauer, Manning & Ng (2013).
    """
    bound = 1 / np.sqrt(2 * d)
    if kinds is None:
        shapes = (d, 2 * d), (d,), (d,)
        return Params(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))
    shapes = (kinds, d, 2 * d), (kinds, d), (kinds, d)
    W, b, v = (0.1 * rng.uniform(-bound, bound, shape) for shape in shapes)
    W += np.hstack([np.eye(d), np.eye(d)]) / 2
    return UntiedParams(W.astype(dtype), b.astype(dtype), v.astype(dtype))


def compose(params, left, right, kinds=None):
    """The vector p (m, d) of nodes with children left, right (m, d), and its score (m,).

    kinds (m,) chooses the weights of `UntiedParams`; without it `params` is `Params`.
    """
    W, b, v = params if kinds is None else (leaf[kinds] for leaf in params)
    both = np.concatenate([left, right], axis=-1)
    p = np.tanh(b + np.matmul(W, both[..., None])[..., 0])
    return p, (v * p).sum(axis=-1)


def forward(params, x, plan):
    """Compute all nodes of some trees.

    x (n, d): the vectors of the leaves, from the first tree's leftmost to the last tree's rightmost.
    Returns p (N, d), the vectors of all nodes in the plan's order, so p[plan.roots] are those of whole trees; the scores
    s (N - n,) of the inner nodes; and a cache for `backward`. Raises ValueError if shapes or dtypes don't fit, a node
    has other than two children, or the weights are untied and the plan has no kinds or others.
    Source: Socher, Lin, Ng & Manning (2011); derived in chapter 10.
    """
    _check(params, x, plan)
    n = plan.leaves
    p, s = np.empty((plan.nodes, x.shape[1]), x.dtype), np.empty(plan.nodes - n, x.dtype)
    p[:n] = x
    for start, stop, children in plan.levels[1:]:
        left, right = children[:, 0], children[:, 1]
        kinds = _kinds(params, plan, start, stop)
        p[start:stop], s[start - n : stop - n] = compose(params, p[left], p[right], kinds)
    return p, s, Cache(plan, p)


def backward(params, cache, dp=None, ds=None):
    """Backpropagate through structure: from the roots down to the leaves.

    dp (N, d): the immediate gradient of each node's vector, ds (N - n,): of each score; zero if None.
    Returns the gradients of the parameters, in their type, and dx (n, d). Raises ValueError if shapes or dtypes don't
    fit. Source: Goller & Kuechler (1996); derived in chapter 10.
    """
    plan, p = cache
    n, d = plan.leaves, p.shape[1]
    dp = np.zeros_like(p) if dp is None else checked("dp", dp, p.shape, p.dtype).copy()
    ds = np.zeros(len(p) - n, p.dtype) if ds is None else checked("ds", ds, p[n:, 0].shape, p.dtype)
    grads = type(params)(*(np.zeros_like(leaf) for leaf in params))
    for start, stop, children in reversed(plan.levels[1:]):
        kinds = _kinds(params, plan, start, stop)
        ds_here = ds[start - n : stop - n, None]
        W, v = (params.W, params.v) if kinds is None else (params.W[kinds], params.v[kinds])
        dp[start:stop] += ds_here * v
        delta = tanh_slope(p[start:stop]) * dp[start:stop]  # dL/da; every node has one parent
        both = p[children].reshape(-1, 2 * d)
        _add(grads, kinds, delta, both, ds_here * p[start:stop])
        dp[children] = dp[children] + np.matmul(delta[:, None], W).reshape(-1, 2, d)
    return grads, dp[:n].copy()


def from_rnn(params):
    """Parameters of a tree layer that computes a tanh layer on a chain, with d = D + H numbers a vector; v is zero.

    A leaf's vector is [x_t; 0] and a node's is [0; h_t]; `chain_leaves` makes the leaves. Raises ValueError for another
    activation.
    """
    if type(params) is not rnn.Params:
        raise ValueError(f"params is a {type(params).__name__} of a layer, expected rnn.Params")
    U, W, b = params
    H, D = U.shape
    whole = np.zeros((D + H, 2 * (D + H)), U.dtype)
    whole[D:, D : D + H] = W  # of the left child, the state
    whole[D:, D + H : D + H + D] = U  # of the right child, the input
    return Params(
        whole, np.concatenate([np.zeros_like(b, shape=D), b]), np.zeros_like(b, shape=D + H)
    )


def chain_leaves(x, h0):
    """The leaves (T + 1, D + H) of the chain on which `from_rnn` runs: [0; h0], then [x_t; 0]. x (T, D), h0 (H,)."""
    leaves = np.zeros_like(x, shape=(len(x) + 1, x.shape[1] + len(h0)))
    leaves[0, x.shape[1] :] = h0
    leaves[1:, : x.shape[1]] = x
    return leaves


def _kinds(params, plan, start, stop):
    """The kinds of the nodes start..stop-1, None if all share their weights."""
    if type(params) is Params:
        return None
    return plan.kinds[start - plan.leaves : stop - plan.leaves]


def _add(grads, kinds, delta, both, scored):
    """Add what nodes contribute to the gradients: delta (m, d), their inputs (m, 2d), and ds p (m, d)."""
    if kinds is None:
        grads.W[:] += delta.T @ both
        grads.b[:] += delta.sum(axis=0)
        grads.v[:] += scored.sum(axis=0)
    else:
        np.add.at(grads.W, kinds, delta[:, :, None] * both[:, None])
        np.add.at(grads.b, kinds, delta)
        np.add.at(grads.v, kinds, scored)


def _check(params, x, plan):
    d = params.W.shape[-1] // 2
    leading = params.W.shape[:-2]
    shapes = [leaf.shape for leaf in params]
    if type(params) not in (Params, UntiedParams) or shapes != [
        (*leading, d, 2 * d),
        (*leading, d),
        (*leading, d),
    ]:
        raise ValueError(
            f"params is a {type(params).__name__} of shapes {shapes}, expected (d, 2d), (d,), (d,) in Params "
            "or with C kinds before them in UntiedParams"
        )
    checked("x", x, (plan.leaves, d), params.W.dtype)
    for level in plan.levels[1:]:
        if level.children.shape[1] != 2 or (level.children < 0).any():
            raise ValueError(
                "the layer composes two children, a node of the plan has more or fewer"
            )
    if type(params) is UntiedParams:
        if plan.kinds is None:
            raise ValueError("the weights are untied, the plan has no kinds")
        if plan.kinds.max(initial=0) >= len(params.W):
            raise ValueError(
                f"a node is of kind {plan.kinds.max()}, there are {len(params.W)} kinds"
            )
