"""Long short-term memory: a cell c_t that gates write, keep and show.

    f, i, o = sigmoid(b + W h_{t-1} + U x_t),  each with its block of W, U and b    (12.4), (12.5), (12.8)
    g = tanh(b + W h_{t-1} + U x_t)                                                 (12.6)
    c_t = f * c_{t-1} + i * g                                                       (12.7)
    h_t = o * tanh(c_t)                                                             (12.9)

The type of the parameters says which variant it is: `Params` has all three gates, `NoForgetParams`, `NoInputParams`
and `NoOutputParams` lack one, `CoupledParams` has f = 1 - i, and with `PeepholeParams` the gates see the cell.

How it gets fast, besides the layout that `unrolled.scratch.gated` explains:
- The sigmoid is (1 + tanh(a / 2)) / 2, and its inner half is in the weight: one tanh serves all four blocks.
- A block holds o, i, f, g and then c_{t-1}: so i * g and f * c_{t-1} are one product, (i, f) times (g, c_{t-1}).
- These products and h are kept: local derivatives come from them, as in g i (1 - i) = ig - ig i.
- The gradients of the weights are one product over all steps at the end.
- A step of a small layer costs mostly the starts of NumPy's functions: there are seventeen of them in a step, dot starts
  faster than matmul, and the number 1/2 is given as an array, to save converting it.

A variant that lacks a gate is computed as the whole LSTM with that gate held open, and coupled gates as one whose
forget gate has the negated weights of the input gate, since sigmoid(-a) = 1 - sigmoid(a).
"""

from typing import NamedTuple

import numpy as np
from numpy import add, dot, multiply, subtract, tanh

from unrolled.scratch.checks import check_input, check_parameters, check_type, checked
from unrolled.scratch.gated import last, outputs, side_by_side, stacked, upstream
from unrolled.scratch.masking import checked_lengths, counted
from unrolled.scratch.workspace import FRESH, Workspace

__all__ = [
    "Cache",
    "CoupledParams",
    "Gates",
    "NoForgetParams",
    "NoInputParams",
    "NoOutputParams",
    "Params",
    "PeepholeParams",
    "State",
    "Workspace",
    "backward",
    "chrono",
    "forward",
    "from_torch",
    "gates",
    "init",
    "part_from_torch",
]


class Params(NamedTuple):  # gradients use this type too
    """Parameters of an LSTM with input, forget and output gate."""

    U: np.ndarray  # (4H, D), blocks i, f, g, o
    W: np.ndarray  # (4H, H)
    b: np.ndarray  # (4H,)


class NoForgetParams(NamedTuple):
    """Without forget gate, f = 1: the LSTM of 1997; equation (12.17)."""

    U: np.ndarray  # (3H, D), blocks i, g, o
    W: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)


class NoInputParams(NamedTuple):
    """Without input gate, i = 1."""

    U: np.ndarray  # (3H, D), blocks f, g, o
    W: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)


class NoOutputParams(NamedTuple):
    """Without output gate, o = 1."""

    U: np.ndarray  # (3H, D), blocks i, f, g
    W: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)


class CoupledParams(NamedTuple):
    """Coupled gates, f = 1 - i: the cell is an average, and |c_t| <= 1 from a state that has it; equation (12.23)."""

    U: np.ndarray  # (3H, D), blocks i, g, o
    W: np.ndarray  # (3H, H)
    b: np.ndarray  # (3H,)


class PeepholeParams(NamedTuple):
    """With peepholes: p_i * c_{t-1} and p_f * c_{t-1} enter the gates i and f, p_o * c_t enters o; (12.21), (12.22)."""

    U: np.ndarray  # (4H, D), blocks i, f, g, o
    W: np.ndarray  # (4H, H)
    b: np.ndarray  # (4H,)
    p_i: np.ndarray  # (H,)
    p_f: np.ndarray  # (H,)
    p_o: np.ndarray  # (H,)


class State(NamedTuple):
    """What the layer carries from one step to the next."""

    h: np.ndarray  # (B, H)
    c: np.ndarray  # (B, H)


class Gates(NamedTuple):
    """What the gates did, for plots and tests."""

    i: np.ndarray  # (T, B, H)
    f: np.ndarray  # (T, B, H), 1 keeps
    g: np.ndarray  # (T, B, H), what is offered to the cell
    o: np.ndarray  # (T, B, H)
    c: np.ndarray  # (T, B, H), the cell after the step


