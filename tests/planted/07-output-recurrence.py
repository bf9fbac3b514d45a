"""Planted answers of set 07: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

SHIFT = """
def read_with_teacher(y, start):
    {line}
    return fed
"""

FED_BACK = """
def fed_back(W, b, V, c):
    R = {R}
    b_new = {b_new}
    return R, b_new
"""


def fed_back(R="W @ np.linalg.pinv(V)", b_new="b - R @ c"):
    return FED_BACK.format(R=R, b_new=b_new)


REACHABLE = """
def reachable(table, start):
    found = {{start}}
    for _ in range({rounds}):
        found = found | {{int(q) for old in found for q in {follows}}}
    return {answer}
"""


def reachable(rounds="len(table)", follows="table[old]", answer="len(found)"):
    return REACHABLE.format(rounds=rounds, follows=follows, answer=answer)


DELTAS = """
def deltas(h, do, V, R):
    delta = np.zeros(h.shape)
    delta_next = np.zeros(h.shape[1:])
    for t in range(len(h) - 1, {first}, -1):
        delta[t] = {delta}
        delta_next = delta[t]
    return delta
"""


def deltas(delta, first=-1):
    return DELTAS.format(delta=delta, first=first)


MIXED = """
def run_mixed(params, x, y, o0, forced):
    U, R, b, V, c = params
    o = np.zeros(y.shape)
    own = o0
    for t in range(len(x)):
        true = {true}
        fed = {fed}
        o[t] = c + np.tanh(x[t] @ U.T + fed @ R.T + b) @ V.T
        own = o[t]
    return o
"""


def mixed(true="y[t - 1] if t else o0", fed="np.where(forced[t][:, None], true, own)"):
    return MIXED.format(true=true, fed=fed)


BITS = """
def lost_bits(joint):
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    total = 0.0
    for i in range(len(rows)):
        for j in range(len(columns)):
            if {there}:
                total += {term}
    return total
"""


def lost(
    term="joint[i, j] * np.log2(joint[i, j] / (rows[i] * columns[j]))", there="joint[i, j] > 0"
):
    return BITS.format(term=term, there=there)


PLANTED = {
    "q1-teacher": {
        "right": ["answer_1 = 2", "answer_1 = 2 * (0.5 * -2 + 2)"],
        "wrong": [
            Wrong("answer_1 = 7", "check", "free running"),
            Wrong("answer_1 = 10", "check", "reads y_3, unshifted"),
            Wrong("answer_1 = 1", "check", "the state, not the output"),
            Wrong("answer_1 = 8", "check", "shifted by two: reads y_1"),
            Wrong("answer_1 = -2", "hidden", "the true output of step 2 itself"),
        ],
    },
    "q2-shift": {
        "right": [
            SHIFT.format(line="fed = np.vstack([start[np.newaxis], y])[: len(y)]"),
            SHIFT.format(line="fed = np.roll(y, 1, axis=0); fed[0] = start"),
        ],
        "wrong": [
            Wrong(SHIFT.format(line="fed = y"), "check", "unshifted"),
            Wrong(
                SHIFT.format(line="fed = np.roll(y, 1, axis=0)"),
                "check",
                "the end of the sequence comes first",
            ),
            Wrong(
                SHIFT.format(line="fed = np.concatenate([start[None], y])"),
                "check",
                "one row too many",
            ),
            Wrong(
                SHIFT.format(line="fed = np.concatenate([y[1:], start[None]])"),
                "check",
                "shifted the wrong way",
            ),
            Wrong(
                SHIFT.format(line="fed = y; fed[1:] = y[:-1].copy(); fed[0] = start"),
                "check",
                "overwrites the caller's y",
            ),
        ],
    },
    "q3-equivalent": {
        "right": [
            fed_back(),
            """
def fed_back(W, b, V, c):
    # R V = W, transposed: V^T R^T = W^T
    R = np.linalg.lstsq(V.T, W.T, rcond=None)[0].T
    return R, b - (R * c).sum(axis=1)
""",
        ],
        "wrong": [
            Wrong(fed_back(R="W @ V.T"), "check", "the transpose is no inverse"),
            Wrong(fed_back(b_new="b"), "check", "forgets c"),
            Wrong(fed_back(b_new="b + R @ c"), "check", "the wrong sign of c"),
            Wrong(fed_back(b_new="b - c @ R"), "check", "R transposed"),
            Wrong(fed_back(R="(np.linalg.pinv(V) @ W.T).T"), "check", "the factors turned round"),
            Wrong(fed_back(b_new="b - (R * c).sum()"), "hidden", "one sum over all rows"),
            Wrong(fed_back(R="W @ np.linalg.inv(V)"), "check", "only for as many outputs as units"),
        ],
    },
    "q4-automaton": {
        "right": [
            reachable(),
            """
