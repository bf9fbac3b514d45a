"""A made class, hostile submissions among it, is graded in one run: each is accounted for, none gets what it stole.

The quick run takes fourteen of them; `make class` takes all.
"""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.grading import hostile
from tests.grading.hostile import NAME, TOTAL
from tests.grading.sets import ROOT, solution
from unrolled.course import feedback, grade, gradebook, report, sandbox
from unrolled.course.grading import Terms, grade_apart
from unrolled.course.release import release

needs_sandbox = pytest.mark.skipif(bool(sandbox.lacking()), reason=sandbox.lacking())
NAMES = None if os.environ.get("WHOLE_CLASS") else hostile.QUICK
ABSENT = "zoe"


def command(folder, output, *more):
    solutions = ["--solutions", str(ROOT / "solutions"), "--output", str(output), "--jobs", "2"]
    return [NAME, str(folder), *solutions, "--cell", "8", "--total", "60", *more]


def rows_of(output):
    with open(output / f"{NAME}.csv", newline="", encoding="utf-8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The class, graded: the cases by student, the rows by student, the output folder."""
    output = tmp_path_factory.mktemp("out")
    folder = output / "class"
    folder.mkdir()
    hostile.OUTSIDE.unlink(missing_ok=True)
    listener = socket.create_server(("127.0.0.1", 0))
    cases = hostile.write(folder, NAMES, port=listener.getsockname()[1])
    roster = output / "roster.csv"
    roster.write_text("id\n" + "\n".join([*cases, ABSENT]), encoding="utf-8")
    with listener:
        assert grade.main(command(folder, output, "--roster", str(roster))) == 0
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):  # nobody called
            listener.accept()
    return cases, rows_of(output), output


@needs_sandbox
def test_every_student_ends_in_exactly_one_row(graded):
    cases, rows, output = graded
    assert list(rows) == [*cases, ABSENT]
    assert rows[ABSENT]["state"] == report.NOTHING
    for kind in ("canvas", "moodle"):
        with open(output / f"{NAME}-{kind}.csv", newline="", encoding="utf-8") as file:
            assert len(list(csv.reader(file))) == len(rows) + (2 if kind == "canvas" else 1)


@needs_sandbox
def test_right_and_wrong_get_what_they_deserve_and_nobody_more(graded):
    cases, rows, _ = graded
    surprises = []
    for student, case in cases.items():
        row = rows[student]
        points = float(row["points"]) if row["points"] else None
        if case.state == "either":
            fine = row["state"] == "look" or points <= case.points
        else:
            fine = row["state"] == case.state and points == case.points
        if not fine or case.says not in row["reason"]:
            surprises.append(
                f"{student}: {row['state']} {points} {row['reason']}; expected {case[1:]}"
            )
    assert not surprises, "\n".join(surprises)


@needs_sandbox
def test_nobody_wrote_outside(graded):
    assert not hostile.OUTSIDE.exists()


@needs_sandbox
def test_the_gradebook_says_the_same(graded):
    _, rows, output = graded
    with gradebook.opened(output) as book:
        assert {student.id for student in book.students} == set(rows)
        for submission in book.assignment_submissions(NAME):
            row = rows[submission.student.id]
            assert submission.needs_manual_grade == (row["state"] == "look")
            if row["state"] == "graded":
                assert submission.score == float(row["points"])
            assert submission.max_score == TOTAL
            notebook = output / "autograded" / submission.student.id / NAME / f"{NAME}.ipynb"
            assert json.loads(notebook.read_text(encoding="utf-8"))["cells"]


