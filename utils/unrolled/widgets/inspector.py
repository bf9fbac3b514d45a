"""An inspector: a drawing whose parts can be chosen, and the numbers of the chosen one."""

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from unrolled.widgets import card
from unrolled.widgets.frames import svg_text, together

_HINT = "Choose a part to see its numbers."
_STILL = "Parts can be chosen where scripts run."


class Spot(NamedTuple):
    """A part of a drawing that can be chosen.

    name    what it is called
    centre  (x, y) in data coordinates of its axes
    size    (width, height) in the same coordinates
    shows   a text, {name: number or text}, or rows of a table, the first of which is its head
    ax      its axes; None: the first of the figure
    """

    name: str
    centre: tuple[float, float]
    size: tuple[float, float]
    shows: Any
    ax: Any = None


def inspector(figure, spots, *, label, alt):
    """Put buttons over the parts of a figure; the one that is chosen shows its numbers below.

    figure  matplotlib Figure; it is closed. Or one for each spot, all of one size: the picture while it is chosen,
            and then a mouse chooses by pointing too
    spots   a Spot for each part, at least two; the first is chosen at the beginning
    label   what the parts are, as the name of the group of buttons
    alt     the finding that the figure shows, as text

    Mouse, touch or keyboard choose: arrow keys go to the next part in their direction. It needs no kernel.
    Raises ValueError for fewer than two spots, two of one name, one outside the figure or another number of figures,
    TypeError for no Figure.
    """
    spots = [Spot(*spot) for spot in spots]
    figures = list(figure) if isinstance(figure, (list, tuple)) else [figure]
    names = [card.plain(spot.name, "a spot's name") for spot in spots]
    if len(spots) < 2:
        raise ValueError(f"an inspector needs at least two spots, got {len(spots)}")
    if len(set(names)) < len(names):
        raise ValueError(f"the spots' names must differ, got {names}")
    if len(figures) not in (1, len(spots)):
        raise ValueError(f"{len(spots)} spots need one figure or as many, got {len(figures)}")
    frames = together([svg_text(each) for each in figures])
    buttons = "".join(_button(spot, figures[0]) for spot in spots)
    over = f'<div class="uw-spots" role="group" aria-label="{escape(label)}">{buttons}</div>'
    alt = card.plain(alt, "a text alternative")
    pieces = [
        card.bar(f"<p>{_HINT}</p>", _STILL),
        card.stage(frames.svg(0), alt, over),
        card.choices(
            [f"<p><b>{escape(spot.name)}</b></p>{_numbers(spot.shows)}" for spot in spots], 0
        ),
        card.said(alt),
    ]
    if len(figures) > 1:
        pieces.append(card.data({"parts": frames.parts, "frames": frames.frames}))
    html = card.page("inspector", frames.name, pieces, frames.size, "inspector.js")
    return card.Card(f"Inspector({label!r}, {len(spots)} parts)", html)


def _button(spot, figure):
    """A button over the spot, placed in hundredths of the figure, which has been drawn."""
    left, bottom, right, top = _box(spot, figure)
    if not (0 <= left < right <= 1 and 0 <= bottom < top <= 1):
        raise ValueError(
            f"the spot {spot.name!r} at {spot.centre} of size {spot.size} lies outside the figure"
        )
    place = {
        "left": (left + right) / 2,
        "top": 1 - (bottom + top) / 2,
        "width": right - left,
        "height": top - bottom,
    }
    style = ";".join(f"{side}:{100 * share:.2f}%" for side, share in place.items())
    return f'<button type="button" aria-label="{escape(spot.name)}" style="{style}"></button>'


def _box(spot, figure):
    """Left, bottom, right, top as parts of the figure's width and height."""
    (x, y), (width, height) = spot.centre, spot.size
    corners = [(x - width / 2, y - height / 2), (x + width / 2, y + height / 2)]
    ax = spot.ax or figure.axes[0]
    (x0, y0), (x1, y1) = figure.transFigure.inverted().transform(ax.transData.transform(corners))
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _numbers(shows):
    if isinstance(shows, str):
        return f"<p>{escape(card.plain(shows, 'what a spot shows'))}</p>"
    if isinstance(shows, Mapping):
        return _table(
            "",
            [
                [f'<th scope="row">{_cell(k)}</th>', f"<td>{_cell(v)}</td>"]
                for k, v in shows.items()
            ],
        )
    head, *rows = shows
    head = "".join(f'<th scope="col">{_cell(each)}</th>' for each in head)
    return _table(f"<tr>{head}</tr>", [[f"<td>{_cell(each)}</td>" for each in row] for row in rows])


def _table(head, rows):
    return f"<table>{head}{''.join('<tr>' + ''.join(row) + '</tr>' for row in rows)}</table>"


def _cell(value):
    return escape(f"{value:.4g}" if isinstance(value, float) else str(value))
