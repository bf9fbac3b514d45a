"""Use a widget as a reader does, with the keyboard alone and with the mouse; say what does not answer.

`faults` takes one widget, wherever it stands: on a page, in a deck, in JupyterLab, in a frame. Each function returns
sentences; `book/test_widget_use.py` shows each of them a widget that has the fault.
"""

from playwright.sync_api import Locator, Page

WIDGET = ".unrolled-widget"
LEAST_TARGET = 24  # CSS pixels

# What the reader sees: the drawing, its text, and of several texts the one that is shown.
SEEN = """(root) => [root.querySelector("[role=img]").outerHTML,
  ...[...root.querySelectorAll(".uw-choices > *")].filter((one) => getComputedStyle(one).visibility === "visible")
     .map((one) => one.textContent)].join("\\n")"""
SILENT = """(root) => {
  const said = [...root.querySelectorAll("input")].map((one) => one.getAttribute("aria-valuetext"));
  const shown = [...root.querySelectorAll(".uw-readout")].map((one) => one.textContent);
  return String(said) === String(shown) ? [] : [`the sliders say ${said} and show ${shown}`]; }"""
CHOSEN = """(root) => {
  const name = (part) => root.querySelector(part)?.getAttribute("aria-label");
  return {focused: name("button:focus"), chosen: name("button[aria-pressed=true]")}; }"""
RING = """(control) => { const style = getComputedStyle(control);
  return control.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2; }"""
INTERVAL = "(root) => JSON.parse(root.querySelector('script[type=\"application/json\"]').textContent).interval"
NAME = """(control) => (control.getAttribute("aria-label") ?? control.labels?.[0]?.textContent ?? "").trim()
  || control.textContent.trim()"""


def faults(page: Page, widget: Locator) -> list[str]:
    """What is wrong with a widget: names, sizes, and every control by keyboard and by mouse."""
    form = widget.get_attribute("data-form")
    if widget.get_attribute("data-ready") is None:
        return [f"{form}: its script did not run"]
    _centre(widget)
    found = unnamed(widget) + small(widget)
    found += (
        inspector_by_keyboard(page, widget)
        if form == "inspector"
        else sliders_by_keyboard(page, widget)
    )
    found += inspector_by_mouse(widget) if form == "inspector" else sliders_by_mouse(page, widget)
    if form == "player":
        found += player_by_keyboard(page, widget) + player_by_mouse(widget)
    return [f"{form}: {each}" for each in found]


def seen(widget: Locator) -> str:
    """The drawing and the texts that the reader sees, as text."""
    return widget.evaluate(SEEN)


def _centre(part):
    """Scroll it to where no bar at the edge of the page covers it."""
    part.evaluate("(element) => element.scrollIntoView({block: 'center', behavior: 'instant'})")


# --- names and sizes ----------------------------------------------------------------------------


def unnamed(widget: Locator) -> list[str]:
    """Controls and pictures without a name, and sliders that don't say their readout."""
    found = []
    for control in widget.locator("input, button").all():
        if not control.evaluate(NAME):
            found.append("a control without a name")
    if not widget.locator("[role=img]").get_attribute("aria-label"):
        found.append("a picture without a text alternative")
    return found + widget.evaluate(SILENT)


def small(widget: Locator) -> list[str]:
    """Controls that are too small to be touched."""
    boxes = [
        (one.evaluate(NAME), one.bounding_box()) for one in widget.locator("input, button").all()
    ]
    return [
        f"{name!r} is {box['width']:.0f} x {box['height']:.0f} pixels"
        for name, box in boxes
        if min(box["width"], box["height"]) < LEAST_TARGET
    ]


# --- the keyboard alone -------------------------------------------------------------------------


def _enter(page, widget):
    """Put the keyboard in front of the widget; the next Tab reaches its first control."""
    widget.evaluate(
        "(root) => { root.tabIndex = -1; root.focus(); root.removeAttribute('tabindex'); }"
    )


def _tab(page, control):
    """Press Tab; whether that reached the control, and one can see it."""
    page.keyboard.press("Tab")
    return control.evaluate("(control) => control === document.activeElement") and control.evaluate(
        RING
    )


def sliders_by_keyboard(page: Page, widget: Locator) -> list[str]:
    """Sliders that Tab does not reach or whose keys change nothing."""
    found = []
    _enter(page, widget)
    for control in widget.locator("input, button").all():
        name = control.evaluate(NAME)
        if not _tab(page, control):
            return [*found, f"Tab does not visibly reach {name!r}"]
        if control.get_attribute("type") == "range":
            found += _keys(page, widget, control, name)
    return found


