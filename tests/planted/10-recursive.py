"""Planted answers of set 10: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

DEPTH = """
def depth(tree):
    if not isinstance(tree, tuple):
        return 0
    left, right = tree
    return {line}
"""

COMPOSE = """
def compose(tree, x, W, b):
    if not isinstance(tree, tuple):
        return {leaf}
    left = compose(tree[0], x, W, b)
    right = compose(tree[1], x, W, b)
    return {node}
"""


def compose(node="np.tanh(b + W @ np.concatenate([left, right]))", leaf="x[tree]"):
    return COMPOSE.format(node=node, leaf=leaf)


GRADIENTS = """
def gradients(tree, x, W, b, u):
    d = len(b)
    dW, db, dx = np.zeros(W.shape), np.zeros(b.shape), np.zeros(x.shape)

    def vector(node):
        if not isinstance(node, tuple):
            return x[node]
        return np.tanh(b + W @ np.concatenate([vector(node[0]), vector(node[1])]))

    def walk(node, grad):
        nonlocal dW, db
        if not isinstance(node, tuple):
            dx[node] += {leaf}
            return
        both = np.concatenate([vector(node[0]), vector(node[1])])
        delta = {delta}
        dW {collect} np.outer(delta, both)
        db {collect} delta
        message = {message}
        walk(node[0], message[:d])
        walk(node[1], {right})

    walk(tree, u)
    return dict(W=dW, b=db, x=dx)
"""


def gradients(
    delta="(1 - vector(node) ** 2) * grad",
    collect="+=",
    message="W.T @ delta",
    right="message[d:]",
    leaf="grad",
):
    return GRADIENTS.format(delta=delta, collect=collect, message=message, right=right, leaf=leaf)


PARSE = """
def parse(n, score):
    best = {{(i, i + 1): (0, i) for i in range(n)}}
    for width in range(2, n + 1):
        for i in range(n - width + 1):
            j = i + width
            best[i, j] = {choose}(
                (
                    ({total}, (best[i, k][1], best[k, j][1]))
                    for k in range(i + 1, {stop})
                ),
                key=lambda option: option[0],
            )
    return best[0, n]
"""


def parse(total="best[i, k][0] + best[k, j][0] + score(i, k, j)", choose="max", stop="j"):
    return PARSE.format(total=total, choose=choose, stop=stop)


MARGIN = """
def margin_loss(scores, parts, gold, kappa):
    values = [scores[n] + kappa * {wrong} for n in range(len(scores)){which}]
    return {loss}
"""


def margin(wrong="len(parts[n] - parts[gold])", which="", loss="max(values) - scores[gold]"):
    return MARGIN.format(wrong=wrong, which=which, loss=loss)


UNTIED = """
def untied_gradient(delta, both, kinds, C):
    dW = np.zeros((C, delta.shape[1], both.shape[1]))
    for n, kind in enumerate(kinds):
        dW[{where}] += {outer}
    return dW
"""


def untied(where="kind", outer="np.outer(delta[n], both[n])"):
    return UNTIED.format(where=where, outer=outer)


PLANTED = {
    "q1-total": {
        "right": ["answer_1 = 10.0", "answer_1 = 8 + 2 * 1"],
        "wrong": [
            Wrong("answer_1 = 8", "check", "the immediate derivative"),
            Wrong("answer_1 = 19", "check", "the root itself"),
            Wrong("answer_1 = 5", "check", "with respect to w_2"),
            Wrong("answer_1 = 9", "check", "the factor w_1 on the way up is forgotten"),
        ],
    },
    "q2-depth": {
        "right": [
            DEPTH.format(line="max(depth(left) + 1, depth(right) + 1)"),
            DEPTH.format(line="max(depth(child) for child in tree) + 1"),
        ],
        "wrong": [
            Wrong(DEPTH.format(line="max(depth(left), depth(right))"), "check", "never counts"),
            Wrong(DEPTH.format(line="1 + depth(left)"), "check", "the left branch only"),
            Wrong(DEPTH.format(line="1 + min(depth(left), depth(right))"), "check", "nearest leaf"),
            Wrong(DEPTH.format(line="1 + depth(left) + depth(right)"), "check", "counts all nodes"),
        ],
    },
    "q3-compose": {
        "right": [
            compose(),
            compose(node="np.tanh(W[:, : len(b)] @ left + W[:, len(b) :] @ right + b)"),
        ],
        "wrong": [
            Wrong(compose(node="b + W @ np.concatenate([left, right])"), "check", "no tanh"),
            Wrong(
                compose(node="np.tanh(b + W @ np.concatenate([right, left]))"),
                "check",
                "children exchanged",
            ),
            Wrong(compose(node="np.tanh(W @ np.concatenate([left, right]))"), "check", "no bias"),
            Wrong(compose(leaf="np.tanh(x[tree])"), "check", "a tanh at the leaves too"),
        ],
    },
    "q4-walk": {
        "right": [
            gradients(),
            gradients(
                delta="grad - grad * vector(node) ** 2",
                message="np.concatenate([W[:, :d].T @ delta, W[:, d:].T @ delta])",
            ),
        ],
        "wrong": [
            Wrong(gradients(delta="vector(node) * grad"), "check", "the value for the slope"),
            Wrong(gradients(collect="="), "check", "the last node only"),
            Wrong(gradients(right="message[:d]"), "check", "the left half for both children"),
            Wrong(gradients(delta="grad"), "check", "no slope at all"),
            Wrong(gradients(leaf="(1 - x[node] ** 2) * grad"), "check", "a slope at the leaf"),
        ],
    },
    "q5-chart": {
        "right": [
            parse(),
            """
