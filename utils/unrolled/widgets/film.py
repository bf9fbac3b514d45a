"""A film: one figure for each value of a slider, drawn beforehand."""

import inspect
import zlib

import ipywidgets
import matplotlib.pyplot as plt
from ipywidgets import HTML, SelectionSlider, VBox

from unrolled.widgets.frames import frame, pending

LIVE_CLASS = "unrolled-live"  # the site hides these controls: without a kernel they move nothing
_FULL_WIDTH = {"width": "100%"}


class Film(VBox):
    """A labelled slider above its frames; see `film`, which makes it.

    slider   the SelectionSlider; its index is the number of the frame
    frames   the HTML widgets, one a value (one in all under ipywidgets 7, which has no Stack)
    """

    def __init__(self, draw, values, *, label, alt, live, start):
        self._draw, self._alt, self._live = draw, alt, live
        self._prefix = (
            f"f{zlib.crc32(label.encode()):08x}"  # two films on one page keep their ids apart
        )
        self._alt_follows = _accepts(alt, live)
        self._values = list(values)
        self._pictures = [self._picture(index) for index in range(len(self._values))]
        self.slider = _slider(self._values, label, start)
        self.frames, screen = self._screen(start)
        super().__init__([self.slider, screen, *self._live_controls()])
        self.slider.observe(self._on_slide, names="index")

    def __repr__(self):
        return f"Film({self.slider.description!r}, {len(self._values)} frames)"

    def shown(self):
        """The HTML of the picture that the reader sees."""
        index = self.slider.index
        return (self.frames[index] if len(self.frames) > 1 else self.frames[0]).value

    def _picture(self, index):
        value = self._values[index]
        figure = self._draw(value, **self._settings())
        if not hasattr(figure, "savefig"):
            raise TypeError(
                f"draw({value!r}) returned {type(figure).__name__}, expected a matplotlib Figure"
            )
        return frame(figure, self._text(index), f"{self._prefix}-{index}")

    def _settings(self):
        return {name: control.value for name, control in self._live.items()}

    def _text(self, index):
        value = self._values[index]
        return self._alt(value, **self._settings()) if self._alt_follows else self._alt(value)

    def _screen(self, start):
        if not hasattr(ipywidgets, "Stack"):
            only = HTML(self._pictures[start], layout=_FULL_WIDTH)
            return [only], only
        frames = [HTML(picture, layout=_FULL_WIDTH) for picture in self._pictures]
        stack = ipywidgets.Stack(frames, selected_index=start)
        ipywidgets.jslink((self.slider, "index"), (stack, "selected_index"))
        return frames, stack

    def _live_controls(self):
        if not self._live:
            return []
        names = ", ".join(control.description for control in self._live.values())
        for control in self._live.values():
            control.style.description_width = "initial"
            control.observe(self._on_live, names="value")
        controls = VBox(list(self._live.values()))
        controls.add_class(LIVE_CLASS)
        note = HTML(
            f"<p>With a kernel, in Jupyter or Colab, you can also set: {names}.</p>",
            layout=_FULL_WIDTH,
        )
        return [note, controls]

    def _on_slide(self, change):
        self._show(change["new"])

    def _on_live(self, change):
        self._pictures = [None] * len(self._values)
        if len(self.frames) > 1:
            for index, screen in enumerate(self.frames):
                if index != self.slider.index:
                    screen.value = pending(self._text(index))
        self._show(self.slider.index)

    def _show(self, index):
        """Bring the frame up to date: one that live controls made stale is drawn when it is looked at."""
        if self._pictures[index] is None:
            self._pictures[index] = self._picture(index)
        self.frames[index if len(self.frames) > 1 else 0].value = self._pictures[index]


def film(draw, values, *, label, alt, live=None, start=0):
    """Draw a figure for each value beforehand and put a slider above them.

    draw    draw(value, **live) -> matplotlib Figure; `live` holds the values of the live controls by name
    values  one for each position of the slider, at least two; shown as the slider's readout
    label   the slider's name, with its unit
    alt     alt(value) -> the finding that the frame shows, as text; alt(value, **live) if the live controls change it
    live    {name: ipywidgets control with a description}: with a kernel the reader can set these too
    start   index of the first frame shown

    The slider and its frames are linked in the front end, so that they also move on a page without a kernel;
    under ipywidgets 7, which has no `Stack`, the kernel moves them. Figures are closed.
    Raises ValueError for fewer than two values or a start outside them, TypeError if draw returns no Figure.
    """
    if len(values) < 2:
        raise ValueError(f"a slider needs at least two values, got {len(values)}")
    if not 0 <= start < len(values):
        raise ValueError(f"start is {start}, expected an index into {len(values)} values")
    with plt.ioff():
        return Film(draw, values, label=label, alt=alt, live=live or {}, start=start)


def _accepts(alt, live):
    """Whether `alt` takes the live settings besides the value."""
    parameters = inspect.signature(alt).parameters
    return set(live) <= set(parameters) or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _slider(values, label, start):
    return SelectionSlider(
        options=[(_readout(value), index) for index, value in enumerate(values)],
        value=start,
        description=label,
        style={"description_width": "initial"},
        layout={"width": "min(100%, 34em)"},
    )


def _readout(value):
    return f"{value:g}" if isinstance(value, int | float) else str(value)