class Cache(NamedTuple):
    """What `backward` needs of a forward call; inside the layer the blocks have the order o, i, f, g."""

    weight: np.ndarray  # (4, H, H + 1 + D), of all four blocks
    stack: np.ndarray  # (T + 1, H + 1 + D, B): h_{t-1}, 1, x_t
    blocks: np.ndarray  # (T + 1, 5, H, B): o, i, f, g, c_{t-1}
    summands: np.ndarray  # (T, 2, H, B): i g and f c_{t-1}
    tanh_c: np.ndarray  # (T, H, B)
    state: State  # after the last step that counts
    lengths: np.ndarray | None
    workspace: Workspace
    turn: int


TYPES = {
    "plain": Params,
    "no_forget": NoForgetParams,
    "no_input": NoInputParams,
    "no_output": NoOutputParams,
    "coupled": CoupledParams,
    "peephole": PeepholeParams,
}
BLOCKS = {  # which blocks the parameters have, in their order
    Params: "ifgo",
    NoForgetParams: "igo",
    NoInputParams: "fgo",
    NoOutputParams: "ifg",
    CoupledParams: "igo",
    PeepholeParams: "ifgo",
}
INSIDE = "oifg"  # the order of the blocks inside the layer
OUTPUT, INPUT, FORGET, CANDIDATE, CELL = range(5)
OPEN = (
    100.0  # sigmoid(100) is 1 exactly, in float32 and float64: the bias of a gate that stands open
)


def init(rng, D, H, dtype=np.float64, variant="plain", forget_bias=None):
    """Draw the parameters of a layer with D inputs and H units, uniform in +-1/sqrt(H) but for the forget bias.

    variant: "plain", "no_forget", "no_input", "no_output", "coupled" or "peephole"; forget_bias: what the biases of
    the forget gate start at, a number or (H,), 1 if None; a coupled gate has the input bias -forget_bias then.
    Raises ValueError for another variant, or for a forget_bias without a forget gate.
    """
    if variant not in TYPES:
        raise ValueError(f"variant is {variant!r}, expected one of {sorted(TYPES)}")
    if variant == "no_forget" and forget_bias is not None:
        raise ValueError("variant 'no_forget' has no forget gate, forget_bias must be None")
    kind = TYPES[variant]
    rows, bound = len(BLOCKS[kind]) * H, 1 / np.sqrt(H)
    shapes = [(rows, D), (rows, H), (rows,)] + [(H,)] * (len(kind._fields) - 3)
    params = kind(*(rng.uniform(-bound, bound, shape).astype(dtype) for shape in shapes))
    if variant != "no_forget":
        _set_forget_bias(params, 1.0 if forget_bias is None else forget_bias)
    return params


def chrono(rng, params, longest):
    """The parameters with biases that keep a memory for up to `longest` steps, the rest unchanged.

    b_f = log u with u uniform in 1..longest - 1, unit by unit, so that a unit forgets after about u steps; b_i = -b_f.
    Raises ValueError if longest is below 2 or there is no forget gate.
    Source: Tallec & Ollivier (2018); equation (12.20).
    """
    if longest < 2:
        raise ValueError(f"longest is {longest}, expected at least 2 steps")
    own = BLOCKS[type(params)]
    if type(params) is NoForgetParams:
        raise ValueError("NoForgetParams have no forget gate")
    H = params.W.shape[1]
    params = params._replace(b=params.b.copy())
    forget_bias = np.log(rng.uniform(1, longest - 1, H))  # (12.20)
    _set_forget_bias(params, forget_bias)
    if "i" in own:
        params.b[_rows(own, "i", H)] = -forget_bias  # (12.20)
    return params


