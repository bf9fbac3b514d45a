"""Boiling points of the alkanes of up to ten carbon atoms, and their skeletons as trees.

The temperatures are facts of C. L. Yaws, Thermophysical Properties of Chemicals and Hydrocarbons (2nd edition, 2014), a
compilation of measured and estimated values, as the package `chemicals` 1.5.2 (MIT) lists them; for 3-ethylpentane and
3,3-diethylpentane, which are not there, those of the CRC Handbook of Chemistry and Physics (95th edition), from the
same package. For 11 alkanes the package's other tables (CRC, NIST WebBook, CAS) differ by more than 2 degrees. Recursive
networks have learned such a table since Bianucci, Micheli, Sperduti & Starita (2000).
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

from unrolled.scratch.structure import Tree, depth


class Alkane(NamedTuple):
    """A molecule of carbon and as much hydrogen as it holds."""

    name: str
    skeleton: str  # the carbon atoms as a SMILES string: "CC(C)C" has a branch
    degrees: float  # boiling point in degrees Celsius at normal pressure

    @property
    def carbons(self):
        """The number of carbon atoms."""
        return self.skeleton.count("C")

    @property
    def tree(self):
        """The skeleton as a tree: see `rooted`."""
        return rooted(self.skeleton)


@cache
def alkanes(least=4):
    """The alkanes of `least` to 10 carbon atoms, by their number and then by temperature: a tuple of Alkane.

    From 4 on there are 147, and 3 more are smaller: methane, ethane and propane.
    """
    text = files("unrolled.data").joinpath("alkanes.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    every = (Alkane(name, skeleton, float(degrees)) for skeleton, degrees, name in rows)
    return tuple(alkane for alkane in every if alkane.carbons >= least)


def rooted(skeleton):
    """The carbon atoms of a skeleton as a Tree of nodes "C", with the middle of the longest chain as its root.

    Children stand by size, then by their form, so skeletons of one molecule give one tree however they are written.
    Raises ValueError if the string is no skeleton: C and balanced brackets, at most four neighbours an atom.
    """
    neighbours = _neighbours(skeleton)
    if max(map(len, neighbours)) > 4:
        raise ValueError(f"an atom of {skeleton!r} has {max(map(len, neighbours))} neighbours")
    trees = [_hang(neighbours, atom, None) for atom in range(len(neighbours))]
    return min(trees, key=lambda tree: (depth(tree), _order(tree)))


def _neighbours(skeleton):
    """For each atom of a skeleton the atoms that it is bound to."""
    neighbours, before, branches = [], None, []
    for place, sign in enumerate(skeleton):
        if sign == "C":
            neighbours.append([])
            if before is not None:
                neighbours[before].append(len(neighbours) - 1)
                neighbours[-1].append(before)
            before = len(neighbours) - 1
        elif sign == "(" and before is not None:
            branches.append(before)
        elif sign == ")" and branches:
            before = branches.pop()
        else:
            raise ValueError(f"{sign!r} at place {place} of {skeleton!r} is not expected")
    if branches or not neighbours:
        raise ValueError(f"{skeleton!r} ends too early")
    return neighbours


def _hang(neighbours, atom, parent):
    """The tree of an atom and all that is bound to it, without its parent."""
    children = [_hang(neighbours, n, atom) for n in neighbours[atom] if n != parent]
    return Tree("C", tuple(sorted(children, key=_order)))


def _size(tree):
    return 1 + sum(map(_size, tree.children))


def _order(tree):
    return -_size(tree), tree
