"""Checks of a stored notebook's form. Each takes notebooks and returns one sentence for each fault."""

import re
from pathlib import Path

from notebooks import (
    KERNEL_CONTROL,
    MAX_BYTES,
    NotebookError,
    code_cells,
    refuse,
    staleness,
    to_text,
)
from topics import FENCED

CORE_MINUTES = 45
# What the page shows without scrolling: 757 px less 29 px of padding, at 7.39 px a character.
CODE_WIDTH = 98
PARTS = {"core", "further"}
UNROLLED_KEYS = {
    "topics": list,
    "errata": list,
    "minutes": (int, float),
    "notes": str,
}
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
WIDGET_CLASS = 'class="unrolled-widget'  # of a widget that needs no manager: it is plain HTML
FILE_NAME = re.compile(r"\.(png|svg|jpe?g|gif)\b|_images/", re.IGNORECASE)
MAGIC_OR_URL = re.compile(r"^\s*[%!]|https?://")
MARKDOWN_IMAGE = re.compile(r"!\[(.*?)\]\(")
HEADING = re.compile(r"^(#{1,6})\s+(.*)$", re.MULTILINE)
INSTALL = re.compile(r"git\+(https://[^\s\"'@]+)@([^\s\"']+)")
MYST = {
    "a directive": re.compile(r"^\s*(```+|~~~+|:::+)\s*\{", re.MULTILINE),
    "a fenced div": re.compile(r"^\s*:::", re.MULTILINE),
    "a role": re.compile(r"(?<!`)\{[a-z][\w:+-]*\}`[^`\n]+`"),
    "a target": re.compile(r"^\([\w:. -]+\)=\s*$", re.MULTILINE),
    "a substitution": re.compile(r"\{\{\s*\w+\s*\}\}"),
}


def markdown(notebook):
    """Return the sources of the Markdown cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def tagging(name, notebook):
    """Each cell is core or further, one of them."""
    return [
        f"{name} cell {index} is tagged neither core nor further, or both"
        for index, cell in enumerate(notebook.cells)
        if len(PARTS & set(cell.metadata.get("tags", []))) != 1
    ]


def minutes(name, notebook):
    """The core says how long it takes to present it: more than nothing, at most 45 minutes."""
    times = [
        (index, cell.metadata["unrolled"]["minutes"], cell.metadata.get("tags", []))
        for index, cell in enumerate(notebook.cells)
        if "minutes" in cell.metadata.get("unrolled", {})
    ]
    found = [f"{name} cell {i} takes {m} minutes" for i, m, _ in times if m <= 0]
    found += [f"{name} cell {i} has minutes but isn't core" for i, _, t in times if "core" not in t]
    total = sum(m for _, m, _ in times)
    if not 0 < total <= CORE_MINUTES:
        found.append(f"the core of {name} takes {total} minutes, allowed are up to {CORE_MINUTES}")
    return found


def cell_metadata(name, notebook):
    """The metadata `unrolled` of a cell has known keys with values of their kind."""
    found = []
    for index, cell in enumerate(notebook.cells):
        for key, value in cell.metadata.get("unrolled", {}).items():
            if key in UNROLLED_KEYS and not isinstance(value, UNROLLED_KEYS[key]):
                found.append(f"{name} cell {index}: unrolled.{key} is {value!r}")
    return found


def unknown_keys(name, notebook):
    """A lecture's cells use no other key in `unrolled`: a misspelt one would be lost silently."""
    return [
        f"{name} cell {index}: unknown key unrolled.{key}"
        for index, cell in enumerate(notebook.cells)
        for key in cell.metadata.get("unrolled", {})
        if key not in UNROLLED_KEYS
    ]


def plain_markdown(name, notebook):
    """No MyST: in Jupyter, Colab and on slides it shows as raw text."""
    found = []
    for text in markdown(notebook):
        without_code = FENCED.sub("", text)
        for what, pattern in MYST.items():
            hit = pattern.search(text if what == "a directive" else without_code)
            if hit:
                found.append(f"{name} uses {what} of MyST: {hit.group().strip()!r}")
    return found


