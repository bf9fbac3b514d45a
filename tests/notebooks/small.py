"""Small notebooks for the tests: of the checkers, of `make notebooks` and of nbval."""

import copy

from nbformat import v4

# Everything that differs from run to run: addresses, SVG ids and dates, ids of displays and controls, cell ids.
RESTLESS = """
import ipywidgets
import matplotlib.pyplot as plt
from unrolled.widgets import film
%config InlineBackend.figure_formats = ["svg"]

def drawing(last, first=0):
    figure, ax = plt.subplots(figsize=(1, 1))
    ax.plot([first, last], marker="o")
    return figure
"""
SHOWING = [
    'print("one")\nprint("two")\nobject()',
    RESTLESS,
    "figure = drawing(3)",
    """first = ipywidgets.IntSlider(max=1, description="first")
film(drawing, [1, 2], label="last", alt=lambda last: f"A line to {last}", live={"first": first})""",
    'import os\nos.environ["UNROLLED_QUIET"], os.environ["OMP_NUM_THREADS"], os.path.basename(os.getcwd())',
]


def text(source, *tags, **unrolled):
    """A Markdown cell."""
    return _marked(v4.new_markdown_cell(source), tags, unrolled)


def code(source, *tags, outputs=(), count=None, **unrolled):
    """A code cell with outputs."""
    cell = v4.new_code_cell(source, outputs=list(outputs), execution_count=count)
    return _marked(cell, tags, unrolled)


def picture(alt=None):
    """A code cell that shows an SVG, with an alt text if given."""
    output = v4.new_output("display_data", {"image/svg+xml": "<svg/>", "text/plain": "<Figure>"})
    cell = code("draw()", outputs=[output])
    if alt is not None:
        cell.metadata.mystnb = {"image": {"alt": alt}}
    return cell


def stream(words, name="stdout"):
    return v4.new_output("stream", name=name, text=words)


def notebook(*cells):
    cells = [copy.deepcopy(cell) for cell in cells]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return v4.new_notebook(cells=cells)


def none(faults):
    """Fail with all faults, a line each, if there are any."""
    assert not faults, "\n" + "\n".join(faults)


def _marked(cell, tags, unrolled):
    if tags:
        cell.metadata.tags = list(tags)
    if unrolled:
        cell.metadata.unrolled = unrolled
    return cell
