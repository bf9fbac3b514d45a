"""From one sequence to another: encoder and decoder, and attention between them."""

import numpy as np

from unrolled.plots.networks.graph import Graph
from unrolled.plots.networks.sequences import _one_of, steps_of

STEP = 1.15
BOTH_WAYS = 1.4  # step of a chain in both directions
WIDE, BROAD = (0.62, 0.62), (0.64, 0.5)  # room for an index such as i - 1


def encoder_decoder(reads, writes, *, context="first", feedback="target"):
    """An encoder reads x1, x2, … into the context c; a decoder with states s1, s2, … writes one prediction a step.

    context   "first": c starts the decoder; "every": each of its steps reads c
    feedback  "target": step i reads the true y of step i - 1 (training); "sample": its own prediction
    """
    _one_of("context", context, ("first", "every"))
    _one_of("feedback", feedback, ("target", "sample"))
    steps_of(reads)
    steps_of(writes)
    graph = Graph()
    _encoder(graph, reads, STEP, stage=None)
    at = (reads + 1.1) * STEP
    graph.node("c", "$c$", "attention", (at, 1))
    graph.edge(f"h{reads}", "c")
    for i in range(1, writes + 1):
        _decoder_column(graph, i, at + (i + 0.1) * STEP, feedback)
        graph.edge("c" if i == 1 else f"s{i - 1}", f"s{i}")
        if context == "every" and i > 1:
            x = graph.nodes[f"s{i}"].at[0]
            graph.edge("c", f"s{i}", via=((at, 0.42), (x - 0.5, 0.42)), role="attention", over=True)
    graph.panel((STEP - 0.5, -0.5), (reads * STEP + 0.5, 1.85), "encoder")
    graph.panel((at + 1.1 * STEP - 0.5, -0.5), (at + (writes + 0.1) * STEP + 0.5, 2.75), "decoder")
    return graph


def attention(reads, *, weights=None, bidirectional=False):
    """One step i of a decoder with attention (RNNsearch): align, then context, then the new state, then the output.

    weights (reads,) are those of step i, in [0, 1]; they set the width of the lines through which the annotations
    h1, h2, … enter the context. Without them the weights are symbols. `bidirectional` draws the two chains of states
    that an annotation joins.
    """
    steps_of(reads)
    weights = _weights(weights, reads)
    graph = Graph(_ATTENTION_STEPS)
    run, top = (BOTH_WAYS, 3.2) if bidirectional else (STEP, 1.0)
    (_both_ways if bidirectional else _encoder)(graph, reads, run)
    _decoder_step(graph, (1 + reads) / 2 * run, run - 1.05, top + 1.15)
    _weigh(graph, reads, run, top + 1.15, weights)
    return graph


_ATTENTION_STEPS = (
    "What is there: the annotations $h_j$, $s_{i-1}$ and $y_{i-1}$",
    r"Align: $\alpha_{ij} = \mathrm{softmax}_j\, e_{ij}$ with $e_{ij}$ from $s_{i-1}$ and $h_j$",
    r"Context: $c_i = \sum_j \alpha_{ij} h_j$",
    "New state: $s_i = f(s_{i-1}, y_{i-1}, c_i)$",
    r"Output: $\hat{y}_i = g(y_{i-1}, s_i, c_i)$",
)


def _decoder_step(graph, x, before, strip):
    """The decoder's side: what step i - 1 left at `before`, and above the weights context, state and output."""
    context, state, output = strip + 1.35, strip + 2.4, strip + 3.5
    graph.node("s_prev", "$s_{i-1}$", "state", (before, state), size=WIDE, stage=1)
    graph.node("y_prev", "$y_{i-1}$", "target", (before, output), size=BROAD, stage=1)
    graph.node("c", "$c_i$", "attention", (x, context), stage=3)
    graph.node("s", "$s_i$", "state", (x, state), size=WIDE, stage=4)
    graph.node("y", r"$\hat{y}_i$", "output", (x, output), size=BROAD, stage=5)
    graph.edge("s_prev", "s").edge("c", "s").edge("y_prev", "s").edge("s", "y")
    graph.edge("y_prev", "y").edge("c", "y", bend=-0.55)


