"""One small widget of each form, as code of a notebook and as HTML; no chapter needs to have them all."""

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
from nbformat import v4

from notebooks import KERNELSPEC

PREPARATION = """import matplotlib.pyplot as plt
import numpy as np

from unrolled import plots
from unrolled.widgets import Spot, film, inspector, plane, player

plots.use_style()


def wave(turns, shift=0.0, height=1.0):
    fig, ax = plt.subplots(figsize=(4.6, 2.4))
    t = np.linspace(0, 1, 60)
    ax.plot(t, height * np.sin(2 * np.pi * (turns * t + shift)))
    ax.set(ylim=(-3, 3), title=f"{turns:g} turns")
    return fig


def say(turns, shift=0.0, height=1.0):
    return f"A wave that turns {turns:g} times, shifted by {shift:g}, {height:g} high"


def net():
    fig, ax = plt.subplots(figsize=(4.6, 2.4))
    ax.set(xlim=(0, 4), ylim=(0, 2))
    ax.axis("off")
    for x, y in UNITS.values():
        ax.add_patch(plt.Circle((x, y), 0.25, fill=False))
    return fig


UNITS = {f"unit {x} of layer {y}": (x, 0.75 * y) for y in (1, 2) for x in (1, 2, 3)}
SHOWN = ["It is the input.", {"value": 0.25, "gradient": 1e-4}, [["gate", "value"], ["i", 0.5]]] * 2
SPOTS = [Spot(name, xy, (0.5, 0.5), shown) for (name, xy), shown in zip(UNITS.items(), SHOWN)]
"""
FORMS = {
    "film": "film(wave, [1, 2, 3], label='turns', alt=say, start=1)",
    "plane": "plane(wave, [1, 2, 3], [0, 0.25], labels=('turns', 'shift'), alt=say)",
    "player": (
        "player(wave, [1, 2, 3, 4], label='step', alt=say, interval=0.7,\n"
        "    caption=lambda turns: f'Step {turns}: one more turn.' + ' It takes more room.' * turns)"
    ),
    "inspector": "inspector(net(), SPOTS, label='units', alt='Two layers of three units')",
}
LIVE = """import ipywidgets

height = ipywidgets.FloatSlider(1.0, min=0, max=3, description="height")
film(wave, [1, 2, 3], label="turns", alt=say, live={"height": height})"""


@cache
def html(form):
    """The HTML of the widget of this form."""
    names = {}
    exec(PREPARATION, names)
    return eval(FORMS[form], names)._repr_html_()


def every_form():
    """The HTML of all four, one below the other."""
    return "\n".join(map(html, FORMS))


def notebook():
    """A notebook, not yet run, whose cells show all four, a slide each, and a film with a live control."""
    cells = [v4.new_markdown_cell("# 99 · Widgets"), v4.new_code_cell(PREPARATION)]
    cells += [v4.new_code_cell(source) for source in (*FORMS.values(), LIVE)]
    for number, cell in enumerate(cells):
        kind = "-" if number == 1 else "slide"
        hidden = ["hide-input"] if cell.cell_type == "code" else []
        cell.metadata.update(
            tags=["core", *hidden],
            slideshow={"slide_type": kind},
            unrolled={"minutes": 1, "notes": "Move it."},
        )
    return v4.new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})


def busy(value):
    """A figure with all that matplotlib defines once and refers to: letters, markers, clips, hatches, collections."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 3))
    t = np.linspace(0, 1, 30)
    left.plot(t, np.sin(value * t), marker="o")
    left.fill_between(t, np.cos(value * t), hatch="//", alpha=0.5)
    right.scatter(t, t**value, c=t)
    right.imshow(np.outer(t, t), extent=(0, 1, 0, 1))
    right.set_title(rf"$\alpha_t$ = {value}")
    return figure
