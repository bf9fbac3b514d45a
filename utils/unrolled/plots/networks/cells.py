"""One step of a gated cell: what arrives on the left, the line of memory on top, what leaves on the right.

A gate shows its activation below and its value above. Lines from the state enter it on the left, lines from the
input on the right, peepholes from the side. The steps of a step-through follow the equations.
"""

from unrolled.plots.networks.graph import Graph

GATE = 1.35  # height of the gates
TOP = 3.25  # height of the memory
STATE, INPUT = 0.35, -0.5  # heights of the lines that feed the gates
MIDDLE = 2.2  # height of the products below the memory
IN_LEFT, IN_RIGHT = -0.13, 0.13  # where these lines enter a gate
LOW, HIGH = -0.2, 0.16  # heights, within a gate, of its activation and its value
SIGMA, TANH, TIMES = r"$\sigma$", r"$\tanh$", r"$\odot$"
WIDE = 2.2  # points: the line of memory is the main one
LARGE = {"state": (0.62, 0.62), "memory": (0.76, 0.62)}  # room for an index such as t - 1


def lstm_cell(*, peepholes=False, forget=True, coupled=False):
    """The long short-term memory, one step: c = f * c_prev + i * candidate, h = o * tanh(c).

    Nodes: x, h_prev, c_prev; gates f, i, o and candidate g; keep, write, plus, tanh and out; c, h.
    peepholes  i and f also read c_prev, and o reads the new c
    forget     False draws the cell of 1997, without a forget gate: c = c_prev + i * candidate
    coupled    no input gate of its own: 1 - f takes its place
    """
    if coupled and not forget:
        raise ValueError("coupled gates share the forget gate: coupled=True asks for forget=True")
    steps = _lstm_steps(peepholes, forget, coupled)
    graph, stage = Graph(caption for caption, _ in steps), _stage_of(steps)
    gates = {"f": 1.35} if forget else {}
    gates |= {"g": 3.55, "o": 4.65} if coupled else {"i": 2.45, "g": 3.55, "o": 4.65}
    _arriving(graph, stage, state=(0, STATE), memory=(0, TOP))
    labels = {"f": "$f_t$", "i": "$i_t$", "g": r"$\tilde{c}_t$", "o": "$o_t$"}
    for name, x in gates.items():
        role = "candidate" if name == "g" else f"gate_{name}"
        tag = TANH if name == "g" else SIGMA
        graph.node(name, labels[name], role, (x, GATE), tag=tag, stage=stage[name])
    _feed(graph, gates)
    _memory_line(graph, stage, gates, coupled)
    _output(graph, stage)
    if peepholes:
        _peepholes(graph, gates)
    graph.panel((0.55, INPUT - 0.35), (6.5, TOP + 0.5))
    return graph


def gru_cell(*, form="reset_before", z_takes="candidate"):
    """The gated recurrent unit, one step: h = (1 - z) * h_prev + z * candidate.

    Nodes: x, h_prev; gates r and z, candidate n; reset, keep, take, plus and one_minus; h.
    form     "reset_before": the reset gate acts on h_prev, before the product with W; "reset_after": on the product,
             which is then a node W of its own (torch's form)
    z_takes  "candidate": where z is 1 the unit takes the candidate; "state": there it keeps its state, as in torch
    """
    if form not in ("reset_before", "reset_after"):
        raise ValueError(f"form is {form!r}, expected 'reset_before' or 'reset_after'")
    if z_takes not in ("candidate", "state"):
        raise ValueError(f"z_takes is {z_takes!r}, expected 'candidate' or 'state'")
    steps = _gru_steps(form, z_takes)
    graph, stage = Graph(caption for caption, _ in steps), _stage_of(steps)
    _arriving(graph, stage, state=(0, TOP))
    for name, label, role, x, tag in (
        ("z", "$z_t$", "gate_z", 1.35, SIGMA),
        ("r", "$r_t$", "gate_r", 2.5, SIGMA),
        ("n", r"$\tilde{h}_t$", "candidate", 4.6, TANH),
    ):
        graph.node(name, label, role, (x, GATE), tag=tag, stage=stage[name])
    _reset(graph, stage, form)
    _feed(graph, {"z": 1.35, "r": 2.5, "n": 4.6}, state_reads=("z", "r"))
    _blend(graph, stage, z_takes)
    graph.panel((0.55, INPUT - 0.35), (6.3, TOP + 0.5))
    return graph


