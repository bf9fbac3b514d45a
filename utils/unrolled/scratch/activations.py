"""Activation functions, and their slopes as functions of the output.

All are element-wise on arrays of any shape and keep the dtype; the softmax acts on the last axis.
"""

import numpy as np


def sigmoid(a):
    """Logistic function of a, in (0, 1); written through tanh, so that no exponential overflows."""
    return 0.5 * (1 + np.tanh(0.5 * a))


def sigmoid_slope(s):
    """Slope of the sigmoid where its output is s."""
    return s * (1 - s)


def tanh(a):
    """Hyperbolic tangent of a, in (-1, 1)."""
    return np.tanh(a)


def tanh_slope(h):
    """Slope of tanh where its output is h."""
    return 1 - h * h


def relu(a):
    """The positive part of a."""
    return np.maximum(a, 0)


def relu_slope(h):
    """Slope of relu where its output is h: 1 where h > 0, else 0 (also at the kink)."""
    return (h > 0).astype(h.dtype)


def saturated_linear(a):
    """The piece-wise linear function that is a between 0 and 1, and 0 or 1 outside."""
    return np.clip(a, 0, 1)


def saturated_linear_slope(h):
    """Slope of the saturated linear function where its output is h: 1 where 0 < h < 1, else 0 (also at the kinks)."""
    return ((h > 0) & (h < 1)).astype(h.dtype)


def step(a):
    """1 where a >= 0, else 0. It has no useful slope: 0 everywhere but at the jump, where it has none."""
    return np.heaviside(a, 1).astype(a.dtype)


def softmax(o):
    """Probabilities (..., K) of the logits o (..., K); equation (6.4)."""
    e = np.exp(o - o.max(axis=-1, keepdims=True))  # the shift cancels, and nothing overflows
    return e / e.sum(axis=-1, keepdims=True)  # (6.4)


def log_softmax(o):
    """Logarithm of the softmax of the logits o (..., K), in nats, finite for any finite o."""
    shifted = o - o.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