def alt_texts(name, notebook):
    """Each picture has an alt text that says something."""
    found = []
    for number, cell in enumerate(code_cells(notebook), start=1):
        if any(mime in PICTURES for output in cell.outputs for mime in output.get("data", {})):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            if len(alt.split()) < 4 or FILE_NAME.search(alt):
                found.append(f"{name} code cell {number} shows a figure with the alt text {alt!r}")
    for text in markdown(notebook):
        for alt in MARKDOWN_IMAGE.findall(FENCED.sub("", text)):
            if len(alt.split()) < 2 or FILE_NAME.search(alt):
                found.append(f"{name} has a Markdown image with the alt text {alt!r}")
    return found


def captions(name, notebook):
    """Each figure, picture or widget, has a caption: a sentence that is not the alt text again."""
    found = []
    for number, cell in enumerate(code_cells(notebook), start=1):
        shown = cell.metadata.get("mystnb", {})
        caption = shown.get("figure", {}).get("caption", "")
        if not shows_figure(cell):
            if caption:
                found.append(f"{name} code cell {number} has a caption and no figure")
        elif len(caption.split()) < 4 or not caption.endswith("."):
            found.append(f"{name} code cell {number} shows a figure with the caption {caption!r}")
        elif caption == shown.get("image", {}).get("alt"):
            found.append(f"{name} code cell {number} has its alt text as caption")
    return found


def shows_figure(cell):
    """Whether a code cell shows a picture or a widget."""
    return any(
        mime in PICTURES or (mime == "text/html" and WIDGET_CLASS in content)
        for output in cell.outputs
        for mime, content in output.get("data", {}).items()
    )


def dead_controls(name, notebook):
    """No cell stores a control that only a kernel moves: on the page it would be dead."""
    return [
        f"{name} code cell {number} stores a control that needs a kernel"
        for number, cell in enumerate(code_cells(notebook), start=1)
        for output in cell.outputs
        if KERNEL_CONTROL in output.get("data", {})
    ]


def stored_outputs(name, notebook):
    """Executed in order, without errors and stderr, and small enough."""
    try:
        refuse(notebook)
    except NotebookError as error:
        return [f"{name}: {error}"]
    reason = staleness(notebook)
    return [f"{name}: {reason}"] if reason else []


def size(name, notebook):
    """At most 1.5 MB."""
    count = len(to_text(notebook).encode())
    return [f"{name} has {count} bytes, allowed are {MAX_BYTES}"] if count > MAX_BYTES else []


def headings(name, notebook):
    """One title, first of all, with the chapter's number if it is a chapter; no level is left out."""
    levels = [
        (len(marks), text)
        for source in markdown(notebook)
        for marks, text in HEADING.findall(FENCED.sub("", source))
    ]
    found = []
    titles = [text for level, text in levels if level == 1]
    if len(titles) != 1 or levels[0][0] != 1 or notebook.cells[0].cell_type != "markdown":
        found.append(f"{name} has {len(titles)} titles; one is wanted, in its first cell")
    chapter = re.match(r"0*(\d+[a-z]?)", Path(name).name)
    if chapter and titles and not re.search(rf"(?<![\w.]){chapter[1]}(?![\w.])", titles[0]):
        found.append(f"the title of {name} lacks its number {chapter[1]}: {titles[0]!r}")
    for (before, _), (level, text) in zip(levels, levels[1:]):
        if level > before + 1:
            found.append(f"{name}: the heading {text!r} leaves out a level")
    return found


def code_width(name, notebook):
    """No line of code is wider than the page's column, magics and lines with an address excepted."""
    return [
        f"{name} code cell {number} line {row} has {len(line)} characters, {CODE_WIDTH} fit: {line}"
        for number, cell in enumerate(code_cells(notebook), start=1)
        for row, line in enumerate(cell.source.splitlines(), start=1)
        if len(line) > CODE_WIDTH and not MAGIC_OR_URL.search(line)
    ]


def set_up_cells(lectures, url, ref):
    """The first code cell is the same in all lectures and installs from the repository's address.

    lectures {name: notebook}; url, ref: what `_config.yml` says.
    """
    cells = {name: code_cells(notebook)[0].source for name, notebook in lectures.items()}
    found = []
    for name, source in cells.items():
        if source != next(iter(cells.values())):
            found.append(f"the set-up cell of {name} differs from that of {next(iter(cells))}")
        if INSTALL.findall(source) != [(url, ref)]:
            found.append(f"the set-up cell of {name} does not install git+{url}@{ref}")
    return found


LECTURE = (tagging, minutes, cell_metadata, unknown_keys, plain_markdown, captions)
EVERY = (alt_texts, dead_controls, stored_outputs, size, headings, code_width)
