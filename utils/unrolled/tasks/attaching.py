"""Sentences whose structure depends on their words: what does "with" belong to?"""

from unrolled.scratch.structure import Tree

SUBJECTS = "she he nobody everybody".split()
PEOPLE = "man girl dog child".split()
TOOLS = {  # of each verb: what one does it with
    "saw": ("telescope", "binoculars"),
    "watched": ("telescope", "binoculars"),
    "fed": ("spoon", "fork"),
    "served": ("spoon", "fork"),
    "painted": ("brush", "roller"),
    "coloured": ("brush", "roller"),
}
THINGS = sorted({thing for tools in TOOLS.values() for thing in tools})


def attachments(rng, B):
    """Draw the trees of B sentences such as "she saw the man with the telescope".

    What is a tool of the verb belongs to it, (VP (VP saw the man) (PP with the telescope)); any other thing to the noun,
    (VP saw (NP (NP the man) (PP with the spoon))). A fair coin says which; it takes verb and thing to know.
    Returns a tuple of B Trees with rules of two categories or one word.
    """
    return tuple(_sentence(rng) for _ in range(B))


def _sentence(rng):
    draw = lambda options: options[rng.integers(len(options))]
    verb, belongs_to_verb = draw(list(TOOLS)), rng.integers(2)
    others = [thing for thing in THINGS if thing not in TOOLS[verb]]
    thing = draw(TOOLS[verb] if belongs_to_verb else others)
    someone, tool = _noun_phrase(draw(PEOPLE)), _noun_phrase(thing)
    what = Tree("PP", (_word("P", "with"), tool))
    act = _word("V", verb)
    if belongs_to_verb:
        phrase = Tree("VP", (Tree("VP", (act, someone)), what))
    else:
        phrase = Tree("VP", (act, Tree("NP", (someone, what))))
    return Tree("S", (_word("NP", draw(SUBJECTS)), phrase))


def _noun_phrase(noun):
    return Tree("NP", (_word("D", "the"), _word("N", noun)))


def _word(category, word):
    return Tree(category, (Tree(word),))
