"""Planted answers of set 05: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

FORWARD = """
def forward(x, h0, U, W, b, V, c):
    h = np.zeros((len(x), *h0.shape))
    h_prev = h0
    for t in range(len(x)):
        {line}
        h_prev = h[t]
    return h, c + h @ V.T
"""

MATRIX = """
def one_matrix(weight_ih, weight_hh, bias_ih, bias_hh):
    return np.hstack([{parts}])
"""

LOSS = """
def masked_loss(o, y, mask):
    logits = {logits}
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    y_hat, true = np.exp(log_p), np.eye(o.shape[-1])[y]
    p = np.take_along_axis({p}, y[..., None], axis=-1)[..., 0]
    N = {N}
    L = {L}
    do = {do}
    return L, do
"""


def masked(
    logits="o - o.max(axis=-1, keepdims=True)",
    N="mask.sum()",
    p="log_p",
    L="-np.where(mask == 1, p, 0).sum() / N",
    do="(y_hat - true) * mask[:, :, None] / N",
):
    return LOSS.format(logits=logits, N=N, p=p, L=L, do=do)


LOOP = """
def output_loop_gradients(o, do, S):
    g = do{copied}
    for t in range(len(do) - 2, -1, -1):
        g[t] = do[t] + {back}
    dS = {dS}
    return g, dS
