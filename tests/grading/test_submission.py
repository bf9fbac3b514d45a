"""Grading one submission: right and wrong answers get what they deserve, and nothing bad becomes a silent zero."""

import copy
import json

import nbformat
import pytest

from tests.grading.sets import ROOT, solution, student
from unrolled.course import planted
from unrolled.course import submission as judge
from unrolled.course.release import fill, grade_id
from unrolled.course.sandbox import Limits, lacking
from unrolled.course.tampering import suspects

NAME, OTHER = "06-bptt", "04-unfolding"
TOTAL = 16.0


def right_answers():
    return {
        question: entry["right"][0]
        for question, entry in planted.load(ROOT / "tests" / "planted" / f"{NAME}.py").items()
    }


def submission(**changed):
    """A notebook with right answers, some of them changed; underscores in the names stand for hyphens."""
    return fill(
        student(NAME),
        right_answers() | {name.replace("_", "-"): source for name, source in changed.items()},
    )


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if grade_id(cell) == name)


def graded(notebook, **options):
    text = (
        notebook if isinstance(notebook, str) else json.dumps(notebook)
    )  # as it is: ids may repeat
    result, _ = judge.grade("ada", text, solution(NAME), sandboxed=not lacking(), **options)
    assert result.student == "ada"
    assert result.max_points == TOTAL
    return result


# ---- a person has to look, and is told why: nothing is executed


def without(name):
    notebook = submission()
    notebook.cells.remove(cell_of(notebook, name))
    return notebook


def copied():
    notebook = submission()
    twin = copy.deepcopy(cell_of(notebook, "q3-delta"))
    twin.source = "def deltas(h, do, V, W):\n    return h"
    notebook.cells.append(twin)
    return notebook


def stripped():
    notebook = submission()
    notebook.metadata = {}
    for cell in notebook.cells:
        cell.metadata = {}
    return notebook


def renamed():
    notebook = submission()
    del notebook.metadata["unrolled"]
    for cell in notebook.cells:
        if grade_id(cell):
            cell.metadata.nbgrader.grade_id = f"x-{grade_id(cell)}"
    return notebook


