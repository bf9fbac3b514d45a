"""Networks that run along a sequence: folded, unfolded, fed back, in both directions, deep, and their shapes.

Columns are time steps 1..steps, with the initial state at their left. A node is named by its row and its step:
"h0", "x1", "L3"; in a deep network also by its layer: "h2_1" is layer 2 at step 1.
"""

from unrolled.plots.networks.graph import Graph

ROLE = {"x": "input", "h": "state", "o": "output", "L": "loss", "y": "target"}
ROW = {"x": 0.0, "h": 1.0, "o": 2.0, "L": 3.0, "y": 4.0}
STEP = 1.35  # horizontal distance of two time steps
FED = 1.65  # where what one step puts out passes between two columns


def folded(*, outputs=True, loss=True, delay=True):
    """The circuit: x to h through U, h to itself through W one step later, h to o through V, o and y to L.

    `delay` marks the loop with the black square that stands for one time step.
    """
    rows, graph = rows_of(outputs, loss), Graph()
    for row in rows:
        graph.node(row, f"${row}$", ROLE[row], (0, ROW[row]))
    for low, high, label in _upward(rows):
        graph.edge(low, high, label)
    graph.edge("h", "h", "$W$", delay=True)
    if delay:
        graph.note((1.1, ROW["h"]), "one step", align="left")
    return graph


def unfolded(steps, *, outputs=True, loss=True):
    """The graph of `steps` time steps: the same U, W and V on every copy."""
    steps_of(steps)
    rows, graph = rows_of(outputs, loss), Graph()
    graph.node("h0", "$h_{0}$", "state", place("h0"), stage=1)
    for t in range(1, steps + 1):
        for row in rows:
            graph.node(f"{row}{t}", f"${row}_{{{t}}}$", ROLE[row], place(f"{row}{t}"), stage=t)
    for start, end, label in edges(steps, rows):
        graph.edge(start, end, label)
    return graph


def place(name):
    """The centre (2,) of a node in an unfolded drawing, from its name ("h0", "x12")."""
    return int(name[1:]) * STEP, ROW[name[0]]


def edges(steps, rows=("x", "h", "o", "L", "y")):
    """The forward edges of an unfolded graph: (start, end, label) with node names; label None where no weight acts."""
    chain = [(f"h{t - 1}", f"h{t}", "$W$") for t in range(1, steps + 1)]
    return chain + [
        (f"{low}{t}", f"{high}{t}", label)
        for low, high, label in _upward(rows)
        for t in range(1, steps + 1)
    ]


def output_recurrence(steps, *, feedback="output", hidden=False, inputs=True):
    """What step t - 1 puts out feeds step t through R; `hidden` adds the link from state to state through W.

    feedback  "output": its output o, as a part of the network; "target": the true y, as in training with teacher
              forcing; "sample": the symbol chosen from its own prediction, as in free running, with no target and no loss
    inputs    whether each step also reads an x
    """
    _one_of("feedback", feedback, ("output", "target", "sample"))
    steps_of(steps)
    graph, top = Graph(), {"output": "o", "target": "y", "sample": "p"}[feedback]
    if hidden:
        graph.node("h0", "$h_{0}$", "state", (0, ROW["h"]), stage=1)
    for t in range(1, steps + 1):
        _prediction_column(graph, t, feedback, inputs)
        if hidden:
            graph.edge(f"h{t - 1}", f"h{t}", "$W$")
        if t > 1:
            _feed(graph, f"{top}{t - 1}", f"h{t}", hidden)
    return graph


