"""What can be wrong with a page that a browser shows: each check returns a list of problems.

`book/test_page_checks.py` shows every one of them a page that has the problem.
"""

from axe_playwright_python.sync_playwright import Axe

import widget_use

WIDTH, PHONE = 1280, 375

# Parts of the theme that axe may skip: (selector, reason). None is needed at the locked versions.
AXE_EXCLUDED = []
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

SCROLLERS = "div.math, span.math, pre, .pst-scrollable-table-container, div.cell_output .output"
PATH_LIKE = r"/|\.(png|svg|jpe?g|gif|webp)$"


def open_page(browser, address, width=WIDTH, scheme="light", watch=None):
    """A page that has loaded, typeset its formulas, with every fold open.

    watch: called with the page before it loads, to listen to it.
    """
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    if watch is not None:
        watch(page)
    page.goto(address, wait_until="load")
    page.add_style_tag(content="* { content-visibility: visible !important }")  # all of a long page
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    page.evaluate(ASKS_FOR_NOTHING_MORE)
    settle(page)
    return page


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
    """Formulas that could not be read: KaTeX's in the book, MathJax's on slides."""
    errors = page.locator(".katex-error, mjx-merror, merror").all()
    return [f"formula: {error.get_attribute('title') or error.inner_text()}" for error in errors]


def untypeset(page):
    """Formulas still in their TeX form: elements for a formula without one, and TeX in the text."""
    return page.evaluate(
        r"""() => {
             const tex = /\\\(.+?\\\)|\\\[.+?\\\]|\$\$.+?\$\$|(?<![\\\w])\$[^\s$](?:[^$\n]*[^\s$])?\$(?!\w)/s;
             const found = [...document.querySelectorAll(".math")].filter(e => !e.querySelector(".katex-html"));
             const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
             for (let node = walker.nextNode(); node; node = walker.nextNode())
               if (tex.test(node.data) && !node.parentElement.closest("code, pre, script, style, svg, .katex"))
                 found.push(node);
             return found.map(e => "not typeset: " + e.textContent.slice(0, 100));
           }"""
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
    options = {"runOnly": AXE_RULES, "resultTypes": ["violations"]}  # telling less is quicker
    found = Axe().run(page, context=context, options=options).response
    return [
        f"{violation['id']}: {node['target'][0]}: {node['html'][:100]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def still_widgets(page):
    """What a reader can't do with the page's widgets, with the keyboard alone and with the mouse."""
    return [
        fault
        for widget in page.locator(f"{widget_use.WIDGET}:visible").all()
        for fault in widget_use.faults(page, widget)
    ]
