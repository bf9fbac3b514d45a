"""A worked example of a private folder with a graded set of two questions: `make overlay OVERLAY=../graded`.

It shows what can be drawn: numbers, shapes, the seed of the hidden tests, and variants of a task. It is public, so
change it before you grade with it.
"""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NAME = "06-graded"
README = """# Graded sets

Private: whoever reads this folder can look the hidden tests up.

- `solutions/06-graded/06-graded.ipynb` is the instructor's notebook. <<name>> stands for a value that is drawn.
- `draws/06-graded.py` draws the values.
- `tests/planted/06-graded.py` has right and wrong answers that try the tests.

In the folder of the book:

    make exercises OVERLAY=path/to/this SEED=1907 TRIES=10
    make grade ASSIGNMENT=06-graded SOLUTIONS=path/to/this/seed-1907/solutions SUBMISSIONS=... ROSTER=...
"""

DRAWS = '''"""What is drawn for the set 06-graded."""

import numpy as np

UNITS = {
    "tanh": {
        "formula": r"\\tanh(z)",
        "f": "np.tanh",
        "slope": "lambda s: 1 - s**2",
    },
    "logistic": {
        "formula": r"1 / (1 + e^{-z})",
        "f": "lambda z: 1 / (1 + np.exp(-z))",
        "slope": "lambda s: s * (1 - s)",
    },
}


def draw(rng):
    """A dict of values; drawn again until a wrong way gives another number than the right one."""
    while True:
        drawn = _once(rng)
        right, *wrong = _gradients(drawn)
        if min(abs(right), *(abs(right - other) / abs(right) for other in wrong)) > 0.05:
            return drawn


def _once(rng):
    def number(low, high):
        return round(float(rng.uniform(low, high)) * float(rng.choice([-1, 1])), 1)

    names = {"w": (0.5, 1.5), "u": (0.3, 1.0), "v": (0.8, 2.0), "s0": (0.2, 0.8), "y": (0.5, 2.0)}
    first = int(rng.integers(2, 4))
    return {
        **{name: number(*bounds) for name, bounds in names.items()},
        "x": [number(0.2, 1.5) for _ in range(int(rng.integers(3, 5)))],
        "unit": str(rng.choice(sorted(UNITS))),
        "units": UNITS,
        "function": str(rng.choice(["initial_gradient", "gradient_at_start", "back_to_h0"])),
        "first": first,
        "shapes": [[first + int(rng.integers(1, 6)), int(n), int(m)] for n, m in rng.integers(2, 6, (3, 2))],
        "test_seed": int(rng.integers(1 << 31)),
    }


def _gradients(drawn):
    """dL/dw of question 1, and what three slips give: the last step alone, no slope, the state after the step."""
    f, slope = (eval(UNITS[drawn["unit"]][key]) for key in ("f", "slope"))
    s = [drawn["s0"]]
    for x in drawn["x"]:
        s.append(f(drawn["w"] * s[-1] + drawn["u"] * x))
    found = []
    for steps, bent, shift in [(len(s), True, 1), (1, True, 1), (len(s), False, 1), (len(s), True, 0)]:
        back, total = drawn["v"] * (drawn["v"] * s[-1] - drawn["y"]), 0.0
        for t in range(len(s) - 1, max(len(s) - 1 - steps, 0), -1):
            back *= slope(s[t]) if bent else 1.0
            total += back * s[t - shift]
            back *= drawn["w"]
        found.append(total)
    return found
'''

