"""The cut style sheets have every rule that matches something on a page, and every glyph that a page draws."""

import base64
import io
import re

import page_styles
import pytest
import yaml
from fontTools.ttLib import TTFont

from page_checks import PHONE, WIDTH, open_page
from rendered import HTML, ROOT, page_names

FACE = re.compile(r"@font-face\s*\{[^}]*\}")
DATA = re.compile(r"base64,([A-Za-z0-9+/=]+)")
SHEETS = ("site.css", "formulas.css")
# One page of each kind; each of them is checked with all its folds open.
KINDS = ["book/intro.html", "book/notation.html", "search.html"]
KINDS += [name for name in page_names() if "06-" in name]

# How one element of each kind looks (tag, classes, parent's), itself and before and after it, with the cut sheets and
# with the whole ones in their place; what differs.
DIFFERENCES = """async whole => {
  const kinds = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    const name = e => e.tagName + "." + (e.getAttribute("class") ?? "");
    const kind = name(element.parentElement) + " > " + name(element);
    if (!kinds.has(kind)) kinds.set(kind, element);
  }
  const look = element => ["", "::before", "::after"].map(part => {
    const style = getComputedStyle(element, part);
    return part && style.content === "none" ? "" : [...style].map(name => name + ": " + style.getPropertyValue(name));
  });
  const looks = () => new Map([...kinds].map(([kind, element]) => [kind, look(element).flat()]));
  const cut = looks();
  const links = [...document.querySelectorAll("link[rel=stylesheet]")].filter(link => /site|formulas/.test(link.href));
  const style = document.createElement("style");
  style.textContent = whole;
  links[0].before(style);
  links.forEach(link => { link.disabled = true; });
  await Promise.allSettled(Array.from(document.fonts, face => face.load()));
  const found = [];
  for (const [kind, declarations] of looks()) {
    const other = new Set(cut.get(kind));
    const different = declarations.filter(declaration => !other.has(declaration));
    if (different.length) found.push(kind + " {" + different.slice(0, 3).join("; ") + "}");
  }
  return found;
}"""

DRAWN = """() => {
  const found = {};
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!parent.closest(".katex-html") || !node.data.trim()) continue;
    const {fontFamily, fontWeight, fontStyle} = getComputedStyle(parent);
    const font = [fontFamily.split(",")[0].replaceAll('"', ""), fontWeight, fontStyle].join("|");
    found[font] = (found[font] ?? "") + node.data;
  }
  for (const icon of document.querySelectorAll("i, span[class*='fa-']")) {
    const {fontFamily, fontWeight, fontStyle, content} = getComputedStyle(icon, "::before");
    if (!/\\bfa[a-z]?\\b|\\bfa-/.test(icon.className)) continue;
    const font = [fontFamily.replaceAll('"', ""), fontWeight, fontStyle].join("|");
    found[font] = (found[font] ?? "") + (content === "none" ? "?" : content.slice(1, -1));
  }
  return found;
}"""


@pytest.fixture(scope="module")
def glyphs(site):
    """The characters of the fonts in the two sheets, by family|weight|style."""
    found = {}
    for name in SHEETS:
        for face in FACE.findall((HTML / "_static" / name).read_text(encoding="utf-8")):
            data = DATA.search(face)
            if data:
                file = TTFont(io.BytesIO(base64.b64decode(data[1])))
                found["|".join(page_styles.font(face))] = set(map(chr, file.getBestCmap()))
    return found


def lacking(drawn, glyphs):
    """Return what is drawn in a font that has no such glyph: strings by family|weight|style."""
    missing = {
        font: {character for character in text if character not in glyphs.get(font, ())}
        - set(" \u200b\n\xa0")
        for font, text in drawn.items()
    }
    return {font: characters for font, characters in missing.items() if characters}


@pytest.mark.parametrize("name", page_names())
def test_every_icon_and_symbol_has_its_glyph(name, site, browser, glyphs):
    page = browser.new_page()
    page.goto(site + name, wait_until="load")
    drawn = page.evaluate(DRAWN)
    page.close()
    assert any(font.startswith("Font Awesome") for font in drawn)
    assert lacking(drawn, glyphs) == {}


def test_an_icon_or_a_symbol_without_a_glyph_is_noticed(site, browser, glyphs):
    page = browser.new_page()
    page.goto(site + "book/notation.html", wait_until="load")
    page.evaluate(
        """() => document.querySelector("main").insertAdjacentHTML("beforeend",
             '<i class="fa-solid fa-dragon"></i><span class="katex"><span class="katex-html">ℵ</span></span>')"""
    )
    missing = lacking(page.evaluate(DRAWN), glyphs)
    page.close()
    assert missing == {"Font Awesome 6 Free|900|normal": {"?"}, "KaTeX_Main|400|normal": {"ℵ"}}


@pytest.fixture(scope="module")
def sheets(site):
    """The rules of the sheets that the two were cut from, in their order, and the faces of the cut ones."""
    static = HTML / "_static"
    faces = [
        face
        for name in SHEETS
        for face in FACE.findall((static / name).read_text(encoding="utf-8"))
    ]
    names = [
        *page_styles.THEME,
        "pygments.css",
        "styles/sphinx-book-theme.css",
        "togglebutton.css",
        "copybutton.css",
    ]
    names += [path.name for path in sorted(static.glob("mystnb*.css"))] + ["sphinx-design.min.css"]
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    names += config["sphinx"]["config"]["html_css_files"]
    texts = [(static / name).read_text(encoding="utf-8") for name in names]
    return "\n".join(faces) + FACE.sub("", "\n".join([*texts, page_styles.math_sheet(static)]))


@pytest.mark.parametrize(
    ("name", "width"), [*((name, WIDTH) for name in KINDS), (KINDS[-1], PHONE)]
)
def test_pages_look_the_same_with_the_whole_sheets(name, width, site, browser, sheets):
    page = open_page(browser, site + name, width)
    differences = page.evaluate(DIFFERENCES, sheets)
    page.close()
    assert differences == []


def test_a_rule_that_is_lacking_is_noticed(site, browser, sheets):
    page = open_page(browser, site + KINDS[0])
    lacking = "\n.bd-article p { outline-color: red } .no-such-class { color: red }"
    differences = page.evaluate(DIFFERENCES, sheets + lacking)
    page.close()
    assert differences
    assert all("> P." in kind and "outline-color" in kind for kind in differences)


def test_a_nested_rule_is_not_used(root):
    """PurgeCSS drops rules within rules, whatever they match."""
    for path in sorted((root / "book/_static").glob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert nested(text) == [], path.name


def test_nested_rules_are_found():
    assert nested("@media print { a { b: c } } d { e: f }") == []
    assert nested("a { b: c; > d { e: f } }") == ["a"]


def nested(text):
    """Return the selectors of the rules that have rules in them; a rule of an at-rule may stand in it."""
    open_rules, found, start = [], [], 0
    for hit in re.finditer(r"[{};]", text):
        before, start = text[start : hit.start()].strip(), hit.end()
        if hit[0] == "{":
            if open_rules and not open_rules[-1].startswith("@"):
                found.append(open_rules[-1])
            open_rules.append(before)
        elif hit[0] == "}":
            open_rules.pop()
    return found
