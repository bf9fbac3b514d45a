"""Planted answers of set 04: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

LEAKY = """
def leaky(x, alpha, h0=0.0):
    h = np.zeros(len(x))
    h_prev = h0
    for t in range(len(x)):
        {line}
        h_prev = h[t]
    return h
"""

UNFOLD = """
def unfold(x, h0, U, W, b):
    h = np.zeros((x.shape[0], x.shape[1], W.shape[0]))
    h_prev = h0
    for t in range(x.shape[0]):
        h[t] = {state}
        h_prev = h[t]
    return h
"""

COPIES = """
def copies(w, x, h0):
    h = np.zeros(len(x) + 1)
    h[0] = h0
    for t in range(1, len(x) + 1):
        h[t] = np.tanh(w * h[t - 1] + x[t - 1])
    g = np.zeros(len(x))
    back = 1.0
    for t in range(len(x), 0, -1):
        slope = {slope}
        g[t - 1] = {copy}
        back = {back}
    return g
"""


def copies(slope="1 - h[t] ** 2", copy="back * slope * h[t - 1]", back="back * slope * w"):
    return COPIES.format(slope=slope, copy=copy, back=back)


PLANTED = {
    "q1-state": {
        "right": ["answer_1 = 7 / 4", "answer_1 = np.float64(1.75)"],
        "wrong": [
            Wrong("answer_1 = 1.5", "check", "the slide's count of arrows: this is s_3"),
            Wrong("answer_1 = 1.875", "check", "four arrows: this is s_5"),
            Wrong("answer_1 = 2", "check", "the fixed point"),
            Wrong("answer_1 = 1.25", "hidden", "a slip in the arithmetic"),
        ],
    },
    "q2-leaky": {
        "right": [
            LEAKY.format(line="h[t] = h_prev + (1 - alpha) * (x[t] - h_prev)"),
            LEAKY.format(line="h[t] = np.dot([alpha, 1 - alpha], [h_prev, x[t]])"),
        ],
        "wrong": [
            Wrong(
                LEAKY.format(line="h[t] = (1 - alpha) * h_prev + alpha * x[t]"),
                "check",
                "alpha and 1 - alpha in each other's place",
            ),
            Wrong(
                LEAKY.format(line="h[t] = alpha * h_prev + x[t]"),
                "check",
                "the input comes in whole",
            ),
            Wrong(
                LEAKY.format(line="h[t] = alpha * h0 + (1 - alpha) * x[t]"),
                "check",
                "the first state in place of the one before",
            ),
            Wrong(
                LEAKY.format(line="h[t] = alpha * h[t - 1] + (1 - alpha) * x[t]"),
                "hidden",
                "h[-1] at the first step: h0 is lost",
            ),
        ],
    },
    "q3-unfold": {
        "right": [
            """
def unfold(x, h0, U, W, b):
    states = []
    for x_t in x:
        h0 = np.tanh(b + h0 @ W.T + x_t @ U.T)
        states.append(h0)
    return np.stack(states)
""",
            """
def unfold(x, h0, U, W, b):
    driven = np.einsum("tbd,hd->tbh", x, U) + b
    h = np.empty_like(driven)
    for t, drive in enumerate(driven):
        h[t] = np.tanh(drive + (W @ (h[t - 1] if t else h0).T).T)
    return h
""",
        ],
        "wrong": [
            Wrong(
                UNFOLD.format(state="np.tanh(x[t] @ U.T + h_prev @ W + b)"),
                "check",
                "W is not transposed for rows",
            ),
            Wrong(
                UNFOLD.format(state="np.tanh(x[t] @ U.T + h_prev @ W.T)"),
                "check",
                "the bias is forgotten",
            ),
            Wrong(
                UNFOLD.format(state="np.tanh(x[t] @ U.T + h[t - 1] @ W.T + b)"),
                "hidden",
                "h[-1] at the first step: h0 is lost",
            ),
            Wrong(
                UNFOLD.format(state="np.tanh(x[t] @ U.T + h0 @ W.T + b)"),
                "check",
                "the first state at every step",
            ),
            Wrong(
                UNFOLD.format(state="np.tanh(x[t] @ U.T + h_prev @ W.T + b)").replace(
                    "return h", "return h_prev"
                ),
                "check",
                "only the last state",
            ),
            Wrong(
                UNFOLD.format(state="np.tanh(x[t] @ U.T + h_prev @ W.T + b)\n        h0[:] = h[t]"),
                "hidden",
                "overwrites the caller's h0",
            ),
        ],
    },
    "q4-memory": {
        "right": [
            """
def steps_to_fall(lam, fraction):
    k = 0
    while abs(lam) ** k > fraction:
        k += 1
    return k
""",
            """
def steps_to_fall(lam, fraction):
    time_constant = -1 / np.log(np.abs(lam))
    return np.ceil(-time_constant * np.log(fraction))
""",
        ],
        "wrong": [
            Wrong(
                """
