"""Formulas with a value: what they say follows from their brackets, to any depth."""

from unrolled.scratch.structure import Tree

CONSTANTS = {"0": False, "1": True}
OPERATORS = {
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "xor": lambda a, b: a != b,
}
TOKENS = (*CONSTANTS, *OPERATORS, "not", "(", ")")


def formulas(rng, B, nesting):
    """Draw B formulas such as "(1 (and (not 0)))", whose operators are nested exactly `nesting` deep.

    A binary operator and its second operand make a node, which its first operand joins: every node has two children.
    One operand is nested one step less than the whole, the other one at most so deep, and a fair coin says which of
    them comes first; "not" has one operand. All four operators are equally likely, and a fair coin draws the value.
    Returns a tuple of B binary Trees without labels at inner nodes. Raises ValueError for nesting below 1.
    """
    if nesting < 1:
        raise ValueError(f"nesting is {nesting}, expected at least 1")
    return tuple(_with_value(rng, nesting, bool(rng.integers(2))) for _ in range(B))


def value(formula):
    """The truth of a formula, a bool. Raises ValueError for a tree that is none."""
    if formula.label in CONSTANTS and not formula.children:
        return CONSTANTS[formula.label]
    if len(formula.children) == 2:
        first, second = formula.children
        if first == Tree("not"):
            return not value(second)
        if len(second.children) == 2 and second.children[0].label in OPERATORS:
            return OPERATORS[second.children[0].label](value(first), value(second.children[1]))
    raise ValueError(f"{formula} is no formula")


def _with_value(rng, nesting, wanted):
    while True:
        formula = _draw(rng, nesting)
        if value(formula) == wanted:
            return formula


def _draw(rng, nesting):
    if not nesting:
        return Tree(str(rng.integers(2)))
    operator = ("not", *OPERATORS)[rng.integers(1 + len(OPERATORS))]
    deep = _draw(rng, nesting - 1)
    if operator == "not":
        return Tree("", (Tree("not"), deep))
    other = _draw(rng, int(rng.integers(nesting)))
    first, second = (deep, other) if rng.integers(2) else (other, deep)
    return Tree("", (first, Tree("", (Tree(operator), second))))
