"""References are links that show what they lead to: in small projects built for a test, and on the book's own pages."""

import json
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat import v4

from browser import Watch
from page_checks import AXE_RULES, PHONE, WIDTH, open_page, settle, sideways
from rendered import HTML, ROOT, lecture_names, page_names

SCRIPT = ROOT / "book/_static/previews.js"
LECTURE = "lectures/06-bptt.html"
EQUATION = "main p a.has-preview[href^='#eq-']"  # the first number in the text of a lecture
WORK = "main p a.has-preview[href*='doi.org']"

# --- the extensions, in a small project ---------------------------------------------------------

CONF = """
import sys
sys.path.insert(0, {ext!r})
project = "small"
extensions = ["myst_nb", "references", "figures"]
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "off"
exclude_patterns = ["out", "**.ipynb_checkpoints", "jupyter_execute"]
html_theme = "basic"
"""
CHAPTERS = """
- {name: 06-small, status: finished}
- {name: 07-later, status: planned}
"""
BIBLIOGRAPHY = """
# Works

(bib-one90)=
**One90** A. One. The first work. 1990. [doi:1](https://doi.org/10.1/one)

(bib-two91)=
**Two91** B. Two. The second work. 1991. [doi:2](https://doi.org/10.1/two)
"""
GLOSSARY = """
# Glossary

```{glossary}
unfolding
  Writing a loop as a chain, after (6.1).
```
"""
PROSE = """
# On (6.1)

By (6.1) and (6.2)-(6.3), says [One](https://doi.org/10.1/one). Later: (7.1). Not `(6.1)`, not $f(6.1)$.

{term}`Unfolding <unfolding>` helps.
"""
CODE = '''a = b  # (6.1)
if c:
    c = d  # (B, H) (6.2), and (6.1) again
text = "# (6.3)"'''


def cell(source, caption=None):
    output = v4.new_output("display_data", {"text/html": "<b>drawn</b>"})
    made = v4.new_code_cell(source, outputs=[output] if caption else [])
    if caption:
        made.metadata["mystnb"] = {"figure": {"caption": caption}}
    return made


def lecture(*sources):
    cells = [
        v4.new_markdown_cell(
            "# 6 · Small\n\n$$a \\tag{6.1}$$\n\n$$b \\tag{6.2}$$\n\n$$c \\tag{6.3}$$"
        ),
        *map(v4.new_markdown_cell, sources),
        cell(CODE),
        cell("draw()", "The first, by $x$ and (6.3)."),
        cell("draw()", "The second."),
    ]
    book = v4.new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
    for number, one in enumerate(book.cells):
        one.id = f"cell-{number}"
    return json.dumps(book)


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def build(folder):
    """Build a project; gives the process, whose output has the warnings, each of them an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", folder, folder / "out"]
    return subprocess.run(command, capture_output=True, text=True)


def project(folder, **changed):
    """Write a small book with a lecture, a page of prose, a bibliography and a glossary; build it."""
    toc = "# Home\n\n```{toctree}\nprose\nlectures/06-small\nbook/bibliography\nbook/glossary\n```"
    files = {
        "conf.py": CONF.format(ext=str(ROOT / "book/_ext")),
        "index.md": toc,
        "prose.md": PROSE,
        "lectures/06-small.ipynb": lecture("See (6.1), (6.3)."),
        "book/bibliography.md": BIBLIOGRAPHY,
        "book/glossary.md": GLOSSARY,
        "book/_data/chapters.yml": CHAPTERS,
    }
    write(folder, files | changed)
    return build(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A function that gives the HTML of a page of the small book."""
    folder = tmp_path_factory.mktemp("small")
    done = project(folder)
    assert done.returncode == 0, done.stderr
    return lambda name: (folder / f"out/{name}.html").read_text(encoding="utf-8")


def template(page, address):
    """What a page shows for an address."""
    start = f'<template data-for="{address}">'
    assert page.count(start) == 1, f"{page.count(start)} templates for {address}"
    return page.split(start)[1].split("</template>")[0]


def test_numbers_in_the_text_become_links(small):
    page = small("prose").split("<template")[0]
    for number in ("6.1", "6.2", "6.3"):
        link = f'<a class="has-preview reference internal" href="lectures/06-small.html#eq-{number}">({number})</a>'
        assert page.count(link) == 1
    assert "Later: (7.1)." in page
    assert "On (6.1)" in page
    assert '<span class="pre">(6.1)</span>' in page
    assert r"\(f(6.1)\)" in page