BAD = {
    "empty file": (lambda: "  \n", "the file is empty"),
    "bytes": (lambda: b"\xff\xfe\x00".decode("utf-8", errors="replace"), "not JSON"),
    "no JSON": (lambda: "<html>404</html>", "not JSON"),
    "cut off": (lambda: nbformat.writes(submission())[:5000], "not JSON: it was cut off"),
    "a list": (lambda: "[]", "JSON but no notebook"),
    "no cells": (
        lambda: '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        "JSON but no notebook",
    ),
    "cells are a number": (
        lambda: '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}',
        "JSON but no notebook",
    ),
    "deeply nested": (lambda: "[" * 100_000, "the file is"),
    "answer cell missing": (lambda: without("q3-delta"), "answer cells are missing: q3-delta"),
    "answer cell copied": (copied, "exist twice with different content: q3-delta"),
    "metadata stripped": (stripped, "they were stripped"),
    "other set": (lambda: student(OTHER), f"the notebook belongs to {OTHER}, not to {NAME}"),
    "unknown ids": (renamed, f"none of its answer cells belongs to {NAME}"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_graded_goes_to_a_person_with_the_reason(case):
    make, reason = BAD[case]
    result = graded(make())
    assert result.state == judge.LOOK
    assert result.points is None
    assert reason in result.reason


# ---- what happens while it runs


def test_an_endless_loop_goes_to_a_person():
    result = graded(submission(q2_softmax="while True:\n    pass"), limits=Limits(cell=4))
    assert (result.state, result.points) == (judge.LOOK, None)
    assert result.reason == "a cell took longer than 4 s"


def test_a_dead_kernel_goes_to_a_person():
    result = graded(submission(q2_softmax="import os\nos._exit(3)"))
    assert (result.state, result.points) == (judge.LOOK, None)
    assert "kernel died" in result.reason


def test_a_patched_checker_goes_to_a_person():
    result = graded(
        submission(q2_softmax="np.allclose = lambda *a, **k: True\nnp.isclose = np.allclose")
    )
    assert (result.state, result.points) == (judge.LOOK, None)
    assert "something replaced numpy.allclose" in result.reason


# ---- graded


def test_right_answers_get_everything_even_from_a_damaged_notebook():
    notebook = submission()
    notebook.cells.remove(cell_of(notebook, "q3-delta-check"))
    notebook.cells.remove(cell_of(notebook, "q8-open"))
    cell_of(notebook, "q4-gradients-hidden").source = "assert False"
    twin = copy.deepcopy(cell_of(notebook, "q5-window"))  # Colab lets a student copy a cell
    notebook.cells.append(twin)
    notebook.cells.reverse()
    result = graded(notebook)
    assert (result.state, result.points, result.reason) == (judge.GRADED, TOTAL, "")


def test_an_edited_check_saves_nobody():
    notebook = submission(q3_delta="def deltas(h, do, V, W):\n    return h")
    for test in ("q3-delta-check", "q3-delta-hidden"):
        cell_of(notebook, test).source = "pass"
    result = graded(notebook)
    assert (result.state, result.points) == (judge.GRADED, TOTAL - 3)
    assert result.tests["q3-delta-hidden"] == 0
    assert "q3-delta-hidden (AssertionError" in result.reason


def test_a_blank_notebook_gets_a_zero_that_says_why():
    result = graded(student(NAME))
    assert (result.state, result.points) == (judge.GRADED, 0)
    assert result.reason == f"not answered: {'; '.join(right_answers())}"


def test_a_warning_on_stderr_costs_nothing():
    loud = right_answers()["q3-delta"].replace("    return", "    np.log(np.zeros(1))\n    return")
    result = graded(submission(q3_delta=loud))
    assert (result.state, result.points) == (judge.GRADED, TOTAL)


def test_the_module_asked_for_is_blocked():
    borrowed = "from unrolled.scratch import rnn\n" + right_answers()["q3-delta"]
    result = graded(submission(q3_delta=borrowed))
    assert (result.state, result.points) == (judge.GRADED, TOTAL - 3)
    stopped = "stopped with an error: q3-delta (ImportError: unrolled.scratch is blocked while this set is graded"
    assert stopped in result.reason


def test_a_broken_answer_costs_its_own_question_alone():
    result = graded(submission(q3_delta="def deltas(h, do, V, W)\n    retrun h"))
    assert (result.state, result.points) == (judge.GRADED, TOTAL - 3)


def test_results_survive_json():
    result = judge.looked_at("ada", "why", 3.0)
    assert judge.Result(**json.loads(json.dumps(result._asdict()))) == result


# ---- tampering: the answers that go around a test go to a person


WRONG = "def output_gradient(o, y):\n    return o * 0"
TAMPERED = {
    "numpy.testing": "import numpy.testing\nnumpy.testing.assert_allclose = print\n" + WRONG,
    "a builtin": "import builtins\nbuiltins.abs = lambda x: 0\n" + WRONG,
    "a hidden builtin": WRONG + "\nabs = lambda x: 0",
    "asserts stripped": """
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Strip())
"""
    + WRONG,
    "asserts stripped from a line on": """
def without(lines):
    return [line.replace('assert ', 'bool and ') for line in lines]
get_ipython().input_transformers_post.append(without)
"""
    + WRONG,
    "a trace function": "import sys\nsys.settrace(lambda *a: None)\n" + WRONG,
    "errors hidden": "get_ipython().showtraceback = lambda *a, **k: None\n" + WRONG,
    "a value equal to all": """
class Any(np.ndarray):
    def __sub__(self, other):
        return 0.0
def output_gradient(o, y):
    return np.zeros(o.shape).view(Any)
""",
    "the shell replaced": "type(get_ipython()).run_code = lambda *a, **k: False\n" + WRONG,
}


@pytest.mark.parametrize("case", TAMPERED)
def test_tampering_goes_to_a_person(case):
    result = graded(submission(q2_softmax=TAMPERED[case]))
    assert (result.state, result.points) == (judge.LOOK, None), result
    assert "q2-softmax" in result.reason or "replaced" in result.reason


HIDDEN_FROM_READING = {  # the text of the answer says nothing: the canaries must sing
    "numpy": "m = np\nm.allclose = lambda *a, **k: True",
    "a shadow": "abs = lambda x: 0",
}


@pytest.mark.parametrize("case", HIDDEN_FROM_READING)
def test_the_canaries_notice_what_reading_does_not(case):
    answer = HIDDEN_FROM_READING[case]
    assert not suspects(answer)
    result = graded(submission(q2_softmax=answer + "\n" + WRONG))
    assert result.state == judge.LOOK
    assert "something replaced" in result.reason


def test_planted_answers_are_above_suspicion():
    for path in sorted((ROOT / "tests" / "planted").glob("*.py")):
        for question, entry in planted.load(path).items():
            for answer in planted.sequence(entry):
                assert suspects(planted.source(answer)) == [], f"{path.stem} {question}"


def test_what_a_student_wrote_does_not_run_in_a_person_s_browser():
    script = "<script>alert(1)</script>"
    shows = f"from IPython.display import HTML, Javascript, display\ndisplay(HTML('{script}'), Javascript('alert(1)'))"
    made = submission(q1_total=f"{shows}\nanswer_1 = 2", q8_open=f"words {script}")
    _, notebook = judge.grade("ada", json.dumps(made), solution(NAME), sandboxed=not lacking())
    assert "alert" in json.dumps(cell_of(notebook, "q1-total").outputs)
    clean = judge.harmless(notebook)
    assert "<script" not in json.dumps([cell.get("outputs", []) for cell in clean.cells])
    assert "application/javascript" not in json.dumps(cell_of(clean, "q1-total").outputs)
    assert "<script" not in cell_of(clean, "q8-open").source
    assert cell_of(clean, "q3-delta").source == right_answers()["q3-delta"]


REACHES = (
    "from unrolled.course import witness\nwitness._then.clear()",
    "import unrolled\nunrolled.course.witness.changes = list",
    "import random\nrandom._os.system('ls')",
    "import enum\nenum.sys.modules.clear()",
    "np.lib.stride_tricks",
    "().__class__.__base__.__subclasses__()",
    "getattr(np, 'all' + 'close')",
    "%%bash\nls",
    "!ls",
)
ORDINARY = (
    "from unrolled.scratch import rnn",
    "import numpy.linalg as la\nx = la.norm(np.ones(3))",
    "class Cell:\n    def __init__(self):\n        super().__init__()\n        self._x = 1",
    "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\nP(1)._replace(x=2)",
    "%matplotlib inline\n%timeit 1 + 1",
    "def f(:",
)


@pytest.mark.parametrize("source", REACHES)
def test_an_answer_that_reaches_beyond_itself_is_read_as_such(source):
    assert suspects(source)


@pytest.mark.parametrize("source", ORDINARY)
def test_an_ordinary_answer_is_not_suspected(source):
    assert suspects(source) == []
