"""The stored notebooks have the form that the book, the slides, Jupyter and Colab rely on."""

import pytest
import yaml
from nbformat import v4

from notebooks import read
from tests.notebooks import structure
from tests.notebooks.small import code, none, notebook, picture, stream, text
from topics import load

SET_UP = "%pip install 'unrolled @ git+https://github.com/a/b@main'"


@pytest.fixture(scope="module")
def lectures(root):
    return {path.stem: read(path) for path in sorted(root.glob("lectures/*.ipynb"))}


@pytest.fixture(scope="module")
def pages(root):
    """The notebooks among the pages around the lectures."""
    return {path.stem: read(path) for path in sorted(root.glob("book/*.ipynb"))}


@pytest.fixture(scope="module")
def solutions(root):
    return {path.stem: read(path) for path in sorted(root.glob("solutions/*/*.ipynb"))}


# --- the book -----------------------------------------------------------------------------------


def test_each_finished_chapter_has_its_notebooks(lectures, solutions):
    finished = {n for n, chapter in load().chapters.items() if chapter["status"] == "finished"}
    assert set(lectures) == finished
    assert set(solutions) == finished


@pytest.mark.parametrize("check", [*structure.LECTURE, *structure.EVERY])
def test_lectures(check, lectures):
    none([fault for name, nb in lectures.items() for fault in check(name, nb)])


@pytest.mark.parametrize("check", structure.EVERY)
def test_solutions(check, solutions):
    none([fault for name, nb in solutions.items() for fault in check(name, nb)])


@pytest.mark.parametrize("check", structure.EVERY)
def test_pages(check, pages):
    none([fault for name, nb in pages.items() for fault in check(name, nb)])


def test_the_gallery_opens_in_jupyter_and_colab(pages):
    none(structure.plain_markdown("gallery", pages["gallery"]))


def test_the_code_of_the_exercises_fits(root):
    exercises = {path.stem: read(path) for path in sorted(root.glob("exercises/*/*.ipynb"))}
    none([fault for name, nb in exercises.items() for fault in structure.code_width(name, nb)])


def test_the_set_up_cells(lectures, pages, root):
    lectures = lectures | {"gallery": pages["gallery"]}
    repository = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))["repository"]
    none(structure.set_up_cells(lectures, repository["url"], repository["branch"]))


# --- the checkers -------------------------------------------------------------------------------


def test_tagging():
    good = notebook(text("a", "core"), code("a", "further", "hide-input"))
    assert structure.tagging("06-a", good) == []
    bad = notebook(text("a"), code("a", "core", "further"), text("a", "core"))
    assert [fault.split()[2] for fault in structure.tagging("06-a", bad)] == ["0", "1"]


def test_minutes():
    assert structure.minutes("06-a", notebook(text("a", "core", minutes=45))) == []
    for cells in (
        [text("a", "core")],
        [text("a", "core", minutes=40), text("b", "core", minutes=5.5)],
        [text("a", "core", minutes=5), text("b", "core", minutes=0)],
        [text("a", "core", minutes=5), text("b", "further", minutes=5)],
    ):
        assert len(structure.minutes("06-a", notebook(*cells))) == 1, cells


def test_cell_metadata():
    assert structure.cell_metadata("06-a", notebook(text("a", topics=["T6.1"], notes="n"))) == []
    assert (
        len(structure.cell_metadata("06-a", notebook(text("a", topics="T6.1", minutes="2")))) == 2
    )
    assert structure.unknown_keys("06-a", notebook(text("a", topic=["T6.1"]))) == [
        "06-a cell 0: unknown key unrolled.topic"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "```{note}\nText\n```",
        "::::{grid} 2\n::::",
        ":::note\n:::",
        "See {ref}`loss`.",
        "See {doc}`a <b>`",
        "(loss)=\n# Loss",
        "{{ version }}",
    ],
)
def test_myst_is_found(source):
    assert len(structure.plain_markdown("06-a", notebook(text(source)))) >= 1


def test_plain_markdown_passes():
    source = "# a\n\n> **Note.** `{x}` and $\\{x_t\\}$ and $$\\frac{a}{b} \\tag{6.1}$$\n\n```python\nx = {1}\n{{x}}\n```"
    assert structure.plain_markdown("06-a", notebook(text(source))) == []


