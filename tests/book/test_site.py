"""Every page of the built site loads clean, stays within its width, and its widgets answer."""

from pathlib import Path

import pytest

from browser import Watch
from page_checks import (
    PHONE,
    WIDTH,
    alt_problems,
    cut_off,
    math_errors,
    open_page,
    restless,
    sideways,
    still_widgets,
    unfocusable,
    untypeset,
)
from rendered import HTML, lecture_names, page_names
from widget_use import WIDGET

GENERATED = {
    "index.html",
    "genindex.html",
}  # the way to the first page; Sphinx's index, to which nothing links


def test_site_has_the_pages_of_the_table_of_contents(site):
    built = {path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html")}
    built = {name for name in built if not name.startswith(("_static/", "slides/"))}
    assert built - GENERATED == set(page_names())


def test_site_has_a_deck_for_every_lecture(site):
    decks = {path.name for path in (HTML / "slides").glob("*.html")}
    assert decks == {Path(name).name for name in lecture_names()}


@pytest.mark.parametrize("width", [WIDTH, PHONE])
@pytest.mark.parametrize("name", page_names())
def test_page(name, width, site, browser):
    seen = []
    page = open_page(
        browser, site + name, width, watch=lambda page: seen.append(Watch(page, (site,)))
    )
    problems = math_errors(page) + untypeset(page) + alt_problems(page)
    problems += (
        restless(page) + sideways(page) + unfocusable(page) + cut_off(page) + still_widgets(page)
    )
    page.close()
    assert seen[0].problems + problems == []


@pytest.mark.parametrize("name", lecture_names())
def test_lecture_has_a_widget(name, site, browser):
    page = open_page(browser, site + name)
    widgets = page.locator(WIDGET).count()
    page.close()
    assert widgets >= 1


def test_first_address_leads_to_the_first_page(site, browser):
    page = browser.new_page()
    page.goto(site)
    page.wait_for_url(site + page_names()[0])
    page.close()


def test_search_finds_a_chapter(site, browser):
    page = browser.new_page()
    page.goto(f"{site}search.html?q=unfolding")
    found = page.locator("#search-results li a", has_text="4")
    found.first.wait_for()
    page.close()


def test_links_lead_somewhere(site, browser):
    page = browser.new_page()
    addresses = {}
    for name in page_names():
        page.goto(site + name, wait_until="domcontentloaded")
        for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"):
            if link.startswith(site):
                addresses.setdefault(link.split("?")[0], name)
    page.close()
    assert [
        f"{link} on {name}" for link, name in addresses.items() if not _exists(link, site)
    ] == []


def _exists(link, site):
    path, _, anchor = link.removeprefix(site).partition("#")
    file = HTML / (path or "index.html")
    if not file.is_file():
        return False
    return not anchor or anchor in ("", "#") or f'id="{anchor}"' in file.read_text(encoding="utf-8")
