"""Planted answers of set 15a: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

MASK = """
def masked_weights(e, lengths):
    words = np.arange(e.shape[2]) < {lengths}
    {rest}
    return alpha
"""


def mask(rest, lengths="lengths[:, None]"):
    return MASK.format(rest=rest, lengths=lengths)


STEP = """
def decode_step(s_prev, y_prev, h, score, f, g):
    e = np.array([float(score({query}, h_j)) for h_j in h])
    alpha = {alpha}
    c = {context}
    s = f(s_prev, y_prev, c)
    p = g(y_prev, {read}, c)
    return p, s, alpha
"""


def step(query="s_prev", alpha="softmax(e)", context="h.T @ alpha", read="s"):
    return STEP.format(query=query, alpha=alpha, context=context, read=read)


GRADIENT = """
def score_gradient(alpha, h, dc):
    dalpha = dc @ h.T
    return {answer}
"""

SELF = """
def self_attention(X, W_Q, W_K, W_V, causal=False):
    Q, K, V = X @ W_Q.T, X @ W_K.T, X @ W_V.T
    T, d = Q.shape
    e = Q @ K.T / {divisor}
    if causal:
        for t in range(T):
            {hide}
    return {answer}
"""


def self_attention(divisor="np.sqrt(d)", hide="e[t, t + 1 :] = -np.inf", answer="softmax(e) @ V"):
    return SELF.format(divisor=divisor, hide=hide, answer=answer)


RATE = """
def error_rate(alpha, truth):
    sure = possible = 0
    for i in range(len(alpha)):
        j = {link}
        if truth[i, j]:
            sure += 1
            possible += {also}
        elif {free}:
            possible += 1
    return {answer}
"""


def rate(
    link="int(np.argmax(alpha[i]))",
    also="1",
    free="not truth[i].any()",
    answer="1 - (sure + possible) / (len(alpha) + truth.sum())",
):
    return RATE.format(link=link, also=also, free=free, answer=answer)


MONTH = """
def month(q, keys, months, beta):
    score = {score}
    weights = softmax({weights})
    p = np.zeros(12)
    for m, weight in zip(months, weights):
        {put}
    return p
"""


def month(
    score="keys @ q / np.linalg.norm(q) / np.linalg.norm(keys, axis=1)",
    weights="beta * score",
    put="p[m - 1] += weight",
):
    return MONTH.format(score=score, weights=weights, put=put)


PLANTED = {
    "q1-context": {
        "right": ["answer_1 = 1.75", "answer_1 = 0.5 * 2 + 0.25 * 4 - 0.25"],
        "wrong": [
            Wrong("answer_1 = 2", "check", "the annotation with the largest weight"),
            Wrong("answer_1 = 7", "check", "not normalised"),
            Wrong("answer_1 = 5 / 3", "check", "the plain mean"),
            Wrong("answer_1 = 2 * np.log(2)", "check", "weighed by the scores"),
            Wrong("answer_1 = 2.25", "hidden", "the minus sign lost"),
        ],
    },
    "q2-mask": {
        "right": [
            mask("alpha = softmax(np.where(words, e, -np.inf))"),
            mask(
                "powers = np.exp(e - np.where(words, e, -np.inf).max(axis=2, keepdims=True), where="
                "np.broadcast_to(words, e.shape), out=np.zeros(e.shape)); "
                "alpha = powers / powers.sum(axis=2, keepdims=True)"
            ),
        ],
        "wrong": [
            Wrong(mask("alpha = softmax(e)"), "check", "no mask"),
            Wrong(mask("alpha = softmax(e) * words"), "check", "masked after the softmax"),
            Wrong(mask("alpha = softmax(e * words)"), "check", "a score of 0 for filling"),
            Wrong(
                mask("alpha = softmax(np.where(words, e, -100.0))"), "check", "-100 is no infinity"
            ),
            Wrong(
                mask("alpha = softmax(np.where(words[:, None], e, -np.inf))"),
                "check",
                "lengths along the queries",
            ),
            Wrong(
                mask("alpha = softmax(np.where(words, e, -np.inf))", lengths="lengths[0]"),
                "check",
                "one length for the whole batch",
            ),
        ],
    },
    "q3-order": {
        "right": [step(), step(context="sum(a * h_j for a, h_j in zip(alpha, h))")],
        "wrong": [
            Wrong(step(read="s_prev"), "check", "the output before the new state"),
            Wrong(step(context="h.sum(axis=0)"), "check", "a sum in place of the mean"),
            Wrong(
                step(query="f(s_prev, y_prev, h.mean(axis=0))"),
                "check",
                "aligned with a new state",
            ),
            Wrong(step(alpha="e / e.sum()"), "check", "scores divided by their sum"),
            Wrong(step(context="h[alpha.argmax()]"), "check", "a choice in place of the mean"),
            Wrong(step(alpha="softmax(-e)"), "hidden", "the sign of the scores"),
        ],
    },
    "q4-gradient": {
        "right": [
            GRADIENT.format(answer="alpha * (dalpha - np.sum((alpha @ h) * dc, axis=1)[:, None])"),
            """
