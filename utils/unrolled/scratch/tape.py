"""Reverse-mode differentiation, node by node: a second opinion on every gradient that is derived by hand.

W, h = Var([[0.5]], name="W"), Var([1.0], name="h")
loss = sum(tanh(matmul(W, h)))
order = backward(loss)         # the nodes in the order of the walk; W.grad is there now
"""

from itertools import count

import numpy as np

_serial = count()


class Var:
    """A node of the graph: a value, and for each parent how the gradient of this node becomes a part of its own.

    value: array of any shape, float64; parents: pairs (parent, pull), where pull maps the gradient of this node
    to what it adds to the gradient of the parent. grad is None until `backward` has passed.
    """

    def __init__(self, value, parents=(), name=""):
        self.value = np.asarray(value, dtype=np.float64)
        self.parents = tuple(parents)
        self.name = name
        self.grad = None
        self.serial = next(_serial)  # a parent is always older than its children

    def __repr__(self):
        return f"Var({self.name or 'unnamed'}, shape {self.value.shape})"


def backward(loss):
    """Fill in `grad`, the total derivative of the scalar `loss`, for every node it depends on.

    The walk is in reverse topological order, youngest node first, so that a node is complete when it is left.
    Returns the list of nodes in that order. Calling it again gives the same gradients.
    Raises ValueError if loss is not a scalar.
    """
    if loss.value.shape != ():
        raise ValueError(f"loss has shape {loss.value.shape}, expected a scalar")
    order = sorted(_ancestors(loss), key=lambda node: node.serial, reverse=True)
    for node in order:
        node.grad = np.zeros_like(node.value)
    loss.grad = np.ones_like(loss.value)
    for node in order:
        for parent, pull in node.parents:
            parent.grad = parent.grad + pull(node.grad)
    return order


def _ancestors(node):
    """The set of nodes that `node` depends on, itself among them."""
    found, waiting = {node}, [node]
    while waiting:
        new = {parent for parent, _ in waiting.pop().parents} - found
        found |= new
        waiting.extend(new)
    return found


def _var(value):
    return value if isinstance(value, Var) else Var(value, name="constant")


def _fold(gradient, shape):
    """Sum a gradient over the axes along which an array of `shape` was broadcast."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    stretched = tuple(
        axis for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis] != 1
    )
    return gradient.sum(axis=stretched, keepdims=True)


def matmul(A, v, name=""):
    """A v, for a matrix A (m, n) and a vector v (n,) or a matrix v (n, k)."""
    A, v = _var(A), _var(v)
    pull_A = np.outer if v.value.ndim == 1 else lambda g, value: g @ value.T
    return Var(
        A.value @ v.value, [(A, lambda g: pull_A(g, v.value)), (v, lambda g: A.value.T @ g)], name
    )


def add(a, b, name=""):
    """a + b, broadcast."""
    a, b = _var(a), _var(b)
    parents = [(a, lambda g: _fold(g, a.value.shape)), (b, lambda g: _fold(g, b.value.shape))]
    return Var(a.value + b.value, parents, name)


def mul(a, b, name=""):
    """a * b, element by element, broadcast."""
    a, b = _var(a), _var(b)
    parents = [
        (a, lambda g: _fold(g * b.value, a.value.shape)),
        (b, lambda g: _fold(g * a.value, b.value.shape)),
    ]
    return Var(a.value * b.value, parents, name)


def tanh(a, name=""):
    """tanh of a, element by element."""
    h = np.tanh(a.value)
    return Var(h, [(a, lambda g: (1 - h * h) * g)], name)


def log_softmax(o, name=""):
    """Logarithm of the softmax of a vector o (K,)."""
    shifted = o.value - o.value.max()
    log_p = shifted - np.log(np.exp(shifted).sum())
    return Var(log_p, [(o, lambda g: g - np.exp(log_p) * g.sum())], name)


def pick(v, index, name=""):
    """The entry (or row) `index` of v."""

    def pull(g):
        gradient = np.zeros_like(v.value)
        gradient[index] = g
        return gradient

    return Var(v.value[index], [(v, pull)], name)


def sum(v, name=""):
    """The sum of all entries of v, a scalar."""
    return Var(v.value.sum(), [(v, lambda g: np.broadcast_to(g, v.value.shape))], name)
