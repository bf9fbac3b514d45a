"""The slide map and the errata are made from the data: what contradicts them is refused, what changes is noticed."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import claimed_cells
import nbformat
import pytest
import yaml

import source_decks
import topics
from tests.notebooks.small import code, notebook, text

CHAPTERS = [
    {"name": "04-unfolding", "title": "Unfolding", "status": "finished", "errata": ["E0.1"]},
    {"name": "12-lstm", "title": "LSTM", "status": "planned", "errata": ["E0.2"]},
]
TOPICS = [
    {
        "id": "T4.1",
        "chapter": "04-unfolding",
        "topic": "system",
        "decks": ["D0"],
        "has_demonstration": False,
    },
    {
        "id": "T12.1",
        "chapter": "12-lstm",
        "topic": "gate",
        "decks": ["D0"],
        "has_demonstration": True,
    },
]
ERRATA = [
    {"id": "E0.1", "class": "CE/TY", "deck": "D0", "says": "$a=b$", "right": "$b=a$", "why": None,
     "test": None, "tested": True},
    {"id": "E0.2", "class": "OV", "deck": "D0", "says": "always", "right": "*often*", "why": "noise",
     "test": "run it", "tested": False},
    {"id": "E0.3", "class": "BI", "deck": "D0", "says": "1998", "right": "1997", "why": None,
     "test": None, "tested": False},
]  # fmt: skip
SLIDES = [
    {"title": "Start", "none": "title slide"},
    {"title": "A System", "about": "alone", "topics": ["T4.1"], "errata": ["E0.1"]},
    {"title": "Gates", "slides": 2, "number": 4, "topics": ["T12.1"], "errata": ["E0.2", "E0.3"]},
]
DECKS = [
    {"id": "D0", "author": "A. Author", "at": None, "title": "Talk", "year": None, "slides": SLIDES}
]
LECTURE = [
    text("# 4 · A system"),
    text("## Alone\n\nIt moves.", topics=["T4.1"]),
    code("print('moved')", topics=["T4.1"], errata=["E0.1"]),
    text("> **Common misconception.** It rests.", errata=["E0.1"]),
]
SETTINGS = f"""
import sys
sys.path.insert(0, {str(Path(source_decks.ROOT) / "book/_ext")!r})
extensions = ["myst_nb", "claimed_cells", "deck_pages", "look_up"]
exclude_patterns = ["_out", "jupyter_execute"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
"""
PAGES = {
    "conf.py": SETTINGS,
    "index.md": "# Book\n\n```{toctree}\nbook/slides\nbook/errata\nlectures/04-unfolding\n```\n",
    "book/slides.md": "# Slides\n\n```{slide-map} D0\n```\n",
    "book/errata.md": "# Errata\n\n```{errata-counts}\n```\n\n```{errata} D0\n```\n",
}


def small_book():
    """The data as small as the pages need them."""
    rows = {"chapters": CHAPTERS, "topics": TOPICS, "errata": ERRATA, "decks": DECKS}
    return copy.deepcopy(rows)


def write(folder, rows, cells=LECTURE):
    """A book of one lecture."""
    for name, content in rows.items():
        path = folder / f"book/_data/{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    for name, content in PAGES.items():
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "lectures").mkdir(exist_ok=True)
    lecture = notebook(*cells)
    lecture.metadata.language_info = {"name": "python", "pygments_lexer": "ipython3"}
    nbformat.write(lecture, folder / "lectures/04-unfolding.ipynb")


def build(folder, **options):
    """Build the book at `folder`, in a process of its own; return (its pages by name, its warnings)."""
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-n", "-q", "--no-color"]
    command += [f"-D{name}={value}" for name, value in options.items()]
    done = subprocess.run(
        [*command, folder, folder / "_out"], capture_output=True, text=True, check=False
    )
    pages = {
        path.stem: path.read_text(encoding="utf-8") for path in (folder / "_out").rglob("*.html")
    }
    return pages, done.stderr


# --- the pages ----------------------------------------------------------------------------------


def test_pages_say_what_the_data_say(tmp_path):
    write(tmp_path, small_book())
    pages, warnings = build(tmp_path)
    assert warnings == ""
    assert 'href="../lectures/04-unfolding.html#t4-1"' in pages["slides"]
    assert "Planned: chapter 12 (LSTM)" in pages["slides"]
    assert "Nothing to treat: title slide" in pages["slides"]
    assert 'href="errata.html#e0-3"' in pages["slides"]
    assert "E0.1 · clear error or misprint" in pages["errata"]
    assert 'href="../lectures/04-unfolding.html#e0-1"' in pages["errata"]
    assert "Will be shown in chapter 12 (LSTM), not written yet." in pages["errata"]
    assert "There are 3 rows; one of two classes is counted in both. For 1 of" in pages["errata"]
    for anchor in ("t4-1", "t4-1-2", "e0-1", "e0-1-2"):
        assert f'id="{anchor}"' in pages["04-unfolding"]
    assert 'href="../book/errata.html#e0-1"' in pages["04-unfolding"]


def test_changed_data_and_notebooks_are_noticed(tmp_path):
    rows = small_book()
    write(tmp_path, rows)
    build(tmp_path)
    rows["errata"][1]["right"] = "seldom"
    write(tmp_path, rows)
    pages, warnings = build(tmp_path)
    assert "seldom" in pages["errata"] and warnings == ""
    later = [*LECTURE[:1], text("## Together\n\nNow.", topics=["T4.1"]), *LECTURE[2:]]
    write(tmp_path, rows, later)
    pages, warnings = build(tmp_path)
    assert "Together" in pages["slides"] and "Alone" not in pages["slides"] and warnings == ""


def test_a_link_to_a_cell_of_no_page_is_a_warning(tmp_path):
    write(tmp_path, small_book())
    _, warnings = build(tmp_path, exclude_patterns="lectures,_out,jupyter_execute")
    assert "lectures-04-unfolding-t4-1" in warnings


def test_contradictions_fail_the_build(tmp_path):
    cells = [*LECTURE, code("x", topics=["T4.99"])]
    write(tmp_path, small_book(), cells)
    pages, warnings = build(tmp_path)
    assert "claims T4.99, which is not in book/_data" in warnings
    assert "errata" not in pages


def test_a_chapter_to_come_is_named_as_long_as_it_is_to_come(tmp_path):
    write(tmp_path, small_book())
    with (tmp_path / "book/slides.md").open("a", encoding="utf-8") as page:
        page.write("\n{planned}`12` {planned}`4` {planned}`99`\n")
    pages, warnings = build(tmp_path)
    assert "Planned: chapter 12, LSTM." in pages["slides"]
    assert "chapter 4 is written: link to the section" in warnings
    assert "there is no chapter 99" in warnings
    assert "chapter 12" not in warnings


# --- contradictions -----------------------------------------------------------------------------


def _drop_topic(rows):
    rows["decks"][0]["slides"][1]["topics"] = []
    rows["decks"][0]["slides"][1]["none"] = "forgotten"


PLANTED = [
    (lambda r: r["decks"][0]["slides"][1]["topics"].append("T4.9"), "names T4.9, which is not in"),
    (lambda r: r["decks"][0]["slides"][1]["errata"].append("E9.9"), "names E9.9, which is not in"),
    (lambda r: r["decks"][0]["slides"][0].pop("none"), "needs either topics or the reason"),
    (lambda r: r["decks"][0]["slides"][1].update(none="x"), "needs either topics or the reason"),
    (_drop_topic, r"no slide of D0 names T4\.1 \(system\)"),
    (lambda r: r["decks"][0]["slides"][2]["errata"].pop(), r"no slide of D0 names E0\.3"),
    (lambda r: r["topics"][0].update(decks=[]), "T4.1, which is not from this deck"),
    (lambda r: r["errata"][0].update(deck="D1"), "E0.1, which is not from this deck"),
    (lambda r: r["decks"][0]["slides"].pop(0), "'Gates' is slide 3, not 4"),
    (lambda r: r["decks"].append(r["decks"][0]), "an id occurs twice"),
    (lambda r: r["topics"].append(r["topics"][0]), "an id occurs twice"),
]


@pytest.mark.parametrize(("plant", "sentence"), PLANTED)
def test_contradictory_data_are_refused(plant, sentence, tmp_path):
    rows = small_book()
    plant(rows)
    write(tmp_path, rows)
    with pytest.raises(ValueError, match=sentence):
        source_decks.source(tmp_path)


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([*LECTURE, text("x", topics=["T4.99"])], "claims T4.99, which is not in"),
        ([*LECTURE, text("x", errata=["E4.99"])], "claims E4.99, which is not in"),
        (LECTURE[:1], r"no cell shows T4\.1"),
        (LECTURE[:2], r"no cell shows E0\.1"),
    ],
)
def test_notebooks_that_contradict_the_data_are_refused(cells, sentence, tmp_path):
    write(tmp_path, small_book(), cells)
    with pytest.raises(ValueError, match=sentence):
        source_decks.source(tmp_path)


def test_the_decks_agree_with_the_rows(root):
    assert source_decks.problems(source_decks.load(root), topics.load(root)) == []
    source_decks.source(root)


def test_credits_name_the_decks_as_the_map_does(root):
    credits = (root / "book/credits.md").read_text(encoding="utf-8")
    slide_map = (root / "book/slide-map.md").read_text(encoding="utf-8")
    for deck in source_decks.load(root).values():
        assert f"{deck.id} · {deck.author}" in credits
        assert f"```{{slide-map}} {deck.id}\n" in slide_map
        for fact in filter(None, [deck.title and f"*{deck.title}*", deck.year and str(deck.year)]):
            assert fact in credits and fact in slide_map


# --- small parts --------------------------------------------------------------------------------


def test_anchors_count_the_claims_of_a_page():
    cells = json.loads(nbformat.writes(notebook(*LECTURE)))["cells"]
    assert source_decks.anchors(cells) == [[], ["t4-1"], ["t4-1-2", "e0-1"], ["e0-1-2"]]


def test_anchors_of_a_folded_cell_stand_inside_the_fold():
    marked = claimed_cells.with_target("<details><summary>Answer</summary>\n\nYes.", ["t4-1"])
    assert marked.startswith("<details>") and marked.endswith("```{claimed} t4-1\n```\n\nYes.")
    with pytest.raises(ValueError, match="HTML alone"):
        claimed_cells.with_target("<img src='x'>", ["t4-1"])


@pytest.mark.parametrize(
    ("mark", "words"),
    [("CE/TY", "clear error or misprint"), ("CE (index)", "clear error (index)"),
     ("EX?", "perhaps an artefact of reading the slides by machine")],
)  # fmt: skip
def test_classes_in_words(mark, words):
    assert source_decks.class_names(mark) == words