def parse(n, score):
    known = {}

    def best(i, j):
        if j == i + 1:
            return 0, i
        if (i, j) not in known:
            options = []
            for k in range(i + 1, j):
                one, two = best(i, k), best(k, j)
                options.append((score(i, k, j) + one[0] + two[0], (one[1], two[1])))
            known[i, j] = sorted(options, key=lambda option: -option[0])[0]
        return known[i, j]

    return best(0, n)
""",
        ],
        "wrong": [
            Wrong(parse(choose="min"), "check", "the worst tree"),
            Wrong(parse(total="score(i, k, j)"), "check", "forgets the halves"),
            Wrong(
                parse(total="max(0, best[i, k][0] + best[k, j][0] + score(i, k, j))"),
                "check",
                "a maximum that starts from 0",
            ),
            Wrong(
                parse(total="best[i, k][0] + score(i, k, j)"), "hidden", "forgets the right half"
            ),
            Wrong(
                """
def parse(n, score):
    row, total = [(i, i, i + 1) for i in range(n)], 0
    while len(row) > 1:
        places = range(len(row) - 1)
        at = max(places, key=lambda k: score(row[k][1], row[k][2], row[k + 1][2]))
        left, right = row[at], row[at + 1]
        total += score(left[1], left[2], right[2])
        row[at : at + 2] = [((left[0], right[0]), left[1], right[2])]
    return total, row[0][0]
""",
                "check",
                "greedy",
            ),
            Wrong(
                """
def parse(n, score):
    def best(i, j):
        if j - i == 1:
            return 0, i
        options = [(best(i, k), best(k, j), k) for k in range(i + 1, j)]
        sums = [(a[0] + b[0] + score(i, k, j), (a[1], b[1])) for a, b, k in options]
        return max(sums, key=lambda option: option[0])

    return best(0, n)
""",
                "hidden",
                "no chart: exponential",
            ),
        ],
    },
    "q6-margin": {
        "right": [
            margin(),
            margin(loss="max(0.0, max(value - scores[gold] for value in values))"),
        ],
        "wrong": [
            Wrong(margin(wrong="0"), "check", "no margin"),
            Wrong(margin(loss="max(values)"), "check", "the right score isn't subtracted"),
            Wrong(margin(wrong="len(parts[n])"), "check", "counts the right nodes too"),
            Wrong(margin(which=" if n != gold"), "check", "may be negative"),
            Wrong(margin(wrong="len(parts[gold] - parts[n])"), "hidden", "counts what is missing"),
        ],
    },
    "q7-untied": {
        "right": [
            untied(),
            """
def untied_gradient(delta, both, kinds, C):
    chosen = (np.asarray(kinds)[None] == np.arange(C)[:, None]).astype(float)  # (C, m)
    return np.einsum("cm,mi,mj->cij", chosen, delta, both)
""",
        ],
        "wrong": [
            Wrong(
                """
def untied_gradient(delta, both, kinds, C):
    dW = np.zeros((C, delta.shape[1], both.shape[1]))
    dW[kinds] += delta[:, :, None] * both[:, None]
    return dW
""",
                "check",
                "only one node of a kind counts",
            ),
            Wrong(untied(where=":"), "check", "tied after all"),
            Wrong(
                untied(outer="np.outer(delta[n], both[n]) / list(kinds).count(kind)"),
                "check",
                "the mean over nodes",
            ),
            Wrong(untied(outer="np.outer(delta[n][::-1], both[n])"), "hidden", "rows turned round"),
        ],
    },
}
