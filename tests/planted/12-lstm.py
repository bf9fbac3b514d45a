"""Planted answers of set 12: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

GATE = """
def forget_gate(x, h_prev, U, W, b):
    {line}
    return f
"""

STEP = """
def lstm_step(x, h, c, U, W, b):
    H = h.shape[-1]
    a = {affine}
    i, f, g, o = {blocks}
    i, f, g, o = sigmoid(i), sigmoid(f), {squash}(g), sigmoid(o)
    c_new = {cell}
    return {shown}, c_new
"""


def step(
    affine="x @ U.T + h @ W.T + b",
    blocks="a[:, :H], a[:, H : 2 * H], a[:, 2 * H : 3 * H], a[:, 3 * H :]",
    squash="np.tanh",
    cell="f * c + i * g",
    shown="o * np.tanh(c_new)",
):
    return STEP.format(affine=affine, blocks=blocks, squash=squash, cell=cell, shown=shown)


BACK = """
def lstm_step_back(i, f, g, o, c_prev, c, dh, dc_next):
    do = {do}
    dc = {dc}
    delta = [dc * g * i * (1 - i), {df}, dc * i * (1 - g * g), do * o * (1 - o)]
    return np.hstack(delta), {prev}
"""


def back(
    do="dh * np.tanh(c)",
    dc="dh * o * (1 - np.tanh(c) ** 2) + dc_next",
    df="dc * c_prev * f * (1 - f)",
    prev="f * dc",
):
    return BACK.format(do=do, dc=dc, df=df, prev=prev)


BIAS = """
def bias_for(delay, kept):
    f = {f}
    return {bias}
"""

COUPLED = """
def coupled_back(f, g, c0, dc):
    T = len(f)
    c = np.zeros((T + 1, *c0.shape))
    c[0] = c0
    for t in range(T):
        c[t + 1] = f[t] * c[t] + (1 - f[t]) * g[t]
    df, dg, later = np.zeros(f.shape), np.zeros(f.shape), np.zeros(c0.shape)
    for t in range(T - 1, -1, -1):
        now = {now}
        df[t] = {df}
        dg[t] = {dg}
        later = {later}
    return df, dg, later
"""


def coupled(
    now="dc[t] + later", df="now * (c[t] - g[t])", dg="now * (1 - f[t])", later="now * f[t]"
):
    return COUPLED.format(now=now, df=df, dg=dg, later=later)


PEEPHOLE = """
def peephole_step(a, c, p_i, p_f, p_o):
    H = c.shape[1]
    i = sigmoid(a[:, :H] + {i})
    f = sigmoid(a[:, H : 2 * H] + {f})
    c_new = f * c + i * np.tanh(a[:, 2 * H : 3 * H])
    o = sigmoid(a[:, 3 * H :] + {o})
    return o * np.tanh(c_new), c_new
"""


def peephole(i="p_i * c", f="p_f * c", o="p_o * c_new"):
    return PEEPHOLE.format(i=i, f=f, o=o)


PLANTED = {
    "q1-memory": {
        "right": ["answer_1 = -0.25", "answer_1 = 1 * (0.5 * (1 * 1 + 0.5 * 1) + 0) - 1"],
        "wrong": [
            Wrong("answer_1 = -1", "check", "a forget gate of 1 erases"),
            Wrong("answer_1 = 1.0", "check", "the input gate is forgotten"),
            Wrong("answer_1 = np.tanh(-0.25)", "check", "what is shown, not the cell"),
            Wrong("answer_1 = 1.75", "check", "the sign of the candidate"),
            Wrong("answer_1 = 0.5", "check", "keeps all at step 2"),
            Wrong("answer_1 = 0.75", "check", "the candidate of step 2 comes in"),
            Wrong("answer_1 = 1 - 0.75", "hidden", "subtracts the wrong way round"),
        ],
    },
    "q2-gate": {
        "right": [
            GATE.format(line="f = 1 / (1 + np.exp(-(x @ U.T + h_prev @ W.T + b)))"),
            GATE.format(
                line="f = sigmoid(np.hstack([h_prev, x]) @ np.hstack([W, U]).T + b)  # concatenated"
            ),
        ],
        "wrong": [
            Wrong(GATE.format(line="f = sigmoid(x @ U.T + h_prev @ W.T)"), "check", "no bias"),
            Wrong(
                GATE.format(line="f = sigmoid(b + x @ U.T + h_prev @ W)"),
                "check",
                "W not transposed",
            ),
            Wrong(
                GATE.format(
                    line="f = sigmoid(b * x.sum(axis=1, keepdims=True) + x @ U.T + h_prev @ W.T)"
                ),
                "check",
                "the slide's bias times input",
            ),
            Wrong(GATE.format(line="f = np.tanh(b + x @ U.T + h_prev @ W.T)"), "check", "tanh"),
            Wrong(
                GATE.format(line="f = sigmoid(b + x @ U.T) + 0 * h_prev"), "check", "no recurrence"
            ),
            Wrong(
                GATE.format(line="f = sigmoid(b + x.sum() * U.T[0] + h_prev @ W.T)"),
                "check",
                "sums the input over batch and features",
            ),
            Wrong(GATE.format(line="f = sigmoid(b + h_prev @ W.T)"), "check", "no input"),
            Wrong(
                GATE.format(line="f = sigmoid(b + x[:, :1] @ U.T[:1] + h_prev @ W.T)"),
                "hidden",
                "the first feature alone",
            ),
        ],
    },
    "q3-step": {
        "right": [
            step(),
            """