def reachable(table, start):
    seen = np.zeros(len(table), dtype=bool)
    seen[start] = True
    while True:
        wider = seen.copy()
        wider[table[seen]] = True
        if (wider == seen).all():
            return int(seen.sum())
        seen = wider
""",
        ],
        "wrong": [
            Wrong(reachable(answer="len(table)"), "check", "counts symbols that nothing leads to"),
            Wrong(reachable(rounds="1"), "check", "one step only"),
            Wrong(reachable(follows="table[old][:1]"), "check", "the first letter only"),
            Wrong(reachable(rounds="2"), "hidden", "two steps only"),
            Wrong(
                reachable(answer="len(set(table[sorted(found)].ravel().tolist()))"),
                "hidden",
                "leaves out the start where nothing leads back to it",
            ),
        ],
    },
    "q5-deltas": {
        "right": [
            deltas("(1 - h[t] ** 2) * ((do[t] + delta_next @ R) @ V)"),
            """
def deltas(h, do, V, R):
    T, B, H = h.shape
    delta = np.zeros((T + 1, B, H))
    for t in range(T)[::-1]:
        delta[t] = (1 - np.square(h[t])) * (do[t] @ V + delta[t + 1] @ (R @ V))
    return delta[:T]
""",
        ],
        "wrong": [
            Wrong(deltas("(1 - h[t] ** 2) * (do[t] @ V)"), "check", "as with a teacher"),
            Wrong(
                deltas("(1 - h[t] ** 2) * (do[t] @ V + delta_next @ R)"),
                "check",
                "the message arrives at the state",
            ),
            Wrong(deltas("h[t] * ((do[t] + delta_next @ R) @ V)"), "check", "g for g'"),
            Wrong(
                deltas("(1 - h[t] ** 2) * ((do[t] + delta_next @ R) @ V)", first=0),
                "check",
                "the loop ends before the first step",
            ),
            Wrong(
                deltas("(1 - h[t] ** 2) * ((do[t] + delta_next @ R.T) @ V)"),
                "check",
                "R transposed for rows",
            ),
            Wrong(
                deltas("(1 - h[t] ** 2) * ((do[t] + delta_next @ R) @ V.T)"),
                "check",
                "V transposed for rows",
            ),
        ],
    },
    "q6-mixture": {
        "right": [
            mixed(),
            """
def run_mixed(params, x, y, o0, forced):
    U, R, b, V, c = params
    fed, outputs = o0.copy(), []
    for t in range(len(x)):
        h = np.tanh(b + fed @ R.T + x[t] @ U.T)
        outputs.append(c + h @ V.T)
        if t + 1 < len(x):
            coin = forced[t + 1]
            fed = outputs[t].copy()
            fed[coin] = y[t][coin]
    return np.stack(outputs)
""",
        ],
        "wrong": [
            Wrong(mixed(true="y[t] if t else o0"), "check", "unshifted"),
            Wrong(mixed(fed="np.where(forced[t][:, None], own, true)"), "check", "the coin turned"),
            Wrong(mixed(true="y[t - 1]"), "check", "row 0 reads the last row of y"),
            Wrong(
                mixed(fed="np.where(forced[t - 1][:, None], true, own)"),
                "check",
                "the coin of the step before",
            ),
            Wrong(
                mixed(fed="true if forced[t].any() else own"),
                "hidden",
                "one coin for the whole batch",
            ),
        ],
    },
    "q7-bits": {
        "right": [
            lost(),
            """
def lost_bits(joint):
    def entropy(p):
        p = p[p > 0]
        return -(p * np.log2(p)).sum()

    return entropy(joint.sum(axis=0)) + entropy(joint.sum(axis=1)) - entropy(joint)
""",
        ],
        "wrong": [
            Wrong(
                lost("joint[i, j] * np.log(joint[i, j] / (rows[i] * columns[j]))"),
                "check",
                "nats",
            ),
            Wrong(lost(there="True"), "check", "0 log 0 is nan"),
            Wrong(
                lost("joint[i, j] * np.log2(rows[i] * columns[j] / joint[i, j])"),
                "check",
                "the sign turned",
            ),
            Wrong(
                lost("rows[i] * columns[j] * np.log2(joint[i, j] / (rows[i] * columns[j]))"),
                "check",
                "weighted by the wrong distribution",
            ),
            Wrong(
                lost(
                    "joint[i, j] * np.log2(joint[i, j] / rows[i])", there="joint[i, j] > 0"
                ).replace("return total", "return total + 1"),
                "hidden",
                "a conditional entropy and a constant",
            ),
        ],
    },
}
