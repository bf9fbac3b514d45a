"""`scratch.attention` against the equations as loops, central differences and torch."""

import math

import numpy as np
import pytest
import torch

from unrolled.scratch import attention, gradcheck, nested

EXACT = 1e-10
SIZES = {  # I, J, B, Q, K, M
    "several": (3, 4, 2, 5, 5, 3),
    "one query": (1, 4, 2, 3, 3, 2),
    "one key": (3, 1, 2, 3, 3, 2),
    "one of each": (1, 1, 1, 1, 1, 1),
}
MASKS = {
    None: lambda I, B, J: None,
    "padding": lambda I, B, J: attention.padding([max(1, J - b) for b in range(B)], J),
    "all but one": lambda I, B, J: np.arange(J) == np.arange(I)[:, None, None] % J,
}
CASES = [(name, size, mask) for name in attention.SCORES for size in SIZES for mask in MASKS]


def problem(name, size, seed=1, dtype=np.float64):
    """Parameters with non-zero biases, a query, keys, values, and random upstream gradients."""
    I, J, B, Q, K, M = SIZES[size] if isinstance(size, str) else size
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = attention.init(rng, Q, K, name, A=4, beta=1.7, dtype=dtype)
    if name == "additive":
        params = params._replace(b=draw(4))
    return params, draw(I, B, Q), draw(J, B, K), draw(J, B, M), draw(I, B, M), draw(I, B, J)


def score(name, params, q, k):
    """The score of one key by its definition, with Python numbers."""
    dot = lambda a, b: sum(float(x) * float(y) for x, y in zip(a, b))
    if name == "additive":
        units = [
            math.tanh(dot(params.W[a], q) + dot(params.U[a], k) + params.b[a])
            for a in range(len(params.v))
        ]
        return dot(params.v, units)
    if name == "general":
        return sum(q[i] * params.W[i, j] * k[j] for i in range(len(q)) for j in range(len(k)))
    if name == "cosine":
        return float(params.beta) * dot(q, k) / math.sqrt(dot(q, q) * dot(k, k))
    return dot(q, k) / (math.sqrt(len(q)) if name == "scaled" else 1)


def loops(name, params, query, keys, values, mask):
    """The context (I, B, M) and the weights (I, B, J), pair by pair."""
    I, J, B = len(query), len(keys), query.shape[1]
    mask = np.broadcast_to(True if mask is None else mask, (I, B, J))
    context, alpha = np.zeros((I, B, values.shape[2])), np.zeros((I, B, J))
    for i in range(I):
        for b in range(B):
            seen = [j for j in range(J) if mask[i, b, j]]
            powers = {j: math.exp(score(name, params, query[i, b], keys[j, b])) for j in seen}
            for j in seen:
                alpha[i, b, j] = powers[j] / sum(powers.values())
                context[i, b] += alpha[i, b, j] * values[j, b]
    return context, alpha


def in_torch(name, params, query, keys, values, mask):
    """The context and the weights by torch's own functions, on tensors (B, ., .)."""
    q, k, v = (x.transpose(0, 1) for x in (query, keys, values))
    if name == "additive":
        W, U, b, v_a = params
        e = torch.tanh((q @ W.T)[:, :, None] + (k @ U.T)[:, None] + b) @ v_a
    elif name == "cosine":
        e = params[0] * torch.nn.functional.cosine_similarity(q[:, :, None], k[:, None], dim=-1)
    else:
        e = q @ (params[0] @ k.mT if name == "general" else k.mT)
        e = e / math.sqrt(q.shape[-1]) if name == "scaled" else e
    if mask is not None:
        mask = torch.tensor(np.array(mask)).expand(e.transpose(0, 1).shape).transpose(0, 1)
        e = e.masked_fill(~mask, -math.inf)
    alpha = torch.softmax(e, dim=-1)
    return (alpha @ v).transpose(0, 1), alpha.transpose(0, 1)