def forward(params, x, state=None, lengths=None, workspace=None):
    """Run the layer over a batch of sequences.

    x (T, B, D), T >= 1; state: h, c (B, H), zero if None; lengths (B,) steps that count, in 0..T, all if None.
    Returns h (T, B, H) in (-1, 1), zero at steps that don't count, and a cache for `backward`; cache.state is the
    state after the last step that counts; c is unbounded. With a workspace h and the cache are valid until its next
    forward. Raises ValueError if shapes don't fit, T is 0, or a dtype is not the parameters'.
    Source: Gers, Schmidhuber & Cummins (2000); Hochreiter & Schmidhuber (1997) without forget gate; Gers, Schraudolph
    & Schmidhuber (2002) with peepholes; Greff et al. (2017) for the other variants. Equations (12.4)-(12.10).
    """
    check_type(params, BLOCKS)
    check_parameters(params, len(BLOCKS[type(params)]))
    check_input(params, x)
    (T, B, _), H, dtype = x.shape, params.W.shape[1], x.dtype
    workspace = FRESH if workspace is None else workspace
    turn = workspace.begin()
    lengths = None if lengths is None else checked_lengths(lengths, T, B)
    h0, c0 = _checked_state("state", state, (B, H), dtype)

    weight = _weight(params, workspace)
    stack = stacked(x, h0, lengths, workspace)
    blocks = workspace.empty("blocks", (T + 1, 5, H, B), dtype)
    blocks[0, CELL] = c0.T
    summands = workspace.empty("summands", (T, 2, H, B), dtype)
    tanh_c = workspace.empty("tanh_c", (T, H, B), dtype)
    if type(params) is PeepholeParams:
        _run_with_peepholes(params, weight, stack, blocks, summands, tanh_c)
    else:
        _run(weight, stack, blocks, summands, tanh_c)

    hs, cs = stack[:, :H], blocks[:, CELL]
    end = State(last(hs, lengths), last(cs, lengths))
    cache = Cache(weight, stack, blocks, summands, tanh_c, end, lengths, workspace, turn)
    return outputs(hs, lengths, workspace), cache


def backward(params, cache, dh=None, dstate=None):
    """Backpropagate through all the steps of a forward call.

    dh (T, B, H): gradient of h; dstate: State, gradient of cache.state; zero if None.
    Returns the gradients of the parameters (in their type), dx (T, B, D) and dstate0, of the initial state.
    With a workspace dx is valid until its next use; the rest is fresh.
    Raises ValueError if shapes or dtypes don't fit, RuntimeError if the cache's workspace was used again.
    Source: equations (12.11)-(12.15), and (12.24) for the peepholes.
    """
    cache.workspace.require(cache.turn)
    _, H, columns = cache.weight.shape
    (T, _, B), D = cache.tanh_c.shape, columns - H - 1
    weight = cache.weight.reshape(4 * H, columns)
    delta, dstate0 = _deltas(params, cache, dh, dstate)
    rows = side_by_side("rows", delta.reshape(T, 4 * H, B), cache.workspace)  # (4H, T B)
    read = side_by_side("read", cache.stack[:-1], cache.workspace)  # (H + 1 + D, T B)
    dweight = rows @ read.T  # (12.15)
    dx = cache.workspace.empty("dx", (T * B, D), rows.dtype)
    np.matmul(rows.T, weight[:, H + 1 :], out=dx)
    return _gradients(params, dweight, delta, cache), dx.reshape(T, B, D), dstate0


def gates(cache):
    """The gates and the cell of a forward call, as new arrays, zero at steps that don't count.

    A gate that the variant lacks is 1. Raises RuntimeError if the cache's workspace was used again.
    """
    cache.workspace.require(cache.turn)
    T, _, B = cache.tanh_c.shape
    of_block = {gate: cache.blocks[:-1, k] for k, gate in enumerate(INSIDE)}
    of_block["c"] = cache.blocks[1:, CELL]
    arrays = [of_block[name].transpose(0, 2, 1).copy() for name in Gates._fields]
    if cache.lengths is not None:
        for array in arrays:
            array[~counted(cache.lengths, T, B)] = 0
    return Gates(*arrays)


def from_torch(module):
    """Parameters of a torch.nn.LSTM of one layer and one direction; b is the sum of torch's two biases.

    Raises ValueError for a module with more layers or directions, or with a projection.
    """
    if module.num_layers != 1 or module.bidirectional or module.proj_size:
        raise ValueError(
            f"expected one layer in one direction without projection, the module is {module}"
        )
    return part_from_torch(module, "l0")


def part_from_torch(module, part):
    """Parameters of one layer and direction of a torch.nn.LSTM by torch's name for it, such as "l1_reverse"."""
    weight = lambda name: getattr(module, f"{name}_{part}").detach().numpy()
    U, W = weight("weight_ih").copy(), weight("weight_hh").copy()
    b = weight("bias_ih") + weight("bias_hh") if module.bias else np.zeros(len(W), W.dtype)
    return Params(U, W, b)


