"""Grading a folder: right and wrong answers get what they deserve, and nothing bad becomes a silent zero."""

import copy
import csv
import json

import nbformat
import pytest

from tests.grading.sets import ROOT, solution, solution_path, student
from unrolled.course import grading, planted
from unrolled.course.release import fill, grade_id

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
    result, _ = grading.grade("ada", text, solution(NAME), **options)
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
    assert result.state == grading.LOOK
    assert result.points is None
    assert reason in result.reason


# ---- what happens while it runs


def test_an_endless_loop_goes_to_a_person():
    result = graded(submission(q2_softmax="while True:\n    pass"), cell_timeout=4)
    assert (result.state, result.points) == (grading.LOOK, None)
    assert result.reason == "a cell took longer than 4 s"


def test_a_dead_kernel_goes_to_a_person():
    result = graded(submission(q2_softmax="import os\nos._exit(3)"))
    assert (result.state, result.points) == (grading.LOOK, None)
    assert "kernel died" in result.reason


def test_a_patched_checker_goes_to_a_person():
    result = graded(
        submission(q2_softmax="np.allclose = lambda *a, **k: True\nnp.isclose = np.allclose")
    )
    assert (result.state, result.points) == (grading.LOOK, None)
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
    assert (result.state, result.points, result.reason) == (grading.GRADED, TOTAL, "")


def test_an_edited_check_saves_nobody():
    notebook = submission(q3_delta="def deltas(h, do, V, W):\n    return h")
    for test in ("q3-delta-check", "q3-delta-hidden"):
        cell_of(notebook, test).source = "pass"
    result = graded(notebook)
    assert (result.state, result.points) == (grading.GRADED, TOTAL - 3)
    assert result.tests["q3-delta-hidden"] == 0
    assert "q3-delta-hidden (AssertionError" in result.reason


def test_a_blank_notebook_gets_a_zero_that_says_why():
    result = graded(student(NAME))
    assert (result.state, result.points) == (grading.GRADED, 0)
    assert result.reason == f"not answered: {'; '.join(right_answers())}"


def test_a_warning_on_stderr_costs_nothing():
    noisy = (
        "import sys\n" + right_answers()["q1-total"] + "\nfloat_or_noise = type('N', (float,), {})"
    )
    noisy += "\nnp.log(np.zeros(1))\nprint('a warning', file=sys.stderr)\n"
    loud = right_answers()["q3-delta"].replace("    return", "    np.log(np.zeros(1))\n    return")
    result = graded(submission(q1_total=noisy, q3_delta=loud))
    assert (result.state, result.points) == (grading.GRADED, TOTAL)


def test_the_module_asked_for_is_blocked():
    borrowed = "from unrolled.scratch import rnn\n" + right_answers()["q3-delta"]
    result = graded(submission(q3_delta=borrowed))
    assert (result.state, result.points) == (grading.GRADED, TOTAL - 3)
    stopped = "stopped with an error: q3-delta (ImportError: unrolled.scratch is blocked while this set is graded"
    assert stopped in result.reason


def test_a_broken_answer_costs_its_own_question_alone():
    result = graded(submission(q3_delta="def deltas(h, do, V, W)\n    retrun h"))
    assert (result.state, result.points) == (grading.GRADED, TOTAL - 3)


# ---- a folder


@pytest.fixture
def folder(tmp_path):
    """Six entries: each must end in one row."""
    with_mark = "\ufeff" + nbformat.writes(submission())  # as some editors on Windows save it
    (tmp_path / "ada.ipynb").write_text(with_mark, encoding="utf-8")
    (tmp_path / "bob" / NAME).mkdir(parents=True)
    nbformat.write(submission(q2_softmax="1 / 0"), tmp_path / "bob" / NAME / f"{NAME}.ipynb")
    (tmp_path / "bob" / NAME / ".ipynb_checkpoints").mkdir()
    nbformat.write(
        student(NAME), tmp_path / "bob" / NAME / ".ipynb_checkpoints" / f"{NAME}-checkpoint.ipynb"
    )
    (tmp_path / "cy").mkdir()
    (tmp_path / "dee.docx").write_text("my answers")
    (tmp_path / "eve.ipynb").write_text("{")
    (tmp_path / "flo").mkdir()
    for copy_name in ("first", "second"):
        nbformat.write(submission(), tmp_path / "flo" / f"{copy_name}.ipynb")
    return tmp_path


def test_every_entry_of_a_folder_ends_in_one_row(folder, tmp_path_factory, capsys):
    output = tmp_path_factory.mktemp("graded")
    arguments = [NAME, str(folder), "--solutions", str(ROOT / "solutions"), "--output", str(output)]
    refusal = grading.main(arguments)
    assert isinstance(refusal, str) and "UNSANDBOXED=1" in refusal
    assert not list(output.iterdir())

    assert grading.main([*arguments, "--unsandboxed"]) == 0
    with open(output / f"{NAME}.csv", newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert list(rows) == ["ada", "bob", "cy", "dee", "eve", "flo"]
    assert (rows["ada"]["state"], float(rows["ada"]["points"])) == ("graded", TOTAL)
    assert (rows["bob"]["state"], float(rows["bob"]["points"])) == ("graded", TOTAL - 1)
    assert rows["bob"]["q2-softmax-hidden"] == "0.0"
    reasons = {
        "cy": "the folder holds no notebook",
        "dee": "dee.docx is not a notebook",
        "eve": "not JSON",
        "flo": "the folder holds 2 notebooks",
    }
    for name, reason in reasons.items():
        assert (rows[name]["state"], rows[name]["points"]) == ("look", ""), name
        assert reason in rows[name]["reason"]
    assert "6 submissions, 4 for a person to look at" in capsys.readouterr().out
    assert (output / NAME / "ada.ipynb").exists()


def test_a_submission_that_never_ends_is_ended(folder, tmp_path):
    nbformat.write(submission(q2_softmax="while True:\n    pass"), folder / "ada.ipynb")
    result = grading.grade_apart("ada", folder / "ada.ipynb", solution_path(NAME), 6, tmp_path)
    assert (result.state, result.points) == (grading.LOOK, None)
    assert result.reason == "it took longer than 6 s"


def test_a_grading_process_that_breaks_is_reported(tmp_path):
    result = grading.grade_apart(
        "ada", tmp_path / "nowhere.ipynb", solution_path(NAME), 60, tmp_path
    )
    assert result.state == grading.LOOK
    assert "FileNotFoundError" in result.reason


@pytest.mark.parametrize(
    ("assignment", "submissions", "says"),
    [
        (NAME, "nowhere", "no folder"),
        (NAME, "", "say SUBMISSIONS=folder"),
        ("99-none", ".", "say ASSIGNMENT="),
        ("", ".", "say ASSIGNMENT="),
    ],
)
def test_a_wrong_command_line_says_what_is_missing(assignment, submissions, says):
    arguments = [assignment, submissions, "--unsandboxed", "--solutions", str(ROOT / "solutions")]
    assert says in grading.main(arguments)


def test_results_survive_json():
    result = grading.looked_at("ada", "why", 3.0)
    assert grading.Result(**json.loads(json.dumps(result._asdict()))) == result
