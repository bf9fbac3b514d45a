"""`scratch.tree` against the equations as a recursion, central differences, torch's autograd and the recurrent layer."""

import numpy as np
import pytest
import torch

from unrolled.scratch import gradcheck, nested, optim, rnn, structure, tree
from unrolled.scratch.structure import Tree

EXACT = 1e-10
KINDS = [("A", "A"), ("A", "B"), ("B", "A"), ("B", "B")]


def labelled(rng, n):
    """A random binary tree over n words whose nodes are called A or B."""
    relabel = lambda node: Tree("AB"[rng.integers(2)], tuple(map(relabel, node.children)))
    return relabel(structure.random_binary(rng, ["w"] * n))


FORESTS = {
    "one node": [2],
    "a leaf": [1],
    "a tree": [7],
    "a forest": [3, 1, 8, 2, 5],
}
CASES = [(sizes, untied) for sizes in FORESTS for untied in (False, True)]


def problem(sizes, untied=False, d=3, seed=1, dtype=np.float64):
    """Parameters with non-zero biases, leaves, a plan, trees, and random upstream gradients."""
    rng = np.random.default_rng(seed)
    trees = [labelled(rng, n) for n in FORESTS[sizes]]
    plan = structure.plan(trees, KINDS if untied else None)
    params = tree.init(rng, d, len(KINDS) if untied else None, dtype)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = params._replace(b=draw(*params.b.shape), v=draw(*params.v.shape))
    x, dp = draw(plan.leaves, d), draw(plan.nodes, d)
    return params, x, plan, trees, dp, draw(plan.nodes - plan.leaves)


def recursion(params, x, node, untied, tanh=np.tanh, join=np.concatenate):
    """The equations: the vectors and scores of a tree's nodes, (start, stop) -> (p, s), from its leaves x (n, d)."""
    found = {}

    def visit(node, start):
        if not node.children:
            found[start, start + 1] = x[start], None
            return x[start], start + 1
        left, middle = visit(node.children[0], start)
        right, stop = visit(node.children[1], middle)
        kind = KINDS.index(tuple(child.label for child in node.children))
        W, b, v = (leaf[kind] for leaf in params) if untied else params
        p = tanh(W @ join([left, right]) + b)
        found[start, stop] = p, v @ p
        return p, stop

    visit(node, 0)
    return found


def by_recursion(params, x, plan, trees, untied, **operations):
    """p and s in the plan's order, as lists, from `recursion`."""
    spans, at = [], 0  # of each node of the plan: the tree, and the part of its leaves
    found = []
    for node in trees:
        n = len(structure.leaves(node))
        found.append(recursion(params, x[at : at + n], node, untied, **operations))
        at += n
    starts = np.cumsum([0, *(len(structure.leaves(node)) for node in trees)])
    for number in range(plan.leaves):
        which = int(np.searchsorted(starts, number, side="right")) - 1
        spans.append((which, number - starts[which], number - starts[which] + 1))
    for level in plan.levels[1:]:
        for left, right in level.children:
            spans.append((spans[left][0], spans[left][1], spans[right][2]))
    values = [found[which][start, stop] for which, start, stop in spans]
    return [p for p, _ in values], [s for _, s in values if s is not None]


def assert_equal(ours, exact, tolerance=EXACT):
    for (path, a), (_, b) in zip(nested.paths(ours), nested.paths(exact), strict=True):
        assert a.shape == b.shape, path
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=path)


@pytest.mark.parametrize(("sizes", "untied"), CASES)
def test_values_equal_the_equations_as_a_recursion(sizes, untied):
    params, x, plan, trees, *_ = problem(sizes, untied)
    p, s, _ = tree.forward(params, x, plan)
    exact_p, exact_s = by_recursion(params, x, plan, trees, untied)
    assert_equal((p, s), (np.array(exact_p), np.array(exact_s)))
    np.testing.assert_array_equal(p[: plan.leaves], x)


@pytest.mark.parametrize(("sizes", "untied"), CASES)
def test_gradients_equal_central_differences(sizes, untied):
    params, x, plan, _, dp, ds = problem(sizes, untied)

    def loss_of(values):
        p, s, _ = tree.forward(*values, plan)
        return float((p * dp).sum() + (s * ds).sum())

    grads, dx = tree.backward(params, tree.forward(params, x, plan)[2], dp, ds)
    assert type(grads) is type(params)
    assert gradcheck.check(loss_of, (params, x), (grads, dx), tol=1e-7) < 1e-7


