"""Walk through a deck of slides in a browser and say what is wrong with it."""

from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

from browser import Watch
from widget_use import WIDGET, faults

WIDTH, HEIGHT = 1280, 720  # pixels of a slide
LEAST_FIGURE = 240  # pixels: a picture lower than that is not readable from the last row
LEAST_TEXT = 18  # pixels
KEYS = (
    "ArrowRight",
    "ArrowLeft",
    "ArrowDown",
    "ArrowUp",
    "Home",
    "End",
    "Enter",
    "Space",
)  # of a widget

# Returns sentences. A text is measured by its own lines, so that overflow out of its box is seen as well.
MEASURE = """
([width, height, leastFigure, leastText]) => {
  const slide = Reveal.getCurrentSlide(), found = new Set();
  const unseen = "aside.notes, mjx-assistive-mml, script, style, details:not([open]) > :not(summary)";
  const outside = (box) => box.left < -1 || box.top < -1 || box.right > width + 1 || box.bottom > height + 1;
  const size = (box) => `${Math.round(box.left)},${Math.round(box.top)} to ${Math.round(box.right)},${Math.round(box.bottom)}`;
  const shown = (element) => !element.closest(unseen) && element.checkVisibility();
  for (const element of slide.querySelectorAll("*")) {
    if (!shown(element) || element.ownerSVGElement || element.parentElement.closest("pre")) continue;
    const box = element.getBoundingClientRect(), name = element.tagName.toLowerCase();
    const text = (element.textContent || element.alt || "").trim().slice(0, 50);
    if (!box.width || !box.height) continue;
    if (outside(box)) found.add(`${name} lies outside the slide (${size(box)}): ${text}`);
    const cell = element.parentElement.closest(".cell")?.getBoundingClientRect();
    if (cell && box.bottom > cell.bottom + 2)
      found.add(`${name} runs into what follows (${Math.round(box.bottom - cell.bottom)} px): ${text}`);
    const clips = getComputedStyle(element).overflow !== "visible" && name !== "svg";
    if (clips && (element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1))
      found.add(`${name} is cut off (${element.scrollWidth} x ${element.scrollHeight} in ` +
                `${element.clientWidth} x ${element.clientHeight}): ${text}`);
    if (element.matches("img.figure, .uw-picture") && box.height < leastFigure)
      found.add(`a figure is only ${Math.round(box.height)} px high: ${element.alt || element.ariaLabel}`);
  }
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement, text = node.data.trim().slice(0, 50);
    if (!text || !shown(parent) || parent.closest("svg, mjx-container, pre")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width && box.height);
    if (boxes.some(outside)) found.add(`text runs outside the slide: ${text}`);
    if (boxes.length && parseFloat(getComputedStyle(parent).fontSize) < leastText)
      found.add(`text of ${getComputedStyle(parent).fontSize} is too small to read: ${text}`);
  }
  return [...found];
}
"""
# Shows the slide of an element, with all that comes piece by piece.
SHOW = """(element) => { const { h, v } = Reveal.getIndices(element.closest("section"));
  Reveal.slide(h, v); while (Reveal.availableFragments().next) Reveal.next(); }"""
NUMBER = """1 + [...document.querySelectorAll(".reveal .slides section:not(.stack)")].findIndex(
  (one) => one.matches(".present") && !one.parentElement.closest("section:not(.present)"))"""
FORWARD = """() => {
  const more = Reveal.availableFragments().next || !Reveal.isLastSlide();
  if (more) Reveal.next();
  return more;
}"""


def open_deck(browser: Browser, path: Path) -> tuple[Page, Watch]:
    """Open the deck from its file, with the network off, and wait until it is ready."""
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, offline=True)
    page = context.new_page()
    watch = Watch(page, (path.parent.as_uri(),))
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    return page, watch


def walk(page: Page):
    """Show every state of the deck, fragment by fragment; yield the number of the slide, from 1."""
    page.evaluate("Reveal.slide(0, 0)")
    while True:
        yield slide_number(page)
        if not page.evaluate(FORWARD):
            return


def overflow(page: Page) -> list[str]:
    """What does not fit its slide or is too small, in any state, also with every folded answer open."""
    problems: dict[str, None] = {}
    for number in walk(page):
        bounds = [WIDTH, HEIGHT, LEAST_FIGURE, LEAST_TEXT]
        page.evaluate(
            "Reveal.getCurrentSlide().querySelectorAll('details').forEach((one) => (one.open = false))"
        )
        for sentence in page.evaluate(MEASURE, bounds):
            problems[f"slide {number}: {sentence}"] = None
        page.evaluate(
            "Reveal.getCurrentSlide().querySelectorAll('details').forEach((one) => (one.open = true))"
        )
        for sentence in page.evaluate(MEASURE, bounds):
            problems[f"slide {number}: {sentence}"] = None
    return list(problems)


def formula_errors(page: Page) -> list[str]:
    """Formulas that MathJax could not set, among them those with an unknown command."""
    return page.eval_on_selector_all(
        "mjx-container",
        """(all) => all.filter((one) => one.querySelector("merror, [data-mml-node=merror], mtext[mathcolor=red]"))
                       .map((one) => one.textContent.trim())""",
    )


def raw_formulas(page: Page) -> list[str]:
    """Texts in which a formula was left as it is written in Markdown."""
    return page.eval_on_selector_all(
        ".slides .cell.text",
        r"""(all) => all.map((one) => { const copy = one.cloneNode(true);
              copy.querySelectorAll("mjx-container, code, pre").forEach((part) => part.remove());
              return copy.textContent; }).filter((text) => /\$|\\\\[a-z(\[]/.test(text))""",
    )


def slides_without_notes(page: Page) -> list[int]:
    """Numbers, from 1, of the slides whose speaker notes are missing or empty."""
    empty = page.evaluate(
        "Reveal.getSlides().map((one) => (one.querySelector('aside.notes')?.textContent ?? '').trim() === '')"
    )
    return [number for number, is_empty in enumerate(empty, start=1) if is_empty]


def silent_widgets(page: Page) -> list[str]:
    """Widgets that do not answer on their slide, or whose keys turn the page instead; a clicker must turn it."""
    problems = []
    for widget in page.locator(WIDGET).all():
        widget.evaluate(SHOW)
        number = slide_number(page)
        key = turning_key(page, widget)
        if key:
            problems.append(f"slide {number}: {key}, meant for the widget, turned the page")
            continue
        problems += [f"slide {number}: {fault}" for fault in faults(page, widget)]
        widget.locator("input, button").last.focus()
        page.keyboard.press("PageDown")
        if slide_number(page) == number and page.evaluate("!Reveal.isLastSlide()"):
            problems.append(f"slide {number}: a clicker does not turn the page after the widget")
    return problems


def turning_key(page: Page, widget: Locator) -> str | None:
    """The first key that turns the page although a control of the widget has the keyboard."""
    number = slide_number(page)
    for key in KEYS:
        for control in (
            widget.locator("input, button").first,
            widget.locator("input, button").last,
        ):
            control.focus()
            page.keyboard.press(key)
            if slide_number(page) != number:
                return key
    return None


def slide_number(page: Page) -> int:
    """The number of the slide that is shown, from 1; also in JupyterLab, which has no global `Reveal`."""
    return page.evaluate(NUMBER)
