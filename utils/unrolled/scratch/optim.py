"""Optimisers as pairs of pure functions over nested NamedTuples, and clipping of the gradient by its norm.

optimiser = adam(lr=3e-3)
state = optimiser.init(params)
params, state = optimiser.update(params, grads, state)
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from unrolled.scratch.nested import global_norm, tree_map


class Optimiser(NamedTuple):
    """init(params) -> state; update(params, grads, state) -> (params, state). Neither changes its arguments."""

    init: Callable
    update: Callable


class Moments(NamedTuple):
    """State of Adam: steps taken, running means of the gradient and of its square, like the parameters."""

    steps: int
    m: object
    v: object


def sgd(lr):
    """Gradient descent: params - lr * grads. Its state is empty."""

    def update(params, grads, state):
        return tree_map(lambda p, g: p - lr * g, params, grads), state

    return Optimiser(lambda params: (), update)


def momentum(lr, beta=0.9):
    """Gradient descent with momentum: v = beta v + grads, params - lr v; its state is v (Polyak 1964, as in torch)."""

    def update(params, grads, v):
        v = tree_map(lambda v, g: beta * v + g, v, grads)
        return tree_map(lambda p, v: p - lr * v, params, v), v

    return Optimiser(lambda params: tree_map(np.zeros_like, params), update)


def adam(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Adam, with both running means corrected for their start at zero (Kingma & Ba 2015, algorithm 1)."""

    def init(params):
        return Moments(0, tree_map(np.zeros_like, params), tree_map(np.zeros_like, params))

    def update(params, grads, state):
        steps = state.steps + 1
        m = tree_map(lambda m, g: beta1 * m + (1 - beta1) * g, state.m, grads)
        v = tree_map(lambda v, g: beta2 * v + (1 - beta2) * g * g, state.v, grads)
        m_scale, v_scale = 1 / (1 - beta1**steps), 1 / (1 - beta2**steps)
        params = tree_map(
            lambda p, m, v: p - lr * m_scale * m / (np.sqrt(v_scale * v) + eps), params, m, v
        )
        return params, Moments(steps, m, v)

    return Optimiser(init, update)


def clip_by_norm(grads, max_norm):
    """Scale grads down to the norm max_norm if theirs is larger (Pascanu, Mikolov & Bengio 2013, algorithm 1).

    Returns the gradients and the norm they had. Raises ValueError unless max_norm > 0.
    """
    if not max_norm > 0:
        raise ValueError(f"max_norm is {max_norm}, expected a positive number")
    norm = global_norm(grads)
    if norm <= max_norm:
        return grads, norm
    return tree_map(lambda g: g * (max_norm / norm), grads), norm