def _arriving(graph, stage, state, memory=None):
    if memory is not None:
        graph.node(
            "c_prev", "$c_{t-1}$", "memory", memory, size=LARGE["memory"], stage=stage["c_prev"]
        )
    graph.node("h_prev", "$h_{t-1}$", "state", state, size=LARGE["state"], stage=stage["h_prev"])
    graph.node("x", "$x_t$", "input", (0, INPUT), stage=stage["x"])


def _feed(graph, gates, state_reads=None):
    """The two lines below the gates, from the state and from the input."""
    for name, x in gates.items():
        if state_reads is None or name in state_reads:
            corners = ((0, STATE), (x + IN_LEFT, STATE))
            via = corners if graph.nodes["h_prev"].at[1] != STATE else corners[1:]
            graph.edge("h_prev", name, via=via, into=(IN_LEFT, 0), role="state")
    for name, x in gates.items():
        via = ((x + IN_RIGHT, INPUT),)
        graph.edge("x", name, via=via, into=(IN_RIGHT, 0), role="input", over=True)


def _operator(graph, stage, name, label, at, size=None):
    graph.node(name, label, "muted", at, size=size, stage=stage[name])


def _memory_line(graph, stage, gates, coupled):
    """c_prev, times f, plus i times the candidate, is c."""
    _operator(graph, stage, "write", TIMES, (3.0, MIDDLE))
    _operator(graph, stage, "plus", "$+$", (3.0, TOP))
    graph.node("c", "$c_t$", "memory", (6.0, TOP), size=LARGE["memory"], stage=stage["c"])
    before = "c_prev"
    if "f" in gates:
        _operator(graph, stage, "keep", TIMES, (gates["f"], TOP))
        graph.edge("c_prev", "keep", role="memory", width=WIDE)
        graph.edge("f", "keep", role="gate_f", over=True)
        before = "keep"
    if coupled:
        at = (2.2, MIDDLE)
        _operator(graph, stage, "one_minus", "$1-$", at, size=(0.46, 0.32))
        graph.edge("f", "one_minus", via=((gates["f"], MIDDLE),), role="gate_f")
        graph.edge("one_minus", "write", role="gate_f")
    else:
        graph.edge("i", "write", via=((gates["i"], MIDDLE),), role="gate_i")
    graph.edge("g", "write", via=((gates["g"], MIDDLE),), role="candidate")
    graph.edge(before, "plus", role="memory", width=WIDE)
    graph.edge("write", "plus", role="candidate").edge("plus", "c", role="memory", width=WIDE)


def _output(graph, stage):
    graph.node(
        "tanh", TANH, "parameter", (6.0, MIDDLE - 0.05), size=(0.58, 0.34), stage=stage["tanh"]
    )
    _operator(graph, stage, "out", TIMES, (6.0, GATE + HIGH - 0.1))
    graph.node("h", "$h_t$", "state", (6.0, STATE), size=LARGE["state"], stage=stage["h"])
    graph.edge("c", "tanh", role="memory").edge("tanh", "out", role="memory")
    graph.edge("o", "out", out=(0, HIGH - 0.1), role="gate_o").edge("out", "h", role="state")


def _peepholes(graph, gates):
    look = {"role": "memory", "line": "--", "into": (0, LOW)}
    lane = 0.82
    if "f" in gates:
        graph.edge("c_prev", "f", via=((lane, TOP), (lane, GATE + LOW)), **look)
    if "i" in gates:
        x = gates["i"] - 0.52
        via = ((lane, TOP), (lane, MIDDLE - 0.25), (x, MIDDLE - 0.25), (x, GATE + LOW))
        graph.edge("c_prev", "i", via=via, **look)
    x = gates["o"] - 0.53
    graph.edge("c", "o", via=((6.0, 2.6), (x, 2.6), (x, GATE + LOW)), **look)


def _reset(graph, stage, form):
    x = 3.45
    _operator(graph, stage, "reset", TIMES, (x, GATE + HIGH))
    graph.edge("r", "reset", out=(0, HIGH), role="gate_r")
    source, via = "h_prev", ((0, STATE), (x, STATE))
    if form == "reset_after":
        graph.node("W", "$W_h$", "parameter", (x, 0.9), size=(0.5, 0.38), stage=stage["W"])
        graph.edge("h_prev", "W", via=via, role="state")
        source, via = "W", ()
    graph.edge(source, "reset", via=via, role="state")
    graph.edge(
        "reset", "n", via=((3.97, GATE + HIGH), (3.97, GATE + LOW)), into=(0, LOW), role="state"
    )


