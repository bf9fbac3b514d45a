"""Planted answers of set 16b: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

FLIP = """
def flip_change(W, s):
    field = s @ W  # (B, n)
    {line}
    return change
"""


def flip(line):
    return FLIP.format(line=line)


GRADIENT = """
def retrieve_gradient(X, s, beta, dy):
    p = softmax(beta * s @ X.T)
    dp = dy @ X.T
    dz = {dz}
    ds = {ds}
    dX = {dX}
    dbeta = {dbeta}
    return ds, dX, dbeta
"""


def gradient(
    dz="p * dp - p * (p * dp).sum(axis=1)[:, None]",
    ds="beta * (dz @ X)",
    dX="p.T @ dy + beta * (dz.T @ s)",
    dbeta="np.sum(dz * (s @ X.T))",
):
    return GRADIENT.format(dz=dz, ds=ds, dX=dX, dbeta=dbeta)


POP = """
def pop(s, u, v):
    left, taken = np.zeros(s.shape), np.zeros((len(s), v.shape[2]))
    for b in range(len(s)):
        for i in range(s.shape[1]):
            above = {above}
            left[b, i] = {left}
            taken[b] += {share} * v[b, i]
    return left, taken
"""


def pop(
    above="s[b, i + 1 :].sum()",
    left="max(0, s[b, i] - max(0, u[b] - above))",
    share="(s[b, i] - left[b, i])",
):
    return POP.format(above=above, left=left, share=share)


ALLOCATE = """
def allocate(u, K):
    B, N = u.shape
    {copy}
    a = np.zeros((B, K, N))
    for k in range(K):
        for b in range(B):
            over = 1.0
            for place, i in enumerate({order}):
                {before}
                a[b, k, {where}] = {weight}
                {after}
        {used}
    return a
"""


def allocate(
    copy="u = u.copy()",
    order='np.argsort(u[b], kind="stable")',
    before="pass",
    where="i",
    weight="(1 - u[b, i]) * over",
    after="over = over * u[b, i]",
    used="u = u + a[:, k] - u * a[:, k]",
):
    return ALLOCATE.format(
        copy=copy,
        order=order,
        before=before,
        where=where,
        weight=weight,
        after=after,
        used=used,
    )


PLANTED = {
    "q1-downhill": {
        "right": ["answer_1 = -1 / 2", "answer_1 = 1.5 - 2 * 0.75 - 2 * 0.25"],
        "wrong": [
            Wrong("answer_1 = 0.0", "check", "stops after the first update"),
            Wrong("answer_1 = -1.0", "check", "no half before the sum"),
            Wrong("answer_1 = -2.0", "check", "keeps the diagonal, or forgets the division by n"),
            Wrong("answer_1 = 0.5", "check", "the sign"),
            Wrong("answer_1 = 1.5", "check", "the energy at the start"),
            Wrong("answer_1 = -0.25", "hidden", "the half twice"),
        ],
    },
    "q2-flip": {
        "right": [
            flip("change = 2 * s * (field - s * np.diag(W))"),
            """
def flip_change(W, s):
    alone = W * (1 - np.eye(len(W)))  # without the diagonal
    change = np.zeros(s.shape)
    for i in range(len(W)):
        change[:, i] = 2 * s[:, i] * (s @ alone[i])
    return change
""",
        ],
        "wrong": [
            Wrong(flip("change = -2 * s * field + 2 * np.diag(W)"), "check", "the sign"),
            Wrong(flip("change = s * field - np.diag(W)"), "check", "the factor 2"),
            Wrong(flip("change = 2 * s * field"), "check", "the diagonal counts as if it changed"),
            Wrong(flip("change = 2 * field"), "check", "the unit's own sign is missing"),
            Wrong(
                flip("change = 2 * s * field - np.diag(W)"),
                "check",
                "half of the diagonal is taken off",
            ),
            Wrong(
                flip("change = 2 * (s * field).sum(axis=1) - 2 * np.trace(W)"),
                "check",
                "all units at once",
            ),
        ],
    },
    "q3-gradient": {
        "right": [
            gradient(),
            """
def retrieve_gradient(X, s, beta, dy):
    ds, dX, dbeta = np.zeros(s.shape), np.zeros(X.shape), 0.0
    for b in range(len(s)):
        p = np.exp(beta * X @ s[b])
        p = p / p.sum()
        J = np.diag(p) - np.outer(p, p)
        g = J @ X @ dy[b]
        ds[b] = beta * X.T @ g
        dX += np.outer(p, dy[b]) + beta * np.outer(g, s[b])
        dbeta += g @ X @ s[b]
    return ds, dX, dbeta
