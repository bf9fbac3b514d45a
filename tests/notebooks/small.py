"""Small notebooks for the tests of the checkers."""

import copy

from nbformat import v4


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
    cells = copy.deepcopy(cells)
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    return v4.new_notebook(cells=list(cells))


def _marked(cell, tags, unrolled):
    if tags:
        cell.metadata.tags = list(tags)
    if unrolled:
        cell.metadata.unrolled = unrolled
    return cell