@needs_sandbox
def test_feedback_shows_no_line_of_a_hidden_test(graded):
    cases, rows, output = graded
    secret = feedback._secret_lines(release(solution(NAME), hidden=True), release(solution(NAME)))
    assert len(secret) > 50
    for student in cases:
        page = (output / "feedback" / student / NAME / f"{NAME}.html").read_text(encoding="utf-8")
        assert not [line for line in secret if line in page], student
    half = (output / "feedback" / "half" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    assert "7 of 16 points" in half
    assert "The hidden tests try other numbers, other shapes and an edge case." in half
    assert "Read chapter 6 again." in half


@needs_sandbox
def test_the_overview_shows_the_class_on_one_page(graded):
    cases, rows, output = graded
    page = (output / f"{NAME}.html").read_text(encoding="utf-8")
    look = sum(row["state"] == "look" for row in rows.values())
    assert f"{look} for a person to look at, 1 not handed in" in page
    assert 'src="data:image/png;base64,' in page and "What most students miss" in page


@needs_sandbox
def test_a_second_run_grades_nothing_and_says_the_same(graded, monkeypatch):
    _, rows, output = graded
    monkeypatch.setattr("unrolled.course.grading.grade_apart", None)  # nobody may call it
    assert (
        grade.main(command(output / "class", output, "--roster", str(output / "roster.csv"))) == 0
    )
    assert rows_of(output) == rows


@needs_sandbox
def test_what_a_person_decides_in_the_gradebook_counts_and_stays(graded):
    _, _, output = graded
    with gradebook.opened(output) as book:
        for grade_ in book.find_submission_notebook(NAME, NAME, "copied").grades:
            grade_.manual_score, grade_.needs_manual_grade = grade_.max_score, False
        book.db.commit()
    assert (
        grade.main(command(output / "class", output, "--roster", str(output / "roster.csv"))) == 0
    )
    row = rows_of(output)["copied"]
    assert (row["state"], float(row["points"])) == ("graded", TOTAL)
    assert row["reason"].startswith("decided by a person | answer cells exist twice")


@needs_sandbox
def test_a_killed_run_is_taken_up_again_and_nothing_is_graded_twice(tmp_path):
    folder, output = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for name in ("a", "b", "c", "d"):
        (folder / f"{name}.ipynb").write_text(
            hostile.text(q2_softmax=f"# {name}\n" + hostile.WRONG)
        )
    words = [sys.executable, "-m", "unrolled.course.grade", *command(folder, output, "--jobs", "1")]
    results = output / "results" / NAME
    with subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
        deadline = time.monotonic() + 90
        while not list(results.glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
    first = {path.name: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert 1 <= len(first) < 4
    assert grade.main(command(folder, output)) == 0
    for name, when in first.items():
        assert (results / name).stat().st_mtime_ns == when
    rows = rows_of(output)
    assert [(row["state"], float(row["points"])) for row in rows.values()] == [
        ("graded", TOTAL - 1)
    ] * 4


# ---- the command


@pytest.mark.parametrize(
    ("assignment", "submissions", "says"),
    [
        (NAME, "nowhere", "there is no 'nowhere'"),
        (NAME, "", "say SUBMISSIONS=folder"),
        ("99-none", ".", "say ASSIGNMENT="),
        ("", ".", "say ASSIGNMENT="),
        (NAME, "README.md", "neither a folder nor a zip"),
    ],
)
def test_a_wrong_command_line_says_what_is_missing(assignment, submissions, says, tmp_path):
    path = str(ROOT / submissions) if submissions == "README.md" else submissions
    arguments = [assignment, path, "--unsandboxed", "--solutions", str(ROOT / "solutions")]
    assert says in grade.main([*arguments, "--output", str(tmp_path)])


def test_without_a_sandbox_it_asks_first(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "lacking", lambda: "bwrap not found")
    said = grade.main(command(tmp_path, tmp_path / "out"))
    assert "there is no sandbox: bwrap not found" in said and "UNSANDBOXED=1" in said
    assert not (tmp_path / "out").exists()


def test_unsandboxed_grades_too(tmp_path):
    folder, output = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    hostile.write(folder, ("wrong-q2-softmax",))
    assert grade.main(command(folder, output, "--unsandboxed")) == 0
    (row,) = rows_of(output).values()
    assert (row["state"], float(row["points"])) == ("graded", TOTAL - 1)


def test_the_gradebook_opens_in_a_shell_without_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", os.defpath)
    with gradebook.opened(tmp_path) as book:
        assert book.students == [] and os.environ["PATH"] == os.defpath


def test_a_grading_process_that_breaks_is_reported(tmp_path):
    source = ROOT / "solutions" / NAME / f"{NAME}.ipynb"
    result, _ = grade_apart("ada", None, Terms(source, tmp_path))  # bytes were expected
    assert result.state == "look" and "its process ended with status 1" in result.reason


def test_a_table_holds_no_formula():
    assert report._safe("=1+1") == "'=1+1" and report._safe("ada") == "ada" and report._safe(3) == 3
