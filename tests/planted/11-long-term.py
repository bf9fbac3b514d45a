"""Planted answers of set 11: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

CHAIN = """
def across(h, W, k):
    product = np.eye(h.shape[1])
    for t in range(k + 1, len(h)):
        {line}
    return product
"""

LAGS = """
def lag_terms(h, g, W):
    T, H = len(h) - 1, h.shape[1]
    G = np.zeros((T, H, H))
    for t in range(T, 0, -1):
        delta = {delta}
        G[{place}] = np.outer(delta, {read})
        g = {back}
    return G
"""


def lags(delta="(1 - h[t] ** 2) * g", place="T - t", read="h[t - 1]", back="W.T @ delta"):
    return LAGS.format(delta=delta, place=place, read=read, back=back)


PEAK = """
def peak(W, n):
    norms = [{norm} for m in range({first}, n + 1)]
    return max(norms), norms.index(max(norms)) + {first}
"""


def peak(norm="np.linalg.norm(np.linalg.matrix_power(W, m), 2)", first=0):
    return PEAK.format(norm=norm, first=first)


def unit(w, u):
    return f"def latch_unit():\n    return {w}, {u}\n"


PLANTED = {
    "q1-power": {
        "right": [
            "answer_1 = 0.0231",
            "answer_1 = np.linalg.norm(np.linalg.matrix_power([[0, 2], [0.32, 0]], 21), 2)",
        ],
        "wrong": [
            Wrong("answer_1 = 0.8**21", "check", "the spectral radius"),
            Wrong("answer_1 = 2.0**21", "check", "the spectral norm to the power"),
            Wrong("answer_1 = 0.64**10", "check", "the twentieth power"),
            Wrong("answer_1 = 0.32 * 0.64**10", "hidden", "the smaller singular value"),
        ],
    },
    "q2-chain": {
        "right": [
            CHAIN.format(line="product = np.diag(1 - h[t] ** 2) @ W @ product"),
            """
def across(h, W, k):
    J = np.eye(h.shape[1])
    for t in reversed(range(k + 1, len(h))):
        J = (J * (1 - h[t] ** 2)) @ W
    return J
""",
        ],
        "wrong": [
            Wrong(
                CHAIN.format(line="product = product @ (np.diag(1 - h[t] ** 2) @ W)"),
                "check",
                "the later factor on the right",
            ),
            Wrong(CHAIN.format(line="product = W @ product"), "check", "no slopes"),
            Wrong(
                CHAIN.format(line="product = np.diag(1 - h[t - 1] ** 2) @ W @ product"),
                "check",
                "slope of the state before",
            ),
            Wrong(
                CHAIN.format(line="product = W @ np.diag(1 - h[t] ** 2) @ product"),
                "check",
                "slopes on the columns",
            ),
            Wrong(
                CHAIN.format(line="product = W.T @ np.diag(1 - h[t] ** 2) @ product"),
                "check",
                "the chain of the gradient",
            ),
        ],
    },
    "q3-lags": {
        "right": [
            lags(),
            """
def lag_terms(h, g, W):
    terms, delta = [], g * (1 - h[-1] * h[-1])
    for lag in range(len(h) - 1):
        terms.append(delta[:, None] * h[-2 - lag][None, :])
        delta = (delta @ W) * (1 - h[-2 - lag] ** 2)
    return np.stack(terms)
""",
        ],
        "wrong": [
            Wrong(lags(read="h[t]"), "check", "h_t in place of h_{t-1}"),
            Wrong(lags(delta="g"), "check", "no slopes"),
            Wrong(
                lags().replace("outer(delta, h[t - 1])", "outer(h[t - 1], delta)"),
                "check",
                "the outer product turned round",
            ),
            Wrong(lags(place="t - 1"), "check", "sorted by step"),
            Wrong(lags(back="W @ delta"), "check", "W without its transpose"),
            Wrong(lags(back="W.T @ g"), "check", "the slope is not passed on"),
        ],
    },
    "q4-clip": {
        "right": [
            """
def clipped(grads, theta):
    norm = np.linalg.norm(np.concatenate([g.ravel() for g in grads.values()]))
    return {name: g if norm <= theta else g * theta / norm for name, g in grads.items()}
""",
            """
def clipped(grads, theta):
    total = 0.0
    for g in grads.values():
        total += np.vdot(g, g)
    scale = theta / max(theta, np.sqrt(total))
    return {name: g * scale for name, g in grads.items()}
""",
        ],
        "wrong": [
            Wrong(
                """
def clipped(grads, theta):
    return {k: g * min(1, theta / np.linalg.norm(g)) for k, g in grads.items()}
""",
                "check",
                "one norm for each array",
            ),
            Wrong(
                """
def clipped(grads, theta):
    return {k: np.clip(g, -theta, theta) for k, g in grads.items()}
""",
                "check",
                "entry by entry",
            ),
            Wrong(
                """
def clipped(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    return {k: g * theta / norm for k, g in grads.items()}
""",
                "check",
                "short gradients are made longer",
            ),
            Wrong(
                """
def clipped(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    return {k: g / norm * min(norm, theta) for k, g in grads.items()}
""",
                "check",
                "zero divided by zero",
            ),
            Wrong(
                """
def clipped(grads, theta):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    for g in grads.values():
        g *= min(1, theta / norm)
    return grads
""",
                "check",
                "changed in place",
            ),
        ],
    },
    "q5-peak": {
        "right": [
            peak(),
            """
def peak(W, n):
    best, at, power = 1.0, 0, np.eye(len(W))
    for m in range(1, n + 1):
        power = power @ W
        size = np.sqrt(np.linalg.eigvalsh(power.T @ power).max())
        if size > best:
            best, at = size, m
    return best, at
""",
        ],
        "wrong": [
            Wrong(peak(norm="np.linalg.norm(W**m, 2)"), "check", "powers of the entries"),
            Wrong(
                peak(norm="np.abs(np.linalg.eigvals(W)).max() ** m"), "check", "the spectral radius"
            ),
            Wrong(
                peak(norm="np.linalg.norm(np.linalg.matrix_power(W, m))"),
                "check",
                "the Frobenius norm",
            ),
            Wrong(peak(first=1), "check", "power 0 left out"),
            Wrong(peak().replace("n + 1", "max(n, 1)"), "hidden", "the last power left out"),
        ],
    },
    "q6-latch": {
        "right": [unit(5.0, 2.0), unit(2.0, 0.8)],
        "wrong": [
            Wrong(unit(1.0, 1.0), "check", "no resting states"),
            Wrong(unit(0.9, 2.0), "check", "the state fades"),
            Wrong(unit(-3.0, 1.0), "check", "the sign turns at every step"),
            Wrong(unit(3.0, -1.0), "check", "the sign of the input"),
            Wrong(unit(1.75, 1.0), "check", "survives noise, not an opponent"),
            Wrong(unit(2.0, 1.3), "check", "survives weaker noise, not an opponent"),
            Wrong(unit(2.0, 1.066), "hidden", "gives way after hundreds of steps"),
        ],
    },
}
