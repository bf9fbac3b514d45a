"""Planted answers of set 16a: what students write, right and wrong. `unrolled.course.planted` runs them."""

from unrolled.course.planted import Wrong

CONTENT = """
def content(M, k, beta, eta=1e-8):
    lengths = {lengths}
    w = softmax({score})
    return w
"""


def content(
    lengths="np.linalg.norm(M, axis=1) * np.linalg.norm(k)",
    score="beta * M @ k / (lengths + eta)",
):
    return CONTENT.format(lengths=lengths, score=score)


RING = """
def ring(s, N):
    C = np.zeros((N, N))
    n = len(s) // 2
    for i in range(N):
        for d in range(-n, n + 1):
            {put}
    return C
"""

GRADIENT = """
def write_gradient(dr, M, w, erase, add, w_read):
    D = {D}
    dw = {dw}
    derase = {derase}
    dadd = {dadd}
    return dw, derase, dadd
"""


def gradient(
    D="w_read[:, None] * dr",
    dw="D @ add - (D * M) @ erase",
    derase="-(w @ (D * M))",
    dadd="w @ D",
):
    return GRADIENT.format(D=D, dw=dw, derase=derase, dadd=dadd)


UNDO = """
def undo(M, w, erase, add):
    before = {before}
    before[{lost}] = {mark}
    return before
"""


def undo(
    before="(M - np.outer(w, add)) / (1 - np.outer(w, erase))",
    lost="np.outer(w, erase) == 1",
    mark="np.nan",
):
    return UNDO.format(before=before, lost=lost, mark=mark)


REVERSAL = """
def reversal(L):
    g, on = np.zeros(2 * L), np.zeros(2 * L)
    s_read, s_write = np.zeros((2 * L, 3)), np.zeros((2 * L, 3))
    for t in range(2 * L):
        listens = t < L
        on[t] = {on}
        s_write[t] = {write}
        s_read[t] = {read}
    {jump}
    return g, s_read, s_write, on
"""


def reversal(
    on="listens",
    write="ON if listens else STAY",
    read="ON if listens else STAY if t == L else BACK",
    jump="",
):
    return REVERSAL.format(on=on, write=write, read=read, jump=jump)


