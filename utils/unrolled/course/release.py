"""From the instructor's notebook to what a student gets, and to what a submission is graded with.

The steps are nbgrader's own preprocessors. Three things are ours: each question has its own stub, worked answers stay
behind, and the page is called "Exercises".
"""

import copy
import re

import nbformat
from nbconvert.preprocessors import TagRemovePreprocessor
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
)
from nbgrader.utils import is_grade, is_solution

WORKED = "worked-answer"  # the tag of cells that stay out of the student's notebook


class _Stubs(ClearSolutions):
    """nbgrader's ClearSolutions, with the stub that the cell's metadata names under `unrolled.stub`."""

    def preprocess_cell(self, cell, resources, cell_index):
        if is_solution(cell):
            stub = cell.metadata.get("unrolled", {}).pop("stub", None)
            if stub is None:
                raise ValueError(
                    f"the answer cell {grade_id(cell)} has no stub: add it to its metadata as unrolled.stub"
                )
            self.code_stub = {"python": stub}
            self.text_stub = stub
        return super().preprocess_cell(cell, resources, cell_index)


def grade_id(cell):
    """The cell's grade_id, or None."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def read(path):
    """Read a notebook of the course. Raises ValueError if it says nowhere which assignment it is."""
    notebook = nbformat.read(path, as_version=4)
    if "assignment" not in notebook.metadata.get("unrolled", {}):
        raise ValueError(f"{path} has no metadata unrolled.assignment")
    return notebook


def release(notebook, hidden=False):
    """The student's notebook of an instructor's one; with `hidden=True` its hidden tests stay in, for grading."""
    notebook = copy.deepcopy(notebook)
    steps = [
        TagRemovePreprocessor(remove_cell_tags={WORKED}),
        LockCells(),
        _Stubs(),
        ClearOutput(),
        CheckCellMetadata(),
        *([] if hidden else [ClearHiddenTests()]),
        ComputeChecksums(),
    ]
    for step in steps:
        notebook, _ = step.preprocess(notebook, {})
    for cell in notebook.cells:
        _unfold(cell)
        cell.source = cell.source.rstrip()
    notebook.metadata["unrolled"].pop("executed", None)  # no outputs, nothing executed
    _retitle(notebook)
    return notebook


def _unfold(cell):
    """Drop the tags that fold a cell on the page of worked answers."""
    tags = [tag for tag in cell.metadata.pop("tags", []) if not tag.startswith("hide-")]
    if tags:
        cell.metadata["tags"] = tags


def _retitle(notebook):
    first = notebook.cells[0]
    first.source, changed = re.subn(
        r"\A(# \d+\w? · )Worked answers:", r"\1Exercises:", first.source
    )
    if not changed:
        raise ValueError(
            f"the title cell must read `# n · Worked answers: …`, not {first.source.splitlines()[0]!r}"
        )


def answers(notebook):
    """The source of every answer cell by grade_id. Raises ValueError if a grade_id occurs twice."""
    found = {}
    for cell in filter(is_solution, notebook.cells):
        if grade_id(cell) in found:
            raise ValueError(f"two answer cells are called {grade_id(cell)}")
        found[grade_id(cell)] = cell.source
    return found


def fill(notebook, answers):
    """A copy of a released notebook with `answers` (grade_id to source) in it. Raises KeyError for an unknown id."""
    notebook = copy.deepcopy(notebook)
    cells = {grade_id(cell): cell for cell in filter(is_solution, notebook.cells)}
    for name, source in answers.items():
        cells[name].source = source
    return notebook


def checks_of(notebook, question):
    """The grade_ids of the tests of a question: those that begin with its own, as in q3-delta, q3-delta-check."""
    names = [grade_id(cell) for cell in notebook.cells if is_grade(cell) and not is_solution(cell)]
    return [name for name in names if name.startswith(f"{question}-")]