def lstm_step(x, h, c, U, W, b):
    H = len(b) // 4
    gate = lambda k: b[k * H : (k + 1) * H] + (W[k * H : (k + 1) * H] @ h.T).T + x @ U[k * H : (k + 1) * H].T
    cell = sigmoid(gate(1)) * c
    cell = cell + sigmoid(gate(0)) * np.tanh(gate(2))
    return np.tanh(cell) * sigmoid(gate(3)), cell
""",
        ],
        "wrong": [
            Wrong(
                step(blocks="a[:, H : 2 * H], a[:, :H], a[:, 2 * H : 3 * H], a[:, 3 * H :]"),
                "check",
                "input and forget gate in each other's place",
            ),
            Wrong(step(cell="f * c + g"), "check", "no input gate"),
            Wrong(step(squash="sigmoid"), "check", "the candidate through the sigmoid"),
            Wrong(step(shown="o * c_new"), "check", "the slide's H = OUTPUT * M"),
            Wrong(step(shown="o * np.tanh(c)"), "check", "shows the old cell"),
            Wrong(step(affine="x @ U.T + b"), "check", "the state is not read"),
            Wrong(step(affine="h @ W.T + b"), "check", "the input is not read"),
            Wrong(
                step().replace("f * c + i * g", "f * c + i * g; return c_new, o * np.tanh(c_new)"),
                "check",
                "c before h",
            ),
            Wrong(
                step(blocks="a[:, 0::4], a[:, 1::4], a[:, 2::4], a[:, 3::4]"),
                "hidden",
                "blocks taken apart unit by unit",
            ),
        ],
    },
    "q4-back": {
        "right": [
            back(),
            """
def lstm_step_back(i, f, g, o, c_prev, c, dh, dc_next):
    B, H = c.shape
    delta = np.empty((B, 4, H))
    through = dh / np.cosh(c) ** 2  # 1 - tanh^2 is 1 / cosh^2
    dc = through * o + dc_next
    delta[:, 0] = dc * g * (i - i**2)
    delta[:, 1] = dc * c_prev * (f - f**2)
    delta[:, 2] = dc * i * (1 - g) * (1 + g)
    delta[:, 3] = dh * np.tanh(c) * (o - o**2)
    return delta.reshape(B, 4 * H), dc * f
