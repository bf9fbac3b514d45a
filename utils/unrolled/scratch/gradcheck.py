"""Gradients by central differences, and the comparison of derived gradients with them."""

import numpy as np

from unrolled.scratch.nested import paths, tree_map

# Below this size gradients are compared absolutely: differences of a loss near 1 are only exact to some 1e-11.
FLOOR = 1e-4


def numerical(loss_of, tree, eps=1e-5):
    """Gradient of loss_of(tree), a float, in every entry of a tree of float64 arrays, by central differences.

    Costs two calls of loss_of an entry. The error is of order eps^2 from the curvature and 1e-16 / eps from rounding.
    Raises ValueError if a leaf is not float64.
    """
    for path, leaf in paths(tree):
        if np.asarray(leaf).dtype != np.float64:
            raise ValueError(
                f"{path or 'the array'} is {np.asarray(leaf).dtype}, central differences need float64"
            )
    moved = tree_map(lambda leaf: np.array(leaf, order="C"), tree)
    return tree_map(lambda leaf: _differences(lambda: loss_of(moved), leaf, eps), moved)


def _differences(loss, leaf, eps):
    """Central differences of loss() in every entry of leaf, which is changed in place and restored."""
    gradient = np.empty_like(leaf)
    for index in np.ndindex(leaf.shape):
        value = leaf[index]
        leaf[index] = value + eps
        above = loss()
        leaf[index] = value - eps
        below = loss()
        leaf[index] = value
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def relative_error(a, b, floor=0.0):
    """Largest |a - b| over the largest |a| or |b| (at least `floor`), for arrays of one shape; 0 if both are zero.

    Raises ValueError if the shapes differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        raise ValueError(f"shapes {a.shape} and {b.shape} differ")
    difference = np.abs(a - b).max(initial=0)
    if difference == 0:
        return 0.0
    return float(difference / max(np.abs(a).max(), np.abs(b).max(), floor))


def check(loss_of, tree, grads, tol=1e-6):
    """Compare grads with the central differences of loss_of at tree; returns the largest relative error of a leaf.

    Raises AssertionError that names the worst entry if that error is not below tol (NaN is not), and ValueError
    if grads is no tree like `tree`.
    """
    expected = numerical(loss_of, tree)
    tree_map(_require_shape, tree, grads)
    errors = {}
    for (path, ours), (_, exact) in zip(paths(grads), paths(expected), strict=True):
        errors[path] = relative_error(ours, exact, FLOOR), np.asarray(ours), exact
    path, (error, ours, exact) = max(
        errors.items(), key=lambda item: np.nan_to_num(item[1][0], nan=np.inf)
    )
    if not error < tol:
        index = np.unravel_index(
            np.argmax(np.nan_to_num(np.abs(ours - exact), nan=np.inf)), exact.shape
        )
        entry = f"{path}[{', '.join(map(str, index))}]"
        raise AssertionError(
            f"gradient of {entry} is {ours[index]:.6g}, central differences give {exact[index]:.6g} "
            f"(relative error of {path or 'the array'} {error:.1e}, allowed {tol:.1e})"
        )
    return error


def _require_shape(value, gradient):
    if np.shape(value) != np.shape(gradient):
        raise ValueError(f"a gradient has shape {np.shape(gradient)}, its array {np.shape(value)}")