def bidirectional(steps):
    """One chain of states forward (f1, f2, …) and one backward (b1, b2, …); each output reads both."""
    steps_of(steps)
    graph, last = Graph(), steps + 1
    graph.node("f0", r"$\overrightarrow{h}_0$", "state", (STEP - 0.3 - 1.15, 1))
    for t in range(1, last):
        x = t * STEP
        graph.node(f"x{t}", f"$x_{{{t}}}$", "input", (x, 0))
        graph.node(f"f{t}", rf"$\overrightarrow{{h}}_{{{t}}}$", "state", (x - 0.3, 1))
        graph.node(f"b{t}", rf"$\overleftarrow{{h}}_{{{t}}}$", "state", (x + 0.3, 2))
        graph.node(f"o{t}", f"$o_{{{t}}}$", "output", (x, 3))
    graph.node(
        f"b{last}", rf"$\overleftarrow{{h}}_{{{last}}}$", "state", (steps * STEP + 0.3 + 1.15, 2)
    )
    for t in range(1, last):
        graph.edge(f"f{t - 1}", f"f{t}").edge(f"b{t + 1}", f"b{t}")
        graph.edge(f"x{t}", f"f{t}").edge(f"x{t}", f"b{t}", over=True)
        graph.edge(f"f{t}", f"o{t}", over=True).edge(f"b{t}", f"o{t}")
    return graph


def deep(layers, steps, *, skip=False):
    """States stacked in layers, h1_t to h{layers}_t. `skip` adds arrows from x to every layer and from every layer to o."""
    steps_of(steps)
    rise, run = (1.3, 1.0 + 0.4 * layers) if skip else (1.2, 1.5)
    if layers < 1:
        raise ValueError(f"a deep network needs at least one layer, got {layers}")
    graph = Graph()
    for layer in range(1, layers + 1):
        graph.node(
            f"h{layer}_0", f"$h_0^{{({layer})}}$", "state", (0, layer * rise), size=(0.56, 0.56)
        )
    for t in range(1, steps + 1):
        _deep_column(graph, layers, t, (t * run, rise), skip)
    return graph


PLACES = ("x to x", "h to x", "h to h", "o to x", "o to h", "o to o")
LAYER = {"d": 0.0, "x": 1.1, "h": 2.2, "o": 3.3}  # data, and the layers that the feedback joins
APART = 1.75


def feedback(place, steps=3):
    """A network with an input layer ("x1", above its data "d1"), a hidden and an output layer, and one feedback.

    place: the layer whose value goes into which layer of the next step, such as "h to h"; "none" draws no feedback.
    An input layer computes nothing: it holds the data, and what the feedback brings.
    """
    _one_of("place", place, (*PLACES, "none"))
    steps_of(steps)
    graph = Graph()
    for t in range(1, steps + 1):
        graph.node(f"d{t}", f"$x_{{{t}}}$", "input", (t * APART, LAYER["d"]), stage=t)
        graph.node(f"x{t}", "", "muted", (t * APART, LAYER["x"]), shape="box", stage=t)
        graph.node(f"h{t}", f"$h_{{{t}}}$", "state", (t * APART, LAYER["h"]), stage=t)
        graph.node(f"o{t}", f"$o_{{{t}}}$", "output", (t * APART, LAYER["o"]), stage=t)
        graph.edge(f"d{t}", f"x{t}").edge(f"x{t}", f"h{t}", "$U$").edge(f"h{t}", f"o{t}", "$V$")
        if t > 1 and place != "none":
            _feed_back(graph, *place.split(" to "), t)
    return graph


def _feed_back(graph, source, target, t):
    start, end = f"{'d' if source == 'x' else source}{t - 1}", f"{target}{t}"
    (x, y), (_, low) = graph.nodes[start].at, graph.nodes[end].at
    lane = x + APART / 2
    via = () if y == low else ((lane, y), (lane, low))
    graph.edge(start, end, role=ROLE[source], via=via, width=2.4)