def steps_to_fall(lam, fraction):
    return int(math.log(fraction) / math.log(abs(lam)))
""",
                "check",
                "rounds down",
            ),
            Wrong(
                """
def steps_to_fall(lam, fraction):
    return math.floor(-1 / math.log(abs(lam)))
""",
                "check",
                "the time constant, whatever the fraction",
            ),
            Wrong(
                """
def steps_to_fall(lam, fraction):
    return math.ceil(math.log(fraction) / math.log(lam))
""",
                "hidden",
                "no logarithm of a negative lambda",
            ),
            Wrong(
                """
def steps_to_fall(lam, fraction):
    k, size = 1, abs(lam)
    while size > fraction:
        size *= abs(lam)
        k += 1
    return k
""",
                "hidden",
                "starts at 1: for the fraction 1 no step is needed",
            ),
            Wrong(
                """
def steps_to_fall(lam, fraction):
    return round(math.log(fraction) / math.log(abs(lam)))
""",
                "hidden",
                "rounds to the nearest number of steps",
            ),
        ],
    },
    "q5-copies": {
        "right": [
            copies(),
            """
def copies(w, x, h0):
    g, h = [], h0
    for x_t in x:
        h_next = np.tanh(w * h + x_t)
        g = [earlier * w * (1 - h_next**2) for earlier in g] + [h * (1 - h_next**2)]
        h = h_next
    return np.array(g)
""",
        ],
        "wrong": [
            Wrong(copies(copy="back * slope * h[t]"), "check", "the state after instead of before"),
            Wrong(copies(slope="1.0"), "check", "the slope of tanh is forgotten"),
            Wrong(copies(back="0.0"), "check", "only the last step: the immediate derivative"),
            Wrong(
                copies(copy="back * slope * (h[t - 1] if t > 1 else 0.0)"),
                "hidden",
                "takes h0 for zero",
            ),
            Wrong(copies(back="back * w"), "check", "no slope on the way"),
        ],
    },
    "q6-bug": {
        "right": [
            """
def state(f, s_1, t):
    if t < 1:
        raise ValueError("t begins at 1")
    return s_1 if t == 1 else f(state(f, s_1, t - 1))
""",
            """
def state(f, s_1, t):
    if t <= 0:
        raise ValueError
    while t > 1:
        s_1, t = f(s_1), t - 1
    return s_1
""",
        ],
        "wrong": [
            Wrong(
                """
def state(f, s_1, t):
    if t < 1:
        raise ValueError("t begins at 1")
    s = s_1
    for _ in range(t):
        s = f(s)
    return s
""",
                "check",
                "as printed, one application too many",
            ),
            Wrong(
                """
def state(f, s_1, t):
    s = s_1
    for _ in range(t - 1):
        s = f(s)
    return s
""",
                "hidden",
                "no ValueError before the first state",
            ),
            Wrong(
                """
def state(f, s_1, t):
    if t < 1:
        raise ValueError("t begins at 1")
    s = f(s_1)
    for _ in range(t - 2):
        s = f(s)
    return s
""",
                "check",
                "s_1 is never returned as it is",
            ),
            Wrong(
                """
def state(f, s_1, t):
    if t < 1:
        raise ValueError("t begins at 1")
    return f(f(s_1)) if t == 3 else s_1
""",
                "hidden",
                "right for the check's numbers only",
            ),
        ],
    },
    "q7-mean": {
        "right": [
            """
def step(h, x):
    n = h[1] + 1
    return np.array([h[0] + (x - h[0]) / n, n])


def read(h):
    return h[0]
""",
            """
def step(h, x):
    return h + np.array([x, 1.0])


def read(h):
    return h[0] / max(h[1], 1)
""",
        ],
        "wrong": [
            Wrong(
                """
def step(h, x):
    return np.array([0.5 * h[0] + 0.5 * x, h[1] + 1])


def read(h):
    return h[0]
""",
                "check",
                "an exponential average",
            ),
            Wrong(
                """
count = 0


def step(h, x):
    global count
    count = 1 if h[0] == 0 and h[1] == 0 else count + 1
    return np.array([h[0] + x, 1.0])


def read(h):
    return h[0] / count if count else 0.0
""",
                "hidden",
                "the count lies outside the state",
            ),
            Wrong(
                """
def step(h, x):
    h[0] += x
    h[1] += 1
    return h


def read(h):
    return h[0] / h[1] if h[1] else 0.0
""",
                "hidden",
                "changes the old state in place",
            ),
            Wrong(
                """
def step(h, x):
    return np.array([h[0] + x, h[1] + 1])


def read(h):
    return h[0] / h[1]
""",
                "hidden",
                "0 / 0 before the first input",
            ),
            Wrong(
                """
def step(h, x):
    return np.array([(h[0] + x) / 2 if h[1] else x, 1.0])


def read(h):
    return h[0]
""",
                "check",
                "the mean of the last mean and the input",
            ),
        ],
    },
}
