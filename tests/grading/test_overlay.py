"""Graded sets from a private folder: drawn from a seed, tested on ten of them, and nothing private is handed out."""

import nbformat
import pytest

import exercises
import overlay_example
from tests.grading.sets import ROOT
from unrolled.course import overlay, planted
from unrolled.course.release import answers, grade_id, read
from unrolled.course.submission import grade

NAME = overlay_example.NAME
PLACES = {
    "solution": f"solutions/{NAME}/{NAME}.ipynb",
    "student": f"exercises/{NAME}/{NAME}.ipynb",
}


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    """The worked example, as `make overlay` writes it."""
    folder = tmp_path_factory.mktemp("private") / "graded"
    assert exercises.main(["--example", str(folder)]) == 0
    return folder


def built(private, seed):
    """The instructor's and the student's notebook of a seed as texts."""
    assert exercises.main(["--overlay", str(private), "--seed", str(seed)]) == 0
    return {
        kind: (private / f"seed-{seed}" / place).read_text(encoding="utf-8")
        for kind, place in PLACES.items()
    }


@pytest.mark.parametrize("seed", range(10))
def test_its_planted_answers_pass_and_fail(private, seed):
    entries = overlay.planted_of(private, NAME, seed)
    assert [len(e["right"]) >= 2 and len(e["wrong"]) >= 4 for e in entries.values()] == [True, True]
    assert overlay.surprises(private, NAME, seed) == []


def test_two_seeds_give_other_constants_and_one_seed_the_same_bytes(private):
    first, second = built(private, 1), built(private, 2)
    assert built(private, 1) == first
    assert first["student"] != second["student"] and first["solution"] != second["solution"]
    seen = {tuple(overlay.values(private, NAME, seed)["x"]) for seed in range(10)}
    assert len(seen) == 10
    for drawn in ("unit", "function", "first"):
        assert len({overlay.values(private, NAME, seed)[drawn] for seed in range(10)}) > 1, drawn


def test_the_answers_of_another_seed_lose_points(private):
    for seed in (1, 2):
        built(private, seed)
    one, two = (read(private / f"seed-{seed}" / PLACES["solution"]) for seed in (1, 2))
    student = read(private / "seed-1" / PLACES["student"])
    for cell in student.cells:
        if grade_id(cell) in answers(one):
            cell.source = answers(one)[grade_id(cell)]
    text = nbformat.writes(student)
    assert grade("ada", text, one)[0].points == 5
    assert grade("ada", text, two)[0].points < 5


def test_a_student_gets_neither_hidden_tests_nor_placeholders(private):
    texts = built(private, 3)
    drawn = overlay.values(private, NAME, 3)
    assert str(drawn["test_seed"]) in texts["solution"]
    assert str(drawn["test_seed"]) not in texts["student"]
    for text in texts.values():
        assert "<<" not in text and "<%" not in text
    assert "HIDDEN" not in texts["student"] and "SOLUTION" not in texts["student"]
    found = sorted(path.name for path in (private / "seed-3" / "exercises").rglob("*.*"))
    assert found == [f"{NAME}.ipynb"]


# ---- what goes wrong is said in words


def test_a_value_that_nothing_draws_is_named(private, monkeypatch):
    monkeypatch.setattr(overlay, "values", lambda *_: {"w": 1})
    with pytest.raises(ValueError, match="06-graded, cell 2: 'units' is undefined"):
        overlay.instructor(private, NAME, 1)


def test_code_that_is_no_python_is_named(private, monkeypatch):
    drawn = overlay.values(private, NAME, 1) | {"w": "1 +* 2"}
    monkeypatch.setattr(overlay, "values", lambda *_: drawn)
    with pytest.raises(ValueError, match="cell q1-total, line 5: invalid syntax"):
        overlay.instructor(private, NAME, 1)


def test_a_hole_in_the_tests_is_found(private):
    answers = overlay.planted_of(private, NAME, 1)
    notebook = overlay.instructor(private, NAME, 1)
    for cell in notebook.cells:
        if grade_id(cell) == "q2-start-hidden":
            cell.source = "assert True"
    runs = [planted.chosen(answers, k) for k in range(planted.count(answers))]
    expected = [
        f"q2-start: 3 points for a wrong answer ({answer.slip})"
        for answer in answers["q2-start"]["wrong"]
    ]
    assert planted.surprises(notebook, runs) == expected


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--overlay", "{private}"], "say SEED=n"),
        (["--overlay", "{empty}", "--seed", "1"], "has no set"),
        (["--overlay", str(ROOT / "private"), "--seed", "1"], "lies in this repository"),
        (["--example", "{private}"], "is not empty"),
        (["--example", str(ROOT / "private")], "lies in this repository"),
    ],
)
def test_a_wrong_command_line_says_what_is_missing(private, tmp_path, arguments, says):
    words = [word.format(private=private, empty=tmp_path) for word in arguments]
    assert says in exercises.main(words)
    assert not (ROOT / "private").exists()


def test_a_set_without_draws_is_named(private, tmp_path):
    with pytest.raises(ValueError, match=r"there is no .*06-graded\.py: it defines draw"):
        overlay.values(tmp_path, NAME, 1)
