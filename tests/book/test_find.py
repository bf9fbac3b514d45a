"""Slide map, errata and glossary say what the data and the notebooks say, and their links hit what they name."""

import json
import re
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

import source_decks
from page_checks import PHONE, WIDTH
from rendered import HTML, page_names

ERRATA, SLIDE_MAP, GLOSSARY = "book/errata.html", "book/slide-map.html", "book/glossary.html"


@pytest.fixture(scope="module")
def source(root):
    return source_decks.source(root)


@pytest.fixture(scope="module")
def rows(site, browser):
    """The rows of the errata page by id: text, classes, and the links of their last paragraph."""
    page = browser.new_page()
    page.goto(site + ERRATA)
    found = page.eval_on_selector_all(
        ".erratum",
        """rows => rows.map(row => ({
             anchor: row.id, classes: [...row.classList], text: row.textContent,
             name: row.querySelector("h3").textContent.split(" ")[0],
             links: [...row.lastElementChild.querySelectorAll("a")].map(a => a.href)}))""",
    )
    page.close()
    return {row["name"]: row for row in found}


def cells_at(root, page):
    """{anchor: cell} of a notebook's page."""
    notebook = json.loads((root / page).with_suffix(".ipynb").read_text(encoding="utf-8"))
    anchors = source_decks.anchors(notebook["cells"])
    return {anchor: cell for cell, names in zip(notebook["cells"], anchors) for anchor in names}


def as_typed(text):
    """A text without the curly quotes and dots that Sphinx makes."""
    return text.translate(
        {ord(curly): plain for curly, plain in zip("‘’“”…", ["'", "'", '"', '"', "..."])}
    )


def first_words(cell):
    """Words of the beginning of a cell, which its element on the page must contain."""
    beginning = "".join(cell["source"]).split("\n\n")[0]
    plain = re.sub(r"\$.*?\$|<.*?>|\]\(.*?\)", " ", beginning, flags=re.DOTALL)
    return re.findall(r"[A-Za-z]{3,}", plain)[:4]


# --- errata -------------------------------------------------------------------------------------


def test_every_erratum_has_its_row(source, rows):
    assert list(rows) == list(source.book.errata)
    for name, row in source.book.errata.items():
        shown = rows[name]
        assert shown["anchor"] == name.lower().replace(".", "-")
        marks = re.findall(r"\b(?:CE|OV|BI|TY|NO|EX)\b", row["class"])
        assert [c for c in shown["classes"] if c.startswith("class-")] == [
            f"class-{mark.lower()}" for mark in marks
        ]
        assert f"deck-{row['deck'].lower()}" in shown["classes"]
        assert source_decks.class_names(row["class"]) in shown["text"]
        for slide in source.decks[row["deck"]].slides:
            if name in slide.errata:
                assert as_typed(slide.title) in as_typed(shown["text"])


def test_rows_that_are_shown_link_to_their_cells_and_no_other_row_does(source, rows, site):
    for name, row in rows.items():
        places = source.errata.get(name, [])
        anchors = {f"{site}{place.page}.html#{place.anchor}" for place in places}
        assert set(row["links"]) <= anchors
        assert bool(row["links"]) == bool(places) == ("shown" in row["classes"]), name
        listed = [c for c in source.book.chapters.values() if name in c.get("errata", [])]
        if not places:
            assert ("planned" in row["classes"]) == bool(listed)


def test_counts_are_those_of_the_rows(source, rows, site, browser):
    page = browser.new_page()
    page.goto(site + ERRATA)
    text = page.locator("#reading-a-row").inner_text()
    page.close()
    kinds = Counter(kind for row in rows.values() for kind in row["classes"])
    tested = sum(row["tested"] for row in source.book.errata.values())
    assert (
        f"There are {len(rows)} rows; one of two classes is counted in both. For {tested} of"
        in text
    )
    assert f"The book shows {kinds['shown']} in a cell; {kinds['planned']} wait" in text
    assert f"{kinds['text']} are told here alone" in text
    for mark, words in source_decks.CLASSES.items():
        assert f"{words}: {kinds['class-' + mark.lower()]}" in text


