"""The decks of the site: read in Chromium from their files, with the network off."""

from pathlib import Path

import nbformat
import pytest

import decks
import notebooks
import slides
import vendor
import widget_demo
from browser import browser  # noqa: F401 (a fixture)
from classroom import deck
from widget_use import WIDGET

ROOT = Path(__file__).resolve().parents[2]
LECTURES = sorted((Path(__file__).resolve().parents[2] / "lectures").glob("*.ipynb"))
CHAPTER = "../lectures/09-deep.html"


def link(target):
    """Where relative links lead in the decks made here."""
    return f"https://example.org/{target}"


def names(paths):
    return [path.stem for path in paths]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder with what decks load."""
    output = tmp_path_factory.mktemp("decks")
    slides.copy_vendored(vendor.install(), output)
    return output


# --- the lectures' decks ------------------------------------------------------------------------


def test_there_are_lectures():
    assert LECTURES, "no lecture found in lectures/"


@pytest.fixture(scope="module", params=LECTURES, ids=names(LECTURES))
def lecture(request, folder, browser):  # noqa: F811
    """(page, watch, deck) of a lecture's deck, opened."""
    built = slides.build(request.param, folder)
    page, watch = deck.open_deck(browser, built.path)
    yield page, watch, built
    page.context.close()


def test_every_slide_fits(lecture):
    page, _, _ = lecture
    assert deck.overflow(page) == []


def test_formulas_are_set(lecture):
    page, _, _ = lecture
    assert page.locator("mjx-container").count() > 0
    assert deck.formula_errors(page) == []
    assert deck.raw_formulas(page) == []


def test_every_slide_has_notes(lecture):
    page, _, built = lecture
    assert page.evaluate("Reveal.getTotalSlides()") == built.slides
    assert deck.slides_without_notes(page) == []


def test_widgets_answer(lecture):
    page, _, _ = lecture
    assert page.locator(WIDGET).count() > 0, "the deck shows no widget"
    assert deck.silent_widgets(page) == []


def test_speaker_view_opens(lecture):
    page, _, _ = lecture
    page.evaluate("Reveal.slide(0, 0)")
    with page.expect_popup() as opened:
        page.keyboard.press("s")
    first = page.evaluate("document.querySelector('aside.notes').textContent.trim()")
    value = opened.value.locator(".speaker-controls-notes .value")
    value.filter(has_text=first.split("\n")[0]).wait_for(state="attached")
    opened.value.close()


def test_nothing_fails_and_nothing_comes_from_elsewhere(lecture):
    """Last: what the tests above did is on the record as well."""
    _, watch, _ = lecture
    assert watch.problems == []


def test_deck_and_chapter_lead_to_each_other(lecture):
    page, _, built = lecture
    assert page.get_attribute("a.chapter", "href") == f"../lectures/{built.path.stem}.html"


def test_core_takes_at_most_45_minutes(lecture):
    _, _, built = lecture
    assert 0 < built.minutes <= 45


@pytest.mark.parametrize("path", LECTURES, ids=names(LECTURES))
def test_live_deck_shows_the_same_cells(path):
    """JupyterLab's live deck shows each cell that does not say `skip`: what is not in the deck must say it."""
    notebook = nbformat.read(path, as_version=4)
    forgotten = [
        slides.where(cell)
        for cell in notebook.cells
        if slides.slide_type(cell) is None
        and cell.metadata.get("slideshow", {}).get("slide_type") != "skip"
    ]
    assert forgotten == []


# --- the checker, shown a bad deck --------------------------------------------------------------


def cell(source, slide_type="slide", minutes=1, notes="Say it.", **metadata):
    new = nbformat.v4.new_markdown_cell(source)
    new.metadata.update(
        tags=["core"],
        slideshow={"slide_type": slide_type},
        unrolled={"minutes": minutes, "notes": notes},
        **metadata,
    )
    return new