def test_alt_texts():
    good = notebook(
        picture("The norm falls by 10^6 in 20 steps"), text("![The folded graph](a.svg)")
    )
    assert structure.alt_texts("06-a", good) == []
    for cell in (
        picture(),
        picture(""),
        picture("Figure"),
        picture("see the picture ../_images/0a1b.png"),
        text("![](a.svg)"),
        text("![a.svg](a.svg)"),
    ):
        assert len(structure.alt_texts("06-a", notebook(cell))) == 1, cell


def test_captions():
    def captioned(cell, caption):
        cell.metadata.setdefault("mystnb", {})["figure"] = {"caption": caption}
        return structure.captions("06-a", notebook(cell))

    alt = "The norm falls by 10^6 in 20 steps."
    data = {"text/html": '<div class="unrolled-widget">...</div>'}
    widget = code("show()", outputs=[v4.new_output("display_data", data)])
    assert len(structure.captions("06-a", notebook(code("1"), picture(alt), widget))) == 2
    for cell in (picture(alt), widget):
        assert captioned(cell, "What is left of the gradient.") == []
    for caption in ("", "Figure.", "What is left of the gradient", alt):
        assert len(captioned(picture(alt), caption)) == 1, caption
    assert len(captioned(code("1"), "What is left of the gradient.")) == 1


def test_dead_controls():
    control = v4.new_output(
        "display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    )
    assert len(structure.dead_controls("06-a", notebook(code("show()", outputs=[control])))) == 1
    moving = v4.new_output("display_data", {"text/html": '<div class="unrolled-widget"></div>'})
    assert structure.dead_controls("06-a", notebook(code("show()", outputs=[moving]))) == []


def test_stored_outputs():
    error = v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    cells = code("1", outputs=[stream("careful", "stderr")]), code("1", outputs=[error]), code("1")
    for cell in cells:
        assert len(structure.stored_outputs("06-a", notebook(cell))) == 1


def test_size():
    assert structure.size("06-a", notebook(code("1"))) == []
    assert len(structure.size("06-a", notebook(code("1", outputs=[stream("x" * 1_500_000)])))) == 1


def test_headings():
    good = notebook(
        text("# 6 · Errors flow back\n\nText"), text("## One\n\n```\n# no title\n```\n### Two")
    )
    assert structure.headings("06-bptt", good) == []
    assert structure.headings("16a-memory", notebook(text("# 16a · Memory"))) == []
    for cells in (
        [text("# Errors flow back")],
        [text("# 16 · Errors flow back")],
        [text("# 6.1 Errors")],
        [text("## One"), text("# 6 · Late")],
        [text("# 6 · One"), text("# 6 · Two")],
        [text("# 6 · One"), text("### Three")],
        [code("1"), text("# 6 · One")],
        [text("No heading at all")],
    ):
        assert len(structure.headings("06-bptt", notebook(*cells))) == 1, cells


def test_code_width():
    def faults(source):
        return structure.code_width("06-a", notebook(text("# a" + "a" * 200), code(source)))

    widest = "x = 1  # " + "a" * (structure.CODE_WIDTH - 9)
    address = "data = read('https://example.org/" + "a" * 80 + "')"
    assert faults(f"{widest}\n%config a = '{'a' * 99}'\n    !ls {'a' * 99}\n{address}") == []
    assert len(faults(f"y = 1\n{widest}a")) == 1
    assert "code cell 1 line 2 has 99 characters" in faults(f"y = 1\n{widest}a")[0]
    for line in (f'print("{"a" * 99}")', f'    """{"a" * 99}"""', f"# {'a' * 99}"):
        assert len(faults(line)) == 1, line


def test_set_up_cells():
    def faults(*sources):
        lectures = {f"0{n}-a": notebook(text("# a"), code(s)) for n, s in enumerate(sources)}
        return structure.set_up_cells(lectures, "https://github.com/a/b", "main")

    assert faults(SET_UP, SET_UP) == []
    assert len(faults(SET_UP, SET_UP + "\n")) == 1
    assert len(faults(SET_UP.replace("main", "v1"))) == 1
    assert len(faults(SET_UP.replace("/a/", "/c/"))) == 1
    assert len(faults("import unrolled")) == 1
