"""The printed book: its contents, page numbers, links and bookmarks lead to the right pages, and nothing is cut off.

The book printed here has four pages of the site; `make pdf` prints all of them in the same way.
"""

import io
import re
import subprocess
import unicodedata

import pytest
from pypdf import PdfReader

import chromium
import edition
import pdf
import toc
from rendered import HTML, site  # noqa: F401 (a fixture)

CHAPTER = "04-unfolding"
PAGES = ["book/use", f"lectures/{CHAPTER}", f"solutions/{CHAPTER}/{CHAPTER}", "book/notation"]
ENTRIES = [entry for entry in toc.entries() if entry.document in (None, *PAGES)]
EPOCH = "1790000000"  # 2026-09-21
A4 = (595, 842)  # points
LINE = re.compile(r"^(?P<title>.*\S)\s+(?P<number>\d+)$")


@pytest.fixture(scope="module")
def book(site):  # noqa: F811
    """The printed book as pypdf reads it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        return PdfReader(io.BytesIO(pdf.build(ENTRIES)))


@pytest.fixture(scope="module")
def pages(book):
    """(what stands in the margins, its text) of each page; the first has number 1."""
    return {number: divide(page) for number, page in enumerate(book.pages, start=1)}


@pytest.fixture(scope="module")
def texts(pages):
    """The text of each page, without what stands in the margins."""
    return {number: text for number, (_, text) in pages.items()}


def divide(page):
    """The margins come first in a page's text: the running titles, then the page's number on a line of its own."""
    text = re.sub(r"[ \xa0]+", " ", page.extract_text())
    found = re.match(r"((?:.*\n){1,2}\d+)\n", text)
    return (found[1], text[found.end() :]) if found else ("", text)


def squeezed(words):
    """Without spaces and the breaks of lines, which stand elsewhere in print."""
    return re.sub(
        r"\s+", "", unicodedata.normalize("NFKC", words)
    )  # a formula's letters as plain ones


def stands_in(heading, text):
    """Whether the heading is in the text, but for its single letters: a formula may come out apart from its line."""
    parts = re.split(r"\b\w\b", heading)
    return all(squeezed(part).lower() in squeezed(text).lower() for part in parts)


def title(document):
    html = (HTML / f"{document}.html").read_text(encoding="utf-8")
    return re.search(r"<title>(.*?) — Unrolled</title>", html)[1]


def bookmarks(book):
    """(depth, title, page) of each bookmark."""

    def walk(items, depth):
        for item in items:
            if isinstance(item, list):
                yield from walk(item, depth + 1)
            else:
                yield depth, item.title, book.get_destination_page_number(item) + 1

    return list(walk(book.outline, 1))


def links(page):
    """The annotations of a page that are links."""
    annotations = [each.get_object() for each in page.get("/Annots", [])]
    return [each for each in annotations if each["/Subtype"] == "/Link"]


def leads_to(book, link):
    """Number of the page that an internal link leads to."""
    return book.get_destination_page_number(book.named_destinations[link["/Dest"]]) + 1


def test_title_page_says_what_book_it_is(texts):
    for words in ["Unrolled", "The Unrolled authors", "Version 0.", "21 September 2026", "CC BY"]:
        assert words in texts[1]


def test_pages_are_numbered_from_the_second_on(pages):
    assert len(pages) > 10
    margins = {number: margin.splitlines() for number, (margin, _) in pages.items()}
    assert margins.pop(1) == []
    assert [number for number, margin in margins.items() if margin[-1:] != [str(number)]] == []


def test_margins_name_the_part_and_the_page(pages, book):
    starts = {name: number for _, name, number in bookmarks(book)}
    assert pages[starts["Notation"]][0].startswith("Look things up Notation\n")


@pytest.mark.parametrize("document", PAGES)
def test_a_title_is_on_the_page_that_the_contents_name(document, texts):
    lines = [LINE.match(line.strip()) for number in (2, 3) for line in texts[number].splitlines()]
    named = [int(line["number"]) for line in lines if line and line["title"] == title(document)]
    assert len(named) == 1, f"{title(document)} is {len(named)} times in the contents"
    top = squeezed(texts[named[0]])[:150]  # the part's name may stand above it
    assert squeezed(title(document)) in top


def test_contents_lead_to_the_pages_they_name(book, texts):
    contents = book.pages[1]
    numbers = [int(line.split()[-1]) for line in texts[2].splitlines() if LINE.match(line.strip())]
    assert [leads_to(book, link) for link in links(contents)] == numbers
    assert len(numbers) > 10


def test_bookmarks_lead_to_their_headings(book, texts):
    found = bookmarks(book)
    assert {depth for depth, _, _ in found} == {1, 2, 3, 4}
    lost = [(name, number) for _, name, number in found if not stands_in(name, texts[number])]
    assert lost == []
    parts = ["Contents", "Start here", "Recurrence", "Look things up"]
    assert [name for depth, name, _ in found if depth == 1] == parts


def test_a_link_to_another_page_of_the_book_jumps_inside_it(book, texts):
    """The page on using the book says that the symbols stand on the page Notation."""
    page = next(
        page for number, page in enumerate(book.pages, 1) if "The symbols are" in texts[number]
    )
    start = next(number for _, name, number in bookmarks(book) if name == "Notation")
    assert start in [leads_to(book, link) for link in links(page) if "/Dest" in link]


def test_no_link_leads_to_a_file_of_this_machine(book):
    addresses = [link["/A"]["/URI"] for page in book.pages for link in links(page) if "/A" in link]
    assert addresses
    assert [each for each in addresses if not each.startswith(("https://", "http://"))] == []


def test_fonts_are_in_the_file(book):
    fonts = [
        font.get_object()
        for page in book.pages
        for font in page["/Resources"].get("/Font", {}).values()
    ]
    assert len(fonts) > 5
    assert [str(font.get("/BaseFont")) for font in fonts if not embedded(font)] == []


def embedded(font):
    if font["/Subtype"] == "/Type3":  # its letters are drawings in the file
        return True
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    return bool({"/FontFile", "/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"]))


def test_file_says_what_it_is(book):
    root = book.trailer["/Root"]
    assert book.metadata.title == "Unrolled: Recurrent and recursive networks, derived and executed"
    assert book.metadata.author == "The Unrolled authors"
    assert book.metadata.creation_date.timestamp() == int(EPOCH)
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in root, "the file is not tagged"
    assert {tuple(map(round, page.mediabox[2:])) for page in book.pages} == {A4}


def test_worked_answers_are_open_and_checks_are_left_out(texts):
    everything = " ".join(texts.values())
    assert "answer_1 = 1.75" in everything
    assert "Question 1, visible check" not in everything
    assert "Question 1, hidden tests" not in everything


# --- a small site, and what is refused ----------------------------------------------------------


@pytest.fixture
def small(tmp_path, monkeypatch):
    """small(html) prints a site of one page with this in it."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)

    def build(html):
        article = (
            f'<article class="bd-article"><section id="a"><h1>One</h1>{html}</section></article>'
        )
        (tmp_path / "one.html").write_text(f"<!DOCTYPE html><title>One</title>{article}")
        return pdf.build([toc.Entry("one", 1, None)], tmp_path)

    return build


