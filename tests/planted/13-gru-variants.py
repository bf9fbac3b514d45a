"""Planted answers of set 13: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

STEP = """
def gru_step(x, h_prev, U, W, b):
    (U_r, U_z, U_h), (W_r, W_z, W_h), (b_r, b_z, b_h) = (np.split(leaf, 3) for leaf in (U, W, b))
    r = sigmoid(x @ U_r.T + h_prev @ W_r.T + b_r)
    z = sigmoid(x @ U_z.T + h_prev @ W_z.T + b_z)
    n = {n}
    h = {h}
    return h
"""


def step(n="np.tanh(x @ U_h.T + (r * h_prev) @ W_h.T + b_h)", h="(1 - z) * h_prev + z * n"):
    return STEP.format(n=n, h=h)


CONVERT = """
def convert(U, W, b):
    new = []
    for leaf in (U, W, b):
        r, z, n = np.split(leaf, 3)
        new.append(np.concatenate([{blocks}]))
    return new
"""

AFTER = """
def back_after(g, h_prev, r, z, n, m, W):
    W_r, W_z, W_h = np.split(W, 3)
    d_h = {slope}z * g
    d_z = z * (1 - z) * (n - h_prev) * g
    d_r = r * (1 - r) * {r_reads} * d_h
    d_m = {d_m}
    g_prev = {keep} * g + {gates} + {back}
    dW = np.concatenate([d_r.T @ h_prev, d_z.T @ h_prev, {dW_h}])
    return g_prev, dW, d_m.{over}(axis=0)
"""


def after(**changes):
    parts = {
        "slope": "(1 - n * n) * ",
        "r_reads": "m",
        "d_m": "r * d_h",
        "keep": "(1 - z)",
        "gates": "d_r @ W_r + d_z @ W_z",
        "back": "d_m @ W_h",
        "dW_h": "d_m.T @ h_prev",
        "over": "sum",
    }
    return AFTER.format(**(parts | changes))


JOIN = """
def join(f1, u1, f2, u2):
    return {f}, {u}
"""

BIAS = """
def slow_bias(steps):
    return {line}
"""

PLANTED = {
    "q1-average": {
        "right": ["answer_1 = 0.475", "answer_1 = 0.75**2 * 0.8 + 0.75 * 0.25 * -0.4 + 0.25 * 0.4"],
        "wrong": [
            Wrong("answer_1 = 0.275", "check", "z keeps, as in torch"),
            Wrong("answer_1 = 0.5", "check", "stops after one step"),
            Wrong("answer_1 = 0.8", "check", "adds z n and takes nothing away"),
            Wrong(
                "answer_1 = 0.35", "check", "the slide's index: the candidate of the step before"
            ),
            Wrong("answer_1 = 0.425", "hidden", "a slip of arithmetic"),
        ],
    },
    "q2-step": {
        "right": [
            step(),
            """
def gru_step(x, h_prev, U, W, b):
    H = h_prev.shape[1]
    r, z = np.split(sigmoid(x @ U[: 2 * H].T + h_prev @ W[: 2 * H].T + b[: 2 * H]), 2, axis=1)
    n = np.tanh(x @ U[2 * H :].T + np.einsum("ij,bj->bi", W[2 * H :], r * h_prev) + b[2 * H :])
    return h_prev + z * (n - h_prev)
""",
        ],
        "wrong": [
            Wrong(
                step(n="np.tanh(x @ U_h.T + r * (h_prev @ W_h.T) + b_h)"),
                "check",
                "the reset after the product",
            ),
            Wrong(step(h="z * h_prev + (1 - z) * n"), "check", "z keeps, as in torch"),
            Wrong(
                step(n="np.tanh(x @ U_h.T + h_prev @ W_h.T + b_h)"),
                "check",
                "the reset is forgotten",
            ),
            Wrong(
                step(n="np.tanh(x @ U_h.T + (r * h_prev) @ W_h + b_h)"),
                "check",
                "W transposed for rows",
            ),
            Wrong(step(n="x @ U_h.T + (r * h_prev) @ W_h.T + b_h"), "check", "no tanh"),
            Wrong(
                step(n="np.tanh(x @ U_h.T + (r * h_prev) @ W_h.T)"),
                "check",
                "no bias of the candidate",
            ),
            Wrong(
                step(n="np.tanh((r * h_prev) @ W_h.T + b_h)"),
                "check",
                "the candidate doesn't read the input",
            ),
        ],
    },
    "q3-convert": {
        "right": [
            CONVERT.format(blocks="-z, r, n"),
            """
def convert(U, W, b):
    H = len(b) // 3
    order = np.concatenate([np.arange(H, 2 * H), np.arange(H), np.arange(2 * H, 3 * H)])
    sign = np.ones(3 * H)
    sign[:H] = -1
    return sign[:, None] * U[order], sign[:, None] * W[order], sign * b[order]
""",
        ],
        "wrong": [
            Wrong(CONVERT.format(blocks="z, r, n"), "check", "the order alone"),
            Wrong(CONVERT.format(blocks="r, -z, n"), "check", "the sign alone"),
            Wrong(CONVERT.format(blocks="1 - z, r, n"), "check", "one minus the parameters"),
            Wrong(
                """
