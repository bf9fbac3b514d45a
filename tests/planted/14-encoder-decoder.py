"""Planted answers of set 14: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

SHIFTED = """
def shifted(y):
    {line}
    return reads, says
"""


def shifted(line):
    return SHIFTED.format(line=line)


PROBABILITY = """
def log_probability(step, state, y):
    total = 0.0
    last = START
    for word in {words}:
        p, {state} = step(last, state)
        total {add}
        last = {last}
    return {answer}
"""


def probability(
    words="list(y) + [STOP]",
    state="state",
    add="+= math.log(p[word])",
    last="word",
    answer="total",
):
    return PROBABILITY.format(words=words, state=state, add=add, last=last, answer=answer)


EXTEND = """
def extend(beginnings, log_p, width):
    grown = []
    for (tokens, total), row in zip(beginnings, log_p):
        for k, value in enumerate(row):
            grown.append((tokens + (k,), {total}))
    grown.sort(key=lambda pair: pair[1], reverse={falling})
    return grown{cut}
"""


def extend(total="total + float(value)", falling="True", cut="[:width]"):
    return EXTEND.format(total=total, falling=falling, cut=cut)


THOUGHT = """
def thought_gradient(delta, W, C):
    return {answer}
"""


def thought(answer):
    return THOUGHT.format(answer=answer)


DELTAS = """
def encoder_deltas(h, W, dc, lengths):
    delta = np.zeros(h.shape)
    for b in range(h.shape[1]):
        arrives = dc[b]
        for t in range({last}, -1, -1):
            delta[t, b] = {delta}
            arrives = {arrives}
    return delta
"""


def deltas(
    last="lengths[b] - 1", delta="(1 - h[t, b] ** 2) * arrives", arrives="W.T @ delta[t, b]"
):
    return DELTAS.format(last=last, delta=delta, arrives=arrives)


BRACKETS = """
def well_formed(symbols):
    open_nodes = []
    for place, symbol in enumerate(symbols):
        {after}
        if symbol == ")":
            {closing}
        else:
            if open_nodes:
                open_nodes[-1] += 1
            if symbol[0] == "(":
                open_nodes.append(0)
            {leaf}
    return {answer}
"""


def brackets(
    after="if place > 0 and len(open_nodes) == 0: return False",
    closing="if not open_nodes or open_nodes.pop() < 1: return False",
    leaf="elif not open_nodes: return False",
    answer="len(symbols) > 0 and not open_nodes",
):
    return BRACKETS.format(after=after, closing=closing, leaf=leaf, answer=answer)


PLANTED = {
    "q1-greedy": {
        "right": ["answer_1 = 0.27", "answer_1 = 0.3 * 0.9"],
        "wrong": [
            Wrong("answer_1 = 0.2", "check", "greedy search"),
            Wrong("answer_1 = 0.5", "check", "the first word alone"),
            Wrong("answer_1 = 0.9", "check", "the second word alone"),
            Wrong("answer_1 = 1.2", "check", "adds what should be multiplied"),
            Wrong("answer_1 = 0.03", "hidden", "b, and then it stops"),
        ],
    },
    "q2-shift": {
        "right": [
            shifted("reads, says = [START] + y, y + [STOP]"),
            shifted("whole = [START, *y, STOP]; reads, says = whole[:-1], whole[1:]"),
        ],
        "wrong": [
            Wrong(shifted("reads, says = [START, *y], [START, *y]"), "check", "unshifted"),
            Wrong(shifted("reads, says = [START, *y[:-1]], list(y)"), "check", "no STOP"),
            Wrong(shifted("reads, says = [START, *y, STOP], [*y, STOP]"), "check", "reads STOP"),
            Wrong(
                shifted("reads, says = [STOP, *y], [*y, STOP]"), "check", "STOP in START's place"
            ),
            Wrong(shifted("reads, says = [START, *y], y; y.append(STOP)"), "check", "changes y"),
        ],
    },
    "q3-probability": {
        "right": [
            probability(),
            """
def log_probability(step, state, y):
    if not len(y):
        return math.log(step(START, state)[0][STOP])
    total, read = 0.0, START
    for say in y:
        p, state = step(read, state)
        total, read = total + math.log(p[say]), say
    p, _ = step(read, state)
    return total + math.log(p[STOP])
""",
        ],
        "wrong": [
            Wrong(probability(words="y"), "check", "does not stop"),
            Wrong(probability(state="_"), "check", "every step starts from the first state"),
            Wrong(
                probability(add="+= 0.0 if total else math.log(p[word])"),
                "check",
                "the first symbol only",
            ),
            Wrong(probability(answer="math.exp(total)"), "check", "not a logarithm"),
            Wrong(probability(last="START"), "check", "reads START at every step"),
            Wrong(
                """