def _run(weight, stack, blocks, summands, tanh_c):
    """All steps: fills in h in the stack, the blocks, and what is kept beside them."""
    (T, H, B), dtype = tanh_c.shape, tanh_c.dtype
    half = np.array(0.5, dtype)
    folded = weight.copy()
    folded[:CANDIDATE] *= half  # the half inside of the sigmoids
    folded = folded.reshape(4 * H, -1)
    steps = zip(
        stack[:-1],  # [h_{t-1}; 1; x_t]
        blocks.reshape(T + 1, 5 * H, B)[:-1, : 4 * H],  # all pre-activations
        blocks[:-1, :CANDIDATE],  # o, i, f
        blocks[:-1, INPUT:CANDIDATE],  # i, f
        blocks[:-1, CANDIDATE:],  # g, c_{t-1}
        blocks[:-1, OUTPUT],
        summands,
        summands[:, 0],
        summands[:, 1],
        blocks[1:, CELL],
        tanh_c,
        stack[1:, :H],
        strict=True,
    )
    for read, a, sigmoids, i_f, g_c, o, ig_fc, ig, fc, c, tanh_c_t, h in steps:
        dot(folded, read, a)  # (12.10)
        tanh(a, a)  # (12.6), g is done
        multiply(sigmoids, half, sigmoids)
        add(sigmoids, half, sigmoids)  # o, i, f: (12.4), (12.5), (12.8)
        multiply(i_f, g_c, ig_fc)
        add(ig, fc, c)  # c_t = i g + f c_{t-1} (12.7)
        tanh(c, tanh_c_t)
        multiply(o, tanh_c_t, h)  # h_t = o tanh(c_t) (12.9)


def _run_with_peepholes(params, weight, stack, blocks, summands, tanh_c):
    """The same with peepholes: i and f wait for p * c_{t-1}, and o for p_o * c_t."""
    H, dtype = tanh_c.shape[1], tanh_c.dtype
    half = np.array(0.5, dtype)
    folded = weight.copy()
    folded[:CANDIDATE] *= half
    folded = folded.reshape(4 * H, -1)
    p_if = half * np.stack([params.p_i, params.p_f])[:, :, None]  # (2, H, 1)
    p_o = half * params.p_o[:, None]
    for t in range(len(tanh_c)):
        o, i_f, g = blocks[t, OUTPUT], blocks[t, INPUT:CANDIDATE], blocks[t, CANDIDATE]
        c_prev, c, h = blocks[t, CELL], blocks[t + 1, CELL], stack[t + 1, :H]
        dot(folded, stack[t], out=blocks[t, :CELL].reshape(4 * H, -1))
        i_f += p_if * c_prev  # (12.21)
        tanh(i_f, i_f)
        i_f *= half
        i_f += half
        tanh(g, g)
        multiply(i_f, blocks[t, CANDIDATE:], summands[t])
        add(summands[t, 0], summands[t, 1], c)
        o += p_o * c  # the output gate sees the new cell (12.22)
        tanh(o, o)
        o *= half
        o += half
        tanh(c, tanh_c[t])
        multiply(o, tanh_c[t], h)


def _deltas(params, cache, dh, dstate):
    """Gradients (T, 4, H, B) of the pre-activations of the blocks o, i, f, g, and of the initial state."""
    T, H, B = cache.tanh_c.shape
    dtype, lengths, workspace = cache.tanh_c.dtype, cache.lengths, cache.workspace
    dh_last, dc_last = _checked_state("dstate", dstate, (B, H), dtype)
    dc_last = np.ascontiguousarray(dc_last.T)
    dhs = upstream(dh, dh_last, (T, B, H), dtype, lengths, workspace)
    delta, slope = _local_derivatives(cache)
    W = workspace.empty("W", (4, H, H), dtype)
    W[:] = cache.weight[:, :, :H]
    W_T = W.reshape(4 * H, H).T
    peepholes = type(params) is PeepholeParams

    dh_t, dc, part = dhs[T].copy(), np.zeros((H, B), dtype), np.empty((H, B), dtype)
    if lengths is None:
        dc[:] = dc_last
    steps = zip(
        reversed(range(T)),
        dhs[:T][::-1],
        slope[::-1],
        delta.reshape(T, 4 * H, B)[::-1],
        delta[::-1, OUTPUT],
        delta[::-1, INPUT],
        delta[::-1, FORGET],
        delta[::-1, CANDIDATE],
        cache.blocks[T - 1 :: -1, FORGET],
        strict=True,
    )
    for t, dh_before, slope_t, d, d_o, d_i, d_f, d_g, f in steps:
        if lengths is not None:
            add(dc, dc_last, dc, where=lengths == t + 1)
        multiply(d_o, dh_t, d_o)  # local derivatives become deltas where they stand (12.11)
        multiply(slope_t, dh_t, part)
        add(dc, part, dc)  # dc_t = f_{t+1} dc_{t+1} + o (1 - tanh(c_t)^2) dh_t (12.12)
        if peepholes:
            dc += params.p_o[:, None] * d_o  # (12.24)
        multiply(d_i, dc, d_i)  # (12.13)
        multiply(d_f, dc, d_f)
        multiply(d_g, dc, d_g)
        multiply(dc, f, dc)  # what reaches c_{t-1}
        if peepholes:
            dc += params.p_i[:, None] * d_i + params.p_f[:, None] * d_f
        dot(W_T, d, dh_t)  # (12.14)
        add(dh_t, dh_before, dh_t)  # what reaches h_{t-1}
    if lengths is not None:
        add(dc, dc_last, dc, where=lengths == 0)
    return delta, State(dh_t.T.copy(), dc.T.copy())


