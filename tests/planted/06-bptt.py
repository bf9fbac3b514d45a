"""Planted answers of set 06: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

OUTPUT = """
def output_gradient(o, y):
    y_hat = np.exp(o - o.max(axis=-1, keepdims=True))
    y_hat = y_hat / y_hat.sum(axis=-1, keepdims=True)  # (T, B, K)
    e = np.eye(o.shape[-1])[y]  # (T, B, K), 1 at the target
    {line}
    return do
"""

DELTAS = """
def deltas(h, do, V, W):
    delta = np.zeros(h.shape)
    delta_next = np.zeros(h.shape[1:])
    for t in range(len(h) - 1, {first}, -1):
        delta[t] = {delta}
        delta_next = delta[t]
    return delta
"""


def deltas(delta, first=-1):
    return DELTAS.format(delta=delta, first=first)


GRADIENTS = """
def gradients(x, h, h0, delta, do, W):
    T, B, H = h.shape
    dU, dW, dV = 0.0, 0.0, 0.0
    for t in range(T):
        h_prev = {h_prev}
        dU = dU + delta[t].T @ x[t]
        dW = dW + {dW}
        dV = dV + do[t].T @ h[t]
    db = delta.sum(axis=0).sum(axis=0)
    dc = do.sum(axis=0).sum(axis=0)
    grads = dict(U=dU, W=dW, b=db, V=dV, c=dc, h0={dh0})
    return grads
"""


def gradients(h_prev="h[t - 1] if t else h0", dW="delta[t].T @ h_prev", dh0="delta[0] @ W"):
    return GRADIENTS.format(h_prev=h_prev, dW=dW, dh0=dh0)


TRUNCATED = """
def truncated_deltas(h, do, V, W, window):
    delta = np.zeros_like(h)
    message = np.zeros_like(h[0])
    for t in range(len(h) - 1, -1, -1):
        if {cut}:
            message = np.zeros_like(h[0])
        delta[t] = (1 - h[t] ** 2) * (do[t] @ V + message)
        message = delta[t] @ W
    return delta
"""

SGD = """
def sgd_step(w, x, y, lr):
    h, dh_dw, gradient = 0.0, 0.0, 0.0
    for t in range(len(x)):
        dh_dw = {dh_dw}
        h = w * h + x[t]
        gradient {collect} (h - y[t]) * dh_dw
    return {new}
"""


def sgd(dh_dw="h + w * dh_dw", collect="+=", new="w - lr * gradient"):
    return SGD.format(dh_dw=dh_dw, collect=collect, new=new)


LEAKY = """
def leaky_deltas(s, do, V, W, alpha):
    delta = np.zeros_like(s)
    dh_next = delta_next = np.zeros_like(s[0])
    for t in range(len(s) - 1, -1, -1):
        dh = {dh}
        delta[t] = {delta}
        dh_next, delta_next = dh, delta[t]
    return delta
"""


def leaky(
    dh="do[t] @ V + alpha * dh_next + delta_next @ W",
    delta="(1 - alpha) * (1 - s[t] ** 2) * dh",
):
    return LEAKY.format(dh=dh, delta=delta)


PLANTED = {
    "q1-total": {
        "right": ["answer_1 = 2", "answer_1 = 1 + 0.5 * 2 + 0.25 * 0"],
        "wrong": [
            Wrong("answer_1 = 1", "check", "the immediate derivative, with h_2 held fixed"),
            Wrong("answer_1 = 2.5", "check", "the state after instead of before"),
            Wrong("answer_1 = 1.5", "check", "the loss itself"),
            Wrong("answer_1 = 3", "hidden", "the factor w on the way from step 2 is forgotten"),
        ],
    },
    "q2-softmax": {
        "right": [
            OUTPUT.format(line="do = np.where(e == 1, y_hat - 1, y_hat)"),
            OUTPUT.format(line="do = e * (y_hat - 1) + (1 - e) * y_hat"),
        ],
        "wrong": [
            Wrong(OUTPUT.format(line="do = e - y_hat"), "check", "the slide's sign"),
            Wrong(
                OUTPUT.format(line="do = -e / y_hat"), "check", "the gradient at y_hat, not at o"
            ),
            Wrong(
                OUTPUT.format(line="do = (y_hat - e) / y.size"), "hidden", "the mean, not the sum"
            ),
            Wrong(
                OUTPUT.format(line="do = y_hat - y[..., None]"), "check", "the index, not one-hot"
            ),
            Wrong(OUTPUT.format(line="do = (y_hat - e) * e"), "check", "only the target's entry"),
        ],
    },
    "q3-delta": {
        "right": [
            deltas("(1 - h[t] ** 2) * (do[t] @ V + delta_next @ W)"),
            """
