"""`scratch.tree_lstm` against the equations as a recursion, central differences, torch's autograd and the LSTM."""

import numpy as np
import pytest
import torch

from unrolled.scratch import gradcheck, lstm, nested, structure, tree_lstm
from unrolled.scratch.structure import Tree

EXACT = 1e-10
FORESTS = {
    "a leaf": ["w"],
    "one node": ["(A b)"],
    "binary": ["((a b) ((c d) e))"],
    "a forest": ["(A (B c d e) f)", "w", "(A b)", "(A (B (C d)) e (F g h))"],
}
CASES = [(name, N) for name in FORESTS for N in (None, 3)]


def problem(name, N, D=3, H=2, seed=1, dtype=np.float64):
    """Parameters with random biases, inputs of all nodes, a plan, and random upstream gradients."""
    rng = np.random.default_rng(seed)
    trees = [structure.read(text, labelled="((" not in text) for text in FORESTS[name]]
    plan = structure.plan(trees)
    params = tree_lstm.init(rng, D, H, N, dtype)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    return params._replace(b=draw(4 * H)), draw(plan.nodes, D), plan, draw(plan.nodes, H)


def recursion(params, x, plan, sigmoid, tanh, zeros):
    """h of all nodes in the plan's order, a list: the paper's equations, node by node."""
    U, W, b = params
    H = len(b) // 4
    rows = lambda matrix, block: matrix[block * H : (block + 1) * H]
    children = [[c for c in row if c >= 0] for level in plan.levels for row in level.children]
    h, c = {}, {}
    for n in range(plan.nodes):  # children come first
        a = {gate: rows(U, k) @ x[n] + rows(b, k) for k, gate in enumerate("ifgo")}
        forget = []
        if isinstance(params, tree_lstm.ChildSumParams):
            total = sum((h[k] for k in children[n]), zeros(H))
            for k, gate in enumerate("ifgo"):
                if gate != "f":
                    a[gate] = a[gate] + rows(W, k) @ total
            forget = [sigmoid(a["f"] + rows(W, 1) @ h[k]) for k in children[n]]
        else:
            N = W.shape[1] // H
            of_child = lambda block, k: rows(W, block)[:, k * H : (k + 1) * H]
            for gate, block in (("i", 0), ("g", 1 + N), ("o", 2 + N)):
                for k, child in enumerate(children[n]):
                    a[gate] = a[gate] + of_child(block, k) @ h[child]
            for f in range(len(children[n])):
                inner = a["f"]
                for k, child in enumerate(children[n]):
                    inner = inner + of_child(1 + f, k) @ h[child]
                forget.append(sigmoid(inner))
        c[n] = sigmoid(a["i"]) * tanh(a["g"])
        for gate, child in zip(forget, children[n]):
            c[n] = c[n] + gate * c[child]
        h[n] = sigmoid(a["o"]) * tanh(c[n])
    return [h[n] for n in range(plan.nodes)]


def assert_equal(ours, exact, tolerance=EXACT):
    for (path, a), (_, b) in zip(nested.paths(ours), nested.paths(exact), strict=True):
        assert a.shape == b.shape, path
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=path)


@pytest.mark.parametrize(("name", "N"), CASES)
def test_values_equal_the_equations_as_a_recursion(name, N):
    params, x, plan, _ = problem(name, N)
    h, cache = tree_lstm.forward(params, x, plan)
    exact = recursion(params, x, plan, lambda a: 1 / (1 + np.exp(-a)), np.tanh, np.zeros)
    assert_equal(h, np.array(exact), 1e-14)


@pytest.mark.parametrize(("name", "N"), CASES)
def test_gradients_equal_central_differences(name, N):
    params, x, plan, dh = problem(name, N)
    loss_of = lambda pair: float((tree_lstm.forward(*pair, plan)[0] * dh).sum())
    gradients = tree_lstm.backward(params, tree_lstm.forward(params, x, plan)[1], dh)
    assert type(gradients[0]) is type(params)
    assert gradcheck.check(loss_of, (params, x), gradients, tol=1e-7) < 1e-7


@pytest.mark.parametrize(("name", "N"), CASES)
def test_gradients_equal_torch(name, N):
    params, x, plan, dh = problem(name, N)
    tensors = [torch.tensor(leaf, requires_grad=True) for leaf in (*params, x)]
    zeros = lambda n: torch.zeros(n, dtype=torch.float64)
    h = recursion(type(params)(*tensors[:3]), tensors[3], plan, torch.sigmoid, torch.tanh, zeros)
    (torch.stack(h) * torch.tensor(dh)).sum().backward()
    ours, cache = tree_lstm.forward(params, x, plan)
    grads, dx = tree_lstm.backward(params, cache, dh)
    theirs = [np.zeros(t.shape) if t.grad is None else t.grad.numpy() for t in tensors]
    assert_equal((ours, *grads, dx), (torch.stack(h).detach().numpy(), *theirs))


