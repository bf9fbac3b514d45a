"""What the tests of the layers share: shapes, comparison, torch modules, and what a workspace must leave alone."""

import numpy as np
import torch

from unrolled.scratch import nested, optim, workspace

EXACT = 1e-10
SHAPES = [(6, 3, 4, 5), (1, 3, 4, 5), (6, 1, 4, 5), (1, 1, 1, 1), (7, 2, 1, 3)]
PADDING = {(6, 3, 4, 5): [2, 6, 0], (1, 3, 4, 5): [1, 0, 1], (7, 2, 1, 3): [7, 1]}
CASES = [(shape, None) for shape in SHAPES] + list(PADDING.items())


def assert_equal(ours, exact, tolerance=EXACT):
    for (path, a), (_, b) in zip(nested.paths(ours), nested.paths(exact), strict=True):
        assert a.shape == b.shape, path
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=path)


def assert_nothing_is_overwritten(layer, params, x, state, dh, dstate):
    """Without a workspace what a layer returned stays as it is through another forward and backward."""
    h, cache = layer.forward(params, x, state)
    gates = layer.gates(cache) if hasattr(layer, "gates") else ()
    first = cache.state, gates, layer.backward(params, cache, dh, dstate)
    kept = nested.tree_map(np.copy, (h, *first))
    other, _ = layer.forward(params, x + 1, state)
    second = layer.backward(params, cache, 2 * dh, nested.tree_map(np.negative, dstate))
    assert_equal((h, *first), kept, 0)
    for a in nested.leaves((h, *first)):
        assert not any(np.shares_memory(a, b) for b in nested.leaves((other, *second)))


def assert_a_workspace_changes_nothing(layer, kept, params, x, state, dh, dstate, lengths):
    """Values and gradients with the workspace `kept`, used before or not, equal those without one."""
    h, cache = layer.forward(params, x, state, lengths, kept)
    h_fresh, cache_fresh = layer.forward(params, x, state, lengths)
    ours, fresh = (layer.backward(params, c, dh, dstate) for c in (cache, cache_fresh))
    assert_equal((h, cache.state, *ours), (h_fresh, cache_fresh.state, *fresh), 0)


def assert_training_with_a_workspace_equals_training_without(layer, params, x, target):
    """The same errors at each of twenty steps, which fall."""
    histories = []
    for kept in (None, workspace.Workspace()):
        p, optimiser, norms = params, optim.adam(1e-2), []
        state = optimiser.init(p)
        for _ in range(20):
            h, cache = layer.forward(p, x, workspace=kept)
            error = h - target
            grads, _, _ = layer.backward(p, cache, error)
            p, state = optimiser.update(p, grads, state)
            norms.append(nested.global_norm(error))
        histories.append(norms)
    assert histories[0] == histories[1]
    assert histories[0][-1] < histories[0][0]


def torch_module(kind, D, H, **options):
    """A torch layer with seeded float64 parameters."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return kind(D, H, **({"dtype": torch.float64} | options))


def torch_gradients(module, part):
    """Gradients of one part of a torch layer, such as "l1_reverse", with respect to our parameters.

    Where torch has two biases and we have their sum, each has its gradient. torch's z is 1 - z of ours: the gradient of
    its block is negated.
    """
    grad = lambda name: getattr(module, f"{name}_{part}").grad.numpy().copy()
    U, W, b = (grad(name) for name in ("weight_ih", "weight_hh", "bias_ih"))
    if not isinstance(module, torch.nn.GRU):
        return U, W, b
    H = W.shape[1]
    for leaf in (U, W, b):
        leaf[H : 2 * H] *= -1
    return U, W, b, grad("bias_hh")[2 * H :]


def tensor(array):
    return torch.tensor(array, requires_grad=True)