def deltas(h, do, V, W):
    T, B, H = h.shape
    VW = np.concatenate([V, W])  # the stacked form
    delta = np.zeros((T + 1, B, H))
    for t in range(T)[::-1]:
        delta[t] = (1 - np.square(h[t])) * (np.concatenate([do[t], delta[t + 1]], axis=1) @ VW)
    return delta[:T]
""",
        ],
        "wrong": [
            Wrong(deltas("h[t] * (do[t] @ V + delta_next @ W)"), "check", "the slide's g for g'"),
            Wrong(
                deltas("(1 - h[t] ** 2) * (do[t] @ V + delta_next @ W.T)"),
                "check",
                "W transposed for rows",
            ),
            Wrong(
                deltas("(1 - h[t] ** 2) * (do[t] @ V)"), "check", "nothing comes from the future"
            ),
            Wrong(
                deltas("do[t] @ V + delta_next @ W"),
                "check",
                "no slope: a mixture of two gradients",
            ),
            Wrong(
                deltas("(1 - np.tanh(h[t]) ** 2) * (do[t] @ V + delta_next @ W)"),
                "check",
                "tanh applied twice",
            ),
            Wrong(
                deltas("(1 - np.square(h[t], out=h[t])) * (do[t] @ V + delta_next @ W)"),
                "hidden",
                "overwrites the caller's h",
            ),
            Wrong(
                deltas("(1 - h[t] ** 2) * (do[t] @ V + delta_next @ W)", first=0),
                "check",
                "the loop ends before the first step",
            ),
        ],
    },
    "q4-gradients": {
        "right": [
            gradients(),
            """
def gradients(x, h, h0, delta, do, W):
    def rows(array):
        return array.reshape(-1, array.shape[-1])

    h_prev = np.concatenate([h0[np.newaxis], h])[:-1]
    grads = {"U": rows(delta).T @ rows(x), "W": rows(delta).T @ rows(h_prev), "b": rows(delta).sum(0)}
    return grads | {"V": rows(do).T @ rows(h), "c": rows(do).sum(0), "h0": (W.T @ delta[0].T).T}
""",
        ],
        "wrong": [
            Wrong(gradients(h_prev="h[t]"), "check", "the state after instead of before"),
            Wrong(gradients(h_prev="h[t - 1] if t else 0 * h0"), "check", "takes h0 for zero"),
            Wrong(gradients(dh0="delta[0]"), "check", "stops at a_1"),
            Wrong(gradients(dW="h_prev.T @ delta[t]"), "hidden", "a transposed square gradient"),
            Wrong(gradients(dh0="delta[0] @ W.T"), "hidden", "W transposed for rows"),
            Wrong(
                gradients().replace(
                    "return grads",
                    "return {k: g if k == 'h0' else g / B for k, g in grads.items()}",
                ),
                "hidden",
                "the mean over the batch",
            ),
        ],
    },
    "q5-window": {
        "right": [
            TRUNCATED.format(cut="(t + 1) % window == 0"),
            """