def assert_equal(ours, exact, tolerance=EXACT):
    for (path, a), (_, b) in zip(nested.paths(ours), nested.paths(exact), strict=True):
        assert a.shape == b.shape, path
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=path)


def mask_of(mask, size):
    I, J, B, *_ = SIZES[size]
    return MASKS[mask](I, B, J)


@pytest.mark.parametrize(("name", "size", "mask"), CASES)
def test_values_equal_the_definitions_as_loops(name, size, mask):
    params, query, keys, values, *_ = problem(name, size)
    mask = mask_of(mask, size)
    context, cache = attention.forward(params, query, keys, values, mask)
    exact_context, exact_alpha = loops(name, params, query, keys, values, mask)
    assert_equal((context, cache.alpha), (exact_context, exact_alpha), 1e-13)
    np.testing.assert_allclose(cache.alpha.sum(axis=-1), 1, rtol=0, atol=1e-14)


@pytest.mark.parametrize(("name", "size", "mask"), CASES)
def test_gradients_equal_central_differences(name, size, mask):
    params, *arrays, dc, dalpha = problem(name, size)
    mask = mask_of(mask, size)

    def loss_of(tree):
        context, cache = attention.forward(*tree, mask)
        return float((context * dc).sum() + (cache.alpha * dalpha).sum())

    _, cache = attention.forward(params, *arrays, mask)
    gradients = attention.backward(params, cache, dc, dalpha)
    assert type(gradients[0]) is type(params)
    assert gradcheck.check(loss_of, (params, *arrays), gradients, tol=1e-7) < 1e-7


@pytest.mark.parametrize(("name", "size", "mask"), CASES)
def test_values_and_gradients_equal_torch(name, size, mask):
    params, *arrays, dc, dalpha = problem(name, size)
    mask = mask_of(mask, size)
    context, cache = attention.forward(params, *arrays, mask)
    grads, *rest = attention.backward(params, cache, dc, dalpha)
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in (*params, *arrays)]
    theirs, alpha = in_torch(name, tensors[:-3], *tensors[-3:], mask)
    ((theirs * torch.tensor(dc)).sum() + (alpha * torch.tensor(dalpha)).sum()).backward()
    assert_equal((context, cache.alpha), (theirs.detach().numpy(), alpha.detach().numpy()))
    assert_equal((*grads, *rest), tuple(t.grad.numpy() for t in tensors))


@pytest.mark.parametrize("mask", [None, "padding", "causal"])
def test_scaled_equals_torchs_own_scaled_dot_product(mask):
    params, *arrays, dc, _ = problem("scaled", (5, 5, 3, 4, 4, 2))
    mask = {None: None, "padding": attention.padding([5, 2, 1], 5), "causal": attention.causal(5)}[
        mask
    ]
    context, cache = attention.forward(params, *arrays, mask)
    _, *gradients = attention.backward(params, cache, dc)
    tensors = [torch.tensor(x.swapaxes(0, 1), requires_grad=True) for x in arrays]
    allowed = None
    if mask is not None:
        allowed = torch.tensor(np.broadcast_to(mask, (5, 3, 5)).swapaxes(0, 1).copy())
    theirs = torch.nn.functional.scaled_dot_product_attention(*tensors, attn_mask=allowed)
    theirs.backward(torch.tensor(dc.swapaxes(0, 1).copy()))
    assert_equal(
        (context, *gradients),
        tuple(
            x.swapaxes(0, 1) for x in (theirs.detach().numpy(), *(t.grad.numpy() for t in tensors))
        ),
    )


@pytest.mark.parametrize("name", attention.SCORES)
def test_keys_serve_as_values_and_then_get_both_gradients(name):
    params, query, keys, *_ = problem(name, "several")
    context, cache = attention.forward(params, query, keys)
    assert_equal(context, attention.forward(params, query, keys, keys)[0], 0)
    dc = np.random.default_rng(2).standard_normal(context.shape)
    _, _, dkeys, dvalues = attention.backward(params, cache, dc)
    loss_of = lambda keys: float((attention.forward(params, query, keys)[0] * dc).sum())
    assert gradcheck.check(loss_of, keys, dkeys + dvalues, tol=1e-7) < 1e-7


