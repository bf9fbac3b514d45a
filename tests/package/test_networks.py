"""Every drawing is legible, and its wiring is that of the equations: the graphs are run and compared with torch."""

import io
import itertools
from graphlib import CycleError

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch

from tests.package import legible
from unrolled import plots
from unrolled.plots import networks, palette
from unrolled.plots.networks import Graph, drawing
from unrolled.plots.networks import architectures as nets
from unrolled.scratch import feedback as fed_back
from unrolled.scratch import rnn

GIVEN = {  # every architecture, with each of its variants at least once
    "folded": nets.folded(),
    "unfolded": nets.unfolded(4),
    "one step": nets.unfolded(1, outputs=False, loss=False),
    **{
        f"output recurrence, {feedback}, {hidden}": nets.output_recurrence(
            3, feedback=feedback, hidden=hidden
        )
        for feedback in ("output", "target", "sample")
        for hidden in (False, True)
    },
    "no inputs": nets.output_recurrence(3, feedback="sample", hidden=True, inputs=False),
    **{f"feedback, {place}": nets.feedback(place) for place in (*nets.PLACES, "none")},
    "bidirectional": nets.bidirectional(3),
    "deep": nets.deep(3, 3),
    "deep, skip": nets.deep(3, 3, skip=True),
    **{
        f"encoder-decoder, {context}, {feedback}": nets.encoder_decoder(
            3, 3, context=context, feedback=feedback
        )
        for context in ("first", "every")
        for feedback in ("target", "sample")
    },
    "attention": nets.attention(4),
    "attention, weights": nets.attention(4, weights=[0.05, 0.7, 0.2, 0.05]),
    "attention, bidirectional": nets.attention(4, bidirectional=True),
    "tree": nets.tree((("the", "cat"), ("sat", "down")), scores=True),
    "chain": nets.tree(nets.chain(["the", "cat", "sat", "down"]), scores=True),
    **{
        f"LSTM {peepholes}{forget}{coupled}": nets.lstm_cell(
            peepholes=peepholes, forget=forget, coupled=coupled
        )
        for peepholes in (False, True)
        for forget, coupled in ((True, False), (False, False), (True, True))
    },
    **{
        f"GRU, {form}, {z_takes}": nets.gru_cell(form=form, z_takes=z_takes)
        for form in ("reset_before", "reset_after")
        for z_takes in ("candidate", "state")
    },
    "memory machine": nets.memory_machine(),
    "memory flow": nets.memory_flow(
        [[0.2, 0, 0], [0.5, 0.5, 0], [0, 1, 0.1]], wrote=[True, True, False]
    ),
    **{kind: nets.shape(kind, 4) for kind in nets.SHAPES},
}
ONE_EACH = [
    "folded",
    "unfolded",
    "output recurrence, target, True",
    "bidirectional",
    "deep, skip",
    "encoder-decoder, every, sample",
    "attention, bidirectional",
    "tree",
    "LSTM TrueTrueFalse",
    "GRU, reset_after, state",
    "memory machine",
    "delayed",
]
CAPTIONED = [name for name, graph in GIVEN.items() if graph.captions]


@pytest.fixture(autouse=True)
def style():
    with plt.rc_context():
        plots.use_style()
        yield
    plt.close("all")


def drawn(graph, **marks):
    return networks.figure(graph, **marks).axes[0]


def arrows(ax, role=None):
    found = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    colour = None if role is None else to_rgb(palette.COLOUR[role])
    return [p for p in found if role is None or to_rgb(p.get_edgecolor()[:3]) == colour]


def shown(ax):
    """The nodes of a drawing by name, with the widths of their borders."""
    return {p.get_label()[1:]: p.get_linewidth() for p in ax.patches if p.get_label()[1:]}


def svg(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata=plots.style.SVG_METADATA)
    return buffer.getvalue()


# Legible


@pytest.mark.parametrize("name", GIVEN)
def test_drawings_are_legible(name):
    graph = GIVEN[name]
    assert legible.arrows(graph) + legible.nodes(graph) == []
    assert legible.texts(graph) + legible.size(graph) == []


