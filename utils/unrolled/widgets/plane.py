"""A plane: one figure for each pair of values of two sliders, drawn beforehand."""

from itertools import product

from unrolled.widgets import card, moving


def plane(draw, first, second, *, labels, alt, start=(0, 0)):
    """Draw a figure for each pair of values beforehand and put two sliders above them.

    draw           draw(a, b) -> matplotlib Figure
    first, second  the values of the sliders, at least two each; shown as their readouts
    labels         the two sliders' names, with their units
    alt            alt(a, b) -> the finding that the frame shows, as text
    start          the two indices of the first frame shown

    The sliders move wherever scripts run, without a kernel. Figures are closed. Frames multiply: six values by six are
    36 figures.
    Raises ValueError for fewer than two values, a start outside them or figures of different sizes, TypeError if draw
    returns no Figure.
    """
    if not len(labels) == len(start) == 2:
        raise ValueError(f"expected two labels and two starts, got {len(labels)} and {len(start)}")
    sliders = [moving.slider(*each) for each in zip(labels, (first, second), start)]
    pairs = list(product(*(each.values for each in sliders)))
    frames = moving.draw_all(draw, pairs)
    html = moving.page("plane", sliders, frames, [alt(*pair) for pair in pairs])
    names = ", ".join(repr(each.label) for each in sliders)
    sizes = " by ".join(str(len(each.values)) for each in sliders)
    return card.Card(f"Plane({names}, {sizes} frames)", html)
