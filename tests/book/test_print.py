"""A page on paper: the article alone, black on white in both modes, folds open, nothing cut off."""

import pytest

import chromium
from browser import browser  # noqa: F401 (a fixture)
from rendered import HTML, page_names, site  # noqa: F401 (a fixture)

SHEETS = {"A4": 658, "Letter": 687}  # pixels between the margins
PAGES = [name for name in page_names() if name != "search.html"]

# What is seen outside the article, or is a control within it.
AROUND = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set();
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), parent = walker.currentNode.parentElement;
    if (!text || parent.closest("script, style, noscript") || !parent.checkVisibility({visibilityProperty: true})) continue;
    if (!parent.closest("article.bd-article") || parent.closest("button, .headerlink")) found.add(text.slice(0, 60));
  }
  return [...found];
}"""

# Text that is not dark, or what is behind it that is not light. Figures, drawn on white, are what they are.
COLOURS = """() => {
  const bright = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
    return alpha === 0 ? null : (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
  };
  const walker = document.createTreeWalker(document.querySelector("article.bd-article"), NodeFilter.SHOW_TEXT);
  const found = new Set();
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    let element = walker.currentNode.parentElement;
    if (!text || element.closest("svg, script, style") || !element.checkVisibility({visibilityProperty: true})) continue;
    if (bright(getComputedStyle(element).color) > 0.5) found.add(`pale text: ${text.slice(0, 40)}`);
    for (; element; element = element.parentElement) {
      const paper = bright(getComputedStyle(element).backgroundColor);
      if (paper === null) continue;
      if (paper < 0.85) found.add(`dark paper: ${text.slice(0, 40)}`);
      break;
    }
  }
  return [...found];
}"""

# What is wider than the column, or cut or scrolled in itself. The margin has room for the end of a formula: 64 pixels.
CUT = """() => {
  const right = document.documentElement.clientWidth, found = [];
  for (const element of document.querySelectorAll("article.bd-article :is(p, li, pre, table, img, svg, div, dd)")) {
    if (!element.checkVisibility({visibilityProperty: true})) continue;
    if (element.closest(".uw-said, svg svg, mjx-container, .katex")) continue;
    const box = element.getBoundingClientRect(), style = getComputedStyle(element);
    const what = `${element.tagName}: ${element.textContent.trim().slice(0, 40)}`;
    const inside = element.tagName === "svg" ? 0 : element.scrollWidth - element.clientWidth;
    const over = box.right + Math.max(0, inside) - right;
    if (style.overflowX !== "visible" && inside > 1) found.push(`cut: ${what}`);
    else if (box.width && over > 20) found.push(`${Math.round(over)} px too wide: ${what}`);
  }
  return found;
}"""

FOLDED = """() => [...document.querySelectorAll("article.bd-article details:not(.hide)")]
  .filter((fold) => ![...fold.children].slice(1).every((part) => part.getBoundingClientRect().height > 0))
  .map((fold) => fold.textContent.trim().slice(0, 60))"""


WIDE = "html body .bd-article div.cell div.highlight pre { white-space: pre !important; font-size: 30px !important; }"


@pytest.fixture
def printed(site, browser):  # noqa: F811
    """printed(name) -> the page as it is laid out for paper."""
    opened = []

    def show(name, sheet="A4", scheme="light", without=None):
        page = browser.new_page(
            viewport={"width": SHEETS[sheet], "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        opened.append(page)
        page.emulate_media(media="print")
        chromium.open_page(page, (HTML / name).as_uri())
        if without:
            page.add_style_tag(content=without)
        return page

    yield show
    for page in opened:
        page.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_on_paper(name, printed):
    page = printed(name, scheme="dark")
    assert page.evaluate(AROUND) == []
    assert page.evaluate(COLOURS) == []
    assert page.evaluate(FOLDED) == []
    assert page.evaluate(CUT) == []
    titles = page.locator("h1").all()
    assert sum(title.is_visible() for title in titles) == 1


@pytest.mark.parametrize("name", [name for name in PAGES if name.startswith("lectures/")])
def test_lecture_on_letter_paper(name, printed):
    assert printed(name, "Letter").evaluate(CUT) == []


@pytest.mark.parametrize(
    "rules, check, complaint",
    [
        (
            ".bd-sidebar-primary, .bd-sidebar-primary * { display: block !important; visibility: visible !important }",
            AROUND,
            "Start here",
        ),
        (".bd-article p { color: #ddd !important }", COLOURS, "pale text: "),
        (".bd-article { background: #222 !important }", COLOURS, "dark paper: "),
        (".bd-article details::details-content { display: none !important }", FOLDED, "Answer"),
        (
            WIDE,
            CUT,
            "too wide: PRE",
        ),
        (
            WIDE.replace("}", "overflow: auto !important }"),
            CUT,
            "cut: PRE",
        ),
    ],
    ids=["side bar", "pale", "dark", "folded", "wide", "scrolled"],
)
def test_the_checks_see_a_page_that_prints_badly(rules, check, complaint, printed):
    page = printed("lectures/04-unfolding.html", without=rules)
    found = page.evaluate(check)
    assert any(complaint in sentence for sentence in found), found
