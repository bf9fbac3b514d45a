"""The student notebooks: generated, complete, free of answers, and friendly while they are unanswered."""

import ast
import re

import nbformat
import pytest

import exercises
from tests.grading.sets import NAMES, ROOT, solution, solution_path, student
from unrolled.course import planted
from unrolled.course.execution import error_of, outcomes, run
from unrolled.course.release import WORKED, answers, checks_of, fill, grade_id, release

FOREIGN = ("unrolled", "torch", "matplotlib", "scipy")  # a student's notebook needs NumPy alone


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def questions(notebook):
    """The questions that have a checker."""
    return [name for name in answers(notebook) if checks_of(notebook, name)]


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_notebook_is_the_generated_one(name):
    stored = (ROOT / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    assert stored == exercises.student_text(solution_path(name)), "run `make exercises`"


def test_nothing_is_left_to_do():
    write, remove = exercises.differences(ROOT / "solutions", ROOT / "exercises")
    assert not write and not remove, "run `make exercises`"


def test_generating_twice_writes_once(tmp_path):
    arguments = ["--solutions", str(ROOT / "solutions"), "--exercises", str(tmp_path)]
    assert exercises.main([*arguments, "--check"]) == 1
    assert exercises.main(arguments) == 0
    first = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.ipynb")}
    assert len(first) == len(NAMES)
    assert exercises.main(arguments) == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.ipynb")} == first
    assert exercises.main([*arguments, "--check"]) == 0


def test_an_exercise_without_a_source_is_removed(tmp_path):
    stale = tmp_path / "99-gone" / "99-gone.ipynb"
    stale.parent.mkdir()
    stale.write_text("{}")
    assert (
        exercises.main(["--solutions", str(ROOT / "solutions"), "--exercises", str(tmp_path)]) == 0
    )
    assert not stale.exists()


def test_a_stray_file_beside_a_solution_is_refused(tmp_path):
    (tmp_path / "06-bptt").mkdir()
    (tmp_path / "06-bptt" / "planted.py").write_text("answer = 2")
    with pytest.raises(ValueError, match=r"planted\.py"):
        exercises.sources(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_no_hidden_test_and_no_output_is_handed_out(name):
    notebook = student(name)
    text = nbformat.writes(notebook)
    assert "BEGIN" not in text and "END " not in text
    assert WORKED not in text and "Worked answer<" not in text
    assert not any(cell.outputs or cell.execution_count for cell in code_cells(notebook))
    handed_out = answers(notebook)
    for question, answer in answers(solution(name)).items():
        bodies = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", answer, re.DOTALL) or [
            answer
        ]
        for line in "".join(bodies).splitlines():
            assert not line.strip() or line.strip() not in handed_out[question], (
                f"{question}: {line}"
            )
    for cell in solution(name).cells:
        assert WORKED not in cell.metadata.get("tags", []) or cell.source not in {
            c.source for c in notebook.cells
        }
    for cell in solution(name).cells:
        hidden = re.search(
            r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", cell.source, re.DOTALL
        )
        for line in hidden.group(1).splitlines() if hidden else []:
            if "assert" in line:
                assert line.strip() not in text, f"{grade_id(cell)}: {line.strip()}"


@pytest.mark.parametrize("name", NAMES)
def test_the_set_is_well_formed(name):
    notebook = solution(name)
    assert notebook.cells[0].source.startswith("# ")
    assert 5 <= len(answers(notebook)) <= 8
    for number, question in enumerate(answers(notebook), start=1):
        assert question.startswith(f"q{number}-")
    for question in questions(notebook):
        assert checks_of(notebook, question) == [f"{question}-check", f"{question}-hidden"]
    points = {
        grade_id(cell): cell.metadata.nbgrader.get("points")
        for cell in notebook.cells
        if grade_id(cell)
    }
    for cell in notebook.cells:
        heading = re.match(
            r"## Question (\d+) · .*\((\d+) minutes(?:, (\d+) points?)?", cell.source
        )
        if heading and heading[3]:
            (hidden,) = [name for name in points if re.match(rf"q{heading[1]}-.*-hidden", name)]
            assert points[hidden] == int(heading[3]), (
                f"question {heading[1]} announces other points than it gives"
            )


@pytest.mark.parametrize("name", NAMES)
def test_every_question_names_topics_of_its_chapter(name):
    for cell in solution(name).cells:
        if cell.source.startswith("## Question") or (cell.metadata.get("nbgrader") or {}).get(
            "solution"
        ):
            topics = cell.metadata["unrolled"]["topics"]
            assert topics and all(
                re.fullmatch(rf"T{int(name[:2])}\.\d+", topic) for topic in topics
            )


@pytest.mark.parametrize("name", NAMES)
def test_a_student_needs_numpy_and_the_standard_library_alone(name):
    for cell in code_cells(solution(name)):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
                assert names <= {"itertools", "math", "numbers", "numpy"}
            assert not isinstance(node, ast.ImportFrom)


@pytest.mark.parametrize("name", NAMES)
def test_hidden_tests_end_with_an_assert(name):
    hidden = [cell for cell in solution(name).cells if (grade_id(cell) or "").endswith("-hidden")]
    assert hidden
    for cell in hidden:
        last = ast.parse(cell.source).body[-1]
        while isinstance(last, ast.For | ast.With | ast.If):
            last = last.body[-1]
        assert isinstance(last, ast.Assert), grade_id(cell)


@pytest.mark.parametrize("name", NAMES)
def test_as_handed_out_each_check_says_what_to_do(name):
    notebook = run(student(name), blocked=FOREIGN)
    checks = {f"{question}-check": question for question in questions(notebook)}
    for cell in code_cells(notebook):
        message = error_of(cell)
        if grade_id(cell) not in checks:
            assert not message, f"{grade_id(cell)}: {message}"
            continue
        number = re.match(r"q(\d+)", grade_id(cell)).group(1)
        says = re.match(
            rf"(NotImplementedError|AssertionError): Question {number}: (replace|write|return) .{{20,}}",
            message,
        )
        assert says, f"{grade_id(cell)} says {message!r}"


@pytest.mark.parametrize("name", NAMES)
def test_a_check_that_runs_before_its_answer_says_so(name):
    notebook = student(name)
    notebook.cells = [
        cell for cell in notebook.cells if not (cell.metadata.get("nbgrader") or {}).get("solution")
    ]
    for test, outcome in outcomes(run(notebook, blocked=FOREIGN)).items():
        if test.endswith("-check"):
            number = re.match(r"q(\d+)", test).group(1)
            assert (
                outcome.message
                == f"AssertionError: Question {number}: run the cell with your answer first"
            )


@pytest.mark.parametrize("name", NAMES)
def test_right_answers_pass_the_visible_checks_of_the_handed_out_notebook(name):
    right = {
        question: entry["right"][0]
        for question, entry in planted.load(ROOT / "tests" / "planted" / f"{name}.py").items()
    }
    found = outcomes(run(fill(student(name), right), blocked=FOREIGN))
    failed = {test: outcome.message for test, outcome in found.items() if not outcome.passed}
    assert len(found) == 2 * len(right) and not failed


@pytest.mark.parametrize("name", NAMES)
def test_the_published_answers_get_all_points(name):
    notebook = release(solution(name), hidden=True)
    found = outcomes(run(fill(notebook, answers(solution(name)))))
    failed = {test: outcome.message for test, outcome in found.items() if not outcome.passed}
    assert not failed
    assert (
        sum(outcome.points for outcome in found.values())
        == sum(outcome.max_points for outcome in found.values())
        > 0
    )


def test_a_solution_cell_without_a_stub_is_refused():
    notebook = solution(NAMES[0])
    cell = next(cell for cell in notebook.cells if grade_id(cell) == "q1-state")
    del cell.metadata["unrolled"]["stub"]
    with pytest.raises(ValueError, match="q1-state has no stub"):
        release(notebook)


def test_a_title_that_is_not_worked_answers_is_refused():
    notebook = solution(NAMES[0])
    notebook.cells[0].source = "# 4 · Something else"
    with pytest.raises(ValueError, match="Worked answers"):
        release(notebook)