def convert(U, W, b):
    order = lambda leaf: np.concatenate([np.split(leaf, 3)[k] for k in (1, 0, 2)])
    U, W, b = order(U), order(W), order(b)
    b[: len(b) // 3] *= -1
    return U, W, b
""",
                "check",
                "negates the bias alone",
            ),
            Wrong(
                CONVERT.format(blocks="-z, r, n").replace("return new", "return [U, *new[1:]]"),
                "check",
                "U as it was",
            ),
            Wrong(
                """
def convert(U, W, b):
    new = []
    for leaf in (U, W, b):
        r, z, n = np.split(leaf, 3)
        z *= -1
        new.append(np.concatenate([z, r, n]))
    return new
""",
                "check",
                "np.split gives views: changes the arguments",
            ),
        ],
    },
    "q4-after": {
        "right": [
            after(),
            """
def back_after(g, h_prev, r, z, n, m, W):
    H = g.shape[1]
    d_h = z * g - z * n**2 * g
    rows = np.hstack([m * d_h * (r - r**2), (n - h_prev) * g * (z - z**2), r * d_h])
    dW = sum(np.outer(a, h) for a, h in zip(rows, h_prev))
    return g - z * g + np.dot(rows, W), dW, rows[:, 2 * H :].sum(axis=0)
""",
        ],
        "wrong": [
            Wrong(after(d_m="d_h"), "check", "b_hn and W_h outside of the reset"),
            Wrong(after(r_reads="h_prev"), "check", "the reset gate of the other form"),
            Wrong(after(dW_h="d_m.T @ (r * h_prev)"), "check", "W_h's gradient of the other form"),
            Wrong(after(keep="z"), "check", "the straight way with torch's z"),
            Wrong(after(back="d_m @ W_h.T"), "check", "W transposed for rows"),
            Wrong(after(back="r * (d_h @ W_h)"), "check", "the way back of the other form"),
            Wrong(after(slope=""), "check", "the slope of tanh is forgotten"),
            Wrong(after(gates="0"), "check", "the ways through both gates are forgotten"),
            Wrong(after(gates="d_z @ W_z"), "check", "the way through the reset gate is forgotten"),
            Wrong(
                after(gates="d_r @ W_r"), "check", "the way through the update gate is forgotten"
            ),
            Wrong(after(dW_h="h_prev.T @ d_m"), "check", "the gradient of W transposed"),
            Wrong(after(over="mean"), "check", "the mean over the batch"),
            Wrong(after(back="0"), "check", "the way through the candidate is forgotten"),
        ],
    },
    "q5-join": {
        "right": [
            JOIN.format(f="f1 * f2", u="f2 * u1 + u2"),
            """
def join(f1, u1, f2, u2):
    both = lambda h: f2 * (f1 * h + u1) + u2
    u = both(np.zeros_like(f1))
    return both(np.ones_like(f1)) - u, u
""",
        ],
        "wrong": [
            Wrong(JOIN.format(f="f1 * f2", u="u1 + u2"), "check", "nothing passes the second gate"),
            Wrong(JOIN.format(f="f1 * f2", u="u2"), "check", "the first input is lost"),
            Wrong(JOIN.format(f="f1 * f2", u="f1 * u2 + u1"), "check", "the second step first"),
            Wrong(JOIN.format(f="f1 + f2", u="f2 * u1 + u2"), "check", "gates added"),
            Wrong(
                """
def join(f1, u1, f2, u2):
    u1 *= f2
    u1 += u2
    return f1 * f2, u1
""",
                "hidden",
                "overwrites the caller's u1",
            ),
        ],
    },
    "q6-bias": {
        "right": [
            BIAS.format(line="np.log(np.expm1(1 / np.asarray(steps, float)))"),
            """
def slow_bias(steps):
    z = 1 - np.exp(-1.0 / np.asarray(steps))
    return np.log(z) - np.log1p(-z)
""",
        ],
        "wrong": [
            Wrong(BIAS.format(line="-np.log(np.expm1(1 / steps))"), "check", "torch's sign"),
            Wrong(BIAS.format(line="1 - np.exp(-1 / steps)"), "check", "z, not its bias"),
            Wrong(
                BIAS.format(line="np.log(1 - np.exp(-1 / steps))"),
                "check",
                "log z: sigmoid's inverse cut",
            ),
            Wrong(
                BIAS.format(line="-np.log(steps)"), "check", "the rule of thumb for long memories"
            ),
            Wrong(BIAS.format(line="-np.log(steps - 1)"), "check", "z = 1 / steps, roughly right"),
            Wrong(
                BIAS.format(line="-np.log(steps - 0.5)"),
                "check",
                "near for 10 steps, far for 1",
            ),
            Wrong(
                """
def slow_bias(steps):
    import math
    return math.log(math.expm1(1 / steps))
""",
                "hidden",
                "no arrays",
            ),
        ],
    },
}
