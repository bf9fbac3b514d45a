"""A student runs all visible checks at once."""

import json
import subprocess
import sys

import nbformat
import pytest

from tests.grading.hostile import NAME, WRONG, answers, notebook
from tests.grading.sets import student
from unrolled.course import check
from unrolled.course.execution import run


def names(made):
    """What a kernel knows after the cells of `made` that are no tests ran."""
    space = {}
    for cell in made.cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("grade"):
            exec(cell.source, space)
    return space


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    nbformat.write(student(NAME), tmp_path / f"{NAME}.ipynb")
    return tmp_path / f"{NAME}.ipynb"


def test_right_answers_pass_every_check(path, capsys):
    found = check(namespace=names(notebook()))
    assert [checked.question for checked in found] == list(answers())
    assert {checked.state for checked in found} == {"passed"}
    assert repr(found).endswith(f"{len(found)} of {len(found)} visible checks pass")
    assert capsys.readouterr().out == ""


def test_as_handed_out_everything_is_open(path):
    assert {checked.state for checked in check(namespace=names(student(NAME)))} == {"open"}
    assert {checked.state for checked in check(namespace={"np": 1})} == {"open"}


def test_a_wrong_answer_is_told_the_likely_slip(path):
    space = names(notebook(q2_softmax=WRONG))
    found = {checked.question: checked for checked in check(namespace=space)}
    assert found["q2-softmax"].state == "failed"
    assert "do must be (-0.5, 0.5)" in found["q2-softmax"].message
    assert found["q3-delta"].state == "passed"


def test_in_a_notebook_it_takes_the_answers_that_ran(path):
    made = notebook()
    made.cells = [c for c in made.cells if not c.metadata.get("nbgrader", {}).get("grade")]
    line = f"import os\nos.chdir({str(path.parent)!r})\nfrom unrolled.course import check\ncheck()"
    made.cells.append(nbformat.v4.new_code_cell(line))
    (output,) = run(made).cells[-1].outputs
    assert output.data["text/plain"].endswith("7 of 7 visible checks pass")


def test_it_says_which_notebook_it_cannot_find(path, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no notebook x\.ipynb"):
        check("x.ipynb", namespace={})
    (tmp_path / "second.ipynb").write_text("{}")
    with pytest.raises(FileNotFoundError, match="holds 2 notebooks"):
        check(namespace={})
    (tmp_path / "second.ipynb").write_text(json.dumps({"cells": []}))
    with pytest.raises(ValueError, match="has no checks"):
        check("second.ipynb", namespace={})


def test_it_needs_the_standard_library_alone():
    code = "import sys, unrolled.course; print({'numpy', 'nbformat', 'IPython'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
