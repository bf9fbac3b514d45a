"""Grade one submission: its answers, copied by grade_id into a fresh release with the hidden tests.

What a student hands in is read, never trusted to be whole. A submission that cannot be graded, or that did something
to its tests, is for a person to look at, with the reason: nobody gets a silent zero.
"""

import copy
import warnings
from typing import NamedTuple

import nbformat
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat.warnings import DuplicateCellId
from nbgrader.utils import compute_checksum, is_solution

from unrolled.course.execution import Unfinished, error_of, outcomes, run
from unrolled.course.release import checks_of, fill, grade_id, release
from unrolled.course.sandbox import DEFAULT
from unrolled.course.tampering import guarded, suspects, verify

GRADED, LOOK = "graded", "look"
NOT_A_NOTEBOOK = (  # what nbformat raises for JSON that is no notebook
    nbformat.ValidationError,
    ValueError,
    AttributeError,
    KeyError,
    TypeError,
    RecursionError,
)


class Unreadable(Exception):
    """A person has to look at the submission; the message says why."""


class Result(NamedTuple):
    """What became of one submission."""

    student: str
    state: str  # GRADED or LOOK
    points: float | None  # None unless graded
    max_points: float
    reason: str  # why a person has to look; for a graded one what was left out, what stopped and what failed
    tests: dict  # points of each test cell that carries some, by grade_id


# ---- reading a submission


def parse(text):
    """The notebook in a submission's text. Raises Unreadable."""
    if not text.strip():
        raise Unreadable("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DuplicateCellId)  # Colab copies cells with their id
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
    except nbformat.reader.NotJSONError as error:
        raise Unreadable("the file is not JSON: it was cut off, or it is no notebook") from error
    except NOT_A_NOTEBOOK as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise Unreadable(f"the file is JSON but no notebook: {first}") from error
    return notebook


def answers_in(submission, released):
    """The answers of a submission by grade_id, one for every question of `released` that has tests. Raises Unreadable."""
    wanted = [grade_id(cell) for cell in released.cells if is_solution(cell)]
    found = {}
    for cell in submission.cells:
        if grade_id(cell) in wanted:
            found.setdefault(grade_id(cell), set()).add(cell.source)
    _same_assignment(submission, released, found)
    missing = [name for name in wanted if name not in found and checks_of(released, name)]
    if missing:
        raise Unreadable(f"answer cells are missing: {', '.join(missing)}")
    twice = [name for name in wanted if len(found.get(name, ())) > 1]
    if twice:
        raise Unreadable(f"answer cells exist twice with different content: {', '.join(twice)}")
    return {name: found[name].pop() for name in wanted if name in found}


def _same_assignment(submission, released, found):
    expected = released.metadata["unrolled"]["assignment"]
    named = submission.metadata.get("unrolled", {}).get("assignment")
    if named not in (None, expected):
        raise Unreadable(f"the notebook belongs to {named}, not to {expected}")
    if found:
        return
    if any(grade_id(cell) for cell in submission.cells):
        raise Unreadable(f"none of its answer cells belongs to {expected}")
    raise Unreadable(
        "no cell has nbgrader's metadata: they were stripped, or this is another notebook"
    )


def unanswered(filled):
    """The questions with tests whose answer cell is still as it was handed out."""
    return [
        grade_id(cell)
        for cell in filter(is_solution, filled.cells)
        if checks_of(filled, grade_id(cell))
        and cell.metadata["nbgrader"].get("checksum") == compute_checksum(cell)
    ]


# ---- grading one


def harmless(notebook):
    """A copy of a notebook for a person's browser: nothing that a student wrote runs there."""
    notebook = copy.deepcopy(notebook)
    clean = SanitizeHTML()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" or is_solution(cell):
            clean.preprocess_cell(cell, {}, index)
    return notebook


def grade(student, text, instructor, limits=DEFAULT, sandboxed=False):
    """Grade the text of one submission against the instructor's notebook.

    Returns a Result and the notebook to look at: executed, filled, or as it was handed out if nothing could be read.
    """
    notebook = release(instructor, hidden=True)
    maximum = points_of(notebook)
    try:
        answers = answers_in(parse(text), notebook)
        notebook = fill(notebook, answers)
        blocked = instructor.metadata["unrolled"].get("blocked", ())
        watched, secret = guarded(notebook)
        notebook = run(watched, blocked, limits, sandboxed)
    except (Unreadable, Unfinished) as error:
        return looked_at(student, str(error), maximum), notebook
    tampered = verify(notebook, secret)
    result = _graded(student, notebook, unanswered(notebook))
    doubts = [*tampered, *_doubts(answers)]
    if doubts:
        tests = f"the tests gave {result.points:g} of {maximum:g}"
        result = looked_at(student, f"{'; '.join(doubts)} ({tests})", maximum)
    return result, notebook


def _doubts(answers):
    return [f"{name} {doubt}" for name, source in answers.items() for doubt in suspects(source)]


def looked_at(student, reason, max_points):
    """The Result of a submission that a person has to look at."""
    return Result(student, LOOK, None, max_points, reason, {})


def _graded(student, executed, blank):
    tests = outcomes(executed)
    untried = {test for question in blank for test in checks_of(executed, question)}
    cells = [cell for cell in executed.cells if is_solution(cell)]
    remarks = {
        "not answered": blank,
        "stopped with an error": [
            f"{grade_id(cell)} ({error_of(cell)})" for cell in cells if error_of(cell)
        ],
        "failed": [
            f"{name} ({test.message or 'did not run'})"
            for name, test in tests.items()
            if not test.passed and name not in untried
        ],
    }
    return Result(
        student,
        GRADED,
        sum(test.points for test in tests.values()),
        sum(test.max_points for test in tests.values()),
        " | ".join(f"{remark}: {'; '.join(names)}" for remark, names in remarks.items() if names),
        {name: test.points for name, test in tests.items() if test.max_points},
    )


def points_of(released):
    """The points that the tests of a set give together."""
    metadata = [cell.metadata.get("nbgrader", {}) for cell in released.cells]
    return float(
        sum(
            entry["points"]
            for entry in metadata
            if entry.get("grade") and not entry.get("solution")
        )
    )