@pytest.mark.parametrize("name", ONE_EACH)
def test_values_at_every_node_are_legible(name):
    assert legible.texts(GIVEN[name], values=dict.fromkeys(GIVEN[name].nodes, -0.25)) == []


@pytest.mark.parametrize("name", ONE_EACH)
def test_a_gradient_along_the_states_is_legible(name):
    graph = GIVEN[name]
    roles = {name: node.role for name, node in graph.nodes.items()}
    chain = {
        e.pair: 0.01 for e in graph.edges if {roles[e.start], roles[e.end]} <= {"state", "memory"}
    }
    assert legible.texts(graph, gradient=chain) == []


@pytest.mark.parametrize("name", CAPTIONED)
def test_captions_fit_their_drawing(name):
    graph = GIVEN[name]
    longest = max(graph.steps(), key=lambda step: len(graph.captions[step - 1]))
    assert legible.size(graph, upto=longest) == []


def planted():
    return (
        Graph()
        .node("a", "$a$", "input", (0, 0))
        .node("b", "$b$", "state", (2, 0))
        .node("c", "$c$", "state", (2, 2))
        .edge("a", "b")
        .edge("b", "c", "$W$")
    )


def test_the_planted_graph_is_legible():
    for check in (legible.arrows, legible.nodes, legible.texts, legible.size):
        assert check(planted()) == []


@pytest.mark.parametrize(
    ("check", "graph", "fault"),
    [
        (legible.arrows, planted().node("d", "", "state", (1, 0)), "('a', 'b') runs through d"),
        (legible.arrows, planted().edge("a", "c", out=(0.5, 0)), "('a', 'c') ends"),
        (legible.nodes, planted().node("d", "", "state", (0.4, 0.1)), "a and d overlap"),
        (legible.texts, planted().note((2, 1), "in the way"), "('b', 'c') runs through 'in the"),
        (legible.texts, planted().note((2.2, 0.1), "on a node"), "'on a node' lies on b"),
        (legible.texts, planted().note((0, 1), "A").note((0, 1), "B"), "'A' lies on 'B'"),
        (legible.size, planted().node("d", "", "state", (9, 0)), "inches wide"),
    ],
)
def test_planted_faults_are_found(check, graph, fault):
    assert any(fault in found for found in check(graph))


def test_small_letters_are_found(monkeypatch):
    monkeypatch.setattr(drawing, "EDGE_TEXT", 7.0)
    assert any("7.0 points" in found for found in legible.size(planted()))


# The same call draws any of them, with the same marks


@pytest.mark.parametrize("name", ONE_EACH)
def test_each_node_and_each_edge_is_drawn_once(name):
    graph, ax = GIVEN[name], drawn(GIVEN[name])
    assert list(shown(ax)) == list(graph.nodes)
    assert len(arrows(ax)) == len(graph.edges)


@pytest.mark.parametrize("name", ONE_EACH)
def test_gradients_have_widths_of_their_logarithm(name):
    pairs = [edge.pair for edge in GIVEN[name].edges]
    sizes = 10.0 ** np.linspace(-5, 2, len(pairs))
    forward = len(arrows(drawn(GIVEN[name]), "gradient"))
    backward = arrows(drawn(GIVEN[name], gradient=dict(zip(pairs, sizes))), "gradient")[forward:]
    np.testing.assert_allclose(
        [arrow.get_linewidth() for arrow in backward], networks.gradient_width(sizes)
    )


@pytest.mark.parametrize("name", ONE_EACH)
def test_highlights_are_heavier(name):
    graph = GIVEN[name]
    plain, chosen = shown(drawn(graph)), list(graph.nodes)[-1]
    marked = shown(drawn(graph, highlight=[chosen]))
    assert [n for n in graph.nodes if marked[n] > plain[n]] == [chosen]
    pair = graph.edges[-1].pair
    before = [a.get_linewidth() for a in arrows(drawn(graph))]
    after = [a.get_linewidth() for a in arrows(drawn(graph, highlight=[pair]))]
    assert [n for n, (a, b) in enumerate(zip(before, after)) if a < b] == [len(graph.edges) - 1]


