"""Each form of widget answers to keyboard and mouse wherever its HTML stands, and reads well where it can't move."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

import widget_demo as demo
import widget_use
from browser import Watch
from host import serve
from page_checks import PHONE, WIDTH, access_violations, cut_off, open_page, settle, sideways
from rendered import page_names
from unrolled.widgets.frames import svg_text, together

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>
<body><main><h1>Widgets</h1>%s</main></body></html>"""
# As an editor adds an output to a page that has long been loaded: a fragment's scripts run when it is inserted.
INSERT = """([place, html]) => document.querySelector(place)
  .prepend(document.createRange().createContextualFragment(html))"""
FEW_PIXELS = 30  # coordinates are rounded
SHIFTS = """() => new Promise((done) => new PerformanceObserver((list) =>
  done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))).observe({type: "layout-shift", buffered: true})
  || setTimeout(() => done(0), 300))"""
HEIGHTS = "(all) => all.map((one) => Math.round(one.getBoundingClientRect().height))"


@pytest.fixture(scope="module")
def show(tmp_path_factory, browser):
    """A function that shows HTML in the browser and gives the page."""
    folder = tmp_path_factory.mktemp("widgets")
    with serve(folder) as address:

        def show(html, width=WIDTH, **options):
            (folder / "page.html").write_text(PAGE % html)
            context = browser.new_context(viewport={"width": width, "height": 900}, **options)
            page = context.new_page()
            page.watch = Watch(page, (address,))
            page.goto(address + "page.html")
            return page

        yield show


def every_fault(page):
    widgets = page.locator(widget_use.WIDGET).all()
    assert len(widgets) >= len(demo.FORMS)
    return [fault for widget in widgets for fault in widget_use.faults(page, widget)]


# --- what it paints -----------------------------------------------------------------------------


def test_every_frame_looks_as_matplotlib_drew_it(show):
    def differing(one, other):
        """Pixels that differ by more than the shade of an edge."""
        pictures = []
        for svg in (one, other):
            page = show(f'<div style="width: {frames.size[0]}px">{svg}</div>')
            pictures.append(imread(BytesIO(page.locator("svg").screenshot())))
            page.context.close()
        return np.sum(np.abs(pictures[0] - pictures[1]).max(axis=-1) > 0.1)

    texts = [svg_text(demo.busy(value)) for value in (0.5, 1.0, 1.5)]
    frames = together(texts)
    assert min(map(len, frames.frames)) > 50
    for number, text in enumerate(texts):
        assert differing(text[text.index("<svg") :], frames.svg(number)) < FEW_PIXELS
    label = next(
        n for n, part in enumerate(frames.parts) if part.count("<use") == 4
    )  # such as 0.25
    fewer = frames._replace(parts=[*frames.parts[:label], "", *frames.parts[label + 1 :]])
    assert differing(frames.svg(0), fewer.svg(0)) > 2 * FEW_PIXELS


# --- where it moves -----------------------------------------------------------------------------


@pytest.mark.parametrize("width", [WIDTH, PHONE])
def test_every_form_answers_to_keyboard_and_mouse(show, width):
    page = show(demo.every_form(), width)
    before = page.locator(widget_use.WIDGET).evaluate_all(HEIGHTS)
    faults = every_fault(page) + access_violations(page) + sideways(page)
    assert faults + page.watch.problems == []
    assert page.locator(widget_use.WIDGET).evaluate_all(HEIGHTS) == before
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(WIDTH, "light"), (WIDTH, "dark"), (PHONE, "dark")])
def test_every_form_stands_white_on_a_page_of_the_book(site, browser, width, scheme):
    page = open_page(browser, site + page_names()[1], width, scheme)
    output = '<div class="cell docutils container"><div class="cell_output docutils container">'
    for form in demo.FORMS:
        html = f'{output}<div class="output text_html">{demo.html(form)}</div></div></div>'
        page.evaluate(INSERT, [".bd-article section", html])
    settle(page)
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    assert sideways(page) + cut_off(page) + access_violations(page) == []
    for widget in page.locator(widget_use.WIDGET).all():
        paint = "(one) => { const style = getComputedStyle(one); return [style.backgroundColor, style.color]; }"
        assert widget.evaluate(paint) == ["rgb(255, 255, 255)", "rgb(34, 34, 34)"]
        cells = "(all) => all.map((one) => getComputedStyle(one).textAlign + getComputedStyle(one).backgroundColor)"
        assert set(widget.locator("td, tr").evaluate_all(cells)) <= {
            "leftrgba(0, 0, 0, 0)",
            "startrgba(0, 0, 0, 0)",
        }
        wrapper = "(one) => getComputedStyle(one.closest('.text_html')).padding"
        assert widget.evaluate(wrapper) == "0px"
    page.close()


