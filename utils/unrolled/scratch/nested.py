"""Nested NamedTuples, tuples, lists and dicts of arrays, treated as one thing: a tree with arrays as leaves."""

import numpy as np


def children(tree):
    """The named children of a node as a list of (name, child), or None if `tree` is a leaf."""
    if isinstance(tree, dict):
        return [(str(key), tree[key]) for key in tree]
    if isinstance(tree, (tuple, list)):
        names = getattr(tree, "_fields", range(len(tree)))
        return [(str(name), child) for name, child in zip(names, tree, strict=True)]
    return None


def rebuild(tree, values):
    """A node like `tree` (same type, same names) with other children."""
    if isinstance(tree, dict):
        return dict(zip(tree, values, strict=True))
    if hasattr(tree, "_fields"):
        return type(tree)(*values)
    return type(tree)(values)


def tree_map(f, tree, *others):
    """Apply f leaf by leaf to trees of one structure; the result has the structure of the first.

    Raises ValueError if the structures differ.
    """
    named = children(tree)
    if named is None:
        _require_leaves(others)
        return f(tree, *others)
    columns = [[child for _, child in _like(tree, other)] for other in others]
    values = [tree_map(f, child, *row) for (_, child), *row in zip(named, *columns, strict=True)]
    return rebuild(tree, values)


def _require_leaves(others):
    for other in others:
        if children(other) is not None:
            raise ValueError(f"one tree has a leaf where another has a {type(other).__name__}")


def _like(tree, other):
    """Children of `other`, which must be the same kind of node as `tree`."""
    named = children(other)
    names = [name for name, _ in children(tree)]
    if type(other) is not type(tree) or [name for name, _ in named] != names:
        found = (
            type(other).__name__
            if named is None
            else f"{type(other).__name__} of {[name for name, _ in named]}"
        )
        raise ValueError(
            f"one tree has a {type(tree).__name__} of {names} where another has a {found}"
        )
    return named


def paths(tree, path=""):
    """List of (path, leaf), such as ("encoder.W", array), in the order of `leaves`; a lone leaf has the path ""."""
    named = children(tree)
    if named is None:
        return [(path, tree)]
    return [
        pair for name, child in named for pair in paths(child, f"{path}.{name}" if path else name)
    ]


def leaves(tree):
    """List of the leaves, left to right."""
    return [leaf for _, leaf in paths(tree)]


def global_norm(tree):
    """Euclidean norm of all leaves taken as one vector."""
    return float(np.sqrt(sum(np.vdot(leaf, leaf) for leaf in map(np.asarray, leaves(tree)))))


def flatten(tree):
    """All leaves as one vector (n,), in the order of `leaves`."""
    return np.concatenate([np.ravel(leaf) for leaf in leaves(tree)])


def unflatten(vector, like):
    """The tree whose `flatten` is `vector` (n,), with structure, shapes and dtypes of `like`.

    Raises ValueError if `like` has another number of entries than n.
    """
    sizes = [np.size(leaf) for leaf in leaves(like)]
    if np.shape(vector) != (sum(sizes),):
        raise ValueError(f"vector has shape {np.shape(vector)}, the tree has {sum(sizes)} entries")
    pieces = iter(np.split(np.asarray(vector), np.cumsum(sizes)[:-1]))
    return tree_map(
        lambda leaf: next(pieces).reshape(np.shape(leaf)).astype(np.asarray(leaf).dtype), like
    )