@pytest.mark.parametrize("N", [None, 1])
def test_a_chain_of_single_children_is_the_lstm(N):
    T, D, H = 6, 3, 4
    rng = np.random.default_rng(2)
    params = tree_lstm.init(rng, D, H, N)
    x, dh = rng.standard_normal((T, D)), rng.standard_normal((T, H))
    chain = Tree("w")
    for _ in range(T - 1):
        chain = Tree("w", (chain,))
    h, cache = tree_lstm.forward(params, x, structure.plan([chain]))
    grads, dx = tree_lstm.backward(params, cache, dh)
    layer = lstm.Params(*params)
    exact, layer_cache = lstm.forward(layer, x[:, None])
    layer_grads, layer_dx, _ = lstm.backward(layer, layer_cache, dh[:, None])
    assert_equal((h, *grads, dx), (exact[:, 0], *layer_grads, layer_dx[:, 0]), 1e-13)


def test_child_sum_does_not_see_the_order_of_children_and_n_ary_does():
    one, other = (structure.plan([structure.read(t)]) for t in ("(A b (C d e))", "(A (C e d) b)"))
    rng = np.random.default_rng(3)
    embedding = {label: rng.standard_normal(3) for label in "AbCde"}
    inputs = [np.array([embedding[label] for label in p.labels]) for p in (one, other)]
    for N, same in ((None, True), (2, False)):
        params = tree_lstm.init(np.random.default_rng(4), 3, 2, N)
        a, b = (tree_lstm.forward(params, x, p)[0][p.roots] for x, p in zip(inputs, (one, other)))
        assert (np.abs(a - b).max() < 1e-14) == same


def test_a_forest_is_its_trees_one_by_one():
    for N in (None, 3):
        params, _, plan, _ = problem("a forest", N)
        embedding = {
            label: np.random.default_rng(ord(label)).standard_normal(3) for label in plan.labels
        }
        h, _ = tree_lstm.forward(params, np.array([embedding[n] for n in plan.labels]), plan)
        for root, text in zip(plan.roots, FORESTS["a forest"]):
            alone = structure.plan([structure.read(text)])
            x = np.array([embedding[n] for n in alone.labels])
            h_alone, _ = tree_lstm.forward(params, x, alone)
            np.testing.assert_allclose(h_alone[alone.roots[0]], h[root], rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("N", [None, 3])
def test_arguments_are_left_alone_and_dtypes_stay(N, dtype):
    params, x, plan, dh = problem("a forest", N, dtype=dtype)
    before = nested.tree_map(np.copy, (params, x, dh))
    h, cache = tree_lstm.forward(params, x, plan)
    results = (h, *tree_lstm.backward(params, cache, dh))
    assert {leaf.dtype for leaf in nested.leaves(results)} == {np.dtype(dtype)}
    assert_equal((params, x, dh), before, 0)
    assert not any(leaf.any() for leaf in nested.leaves(tree_lstm.backward(params, cache)))


def test_errors_say_what_came_and_what_was_expected():
    params, x, plan, dh = problem("a forest", 3)
    with pytest.raises(ValueError, match=r"x is float64 of shape \(16, 3\), .* shape \(17, 3\)"):
        tree_lstm.forward(params, x[1:], plan)
    with pytest.raises(ValueError, match="a node has 3 children, the layer takes 2"):
        tree_lstm.forward(tree_lstm.init(np.random.default_rng(0), 3, 2, 2), x, plan)
    with pytest.raises(ValueError, match=r"U, W, b have shapes \(8, 3\), \(11, 6\), \(8,\)"):
        tree_lstm.forward(params._replace(W=params.W[1:]), x, plan)
    with pytest.raises(ValueError, match="U, W, b have dtypes float64, float32, float64"):
        tree_lstm.forward(params._replace(W=params.W.astype(np.float32)), x, plan)
    with pytest.raises(ValueError, match="params is a Params, expected ChildSumParams"):
        tree_lstm.forward(lstm.init(np.random.default_rng(0), 3, 2), x, plan)
    _, cache = tree_lstm.forward(params, x, plan)
    with pytest.raises(ValueError, match="dh is float32"):
        tree_lstm.backward(params, cache, dh.astype(np.float32))