@pytest.mark.parametrize("name", ONE_EACH)
def test_a_step_through_adds_what_can_be_computed(name):
    graph, seen = GIVEN[name], set()
    for step in graph.steps():
        nodes = set(shown(drawn(graph, upto=step)))
        assert seen < nodes
        for node in nodes:
            assert graph.dependencies()[node] <= nodes
        seen = nodes
    assert seen == set(graph.nodes)


@pytest.mark.parametrize("name", CAPTIONED)
def test_each_step_has_a_caption_and_its_spoken_form(name):
    graph = GIVEN[name]
    assert len(graph.captions) == len(graph.steps())
    assert not any(set("\\${}") & set(graph.say(step)) for step in graph.steps())
    first, last = (networks.figure(graph, upto=graph.steps()[end]) for end in (0, -1))
    assert graph.captions[-1] in [text.get_text() for text in last.axes[0].texts]
    assert (first.get_size_inches() == last.get_size_inches()).all()


def test_a_step_shows_the_places_of_what_comes_later():
    graph = nets.gru_cell()
    first, last = drawn(graph, upto=1), drawn(graph, upto=graph.steps()[-1])
    assert len(shown(first)) == 2
    boxes = [
        [patch.get_path().get_extents().extents for patch in ax.patches if patch.get_zorder() == 3]
        for ax in (first, last)
    ]
    np.testing.assert_allclose(*boxes)


def test_a_narrow_drawing_has_room_for_its_captions():
    graph = nets.attention(1)
    assert all(legible.size(graph, upto=step) == [] for step in graph.steps())


def test_a_step_fades_what_it_does_not_read():
    faces = {
        patch.get_label()[1:]: patch.get_edgecolor()
        for patch in drawn(nets.lstm_cell(), upto=5).patches
        if patch.get_label()[1:]
    }
    full = {
        patch.get_label()[1:]: patch.get_edgecolor() for patch in drawn(nets.lstm_cell()).patches
    }
    assert {n for n in faces if faces[n] == full[n] and n not in ("keep",)} == {"x", "h_prev", "g"}


def test_weights_set_width_and_strength():
    weights = [0.1, 0.7, 0.15, 0.05]
    graph = nets.attention(4, weights=weights)
    widths = [
        arrow.get_linewidth()
        for edge, arrow in zip(graph.edges, arrows(drawn(graph)))
        if edge.through
    ]
    assert np.argsort(widths).tolist() == np.argsort(weights).tolist()
    (cells,) = [c for c in drawn(graph).collections if isinstance(c, QuadMesh)]
    np.testing.assert_array_equal(cells.get_array().ravel(), weights)


def test_the_memory_shows_its_numbers():
    rng = np.random.default_rng(0)
    before, after = rng.uniform(size=(2, 6, 3))
    write, read = rng.dirichlet(np.ones(6), size=2)
    graph = nets.memory_machine(memory=(before, after), write=write, read=read)
    cells = {c.get_label()[1:]: c.get_array() for c in drawn(graph).collections}
    np.testing.assert_array_equal(cells["M_prev"], before)
    np.testing.assert_array_equal(cells["M"], after)
    np.testing.assert_array_equal(cells["w_write"].ravel(), write)
    np.testing.assert_array_equal(cells["w_read"].ravel(), read)


def test_values_may_be_given_by_row():
    ax = drawn(nets.deep(2, 2), values={"h1_": [0.0, 0.5, 0.75], "o": ["p", "q"], "x1": 7})
    assert {"0", "0.5", "0.75", "p", "q", "7"} <= {text.get_text() for text in ax.texts}


def test_a_sheet_shows_every_graph_under_its_title():
    figure = networks.sheet({kind: nets.shape(kind) for kind in nets.SHAPES}, columns=2)
    assert [ax.texts[-1].get_text() for ax in figure.axes] == list(nets.SHAPES)
    assert figure.get_size_inches()[0] <= legible.WIDEST
    for ax, kind in zip(figure.axes, nets.SHAPES):
        assert list(shown(ax)) == list(nets.shape(kind).nodes)


