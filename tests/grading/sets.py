"""The sets of exercises, for the tests in this folder."""

from pathlib import Path

from unrolled.course.release import read

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "solutions").glob("*/*.ipynb"))


def solution_path(name):
    """Path of the instructor's notebook of a set."""
    return ROOT / "solutions" / name / f"{name}.ipynb"


def solution(name):
    """The instructor's notebook of a set."""
    return read(solution_path(name))


def student(name):
    """The student's notebook of a set as it is committed."""
    return read(ROOT / "exercises" / name / f"{name}.ipynb")
