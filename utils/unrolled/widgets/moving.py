"""What film, plane and player share: frames drawn beforehand, and the native controls that choose one."""

from html import escape
from typing import NamedTuple

import matplotlib.pyplot as plt

from unrolled.widgets import card
from unrolled.widgets.frames import svg_text, together

_STILL = "This figure moves where scripts run."


class Slider(NamedTuple):
    """A range over values: its name, the values in order, the index at which it starts."""

    label: str
    values: list
    start: int

    def readouts(self):
        return [f"{v:g}" if isinstance(v, int | float) else str(v) for v in self.values]

    def html(self):
        readouts = self.readouts()
        now, room = escape(readouts[self.start]), max(map(len, readouts))
        return (
            f'<label><span>{escape(self.label)}</span><input type="range" min="0" '
            f'max="{len(readouts) - 1}" value="{self.start}" autocomplete="off" aria-valuetext="{now}"></label>'
            f'<span class="uw-readout" aria-hidden="true" style="min-width:{room}ch">{now}</span>'
        )


def slider(label, values, start):
    """A Slider. Raises ValueError for fewer than two values or a start outside them."""
    values = list(values)
    if len(values) < 2:
        raise ValueError(f"a slider needs at least two values, got {len(values)}")
    if not 0 <= start < len(values):
        raise ValueError(f"start is {start}, expected an index into {len(values)} values")
    return Slider(label, values, start)


def draw_all(draw, settings):
    """The Frames of draw(*setting) for every setting. Raises TypeError if it returns no Figure."""
    texts = []
    with plt.ioff():
        for setting in settings:
            figure = draw(*setting)
            if not hasattr(figure, "savefig"):
                given = ", ".join(map(repr, setting))
                raise TypeError(
                    f"draw({given}) returned {type(figure).__name__}, expected a matplotlib Figure"
                )
            texts.append(svg_text(figure))
    return together(texts)


def page(form, sliders, frames, alts, *, name=None, buttons="", captions=(), note="", **more):
    """The HTML of a widget whose sliders choose among frames; the last slider runs fastest.

    name  its id, where it is drawn anew and shall stay the same
    more  what else the script is told
    """
    start = 0
    for each in sliders:
        start = start * len(each.values) + each.start
    alts = [card.plain(alt, "a text alternative") for alt in alts]
    content = {
        "parts": frames.parts,
        "frames": frames.frames,
        "alts": alts,
        "readouts": [each.readouts() for each in sliders],
        **more,
    }
    pieces = [
        card.bar(buttons + "".join(each.html() for each in sliders), _STILL),
        card.stage(frames.svg(start), alts[start]),
        card.choices(map(escape, captions), start) if captions else "",
        card.note(note) if note else "",
        card.said(alts[start]),
        card.data(content),
    ]
    return card.page(form, name or frames.name, filter(None, pieces), frames.size, "moving.js")
