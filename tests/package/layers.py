"""What the tests of the gated layers share: shapes, comparison, and torch modules."""

import numpy as np
import torch

from unrolled.scratch import nested

EXACT = 1e-10
SHAPES = [(6, 3, 4, 5), (1, 3, 4, 5), (6, 1, 4, 5), (1, 1, 1, 1), (7, 2, 1, 3)]
PADDING = {(6, 3, 4, 5): [2, 6, 0], (1, 3, 4, 5): [1, 0, 1], (7, 2, 1, 3): [7, 1]}
CASES = [(shape, None) for shape in SHAPES] + list(PADDING.items())


def assert_equal(ours, exact, tolerance=EXACT):
    for (path, a), (_, b) in zip(nested.paths(ours), nested.paths(exact), strict=True):
        assert a.shape == b.shape, path
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance, err_msg=path)


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
