"""A film: one figure for each value of a slider, drawn beforehand."""

import inspect

from unrolled.widgets import card, moving


class Film(card.Card):
    """A slider above its frames; see `film`, which makes it. In a notebook live controls draw it anew."""

    def __init__(self, draw, slider, alt, live):
        self._draw, self._slider, self._alt, self._live = draw, slider, alt, live
        self._alt_follows = _accepts(alt, live)
        self._name = card.name_of(f"{slider.label} {slider.readouts()} {list(live)}")
        title = f"Film({slider.label!r}, {len(slider.values)} frames)"
        super().__init__(title, self._page())

    def _ipython_display_(self):
        from IPython.display import display

        if not self._live:
            display(self._bundle(), raw=True)
            return
        self._screen = display(self._bundle(), raw=True, display_id=True)
        display(self._controls())

    def _bundle(self):
        return {"text/html": self._html, "text/plain": repr(self)}

    def _controls(self):
        from ipywidgets import VBox

        for control in self._live.values():
            control.style.description_width = "initial"
            if control.has_trait("continuous_update"):
                control.continuous_update = False  # all frames are drawn anew
            control.observe(self._on_live, names="value")
        return VBox(list(self._live.values()))

    def _on_live(self, change):
        self._html = self._page()
        self._screen.update(self._bundle(), raw=True)

    def _page(self):
        values = self._slider.values
        settings = {name: control.value for name, control in self._live.items()}
        spoken = settings if self._alt_follows else {}
        frames = moving.draw_all(
            lambda value: self._draw(value, **settings), [(value,) for value in values]
        )
        alts = [self._alt(value, **spoken) for value in values]
        return moving.page("film", [self._slider], frames, alts, name=self._name, note=self._note())

    def _note(self):
        names = ", ".join(control.description for control in self._live.values())
        return (
            f"With a kernel, in Jupyter or Colab, you can also set: {names}." if self._live else ""
        )


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
    return Film(draw, moving.slider(label, values, start), alt, live or {})


def _accepts(alt, live):
    """Whether `alt` takes the live settings besides the value."""
    parameters = inspect.signature(alt).parameters
    return set(live) <= set(parameters) or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