@pytest.mark.parametrize("name", ["LSTM TrueTrueFalse", "memory machine", "deep, skip"])
def test_the_same_drawing_has_the_same_bytes(name):
    assert svg(networks.figure(GIVEN[name])) == svg(networks.figure(GIVEN[name]))


def test_letters_shrink_with_a_small_drawing():
    large, small = (plt.figure(figsize=size).add_subplot() for size in ((6, 4), (3, 2)))
    sizes = [networks.draw(ax, nets.unfolded(4)).texts[0].get_fontsize() for ax in (large, small)]
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ({"values": {"q": [1, 2]}}, "row 'q'"),
        ({"values": {"x": [1]}}, r"values\['x'\] has 1 entries, the drawing has 3 steps"),
        ({"gradient": {("x1", "o1"): 1.0}}, r"\('x1', 'o1'\), which is no edge"),
        ({"gradient": {("x1", "h1"): -1.0}}, "at least 0, got -1"),
        ({"gradient": {("x1", "h1"): float("nan")}}, "at least 0, got nan"),
        ({"highlight": ["h9"]}, "h9"),
        ({"upto": 4}, "upto is 4, the drawing has the steps 1 to 3"),
        ({"upto": 0}, "upto is 0"),
    ],
)
def test_marks_that_do_not_fit_are_refused(marks, message):
    with pytest.raises(ValueError, match=message):
        networks.figure(nets.unfolded(3), **marks)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nets.unfolded(0), "at least one step, got 0"),
        (lambda: nets.deep(0, 3), "at least one layer, got 0"),
        (lambda: nets.output_recurrence(3, feedback="mine"), "'mine', expected one of 'output'"),
        (lambda: nets.shape("few to many"), "'few to many', expected one of 'one to one'"),
        (lambda: nets.encoder_decoder(3, 3, context="last"), "context is 'last'"),
        (lambda: nets.attention(3, weights=[0.5, 0.5]), r"shape \(2,\), 3 annotations need \(3,\)"),
        (lambda: nets.attention(2, weights=[1.5, -0.5]), r"must lie in \[0, 1\], found 1.5"),
        (lambda: nets.tree("word"), "got the leaf 'word'"),
        (lambda: nets.tree(("a", "b", "c")), "holds two parts, got 3"),
        (lambda: nets.chain(["a"]), "at least two words, got 1"),
        (lambda: nets.lstm_cell(forget=False, coupled=True), "share the forget gate"),
        (lambda: nets.gru_cell(form="after"), "form is 'after'"),
        (lambda: nets.gru_cell(z_takes="all"), "z_takes is 'all'"),
        (lambda: nets.memory_machine(write=[1.0]), r"5 rows needs \(5,\)"),
        (lambda: nets.memory_machine(memory=(np.ones((2, 3)), np.ones((3, 2)))), "equal ones fit"),
        (lambda: nets.memory_machine(memory=(np.ones(3), np.ones(3))), "a memory is"),
        (lambda: planted().node("a", "", "state", (5, 5)), "a node 'a' already"),
        (lambda: planted().node("d", "", "king", (5, 5)), "no role 'king'"),
        (lambda: planted().node("d", "", "state", (5, 5), shape="star"), "no shape 'star'"),
        (lambda: planted().edge("a", "z"), "names 'z'; there is no such node"),
        (lambda: planted().edge("a", "b"), "from 'a' to 'b' already"),
        (lambda: planted().edge("a", "c", weight=2), "found 2"),
        (lambda: Graph([r"$\beta$"]).say(1), "no plain form for the TeX"),
    ],
)
def test_what_cannot_be_built_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


# The wiring is that of the equations


@pytest.mark.parametrize("name", GIVEN)
def test_every_graph_has_an_order(name):
    order = GIVEN[name].order()
    for node, needs in GIVEN[name].dependencies().items():
        assert all(order.index(other) < order.index(node) for other in needs)


def test_a_loop_without_delay_has_none():
    with pytest.raises(CycleError):
        planted().edge("c", "a").order()


