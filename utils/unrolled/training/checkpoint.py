"""Parameters in a file: the leaves of a tree as an npz archive, without pickle."""

import numpy as np

from unrolled.scratch.nested import paths, tree_map


def save(path, tree):
    """Write the leaves of a tree of arrays to `path` (.npz), under their paths such as "rnn.W".

    Raises ValueError if the tree is a single array or two leaves have one path.
    """
    named = paths(tree)
    arrays = dict(named)
    if "" in arrays or len(arrays) != len(named):
        raise ValueError(f"leaves need names that differ, these are {[name for name, _ in named]}")
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def load(path, like):
    """Read what `save` wrote: a tree with the structure of `like`.

    Raises ValueError if names, shapes or dtypes differ from those of `like`.
    """
    names = iter([name for name, _ in paths(like)])
    with np.load(path, allow_pickle=False) as archive:
        if set(archive.files) != {name for name, _ in paths(like)}:
            raise ValueError(
                f"{path} holds {sorted(archive.files)}, expected {sorted(n for n, _ in paths(like))}"
            )
        return tree_map(lambda leaf: _same_kind(archive[name := next(names)], leaf, name), like)


def _same_kind(stored, leaf, name):
    leaf = np.asarray(leaf)
    if stored.shape != leaf.shape or stored.dtype != leaf.dtype:
        raise ValueError(
            f"{name} is {stored.dtype} of {stored.shape}, expected {leaf.dtype} of {leaf.shape}"
        )
    return stored