""",
        ],
        "wrong": [
            Wrong(gradient(dX="p.T @ dy"), "check", "the patterns as values alone"),
            Wrong(gradient(dX="beta * (dz.T @ s)"), "check", "the patterns as keys alone"),
            Wrong(gradient(ds="dz @ X"), "check", "no beta in the gradient of the state"),
            Wrong(gradient(dz="p * dp"), "check", "the mean is not taken off in the softmax"),
            Wrong(gradient(dz="dp"), "check", "no softmax on the way back"),
            Wrong(gradient(dz="p * (1 - p) * dp"), "check", "the diagonal of the softmax alone"),
            Wrong(gradient(dbeta="beta * np.sum(dz * (s @ X.T))"), "check", "beta once too often"),
            Wrong(
                gradient(dX="(p.T @ dy + beta * (dz.T @ s)) / len(s)"),
                "check",
                "the mean over the batch",
            ),
        ],
    },
    "q4-hops": {
        "right": ["answer_4 = 0.727", "answer_4 = np.exp(np.log(8)) / (2 + 1 + 8)"],
        "wrong": [
            Wrong("answer_4 = 0.25", "check", "one look"),
            Wrong("answer_4 = 0.8", "check", "the query forgets the question"),
            Wrong("answer_4 = 64 / 67", "check", "the first look as an argmax"),
            Wrong("answer_4 = 0.75", "check", "scores in place of their powers"),
            Wrong("answer_4 = 64 / 66", "hidden", "an argmax that forgets the question"),
            Wrong(
                "answer_4 = 8 * np.exp(0.25) / (3 + 8 * np.exp(0.25))",
                "hidden",
                "compares with what the row says as well",
            ),
        ],
    },
    "q5-pop": {
        "right": [
            pop(),
            """
def pop(s, u, v):
    s, u, taken = s.copy(), u.copy(), 0
    for i in range(s.shape[1] - 1, -1, -1):
        part = np.minimum(s[:, i], u)
        s[:, i] -= part
        u -= part
        taken = taken + part[:, None] * v[:, i]
    return s, taken
""",
        ],
        "wrong": [
            Wrong(pop(above="s[b, :i].sum()"), "check", "pops at the bottom"),
            Wrong(pop(left="s[b, i] - max(0, u[b] - above)"), "check", "negative strengths"),
            Wrong(pop(left="max(0, s[b, i] - u[b])"), "check", "every slot gives the whole pop"),
            Wrong(pop(left="max(0, s[b, i] - (u[b] - above))"), "check", "a slot may grow"),
            Wrong(pop(above="s[b, i:].sum()"), "check", "the slot itself counts as above"),
            Wrong(pop(share="left[b, i]"), "check", "hands over what is left"),
            Wrong(
                pop(share="min(s[b, i], max(0, 1 - above))"),
                "check",
                "reads the topmost 1 in place of what was taken",
            ),
            Wrong(
                """
def pop(s, u, v):
    taken = np.zeros((len(s), v.shape[2]))
    for b in range(len(s)):
        need = u[b]
        for i in reversed(range(s.shape[1])):
            part = min(s[b, i], need)
            s[b, i] -= part
            need -= part
            taken[b] += part * v[b, i]
    return s, taken
""",
                "hidden",
                "changes the strengths in place",
            ),
        ],
    },
    "q6-links": {
        "right": ["answer_6 = 2 / 5", "answer_6 = (1 - 0.4 - 0.2) * 0.6 + 0.4 * 0.4"],
        "wrong": [
            Wrong("answer_6 = 0.24", "check", "nothing new is added"),
            Wrong("answer_6 = 0.12", "check", "the link the other way"),
            Wrong("answer_6 = 0.52", "check", "only one of the two rows fades the link"),
            Wrong("answer_6 = 0.24 + 0.4 * 0.24", "check", "the precedence after the write"),
            Wrong("answer_6 = 0.24 + 0.4", "check", "the precedence doesn't fade"),
            Wrong("answer_6 = 0.6 * 0.8 * 0.6 + 0.16", "hidden", "fades by a product"),
        ],
    },
    "q7-allocate": {
        "right": [
            allocate(),
            """
def allocate(u, K):
    number, heads = np.arange(u.shape[1]), []
    for _ in range(K):
        mine, other = u[:, :, None], u[:, None, :]
        tie = (other == mine) & (number[None] < number[:, None])
        over = np.where((other < mine) | tie, other, 1.0).prod(axis=2)
        heads.append((1 - u) * over)
        u = 1 - (1 - u) * (1 - heads[-1])
    return np.array(heads).swapaxes(0, 1)
""",
        ],
        "wrong": [
            Wrong(allocate(used="pass"), "check", "every head gets the same row"),
            Wrong(allocate(weight="1 - u[b, i]"), "check", "no product"),
            Wrong(allocate(where="place"), "check", "stays in the sorted order"),
            Wrong(
                allocate(order='np.argsort(-u[b], kind="stable")'), "check", "the most used first"
            ),
            Wrong(
                allocate(before="over = over * u[b, i]", after="pass"),
                "check",
                "the product contains the row itself",
            ),
            Wrong(
                allocate(order='np.argsort(u[b, ::-1], kind="stable")').replace(
                    "in enumerate(", "in enumerate(N - 1 - "
                ),
                "check",
                "the last of equal rows",
            ),
            Wrong(allocate(used="u = u + a[:, k]"), "check", "usage adds up beyond 1"),
            Wrong(allocate(used="u = np.maximum(u, a[:, k])"), "check", "the larger of the two"),
            Wrong(
                allocate(
                    copy="first, u = u, u.copy()", order='np.argsort(first[b], kind="stable")'
                ),
                "check",
                "sorted once for all heads",
            ),
            Wrong(
                allocate(copy="pass", used="u += a[:, k] - u * a[:, k]"),
                "hidden",
                "changes the usage in place",
            ),
        ],
    },
}