@pytest.mark.parametrize("seed", range(5))
def test_gradients_equal_central_differences_on_random_trees(seed):
    rng = np.random.default_rng(seed)
    plan = structure.plan([labelled(rng, int(rng.integers(1, 12))) for _ in range(3)])
    params, x = tree.init(rng, 4), rng.standard_normal((plan.leaves, 4))
    dp = rng.standard_normal((len(plan.roots), 4))

    def loss_of(values):
        return float((tree.forward(*values, plan)[0][plan.roots] * dp).sum())

    upstream = np.zeros((plan.nodes, 4))
    upstream[plan.roots] = dp
    gradients = tree.backward(params, tree.forward(params, x, plan)[2], upstream)
    assert gradcheck.check(loss_of, (params, x), gradients, tol=1e-7) < 1e-7


@pytest.mark.parametrize(("sizes", "untied"), CASES)
def test_values_and_gradients_equal_torch(sizes, untied):
    params, x, plan, trees, dp, ds = problem(sizes, untied)
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in (*params, x)]
    p, s = by_recursion(
        tensors[:3], tensors[3], plan, trees, untied, tanh=torch.tanh, join=torch.cat
    )
    loss = (torch.stack(p) * torch.tensor(dp)).sum()
    loss = loss + sum(s_n * float(ds_n) for s_n, ds_n in zip(s, ds))
    loss.backward()
    ours_p, _, cache = tree.forward(params, x, plan)
    grads, dx = tree.backward(params, cache, dp, ds)
    theirs = [np.zeros(t.shape) if t.grad is None else t.grad.numpy() for t in tensors]
    assert_equal((ours_p, *grads, dx), (torch.stack(p).detach().numpy(), *theirs))


def test_a_chain_is_the_recurrent_layer():
    T, D, H = 6, 3, 4
    rng = np.random.default_rng(2)
    layer = rnn.init(rng, D, H)._replace(b=rng.standard_normal(H))
    x, h0 = rng.standard_normal((T, 1, D)), rng.standard_normal((1, H))
    dh = rng.standard_normal((T, 1, H))
    h, layer_cache = rnn.forward(layer, x, rnn.State(h0))
    layer_grads, dx, dstate0 = rnn.backward(layer, layer_cache, dh)

    params, leaves = tree.from_rnn(layer), tree.chain_leaves(x[:, 0], h0[0])
    plan = structure.plan([structure.chain(["w"] * (T + 1))])
    p, _, cache = tree.forward(params, leaves, plan)
    np.testing.assert_allclose(p[plan.leaves :, D:], h[:, 0], rtol=0, atol=1e-15)
    assert not p[plan.leaves :, :D].any()
    dp = np.zeros_like(p)
    dp[plan.leaves :, D:] = dh[:, 0]
    grads, dleaves = tree.backward(params, cache, dp)
    assert_equal(
        (grads.W[D:, D : D + H], grads.W[D:, D + H : D + H + D], grads.b[D:]),
        (layer_grads.W, layer_grads.U, layer_grads.b),
        1e-13,
    )
    assert_equal((dleaves[1:, :D], dleaves[0, D:]), (dx[:, 0], dstate0.h[0]), 1e-13)


def test_from_rnn_refuses_another_activation():
    with pytest.raises(ValueError, match=r"ReluParams of a layer, expected rnn\.Params"):
        tree.from_rnn(rnn.init(np.random.default_rng(0), 2, 3, activation="relu"))


def test_a_forest_is_its_trees_one_by_one():
    params, x, plan, trees, dp, ds = problem("a forest")
    p, _, cache = tree.forward(params, x, plan)
    dp[np.setdiff1d(np.arange(plan.nodes), plan.roots)] = 0
    grads, dx = tree.backward(params, cache, dp)
    total, rows, at = nested.tree_map(np.zeros_like, params), [], 0
    for root, node in zip(plan.roots, trees):
        alone = structure.plan([node])
        p_alone, _, cache = tree.forward(params, x[at : at + alone.leaves], alone)
        np.testing.assert_allclose(p_alone[alone.roots[0]], p[root], rtol=0, atol=1e-15)
        upstream = np.zeros_like(p_alone)
        upstream[alone.roots[0]] = dp[root]
        grads_alone, dx_alone = tree.backward(params, cache, upstream)
        total, at = nested.tree_map(np.add, total, grads_alone), at + alone.leaves
        rows.append(dx_alone)
    assert_equal((total, np.concatenate(rows)), (grads, dx), 1e-13)


