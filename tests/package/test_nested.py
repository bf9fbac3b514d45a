"""Trees of arrays."""

from typing import NamedTuple

import numpy as np
import pytest

from unrolled.scratch import nested


class Pair(NamedTuple):
    left: object
    right: object


TREE = Pair(
    {"W": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.float32(5)},
    (np.array([6.0]), [np.zeros((0, 2)), 7.0]),
)


def test_tree_map_keeps_the_structure_and_maps_every_leaf():
    doubled = nested.tree_map(lambda a: 2 * a, TREE)
    assert type(doubled) is Pair and type(doubled.left) is dict and type(doubled.right[1]) is list
    assert nested.flatten(doubled).tolist() == [2, 4, 6, 8, 10, 12, 14]
    assert nested.tree_map(lambda a, b, c: a + b * c, 1, 2, 3) == 7
    total = nested.tree_map(np.add, TREE, doubled)
    assert nested.flatten(total).tolist() == [3, 6, 9, 12, 15, 18, 21]


def test_leaves_and_paths_go_left_to_right():
    assert [path for path, _ in nested.paths(TREE)] == [
        "left.W",
        "left.b",
        "right.0",
        "right.1.0",
        "right.1.1",
    ]
    assert [np.size(leaf) for leaf in nested.leaves(TREE)] == [4, 1, 1, 0, 1]
    assert nested.paths(3) == [("", 3)]


@pytest.mark.parametrize(
    "other",
    [
        (TREE.left, TREE.right),  # a tuple instead of a Pair
        Pair(TREE.left, TREE.right[:1]),
        Pair({"W": 1, "c": 2}, TREE.right),
        Pair(1.0, TREE.right),
        Pair({"W": (1, 2), "b": 2}, TREE.right),
        3.0,
    ],
)
def test_other_structures_are_refused(other):
    with pytest.raises(ValueError, match="where another has a"):
        nested.tree_map(np.add, TREE, other)


def test_global_norm_is_that_of_the_vector():
    assert nested.global_norm(TREE) == pytest.approx(np.sqrt(sum(n * n for n in range(1, 8))))


def test_unflatten_is_the_inverse_of_flatten():
    back = nested.unflatten(nested.flatten(TREE), TREE)
    for (path, a), (_, b) in zip(nested.paths(back), nested.paths(TREE), strict=True):
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype, path
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"shape \(8,\), the tree has 7 entries"):
        nested.unflatten(np.ones(8), TREE)