def test_comments_lead_to_equations_and_equations_to_code(small):
    page = small("lectures/06-small")
    assert 'id="eq-6.2"' in page
    assert (
        page.count('<span class="c1"># <a class="has-preview" href="#eq-6.1">(6.1)</a></span>') == 1
    )
    assert '(B, H) <a class="has-preview" href="#eq-6.2">(6.2)</a>' in page
    assert page.count('id="code-6.1"') == page.count('id="code-6.2"') == 1
    line = page.split('id="code-6.2">')[1].split("\n")[0]
    assert line.startswith('<span class="n">c</span>')
    for number in ("6.1", "6.2"):
        assert page.count(f'href="#code-{number}" aria-label="Code of equation ({number})"') == 1


def test_a_number_in_a_string_is_no_code_of_its_equation(small):
    page = small("lectures/06-small")
    assert "code-6.3" not in page
    assert "Go to its code" not in template(page, "#eq-6.3")


def test_a_page_copies_its_own_equations_and_carries_those_of_others(small):
    own = template(small("lectures/06-small"), "#eq-6.1")
    assert '<div data-copy="eq-6.1"></div>' in own and '<pre data-copy="code-6.1"></pre>' in own
    carried = template(small("prose"), "lectures/06-small.html#eq-6.1")
    assert r"a \tag{6.1}" in carried and 'id="' not in carried
    assert '<span class="n">a</span> <span class="o">=</span> <span class="n">b</span>' in carried


def test_a_citation_shows_its_entry_without_key(small):
    page = small("prose")
    entry = template(page, "https://doi.org/10.1/one")
    assert "A. One. The first work. 1990." in entry and "One90" not in entry
    assert "second work" not in page
    assert "<template" not in small("book/bibliography")


def test_a_term_shows_its_definition(small):
    shown = template(small("prose"), "book/glossary.html#term-unfolding")
    assert "Writing a loop as a chain" in shown


def test_figures_are_numbered(small):
    page = small("lectures/06-small")
    first, second = page.split("<figcaption>")[1:]
    assert 'id="fig-6.1"' in page and 'id="fig-6.2"' in page
    assert '<span class="caption-number">Figure 6.1.</span> The first, by' in first
    assert 'href="#eq-6.3">(6.3)</a>' in first.split("</figcaption>")[0]
    assert '<span class="caption-number">Figure 6.2.</span> The second.' in second
    assert "<figure" in page and "<b>drawn</b>" in page.split("<figcaption>")[0]


def test_a_number_without_equation_in_a_finished_chapter_is_refused(tmp_path):
    done = project(tmp_path, **{"prose.md": "# Prose\n\nBy (6.9)."})
    assert done.returncode != 0
    sentence = "the text refers to (6.9), but no equation of the finished chapter 6 has that number"
    assert sentence in done.stderr and "prose.md:3" in done.stderr


def test_pages_follow_what_they_refer_to(tmp_path):
    assert project(tmp_path).returncode == 0
    changed = lecture("See (6.1).").replace(r"a \\tag{6.1}", r"z \\tag{6.1}")
    write(tmp_path, {"lectures/06-small.ipynb": changed})
    write(tmp_path, {"book/bibliography.md": BIBLIOGRAPHY.replace("first work", "other work")})
    assert build(tmp_path).returncode == 0
    page = (tmp_path / "out/prose.html").read_text(encoding="utf-8")
    assert r"z \tag{6.1}" in page and "other work" in page


# --- the book -----------------------------------------------------------------------------------


def lost_previews(page):
    """Links that have no template, and templates that ask for a copy of what is not on the page."""
    return page.evaluate(
        """() => {
             const templates = [...document.querySelectorAll("template[data-for]")];
             const known = templates.map(template => template.dataset.for);
             const links = [...document.querySelectorAll("a.has-preview")].map(link => link.getAttribute("href"));
             const copies = templates.flatMap(t => [...t.content.querySelectorAll("[data-copy]")]);
             return links.filter(href => !known.includes(href)).map(href => "no preview of " + href).concat(
               copies.map(place => place.dataset.copy).filter(id => !document.getElementById(id))
                     .map(id => "nothing to copy: " + id));
           }"""
    )


