"""Walk through a deck of slides in a browser and say what is wrong with it."""

from pathlib import Path

from playwright.sync_api import Browser, Page

from browser import Watch

WIDTH, HEIGHT = 1280, 720  # pixels of a slide
LEAST_FIGURE = 240  # pixels: a picture lower than that is not readable from the last row
LEAST_TEXT = 18  # pixels

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
    if (element.matches("img.figure, .output_widget [role=img]") && box.height < leastFigure)
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
    page.wait_for_function(
        "document.querySelectorAll('.output_widget').length =="
        " document.querySelectorAll('.output_widget .jupyter-widgets-view, .output_widget .widget-subarea').length"
    )
    return page, watch


def walk(page: Page):
    """Show every state of the deck, fragment by fragment; yield the number of the slide, from 1."""
    page.evaluate("Reveal.slide(0, 0)")
    while True:
        yield page.evaluate("Reveal.getSlidePastCount() + 1")
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


def unmoved_sliders(page: Page) -> list[str]:
    """Sliders that, moved by the keyboard, change no picture, or turn the page instead."""
    problems = []
    for number in walk(page):
        for film in page.query_selector_all(".present:not(.stack) .output_widget:has([role=img])"):
            where = f"slide {number}: {film.query_selector('.widget-label').inner_text()}"
            before = shown_pictures(film)
            for handle in film.query_selector_all(".noUi-handle"):
                if handle.is_visible():
                    move(page, handle)
            if shown_pictures(film) == before:
                problems.append(f"{where}: the picture stays")
            if page.evaluate("Reveal.getSlidePastCount() + 1") != number:
                problems.append(f"{where}: the arrow key turned the page")
    return problems


def move(page: Page, handle) -> None:
    """Move a slider by one step with the keyboard, whichever end it stands at; wait for the next frame."""
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    handle.focus()
    page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def shown_pictures(film) -> list[str]:
    """The pictures of a widget that can be seen, as HTML."""
    return [one.inner_html() for one in film.query_selector_all("[role=img]") if one.is_visible()]
