"""Every row of a finished chapter has its cell, and what can be shown is shown and asserted."""

import re
from pathlib import Path

import pytest

import topics
from tests.notebooks.small import code, none, notebook, text

BOOK = topics.Book(
    topics={
        "T6.1": {"id": "T6.1", "chapter": "06-bptt", "topic": "prose", "has_demonstration": False},
        "T6.2": {"id": "T6.2", "chapter": "06-bptt", "topic": "shown", "has_demonstration": True},
        "T7.1": {"id": "T7.1", "chapter": "07-output", "topic": "later", "has_demonstration": True},
    },
    errata={"E0.6": {"id": "E0.6", "says": "g for g'", "test": "differs"}},
    chapters={
        "06-bptt": {"name": "06-bptt", "status": "finished", "errata": ["E0.6"]},
        "07-output": {"name": "07-output", "status": "planned"},
    },
)
PROSE = text("# Loss", topics=["T6.1"])
SHOWN = code("x = f()\nassert x < 1", topics=["T6.2"])
MENDED = code("np.testing.assert_allclose(x, 1)", errata=["E0.6"])


def problems(*cells):
    return topics.problems(BOOK, {Path("06-bptt.ipynb"): notebook(*cells)})


@pytest.fixture(scope="module")
def book():
    return topics.load()


def test_the_book(book, root):
    none(topics.problems(book, topics.notebooks_of(root)))


def test_all_rows_are_there(book):
    assert len(book.topics) == 223
    assert len(book.errata) == 98
    per_deck = [
        sum(row["deck"] == deck for row in book.errata.values())
        for deck in ("D0", "D1", "D2", "D3", "D4")
    ]
    assert per_deck == [27, 20, 12, 24, 15]
    assert list(book.chapters) == sorted(book.chapters) and len(book.chapters) == 20


def test_the_rows_refer_to_what_exists(book):
    for row in book.topics.values():
        assert row["chapter"] in book.chapters
        number = int(row["id"][1:].split(".")[0])
        assert re.match(rf"{number:02}[a-z]?-", row["chapter"]), row["id"]
        assert set(row["errata"]) <= set(book.errata), row["id"]
        assert row["decks"] or row["source"] == "ext." or "D" not in row["source"], row["id"]
    for chapter in book.chapters.values():
        assert chapter["status"] in ("finished", "planned")
        assert set(chapter.get("errata", [])) <= set(book.errata)


def test_the_formulas_survived(book):
    formulas = {name: row["formula"] for name, row in book.topics.items()}
    assert formulas["T4.9"] == r"time constant $\tau_c=-1/\ln\lvert\lambda\rvert$"
    assert formulas["T6.5"] == (
        r"$\delta_t=g'(a_t)\odot\begin{bmatrix}V\\W\end{bmatrix}^{\top}"
        r"\begin{bmatrix}\nabla_{o_t}L\\\delta_{t+1}\end{bmatrix}$"
    )
    assert book.errata["E2.2"]["test"] == "‖J₆₀‖=4e8 with |h|≤1"
    rows = [*book.topics.values(), *book.errata.values()]
    values = [value for row in rows for value in row.values() if isinstance(value, str)]
    assert [value for value in values if value.count("$") % 2] == []
    assert [value for value in values if value.count("{") != value.count("}")] == []


def test_good_notebooks_pass():
    assert problems(PROSE, SHOWN, MENDED) == []
    assert problems(PROSE, code("x = f()", topics=["T6.2"]), SHOWN, MENDED) == []


def test_a_row_that_no_cell_covers_is_listed():
    assert problems(SHOWN, MENDED) == ["no cell shows T6.1 (prose)"]
    assert problems(PROSE, SHOWN) == ["no cell shows E0.6 (g for g')"]


def test_text_alone_does_not_demonstrate():
    told = text("Differs.", topics=["T6.2"])
    (sentence,) = problems(PROSE, told, MENDED)
    assert sentence == "T6.2 has a demonstration, but only text claims it (06-bptt.ipynb cell 1)"


@pytest.mark.parametrize(
    "source", ["x = f()", "assert True", "print('assert x < 1')", "# assert x"]
)
def test_an_outcome_is_asserted(source):
    (sentence,) = problems(PROSE, code(source, topics=["T6.2"]), MENDED)
    assert sentence.startswith("T6.2 is shown, but no cell that claims it asserts the outcome")
    (sentence,) = problems(PROSE, SHOWN, code(source, errata=["E0.6"]))
    assert sentence.startswith("E0.6 is shown, but no cell")


def test_an_unknown_id_is_named():
    unknown = code("1", topics=["T6.99"], errata=["E9.9"])
    assert problems(PROSE, SHOWN, MENDED, unknown) == [
        "06-bptt.ipynb cell 3 claims T6.99, which is not in book/_data",
        "06-bptt.ipynb cell 3 claims E9.9, which is not in book/_data",
    ]


def test_a_claim_knows_its_section():
    cells = [text("# 6 · A\n\n## Loss"), SHOWN, text("## End\n```\n# no heading\n```"), SHOWN]
    found = topics.claims({Path("06-bptt.ipynb"): notebook(*cells)})["T6.2"]
    assert [(claim.cell, claim.section) for claim in found] == [(1, "Loss"), (3, "End")]


def test_magics_do_not_break_the_search_for_checks():
    assert topics.has_check("if colab:\n    %pip install x\nassert y")
