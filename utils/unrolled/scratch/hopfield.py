"""Memories that are addressed by their content: what is stored lies in weights, and a damaged part calls up the whole.

    linear associator   y = W x,  W = 1/n sum over pairs of y x^T           one product, no decision
    Hopfield network    s_i <- sign(sum over j of W_ij s_j), unit by unit   W = 1/n sum of xi xi^T, zero diagonal
    BAM                 y <- sign(W x), x <- sign(W^T y)                    two layers that call each other up
    modern Hopfield     s <- X^T softmax(beta X s)                          the patterns are kept: this is attention

Patterns and states are rows of -1 and 1, (P, n) and (B, n); the modern network takes any real numbers.

Source: Hopfield (1982), Kosko (1988), Ramsauer et al. (2021); Hassoun (1993) for the family.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import softmax

__all__ = [
    "Settled",
    "bam_energy",
    "bam_settle",
    "corrupt",
    "energy",
    "hebb",
    "learn",
    "modern_energy",
    "overlap",
    "pseudo_inverse",
    "random_patterns",
    "retrieve",
    "settle",
    "synchronous",
    "visit",
]

TINY = 1e-9  # a field closer to zero than this is zero, but for rounding


class Settled(NamedTuple):
    """Where asynchronous updates led."""

    s: np.ndarray  # (B, n), the states
    energy: np.ndarray  # (sweeps + 1, B), before the first sweep and after each
    stable: np.ndarray  # (B,), boolean: no unit of the state wants to flip


def random_patterns(rng, P, n):
    """P patterns of n independent fair signs, (P, n), float64."""
    return rng.choice([-1.0, 1.0], size=(P, n))


def corrupt(rng, patterns, share):
    """Copies of the patterns (P, n) in each of which round(share n) signs, drawn anew for each, are flipped.

    Raises ValueError unless 0 <= share <= 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}, expected 0 to 1")
    P, n = patterns.shape
    first = rng.permuted(np.tile(np.arange(n), (P, 1)), axis=1) < round(share * n)
    return np.where(first, -patterns, patterns)


def overlap(s, patterns):
    """The share of equal signs less the share of different ones, in -1..1, along the last axis."""
    return (s * patterns).mean(axis=-1)


# The linear associator


def hebb(x, y):
    """Weights (n_y, n_x) of the pairs x (P, n_x), y (P, n_y): the sum of y x^T over the pairs, divided by n_x.

    Recall of a key is W x: each value, weighted by the overlap of its key with x. Raises ValueError unless there are
    as many values as keys.
    """
    _check_pairs(x, y)
    return y.T @ x / x.shape[1]


def pseudo_inverse(x, y):
    """The weights (n_y, n_x) with the least squared error of W x against y, the shortest of them.

    Exact for any keys that are linearly independent. Source: Kohonen & Ruohonen (1973).
    """
    _check_pairs(x, y)
    return np.linalg.lstsq(x, y, rcond=None)[0].T


# The Hopfield network


def learn(patterns):
    """Weights (n, n) of the patterns (P, n): 1/n times the sum of xi xi^T, with zero on the diagonal."""
    W = hebb(patterns, patterns)
    np.fill_diagonal(W, 0)
    return W


def energy(W, s):
    """The energy -1/2 s^T W s of the states s (..., n) -> (...)."""
    return -0.5 * ((s @ W.T) * s).sum(axis=-1)


def visit(W, s, order):
    """Update the units of one state s (n,) in the order given, a sequence of their numbers.

    Returns the states (len(order) + 1, n), s first, and their energies (len(order) + 1,). A unit whose field is zero
    stays as it is.
    """
    states = [np.array(s)]
    for i in order:
        s = states[-1].copy()
        s[i] = _signs(W[i] @ s, s[i])
        states.append(s)
    states = np.array(states)
    return states, energy(W, states)