def test_filter_works_by_keyboard(rows, site, browser):
    page = browser.new_page()
    page.goto(site + ERRATA)

    def shown():
        visible = page.locator(".erratum:visible").count()
        assert page.locator(".errata-filter output").inner_text() == f"{visible} of 98 rows"
        return visible

    def having(*kinds):
        return sum(set(kinds) <= set(row["classes"]) for row in rows.values())

    assert shown() == 98
    page.locator("select[name=class]").focus()
    page.keyboard.press("ArrowDown")
    assert shown() == having("class-ce")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert shown() == having("class-ce", "deck-d1")
    assert page.locator("section:has(> .erratum) > h2:visible").all_inner_texts() == ["D1, Elston"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowUp")
    assert shown() == having("deck-d1")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown() == having("deck-d1", "shown") > 0
    page.evaluate("location.hash = 'e3-2'")
    page.locator("#e3-2").wait_for(state="visible")
    assert shown() == 98
    page.locator("input[name=shown]").focus()
    page.keyboard.press("Space")
    assert shown() == having("shown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.errata-filter output').value.startsWith('98')")
    assert shown() == 98
    page.close()


def test_without_scripts_every_row_is_shown_and_no_filter(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + ERRATA)
    assert page.locator(".erratum:visible").count() == 98
    assert page.locator(".errata-filter:visible").count() == 0
    context.close()


def test_lectures_lead_back_to_the_errata(source, site, browser):
    for path in {place.page for places in source.errata.values() for place in places}:
        if not path.startswith("lectures/"):
            continue
        page = browser.new_page()
        page.goto(f"{site}{path}.html")
        links = page.eval_on_selector_all(
            "article a[href*='errata.html#']", "a => a.map(a => a.textContent + a.hash)"
        )
        page.close()
        shown = [n for n, places in source.errata.items() if path in {p.page for p in places}]
        assert {f"{name}#{source_decks.anchor(name)}" for name in shown} <= set(links)


# --- anchors ------------------------------------------------------------------------------------


def test_every_claim_has_an_anchor_at_its_cell(source, root, site, browser):
    places = [*source.topics.values(), *source.errata.values()]
    anchors = {}
    for place in (place for found in places for place in found):
        anchors.setdefault(place.page, set()).add(place.anchor)
    assert len(anchors) >= 4
    for path, names in anchors.items():
        page = browser.new_page()
        page.goto(f"{site}{path}.html")
        texts = page.evaluate(
            """names => Object.fromEntries(names.map(name => {
                 const element = document.getElementById(name);
                 const inside = element?.children.length || element?.textContent;
                 return [name, (inside ? element : element?.parentElement)?.textContent ?? null];
               }))""",
            sorted(names),
        )
        page.close()
        cells = cells_at(root, path)
        for name in names:
            missing = [word for word in first_words(cells[name]) if word not in (texts[name] or "")]
            assert not missing, f"#{name} of {path} is not at its cell, which says {missing}"


# --- slide map ----------------------------------------------------------------------------------


def test_every_slide_has_its_row(source, site, browser):
    page = browser.new_page()
    page.goto(site + SLIDE_MAP)
    found = page.eval_on_selector_all(
        ".slide-map > dt",
        """terms => terms.map(term => ({anchor: term.id, title: term.textContent,
             told: term.nextElementSibling.textContent,
             links: [...term.nextElementSibling.querySelectorAll("a")].map(a => a.href)}))""",
    )
    page.close()
    slides = [slide for deck in source.decks.values() for slide in deck.slides]
    assert [row["anchor"] for row in found] == [slide.anchor for slide in slides]
    for row, slide in zip(found, slides):
        assert as_typed(row["title"]).startswith(as_typed(slide.title))
        later = {
            source.book.topics[name]["chapter"]
            for name in slide.topics
            if name not in source.topics
        }
        for chapter in later:
            number = chapter.split("-")[0].lstrip("0")
            assert f"chapter {number} ({source.book.chapters[chapter]['title']})" in row["told"]
        places = {place for name in slide.topics for place in source.topics.get(name, [])}
        lectures = {(place.page, place.section) for place in places}
        assert len(row["links"]) == len(lectures) + len(slide.errata)
        targets = {f"{site}{place.page}.html#{place.anchor}" for place in places}
        targets |= {f"{site}{ERRATA}#{source_decks.anchor(name)}" for name in slide.errata}
        assert set(row["links"]) <= targets


@pytest.mark.parametrize("width", [WIDTH, PHONE])
def test_one_can_jump_to_a_deck(width, source, site, browser):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(site + SLIDE_MAP)
    jumps = page.locator("p:has-text('Jump to a deck') a")
    assert jumps.count() == len(source.decks)
    jumps.last.focus()
    page.keyboard.press("Enter")
    page.locator("#d4-cheng").wait_for()
    page.wait_for_function("document.querySelector('#d4-cheng').getBoundingClientRect().top < 200")
    page.close()


# --- glossary -----------------------------------------------------------------------------------


def glossary(root):
    """[(names, definition)] in the page's order."""
    text = (root / "book/glossary.md").read_text(encoding="utf-8")
    entries = []
    for block in re.findall(r"```\{glossary\}\n(.*?)\n```", text, flags=re.DOTALL):
        for entry in block.split("\n\n"):
            lines = entry.splitlines()
            names = [line for line in lines if not line.startswith("  ")]
            entries.append((names, "\n".join(lines[len(names) :])))
    return entries


def test_terms_are_unique_and_in_order(root):
    entries = glossary(root)
    names = [name.lower() for names, _ in entries for name in names]
    assert len(entries) >= 90
    assert len(names) == len(set(names))
    first = [names[0].lower() for names, _ in entries]
    assert first == sorted(first)


def test_every_term_says_where_it_is_introduced(root, source):
    for names, definition in glossary(root):
        last = definition.splitlines()[-1].strip()
        planned = re.fullmatch(r"\{planned\}`(\d+[a-z]?)`", last)
        section = re.fullmatch(
            r"Chapter (\d+[a-z]?): \[\]\(\.\./lectures/(\d\d[a-z]?)-[\w-]+\.ipynb#.+\)\.", last
        )
        assert planned or section, f"{names[0]} does not say where it is introduced"
        if section:
            assert section[1] == section[2].lstrip("0"), names[0]
        number = (planned or section)[1]
        (chapter,) = [
            row
            for name, row in source.book.chapters.items()
            if name.lstrip("0").startswith(f"{number}-")
        ]
        assert (chapter["status"] == "planned") == bool(planned), names[0]


def test_terms_can_be_linked_to(root):
    page = (HTML / GLOSSARY).read_text(encoding="utf-8")
    for names, _ in glossary(root):
        for name in names:
            assert f'id="term-{re.sub(r"[^A-Za-z0-9-]+", "-", name)}"' in page, name


# --- report a mistake ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", page_names())
def test_page_has_a_link_to_report_a_mistake(name, site, browser):
    page = browser.new_page()
    page.goto(site + name)
    link = page.get_by_role("link", name="Report a mistake on this page")
    address = urlsplit(link.get_attribute("href"))
    title = page.locator("h1").first.evaluate(
        "h => h.cloneNode(true).querySelector('a.headerlink') ? h.firstChild.textContent : h.textContent"
    )
    page.close()
    assert address.path.endswith("/issues/new")
    filled = parse_qs(address.query)
    assert title.strip() in filled["title"][0]
    assert name.removesuffix(".html") in filled["body"][0]
