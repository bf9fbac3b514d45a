"""The table of the alkanes against a count of all their skeletons, and against known temperatures."""

from collections import Counter

import numpy as np
import pytest

from unrolled.data.alkanes import alkanes, rooted
from unrolled.scratch import structure


def written(tree):
    """A skeleton of a tree: one of many."""
    *branches, last = map(written, tree.children) if tree.children else [""]
    return "C" + "".join(f"({branch})" for branch in branches) + last


def grown(skeletons):
    """The trees of all skeletons with one atom more: hang it on each atom that has a free bond."""
    found = set()
    for skeleton in skeletons:
        for place, sign in enumerate(skeleton):
            if sign == "C":
                try:
                    found.add(rooted(f"{skeleton[: place + 1]}(C){skeleton[place + 1 :]}"))
                except ValueError:  # five neighbours
                    continue
    return found


def test_the_table_holds_every_alkane_once():
    """The numbers of alkanes are those of the sequence A000602."""
    every, trees = Counter(rooted(a.skeleton) for a in alkanes(1)), {rooted("C")}
    assert len(alkanes(1)) == 150 and len(alkanes()) == 147
    for carbons, number in enumerate([1, 1, 1, 2, 3, 5, 9, 18, 35, 75], start=1):
        here = {tree for tree in every if len(structure.plan([tree]).labels) == carbons}
        assert here == trees and len(trees) == number
        trees = grown(written(tree) for tree in trees)
    assert set(every.values()) == {1}
    assert len({a.name for a in alkanes(1)}) == 150


def test_known_temperatures():
    known = {"methane": -161.5, "butane": -0.5, "2-methylpropane": -11.7, "hexane": 68.7}
    known |= {"2,2-dimethylpropane": 9.5, "octane": 125.7, "decane": 174.1, "3-ethylpentane": 93.5}
    table = {a.name: a.degrees for a in alkanes(1)}
    for name, degrees in known.items():
        assert abs(table[name] - degrees) < 0.3, name


def test_names_say_how_many_atoms_there_are():
    chains = "meth eth prop but pent hex hept oct non dec".split()
    for alkane in alkanes(1):
        parts = alkane.name.replace("propan-2-yl", "propyl").replace("-", " ").split()
        total = 0
        for part in parts:
            if part[0].isdigit():
                times = len(part.split(","))
                continue
            for word in part.replace("yl", "yl ").replace("  ", " ").split():
                for prefix in ("di", "tri", "tetra", "penta"):
                    if word.startswith(prefix) and word.endswith("yl"):
                        word = word.removeprefix(prefix)
                size = chains.index(word.removesuffix("ane").removesuffix("yl")) + 1
                total += size if word.endswith("ane") else size * times
                times = 1
        assert total == alkane.carbons, alkane


def test_the_count_of_carbons_alone_leaves_five_degrees():
    """Each alkane against a parabola in the logarithm of the count that is fitted to the others, in five folds."""
    table = alkanes()
    n, y = np.array([(np.log(a.carbons), a.degrees) for a in table]).T
    fold = np.random.default_rng(0).permutation(len(table)) % 5
    error = np.empty(len(table))
    for k in range(5):
        fit = np.polyfit(n[fold != k], y[fold != k], 2)
        error[fold == k] = np.abs(np.polyval(fit, n[fold == k]) - y[fold == k])
    assert 4.4 < error.mean() < 5.4


def test_a_molecule_has_one_tree_however_it_is_written():
    assert len({rooted(s) for s in ("CC(C)CC", "CCC(C)C", "C(C)(CC)C", "C(C(C)C)C")}) == 1
    assert structure.write(rooted("CCCCC")) == "(C (C C) (C C))"
    assert structure.write(rooted("CC(C)(C)C")) == "(C C C C C)"
    assert rooted("C") == structure.Tree("C")
    assert all(structure.depth(a.tree) <= a.carbons // 2 for a in alkanes(1))


@pytest.mark.parametrize("skeleton", ["", "CC(", "C)C", "(C)C", "CO", "CC(C)(C)(C)C"])
def test_what_is_no_skeleton_is_refused(skeleton):
    with pytest.raises(ValueError):
        rooted(skeleton)
