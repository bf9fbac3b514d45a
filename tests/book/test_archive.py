"""The packed site: unpacked into a folder and opened from its files, with the network off."""

import zipfile
from datetime import UTC, datetime

import pytest

import archive
import chromium
import edition
from browser import Watch, browser  # noqa: F401 (a fixture)
from page_checks import math_errors
from rendered import HTML, lecture_names, site  # noqa: F401 (a fixture)

BOOK = edition.Edition(
    "Unrolled",
    "A book",
    "An author",
    "1.2",
    "https://example.org",
    datetime(2026, 9, 21, 8, 30, 2, 0, UTC),
)
FORMULAS = ".katex, mjx-container"


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):  # noqa: F811
    """The folder that unpacking leaves."""
    folder = tmp_path_factory.mktemp("stick")
    archive.pack(HTML, folder / "site.zip", BOOK)
    with zipfile.ZipFile(folder / "site.zip") as packed:
        packed.extractall(folder)
    return folder / archive.FOLDER


@pytest.fixture
def read(unpacked, browser):  # noqa: F811
    """read(name) -> (page, watch) of a file of the unpacked site, opened without a network; and where it leads."""
    context = browser.new_context(offline=True)

    def opened(name, leads_to=None):
        page = context.new_page()
        watch = Watch(page, (unpacked.as_uri() + "/",))
        page.goto(f"{unpacked.as_uri()}/{name}", wait_until="load")
        page.wait_for_url(f"{unpacked.as_uri()}/{leads_to or name}")
        assert page.evaluate(chromium.SETTLED)
        return page, watch

    yield opened
    context.close()


def test_first_file_leads_to_the_first_page(read):
    page, watch = read("index.html", "book/intro.html")
    assert page.locator("article section > h1").inner_text().startswith("Unrolled")
    left = "_static/icon.svg: net::ERR_ABORTED"  # the first file is left before its icon is there
    assert [problem for problem in watch.problems if not problem.endswith(left)] == []


@pytest.mark.parametrize("name", [*lecture_names(), "book/notation.html"])
def test_page_opens_from_its_file(name, read):
    page, watch = read(name)
    assert page.locator(FORMULAS).count() > 20
    assert math_errors(page) == []
    faces = page.evaluate(
        "[...document.fonts].filter((one) => one.status == 'loaded').map((one) => one.family)"
    )
    assert any("Source Serif" in face for face in faces), faces
    assert watch.problems == []


def test_search_answers(read):
    page, watch = read("search.html?q=unfolding")
    found = page.locator("#search-results li a", has_text="4")
    found.first.wait_for()
    found.first.click()
    page.wait_for_url("**/*unfolding.html*")
    assert watch.problems == []


@pytest.mark.parametrize("name", lecture_names())
def test_deck_opens_and_leads_back_to_its_chapter(name, read):
    page, watch = read(name.replace("lectures/", "slides/"))
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    assert page.evaluate("Reveal.getTotalSlides()") > 20
    page.click("a.chapter")
    page.wait_for_url(f"**/{name}")
    assert watch.problems == []


def test_what_is_in_it(unpacked):
    assert (unpacked / "README.txt").read_text().count("\n") == 3
    names = [file.name for file in unpacked.rglob("*")]
    assert "objects.inv" not in names
    assert [name for name in names if name.startswith(".")] == []
    assert {file.name for file in (unpacked / "slides").glob("*.html")} == {
        name.removeprefix("lectures/") for name in lecture_names()
    }


@pytest.fixture
def small(tmp_path):
    """A site of two files, and one that only building needs."""
    folder = tmp_path / "html"
    (folder / "_static").mkdir(parents=True)
    (folder / "index.html").write_text("<!DOCTYPE html><title>One</title><p>Text</p>")
    (folder / "_static" / "a.css").write_text("p { color: black; }")
    (folder / ".buildinfo").write_text("ballast")
    return folder


def test_same_site_same_bytes(small, tmp_path):
    packed = []
    for name in ["one.zip", "two.zip"]:
        (small / "index.html").touch()
        archive.pack(small, tmp_path / name, BOOK)
        packed.append((tmp_path / name).read_bytes())
    assert packed[0] == packed[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as archived:
        entries = archived.infolist()
    assert [entry.filename.removeprefix("unrolled-site/") for entry in entries] == [
        "README.txt",
        "_static/a.css",
        "index.html",
    ]
    assert {entry.date_time for entry in entries} == {(2026, 9, 21, 8, 30, 2)}


def test_nothing_to_pack(monkeypatch, tmp_path):
    monkeypatch.setattr(archive, "HTML", tmp_path)
    with pytest.raises(SystemExit, match="no site to pack: run `make book` first"):
        archive.main()