@pytest.mark.parametrize("name", attention.SCORES)
def test_what_is_masked_has_no_weight_and_no_gradient(name):
    params, query, keys, values, dc, _ = problem(name, "several")
    mask = attention.padding([4, 2], 4)
    results = []
    for rubbish in (0.5, 1e3):
        keys[2:, 1], values[2:, 1] = rubbish, rubbish
        context, cache = attention.forward(params, query, keys, values, mask)
        _, dquery, dkeys, dvalues = attention.backward(params, cache, dc)
        assert (
            not cache.alpha[:, 1, 2:].any() and not dkeys[2:, 1].any() and not dvalues[2:, 1].any()
        )
        results.append((context, dquery))
    assert_equal(results[0], results[1], 1e-15)


@pytest.mark.parametrize("name", attention.SCORES)
def test_one_key_gets_all_the_weight(name):
    params, query, keys, values, dc, _ = problem(name, "one key")
    context, cache = attention.forward(params, query, keys, values)
    assert (cache.alpha == 1).all()
    assert_equal(context, np.broadcast_to(values, context.shape), 0)
    grads, dquery, dkeys, dvalues = attention.backward(params, cache, dc)
    assert not any(leaf.any() for leaf in nested.leaves((grads, dquery, dkeys)))
    np.testing.assert_allclose(dvalues[0], dc.sum(axis=0), rtol=0, atol=1e-14)


@pytest.mark.parametrize("mask", [None, "padding"])
@pytest.mark.parametrize("name", attention.SCORES)
def test_large_scores_stay_finite(name, mask):
    params, query, keys, values, dc, dalpha = problem(name, "several")
    if name in ("additive", "cosine"):
        params = nested.tree_map(lambda leaf: 1e6 * leaf, params)
    query, keys = 1e100 * query, 1e100 * keys
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        context, cache = attention.forward(params, query, keys, values, mask_of(mask, "several"))
        gradients = attention.backward(params, cache, dc, dalpha)
    assert all(np.isfinite(leaf).all() for leaf in nested.leaves((context, cache.alpha, gradients)))
    assert cache.alpha.max() > 0.99


def test_an_empty_vector_has_the_cosine_zero_and_no_gradient():
    params, query, keys, values, dc, _ = problem("cosine", "several")
    query[0, 0], keys[1, 1] = 0, 0
    with np.errstate(all="raise"):
        _, cache = attention.forward(params, query, keys, values)
        _, dquery, dkeys, _ = attention.backward(params, cache, dc)
    np.testing.assert_allclose(cache.alpha[0, 0], 1 / 4, rtol=0, atol=1e-15)
    assert not dquery[0, 0].any() and not dkeys[1, 1].any()
    e, _ = attention.score(params, query, keys)
    assert not e[0, 0].any() and not e[:, 1, 1].any()


def test_a_sharper_cosine_has_less_entropy():
    _, query, keys, *_ = problem("cosine", "several")
    entropies = []
    for beta in (0.1, 1.0, 10.0, 1e4):
        params = attention.CosineParams(np.array(beta))
        alpha = attention.forward(params, query, keys)[1].alpha
        entropies.append(-(alpha * np.log(alpha + 1e-300)).sum(axis=-1).mean())
    assert entropies == sorted(entropies, reverse=True)
    assert entropies[0] > 0.99 * math.log(4) and entropies[-1] < 1e-3


def test_attention_forgets_the_order_of_the_keys_and_keeps_that_of_the_queries():
    params, query, keys, values, *_ = problem("scaled", "several")
    context, _ = attention.forward(params, query, keys, values)
    order, turn = [2, 0, 3, 1], [1, 2, 0]
    assert_equal(attention.forward(params, query, keys[order], values[order])[0], context, 1e-14)
    assert_equal(attention.forward(params, query[turn], keys, values)[0], context[turn], 0)


