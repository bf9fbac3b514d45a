"""Planted answers: every test of an exercise is itself tested against answers that are known to be right or wrong.

A file `tests/planted/06-bptt.py` defines PLANTED, a dict from the grade_id of a question to
`{"right": [source, …], "wrong": [Wrong(source, caught, slip), …]}`. Run k puts the k-th answer into every question of
the set at once, so that a whole set costs as many kernel starts as its longest question has answers.
"""

import runpy
from typing import NamedTuple

from unrolled.course.execution import outcomes, run
from unrolled.course.release import checks_of, fill, release


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
    released = release(instructor, hidden=True)
    notebook = run(fill(released, answers), instructor.metadata["unrolled"].get("blocked", ()))
    found = outcomes(notebook)
    return {
        question: _verdict(question, checks_of(notebook, question), found) for question in answers
    }


def _verdict(question, tests, found):
    failed = [test for test in tests if not found[test].passed]
    return Verdict(
        points=sum(found[test].points for test in tests),
        max_points=sum(found[test].max_points for test in tests),
        caught=failed[0].removeprefix(f"{question}-") if failed else None,
        message=found[failed[0]].message if failed else "",
    )