def run(graph, given, rules):
    """Compute every node of a graph in its order. given {node: value}; rules: compute(node, {input: value})."""
    values = dict(given)
    for name in graph.order():
        if name not in values:
            inputs = {
                e.start: values[e.start] for e in graph.edges if e.end == name and not e.delay
            }
            values[name] = rules(graph.nodes[name], inputs)
    return values


def operation(node, inputs):
    """What the small nodes of a cell do; None for a node that is none of them."""
    values = list(inputs.values())
    if node.label == r"$\odot$":
        return np.prod(values, axis=0)
    if node.label == "$+$":
        return np.sum(values, axis=0)
    if node.label == "$1-$":
        (value,) = values
        return 1 - value
    if node.name == "tanh":
        (value,) = values
        return np.tanh(value)
    if node.name in ("c", "h"):
        (value,) = values
        return value
    return None


def gate(node, inputs, U, W, b, p=None):
    """A gate reads x through U, a state through W and, by a peephole, the memory through p."""
    weigh = {"input": lambda v: U @ v, "state": lambda v: W @ v, "memory": lambda v: p * v}
    role = {"x": "input", "c_prev": "memory", "c": "memory"}
    a = b + sum(weigh[role.get(name, "state")](value) for name, value in inputs.items())
    return np.tanh(a) if node.tag == r"$\tanh$" else 1 / (1 + np.exp(-a))


def numbers(seed, size, *names):
    rng = np.random.default_rng(seed)
    return rng, {name: rng.normal(size=size) for name in names}


@pytest.mark.parametrize("coupled", [False, True])
@pytest.mark.parametrize("forget", [False, True])
@pytest.mark.parametrize("peepholes", [False, True])
def test_the_lstm_drawing_computes_the_lstm(peepholes, forget, coupled):
    if coupled and not forget:
        return
    H, D = 4, 3
    rng, given = numbers(1, H, "h_prev", "c_prev")
    given["x"] = rng.normal(size=D)
    U, W, b, p = (rng.normal(size=(4, *shape)) for shape in ((H, D), (H, H), (H,), (H,)))
    block = {name: n for n, name in enumerate("ifgo")}

    def rules(node, inputs):
        found = operation(node, inputs)
        if found is not None:
            return found
        n = block[node.name]
        return gate(node, inputs, U[n], W[n], b[n], p[n])

    found = run(nets.lstm_cell(peepholes=peepholes, forget=forget, coupled=coupled), given, rules)
    a = U @ given["x"] + W @ given["h_prev"] + b
    early = p * given["c_prev"] if peepholes else 0 * p
    i, f = (1 / (1 + np.exp(-(a[n] + early[n]))) for n in (0, 1))
    f = f if forget else 1.0
    c = f * given["c_prev"] + (1 - f if coupled else i) * np.tanh(a[2])
    o = 1 / (1 + np.exp(-(a[3] + (p[3] * c if peepholes else 0))))
    np.testing.assert_allclose(found["c"], c, rtol=1e-12)
    np.testing.assert_allclose(found["h"], o * np.tanh(c), rtol=1e-12)


def test_the_lstm_drawing_is_torchs_cell():
    torch.manual_seed(0)
    H, D = 4, 3
    cell = torch.nn.LSTMCell(D, H, dtype=torch.float64)
    rng, given = numbers(2, H, "h_prev", "c_prev")
    given["x"] = rng.normal(size=D)
    U, W, b1, b2 = (p.detach().numpy() for p in cell.parameters())
    rows = {name: slice(n * H, (n + 1) * H) for n, name in enumerate("ifgo")}

    def rules(node, inputs):
        found = operation(node, inputs)
        if found is not None:
            return found
        part = rows[node.name]
        return gate(node, inputs, U[part], W[part], (b1 + b2)[part])

    found = run(nets.lstm_cell(), given, rules)
    x, h, c = (torch.tensor(given[name])[None] for name in ("x", "h_prev", "c_prev"))
    with torch.no_grad():
        expected = cell(x, (h, c))
    np.testing.assert_allclose(found["h"], expected[0][0], rtol=1e-12)
    np.testing.assert_allclose(found["c"], expected[1][0], rtol=1e-12)