PLANTED = '''"""Planted answers of the set 06-graded."""

from unrolled.course.planted import Wrong

STATES = """
f, slope = <<units[unit].f>>, <<units[unit].slope>>
s = [<<s0>>]
for x_t in <<x>>:
    s.append(f(<<w>> * s[-1] + <<u>> * x_t))
back, answer_1 = <<v>> * {error}, 0.0
for t in range(len(s) - 1, {stop}, -1):
    back = back * {slope}
    answer_1 += back * {before}
    back = back * <<w>>
"""
SHIFTED = """
def loss(w):
    s = <<s0>>
    for x_t in <<x>>:
        s = (<<units[unit].f>>)(w * s + <<u>> * x_t)
    return (<<v>> * s - <<y>>) ** 2 / 2


answer_1 = (loss(<<w>> + 1e-6) - loss(<<w>> - 1e-6)) / 2e-6
"""


def total(error="(<<v>> * s[-1] - <<y>>)", slope="slope(s[t])", before="s[t - 1]", stop="0"):
    return STATES.format(error=error, slope=slope, before=before, stop=stop)


BACK = """
def <<function>>(x, h0, W, U, c):
    f, slope = <<units[unit].f>>, <<units[unit].slope>>
    h = [h0]
    for x_t in x:
        h.append(f(W @ h[-1] + U @ x_t))
    dh = np.zeros_like(h0)
    for t in range(len(x), 0, -1):
        dh = dh + {local}
        dh = {through}
    return dh
"""
FORWARD = """
def <<function>>(x, h0, W, U, c):
    f, slope = <<units[unit].f>>, <<units[unit].slope>>
    h, J, total = h0, np.eye(len(h0)), np.zeros(len(h0))
    for t, x_t in enumerate(x, start=1):
        h = f(W @ h + U @ x_t)
        J = np.diag(slope(h)) @ W @ J
        if t >= <<first>>:
            total = total + c @ J
    return total
"""


def back(local="(c if t >= <<first>> else 0 * c)", through="W.T @ (slope(h[t]) * dh)"):
    return BACK.format(local=local, through=through)


PLANTED = {
    "q1-total": {
        "right": [total(), SHIFTED],
        "wrong": [
            Wrong(total(stop="len(s) - 2"), "hidden", "the last step alone"),
            Wrong(total(slope="1"), "hidden", "the slope of the unit is forgotten"),
            Wrong(total(before="s[t]"), "hidden", "the state after the step"),
            Wrong(total(error="(<<y>> - <<v>> * s[-1])"), "hidden", "the sign of the error"),
        ],
    },
    "q2-start": {
        "right": [back(), FORWARD],
        "wrong": [
            Wrong(back(local="c"), "check", "every step counts"),
            Wrong(back(local="(c if t == len(x) else 0 * c)"), "check", "the last step alone"),
            Wrong(back(through="W.T @ dh"), "check", "the slope of the unit is forgotten"),
            Wrong(back(through="W @ (slope(h[t]) * dh)"), "hidden", "W is not transposed"),
        ],
    },
}
'''

QUESTION_1 = """## Question 1 · A gradient in numbers (8 minutes, 2 points)

A network with one unit has the states $s_t = f(w\\, s_{t-1} + u\\, x_t)$ with $f(z) = <<units[unit].formula>>$, and the loss
$L = \\tfrac12 (v\\, s_{<<x|length>>} - y)^2$ after the last step.
Here $s_0 = <<s0>>$, $w = <<w>>$, $u = <<u>>$, $v = <<v>>$, $y = <<y>>$ and $x = (<<x|join(', ')>>)$.

Assign the total derivative $dL / dw$ to `answer_1`, to three digits. You may work by hand or with NumPy.

<details><summary>Hint</summary>

The same $w$ acts at each step. Go back from the last one and add what each of its copies contributes.

</details>"""

ANSWER_1 = """### BEGIN SOLUTION
f, slope = <<units[unit].f>>, <<units[unit].slope>>
s = [<<s0>>]
for x_t in <<x>>:
    s.append(f(<<w>> * s[-1] + <<u>> * x_t))
ds, answer_1 = <<v>> * (<<v>> * s[-1] - <<y>>), 0.0
for t in range(len(s) - 1, 0, -1):
    delta = ds * slope(s[t])
    answer_1 += delta * s[t - 1]
    ds = delta * <<w>>
### END SOLUTION"""

CHECK_1 = """# Question 1, visible check
assert "answer_1" in globals(), "Question 1: run the cell with your answer first"
assert answer_1 is not ..., "Question 1: replace the three dots by the derivative dL/dw"
assert isinstance(answer_1, numbers.Real), f"Question 1: answer_1 must be a number, not {answer_1!r}"
print("Question 1: the visible check passes")"""

HIDDEN_1 = """# Question 1, hidden tests (2 points): the number itself.
# They run when your work is graded.
### BEGIN HIDDEN TESTS
def loss_at(w_at):
    s_at = <<s0>>
    for x_at in <<x>>:
        s_at = (<<units[unit].f>>)(w_at * s_at + <<u>> * x_at)
    return (<<v>> * s_at - <<y>>) ** 2 / 2


exact = (loss_at(<<w>> + 1e-6) - loss_at(<<w>> - 1e-6)) / 2e-6
assert abs(answer_1 - exact) < 0.01 * abs(exact), f"dL/dw is not {answer_1}"
### END HIDDEN TESTS"""

QUESTION_2 = """## Question 2 · Back to the start (12 minutes, 3 points)

A layer has the states $h_t = f(W h_{t-1} + U x_t)$ with $f(z) = <<units[unit].formula>>$. The loss is
$L = \\sum_{t=<<first>>}^{T} c^\\top h_t$: the states before step <<first>> don't count.

Write the function `<<function>>`, which returns the gradient of $L$ with respect to the initial state $h_0$.

**Contract.** `x (T, m)` with $T \\ge <<first>>$, `h0 (n,)`, `W (n, n)`, `U (n, m)`, `c (n,)`. Returns an array `(n,)`.

<details><summary>Hint</summary>

Go back from the last step. At each step the gradient of the state takes up $c$, if that state counts,
and then passes $f$ and $W$.

</details>"""