def _weigh(graph, reads, run, strip, weights):
    """The weights as a row of cells: each annotation enters one from below and leaves it, weighed, for the context."""
    middle, before = (1 + reads) / 2 * run, graph.nodes["s_prev"].at[0]
    graph.node(
        "alpha", "", "attention", (middle, strip), shape="grid", size=(reads * run, 0.46), stage=2,
        cells=np.full((1, reads), np.nan) if weights is None else weights[None],
        cell_labels=[[_weight_label(weights, j) for j in range(reads)]],
    )  # fmt: skip
    graph.edge("s_prev", "alpha", via=((before, strip),))
    for j in range(1, reads + 1):
        graph.edge(f"h{j}", "alpha", into=(j * run - middle, 0))
        graph.edge(
            f"h{j}", "c", via=((j * run, strip + 0.25),), through="alpha", role="attention",
            weight=None if weights is None else weights[j - 1],
        )  # fmt: skip
    graph.note((middle + reads * run / 2 + 0.1, strip), r"$\alpha_i$", align="left")


def _encoder(graph, reads, run, stage=1):
    for j in range(1, reads + 1):
        graph.node(f"x{j}", f"$x_{{{j}}}$", "input", (j * run, 0), stage=stage)
        graph.node(f"h{j}", f"$h_{{{j}}}$", "state", (j * run, 1), stage=stage)
        graph.edge(f"x{j}", f"h{j}")
        if j > 1:
            graph.edge(f"h{j - 1}", f"h{j}")


def _decoder_column(graph, i, x, feedback):
    graph.node(f"s{i}", f"$s_{{{i}}}$", "state", (x, 1))
    graph.node(f"p{i}", rf"$\hat{{y}}_{{{i}}}$", "output", (x, 2))
    graph.edge(f"s{i}", f"p{i}")
    if feedback == "target" or i == 1:
        graph.node(f"y{i - 1}", f"$y_{{{i - 1}}}$", "target", (x, 0))
        graph.edge(f"y{i - 1}", f"s{i}")
    else:
        lane = x - STEP / 2
        via = ((lane, 2), (lane, 1.5))
        graph.edge(f"p{i - 1}", f"s{i}", via=via, role="output", line="--")


def _both_ways(graph, reads, run):
    """Inputs, a chain of states in each direction, and the annotations that join them."""
    for j in range(1, reads + 1):
        for name, label, role, at in (
            ("x", "x", "input", (0, 0)),
            ("f", r"\overrightarrow{h}", "state", (-0.3, 1.05)),
            ("b", r"\overleftarrow{h}", "state", (0.3, 2.1)),
            ("h", "h", "state", (0, 3.2)),
        ):
            graph.node(f"{name}{j}", f"${label}_{{{j}}}$", role, (j * run + at[0], at[1]), stage=1)
    for j in range(1, reads + 1):
        graph.edge(f"x{j}", f"f{j}").edge(f"x{j}", f"b{j}", over=True)
        graph.edge(f"f{j}", f"h{j}", over=True).edge(f"b{j}", f"h{j}")
        if j > 1:
            graph.edge(f"f{j - 1}", f"f{j}").edge(f"b{j}", f"b{j - 1}")


def _weights(weights, reads):
    if weights is None:
        return None
    weights = np.asarray(weights, float)
    if weights.shape != (reads,):
        raise ValueError(f"weights has shape {weights.shape}, {reads} annotations need ({reads},)")
    return weights


def _weight_label(weights, j):
    return rf"$\alpha_{{i{j + 1}}}$" if weights is None else f"{weights[j]:.2f}"