def score_gradient(alpha, h, dc):
    de = np.zeros(alpha.shape)
    for i in range(len(alpha)):
        c = alpha[i] @ h
        for j in range(len(h)):
            de[i, j] = alpha[i, j] * (h[j] - c) @ dc[i]
    return de
""",
        ],
        "wrong": [
            Wrong(GRADIENT.format(answer="dalpha"), "check", "the gradient of the weights"),
            Wrong(GRADIENT.format(answer="alpha * dalpha"), "check", "the sum is missing"),
            Wrong(
                GRADIENT.format(answer="dalpha - (alpha * dalpha).sum(axis=1, keepdims=True)"),
                "check",
                "the weight is missing",
            ),
            Wrong(
                GRADIENT.format(answer="alpha * (1 - alpha) * dalpha"),
                "check",
                "the diagonal of the Jacobian",
            ),
            Wrong(
                GRADIENT.format(answer="alpha * (dalpha - dalpha.mean(axis=1, keepdims=True))"),
                "check",
                "the plain mean",
            ),
        ],
    },
    "q5-self": {
        "right": [
            self_attention(),
            """
def self_attention(X, W_Q, W_K, W_V, causal=False):
    rows = []
    for t in range(len(X)):
        seen = X[: t + 1] if causal else X
        e = (seen @ W_K.T) @ (W_Q @ X[t]) / len(W_Q) ** 0.5
        rows.append(softmax(e) @ (seen @ W_V.T))
    return np.array(rows)
""",
        ],
        "wrong": [
            Wrong(self_attention(hide="e[t, :t] = -np.inf"), "check", "the mask turned round"),
            Wrong(self_attention(divisor="1"), "check", "not scaled"),
            Wrong(self_attention(divisor="d"), "check", "d in place of its root"),
            Wrong(self_attention(divisor="d**-0.5"), "check", "times the root"),
            Wrong(
                self_attention().replace(".T, ", ", ").replace("W_V.T", "W_V"),
                "check",
                "not turned",
            ),
            Wrong(
                self_attention(
                    hide="pass", answer="(softmax(e) * np.tri(T) if causal else softmax(e)) @ V"
                ),
                "check",
                "masked after the softmax",
            ),
            Wrong(
                self_attention(divisor="np.sqrt(X.shape[1])"), "hidden", "the size of X, not of Q"
            ),
            Wrong(
                self_attention(answer="softmax(e.T).T @ V"), "check", "softmax along the columns"
            ),
        ],
    },
    "q6-aer": {
        "right": [
            rate(),
            """
def error_rate(alpha, truth):
    made = np.zeros(truth.shape, bool)
    made[np.arange(len(alpha)), alpha.argmax(axis=1)] = True
    maybe = truth | ~truth.any(axis=1, keepdims=True)
    both = (made & truth).sum() + (made & maybe).sum()
    return float(1 - both / (made.sum() + truth.sum()))
""",
        ],
        "wrong": [
            Wrong(
                rate(answer="(sure + possible) / (len(alpha) + truth.sum())"),
                "check",
                "the accuracy",
            ),
            Wrong(rate(free="False"), "check", "links of empty rows count as errors"),
            Wrong(rate(also="0"), "check", "a sure link is not counted as possible"),
            Wrong(
                rate(answer="1 - (sure + possible) / (2 * len(alpha))"),
                "check",
                "true links left out below the line",
            ),
            Wrong(
                rate(link="int(np.argmax(alpha[:, i % alpha.shape[1]])) % alpha.shape[1]"),
                "check",
                "the largest of a column",
            ),
            Wrong(
                rate(answer="1 - (sure + possible) / (len(alpha) + truth.any(axis=1).sum())"),
                "hidden",
                "rows with a link in place of links",
            ),
        ],
    },
    "q7-month": {
        "right": [
            month(),
            """
def month(q, keys, months, beta):
    units = keys / np.sqrt((keys**2).sum(axis=1, keepdims=True))
    powers = np.exp(beta * (units @ (q / np.sqrt((q**2).sum()))))
    return np.bincount(months, weights=powers, minlength=13)[1:] / powers.sum()
""",
        ],
        "wrong": [
            Wrong(month(score="keys @ q"), "check", "a dot product, not a cosine"),
            Wrong(month(weights="score"), "check", "no sharpness"),
            Wrong(month(put="p[m % 12] += weight"), "check", "months counted from 0"),
            Wrong(
                month(score="keys @ q / np.linalg.norm(keys, axis=1)"), "hidden", "the length of q"
            ),
            Wrong(
                month(put="p[m - 1] = weight"), "hidden", "names of one month overwrite each other"
            ),
        ],
    },
}
