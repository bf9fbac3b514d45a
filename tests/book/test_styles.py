"""The cut style sheets have every rule that matches something on a page, and every glyph that a page draws."""

import base64
import io
import re

import page_styles
import pytest
from fontTools.ttLib import TTFont

from page_checks import open_page
from rendered import HTML, page_names

FACE = re.compile(r"@font-face\s*\{[^}]*\}")
DATA = re.compile(r"base64,([A-Za-z0-9+/=]+)")
SHEETS = ("site.css", "formulas.css")
# One page of each kind; each of them is checked with all its folds open.
KINDS = ["book/intro.html", "book/notation.html", "search.html"]
KINDS += [name for name in page_names() if "06-" in name]

# The rules of sheets on whose selectors nothing depends but what is there: states and inner parts are left out.
DROPPED = """([whole, cut]) => {
  const selectors = text => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    const found = new Set();
    const walk = rules => {
      for (const rule of rules) {
        if (rule.selectorText && rule.cssRules?.length) throw new Error("nested rule: " + rule.selectorText);
        if (rule.selectorText) split(rule.selectorText).forEach(selector => found.add(selector));
        else if (rule.cssRules && !(rule instanceof CSSKeyframesRule)) walk(rule.cssRules);
      }
    };
    walk(sheet.cssRules);
    return found;
  };
  const split = text => text.split(/,(?![^(]*\\))/).map(selector => selector.trim());
  const kept = selectors(cut);
  const plain = selector => selector
    .replace(/::?(before|after|marker|placeholder|selection|file-selector-button|-[\\w-]+(\\([^)]*\\))?)/g, "")
    .replace(/:(hover|focus|focus-visible|focus-within|active|visited|link|target|disabled|enabled|checked)\\b/g, "");
  return [...selectors(whole)].filter(selector => !kept.has(selector)).filter(selector => {
    try { return document.querySelector(plain(selector) || "*"); } catch { return false; }
  });
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
    """The two sheets before they were cut, and after; the whole ones are of the files that the site was made of."""
    static = HTML / "_static"
    cut = "\n".join((static / name).read_text(encoding="utf-8") for name in SHEETS)
    whole = [(static / path).read_text(encoding="utf-8") for path in page_styles.THEME]
    whole += [
        path.read_text(encoding="utf-8")
        for path in sorted(static.rglob("*.css"))
        if path.name not in SHEETS
    ]
    return "\n".join([*whole, page_styles.math_sheet(static)]), cut


@pytest.mark.parametrize("name", KINDS)
def test_no_rule_is_dropped_that_matches_something(name, site, browser, sheets):
    page = open_page(browser, site + name)
    dropped = page.evaluate(DROPPED, list(sheets))
    page.close()
    assert dropped == []


def test_a_dropped_rule_is_noticed(site, browser, sheets):
    page = open_page(browser, site + KINDS[0])
    whole = sheets[0] + "\n.bd-article:hover p::before, .no-such-class { color: red }"
    dropped = page.evaluate(DROPPED, [whole, sheets[1]])
    page.close()
    assert dropped == [".bd-article:hover p::before"]