def code(source, text="", **metadata):
    new = nbformat.v4.new_code_cell(source)
    new.metadata.update(cell("", **metadata).metadata)
    if text:
        new.outputs = [nbformat.v4.new_output("stream", text=text)]
    return new


def notebook(*cells):
    return nbformat.v4.new_notebook(
        cells=list(cells),
        metadata={"language_info": {"name": "python", "pygments_lexer": "ipython3"}},
    )


@pytest.fixture
def show(folder, browser):  # noqa: F811
    """show(*cells) -> (page, watch) of their deck."""
    pages = []

    def render(*cells, change=str):
        html, _, _ = slides.render(notebook(*cells), CHAPTER, link)
        path = folder / "bad.html"
        path.write_text(change(html))
        pages.append(deck.open_deck(browser, path))
        return pages[-1]

    yield render
    for page, _ in pages:
        page.context.close()


def test_a_good_deck_has_no_problem(show):
    formula = cell(
        "## Step\n\n$$a_t = b + W h_{t-1} \\tag{9.1}$$\n\n<details><summary>Answer</summary>\n\n2\n\n</details>"
    )
    page, watch = show(
        formula, code("x = 1\n" * 15), cell("And $x^2$.", "fragment"), code("x = 1\n" * 25)
    )
    assert deck.overflow(page) == []
    assert deck.formula_errors(page) == deck.raw_formulas(page) == []
    assert deck.slides_without_notes(page) == []
    assert watch.problems == []


@pytest.mark.parametrize(
    "bad, complaint",
    [
        ([cell("\n\n".join(["A paragraph."] * 20))], "slide 1: p lies outside the slide"),
        ([cell("A title"), code("x = 1\n" * 40)], "slide 2: pre lies outside the slide"),
        ([code("x = '" + "y" * 120 + "'")], "slide 1: pre is cut off"),
        ([code("print()", "z" * 150)], "slide 1: pre is cut off"),
        ([cell("w" * 200)], "slide 1: text runs outside the slide"),
        ([cell("$$" + "x + " * 60 + "x$$")], "outside the slide"),
        (
            [cell("One"), *[cell("Another\n\nanother", "fragment", minutes=0) for _ in range(9)]],
            "slide 1: ",
        ),
        (
            [cell("<details><summary>Answer</summary>\n\n" + "Why.\n\n" * 20 + "</details>")],
            "slide 1: ",
        ),
        (
            [cell("<div style='height: 9px'><p>One</p><p>Two</p></div>"), cell("Three", "-")],
            "runs into what follows",
        ),
        ([cell("<small style='font-size: 10px'>tiny</small>")], "too small to read"),
    ],
    ids=[
        "prose",
        "code",
        "wide code",
        "wide output",
        "long word",
        "formula",
        "fragments",
        "answer",
        "overlap",
        "tiny",
    ],
)
def test_the_checker_sees_what_does_not_fit(show, bad, complaint):
    page, _ = show(*bad)
    found = deck.overflow(page)
    assert any(complaint in sentence for sentence in found), found


def test_the_checker_sees_a_figure_that_is_too_small(show):
    figure = code("x = 1\n" * 15, mystnb={"image": {"alt": "it falls"}})
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><rect width="9" height="9"/></svg>'
    figure.outputs = [nbformat.v4.new_output("display_data", {"image/svg+xml": svg})]
    page, _ = show(figure)
    assert any("a figure is only" in sentence for sentence in deck.overflow(page))


def test_the_checker_sees_bad_formulas(show):
    page, _ = show(cell(r"$$\frac{1}$$ and $\nosuchcommand$"))
    assert len(deck.formula_errors(page)) == 2
    page, _ = show(cell("A dollar \\$ left over"))
    assert len(deck.raw_formulas(page)) == 1


def test_the_checker_sees_missing_notes(show):
    page, _ = show(
        cell("One"),
        cell("Two"),
        change=lambda html: html.replace("Say it.", "", 1).replace("Minutes 0-1.", ""),
    )
    assert deck.slides_without_notes(page) == [1]


