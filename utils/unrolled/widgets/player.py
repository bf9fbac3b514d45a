"""A player: the steps of a computation, one figure each, drawn beforehand."""

from html import escape

from unrolled.widgets import card, moving

_BUTTONS = {"first": "First", "back": "Back", "play": "Play", "step": "Step"}


def player(draw, steps, *, label, alt, caption=None, interval=1.2):
    """Draw a figure for each step beforehand and put buttons and a slider above them.

    draw      draw(step) -> matplotlib Figure
    steps     the steps in order, at least two; shown as the slider's readout
    label     the slider's name
    alt       alt(step) -> the finding that the frame shows, as text
    caption   caption(step) -> what happens in this step, shown below the figure; nothing is typeset: write Unicode
    interval  seconds from step to step while it plays

    It plays when the reader asks, once through. It moves wherever scripts run, without a kernel. Figures are closed.
    Raises ValueError for fewer than two steps, an interval that is not positive or figures of different sizes, TypeError
    if draw returns no Figure.
    """
    if not interval > 0:
        raise ValueError(f"interval is {interval} s, expected more than 0")
    slider = moving.slider(label, steps, 0)
    buttons = "".join(
        f'<button type="button" data-go="{go}">{escape(name)}</button>'
        for go, name in _BUTTONS.items()
    )
    captions = [card.plain(caption(step), "a caption") for step in slider.values] if caption else []
    html = moving.page(
        "player",
        [slider],
        moving.draw_all(draw, [(step,) for step in slider.values]),
        [alt(step) for step in slider.values],
        buttons=f'<div class="uw-buttons">{buttons}</div>',
        captions=captions,
        interval=round(1000 * interval),
    )
    return card.Card(f"Player({label!r}, {len(slider.values)} steps)", html)
