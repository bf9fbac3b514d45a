"""From one sequence to another: encoder and decoder, and attention between them."""

import numpy as np

from unrolled.plots.networks.graph import Graph
from unrolled.plots.networks.sequences import _one_of, steps_of

STEP = 1.15


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
    _encoder(graph, reads)
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
    graph = Graph()
    top = _annotations(graph, reads, bidirectional)
    left, right = STEP, reads * STEP
    middle, strip, width = (left + right) / 2, top + 1.15, reads * STEP
    graph.node(
        "alpha", "", "attention", (middle, strip), shape="grid", size=(width, 0.46),
        cells=np.full((1, reads), np.nan) if weights is None else weights[None],
        cell_labels=[[_weight_label(weights, j) for j in range(reads)]],
    )  # fmt: skip
    context, state = strip + 1.35, strip + 2.4
    before, wide, broad = left - 1.05, (0.62, 0.62), (0.64, 0.5)
    graph.node("c", "$c_i$", "attention", (middle, context))
    graph.node("s_prev", "$s_{i-1}$", "state", (before, state), size=wide, stage=1)
    graph.node("s", "$s_i$", "state", (middle, state), size=wide)
    graph.node("y_prev", "$y_{i-1}$", "target", (before, state + 1.1), size=broad, stage=1)
    graph.node("y", r"$\hat{y}_i$", "output", (middle, state + 1.1), size=broad)
    for j in range(1, reads + 1):
        aside = (j - 1) * STEP - (right - left) / 2
        graph.edge(f"h{j}", "alpha", into=(aside, 0))
        graph.edge(
            f"h{j}", "c", via=((j * STEP, strip + 0.25),), through="alpha", role="attention",
            weight=None if weights is None else weights[j - 1],
        )  # fmt: skip
    graph.edge("s_prev", "alpha", via=((before, strip),))
    graph.edge("s_prev", "s").edge("c", "s").edge("y_prev", "s").edge("s", "y")
    graph.edge("y_prev", "y").edge("c", "y", bend=-0.55)
    graph.note((right + 0.68, strip), r"$\alpha_i$", align="left")
    return graph


def _encoder(graph, reads):
    for j in range(1, reads + 1):
        graph.node(f"x{j}", f"$x_{{{j}}}$", "input", (j * STEP, 0))
        graph.node(f"h{j}", f"$h_{{{j}}}$", "state", (j * STEP, 1))
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


def _annotations(graph, reads, bidirectional):
    """Inputs and annotations; returns the height of the annotations."""
    if not bidirectional:
        _encoder(graph, reads)
        return 1.0
    for j in range(1, reads + 1):
        x = j * STEP
        graph.node(f"x{j}", f"$x_{{{j}}}$", "input", (x, 0))
        graph.node(f"f{j}", rf"$\overrightarrow{{h}}_{{{j}}}$", "state", (x - 0.28, 1))
        graph.node(f"b{j}", rf"$\overleftarrow{{h}}_{{{j}}}$", "state", (x + 0.28, 1.85))
        graph.node(f"h{j}", f"$h_{{{j}}}$", "state", (x, 2.8))
    for j in range(1, reads + 1):
        graph.edge(f"x{j}", f"f{j}").edge(f"x{j}", f"b{j}", over=True)
        graph.edge(f"f{j}", f"h{j}", over=True).edge(f"b{j}", f"h{j}")
        if j > 1:
            graph.edge(f"f{j - 1}", f"f{j}").edge(f"b{j}", f"b{j - 1}")
    return 2.8


def _weights(weights, reads):
    if weights is None:
        return None
    weights = np.asarray(weights, float)
    if weights.shape != (reads,):
        raise ValueError(f"weights has shape {weights.shape}, {reads} annotations need ({reads},)")
    return weights


def _weight_label(weights, j):
    return rf"$\alpha_{{i{j + 1}}}$" if weights is None else f"{weights[j]:.2f}"
