"""Planted answers of set 09: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

TURN = """
def turned(x, lengths):
    out = x.copy()
    for n, length in enumerate(lengths):
        {line}
    return out
"""

BOTH = """
def both_ways(x, lengths, ahead, back):
    T, B, D = x.shape
    H = len(ahead[2])
    h = np.zeros((T, B, 2 * H))
    for n in range(B):
        U, W, b = ahead
        state = np.zeros(H)
        for t in range({length}):
            state = np.tanh(x[t, n] @ U.T + state @ W.T + b)
            h[t, n, :H] = state
        U, W, b = {second}
        state = np.zeros(H)
        for t in range({start} - 1, -1, -1):
            state = np.tanh(x[t, n] @ U.T + state @ W.T + b)
            h[{row}, n, H:] = state
    return h
"""


def both(length="lengths[n]", second="back", start="lengths[n]", row="t"):
    return BOTH.format(length=length, second=second, start=start, row=row)


SKIP = """
def skip_deltas(h, do, V, W, Wd, d):
    T = len(h)
    delta = np.zeros((T + d, *h.shape[1:]))
    for t in range(T - 1, -1, -1):
        from_skip = {skip}
        delta[t] = {delta}
    return delta[:T]
"""


def skip(
    skip="delta[t + d] @ Wd", delta="(1 - h[t] ** 2) * (do[t] @ V + delta[t + 1] @ W + from_skip)"
):
    return SKIP.format(skip=skip, delta=delta)


MASK = """
def masked_states(x, h0, U, W, b, mask):
    h = h0
    out = []
    for t in range(len(x)):
        h = {line}
        out.append({out})
    return np.array(out)
"""


def masked(line="np.tanh((h * mask) @ W.T + x[t] @ U.T + b)", out="h"):
    return MASK.format(line=line, out=out)


NORM = """
def layer_norm(a, gamma, beta, eps=1e-5):
    mean = {mean}
    variance = {variance}
    return {result}
"""


def norm(
    mean="a.mean(axis=1)[:, None]",
    variance="a.var(axis=1)[:, None]",
    result="(a - mean) / np.sqrt(variance + eps) * gamma + beta",
):
    return NORM.format(mean=mean, variance=variance, result=result)


PLANTED = {
    "q1-path": {
        "right": ["answer_1 = 11", "answer_1 = 2 + 4 * 2 + 1"],
        "wrong": [
            Wrong("answer_1 = 6", "check", "the network without z"),
            Wrong("answer_1 = 7", "check", "with a skip connection"),
            Wrong("answer_1 = 10", "check", "the last arrow is forgotten"),
            Wrong("answer_1 = 13", "hidden", "five steps of time instead of four"),
        ],
    },
    "q2-turn": {
        "right": [
            TURN.format(line="out[:length, n] = np.flip(x[:length, n], axis=0)"),
            TURN.format(
                line="for t in range(length):\n            out[t, n] = x[length - 1 - t, n]"
            ),
        ],
        "wrong": [
            Wrong(TURN.format(line="out[:, n] = x[::-1, n]"), "check", "the whole array"),
            Wrong(
                TURN.format(line="out[:length] = x[:length][::-1]"),
                "check",
                "every sequence at the end of this one",
            ),
            Wrong(
                TURN.format(line="x[:length, n] = x[:length, n][::-1].copy()\n        out = x"),
                "check",
                "changes the argument",
            ),
            Wrong(
                TURN.format(line="out[:length, n] = x[length - 1 :: -1, n]"),
                "check",
                "length 0 begins at the last row",
            ),
        ],
    },
    "q3-both": {
        "right": [
            both(),
            """
def both_ways(x, lengths, ahead, back):
    T, B, D = x.shape
    lengths = np.asarray(lengths)
    halves = []
    for (U, W, b), steps in ((ahead, range(T)), (back, range(T - 1, -1, -1))):
        state, rows = np.zeros((B, len(b))), np.zeros((T, B, len(b)))
        for t in steps:
            real = (t < lengths)[:, None]
            state = np.where(real, np.tanh(x[t] @ U.T + state @ W.T + b), state)
            rows[t] = np.where(real, state, 0)
        halves.append(rows)
    return np.concatenate(halves, axis=-1)