@pytest.mark.parametrize(
    "html, complaint",
    [
        (
            '<img src="https://example.org/x.png" alt="x">',
            "foreign request: https://example.org/x.png",
        ),
        ('<img src="missing.png" alt="x">', "failed request"),
        ("<script>console.error('broken')</script>", "console error: broken"),
        ("<script>nothing.at.all</script>", "exception: nothing is not defined"),
    ],
)
def test_the_checker_sees_what_goes_wrong_in_the_page(show, html, complaint):
    _, watch = show(cell("One"), change=lambda deck: deck.replace("</body>", html + "</body>"))
    assert any(complaint in sentence for sentence in watch.problems), watch.problems


# --- every form of widget -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def widgets(tmp_path_factory):
    """A notebook with a widget of each form, run."""
    path = tmp_path_factory.mktemp("widgets") / "99-widgets.ipynb"
    nbformat.write(widget_demo.notebook(), path)
    notebooks.update(path)
    return nbformat.read(path, as_version=4)


def test_every_form_of_widget_fits_its_slide_and_answers(show, widgets):
    page, watch = show(*widgets.cells)
    assert page.locator(WIDGET).count() == len(widget_demo.FORMS) + 1
    assert deck.overflow(page) == []
    assert deck.silent_widgets(page) == []
    assert watch.problems == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('range.addEventListener("input"', 'range.addEventListener("click"', "do not move 'step'"),
        ("event.stopPropagation()", "0", "meant for the widget, turned the page"),
        ("event.target.blur()", "0", "a clicker does not turn the page after the widget"),
    ],
)
def test_the_checker_sees_a_widget_that_does_not_answer(show, widgets, old, new, complaint):
    player = 2 + list(widget_demo.FORMS).index("player")
    cells = [*widgets.cells[:2], widgets.cells[player], cell("The end")]
    page, _ = show(*cells, change=lambda html: html.replace(old, new))
    found = deck.silent_widgets(page)
    assert any(complaint in sentence for sentence in found), found


# --- what utils/build/slides.py refuses ---------------------------------------------------------