def test_upstream_gradients_that_are_none_are_zero():
    params, *arrays, dc, dalpha = problem("additive", "several")
    _, cache = attention.forward(params, *arrays)
    zero_c, zero_alpha = np.zeros_like(dc), np.zeros_like(dalpha)
    run = lambda *upstream: attention.backward(params, cache, *upstream)
    assert_equal(run(dc), run(dc, zero_alpha), 0)
    assert_equal(run(None, dalpha), run(zero_c, dalpha), 0)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", attention.SCORES)
def test_arguments_are_left_alone_and_dtypes_stay(name, dtype):
    args = problem(name, "several", dtype=dtype)
    before = nested.tree_map(np.copy, args)
    params, *arrays, dc, dalpha = args
    context, cache = attention.forward(params, *arrays, attention.padding([4, 3], 4))
    results = (context, cache.alpha, attention.backward(params, cache, dc, dalpha))
    assert {leaf.dtype for leaf in nested.leaves(results)} == {np.dtype(dtype)}
    assert_equal(args, before, 0)


def test_masks():
    assert attention.padding([1, 3], 3).tolist() == [[[True, False, False], [True, True, True]]]
    assert attention.causal(3)[:, 0].tolist() == np.tri(3, dtype=bool).tolist()
    for lengths, message in (([0, 2], "from 0 to 2"), ([1, 4], "from 1 to 4"), ([1.0], "float64")):
        with pytest.raises(ValueError, match=message):
            attention.padding(lengths, 3)


def test_masks_that_cannot_be_are_refused():
    params, query, keys, values, *_ = problem("dot", "several")
    mask = np.ones((3, 2, 4), dtype=bool)
    mask[2, 1] = False
    with pytest.raises(ValueError, match="query 2 of sequence 1 may look at no key"):
        attention.forward(params, query, keys, values, mask)
    with pytest.raises(ValueError, match="mask is float64, expected bool"):
        attention.forward(params, query, keys, values, np.ones((3, 2, 4)))
    with pytest.raises(ValueError, match=r"mask has shape \(3, 2, 5\)"):
        attention.forward(params, query, keys, values, np.ones((3, 2, 5), dtype=bool))


def test_errors_say_what_came_and_what_was_expected():
    rng = np.random.default_rng(0)
    params, query, keys, values, dc, dalpha = problem("additive", "several")
    with pytest.raises(ValueError, match="score is 'sum', expected one of 'additive'"):
        attention.init(rng, 2, 2, "sum")
    with pytest.raises(ValueError, match="one size, got 2 and 3"):
        attention.init(rng, 2, 3, "dot")
    with pytest.raises(ValueError, match="there are no keys"):
        attention.forward(params, query, keys[:0], values[:0])
    with pytest.raises(ValueError, match="keys has shape"):
        attention.forward(params, query, keys[0], values)
    with pytest.raises(ValueError, match=r"expected \(I, B, Q\)"):
        attention.forward(params, query[:, :1], keys, values)
    with pytest.raises(ValueError, match=r"expected \(I, B, Q\)"):
        attention.forward(params, query, keys, values[:2])
    with pytest.raises(ValueError, match="float32"):
        attention.forward(params, query.astype(np.float32), keys, values)
    with pytest.raises(ValueError, match="W, U, b, v have shapes"):
        attention.forward(params, query[..., :3], keys, values)
    with pytest.raises(ValueError, match="the query has 3 numbers, the keys 5"):
        attention.forward(attention.DotParams(), query[..., :3], keys, values)
    with pytest.raises(ValueError, match="params is a tuple, expected one of"):
        attention.forward((), query, keys, values)
    _, cache = attention.forward(params, query, keys, values)
    with pytest.raises(ValueError, match=r"dc is float64 of shape \(2, 2, 3\)"):
        attention.backward(params, cache, dc[1:])
    with pytest.raises(ValueError, match="dalpha is float32"):
        attention.backward(params, cache, dc, dalpha.astype(np.float32))