PLANTED = {
    "q1-write": {
        "right": [
            "answer_1 = [4.5, -2]",
            "new = np.array([[3.0, 4.0], [5.0, -4.0]])\nanswer_1 = np.array([0.25, 0.75]) @ new",
        ],
        "wrong": [
            Wrong("answer_1 = [7, -4]", "check", "read before the write"),
            Wrong("answer_1 = [8, -2]", "check", "not erased"),
            Wrong("answer_1 = [4.5, 0]", "check", "erased in both columns"),
            Wrong("answer_1 = [5.5, 0]", "check", "the add vector not weighted"),
            Wrong("answer_1 = [1, -2]", "check", "the erase vector not weighted"),
            Wrong("answer_1 = 4.5", "check", "one number alone"),
            Wrong("answer_1 = [3.5, 2]", "hidden", "the weights of the reading exchanged"),
        ],
    },
    "q2-weighting": {
        "right": [
            "answer_2 = [4 / 5, 1 / 5, 0, 0]",
            "shifted = np.array([2, 1, 0, 0]) / 3\nanswer_2 = shifted**2 / (shifted**2).sum()",
        ],
        "wrong": [
            Wrong("answer_2 = [4 / 9, 1 / 9, 0, 0]", "check", "not normalised"),
            Wrong("answer_2 = [0, 0, 0.8, 0.2]", "check", "shifted back"),
            Wrong("answer_2 = [0.2, 0.8, 0, 0]", "check", "the gate turned round"),
            Wrong("answer_2 = [0, 1, 0, 0]", "check", "no ring"),
            Wrong("answer_2 = [2 / 3, 1 / 3, 0, 0]", "check", "not sharpened"),
            Wrong("answer_2 = [0.2, 0, 0, 0.8]", "hidden", "not shifted"),
            Wrong(
                "p = np.exp(2 * np.array([2, 1, 0, 0]) / 3)\nanswer_2 = list(p / p.sum())",
                "hidden",
                "a softmax in place of a power",
            ),
        ],
    },
    "q3-content": {
        "right": [
            content(),
            """
def content(M, k, beta, eta=1e-8):
    scores = []
    for row in M:
        scores.append(beta * sum(row * k) / (np.sqrt(sum(row**2) * sum(k**2)) + eta))
    powers = np.exp(np.array(scores) - max(scores))
    return powers / sum(powers)
""",
        ],
        "wrong": [
            Wrong(content(score="beta * M @ k"), "check", "a dot product"),
            Wrong(content(score="beta * M @ k / lengths"), "check", "0 / 0 for an empty slot"),
            Wrong(content(score="M @ k / (lengths + eta)"), "check", "no strength"),
            Wrong(content(score="-beta * M @ k / (lengths + eta)"), "check", "a distance's sign"),
            Wrong(content(lengths="np.linalg.norm(M, axis=1)"), "check", "not over the key"),
            Wrong(
                content(lengths="np.linalg.norm(M) * np.linalg.norm(k)"),
                "check",
                "the length of the whole memory",
            ),
            Wrong(
                content(score="beta * M @ k / np.maximum(lengths, 1)"),
                "check",
                "short slots not brought to length 1",
            ),
            Wrong(
                content(score="beta * M @ k / np.where(lengths == 0, 1, lengths)"),
                "hidden",
                "eta left out",
            ),
        ],
    },
    "q4-ring": {
        "right": [
            RING.format(put="C[i, (i - d) % N] += s[d + n]"),
            """
def ring(s, N):
    n = len(s) // 2
    return sum(part * np.roll(np.eye(N), d, axis=0) for d, part in enumerate(s, start=-n))
""",
        ],
        "wrong": [
            Wrong(RING.format(put="C[i, (i + d) % N] += s[d + n]"), "check", "transposed"),
            Wrong(RING.format(put="C[(i + d + n) % N, i] += s[d + n]"), "check", "not centred"),
            Wrong(
                RING.format(put="if 0 <= i + d < N: C[i + d, i] += s[d + n]"), "check", "no ring"
            ),
            Wrong(
                RING.format(put="C[np.clip(i + d, 0, N - 1), i] += s[d + n]"),
                "check",
                "the ends as walls",
            ),
            Wrong(
                RING.format(put="C[(i + d) % N, i] = s[d + n]"),
                "check",
                "offsets that meet overwrite each other",
            ),
            Wrong(
                """
def ring(s, N):
    C = np.zeros((N, N))
    for i in range(N):
        C[(i - 1) % N, i] += s[0]
        C[i, i] += s[1]
        C[(i + 1) % N, i] += s[2]
    return C
""",
                "check",
                "three offsets alone",
            ),
            Wrong(
                RING.format(
                    put="j = i + d + N * ((i + d < 0) - (i + d >= N)); C[j % N, i] += s[d + n] * (0 <= j < N)"
                ),
                "hidden",
                "round the ring once at most",
            ),
        ],
    },
    "q5-gradient": {
        "right": [
            gradient(),
            """
def write_gradient(dr, M, w, erase, add, w_read):
    both = w_read * w
    dw = np.array([w_read[i] * dr @ (add - erase * M[i]) for i in range(len(M))])
    return dw, -(both @ M) * dr, both.sum() * dr
""",
        ],
        "wrong": [
            Wrong(gradient(D="np.ones(M.shape) * dr"), "check", "the read head left out"),
            Wrong(gradient(dadd="D.sum(axis=0)"), "check", "the write head left out"),
            Wrong(gradient(derase="w @ (D * M)"), "check", "the sign of erase"),
            Wrong(
                gradient(derase="-(w @ (D * (M * (1 - np.outer(w, erase)) + np.outer(w, add))))"),
                "check",
                "the memory after the write",
            ),
            Wrong(gradient(dw="D @ add"), "check", "the weighting also erases"),
            Wrong(gradient(dw="w * (D @ add - (D * M) @ erase)"), "check", "w twice"),
            Wrong(gradient(dw="D @ add - D @ erase"), "check", "the slot left out"),
            Wrong(gradient(dw="D @ add - (D * M).sum(axis=1)"), "hidden", "erase left out"),
            Wrong(
                gradient(dadd="w @ D * erase"), "hidden", "the add vector taken to be erased, too"
            ),
        ],
    },
    "q6-undo": {
        "right": [
            undo(),
            """
def undo(M, w, erase, add):
    before = np.full(M.shape, np.nan)
    for i in range(M.shape[0]):
        for k in range(M.shape[1]):
            if w[i] * erase[k] < 1:
                before[i, k] = (M[i, k] - w[i] * add[k]) / (1 - w[i] * erase[k])
    return before
""",
        ],
        "wrong": [
            Wrong(undo(before="M / (1 - np.outer(w, erase))"), "check", "the add vector left in"),
            Wrong(
                undo(before="M / (1 - np.outer(w, erase)) - np.outer(w, add)"),
                "check",
                "in the wrong order",
            ),
            Wrong(undo(before="(M - add) / (1 - np.outer(w, erase))"), "check", "add not weighted"),
            Wrong(
                undo(before="(M - np.outer(w, add)) * (1 - np.outer(w, erase))"),
                "check",
                "times in place of over",
            ),
            Wrong(
                undo(before="(M - np.outer(w, add)) / (1 - w[:, None])"),
                "check",
                "the slide's write undone",
            ),
            Wrong(undo(mark="0"), "check", "0 for what is lost"),
            Wrong(undo(lost="w == 1"), "hidden", "the whole slot given up"),
        ],
    },
    "q7-reversal": {
        "right": [
            reversal(),
            reversal(
                write="BACK if listens else STAY",
                read="BACK if listens else STAY if t == L else ON",
            ),
            reversal(
                write="STAY if t == 0 or not listens else ON",
                read="STAY if t in (0, L) else ON if listens else BACK",
            ),
        ],
        "wrong": [
            Wrong("reversal = copying", "check", "the copy"),
            Wrong(reversal(read="ON if listens else BACK"), "check", "back one step too early"),
            Wrong(
                reversal(read="STAY if listens else BACK", jump="g[L] = 1"),
                "check",
                "jumps to slot 0 and goes back",
            ),
            Wrong(reversal(on="1"), "check", "silence is written"),
            Wrong(
                reversal(read="ON if listens else 0 if t == L else BACK"),
                "check",
                "a shift of zeros",
            ),
            Wrong(
                reversal(read="STAY if listens else 0.5 * (STAY + BACK)"),
                "check",
                "a read head that stays behind",
            ),
            Wrong(
                reversal(read="ON if t < 3 else STAY if t == 3 else BACK"),
                "hidden",
                "the length of the example",
            ),
        ],
    },
}
