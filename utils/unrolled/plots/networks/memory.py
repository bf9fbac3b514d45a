"""A network with a memory outside itself: controller, heads, and the matrix they write to and read from."""

import numpy as np

from unrolled.plots.networks.graph import Graph

TOP = 3.45  # height of the memory
TALL = 1.5  # of a memory with any number of rows
TIMES = r"$\odot$"
FLOW = 1.0  # horizontal distance of two time steps in `memory_flow`
LANE, HEADS = 1.42, 1.86  # heights of the lines from the controller and from the write head


def memory_machine(*, memory=None, write=None, read=None, rows=5, columns=4):
    """One step of a neural Turing machine: M = M_prev * (1 - w eps^T) + w ad^T, and r = w^T M with the reading w.

    Nodes: x, r_prev, M_prev; controller; w_write, erase, keep, add, M; w_read, r; o. Rows are locations.
    memory  before and after the step, a pair of arrays (rows, columns) in [0, 1]; empty grids without them
    write   read: the weightings (rows,) of the two heads, in [0, 1]
    """
    before, after = memory if memory is not None else (None, None)
    before, after = _grid(before, (rows, columns), "memory"), _grid(after, None, "memory")
    rows, columns = before.shape
    after = _grid(None, (rows, columns), "memory") if after is None else after
    write, read = _column(write, rows, "write"), _column(read, rows, "read")
    if after.shape != before.shape:
        raise ValueError(f"memory has the shapes {before.shape} and {after.shape}, equal ones fit")
    stage = {name: n for n, (_, names) in enumerate(_STEPS, start=1) for name in names}
    graph = Graph(caption for caption, _ in _STEPS)
    _grids(graph, stage, before, after, write, read)
    _controller(graph, stage)
    _writing(graph, stage)
    _reading(graph)
    return graph


def memory_flow(shares, *, wrote=None, least=0.01):
    """Which inputs an output has in it that came through the memory: x_s, what step s wrote, and o_t.

    shares (T, T) in [0, 1]: how much of what step s wrote is in the reading of step t, as
    `unrolled.scratch.addressing.origins` gives it for one sequence and one column; none for s > t. An edge m_s to o_t
    stands for a share of at least `least` and is as wide as it is large. So `ancestors("o5")` of the graph are the
    inputs that the output o_5 got through the memory. What the inputs tell the heads to do is not drawn.
    wrote (T,) of bool: whether a step added anything to the memory; the others have no m_s. All did if None.
    Raises ValueError for shares of another shape, outside [0, 1], or of a later step, and if `wrote` doesn't fit.
    """
    shares = np.asarray(shares, float)
    if shares.ndim != 2 or shares.shape[0] != shares.shape[1] or not shares.size:
        raise ValueError(f"shares has shape {shares.shape}, expected (T, T)")
    if np.triu(shares, 1).any():
        t, s = np.argwhere(np.triu(shares, 1))[0] + 1
        raise ValueError(f"step {t} has a share of what step {s} wrote, which is later")
    wrote = np.ones(len(shares), bool) if wrote is None else np.asarray(wrote)
    if wrote.shape != (len(shares),):
        raise ValueError(f"wrote has shape {wrote.shape}, the shares need ({len(shares)},)")
    graph = Graph()
    for t in range(1, len(shares) + 1):
        for name, role, row in (("x", "input", 0), ("m", "memory", 1), ("o", "output", 3)):
            if name != "m" or wrote[t - 1]:
                graph.node(f"{name}{t}", f"${name}_{{{t}}}$", role, (t * FLOW, row))
        if wrote[t - 1]:
            graph.edge(f"x{t}", f"m{t}")
    for t, s in np.argwhere((shares >= least) & wrote) + 1:
        graph.edge(f"m{s}", f"o{t}", weight=shares[t - 1, s - 1], role="memory")
    return graph


_STEPS = (
    ("What arrives: $x_t$, the last reading $r_{t-1}$ and the memory $M_{t-1}$", ["x", "r_prev", "M_prev"]),
    ("The controller reads both and tells its heads what to do", ["controller"]),
    (r"Where to write: $w_t^\mathrm{w}$, by content and by location", ["w_write"]),
    (r"What is kept: $M_{t-1} \odot (1 - w_t^\mathrm{w} \epsilon_t^\top)$", ["erase", "keep"]),
    (r"What is added: $w_t^\mathrm{w}\,\mathrm{ad}_t^\top$; together the new memory $M_t$", ["add", "plus", "M"]),
    (r"Where to read: $w_t^\mathrm{r}$", ["w_read"]),
    (r"What is read: $r_t = M_t^\top w_t^\mathrm{r}$", ["r"]),
    ("The output $o_t$", ["o"]),
)  # fmt: skip