def _local_derivatives(cache):
    """For all steps at once: by what dh_t (block o) and dc_t (i, f, g) are multiplied, and dh_t on its way to dc_t."""
    T, H, B = cache.tanh_c.shape
    o, i, g = (cache.blocks[:T, k] for k in (OUTPUT, INPUT, CANDIDATE))
    h, summands = cache.stack[1:, :H], cache.summands
    local = cache.workspace.empty("local", (T, 4, H, B), h.dtype)
    slope = cache.workspace.empty("slope", (T, H, B), h.dtype)
    multiply(h, o, local[:, OUTPUT])
    subtract(h, local[:, OUTPUT], local[:, OUTPUT])  # tanh(c) o (1 - o) = h - h o
    i_f = local[:, INPUT:CANDIDATE]
    multiply(summands, cache.blocks[:T, INPUT:CANDIDATE], i_f)
    subtract(summands, i_f, i_f)  # g i (1 - i) = ig - ig i, and the same for f with c_{t-1}
    multiply(summands[:, 0], g, local[:, CANDIDATE])
    subtract(i, local[:, CANDIDATE], local[:, CANDIDATE])  # i (1 - g^2) = i - ig g
    multiply(h, cache.tanh_c, slope)
    subtract(o, slope, slope)  # o (1 - tanh(c)^2) = o - h tanh(c)
    return local, slope


def _weight(params, workspace):
    """The weight (4, H, H + 1 + D) of the columns [h; 1; x], with blocks o, i, f, g whatever the variant has."""
    own, H, D = BLOCKS[type(params)], params.W.shape[1], params.U.shape[1]
    weight = workspace.empty("weight", (4, H, H + 1 + D), params.U.dtype)
    for block, gate in zip(weight, INSIDE, strict=True):
        if gate in own:
            rows = _rows(own, gate, H)
            block[:, :H], block[:, H], block[:, H + 1 :] = (
                params.W[rows],
                params.b[rows],
                params.U[rows],
            )
        elif type(params) is CoupledParams:
            np.negative(weight[INPUT], block)  # f = 1 - i
        else:
            block[:] = 0
            block[:, H] = OPEN
    return weight


def _gradients(params, dweight, delta, cache):
    """The gradients in the type of the parameters; dweight (4H, H + 1 + D) is that of `_weight`."""
    own, H = BLOCKS[type(params)], params.W.shape[1]
    of_gate = dict(zip(INSIDE, dweight.reshape(4, H, -1), strict=True))
    if type(params) is CoupledParams:
        of_gate["i"] -= of_gate["f"]  # the forget gate has the negated weights
    blocks = [of_gate[gate] for gate in own]
    columns = slice(H + 1, None), slice(H), H  # of U, W and b
    grads = [np.concatenate([block[:, part] for block in blocks]) for part in columns]
    if type(params) is PeepholeParams:
        c = cache.blocks[:, CELL]
        seen = (INPUT, c[:-1]), (FORGET, c[:-1]), (OUTPUT, c[1:])
        grads += [np.einsum("thb,thb->h", delta[:, gate], cell) for gate, cell in seen]
    return type(params)(*grads)


def _rows(own, gate, H):
    """The rows of a gate in parameters that have the blocks `own`."""
    start = own.index(gate) * H
    return slice(start, start + H)


def _set_forget_bias(params, forget_bias):
    """Write the bias of the forget gate into params.b; with coupled gates that of the input gate, negated."""
    own, H = BLOCKS[type(params)], params.W.shape[1]
    if "f" in own:
        params.b[_rows(own, "f", H)] = forget_bias
    else:
        params.b[_rows(own, "i", H)] = -np.asarray(forget_bias)


def _checked_state(name, state, shape, dtype):
    if state is None:
        return State(np.zeros(shape, dtype), np.zeros(shape, dtype))
    return State(
        checked(f"{name}.h", state.h, shape, dtype), checked(f"{name}.c", state.c, shape, dtype)
    )