def test_same_commit_same_bytes(small):
    html = '<p>Text and a <a href="one.html#a">link</a>.</p><h2>Two</h2>'
    assert small(html) == small(html)


def test_what_is_wider_than_the_column_is_named(small):
    with pytest.raises(
        SystemExit, match='wider than the printed column:\n[0-9]+ px: <pre id="one/x"'
    ):
        small('<pre id="x" style="width: 900px">wide</pre>')


def test_a_wide_formula_is_shrunk(small):
    formula = '<div class="math"><span style="display: inline-block; width: 60em">x</span></div>'
    assert small(formula).startswith(b"%PDF")


def test_without_a_browser_it_says_so(small, monkeypatch):
    monkeypatch.setattr(chromium, "find_chromium", lambda playwright: None)
    with pytest.raises(SystemExit, match="error: no Chromium or Chrome found: install one"):
        small("<p>Text</p>")


def test_an_old_browser_is_refused():
    pdf.check_version("131.0.6778.33")
    with pytest.raises(SystemExit, match="this Chromium is version 130.0.1; the book needs 131"):
        pdf.check_version("130.0.1")


# --- the edition --------------------------------------------------------------------------------


def test_without_a_commit_the_date_must_be_given(tmp_path, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with pytest.raises(SystemExit, match="git knows none here .* set SOURCE_DATE_EPOCH"):
        edition.made_at(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    assert edition.made_at(tmp_path).year == 2026