"""


def loop(back="g[t + 1] @ S", dS="sum(g[t].T @ o[t - 1] for t in range(1, len(o)))", **given):
    dS = f"np.zeros_like(S) + {dS}"
    return LOOP.format(back=back, dS=dS, copied=given.get("copied", ".copy()"))


DRAW = """
def draw(o, u):
    p = np.exp(o - o.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    {line}
"""

LOOKBACK = """
def lookback(run, x):
    before = run(x){last}
    for k in {order}:
        moved = x{copy}
        moved[{row}] += 0.5
        if {acts}:
            return k
    return -1
"""


def lookback(
    order="range(len(x) - 1, -1, -1)",
    row="-1 - k",
    copy=".copy()",
    acts="(run(moved)[-1] != before).any()",
    last="[-1]",
):
    return LOOKBACK.format(order=order, row=row, copy=copy, acts=acts, last=last)


PLANTED = {
    "q1-by-hand": {
        "right": ["answer_1 = 4", "answer_1 = 1 + 3 * max(0, -1 + 0.5 * 0 + 2 * 1)"],
        "wrong": [
            Wrong("answer_1 = 1.75", "check", "the relu is forgotten at step 2"),
            Wrong("answer_1 = 1", "check", "the state, not the output"),
            Wrong("answer_1 = 3", "check", "the readout's bias is forgotten"),
            Wrong("answer_1 = 7", "hidden", "the hidden bias is forgotten at step 3"),
        ],
    },
    "q2-forward": {
        "right": [
            FORWARD.format(line="h[t] = np.tanh(x[t] @ U.T + (W @ h_prev.T).T + b)"),
            FORWARD.format(
                line="h[t] = np.tanh(np.concatenate([x[t], h_prev], axis=1) @ np.hstack([U, W]).T + b)"
            ),
        ],
        "wrong": [
            Wrong(
                FORWARD.format(line="h[t] = np.tanh(b + h_prev @ W + x[t] @ U.T)"),
                "check",
                "W not transposed for rows",
            ),
            Wrong(
                FORWARD.format(line="h[t] = np.tanh(b + W @ h_prev + x[t] @ U.T)"),
                "check",
                "columns where rows are: fits one sequence of one unit alone",
            ),
            Wrong(
                FORWARD.format(line="h[t] = b + h_prev @ W.T + x[t] @ U.T"),
                "check",
                "no activation",
            ),
            Wrong(
                FORWARD.format(line="h[t] = np.tanh(b + x[t] @ U.T)"),
                "check",
                "the recurrence is forgotten",
            ),
            Wrong(
                FORWARD.format(line="h[t] = np.tanh(b + h[t] @ W.T + x[t] @ U.T)"),
                "check",
                "reads the state that is just being made, still zero",
            ),
            Wrong(
                FORWARD.format(line="h[t] = np.tanh(h_prev @ W.T + x[t] @ U.T)"),
                "check",
                "the bias is forgotten",
            ),
        ],
    },
    "q3-one-matrix": {
        "right": [
            MATRIX.format(parts="weight_ih, weight_hh, (bias_ih + bias_hh).reshape(-1, 1)"),
            """
def one_matrix(weight_ih, weight_hh, bias_ih, bias_hh):
    H, D = weight_ih.shape
    M = np.zeros((H, D + H + 1))
    M[:, :D], M[:, D:-1] = weight_ih, weight_hh
    M[:, -1] = bias_ih + bias_hh
    return M
""",
        ],
        "wrong": [
            Wrong(
                MATRIX.format(parts="weight_ih, weight_hh, bias_ih[:, None], bias_hh[:, None]"),
                "check",
                "two columns for one sum",
            ),
            Wrong(
                MATRIX.format(parts="weight_hh, weight_ih, (bias_ih + bias_hh)[:, None]"),
                "check",
                "the state before the input",
            ),
            Wrong(
                MATRIX.format(parts="weight_ih, weight_hh, bias_ih[:, None]"),
                "check",
                "one of the two biases is lost",
            ),
            Wrong(
                MATRIX.format(parts="weight_ih, weight_hh.T, (bias_ih + bias_hh)[:, None]"),
                "hidden",
                "W transposed: no error of shapes",
            ),
            Wrong(
                """
def one_matrix(weight_ih, weight_hh, bias_ih, bias_hh):
    bias_ih += bias_hh
    return np.hstack([weight_ih, weight_hh, bias_ih[:, None]])
""",
                "hidden",
                "overwrites the caller's bias",
            ),
        ],
    },
    "q4-masked": {
        "right": [
            masked(),
            """
def masked_loss(o, y, mask):
    do, total = np.zeros(o.shape), 0.0
    for t, n in zip(*np.nonzero(mask)):
        shifted = o[t, n] - o[t, n].max()
        log_sum = np.log(np.exp(shifted).sum())
        total += log_sum - shifted[y[t, n]]
        do[t, n] = np.exp(shifted - log_sum)
        do[t, n, y[t, n]] -= 1
    return total / mask.sum(), do / mask.sum()
""",
        ],
        "wrong": [
            Wrong(masked(L="np.where(mask == 1, p, 0).sum() / N"), "check", "the lost minus"),
            Wrong(masked(p="np.log(y_hat)"), "check", "the logarithm of a probability that is 0"),
            Wrong(masked(N="mask.size"), "check", "divides by all steps"),
            Wrong(masked(do="(y_hat - true) / N"), "check", "the gradient is not masked"),
            Wrong(masked(do="(true - y_hat) * mask[:, :, None] / N"), "check", "the turned sign"),
            Wrong(masked(do="(y_hat - true) * mask[:, :, None]"), "check", "no division by N"),
            Wrong(masked(logits="o"), "check", "overflows"),
        ],
    },
    "q5-output-loop": {
        "right": [
            loop(),
            """
def output_loop_gradients(o, do, S):
    T, B, K = do.shape
    g = np.zeros((T + 1, B, K))
    for t in range(T)[::-1]:
        g[t] = do[t] + (S.T @ g[t + 1].T).T
    before = np.concatenate([np.zeros((1, B, K)), o[:-1]])
    return g[:T], np.tensordot(g[:T], before, axes=([0, 1], [0, 1]))
""",
        ],
        "wrong": [
            Wrong(loop(back="0 * g[t + 1]"), "check", "nothing comes back from the next output"),
            Wrong(loop(back="do[t + 1] @ S"), "check", "the immediate gradient is passed back"),
            Wrong(
                loop(dS="sum(g[t].T @ o[t] for t in range(len(o)))"),
                "check",
                "the output after instead of before",
            ),
            Wrong(loop(back="g[t + 1] @ S.T"), "check", "S transposed for rows"),
            Wrong(
                loop(dS="sum(o[t - 1].T @ g[t] for t in range(1, len(o)))"),
                "check",
                "a transposed square gradient",
            ),
            Wrong(loop(copied=""), "hidden", "overwrites the caller's do"),
        ],
    },
    "q6-sample": {
        "right": [
            DRAW.format(
                line="return np.array([min(np.searchsorted(np.cumsum(q), v, side='right'),"
                " len(q) - 1) for q, v in zip(p, u)])"
            ),
            DRAW.format(
                line="return np.minimum((np.cumsum(p, axis=1) <= u[:, None]).sum(axis=1),"
                " p.shape[1] - 1)"
            ),
        ],
        "wrong": [
            Wrong(DRAW.format(line="return p.argmax(axis=1)"), "check", "the largest"),
            Wrong(
                DRAW.format(line="return (np.cumsum(p, axis=1) <= u[:, None]).sum(axis=1)"),
                "check",
                "the cumulated sum ends at 0.9999: class K is drawn",
            ),
            Wrong(
                DRAW.format(
                    line="return np.minimum((np.cumsum(p, axis=1) < u[:, None]).sum(axis=1),"
                    " p.shape[1] - 1)"
                ),
                "check",
                "the left end is given to the interval before",
            ),
            Wrong(
                DRAW.format(line="return (np.cumsum(p, axis=1) > u[:, None]).sum(axis=1)"),
                "check",
                "counts the ends above u",
            ),
            Wrong(
                DRAW.format(line="return (p <= u[:, None]).sum(axis=1)"),
                "check",
                "forgets to cumulate",
            ),
            Wrong(
                """
def draw(o, u):
    p = np.exp(o)
    p = p / p.sum(axis=1, keepdims=True)
    return np.minimum((np.cumsum(p, axis=1) <= u[:, None]).sum(axis=1), p.shape[1] - 1)
""",
                "hidden",
                "overflows",
            ),
        ],
    },
    "q7-lookback": {
        "right": [
            lookback(),
            """
def lookback(run, x):
    T, lags = len(x), [-1]
    before = np.asarray(run(x))[-1].copy()
    for t in range(T):
        nudge = np.zeros_like(x)
        nudge[t] = 0.5
        if not np.array_equal(np.asarray(run(x + nudge))[-1], before):
            lags.append(T - 1 - t)
    return max(lags)
""",
        ],
        "wrong": [
            Wrong(lookback(order="range(len(x))"), "check", "the smallest lag that acts"),
            Wrong(
                """
def lookback(run, x):
    before, k = run(x)[-1], 0
    while k < len(x):
        moved = x.copy()
        moved[-1 - k] += 0.5
        if not (run(moved)[-1] != before).any():
            break
        k += 1
    return k - 1
""",
                "check",
                "stops at the first lag without effect",
            ),
            Wrong(
                lookback().replace("return k\n", "return k + 1\n"), "check", "counts lags from one"
            ),
            Wrong(lookback(row="-k"), "check", "row -k is not lag k: lag 0 moves the first input"),
            Wrong(lookback(copy=""), "check", "changes x in place, and the changes add up"),
            Wrong(
                lookback(acts="(run(moved) != before).any()", last=""),
                "hidden",
                "looks at all outputs, not at the last",
            ),
            Wrong(
                lookback(acts="(run(moved)[-1] != before).all()"),
                "hidden",
                "asks for a change of every entry",
            ),
        ],
    },
}