def _blend(graph, stage, z_takes):
    """(1 - z) * h_prev + z * candidate, or the other way round."""
    z, n = graph.nodes["z"].at[0], graph.nodes["n"].at[0]
    _operator(graph, stage, "keep", TIMES, (z, TOP))
    _operator(graph, stage, "take", TIMES, (n, MIDDLE))
    _operator(graph, stage, "plus", "$+$", (n, TOP))
    graph.node("h", "$h_t$", "state", (5.85, TOP), size=LARGE["state"], stage=stage["h"])
    crossing, wide = (z, MIDDLE), (0.46, 0.32)
    if z_takes == "candidate":
        _operator(graph, stage, "one_minus", "$1-$", (z, 2.7), size=wide)
        graph.edge("z", "one_minus", role="gate_z").edge("one_minus", "keep", role="gate_z")
        graph.edge("z", "take", via=(crossing,), role="gate_z")
    else:
        _operator(graph, stage, "one_minus", "$1-$", (2.5, MIDDLE), size=wide)
        graph.edge("z", "keep", role="gate_z")
        graph.edge("z", "one_minus", via=(crossing,), role="gate_z")
        graph.edge("one_minus", "take", role="gate_z")
    for start, end in (("h_prev", "keep"), ("keep", "plus"), ("plus", "h")):
        graph.edge(start, end, role="state", width=WIDE)
    graph.edge("n", "take", role="candidate").edge("take", "plus", role="candidate")


def _stage_of(steps):
    return {name: number for number, (_, names) in enumerate(steps, start=1) for name in names}


def _lstm_steps(peepholes, forget, coupled):
    """(caption, the nodes this step adds), in the order of the equations."""
    before = r" + p_{%s} \odot c_{t-1}" if peepholes else "%.0s"
    gate = r"$%s_t = \sigma(U_%s x_t + W_%s h_{t-1}" + before + " + b_%s)$"
    late = r" + p_o \odot c_t" if peepholes else ""
    kept = r"f_t \odot c_{t-1}" if forget else "c_{t-1}"
    gained = r"(1 - f_t) \odot \tilde{c}_t" if coupled else r"i_t \odot \tilde{c}_t"
    return [
        ("What arrives: $x_t$, $h_{t-1}$ and the memory $c_{t-1}$", ["x", "h_prev", "c_prev"]),
        *[(f"Forget gate: {gate % tuple('fffff')}", ["f"])] * forget,
        *[(r"What is kept: $f_t \odot c_{t-1}$", ["keep"])] * forget,
        *[(f"Input gate: {gate % tuple('iiiii')}", ["i"])] * (not coupled),
        (r"Candidate: $\tilde{c}_t = \tanh(U_c x_t + W_c h_{t-1} + b_c)$", ["g"]),
        (f"What is written: ${gained}$", ["one_minus", "write"] if coupled else ["write"]),
        (f"New memory: $c_t = {kept} + {gained}$", ["plus", "c"]),
        (rf"Output gate: $o_t = \sigma(U_o x_t + W_o h_{{t-1}}{late} + b_o)$", ["o"]),
        (r"New state: $h_t = o_t \odot \tanh(c_t)$", ["tanh", "out", "h"]),
    ]


def _gru_steps(form, z_takes):
    gate = r"$%s_t = \sigma(U_%s x_t + W_%s h_{t-1} + b_%s)$"
    after = form == "reset_after"
    inner = r"r_t \odot (W_h h_{t-1} + b_{hn})" if after else r"W_h (r_t \odot h_{t-1})"
    keep, take = ("1 - z_t", "z_t") if z_takes == "candidate" else ("z_t", "1 - z_t")
    keep, take = (rf"({one})" if " " in one else one for one in (keep, take))
    early = z_takes == "candidate"
    return [
        ("What arrives: $x_t$ and $h_{t-1}$", ["x", "h_prev"]),
        (f"Reset gate: {gate % tuple('rrrr')}", ["r"]),
        (
            r"Reset after the product: $r_t \odot (W_h h_{t-1} + b_{hn})$"
            if after
            else r"What is read: $r_t \odot h_{t-1}$",
            ["W", "reset"] if after else ["reset"],
        ),
        (rf"Candidate: $\tilde{{h}}_t = \tanh(U_h x_t + {inner} + b_h)$", ["n"]),
        (f"Update gate: {gate % tuple('zzzz')}", ["z"]),
        (rf"What is kept: ${keep} \odot h_{{t-1}}$", ["one_minus", "keep"] if early else ["keep"]),
        (
            rf"What is taken: ${take} \odot \tilde{{h}}_t$",
            ["take"] if early else ["one_minus", "take"],
        ),
        (rf"New state: $h_t = {keep} \odot h_{{t-1}} + {take} \odot \tilde{{h}}_t$", ["plus", "h"]),
    ]
