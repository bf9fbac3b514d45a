"""Judgements such as "not (very good)": what a word does depends on what it stands before."""

from unrolled.scratch.structure import Tree

PRAISE = "good clever moving lively".split()
BLAME = "bad dull weak slow".split()
MODIFIERS = ("not", "very")
STRENGTHS = (-2, -1, 1, 2)


def judgements(rng, B, modifiers):
    """Draw B binary trees such as "(not (very good))": an adjective behind `modifiers` words, all equally likely.

    Returns a tuple of Trees without labels at inner nodes; `strength` says what one means.
    """
    return tuple(_judgement(rng, modifiers) for _ in range(B))


def strength(judgement):
    """How favourable it is, one of `STRENGTHS`: an adjective 1 or -1; "very" doubles a 1; "not" turns to 1 or -1.

    So "very (not good)" is -2 and "not (very good)" is -1. Raises ValueError for a tree that is no judgement.
    """
    if not judgement.children and judgement.label in PRAISE + BLAME:
        return 1 if judgement.label in PRAISE else -1
    if len(judgement.children) == 2 and judgement.children[0].label in MODIFIERS:
        modifier, rest = judgement.children
        sign = 1 if strength(rest) > 0 else -1
        return 2 * sign if modifier.label == "very" else -sign
    raise ValueError(f"{judgement} is no judgement")


def _judgement(rng, modifiers):
    adjectives = PRAISE + BLAME
    node = Tree(adjectives[rng.integers(len(adjectives))])
    for _ in range(modifiers):
        node = Tree("", (Tree(MODIFIERS[rng.integers(2)]), node))
    return node