ANSWER_2 = """def <<function>>(x, h0, W, U, c):
    ### BEGIN SOLUTION
    f, slope = <<units[unit].f>>, <<units[unit].slope>>
    h = [h0]
    for x_t in x:
        h.append(f(W @ h[-1] + U @ x_t))
    dh = np.zeros_like(h0)
    for t in range(len(x), 0, -1):
        if t >= <<first>>:
            dh = dh + c
        dh = W.T @ (slope(h[t]) * dh)
    return dh
    ### END SOLUTION"""

LOSS_2 = """def loss_of(h, x, W, U, c):
    total = 0.0
    for t, x_t in enumerate(x, start=1):
        h = (<<units[unit].f>>)(W @ h + U @ x_t)
        total += c @ h if t >= <<first>> else 0.0
    return total


def by_differences(x, h0, W, U, c):
    steps = 1e-6 * np.eye(len(h0))
    return [(loss_of(h0 + e, x, W, U, c) - loss_of(h0 - e, x, W, U, c)) / 2e-6 for e in steps]
"""

CHECK_2 = f"""# Question 2, visible check
assert "<<function>>" in globals(), "Question 2: run the cell with your answer first"


{LOSS_2}

one = np.ones(1)
given = (np.full((<<first + 1>>, 1), <<x[0]>>), 0.3 * one, np.array([[<<w>>]]), one[:, None], one)
result = <<function>>(*given)
assert np.shape(result) == (1,), f"Question 2: the gradient must have the shape (1,), not {{np.shape(result)}}"
assert np.allclose(result, by_differences(*given), rtol=1e-4, atol=1e-8), (
    f"Question 2: with one unit, {{by_differences(*given)}} is right and {{result}} is not"
)
print("Question 2: the visible check passes")"""

HIDDEN_2 = f"""# Question 2, hidden tests (3 points): other numbers and other shapes.
# They run when your work is graded.
### BEGIN HIDDEN TESTS
{LOSS_2}

rng = np.random.default_rng(<<test_seed>>)
for T, n, m in <<shapes>>:
    given = [rng.normal(size=size) for size in [(T, m), n, (n, n), (n, m), n]]
    assert np.allclose(<<function>>(*given), by_differences(*given), rtol=1e-4, atol=1e-7), (T, n, m)
### END HIDDEN TESTS"""


def write(folder):
    """Write the example into `folder` (a Path). Raises ValueError if there is something in it."""
    if folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: say OVERLAY=path of a new folder")
    texts = {
        "README.md": README,
        f"solutions/{NAME}/{NAME}.ipynb": nbformat.writes(notebook()) + "\n",
        f"draws/{NAME}.py": DRAWS,
        f"tests/planted/{NAME}.py": PLANTED,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {folder}: make exercises OVERLAY={folder} SEED=n builds its set")


def notebook():
    """The instructor's notebook of the example, with its placeholders."""
    unanswered = (
        'raise NotImplementedError("Question 2: write the function and return the gradient")'
    )
    cells = [
        new_markdown_cell(
            "# 6 · Worked answers: graded set\n\nTwo questions, 5 points, 20 minutes."
        ),
        new_code_cell("import numbers\n\nimport numpy as np"),
        new_markdown_cell(QUESTION_1),
        _answer("q1-total", ANSWER_1, "answer_1 = ..."),
        _test("q1-total-check", CHECK_1, 0),
        _test("q1-total-hidden", HIDDEN_1, 2),
        new_markdown_cell(QUESTION_2),
        _answer("q2-start", ANSWER_2, unanswered),
        _test("q2-start-check", CHECK_2, 0),
        _test("q2-start-hidden", HIDDEN_2, 3),
    ]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "unrolled": {"assignment": NAME, "blocked": ["unrolled.scratch"]},
    }
    return new_notebook(cells=cells, metadata=metadata)


def _answer(name, source, stub):
    marks = {"grade": False, "locked": False, "solution": True}
    return _marked(name, source, marks, unrolled={"stub": stub})


def _test(name, source, points):
    return _marked(
        name, source, {"grade": True, "locked": True, "solution": False, "points": points}
    )


def _marked(name, source, marks, **more):
    nbgrader = {"grade_id": name, "schema_version": 3, "task": False, **marks}
    return new_code_cell(source, metadata={"nbgrader": nbgrader, **more})
