"""nbgrader's gradebook, written by nobody but the run that grades: formgrader, feedback and exports read it.

What a person decided in formgrader stays.
"""

import os
import sysconfig
import warnings
from contextlib import contextmanager
from unittest import mock

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import SaveCells
from sqlalchemy.exc import SAWarning

from unrolled.course.submission import LOOK

CONFIG = '''"""Open this course in formgrader: start `jupyter lab` in this folder."""

c = get_config()  # noqa: F821
c.CourseDirectory.root = {root!r}
c.CourseDirectory.db_url = {url!r}
'''


def url(output):
    """Where the gradebook of the course folder `output` (a Path) is, for SQLAlchemy."""
    return f"sqlite:///{(output / 'gradebook.db').resolve()}"


@contextmanager
def opened(output):
    """The gradebook of the course folder `output`, made if it isn't there.

    nbgrader asks a program of its own environment, alembic, by name: it is found whether or not that is activated.
    """
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    with mock.patch.dict(os.environ, PATH=path):
        book = Gradebook(url(output))
    with book:
        yield book


def record(output, assignment, released, students, results):
    """Write `results` (a list of Result) into the gradebook of the folder `output`.

    `released` is the set with its hidden tests; students are those of the roster, also without a submission.
    """
    output.mkdir(parents=True, exist_ok=True)
    config = CONFIG.format(root=str(output.resolve()), url=url(output))
    (output / "nbgrader_config.py").write_text(config, encoding="utf-8")
    with opened(output) as book:
        book.update_or_create_assignment(assignment)
        for student in students:
            first, _, last = student.name.rpartition(" ")
            book.update_or_create_student(
                student.id, first_name=first, last_name=last, email=student.email
            )
    names = {"notebook": assignment, "assignment": assignment, "db_url": url(output)}
    SaveCells().preprocess(released, {"nbgrader": names})
    with opened(output) as book, warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, about how it adds a submission
        for result in results:
            book.update_or_create_submission(assignment, result.student)
            _record(book, assignment, result)


def _record(book, assignment, result):
    notebook = book.find_submission_notebook(assignment, assignment, result.student)
    for grade in notebook.grades:
        score = None if result.state == LOOK else result.tests.get(grade.name)
        if score is None and not grade.max_score:
            score = 0.0
        decided = grade.manual_score is not None or not grade.needs_manual_grade
        if grade.auto_score != score or not decided:
            grade.auto_score = score
            grade.needs_manual_grade = score is None or grade.manual_score is not None
    for comment in notebook.comments[:1]:
        comment.auto_comment = result.reason if result.state == LOOK else None
    book.db.commit()


def final(output, assignment, student):
    """The points of a submission after what people did in formgrader; None while a part of it waits for one."""
    with opened(output) as book:
        try:
            submission = book.find_submission(assignment, student)
        except MissingEntry:
            return None
        return None if submission.needs_manual_grade else submission.score
