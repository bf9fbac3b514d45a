"""Planted answers of set 15b: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

DRAWN = """
def drawn_gradient(e, j, cost, b):
    alpha = np.exp(e - e.max(axis=1, keepdims=True))
    alpha = alpha / alpha.sum(axis=1, keepdims=True)  # (B, J)
    one = np.eye(e.shape[1])[j]  # (B, J), 1 at the place drawn
    {line}
    return de
"""


def drawn(line):
    return DRAWN.format(line=line)


BASELINE = """
def best_baseline(alpha, cost):
    alpha = np.asarray(alpha)
    square = {square}
    weight = {weight}
    return (weight * cost).sum() / weight.sum()
"""


def baseline(square="1 - 2 * alpha + (alpha**2).sum()", weight="alpha * square"):
    return BASELINE.format(square=square, weight=weight)


PAIR = """
def pair(x):
    T, B, D = x.shape
    if T % 2:
        x = np.concatenate([x, {last}])
    return {pairs}


def pair_gradient(dy, T):
    first, second = dy[:, :, : dy.shape[2] // 2], dy[:, :, dy.shape[2] // 2 :]
    dx = np.stack([{order}], axis=1).reshape(-1, *first.shape[1:])
    return dx{cut}
"""


def pair(
    last="np.zeros((1, B, D))",
    pairs="np.concatenate([x[::2], x[1::2]], axis=-1)",
    order="first, second",
    cut="[:T]",
):
    return PAIR.format(last=last, pairs=pairs, order=order, cut=cut)


DISTANCE = """
def distance(a, b, cost):
    d = [[0.0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if i == 0 or j == 0:
                d[i][j] = {edge}
            else:
                replace = d[i - 1][j - 1] + {replace}
                d[i][j] = min({ways})
    return d[len(a)][len(b)]
"""


def distance(
    edge="i + j",
    replace="cost(a[i - 1], b[j - 1])",
    ways="replace, d[i - 1][j] + 1, d[i][j - 1] + 1",
):
    return DISTANCE.format(edge=edge, replace=replace, ways=ways)


PLANTED = {
    "q1-look": {
        "right": ["answer_1 = 3 / 8", "answer_1 = 0.25 * (3 - 1.5)"],
        "wrong": [
            Wrong("answer_1 = 0.75", "check", "the mean cost is not taken off"),
            Wrong("answer_1 = 1.5", "check", "the loss itself"),
            Wrong("answer_1 = -0.375", "check", "the sign"),
            Wrong("answer_1 = 0.5625", "hidden", "the slope of one weight times its own cost"),
        ],
    },
    "q2-draw": {
        "right": [
            drawn("de = one * (cost - b)[:, None] - alpha * (cost - b)[:, None]"),
            """
def drawn_gradient(e, j, cost, b):
    de = np.exp(e - np.log(np.exp(e - e.max(1)[:, None]).sum(1))[:, None] - e.max(1)[:, None])
    de = -de
    de[np.arange(len(e)), j] += 1
    return ((cost - b) * de.T).T
""",
        ],
        "wrong": [
            Wrong(drawn("de = (cost - b)[:, None] * (alpha - one)"), "check", "the sign"),
            Wrong(drawn("de = cost[:, None] * (one - alpha)"), "check", "no baseline"),
            Wrong(
                drawn("de = alpha * (cost - b)[:, None] * (one - alpha)"),
                "check",
                "weighs with alpha twice",
            ),
            Wrong(drawn("de = (cost - b) * (one - alpha)"), "check", "the costs meet the places"),
            Wrong(
                drawn("de = (cost - b)[:, None] * (one - alpha) / len(e)"),
                "check",
                "the mean over the batch",
            ),
        ],
    },
    "q3-baseline": {
        "right": [
            baseline(),
            """
def best_baseline(alpha, cost):
    J, over, under = len(alpha), 0.0, 0.0
    for j in range(J):
        u = -np.array(alpha)
        u[j] += 1
        over += alpha[j] * (u @ u) * cost[j]
        under += alpha[j] * (u @ u)
    return over / under
""",
        ],
        "wrong": [
            Wrong(baseline(weight="alpha"), "check", "the mean cost"),
            Wrong(baseline(weight="np.ones_like(alpha)"), "check", "the plain mean"),
            Wrong(baseline(weight="square"), "check", "how likely a draw is doesn't count"),
            Wrong(
                baseline(weight="alpha * np.sqrt(square)"), "check", "the length, not its square"
            ),
            Wrong(
                baseline(square="(1 - alpha) ** 2"),
                "check",
                "only the drawn place's own score",
            ),
        ],
    },
    "q4-pair": {
        "right": [
            pair(),
            """
def pair(x):
    T, B, D = x.shape
    y = np.zeros(((T + 1) // 2, B, 2 * D))
    for t in range(T):
        y[t // 2, :, (t % 2) * D : (t % 2 + 1) * D] = x[t]
    return y


def pair_gradient(dy, T):
    D = dy.shape[-1] // 2
    return np.array([dy[t // 2, :, (t % 2) * D : (t % 2 + 1) * D] for t in range(T)])
""",
        ],
        "wrong": [
            Wrong(
                pair(pairs="np.concatenate([x[: len(x) // 2], x[len(x) // 2 :]], axis=-1)"),
                "check",
                "the halves of the sequence side by side",
            ),
            Wrong(pair(last="x[-1:]"), "check", "the last step twice"),
            Wrong(
                pair(pairs="x.reshape(len(x) // 2, B, 2 * D)"),
                "check",
                "mixes the sequences of a batch",
            ),
            Wrong(
                pair().replace(
                    "np.stack([first, second], axis=1).reshape(-1, *first.shape[1:])",
                    "dy.reshape(-1, dy.shape[1], dy.shape[2] // 2)",
                ),
                "check",
                "mixes the sequences on the way back",
            ),
            Wrong(pair(cut=""), "check", "the gradient of the zeros is kept"),
        ],
    },
    "q5-edits": {
        "right": [
            distance(),
            """
def distance(a, b, cost):
    row = [float(j) for j in range(len(b) + 1)]
    for p in a:
        new = [row[0] + 1]
        for j, q in enumerate(b):
            new.append(min(row[j] + cost(p, q), row[j + 1] + 1, new[j] + 1))
        row = new
    return row[-1]
""",
        ],
        "wrong": [
            Wrong(distance(replace="(a[i - 1] != b[j - 1])"), "check", "every replacement costs 1"),
            Wrong(distance(edge="0"), "check", "a missing beginning costs nothing"),
            Wrong(distance(replace="cost(b[j - 1], a[i - 1])"), "hidden", "the cost the other way"),
            Wrong(distance(ways="replace, d[i - 1][j] + 1"), "hidden", "nothing is ever inserted"),
            Wrong(
                distance(
                    ways="replace if a[i - 1] != b[j - 1] else d[i - 1][j - 1], d[i][j - 1] + 1"
                ),
                "check",
                "nothing is ever deleted",
            ),
        ],
    },
}