def gru_rules(U, W, b, b_hn):
    """Rules of the GRU; blocks r, z, n. The node W is the product that comes before the reset gate."""
    block = {name: n for n, name in enumerate("rzn")}

    def rules(node, inputs):
        found = operation(node, inputs)
        if found is not None:
            return found
        if node.name == "W":
            return W[2] @ inputs["h_prev"] + b_hn
        n = block[node.name]
        product = np.eye(len(b[n])) if node.name == "n" and b_hn is not None else W[n]
        return gate(node, inputs, U[n], product, b[n])

    return rules


def test_the_gru_drawing_is_torchs_cell():
    torch.manual_seed(0)
    H, D = 4, 3
    cell = torch.nn.GRUCell(D, H, dtype=torch.float64)
    rng, given = numbers(3, H, "h_prev")
    given["x"] = rng.normal(size=D)
    U, W, b1, b2 = (p.detach().numpy().reshape(3, H, -1) for p in cell.parameters())
    b1, b2 = b1[..., 0], b2[..., 0]
    b = np.array([b1[0] + b2[0], b1[1] + b2[1], b1[2]])
    graph = nets.gru_cell(form="reset_after", z_takes="state")
    found = run(graph, given, gru_rules(U, W, b, b2[2]))
    x, h = (torch.tensor(given[name])[None] for name in ("x", "h_prev"))
    with torch.no_grad():
        np.testing.assert_allclose(found["h"], cell(x, h)[0], rtol=1e-12)


@pytest.mark.parametrize("z_takes", ["candidate", "state"])
def test_the_gru_drawing_computes_the_books_form(z_takes):
    H, D = 4, 3
    rng, given = numbers(4, H, "h_prev")
    given["x"] = rng.normal(size=D)
    U, W, b = (rng.normal(size=(3, *shape)) for shape in ((H, D), (H, H), (H,)))
    found = run(nets.gru_cell(z_takes=z_takes), given, gru_rules(U, W, b, None))
    x, h = given["x"], given["h_prev"]
    r, z = (1 / (1 + np.exp(-(U[n] @ x + W[n] @ h + b[n]))) for n in (0, 1))
    n = np.tanh(U[2] @ x + W[2] @ (r * h) + b[2])
    z = z if z_takes == "candidate" else 1 - z
    np.testing.assert_allclose(found["h"], (1 - z) * h + z * n, rtol=1e-12)


def test_the_unfolded_drawing_computes_the_layer():
    T, D, H = 5, 3, 4
    rng = np.random.default_rng(5)
    p = rnn.init(rng, D, H)
    x = rng.normal(size=(T, 1, D))
    graph = nets.unfolded(T, outputs=False, loss=False)
    given = {"h0": np.zeros(H)} | {f"x{t + 1}": x[t, 0] for t in range(T)}
    found = run(graph, given, lambda node, inputs: layer_rule(p, inputs))
    h, _ = rnn.forward(p, x)
    np.testing.assert_allclose([found[f"h{t + 1}"] for t in range(T)], h[:, 0], rtol=1e-12)


def layer_rule(p, inputs):
    weigh = {"x": p.U, "h": p.W, "f": p.W, "b": p.W}
    return np.tanh(p.b + sum(weigh[name[0]] @ value for name, value in inputs.items()))


def test_the_bidirectional_drawing_computes_two_layers():
    T, D, H = 4, 3, 2
    rng = np.random.default_rng(6)
    forward, backward = (rnn.init(rng, D, H) for _ in range(2))
    x = rng.normal(size=(T, 1, D))
    given = {f"x{t + 1}": x[t, 0] for t in range(T)}
    given |= {"f0": np.zeros(H), f"b{T + 1}": np.zeros(H)}

    def rules(node, inputs):
        if node.role == "output":
            return np.concatenate([inputs[f"f{node.name[1:]}"], inputs[f"b{node.name[1:]}"]])
        return layer_rule(forward if node.name[0] == "f" else backward, inputs)

    found = run(nets.bidirectional(T), given, rules)
    h, _ = rnn.forward(forward, x)
    back, _ = rnn.forward(backward, x[::-1])
    expected = np.concatenate([h[:, 0], back[::-1, 0]], axis=1)
    np.testing.assert_allclose([found[f"o{t + 1}"] for t in range(T)], expected, rtol=1e-12)


