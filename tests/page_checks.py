"""What can be wrong with a page that a browser shows: each check returns a list of problems.

`book/test_page_checks.py` shows every one of them a page that has the problem.
"""

from axe_playwright_python.sync_playwright import Axe

WIDTH, PHONE = 1280, 375

# Parts of the theme that axe may skip: (selector, reason). None is needed at the locked versions.
AXE_EXCLUDED = []
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

SCROLLERS = "div.math, span.math, pre, .pst-scrollable-table-container, div.cell_output .output"
PATH_LIKE = r"/|\.(png|svg|jpe?g|gif|webp)$"


def open_page(browser, address, width=WIDTH, scheme="light", watch=None):
    """A page that has loaded, typeset its formulas and drawn its widgets, with every fold open.

    watch: called with the page before it loads, to listen to it.
    """
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    if watch is not None:
        watch(page)
    page.goto(address, wait_until="load")
    page.evaluate("window.MathJax?.startup?.promise")
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    page.wait_for_function(WIDGETS_ARE_DRAWN)
    page.evaluate(ASKS_FOR_NOTHING_MORE)
    settle(page)
    return page


WIDGETS_ARE_DRAWN = """() => {
  const wanted = document.querySelectorAll("script[type='application/vnd.jupyter.widget-view+json']");
  return document.querySelectorAll(".widget-subarea > .jupyter-widgets").length >= wanted.length;
}"""

# Playwright's own "networkidle" can miss the end of a request, and then waits for ever.
ASKS_FOR_NOTHING_MORE = """async () => {
  await document.fonts.ready;
  const asked = () => performance.getEntriesByType("resource").length;
  let before;
  do {
    before = asked();
    await new Promise(done => setTimeout(done, 400));
  } while (asked() !== before);
}"""


def settle(page):
    """Wait until nothing on the page has changed for 0.2 s; after 5 s, give what keeps changing."""
    return page.evaluate(
        """() => new Promise(done => {
             let changes = new Set(), last = performance.now();
             const end = last + 5000;
             const observer = new MutationObserver(records => {
               last = performance.now();
               for (const r of records)
                 changes.add(`keeps changing: ${r.type} ${r.attributeName ?? ""} of ${r.target.nodeName}`);
             });
             observer.observe(document.body, {attributes: true, childList: true, characterData: true, subtree: true});
             const look = setInterval(() => {
               const now = performance.now();
               if (now - last < 200 && now < end) return;
               clearInterval(look);
               observer.disconnect();
               done(now - last < 200 ? [...changes] : []);
             }, 20);
           })"""
    )


def math_errors(page):
    """Formulas that MathJax could not read."""
    errors = page.locator("mjx-merror, merror").all()
    return [f"formula: {error.get_attribute('title') or error.inner_text()}" for error in errors]


def untypeset(page):
    """Formulas still in their TeX form."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".math")].filter(e => !e.querySelector("mjx-container"))
                 .map(e => "not typeset: " + e.textContent)"""
    )


def alt_problems(page):
    """Pictures without a text alternative, or whose alternative is a path."""
    return page.evaluate(
        """pathLike => [...document.querySelectorAll("main img, main [role=img]:not(svg)")].flatMap(picture => {
             const text = (picture.getAttribute(picture.tagName == "IMG" ? "alt" : "aria-label") ?? "").trim();
             const what = picture.getAttribute("src")?.slice(0, 80) ?? picture.outerHTML.slice(0, 80);
             if (!text) return ["no text alternative: " + what];
             return new RegExp(pathLike).test(text) && !text.includes(" ") ? ["a path as alternative: " + text] : [];
           })""",
        PATH_LIKE,
    )


def sideways(page):
    """Whether the page as a whole scrolls sideways, and what sticks out."""
    return page.evaluate(
        """() => {
             const width = document.documentElement.clientWidth;
             if (document.documentElement.scrollWidth <= width) return [];
             const wide = [...document.querySelectorAll("main *")]
               .filter(e => e.getBoundingClientRect().right > width + 1).slice(0, 5);
             return wide.map(e => "wider than the page: " + e.outerHTML.slice(0, 100)).concat("scrolls sideways");
           }"""
    )


def unfocusable(page):
    """What scrolls sideways in itself and can't be reached with the keyboard."""
    return page.evaluate(
        """scrollers => [...document.querySelectorAll(scrollers)]
             .filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0)
             .filter(e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
             .map(e => "not focusable: " + e.outerHTML.slice(0, 100))""",
        SCROLLERS,
    )


def cut_off(page):
    """What is wider than its box and can't be scrolled to."""
    return page.evaluate(
        """scrollers => [...document.querySelectorAll(scrollers)]
             .filter(e => e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1)
             .filter(e => ["hidden", "clip"].includes(getComputedStyle(e).overflowX))
             .map(e => "cut off: " + e.outerHTML.slice(0, 100))""",
        SCROLLERS,
    )


def restless(page):
    """What a page goes on changing: scripts that answer to each other without end."""
    return settle(page)


def access_violations(page):
    """What axe finds against WCAG 2 A and AA, outside AXE_EXCLUDED."""
    context = {"exclude": [[selector] for selector, _ in AXE_EXCLUDED]} if AXE_EXCLUDED else None
    found = Axe().run(page, context=context, options={"runOnly": AXE_RULES}).response
    return [
        f"{violation['id']}: {node['target'][0]}: {node['html'][:100]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def still_sliders(page):
    """Sliders without a name or readout, and films whose picture their slider does not move."""
    handles = page.locator(".noUi-handle:visible").all()
    return [problem for handle in handles for problem in _slider_problems(page, handle)]


def _slider_problems(page, handle):
    name = handle.get_attribute("aria-label")
    if not name:
        return ["a slider without a name"]
    return [
        f"slider {name!r} does not move its picture {how}"
        for how, move in {"with the keyboard": _press, "with the mouse": _drag}.items()
        if not _moves(page, handle, move)
    ]


def _moves(page, handle, move):
    before = _picture(handle)
    move(page, handle)
    settle(page)
    return _picture(handle) not in (before, None)


def _picture(handle):
    """The text and drawing of what the reader sees below a slider."""
    return handle.evaluate(
        """handle => [...handle.closest(".widget-subarea").querySelectorAll("[role=img]")]
             .filter(picture => picture.checkVisibility()).map(picture => picture.outerHTML).join() || null"""
    )


def _press(page, handle):
    handle.focus()
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    page.keyboard.press("ArrowLeft" if at_end else "ArrowRight")


def _drag(page, handle):
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    middle = track["x"] + track["width"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * (0.1 if x > middle else 0.9), y, steps=4)
    page.mouse.up()