def _keys(page, widget, slider, name):
    found, frames = [], []
    for key in ("End", "ArrowLeft", "Home", "ArrowRight"):
        page.keyboard.press(key)
        frames.append(seen(widget))
        found += [f"after {key}: {each}" for each in widget.evaluate(SILENT)]
    end, before_end, home, after_home = frames
    if end == before_end or home == after_home or end == home:
        found.append(f"the keys do not move {name!r}")
    return found


def player_by_keyboard(page: Page, widget: Locator) -> list[str]:
    """Buttons of a player that do not do what they say when a key presses them."""

    def press(name):
        button = widget.get_by_role("button", name=name, exact=True)
        button.focus()
        page.keyboard.press("Space" if name in ("Step", "Play") else "Enter")

    return _player(widget, press)


def inspector_by_keyboard(page: Page, widget: Locator) -> list[str]:
    """Parts of an inspector that Tab and arrow keys do not reach, or that show nothing then."""
    _enter(page, widget)
    page.keyboard.press("Tab")
    if not widget.locator("button:focus").count():
        return ["Tab does not reach a part"]
    if not widget.locator("button:focus").evaluate(RING):
        return ["one does not see which part has the keyboard"]
    leads, found = {}, []
    buttons = widget.locator("button")
    names = buttons.evaluate_all("(all) => all.map((one) => one.getAttribute('aria-label'))")
    for number, name in enumerate(names):
        for key in ("ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"):
            buttons.nth(number).focus()
            page.keyboard.press(key)
            leads.setdefault(name, set()).add(widget.evaluate(CHOSEN)["focused"])
            found += _unshown(widget)
    missing = [name for name in names if name not in _reachable(names[0], leads)]
    return sorted(set(found)) + [f"no arrow key leads to {name!r}" for name in missing]


def _reachable(start, leads):
    """The names to which one comes from the start."""
    reached, waiting = {start}, [start]
    while waiting:
        new = leads[waiting.pop()] - reached
        reached |= new
        waiting += new
    return reached


# --- the mouse ----------------------------------------------------------------------------------


def sliders_by_mouse(page: Page, widget: Locator) -> list[str]:
    """Sliders that don't follow a mouse which drags their handle."""
    found = []
    for slider in widget.locator("input").all():
        _centre(slider)
        box = slider.bounding_box()
        left, middle, right = (box["x"] + part * box["width"] for part in (0.02, 0.5, 0.98))
        height = box["y"] + box["height"] / 2
        frames = []
        page.mouse.move(left, height)
        page.mouse.down()
        for place in (left, middle, right):
            page.mouse.move(place, height)
            frames.append(seen(widget))
        page.mouse.up()
        if frames[0] == frames[-1]:
            found.append(f"the mouse does not move {slider.evaluate(NAME)!r}")
    return found


def player_by_mouse(widget: Locator) -> list[str]:
    """Buttons of a player that do not do what they say when the mouse presses them."""
    return _player(widget, lambda name: widget.get_by_role("button", name=name, exact=True).click())


def inspector_by_mouse(widget: Locator) -> list[str]:
    """Parts that show nothing when they are clicked."""
    found = []
    for button in widget.locator("button").all():
        button.click()
        if button.get_attribute("aria-pressed") != "true":
            found.append(f"a click does not choose {button.get_attribute('aria-label')!r}")
        found += _unshown(widget)
    return found


def _unshown(widget):
    """The name of the chosen part must head what is shown."""
    name, shown = widget.evaluate(CHOSEN)["chosen"], seen(widget).splitlines()[-1]
    return [] if shown.startswith(name) else [f"{name!r} is chosen, shown is {shown[:40]!r}"]


def _player(widget, press):
    """Press the buttons in turn and compare what is seen; at least three steps."""
    found = []
    press("First")
    first = seen(widget)
    press("Step")
    second = seen(widget)
    if second == first:
        found.append("Step changes nothing")
    press("Back")
    if seen(widget) != first:
        found.append("Back does not undo Step")
    press("Step")
    press("First")
    if seen(widget) != first:
        found.append("First does not lead to the first step")
    rest = 1.5 * widget.evaluate(INTERVAL)
    press("Play")
    press("Pause")
    paused = seen(widget)
    widget.page.wait_for_timeout(rest)
    if seen(widget) != paused:
        found.append("it moves on after Pause")
    press("First")
    press("Play")
    second = seen(widget)
    widget.page.wait_for_timeout(rest)
    if seen(widget) == second:
        found.append("nothing moves while it plays")
    press("First")  # stops it
    return found