@pytest.mark.parametrize("name", page_names())
def test_every_link_has_its_preview(name, site, browser):
    page = browser.new_page()
    page.goto(site + name, wait_until="domcontentloaded")
    lost = lost_previews(page)
    page.close()
    assert lost == []


@pytest.mark.parametrize(
    "body",
    [
        "<a class=has-preview href='#eq-6.1'>(6.1)</a>",
        "<template data-for='#eq-6.1'><div data-copy='eq-6.1'></div></template>",
    ],
)
def test_a_lost_preview_is_found(body, browser):
    page = browser.new_page()
    page.set_content(body)
    lost = lost_previews(page)
    page.close()
    assert len(lost) == 1


@pytest.mark.parametrize("name", lecture_names())
def test_every_equation_of_a_lecture_leads_to_its_code(name, site, browser):
    page = browser.new_page()
    page.goto(site + name, wait_until="domcontentloaded")
    equations = page.evaluate("document.querySelectorAll('main [id^=eq-]').length")
    marks = page.locator("a.equation-code").count()
    page.close()
    assert equations == marks > 10


def test_the_script_is_small():
    assert len(SCRIPT.read_bytes()) <= 3072


@pytest.fixture(scope="module")
def chapter(site, browser):
    """Chapter 6, loaded once, and what was wrong with it."""
    seen = []
    page = open_page(browser, site + LECTURE, watch=lambda page: seen.append(Watch(page, (site,))))
    yield page, seen[0].problems
    page.close()


@pytest.fixture
def reader(chapter):
    """Chapter 6 at its top, with no card, the pointer and the focus nowhere."""
    page, problems = chapter
    page.mouse.move(2, 2)
    page.evaluate("""() => {
      document.activeElement.blur();
      document.querySelector(".preview")?.remove();
      history.replaceState(null, "", location.pathname);
      scrollTo(0, 0);
    }""")
    page.keyboard.press("Escape")
    yield page
    assert problems == []


def shown(page):
    """The text of the open card; None if there is none."""
    card = page.locator(".preview:popover-open")
    return card.inner_text() if card.count() else None


def test_hovering_shows_the_equation_and_its_code(reader):
    link = reader.locator(EQUATION).first
    number = link.inner_text()
    link.hover()
    reader.locator(".preview").wait_for()
    assert reader.locator(".preview .math").count() == 1
    assert f"# {number}" in reader.locator(".preview pre").inner_text()
    assert f"Go to equation {number}" in shown(reader)


def test_the_card_stays_under_the_pointer_and_goes_after_it(reader):
    reader.locator(EQUATION).first.hover()
    reader.locator(".preview").hover()
    reader.wait_for_timeout(600)
    assert shown(reader)
    reader.mouse.move(2, 2)
    reader.wait_for_timeout(600)
    assert shown(reader) is None
    assert reader.locator(".preview").count() == 0


def test_a_pointer_that_passes_by_opens_nothing(reader):
    reader.locator(EQUATION).first.hover()
    reader.mouse.move(2, 2)
    reader.wait_for_timeout(400)
    assert shown(reader) is None


def test_escape_closes_a_hovered_card_without_moving_the_pointer(reader):
    reader.locator(EQUATION).first.hover()
    reader.locator(".preview").wait_for()
    reader.keyboard.press("Escape")
    reader.wait_for_timeout(500)
    assert shown(reader) is None


def test_the_keyboard_opens_enters_and_closes_a_card(reader):
    link = reader.locator(EQUATION).first
    address = link.get_attribute("href")
    focused = "document.activeElement.getAttribute('href')"
    focus_by_key(reader, link)
    assert shown(reader)
    while (
        reader.locator(".preview p :focus").count() == 0
    ):  # past what scrolls, and the line of code
        reader.keyboard.press("Tab")
        assert shown(reader)
    assert reader.evaluate("document.activeElement.textContent").startswith("Go to equation")
    assert shown(reader)
    reader.keyboard.press("Escape")
    reader.wait_for_timeout(300)
    assert shown(reader) is None
    assert reader.evaluate(focused) == address
    focus_by_key(reader, link)
    reader.keyboard.press("Shift+Tab")  # to what comes before, which may have a card of its own
    assert "Go to equation" not in (shown(reader) or "")


def focus_by_key(page, link):
    """Reach a link with the Tab key from what comes before it."""
    link.evaluate("""link => {
      const before = document.createElement("button");
      link.before(before);
      before.focus();
      before.addEventListener("blur", () => before.remove());
    }""")
    page.keyboard.press("Tab")
    assert link.evaluate("link => link === document.activeElement")