def truncated_deltas(h, do, V, W, window):
    pieces = []
    for start in range(0, len(h), window):
        h_part, do_part = h[start : start + window], do[start : start + window]
        delta, back = np.empty_like(h_part), 0.0
        for t in reversed(range(len(h_part))):
            delta[t] = (1 - h_part[t] ** 2) * (do_part[t] @ V + back)
            back = delta[t] @ W
        pieces.append(delta)
    return np.concatenate(pieces)
""",
        ],
        "wrong": [
            Wrong(TRUNCATED.format(cut="False"), "check", "nothing is cut"),
            Wrong(TRUNCATED.format(cut="t % window == 0"), "check", "cuts one step too early"),
            Wrong(
                TRUNCATED.format(cut="(len(h) - 1 - t) % window == 0"),
                "check",
                "counts the windows from the end",
            ),
            Wrong(
                TRUNCATED.format(cut="t + 1 == window"), "hidden", "cuts at the first border only"
            ),
            Wrong(
                TRUNCATED.format(cut="(t + 1) % window == 0").replace(
                    "message = np.zeros_like(h[0])\n        delta",
                    "message = np.zeros_like(h[0])\n            continue\n        delta",
                ),
                "check",
                "loses the border step's own loss",
            ),
        ],
    },
    "q6-bug": {
        "right": [
            sgd(),
            """
def sgd_step(w, x, y, lr):
    states = [0.0]
    for x_t in x:
        states.append(w * states[-1] + x_t)
    gradient, delta = 0.0, 0.0
    for t in range(len(x), 0, -1):
        delta = states[t] - y[t - 1] + w * delta
        gradient += delta * states[t - 1]
    return w - lr * gradient
""",
        ],
        "wrong": [
            Wrong(
                """
def sgd_step(w, x, y, lr):
    h, dh_dw = 0.0, 0.0
    for x_t, y_t in zip(x, y):
        dh_dw = h + w * dh_dw
        h = w * h + x_t
        w = w - lr * (h - y_t) * dh_dw
    return w
""",
                "check",
                "as printed: updates on the way",
            ),
            Wrong(sgd(dh_dw="h"), "check", "the immediate derivative"),
            Wrong(sgd(new="w - lr * gradient / len(x)"), "check", "the mean over the steps"),
            Wrong(sgd(collect="="), "check", "only the last step's loss"),
            Wrong(sgd(new="w + lr * gradient"), "check", "up the gradient"),
            Wrong(
                sgd(dh_dw="h + 0.5 * dh_dw"), "hidden", "the check's weight written into the code"
            ),
        ],
    },
    "q7-leaky": {
        "right": [
            leaky(),
            """
def leaky_deltas(s, do, V, W, alpha):
    slope = (1 - alpha) * (1 - s * s)
    at_h = do @ V
    for t in range(len(s) - 2, -1, -1):
        at_h[t] += alpha * at_h[t + 1] + (slope[t + 1] * at_h[t + 1]) @ W
    return slope * at_h
""",
        ],
        "wrong": [
            Wrong(
                leaky(dh="do[t] @ V + delta_next @ W"), "check", "the straight arrow is forgotten"
            ),
            Wrong(
                leaky(dh="do[t] @ V + alpha * delta_next + delta_next @ W"),
                "check",
                "delta in place of the gradient at h",
            ),
            Wrong(leaky(delta="(1 - s[t] ** 2) * dh"), "check", "no factor 1 - alpha"),
            Wrong(
                leaky(
                    "do[t] @ V + (1 - alpha) * dh_next + delta_next @ W",
                    "alpha * (1 - s[t] ** 2) * dh",
                ),
                "check",
                "alpha and 1 - alpha in each other's place",
            ),
            Wrong(
                leaky(dh="do[t] @ V + alpha * dh_next + delta_next @ W.T"),
                "hidden",
                "W transposed for rows",
            ),
        ],
    },
}
