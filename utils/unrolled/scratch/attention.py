"""Attention: a query scores every key, a softmax turns the scores into weights, and their mean of the values is the context.

    e_ij = score(q_i, k_j),   alpha_ij = softmax over j of e_ij,   c_i = sum over j of alpha_ij v_j

The type of the parameters says which score it is, with q for s_{i-1} and k for h_j on the page:

    AdditiveParams   v_a . tanh(W_a q + U_a k + b_a)     Bahdanau, Cho & Bengio (2015)
    DotParams        q . k                               Luong, Pham & Manning (2015)
    GeneralParams    q . W_a k                           the same
    ScaledParams     q . k / sqrt(d)                     Vaswani et al. (2017)
    CosineParams     beta q . k / (|q| |k|)              Graves, Wayne & Danihelka (2014)

Time-major like the layers: queries (I, B, .), keys and values (J, B, .), weights (I, B, J).
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import softmax, tanh_slope
from unrolled.scratch.checks import checked

__all__ = [
    "SCORES",
    "AdditiveParams",
    "Cache",
    "CosineParams",
    "DotParams",
    "GeneralParams",
    "ScaledParams",
    "backward",
    "causal",
    "forward",
    "init",
    "padding",
    "score",
    "weights",
]


class AdditiveParams(NamedTuple):  # gradients use these types too
    """Parameters of the alignment network, of A units."""

    W: np.ndarray  # (A, Q), of the query: W_a
    U: np.ndarray  # (A, K), of the keys: U_a
    b: np.ndarray  # (A,)
    v: np.ndarray  # (A,): v_a


class DotParams(NamedTuple):
    """No parameters: the query and the keys have the same size."""


class GeneralParams(NamedTuple):
    """Parameters of a bilinear form."""

    W: np.ndarray  # (Q, K)


class ScaledParams(NamedTuple):
    """No parameters: the dot product divided by the root of its length."""


class CosineParams(NamedTuple):
    """The sharpness of a cosine, which is in -1..1."""

    beta: np.ndarray  # (), a number


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    query: np.ndarray  # (I, B, Q)
    keys: np.ndarray  # (J, B, K)
    values: np.ndarray  # (J, B, M)
    alpha: np.ndarray  # (I, B, J), the weights
    kept: tuple  # what the score keeps


SCORES = {
    "additive": AdditiveParams,
    "dot": DotParams,
    "general": GeneralParams,
    "scaled": ScaledParams,
    "cosine": CosineParams,
}
TINY = 1e-12  # the least length that a cosine divides by: an empty vector has the cosine 0


def init(rng, Q, K, score="additive", A=None, beta=1.0, dtype=np.float64):
    """Draw the parameters for queries of Q and keys of K numbers.

    score: a key of SCORES; A: units of the additive score, K if None; beta: sharpness of the cosine.
    Weights are uniform in +-1/sqrt(their inputs). Raises ValueError for another score, or where Q must be K and isn't.
    """
    if score not in SCORES:
        raise ValueError(f"score is {score!r}, expected one of {', '.join(map(repr, SCORES))}")
    if score in ("dot", "scaled", "cosine") and Q != K:
        raise ValueError(f"a {score} score needs queries and keys of one size, got {Q} and {K}")
    draw = lambda *shape: (rng.uniform(-1, 1, shape) / np.sqrt(shape[-1])).astype(dtype)
    if score == "additive":
        A = K if A is None else A
        return AdditiveParams(draw(A, Q), draw(A, K), np.zeros(A, dtype), draw(A))
    if score == "general":
        return GeneralParams(draw(Q, K))
    return CosineParams(np.array(beta, dtype)) if score == "cosine" else SCORES[score]()


def forward(params, query, keys, values=None, mask=None):
    """Attend to some values.

    query (I, B, Q); keys (J, B, K); values (J, B, M), the keys if None; mask: True where a query may look, boolean,
    of shape (I, B, J) or one that broadcasts to it, as `padding` and `causal` make it.
    Returns the context c (I, B, M) and a cache for `backward`; cache.alpha (I, B, J) are the weights, zero where the
    mask is False. Raises ValueError if shapes or dtypes don't fit, there is no key, or a query may look nowhere.
    Source: derived in chapter 15.
    """
    values = keys if values is None else values
    _check(params, query, keys, values)
    e, kept = score(params, query, keys)
    alpha = weights(e, mask)
    context = np.einsum("ibj,jbm->ibm", alpha, values)
    return context, Cache(query, keys, values, alpha, kept)


def backward(params, cache, dc=None, dalpha=None):
    """Backpropagate through a forward call.

    dc (I, B, M): gradient of the context; dalpha (I, B, J): immediate gradient of the weights; zero if None.
    Returns the gradients of the parameters, in their type, dquery, dkeys and dvalues. If the values were the keys, the
    gradient of them is dkeys + dvalues. Raises ValueError if shapes or dtypes don't fit.
    """
    query, keys, values, alpha, kept = cache
    shape, dtype = (*query.shape[:2], values.shape[2]), query.dtype
    dc = np.zeros(shape, dtype) if dc is None else checked("dc", dc, shape, dtype)
    total = np.einsum("ibm,jbm->ibj", dc, values)
    if dalpha is not None:
        total += checked("dalpha", dalpha, alpha.shape, dtype)
    dvalues = np.einsum("ibj,ibm->jbm", alpha, dc)
    de = alpha * (total - (alpha * total).sum(axis=-1, keepdims=True))  # softmax; 0 where masked
    grads, dquery, dkeys = FORMS[type(params)][1](params, query, keys, kept, de)
    return grads, dquery, dkeys, dvalues


def score(params, query, keys):
    """The scores e (I, B, J) of the keys (J, B, K) for the queries (I, B, Q), and what their gradient needs."""
    return FORMS[type(params)][0](params, query, keys)


def weights(e, mask=None):
    """Softmax of the scores e (I, B, J) over the keys where the mask is True, and 0 elsewhere.

    Raises ValueError if the mask isn't boolean or doesn't fit, or a query may look nowhere.
    """
    if mask is None:
        return softmax(e)
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise ValueError(f"mask is {mask.dtype}, expected bool: True where a query may look")
    try:
        mask = np.broadcast_to(mask, e.shape)
    except ValueError:
        raise ValueError(
            f"mask has shape {mask.shape}, which is not of the form (I, B, J) = {e.shape}"
        ) from None
    if not mask.any(axis=-1).all():
        i, b = np.argwhere(~mask.any(axis=-1))[0].tolist()
        raise ValueError(f"query {i} of sequence {b} may look at no key: all are masked")
    return softmax(np.where(mask, e, -np.inf))


def padding(lengths, J):
    """A mask (1, B, J) for keys of which sequence b has lengths[b], in 1..J. Raises ValueError for other lengths."""
    lengths = np.asarray(lengths)
    if lengths.ndim != 1 or not np.issubdtype(lengths.dtype, np.integer):
        raise ValueError(
            f"lengths is {lengths.dtype} of shape {lengths.shape}, expected B integers"
        )
    if lengths.min() < 1 or lengths.max() > J:
        raise ValueError(
            f"lengths range from {lengths.min()} to {lengths.max()}, expected 1 to {J}"
        )
    return (np.arange(J) < lengths[:, None])[None]


def causal(T):
    """A mask (T, 1, T) with which step i looks at the steps 0..i alone."""
    return np.tril(np.ones((T, T), dtype=bool))[:, None]


# The scores, forward and backward: de (I, B, J) is the gradient of e.


def _additive(params, query, keys):
    W, U, b, v = params
    g = np.tanh((query @ W.T)[:, None] + (keys @ U.T)[None] + b)  # (I, J, B, A)
    return np.einsum("ijba,a->ibj", g, v), (g,)


def _additive_backward(params, query, keys, kept, de):
    (g,) = kept
    W, U, _, v = params
    dv = np.einsum("ibj,ijba->a", de, g)
    delta = de.transpose(0, 2, 1)[..., None] * v * tanh_slope(g)  # (I, J, B, A)
    of_query, of_keys = delta.sum(axis=1), delta.sum(axis=0)
    dW = np.einsum("iba,ibq->aq", of_query, query)
    dU = np.einsum("jba,jbk->ak", of_keys, keys)
    grads = AdditiveParams(dW, dU, of_keys.sum(axis=(0, 1)), dv)
    return grads, of_query @ W, of_keys @ U


def _dot(params, query, keys):
    return np.einsum("ibd,jbd->ibj", query, keys), ()


def _dot_backward(params, query, keys, kept, de):
    dquery, dkeys = np.einsum("ibj,jbd->ibd", de, keys), np.einsum("ibj,ibd->jbd", de, query)
    return type(params)(), dquery, dkeys


def _general(params, query, keys):
    return _dot(None, query, keys @ params.W.T)


def _general_backward(params, query, keys, kept, de):
    _, dquery, dprojected = _dot_backward(DotParams(), query, keys @ params.W.T, (), de)
    dW = np.einsum("jbq,jbk->qk", dprojected, keys)
    return GeneralParams(dW), dquery, dprojected @ params.W


def _scaled(params, query, keys):
    return _dot(None, query / query.dtype.type(np.sqrt(query.shape[-1])), keys)


def _scaled_backward(params, query, keys, kept, de):
    return _dot_backward(params, query, keys, (), de / de.dtype.type(np.sqrt(query.shape[-1])))


def _cosine(params, query, keys):
    unit_q, unit_k = _unit(query), _unit(keys)
    cosine, _ = _dot(None, unit_q, unit_k)
    return params.beta * cosine, (unit_q, unit_k, cosine)


def _cosine_backward(params, query, keys, kept, de):
    unit_q, unit_k, cosine = kept
    dbeta = (de * cosine).sum()
    _, dunit_q, dunit_k = _dot_backward(DotParams(), unit_q, unit_k, (), params.beta * de)
    dquery, dkeys = _unit_backward(query, unit_q, dunit_q), _unit_backward(keys, unit_k, dunit_k)
    return CosineParams(np.asarray(dbeta)), dquery, dkeys


def _length(x):
    """The length of the vectors x (..., d), at least TINY, with the last axis kept; no square of it overflows."""
    largest = np.maximum(np.abs(x).max(axis=-1, keepdims=True), x.dtype.type(TINY))
    length = largest * np.sqrt(((x / largest) ** 2).sum(axis=-1, keepdims=True))
    return np.maximum(length, x.dtype.type(TINY))


def _unit(x):
    return x / _length(x)


def _unit_backward(x, unit, dunit):
    """Gradient of x: what is left of dunit across x, over its length; an empty vector has none."""
    across = dunit - unit * (unit * dunit).sum(axis=-1, keepdims=True)
    return np.where(x.any(axis=-1, keepdims=True), across / _length(x), 0)


FORMS = {  # of each score: forward and backward
    AdditiveParams: (_additive, _additive_backward),
    DotParams: (_dot, _dot_backward),
    GeneralParams: (_general, _general_backward),
    ScaledParams: (_scaled, _scaled_backward),
    CosineParams: (_cosine, _cosine_backward),
}


def _check(params, query, keys, values):
    if type(params) not in FORMS:
        names = [form.__name__ for form in FORMS]
        raise ValueError(f"params is a {type(params).__name__}, expected one of {names}")
    for name, array in (("query", query), ("keys", keys), ("values", values)):
        if array.ndim != 3:
            raise ValueError(f"{name} has shape {array.shape}, expected three axes")
    if len(keys) == 0:
        raise ValueError("there are no keys")
    if not query.shape[1] == keys.shape[1] == values.shape[1] or len(values) != len(keys):
        raise ValueError(
            f"query, keys, values have shapes {query.shape}, {keys.shape}, {values.shape}, "
            "expected (I, B, Q), (J, B, K), (J, B, M)"
        )
    dtypes = {array.dtype for array in (*params, query, keys, values)}
    if len(dtypes) > 1:
        raise ValueError(f"params, query, keys, values have dtypes {sorted(map(str, dtypes))}")
    _check_sizes(params, query.shape[2], keys.shape[2])


def _check_sizes(params, Q, K):
    if isinstance(params, AdditiveParams):
        A = len(params.v)
        expected = [(A, Q), (A, K), (A,), (A,)]
    elif isinstance(params, GeneralParams):
        expected = [(Q, K)]
    else:
        expected = [()] * len(params)
        if Q != K:
            raise ValueError(f"the query has {Q} numbers, the keys {K}: this score needs the same")
    shapes = [leaf.shape for leaf in params]
    if shapes != expected:
        names = ", ".join(params._fields)
        raise ValueError(f"{names} have shapes {shapes}, the query and the keys expect {expected}")
