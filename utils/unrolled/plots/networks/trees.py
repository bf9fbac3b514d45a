"""Recursive networks: one state for each bracket of a structure."""

from unrolled.plots.networks.graph import Graph

LEAF = 1.05  # distance of two leaves
RISE = 1.0


def tree(structure, *, weights=True, scores=False):
    """The network that a nested pair such as (("the", "cat"), "sleeps") asks for: p = tanh(W [left; right] + b).

    Leaves are named x1, x2, … from left to right, the states p1, p2, … in an order in which they can be computed;
    `scores` adds the score s of each merge. Raises ValueError for brackets that do not hold two parts.
    """
    graph = Graph()
    if isinstance(structure, str):
        raise ValueError(f"a tree needs a bracket of two parts, got the leaf {structure!r}")
    _grow(graph, structure, [0], [0], weights)
    if scores:
        _score(graph)
    return graph


def chain(words):
    """The structure that a chain is: ((("a", "b"), "c"), "d") from ["a", "b", "c", "d"]."""
    words = list(words)
    if len(words) < 2:
        raise ValueError(f"a chain needs at least two words, got {len(words)}")
    structure = words[0]
    for word in words[1:]:
        structure = (structure, word)
    return structure


def _grow(graph, part, leaves, merges, weights):
    """Add the nodes of `part`; returns the name of its topmost one."""
    if isinstance(part, str):
        leaves[0] += 1
        name, at = f"x{leaves[0]}", (leaves[0] * LEAF, 0.0)
        graph.node(name, f"$x_{{{leaves[0]}}}$", "input", at)
        graph.note((at[0], -0.45), part)
        return name
    if len(part) != 2:
        raise ValueError(f"a bracket holds two parts, got {len(part)}: {part!r}")
    children = [_grow(graph, child, leaves, merges, weights) for child in part]
    merges[0] += 1
    name = f"p{merges[0]}"
    places = [graph.nodes[child].at for child in children]
    at = (sum(x for x, _ in places) / 2, max(y for _, y in places) + RISE)
    graph.node(name, f"$p_{{{merges[0]}}}$", "state", at)
    for child, label in zip(children, ("$W_1$", "$W_2$")):
        graph.edge(child, name, label if weights else None)
    return name


def _score(graph):
    """A score at each state, on the side away from its parent."""
    parents = {edge.start: edge.end for edge in graph.edges}
    for name in [name for name in graph.nodes if name[0] == "p"]:
        x, y = graph.nodes[name].at
        parent = parents.get(name)
        side = -1 if parent and graph.nodes[parent].at[0] > x else 1
        score = f"s{name[1:]}"
        graph.node(score, f"$s_{{{name[1:]}}}$", "output", (x + 0.8 * side, y + 0.25))
        graph.edge(name, score)