def test_untied_weights_that_are_equal_are_shared_ones():
    params, x, plan, _, dp, ds = problem("a forest", untied=True)
    shared = tree.Params(*(leaf[0] for leaf in params))
    equal = nested.tree_map(lambda leaf: np.repeat(leaf[:1], len(KINDS), axis=0), params)
    results = [tree.forward(p, x, plan) for p in (shared, equal)]
    assert_equal(results[1][:2], results[0][:2], 1e-14)
    (one, dx), (each, dx_each) = (
        tree.backward(p, result[2], dp, ds) for p, result in zip((shared, equal), results)
    )
    assert_equal((*(leaf.sum(axis=0) for leaf in each), dx_each), (*one, dx), 1e-12)
    assert set(np.flatnonzero(each.b.any(axis=1))) == set(plan.kinds) and len(set(plan.kinds)) > 2


def test_untied_nodes_start_near_the_mean_of_their_children():
    params = tree.init(np.random.default_rng(0), 20, kinds=3)
    left, right = np.random.default_rng(1).uniform(-0.3, 0.3, (2, 5, 20))
    p, _ = tree.compose(params, left, right, np.array([0, 1, 2, 0, 1]))
    assert np.abs(p - np.tanh((left + right) / 2)).max() < 0.1


def test_upstream_gradients_that_are_none_are_zero():
    params, x, plan, _, dp, ds = problem("a forest")
    _, _, cache = tree.forward(params, x, plan)
    zeros = np.zeros_like(dp), np.zeros_like(ds)
    assert_equal(tree.backward(params, cache, dp), tree.backward(params, cache, dp, zeros[1]), 0)
    assert_equal(
        tree.backward(params, cache, None, ds), tree.backward(params, cache, zeros[0], ds), 0
    )


def test_arguments_are_left_alone_and_float32_stays():
    for dtype in (np.float64, np.float32):
        params, x, plan, _, dp, ds = problem("a forest", dtype=dtype)
        before = nested.tree_map(np.copy, (params, x, dp, ds))
        p, s, cache = tree.forward(params, x, plan)
        results = (p, s, *tree.backward(params, cache, dp, ds))
        assert {leaf.dtype for leaf in nested.leaves(results)} == {np.dtype(dtype)}
        assert_equal((params, x, dp, ds), before, 0)


def test_errors_say_what_came_and_what_was_expected():
    params, x, plan, trees, dp, ds = problem("a tree")
    wide = structure.plan([structure.read("(A a b c d e f g)")])
    unary = structure.plan([structure.read("(A (B a) b c d e f g)")])
    untied = tree.init(np.random.default_rng(0), 3, 2)
    with pytest.raises(ValueError, match=r"x is float64 of shape \(6, 3\), .* shape \(7, 3\)"):
        tree.forward(params, x[1:], plan)
    with pytest.raises(ValueError, match="x is float32"):
        tree.forward(params, x.astype(np.float32), plan)
    with pytest.raises(ValueError, match=r"expected \(d, 2d\), \(d,\), \(d,\)"):
        tree.forward(params._replace(b=params.b[1:]), x, plan)
    for other in (wide, unary):
        with pytest.raises(ValueError, match="composes two children"):
            tree.forward(params, x, other)
    with pytest.raises(ValueError, match="the plan has no kinds"):
        tree.forward(untied, x, plan)
    with pytest.raises(ValueError, match="there are 2 kinds"):
        tree.forward(untied, x, structure.plan(trees, [("", ""), ("", "A"), *KINDS]))
    _, _, cache = tree.forward(params, x, plan)
    with pytest.raises(ValueError, match=r"dp is float64 of shape \(12, 3\)"):
        tree.backward(params, cache, dp[1:])
    with pytest.raises(ValueError, match=r"ds is float64 of shape \(5,\)"):
        tree.backward(params, cache, None, ds[1:])


def test_it_learns_to_order_two_leaves():
    """Scores that say which of two leaves stands first: one W with two halves can do that."""
    rng = np.random.default_rng(3)
    plan = structure.plan([structure.chain("ab")] * 40)
    first = rng.integers(2, size=40)
    x = np.eye(4)[np.stack([first, 1 - first], axis=1).ravel()]
    params, optimiser = tree.init(rng, 4), optim.adam(0.05)
    state, target = optimiser.init(params), 2.0 * first - 1
    for _ in range(100):
        _, s, cache = tree.forward(params, x, plan)
        grads, _ = tree.backward(params, cache, None, s - target)
        params, state = optimiser.update(params, grads, state)
    assert (np.sign(s) == target).all()