""",
        ],
        "wrong": [
            Wrong(back(dc="dh * o + dc_next"), "check", "no slope of tanh"),
            Wrong(back(dc="dh * o * (1 - np.tanh(c) ** 2)"), "check", "nothing from the future"),
            Wrong(
                back(dc="dh * o * (1 - np.tanh(c) ** 2) + f * dc_next"),
                "check",
                "the message of the next cell multiplied by a forget gate again",
            ),
            Wrong(back().replace("g * i * (1 - i)", "g * i"), "check", "half the sigmoid's slope"),
            Wrong(back().replace("do * o * (1 - o)", "do"), "check", "delta_o without its slope"),
            Wrong(back(prev="dc"), "check", "the forget gate is passed by"),
            Wrong(
                back(df="dc * c_prev"), "check", "the gradient of the gate, not of what is inside"
            ),
            Wrong(
                back(do="(dh + dc_next) * np.tanh(c)"),
                "check",
                "the output gate gets the message of the next cell",
            ),
            Wrong(back(df="dc * c * f * (1 - f)"), "check", "the cell after instead of before"),
            Wrong(
                back(dc="dh * o * (1 - c**2) + dc_next"), "check", "the slope of tanh taken at tanh"
            ),
            Wrong(
                back()
                .replace("g * g), do", "g * g) + 0 * dh, do")
                .replace("dc * g * i", "dc * g * o"),
                "hidden",
                "the output gate in the input gate's slope",
            ),
        ],
    },
    "q5-bias": {
        "right": [
            BIAS.format(f="np.exp(np.log(kept) / delay)", bias="-np.log(1 / f - 1)"),
            BIAS.format(f="kept ** (1 / delay)", bias="np.log(f) - np.log1p(-f)"),
        ],
        "wrong": [
            Wrong(BIAS.format(f="kept ** (1 / delay)", bias="f"), "check", "the gate itself"),
            Wrong(
                BIAS.format(f="kept ** (1 / delay)", bias="np.log(1 / f - 1)"), "check", "the sign"
            ),
            Wrong(BIAS.format(f="kept", bias="np.log(delay)"), "check", "the share is not used"),
            Wrong(
                BIAS.format(f="kept / delay", bias="np.log(f / (1 - f))"),
                "check",
                "divides the share among the steps",
            ),
            Wrong(
                BIAS.format(
                    f="kept ** (1 / delay)", bias="np.log(f / (1 - f)) if delay > 2 else 0.0"
                ),
                "hidden",
                "the worked number written into the code",
            ),
        ],
    },
    "q6-coupled": {
        "right": [
            coupled(),
            """
def coupled_back(f, g, c0, dc):
    before, c = [], c0
    for t in range(len(f)):
        before.append(c)
        c = g[t] + f[t] * (c - g[t])
    totals = [dc[-1]]
    for t in range(len(f) - 2, -1, -1):
        totals.insert(0, dc[t] + f[t + 1] * totals[0])
    totals = np.array(totals)
    return totals * (np.array(before) - g), totals - totals * f, totals[0] * f[0]
""",
        ],
        "wrong": [
            Wrong(coupled().replace("c[0] = c0", "pass"), "check", "c0 is not read"),
            Wrong(coupled(df="now * c[t]"), "check", "the gate's second place is forgotten"),
            Wrong(coupled(df="now * (c[t] + g[t])"), "check", "the slope of 1 - f is -1"),
            Wrong(coupled(now="dc[t]"), "check", "nothing comes from the future"),
            Wrong(
                coupled(dg="now * f[t]", later="now * (1 - f[t])"), "hidden", "the wrong one keeps"
            ),
            Wrong(
                coupled(df="now * (c[t + 1] - g[t])"), "check", "the cell after instead of before"
            ),
            Wrong(coupled(now="dc[t] + later", later="now"), "check", "passes the gate by"),
            Wrong(
                coupled()
                .replace("now = dc[t] + later", "later += dc[t]; now = later")
                .replace("later = now * f[t]", "later = now * f[0]"),
                "hidden",
                "the first gate at every step",
            ),
        ],
    },
    "q7-peephole": {
        "right": [
            peephole(),
            """
def peephole_step(a, c, p_i, p_f, p_o):
    parts = a.reshape(len(c), 4, -1)
    gates = sigmoid(parts[:, :2] + np.stack([p_i, p_f]) * c[:, None])
    cell = gates[:, 1] * c + gates[:, 0] * np.tanh(parts[:, 2])
    return np.tanh(cell) * sigmoid(parts[:, 3] + p_o * cell), cell
""",
        ],
        "wrong": [
            Wrong(peephole(o="p_o * c"), "check", "the output gate sees the old cell"),
            Wrong(peephole(i="0"), "check", "the input gate has no peephole"),
            Wrong(peephole(f="0"), "check", "the forget gate has no peephole"),
            Wrong(peephole(o="0"), "check", "the output gate has no peephole"),
            Wrong(peephole(i="p_f * c", f="p_i * c"), "hidden", "p_i and p_f exchanged"),
            Wrong(peephole(o="p_o * np.tanh(c_new)"), "check", "sees what is shown, not the cell"),
            Wrong(peephole(f="p_f * c.mean()"), "hidden", "one cell for all units"),
        ],
    },
}