""",
        ],
        "wrong": [
            Wrong(both(start="T"), "check", "the backward chain starts in the padding"),
            Wrong(both(row="lengths[n] - 1 - t"), "check", "the backward states are not put back"),
            Wrong(both(second="ahead"), "check", "one set of weights for both directions"),
            Wrong(both(length="T"), "check", "the forward chain writes into the padding"),
            Wrong(
                both().replace("    return h", "    return np.roll(h, H, axis=-1)"),
                "check",
                "the backward states come first",
            ),
        ],
    },
    "q4-skip": {
        "right": [
            skip(),
            """
def skip_deltas(h, do, V, W, Wd, d):
    dh = do @ V
    delta = np.zeros(h.shape)
    for t in reversed(range(len(h))):
        delta[t] = (1 - h[t] ** 2) * dh[t]
        if t >= 1:
            dh[t - 1] += delta[t] @ W
        if t >= d:
            dh[t - d] += delta[t] @ Wd
    return delta
""",
        ],
        "wrong": [
            Wrong(skip(skip="0"), "check", "the skip is forgotten"),
            Wrong(skip(skip="delta[t + d] @ W"), "check", "the skip with the chain's matrix"),
            Wrong(skip(skip="delta[t + d - 1] @ Wd"), "check", "one step too early"),
            Wrong(skip(skip="delta[t + d] @ Wd.T"), "check", "Wd transposed for rows"),
            Wrong(
                skip(delta="(1 - h[t] ** 2) * (do[t] @ V + delta[t + 1] @ W) + from_skip"),
                "check",
                "no slope on what comes over the skip",
            ),
        ],
    },
    "q5-mask": {
        "right": [
            masked(),
            """
def masked_states(x, h0, U, W, b, mask):
    h = np.zeros((len(x) + 1, *h0.shape))
    h[0] = h0
    for t, x_t in enumerate(x):
        h[t + 1] = np.tanh(b + np.einsum("ij,bj,bj->bi", W, mask, h[t]) + x_t @ U.T)
    return h[1:]
""",
        ],
        "wrong": [
            Wrong(
                masked("mask * np.tanh(h @ W.T + x[t] @ U.T + b)"), "check", "drops what comes out"
            ),
            Wrong(
                masked("np.tanh((h * mask if t == 0 else h) @ W.T + x[t] @ U.T + b)"),
                "check",
                "the mask at the first step only",
            ),
            Wrong(
                masked("np.tanh((h * mask if t else h) @ W.T + x[t] @ U.T + b)"),
                "check",
                "h0 without the mask",
            ),
            Wrong(
                masked("np.tanh(mask * (h @ W.T) + x[t] @ U.T + b)"),
                "check",
                "the mask behind W instead of before it",
            ),
            Wrong(
                masked("np.tanh((h * mask) @ W.T + x[t] @ U.T * mask + b)"),
                "check",
                "the input is dropped too",
            ),
        ],
    },
    "q6-norm": {
        "right": [
            norm(),
            """
def layer_norm(a, gamma, beta, eps=1e-5):
    centred = (a.T - a.mean(axis=1)).T
    std = np.sqrt(np.mean(centred**2, axis=1) + eps)
    return gamma * (centred.T / std).T + beta
""",
        ],
        "wrong": [
            Wrong(norm("a.mean(axis=0)", "a.var(axis=0)"), "check", "as found: over the batch"),
            Wrong(norm("a.mean(axis=1)", "a.var(axis=1)"), "check", "without keepdims"),
            Wrong(norm("a.mean()", "a.var()"), "check", "over everything"),
            Wrong(
                norm(result="(a - mean) / (variance + eps) * gamma + beta"),
                "check",
                "divides by the variance",
            ),
            Wrong(
                norm(result="(a - mean) / np.sqrt(variance + eps)"),
                "check",
                "gamma and beta are forgotten",
            ),
            Wrong(
                norm(result="(a - mean) / np.sqrt(variance) * gamma + beta"),
                "hidden",
                "eps is forgotten",
            ),
        ],
    },
}