def test_enter_follows_the_link(reader):
    link = reader.locator(EQUATION).first
    address = link.get_attribute("href")
    focus_by_key(reader, link)
    reader.keyboard.press("Enter")
    reader.wait_for_timeout(300)
    assert reader.evaluate("location.hash") == address
    assert shown(reader) is None


def test_the_mark_of_an_equation_leads_to_its_line(reader):
    mark = reader.locator("a.equation-code").first
    mark.click()
    line = reader.locator(".code-line:target")
    assert line.count() == 1
    assert mark.get_attribute("href").removeprefix("#code-") in line.inner_text()


def test_a_citation_shows_its_work(reader):
    link = reader.locator(WORK).first
    link.hover()
    reader.locator(".preview").wait_for()
    assert link.inner_text().split()[-1].strip("()") in shown(reader)
    assert reader.locator(".preview a").first.get_attribute("href") == link.get_attribute("href")


def test_nothing_on_the_page_moves(reader):
    places = """() => [...document.querySelectorAll("main p, main pre, main a, main img")]
                  .filter(e => !e.closest(".preview"))
                  .map(e => { const {x, y, width, height} = e.getBoundingClientRect();
                              return [x + scrollX, y + scrollY, width, height].join(); }).join(" ")"""
    for link in reader.locator("main p a.has-preview, main pre a.has-preview").all()[:12]:
        link.scroll_into_view_if_needed()
        before = reader.evaluate(places)
        link.hover()
        reader.locator(".preview").wait_for()
        assert reader.evaluate(places) == before
        reader.keyboard.press("Escape")
        reader.mouse.move(2, 2)


@pytest.mark.parametrize("selector", [EQUATION, WORK])
@pytest.mark.parametrize(("width", "scheme"), [(WIDTH, "light"), (WIDTH, "dark"), (PHONE, "light")])
def test_an_open_card_is_accessible_and_in_view(selector, width, scheme, site, browser):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(site + LECTURE)
    page.locator(selector).first.hover()
    page.locator(".preview").wait_for()
    settle(page)
    box = page.locator(".preview").bounding_box()
    with_link = {"include": [[".preview"], [":has(+ .preview)"]]}
    found = (
        Axe().run(page, context=with_link, options={"runOnly": AXE_RULES}).response["violations"]
    )
    problems = [node["html"] for violation in found for node in violation["nodes"]] + sideways(page)
    page.close()
    assert problems == []
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["y"] >= 0 and box["y"] + box["height"] <= 900


@pytest.fixture
def phone(site, browser):
    """A page of chapter 6 under a finger."""
    context = browser.new_context(
        viewport={"width": PHONE, "height": 740}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(site + LECTURE)
    settle(page)
    yield page
    context.close()


def test_a_tap_shows_the_card_and_the_card_goes_there(phone):
    link = phone.locator(EQUATION).first
    address = link.get_attribute("href")
    link.tap()
    phone.locator(".preview").wait_for()
    assert phone.evaluate("location.hash") == ""
    phone.locator(".preview p a").first.tap()
    phone.wait_for_timeout(300)
    assert phone.evaluate("location.hash") == address
    assert shown(phone) is None


def test_a_second_tap_follows_the_link(phone):
    link = phone.locator(EQUATION).first
    link.tap()
    phone.locator(".preview").wait_for()
    link.tap()
    phone.wait_for_timeout(300)
    assert phone.evaluate("location.hash") == link.get_attribute("href")


def test_a_tap_elsewhere_closes_the_card(phone):
    phone.locator(EQUATION).first.tap()
    phone.locator(".preview").wait_for()
    phone.touchscreen.tap(5, 100)
    phone.wait_for_timeout(300)
    assert shown(phone) is None


def test_print_has_no_card(reader):
    reader.locator(EQUATION).first.hover()
    reader.locator(".preview").wait_for()
    reader.emulate_media(media="print")
    assert not reader.locator(".preview").is_visible()
    assert not reader.locator("a.equation-code").first.is_visible()


def test_previews_work_from_a_file(site, browser):
    page = browser.new_page()
    page.goto((HTML / "book/use.html").as_uri())
    page.locator("main a.has-preview[href*='eq-6.4']").first.hover()
    page.locator(".preview").wait_for()
    text = shown(page)
    page.close()
    assert "softmax" in text and "# (6.4)" in text
