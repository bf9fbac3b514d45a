"""A player: the steps of a computation, one figure each, drawn beforehand."""

from html import escape
from itertools import product

from unrolled.widgets import card, moving

_BUTTONS = {"first": "First", "back": "Back", "play": "Play", "step": "Step"}


def player(draw, steps, *, label, alt, caption=None, interval=1.2, settings=None):
    """Draw a figure for each step beforehand and put buttons and a slider above them.

    draw      draw(step, *settings) -> matplotlib Figure
    steps     the steps in order, at least two; shown as the slider's readout
    label     the slider's name
    alt       alt(step, *settings) -> the finding that the frame shows, as text
    caption   caption(step, *settings) -> what happens in this step, shown below the figure; nothing is typeset: write
              Unicode
    interval  seconds from step to step while it plays
    settings  {name: values}: a slider more for each, which stays where it is while the steps play. Frames multiply:
              five steps and two settings of three values each are 45 figures

    It plays when the reader asks, once through. It moves wherever scripts run, without a kernel. Figures are closed.
    Raises ValueError for fewer than two steps, an interval that is not positive or figures of different sizes, TypeError
    if draw returns no Figure.
    """
    if not interval > 0:
        raise ValueError(f"interval is {interval} s, expected more than 0")
    sliders = [moving.slider(label, steps, 0)]
    sliders += [moving.slider(name, values, 0) for name, values in (settings or {}).items()]
    frames = list(product(*(each.values for each in sliders)))
    buttons = "".join(
        f'<button type="button" data-go="{go}">{escape(name)}</button>'
        for go, name in _BUTTONS.items()
    )
    captions = [card.plain(caption(*frame), "a caption") for frame in frames] if caption else []
    html = moving.page(
        "player",
        sliders,
        moving.draw_all(draw, frames),
        [alt(*frame) for frame in frames],
        buttons=f'<div class="uw-buttons">{buttons}</div>',
        captions=captions,
        interval=round(1000 * interval),
    )
    text = f"Player({label!r}, {len(sliders[0].values)} steps)"
    if settings:
        text = f"{text[:-1]}, {len(frames)} frames)"
    return card.Card(text, html)