SHAPES = {
    "one to one": (lambda t, n: t == 1, lambda t, n: t == 1),
    "one to many": (lambda t, n: t == 1, lambda t, n: True),
    "many to one": (lambda t, n: True, lambda t, n: t == n),
    "many to many": (lambda t, n: True, lambda t, n: True),
    "delayed": (lambda t, n: t <= (n + 1) // 2, lambda t, n: t > n // 2),
}


def shape(kind, steps=3):
    """The unfolded graph with inputs and outputs only where a task has them.

    kind: "one to one" (a network without time), "one to many", "many to one", "many to many" or "delayed" (the first
    half of the steps reads, the second half writes).
    """
    _one_of("kind", kind, SHAPES)
    steps_of(steps)
    reads, writes = SHAPES[kind]
    steps = 1 if kind == "one to one" else steps
    graph = Graph()
    for t in range(1, steps + 1):
        graph.node(f"h{t}", f"$h_{{{t}}}$", "state", place(f"h{t}"), stage=t)
        if reads(t, steps):
            graph.node(f"x{t}", f"$x_{{{t}}}$", "input", place(f"x{t}"), stage=t)
            graph.edge(f"x{t}", f"h{t}")
        if writes(t, steps):
            graph.node(f"o{t}", f"$o_{{{t}}}$", "output", place(f"o{t}"), stage=t)
            graph.edge(f"h{t}", f"o{t}")
        if t > 1:
            graph.edge(f"h{t - 1}", f"h{t}")
    return graph


def rows_of(outputs, loss):
    """The rows of an unfolded drawing, from bottom to top. Raises ValueError for a loss without outputs."""
    if loss and not outputs:
        raise ValueError("a loss needs outputs: outputs=False asks for loss=False")
    return ("x", "h") + (("o",) if outputs else ()) + (("L", "y") if loss else ())


def steps_of(steps):
    """Raise ValueError for less than one step."""
    if steps < 1:
        raise ValueError(f"an unfolded graph needs at least one step, got {steps}")


def _upward(rows):
    found = [("x", "h", "$U$"), ("h", "o", "$V$"), ("o", "L", None), ("y", "L", None)]
    return [(low, high, label) for low, high, label in found if low in rows and high in rows]


def _prediction_column(graph, t, feedback, inputs):
    loss = feedback != "sample"
    for row in ("x",) * inputs + ("h", "o") + ("L", "y") * loss:
        graph.node(f"{row}{t}", f"${row}_{{{t}}}$", ROLE[row], (t * FED, ROW[row]), stage=t)
    for low, high, label in _upward(("x",) * inputs + ("h", "o") + ("L", "y") * loss):
        graph.edge(f"{low}{t}", f"{high}{t}", label)
    if feedback == "sample":
        graph.node(f"p{t}", rf"$\tilde{{y}}_{{{t}}}$", "output", (t * FED, ROW["L"]), stage=t)
        graph.edge(f"o{t}", f"p{t}")


def _feed(graph, start, end, hidden):
    (x, y), (_, low) = graph.nodes[start].at, graph.nodes[end].at
    lane = x + FED / 2
    low += 0.55 if hidden else 0.0
    role = "target" if start[0] == "y" else "output"
    line = "--" if start[0] == "p" else "-"
    graph.edge(start, end, "$R$", via=((lane, y), (lane, low)), role=role, line=line)


def _deep_column(graph, layers, t, at, skip):
    (x, rise), top = at, layers + 1
    graph.node(f"x{t}", f"$x_{{{t}}}$", "input", (x, 0))
    for layer in range(1, layers + 1):
        name = f"h{layer}_{t}"
        graph.node(
            name, f"$h_{{{t}}}^{{({layer})}}$", "state", (x, layer * rise), size=(0.56, 0.56)
        )
        graph.edge(f"h{layer}_{t - 1}", name, f"$W^{{({layer})}}$")
        below = f"x{t}" if layer == 1 else f"h{layer - 1}_{t}"
        graph.edge(below, name, f"$U^{{({layer})}}$")
    graph.node(f"o{t}", f"$o_{{{t}}}$", "output", (x, top * rise))
    graph.edge(f"h{layers}_{t}", f"o{t}", "$V$")
    if skip:
        for layer in range(2, layers + 1):
            graph.edge(f"x{t}", f"h{layer}_{t}", bend=-1.25 / layer, role="input", over=True)
        for layer in range(1, layers):
            bend = 1.25 / (top - layer)
            graph.edge(f"h{layer}_{t}", f"o{t}", bend=bend, role="output", over=True)


def _one_of(what, given, known):
    if given not in known:
        raise ValueError(f"{what} is {given!r}, expected one of {', '.join(map(repr, known))}")