def settle(W, s, rng, sweeps=100):
    """Update all units one after the other, in a new random order in every sweep, until nothing flips.

    W (n, n), symmetric, with zero diagonal; s (B, n): every row is a network of its own, and rows share the order.
    Returns a `Settled`; energies can't rise. Raises ValueError for other weights, or if s doesn't fit.
    """
    _check_weights(W, s)
    s, energies = np.array(s), [energy(W, s)]
    field = s @ W  # (B, n), kept up to date at every flip
    for _ in range(sweeps):
        flips = 0
        for i in rng.permutation(len(W)):
            (rows,) = np.nonzero(field[:, i] * s[:, i] < -TINY)
            if len(rows):
                s[rows, i] *= -1
                field[rows] += 2 * s[rows, i, None] * W[i]
                flips += len(rows)
        energies.append(energy(W, s))
        if flips == 0:
            break
    return Settled(s, np.array(energies), ~(s @ W * s < -TINY).any(axis=1))


def synchronous(W, s, steps):
    """Update all units at once, `steps` times: the states (steps + 1, B, n). Two states may alternate for ever."""
    _check_weights(W, s)
    states = [np.array(s)]
    for _ in range(steps):
        states.append(_signs(states[-1] @ W, states[-1]))
    return np.array(states)


# Bidirectional associative memory


def bam_energy(W, x, y):
    """The energy -y^T W x of the pairs x (..., n_x), y (..., n_y) -> (...)."""
    return -((x @ W.T) * y).sum(axis=-1)


def bam_settle(W, x, y=None, most=100):
    """Call up pairs from keys x (B, n_x) with W (n_y, n_x) of `hebb`: the two layers take turns until nothing flips.

    y (B, n_y): what the second layer holds before, sign(W x) if None. Returns x, y and energies (turns + 1, B), where
    a turn updates y, then x. A unit whose field is zero stays as it is. Source: Kosko (1988).
    """
    y = _signs(x @ W.T, np.ones((len(x), len(W)))) if y is None else y
    energies = [bam_energy(W, x, y)]
    for _ in range(most):
        y_new = _signs(x @ W.T, y)
        x_new = _signs(y_new @ W, x)
        energies.append(bam_energy(W, x_new, y_new))
        done = (x_new == x).all() and (y_new == y).all()
        x, y = x_new, y_new
        if done:
            break
    return x, y, np.array(energies)


# The modern Hopfield network


def retrieve(patterns, s, beta, steps=1):
    """Updates s <- X^T softmax(beta X s) of the states s (B, n), with the patterns as the rows of X (P, n).

    A large beta calls up one pattern, a small one a mean of many. Returns the states (B, n) after the last step.
    Source: Ramsauer et al. (2021).
    """
    for _ in range(steps):
        s = softmax(beta * s @ patterns.T) @ patterns
    return s


def modern_energy(patterns, s, beta):
    """The energy that `retrieve` lowers, of the states s (..., n) -> (...); it is at least 0.

    -1/beta log sum exp(beta X s) + 1/2 s^T s + 1/beta log P + 1/2 (longest pattern)^2.
    Source: Ramsauer et al. (2021).
    """
    a = beta * (s @ patterns.T)
    largest = a.max(axis=-1, keepdims=True)
    lse = largest[..., 0] + np.log(np.exp(a - largest).sum(axis=-1))
    longest = (patterns**2).sum(axis=1).max()
    return (np.log(len(patterns)) - lse) / beta + 0.5 * ((s**2).sum(axis=-1) + longest)


def _signs(field, before):
    """The sign of each field; where it is zero, what was there before."""
    return np.where(np.abs(field) < TINY, before, np.sign(field))


def _check_pairs(x, y):
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
        raise ValueError(f"x, y have shapes {x.shape}, {y.shape}, expected (P, n_x), (P, n_y)")


def _check_weights(W, s):
    n = len(W)
    if W.shape != (n, n) or s.ndim != 2 or s.shape[1] != n:
        raise ValueError(f"W, s have shapes {W.shape}, {s.shape}, expected (n, n), (B, n)")
    if np.diag(W).any() or not np.allclose(W, W.T):
        raise ValueError(
            "W must be symmetric with a zero diagonal: only then the energy can't rise"
        )
