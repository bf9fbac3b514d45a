"""Planted answers: every test of an exercise is itself tested against answers that are known to be right or wrong.

A file `tests/planted/06-bptt.py` defines PLANTED, a dict from the grade_id of a question to
`{"right": [source, …], "wrong": [Wrong(source, caught, slip), …]}`. Run k puts the k-th answer into every question of
the set at once, so that a whole set costs as many kernel starts as its longest question has answers.
"""

import copy
import runpy
from typing import NamedTuple

import nbformat

from unrolled.course.execution import outcomes, run
from unrolled.course.release import checks_of, fill, grade_id, release


class Wrong(NamedTuple):
    """A wrong answer that a student would really write."""

    source: str  # of the whole answer cell
    caught: str  # the first test that must fail: "check" (visible) or "hidden"
    slip: str  # what went wrong, in a few words


class Verdict(NamedTuple):
    """What the tests said about one planted answer."""

    points: float
    max_points: float
    caught: str | None  # the first test that failed, as in Wrong; None if all passed
    message: str  # of that failure


def load(path):
    """Read PLANTED from a file."""
    return runpy.run_path(str(path))["PLANTED"]


def sequence(question):
    """All answers of a question in the order of the runs: right ones (str), then wrong ones (Wrong)."""
    return [*question["right"], *question["wrong"]]


def count(planted):
    """How many runs it takes to try every answer."""
    return max(len(sequence(question)) for question in planted.values())


def chosen(planted, k):
    """The answers of run k by question; a question that has no k-th answer is left out."""
    return {
        name: sequence(question)[k]
        for name, question in planted.items()
        if k < len(sequence(question))
    }


def source(answer):
    """The source of an answer, right or wrong."""
    return answer.source if isinstance(answer, Wrong) else answer


def try_answers(instructor, answers):
    """Run `answers` (question to source) in a fresh release with hidden tests; return the Verdict of each question."""
    return try_runs(instructor, [answers])[0]


def try_runs(instructor, runs):
    """Try several `answers` in one kernel, whose names are cleared in between; return for each what try_answers does."""
    released = release(instructor, hidden=True)
    notebook = copy.copy(released)
    notebook.cells = [cell for k, answers in enumerate(runs) for cell in _run(released, answers, k)]
    found = outcomes(run(notebook, instructor.metadata["unrolled"].get("blocked", ())))
    return [
        {name: _verdict(name, checks_of(released, name), found, k) for name in answers}
        for k, answers in enumerate(runs)
    ]


def _run(released, answers, k):
    """The cells of run k, with its number before their grade_ids."""
    cells = fill(released, answers).cells
    for cell in cells:
        cell.id = f"{k}-{cell.id}"
        if grade_id(cell):
            cell.metadata.nbgrader.grade_id = f"{k}:{grade_id(cell)}"
    return [nbformat.v4.new_code_cell("%reset -f"), *cells]


def _verdict(question, tests, found, k):
    outcome = {test: found[f"{k}:{test}"] for test in tests}
    failed = [test for test in tests if not outcome[test].passed]
    return Verdict(
        points=sum(some.points for some in outcome.values()),
        max_points=sum(some.max_points for some in outcome.values()),
        caught=failed[0].removeprefix(f"{question}-") if failed else None,
        message=outcome[failed[0]].message if failed else "",
    )


def surprises(instructor, runs):
    """Run planted answers (a list of dicts from question to answer); return in words which are judged wrongly."""
    sources = [{name: source(answer) for name, answer in answers.items()} for answers in runs]
    judged = [
        _surprise(name, answer, verdicts[name])
        for answers, verdicts in zip(runs, try_runs(instructor, sources), strict=True)
        for name, answer in answers.items()
    ]
    return [words for words in judged if words]


def _surprise(question, answer, verdict):
    """What is wrong with the verdict on an answer; empty if nothing is."""
    if isinstance(answer, Wrong):
        if verdict.points != 0:
            return f"{question}: {verdict.points:g} points for a wrong answer ({answer.slip})"
        if verdict.caught != answer.caught:
            return f"{question}: {answer.slip}: caught by {verdict.caught}, not by {answer.caught}"
    elif verdict.points != verdict.max_points or verdict.caught is not None:
        return f"{question}: a right answer failed {verdict.caught}: {verdict.message}"
    return ""
