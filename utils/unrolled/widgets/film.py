"""A film: one figure for each value of a slider, drawn beforehand."""

import inspect

from unrolled.widgets import card, moving


class Film(card.Card):
    """A slider above its frames; `film` makes it."""

    def __init__(self, slider, page):
        super().__init__(f"Film({slider.label!r}, {len(slider.values)} frames)", page)


class LiveFilm(Film):
    """A film with controls below it, which draw it anew in a notebook whose kernel runs."""

    def __init__(self, slider, draw_page, live):
        self._draw_page, self._live = draw_page, live
        super().__init__(slider, draw_page())

    def _ipython_display_(self):
        from IPython.display import display

        self._screen = display(self._bundle(), raw=True, display_id=True)
        display(self._controls())

    def _bundle(self):
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}

    def _controls(self):
        from ipywidgets import VBox

        for control in self._live.values():
            control.style.description_width = "initial"
            if control.has_trait("continuous_update"):
                control.continuous_update = False  # a change draws every frame anew
            control.observe(self._on_change, names="value")
        return VBox(list(self._live.values()))

    def _on_change(self, change):
        self._html = self._draw_page()
        self._screen.update(self._bundle(), raw=True)


def film(draw, values, *, label, alt, live=None, start=0):
    """Draw a figure for each value beforehand and put a slider above them.

    draw    draw(value, **live) -> matplotlib Figure; `live` holds the values of the live controls by name
    values  one for each position of the slider, at least two; shown as the slider's readout
    label   the slider's name, with its unit
    alt     alt(value) -> the finding that the frame shows, as text; alt(value, **live) if the live controls change it
    live    {name: ipywidgets control with a description}: with a kernel the reader can set these too, and all frames
            are drawn anew
    start   index of the first frame shown

    The slider moves wherever scripts run, without a kernel. Figures are closed.
    Raises ValueError for fewer than two values, a start outside them or figures of different sizes, TypeError if draw
    returns no Figure.
    """
    slider = moving.slider(label, values, start)
    if not live:
        frames, alts = _frames_and_alts(draw, slider.values, alt, {})
        return Film(slider, moving.page("film", [slider], frames, alts))
    names = ", ".join(control.description for control in live.values())
    note = f"With a kernel, in Jupyter or Colab, you can also set: {names}."
    given = []

    def draw_page():
        frames, alts = _frames_and_alts(draw, slider.values, alt, live)
        given.append(frames.name)  # the first name stays: the reader's slider is found again by it
        return moving.page("film", [slider], frames, alts, name=given[0], note=note)

    return LiveFilm(slider, draw_page, live)


def _frames_and_alts(draw, values, alt, live):
    settings = {name: control.value for name, control in live.items()}
    frames = moving.draw_all(lambda value: draw(value, **settings), [(value,) for value in values])
    spoken = settings if live and _accepts(alt, live) else {}
    return frames, [alt(value, **spoken) for value in values]


def _accepts(alt, live):
    """Whether `alt` takes the live settings besides the value."""
    parameters = inspect.signature(alt).parameters
    return set(live) <= set(parameters) or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