def picture_without_text():
    bad = code("plot()")
    bad.outputs = [nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg/>"})]
    return bad


@pytest.mark.parametrize(
    "bad, complaint",
    [
        ([cell("One", "-")], "before any slide has started"),
        ([cell("One", "skip")], "no cell is tagged core and starts a slide"),
        ([cell("One", "slides")], "has the slide type 'slides'"),
        ([cell("One", notes=" ")], "has no speaker notes"),
        ([cell("One", minutes=0)], "has no minutes"),
        ([cell("One", minutes="2")], "has the minutes '2'"),
        ([picture_without_text()], "shows a figure without `mystnb.image.alt`"),
    ],
)
def test_a_deck_is_refused(bad, complaint):
    with pytest.raises(slides.SlideError, match=complaint.replace(".", r"\.")):
        slides.render(notebook(*bad), CHAPTER, link)


def test_more_than_45_minutes_are_refused(tmp_path):
    path = tmp_path / "01-long.ipynb"
    nbformat.write(notebook(cell("One", minutes=45)), path)
    assert slides.build(path, tmp_path, link).minutes == 45
    nbformat.write(notebook(cell("One", minutes=45), cell("Two", minutes=0.5)), path)
    with pytest.raises(
        slides.SlideError, match=r"01-long\.ipynb: its core takes 45\.5 minutes, at most 45"
    ):
        slides.build(path, tmp_path, link)


def test_what_is_left_out_and_what_is_in():
    further = cell("Not in class")
    further.metadata.tags = ["further"]
    hidden = code("secret = 1", "shown")
    hidden.metadata.tags.append("hide-input")
    linked = cell(
        "See [it](../exercises/a.ipynb) and [DOI](https://doi.org/10.1/x).", "fragment", 0, ""
    )
    html, count, spoken = slides.render(
        notebook(cell("One", minutes=2.5), linked, cell("No", "skip"), further, hidden),
        CHAPTER,
        link,
    )
    assert (count, spoken) == (2, 3.5)
    assert (
        "Not in class" not in html
        and ">No<" not in html
        and "secret" not in html
        and "shown" in html
    )
    assert 'href="https://example.org/../exercises/a.ipynb"' in html
    assert 'href="https://doi.org/10.1/x"' in html
    assert 'data-timing="150"' in html and "Minutes 2.5-3.5." in html


def test_missing_npm_package_is_named(tmp_path):
    with pytest.raises(slides.SlideError, match="run `make book`"):
        slides.copy_vendored(tmp_path / "node_modules", tmp_path)


# --- where a deck's links lead ------------------------------------------------------------------


@pytest.mark.parametrize(
    "target, address",
    [
        ("../book/notation.md#shapes", "../book/notation.html#shapes"),
        ("04-unfolding.ipynb", "../lectures/04-unfolding.html"),
        ("../exercises/06-bptt/06-bptt.ipynb", "../exercises/06-bptt/06-bptt.html"),
    ],
)
def test_a_link_to_a_page_leads_to_the_page_beside_the_deck(target, address):
    assert slides.link_from_deck()(target) == address


def test_a_link_to_another_file_leads_to_the_repository():
    address = slides.link_from_deck()("../utils/unrolled/scratch/rnn.py")
    assert address.startswith("https://github.com/")
    assert address.endswith("/blob/main/utils/unrolled/scratch/rnn.py")


def test_a_link_to_nothing_is_refused():
    with pytest.raises(slides.SlideError, match=r"there is no book/nothing\.md"):
        slides.link_from_deck()("../book/nothing.md")


# --- which decks are rendered again -------------------------------------------------------------


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small course with two lectures, whose decks go into its own folder."""
    (tmp_path / "lectures").mkdir()
    for name in ["01-one", "02-two"]:
        nbformat.write(notebook(cell(name)), tmp_path / "lectures" / f"{name}.ipynb")
    monkeypatch.setattr(decks, "ROOT", tmp_path)
    monkeypatch.setattr(decks, "FOLDER", tmp_path / "slides")
    monkeypatch.setattr(decks, "STAMPS", tmp_path / "stamps.json")
    (tmp_path / "_config.yml").write_text("one: setting")
    return tmp_path


@pytest.fixture
def rendered(course, monkeypatch):
    """rendered() -> the names of the decks that an update renders."""
    seen = []
    build = slides.build
    monkeypatch.setattr(
        slides, "build", lambda path, output: seen.append(path.stem) or build(path, output)
    )

    def update():
        seen.clear()
        decks.update()
        return seen

    return update


def test_only_what_changed_is_rendered_again(course, rendered):
    assert rendered() == ["01-one", "02-two"]
    assert rendered() == []
    nbformat.write(notebook(cell("Changed")), course / "lectures" / "02-two.ipynb")
    assert rendered() == ["02-two"]
    assert "Changed" in (course / "slides" / "02-two.html").read_text()
    (course / "slides" / "01-one.html").unlink()
    assert rendered() == ["01-one"]
    (course / "_config.yml").write_text("another: setting")
    assert rendered() == ["01-one", "02-two"]


def test_a_deck_without_a_lecture_goes(course, rendered):
    rendered()
    (course / "lectures" / "01-one.ipynb").unlink()
    assert rendered() == []
    assert [path.name for path in (course / "slides").glob("*.html")] == ["02-two.html"]


def test_every_bad_lecture_is_named_and_tried_again(course, rendered):
    for name in ["01-one", "02-two"]:
        nbformat.write(notebook(cell(name, minutes=50)), course / "lectures" / f"{name}.ipynb")
    for _ in range(2):
        with pytest.raises(
            SystemExit, match=r"error: 01-one\.ipynb: (.|\n)*error: 02-two\.ipynb: its core"
        ):
            rendered()