def log_probability(step, state, y):
    product, last = 1.0, START
    for word in [*y, STOP]:
        p, state = step(last, state)
        product *= p[word]
        last = word
    return float(np.log(np.maximum(product, 1e-300)))
""",
                "hidden",
                "the product of many probabilities underflows",
            ),
        ],
    },
    "q4-beam": {
        "right": [
            extend(),
            """
def extend(beginnings, log_p, width):
    totals = np.array([total for _, total in beginnings])[:, np.newaxis] + log_p
    found = []
    for flat in np.argsort(totals, axis=None)[::-1][:width]:
        row, k = np.unravel_index(flat, totals.shape)
        found.append((beginnings[row][0] + (int(k),), totals[row, k]))
    return found
""",
        ],
        "wrong": [
            Wrong(extend(total="float(value)"), "check", "forgets the beginning's total"),
            Wrong(extend(falling="False"), "check", "the worst come first"),
            Wrong(extend(cut=""), "check", "keeps everything"),
            Wrong(
                """
def extend(beginnings, log_p, width):
    best = [
        ((*tokens, int(row.argmax())), total + float(row.max()))
        for (tokens, total), row in zip(beginnings, log_p)
    ]
    return sorted(best, key=lambda pair: -pair[1])[:width]
""",
                "check",
                "one extension of each beginning",
            ),
            Wrong(
                extend().replace("grown.append((tokens + (k,),", "grown.append(((k,) + tokens,"),
                "check",
                "the new symbol in front",
            ),
        ],
    },
    "q5-thought": {
        "right": [
            thought("(W.T @ delta[0].T + C.T @ sum(delta).T).T"),
            thought("delta[0] @ (W + C) + delta[1:].sum(axis=0) @ C"),
        ],
        "wrong": [
            Wrong(thought("delta[0] @ W"), "check", "only as the first state"),
            Wrong(thought("delta.sum(axis=0) @ C"), "check", "only at every step"),
            Wrong(thought("delta.sum(axis=0) @ (W + C)"), "check", "W at every step"),
            Wrong(thought("delta[-1] @ W + delta.sum(axis=0) @ C"), "check", "the last step's W"),
            Wrong(thought("delta[0] @ W.T + delta.sum(axis=0) @ C.T"), "check", "not transposed"),
            Wrong(
                thought("delta[0] @ W + delta.sum(axis=(0, 1)) @ C"),
                "hidden",
                "sums over the batch, too",
            ),
        ],
    },
    "q6-lengths": {
        "right": [
            deltas(),
            """
def encoder_deltas(h, W, dc, lengths):
    T = len(h)
    counts = (np.arange(T)[:, None] < lengths)[..., None]
    delta, later = np.zeros_like(h), np.zeros_like(dc)
    for t in range(T - 1, -1, -1):
        ends_here = (np.asarray(lengths) - 1 == t)[:, None]
        delta[t] = np.where(counts[t], (1 - h[t] ** 2) * (later + ends_here * dc), 0.0)
        later = delta[t] @ W
    return delta
""",
        ],
        "wrong": [
            Wrong(deltas(last="len(h) - 1"), "check", "the thought is the last row"),
            Wrong(deltas(delta="arrives"), "check", "no slope"),
            Wrong(deltas(arrives="W.T @ delta[t, b] + dc[b]"), "check", "dc at every step"),
            Wrong(deltas(arrives="W.T @ arrives"), "check", "passes the gradient of h on"),
            Wrong(deltas(arrives="W @ delta[t, b]"), "check", "W not transposed"),
            Wrong(deltas(last="lengths[0] - 1"), "hidden", "one length for all"),
        ],
    },
    "q7-brackets": {
        "right": [
            brackets(),
            """
def well_formed(symbols):
    def node(at):
        # the place after the node that begins here, or None
        at, children = at + 1, 0
        while at < len(symbols) and symbols[at] != ")":
            at = node(at) if symbols[at].startswith("(") else at + 1
            children += 1
            if at is None:
                return None
        return at + 1 if at < len(symbols) and children else None

    return bool(symbols) and symbols[0].startswith("(") and node(0) == len(symbols)
""",
        ],
        "wrong": [
            Wrong(
                """
def well_formed(symbols):
    opened = sum(symbol.startswith("(") for symbol in symbols)
    return opened == symbols.count(")")
""",
                "check",
                "counts only",
            ),
            Wrong(brackets(after="pass"), "check", "two trees in a row"),
            Wrong(
                brackets(closing="if not open_nodes: return False\n            open_nodes.pop()"),
                "check",
                "an empty node",
            ),
            Wrong(brackets(answer="True"), "check", "a node left open"),
            Wrong(brackets(leaf=""), "hidden", "a leaf without a node"),
        ],
    },
}