@pytest.mark.parametrize("form", demo.FORMS)
def test_it_starts_wherever_its_html_is_inserted_again(show, form):
    """Editors take outputs out and put them back, as nodes, as copies and as HTML."""
    page = show("<p>An output follows.</p>")
    page.evaluate(INSERT, ["main", demo.html(form)])
    page.evaluate(
        "document.querySelector('main').append(document.querySelector('.unrolled-widget'))"
    )
    widget = page.locator(widget_use.WIDGET)
    assert widget_use.faults(page, widget) == []
    page.evaluate(INSERT, ["main", widget.evaluate("(root) => root.outerHTML")])
    for each in widget.all():
        assert widget_use.faults(page, each) == []
    assert page.watch.problems == []
    page.context.close()


def test_a_film_drawn_anew_stands_where_the_reader_left_it(show):
    page = show(demo.html("film"))
    page.locator("input").focus()
    page.keyboard.press("End")
    left = widget_use.seen(page.locator(widget_use.WIDGET))
    page.locator(widget_use.WIDGET).evaluate("(root) => root.remove()")
    page.evaluate(INSERT, ["main", demo.html("film")])
    assert widget_use.seen(page.locator(widget_use.WIDGET)) == left
    assert widget_use.unnamed(page.locator(widget_use.WIDGET)) == []
    page.context.close()


# --- what is heard ------------------------------------------------------------------------------


def test_a_change_is_announced_once_the_reader_rests(show):
    page = show(demo.html("film"))
    said, picture = page.locator("[aria-live=polite]"), page.locator("[role=img]")
    assert said.inner_text() == ""
    page.locator("input").focus()
    page.keyboard.press("Home")
    page.keyboard.press("End")
    assert said.inner_text() == ""
    page.wait_for_function("document.querySelector('[aria-live]').textContent !== ''")
    assert (
        said.inner_text()
        == picture.get_attribute("aria-label")
        == "A wave that turns 3 times, shifted by 0, 1 high"
    )
    page.context.close()


def test_a_player_is_silent_while_it_plays_and_plays_once(show):
    page = show(demo.html("player"))
    page.evaluate(
        """() => { window.heard = []; const said = document.querySelector("[aria-live]");
             new MutationObserver(() => heard.push(said.textContent)).observe(said, {childList: true}); }"""
    )
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Play").wait_for()  # it has come to its end by itself
    assert page.evaluate("heard") == []
    page.wait_for_function("heard.length > 0")
    page.wait_for_timeout(900)
    (heard,) = page.evaluate("heard")
    assert heard.startswith("Step 4: one more turn.") and "turns 4 times" in heard
    assert page.locator("input").input_value() == "3"
    page.get_by_role("button", name="Play").click()  # from the end it begins again
    assert page.locator("input").input_value() == "0"
    page.context.close()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_unasked(show, motion):
    page = show(demo.every_form(), reduced_motion=motion)
    widgets = page.locator(widget_use.WIDGET).all()
    before = [widget_use.seen(widget) for widget in widgets]
    page.wait_for_timeout(1000)
    assert [widget_use.seen(widget) for widget in widgets] == before
    page.context.close()