def test_the_memory_machine_writes_before_it_reads():
    rng, given = numbers(7, 3, "x", "r_prev", "epsilon", "ad")
    given["M_prev"] = rng.uniform(size=(5, 3))
    write, read = rng.dirichlet(np.ones(5), size=2)
    epsilon, ad = 1 / (1 + np.exp(-given.pop("epsilon"))), given.pop("ad")

    def rules(node, inputs):
        found = operation(node, inputs)
        if found is not None:
            return found
        return {
            "controller": lambda: {"write": write, "read": read, "epsilon": epsilon, "ad": ad},
            "w_write": lambda: inputs["controller"]["write"],
            "w_read": lambda: inputs["controller"]["read"],
            "erase": lambda: 1 - np.outer(inputs["w_write"], inputs["controller"]["epsilon"]),
            "add": lambda: np.outer(inputs["w_write"], inputs["controller"]["ad"]),
            "M": lambda: inputs["plus"],
            "r": lambda: inputs["M"],
            "o": lambda: None,
        }[node.name]()

    graph = nets.memory_machine()
    found = run(graph, given, rules)
    M = given["M_prev"] * (1 - np.outer(write, epsilon)) + np.outer(write, ad)
    np.testing.assert_allclose(found["M"], M, rtol=1e-12)
    order = graph.order()
    assert order.index("M") < order.index("w_read") < order.index("r")
    assert graph.dependencies()["r"] == {"M", "w_read"}
    assert graph.dependencies()["w_write"] == {"controller", "M_prev"}
    assert {e.pair for e in graph.edges if e.delay} == {
        ("w_write", "w_write"), ("w_read", "w_read"),
    }  # fmt: skip


def inputs_of(graph, name):
    return {int(n[1:]) for n in graph.ancestors(name) if n[0] == "x" and n[1:].isdecimal()}


@pytest.mark.parametrize("t", [1, 2, 3, 4])
def test_who_sees_which_inputs(t):
    past, every = set(range(1, t + 1)), {1, 2, 3, 4}
    assert inputs_of(nets.unfolded(4), f"o{t}") == past
    assert inputs_of(nets.deep(3, 4, skip=True), f"o{t}") == past
    assert inputs_of(nets.bidirectional(4), f"o{t}") == every
    assert inputs_of(nets.encoder_decoder(4, 4), f"p{t}") == every
    assert inputs_of(nets.attention(4, bidirectional=True), f"h{t}") == every
    assert inputs_of(nets.attention(4), f"h{t}") == past


def test_teacher_forcing_cuts_the_time_steps_apart():
    forced = nets.output_recurrence(4, feedback="target")
    for s, t in itertools.combinations(range(1, 5), 2):
        assert not forced.ancestors(f"h{t}") & {f"h{s}", f"o{s}", f"x{s}"}
    assert forced.dependencies()["h3"] == {"x3", "y2"}
    for feedback, top in (("output", "o"), ("sample", "p")):
        fed = nets.output_recurrence(4, feedback=feedback)
        assert fed.dependencies()["h3"] == {"x3", f"{top}2"}
        assert {"h1", "h2", "h3"} <= fed.ancestors("h4")
    linked = nets.output_recurrence(4, feedback="target", hidden=True)
    assert linked.dependencies()["h3"] == {"x3", "y2", "h2"}


def test_the_folded_drawing_is_a_loop_of_one_step():
    graph = nets.folded()
    assert [e.pair for e in graph.edges if e.delay] == [("h", "h")]
    once = {(a.rstrip("12"), b.rstrip("12")) for a, b in nets.unfolded(2).pairs()}
    assert graph.pairs() == {(a.rstrip("0"), b) for a, b in once}