def _grids(graph, stage, before, after, write, read):
    wide = 0.25 * before.shape[1]
    for name, label, x, cells in (
        ("M_prev", "$M_{t-1}$", 1.05, before),
        ("M", "$M_t$", 5.05, after),
    ):
        graph.node(
            name, label, "memory", (x, TOP), shape="grid", size=(wide, TALL), cells=cells,
            stage=stage[name],
        )  # fmt: skip
    for name, label, x, cells in (
        ("w_write", r"$w_t^\mathrm{w}$", 0.05, write),
        ("w_read", r"$w_t^\mathrm{r}$", 6.05, read),
    ):
        graph.node(
            name, label, "attention", (x, TOP), shape="grid", size=(0.28, TALL),
            cells=cells[:, None], stage=stage[name],
        )  # fmt: skip


def _controller(graph, stage):
    graph.node("r_prev", "$r_{t-1}$", "attention", (0.05, 0.85), size=(0.64, 0.5), stage=1)
    graph.node("x", "$x_t$", "input", (0.05, 0.15), stage=1)
    graph.node(
        "controller", "controller", "state", (3.45, 0.5), shape="module", size=(3.0, 0.9),
        stage=stage["controller"],
    )  # fmt: skip
    graph.node("o", "$o_t$", "output", (7.1, 0.5), stage=stage["o"])
    graph.edge("r_prev", "controller", into=(0, 0.35), role="attention")
    graph.edge("x", "controller", into=(0, -0.35), role="input").edge("controller", "o")
    for head, x, lane in (("w_write", 0.0, 2.15), ("w_read", 6.05, 4.75)):
        shift = x - graph.nodes[head].at[0]
        graph.edge(
            "controller", head, out=(lane - 3.45, 0), via=((lane, LANE), (x, LANE)),
            into=(shift, 0), role="state",
        )  # fmt: skip


def _writing(graph, stage):
    graph.node("keep", TIMES, "muted", (2.35, TOP), stage=stage["keep"])
    graph.node("plus", "$+$", "muted", (3.75, TOP), stage=stage["plus"])
    for name, label, role, x in (
        ("erase", r"$1 - w_t^\mathrm{w} \epsilon_t^\top$", "gate_f", 2.35),
        ("add", r"$w_t^\mathrm{w}\mathrm{ad}_t^\top$", "candidate", 3.75),
    ):
        graph.node(name, label, role, (x, 2.45), shape="module", stage=stage[name])
        graph.edge(
            "w_write", name, out=(0.06, 0), via=((0.11, HEADS), (x - 0.2, HEADS)), into=(-0.2, 0),
            role="attention",
        )  # fmt: skip
    graph.edge("M_prev", "w_write", role="memory")
    graph.edge(
        "controller",
        "erase",
        r"$\epsilon_t$",
        out=(-0.9, 0),
        into=(0.2, 0),
        role="state",
        over=True,
    )
    graph.edge(
        "controller",
        "add",
        r"$\mathrm{ad}_t$",
        out=(0.5, 0),
        into=(0.2, 0),
        role="state",
        over=True,
    )
    for start, end in (("M_prev", "keep"), ("keep", "plus"), ("plus", "M")):
        graph.edge(start, end, role="memory", width=2.2)
    graph.edge("erase", "keep", role="gate_f").edge("add", "plus", role="candidate")


def _reading(graph):
    graph.node("r", "$r_t$", "attention", (7.1, TOP), size=(0.5, 0.5), stage=7)
    graph.edge("M", "w_read", role="memory")
    graph.edge("M", "r", via=((6.225, TOP),), through="w_read", role="attention", width=2.2)
    for head, side in (("w_write", -1), ("w_read", 1)):
        x = graph.nodes[head].at[0] + side * 0.45
        graph.edge(
            head, head, via=((x, TOP + 0.6), (x, TOP + 0.25)), out=(0, 0.6), into=(0, 0.25),
            delay=True, role="attention",
        )  # fmt: skip


def _grid(cells, shape, what):
    if cells is None:
        return None if shape is None else np.full(shape, np.nan)
    cells = np.asarray(cells, float)
    if cells.ndim != 2:
        raise ValueError(f"{what} has shape {cells.shape}, a memory is (rows, columns)")
    return cells


def _column(weights, rows, what):
    if weights is None:
        return np.full(rows, np.nan)
    weights = np.asarray(weights, float)
    if weights.shape != (rows,):
        raise ValueError(
            f"{what} has shape {weights.shape}, a memory of {rows} rows needs ({rows},)"
        )
    return weights