# --- where it stands still ----------------------------------------------------------------------


@pytest.mark.parametrize("width", [WIDTH, PHONE])
def test_without_scripts_it_shows_the_first_frame_and_says_why_it_stands(show, width):
    moving = show(demo.every_form(), width)
    heights = moving.locator(widget_use.WIDGET).evaluate_all(HEIGHTS)
    moving.context.close()
    page = show(demo.every_form(), width, java_script_enabled=False)
    for widget in page.locator(widget_use.WIDGET).all():
        assert widget.locator("svg").is_visible()
        assert widget.get_by_text("where scripts run").is_visible()
        assert not any(one.is_visible() for one in widget.locator("input, button").all())
    assert page.get_by_text("Step 1: one more turn.").is_visible()
    boxes = [one.bounding_box() for one in page.locator(widget_use.WIDGET).all()]
    assert [round(box["height"]) for box in boxes] == heights, "the script moves what follows"
    page.context.close()


@pytest.mark.parametrize("width", [WIDTH, PHONE])
def test_no_layout_shift(show, width):
    page = show("<p>Before.</p>" + demo.every_form() + "<p>After.</p>", width)
    page.locator("input").first.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Tab")
    page.wait_for_timeout(800)  # a shift within half a second of a key is not counted
    assert page.evaluate(SHIFTS) == 0
    page.context.close()


def test_a_print_shows_the_present_frame_without_controls(show):
    page = show(demo.every_form())
    page.locator("input").first.focus()
    page.keyboard.press("End")
    page.emulate_media(media="print")
    assert page.get_by_role("img", name="A wave that turns 3 times").first.is_visible()
    assert not any(
        one.is_visible() for one in page.locator("input, .uw-buttons button, .uw-still").all()
    )
    page.context.close()


# --- the checks, shown a faulty widget ----------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "old", "new", "fault"),
    [
        ("film", "root.dataset.ready", "root.dataset.late", "script did not run"),
        ("film", "<span>turns</span>", "", "a control without a name"),
        ("film", '"aria-valuetext", readouts', '"title", readouts', "the sliders say"),
        ("film", 'range.addEventListener("input"', 'range.addEventListener("click"', "keys do not move"),
        ("film", 'type="range"', 'type="range" tabindex="-1"', "Tab does not visibly reach 'turns'"),
        ("film", "outline: 3px solid #0072b2", "outline: 0", "Tab does not visibly reach 'turns'"),
        ("film", "height: 28px", "height: 12px", "12 pixels"),
        ("film", 'type="range"', 'type="range" style="pointer-events: none"', "the mouse does not move 'turns'"),
        ("plane", "Number(range.max) + 1", "0", "the keys do not move 'turns'"),
        ("player", "step(-1); }", "}", "Back does not undo Step"),
        ("player", "step(-slider.max); }", "}", "First does not lead to the first step"),
        ("player", "playing = setInterval(run, data.interval)", "playing = -1", "nothing moves while it plays"),
        ("player", "clearInterval(playing)", "0", "it moves on after Pause"),
        ("inspector", "ArrowUp: (from) =>", "ArrowUp: () => 0 *", "no arrow key leads to"),
        ("inspector", '"aria-pressed", number === chosen', '"aria-pressed", number === 0', "a click does not choose"),
        ("inspector", 'shown[number].classList.toggle("on", number === chosen)', "0", "is chosen, shown is"),
        ("inspector", "min-width: 24px; min-height: 24px;", "max-width: 20px;", "pixels"),
    ],
)  # fmt: skip
def test_a_fault_is_reported(show, form, old, new, fault):
    html = demo.html(form)
    assert old in html
    page = show(html.replace(old, new))
    found = widget_use.faults(page, page.locator(widget_use.WIDGET))
    page.context.close()
    assert any(fault in each for each in found), found