def test_the_decoder_sees_the_input_through_the_context_alone():
    for context, feedback in itertools.product(("first", "every"), ("target", "sample")):
        graph = nets.encoder_decoder(3, 3, context=context, feedback=feedback)
        assert graph.dependencies()["c"] == {"h3"}
        outside = {"c"} | graph.ancestors("c")
        for a, b in graph.pairs():
            assert a == "c" or a not in outside or b in outside
        reads = {b for a, b in graph.pairs() if a == "c"}
        assert reads == ({"s1", "s2", "s3"} if context == "every" else {"s1"})


def test_attention_aligns_before_the_new_state():
    for graph in (nets.attention(3), nets.attention(3, bidirectional=True)):
        order = [n for n in graph.order() if n in ("alpha", "c", "s", "y")]
        assert order == ["alpha", "c", "s", "y"]
        needs = graph.dependencies()
        assert needs["alpha"] == {"s_prev", "h1", "h2", "h3"}
        assert needs["c"] == {"alpha", "h1", "h2", "h3"}
        assert needs["s"] == {"s_prev", "y_prev", "c"}
        assert needs["y"] == {"y_prev", "s", "c"}


def longest(graph, name):
    return max((1 + longest(graph, other) for other in graph.dependencies()[name]), default=0)


def test_trees_are_as_deep_as_their_brackets():
    words = list("abcdefgh")
    balanced = tuple(tuple(tuple(words[i : i + 2]) for i in (j, j + 2)) for j in (0, 4))
    for structure, depth in ((balanced, 3), (nets.chain(words), 7)):
        graph = nets.tree(structure)
        assert [n for n in graph.nodes if n[0] == "x"] == [f"x{j}" for j in range(1, 9)]
        assert sum(n[0] == "p" for n in graph.nodes) == 7
        assert longest(graph, "p7") == depth
        assert inputs_of(graph, "p7") == set(range(1, 9))
        assert all(len(needs) in (0, 2) for needs in graph.dependencies().values())


def test_a_chain_as_a_tree_is_the_unfolded_network():
    needs = nets.tree(nets.chain("abcd")).dependencies()
    assert needs["p1"] == {"x1", "x2"}
    assert needs["p2"] == {"p1", "x3"} and needs["p3"] == {"p2", "x4"}


def test_skips_shorten_the_way():
    plain, skipping = nets.deep(3, 2), nets.deep(3, 2, skip=True)
    assert plain.pairs() < skipping.pairs()
    added = {(a, b) for a, b in skipping.pairs() - plain.pairs() if a.endswith("1")}
    assert added == {("x1", "h2_1"), ("x1", "h3_1"), ("h1_1", "o1"), ("h2_1", "o1")}


@pytest.mark.parametrize(
    ("kind", "reads", "writes"),
    [
        ("one to one", [1], [1]),
        ("one to many", [1], [1, 2, 3, 4]),
        ("many to one", [1, 2, 3, 4], [4]),
        ("many to many", [1, 2, 3, 4], [1, 2, 3, 4]),
        ("delayed", [1, 2], [3, 4]),
    ],
)
def test_shapes_read_and_write_where_they_say(kind, reads, writes):
    nodes = nets.shape(kind, 4).nodes
    assert [int(n[1:]) for n in nodes if n[0] == "x"] == reads
    assert [int(n[1:]) for n in nodes if n[0] == "o"] == writes


@pytest.mark.parametrize("place", nets.PLACES)
def test_what_a_feedback_reaches_is_what_its_network_can_know(place):
    """The ancestors of an output among the data are the inputs on which `scratch.feedback` makes it depend."""
    graph, T = nets.feedback(place, 4), 4
    params = fed_back.init(np.random.default_rng(0), 2, 5, 3, place)
    x = np.random.default_rng(1).normal(size=(T, 1, 2))
    _, cache = fed_back.forward(params, x)
    do = np.zeros((T, 1, 3))
    do[-1] = 1
    _, dx, _ = fed_back.backward(params, cache, do)
    known = {f"d{t}" for t in range(1, T + 1) if dx[t - 1].any()}
    assert {name for name in graph.ancestors(f"o{T}") if name[0] == "d"} == known


def test_a_feedback_in_no_place():
    with pytest.raises(ValueError, match="place is 'h to o', expected one of 'x to x'"):
        nets.feedback("h to o")
