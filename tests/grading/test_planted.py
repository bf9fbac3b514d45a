"""Every test of an exercise is tested: right answers get all points, wrong ones none."""

import pytest

from tests.grading.sets import NAMES, ROOT, solution
from unrolled.course import planted
from unrolled.course.release import checks_of, release


def planted_of(name):
    return planted.load(ROOT / "tests" / "planted" / f"{name}.py")


RUNS = [(name, k) for name in NAMES for k in range(planted.count(planted_of(name)))]


@pytest.mark.parametrize(("name", "k"), RUNS, ids=[f"{name}-run{k}" for name, k in RUNS])
def test_right_answers_get_all_points_and_wrong_ones_none(name, k):
    surprises = planted.surprises(solution(name), [planted.chosen(planted_of(name), k)])
    assert not surprises, "\n".join(surprises)


@pytest.mark.parametrize("name", NAMES)
def test_every_question_with_a_checker_has_planted_answers(name):
    released = release(solution(name), hidden=True)
    answers = {cell.metadata.nbgrader.grade_id for cell in released.cells if _is_answer(cell)}
    with_checker = {question for question in answers if checks_of(released, question)}
    found = planted_of(name)
    assert set(found) == with_checker
    for question, entry in found.items():
        sources = [planted.source(answer).strip() for answer in planted.sequence(entry)]
        assert len(entry["right"]) >= 2, question
        assert len(entry["wrong"]) >= 4, question
        assert len(set(sources)) == len(sources), f"{question}: the same answer twice"
        assert {answer.caught for answer in entry["wrong"]} <= {"check", "hidden"}, question


def _is_answer(cell):
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def test_a_hole_in_the_tests_is_found():
    """With its hidden tests taken out, a wrong answer that only they catch gets through, and the runner says so."""
    notebook = solution("04-unfolding")
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "q1-state-hidden":
            cell.source = "assert True"
    verdict = planted.try_answers(notebook, {"q1-state": "answer_1 = 1.25"})["q1-state"]
    assert verdict.points == verdict.max_points == 1
    assert verdict.caught is None


def test_the_book_tells_how_many_answers_test_the_tests(capsys):
    entries = [entry for name in NAMES for entry in planted_of(name).values()]
    wrong, right = (sum(len(entry[kind]) for entry in entries) for kind in ("wrong", "right"))
    figure = f"{wrong} planted wrong and {right} planted right answers to {len(entries)} questions"
    with capsys.disabled():
        print(f"\n{figure}")
    assert figure in (ROOT / "book" / "instructors.md").read_text(encoding="utf-8")
