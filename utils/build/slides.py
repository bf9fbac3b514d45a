"""Render the core of every lecture as slides that work without a network: `_build/html/slides/NN-name.html`.

A slide is made of the cells that are tagged `core` and whose slideshow metadata says `slide`, `subslide`,
`fragment` or `-`. Its speaker notes and minutes come from the cells' `unrolled.notes` and `unrolled.minutes`.
"""

import copy
import posixpath
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from nbconvert.exporters import SlidesExporter
from pygments.formatters import HtmlFormatter

import toc
from unrolled.plots.palette import COLOUR

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).resolve().parent
BUDGET = 45  # minutes of one chapter's core
CODE_SIZES = (22, 16)  # pixels, the largest and the smallest letters of code
CODE_WIDTH = 1122  # pixels that a line of code has (deck.css)
CODE_HEIGHT = 590  # pixels that the lines of a cell's code and text have
ADVANCE = 0.603  # width of a letter of code per pixel of its size
LEADING = 1.32  # height of a line of code per pixel of its size (deck.css)

STARTS = ("slide", "subslide")
SHOWN = (*STARTS, "fragment", "-")
PICTURES = ("image/svg+xml", "image/png")
LINK = re.compile(r"\]\((?![a-z]+:|#|//)([^)\s]+)\)")
# From an npm package to the folder `vendor` beside the decks. MathJax loads an extension of TeX when a formula needs it.
FILES = {
    "reveal.js/dist/*.css": "reveal",
    "reveal.js/dist/reveal.js": "reveal",
    "reveal.js/plugin/notes/notes.js": "reveal",
    "reveal.js/LICENSE": "reveal",
    "mathjax/es5/tex-svg.js": "mathjax",
    "mathjax/LICENSE": "mathjax",
    "mathjax/es5/input/tex/extensions/*.js": "mathjax/input/tex/extensions",
}


class SlideError(Exception):
    """A lecture cannot become slides; the message is one sentence that says why."""


class Deck(NamedTuple):
    """One rendered deck: its file, its number of slides and its minutes."""

    path: Path
    slides: int
    minutes: float


# --- which cells, in which slides ---------------------------------------------------------------


def slide_type(cell):
    """Return the cell's slide type; None if it is in no deck: not core, no slideshow metadata, or skip."""
    kind = cell.metadata.get("slideshow", {}).get("slide_type")
    if "core" not in cell.metadata.get("tags", []) or kind in (None, "skip"):
        return None
    if kind not in SHOWN:
        raise SlideError(
            f"{where(cell)} has the slide type {kind!r}, expected one of {', '.join(SHOWN)} or skip"
        )
    return kind


def where(cell):
    """Name a cell by its first line."""
    lines = cell.source.strip().splitlines() or ["(empty)"]
    return f"the cell `{lines[0][:60]}`"


def slides(notebook):
    """Return the slides: lists of copies of their cells, the first of which starts the slide.

    Raises SlideError if there is none, or if the first cell does not start one.
    """
    found = []
    for cell in notebook.cells:
        kind = slide_type(cell)
        if kind in STARTS:
            found.append([copy.deepcopy(cell)])
        elif kind and not found:
            raise SlideError(f"{where(cell)} is {kind!r} before any slide has started")
        elif kind:
            found[-1].append(copy.deepcopy(cell))
    if not found:
        raise SlideError("no cell is tagged core and starts a slide")
    return found


def minutes(slide):
    """Return the speaking minutes of a slide: the sum over its cells."""
    total = 0
    for cell in slide:
        value = cell.metadata.get("unrolled", {}).get("minutes", 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise SlideError(
                f"{where(cell)} has the minutes {value!r}, expected a number of at least 0"
            )
        total += value
    return total


def notes(slide):
    """Return the speaker notes of a slide, Markdown: those of its cells, one paragraph each."""
    texts = (cell.metadata.get("unrolled", {}).get("notes", "") for cell in slide)
    return "\n\n".join(text.strip() for text in texts if text.strip())


def stacks(found):
    """Group slides into what one `slide` starts: it and the `subslide`s under it."""
    grouped = []
    for slide in found:
        if slide_type(slide[0]) == "slide" or not grouped:
            grouped.append([])
        grouped[-1].append(slide)
    return grouped


def check_speaking(found):
    """Raise SlideError for a slide without notes, or one that has no minutes, neither itself nor below it."""
    for stack in stacks(found):
        if not sum(map(minutes, stack)):
            raise SlideError(f"the slide of {where(stack[0][0])} has no minutes")
    for slide in found:
        if not notes(slide):
            raise SlideError(f"the slide of {where(slide[0])} has no speaker notes")


# --- one cell -----------------------------------------------------------------------------------


def alternative(cell):
    """Return the text alternative of the cell's figure; raise SlideError if it has a figure but no text."""
    text = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "").strip()
    has_picture = any(
        kind in output.get("data", {}) for output in cell.get("outputs", []) for kind in PICTURES
    )
    if has_picture and not text:
        raise SlideError(f"{where(cell)} shows a figure without `mystnb.image.alt`")
    return text


def code_size(cell):
    """Return the size in pixels in which the cell's shown code and text fit their slide, by width and by height."""
    texts = [cell.source] if cell.cell_type == "code" and cell.metadata.deck.show_code else []
    texts += [output.text for output in cell.get("outputs", []) if output.output_type == "stream"]
    lines = [line for text in texts for line in text.splitlines()] or [""]
    longest = max(1, max(map(len, lines)))
    largest, smallest = CODE_SIZES
    fits = min(CODE_WIDTH / (ADVANCE * longest), CODE_HEIGHT / (LEADING * len(lines)))
    return max(smallest, min(largest, int(2 * fits) / 2))


def prepare(cell, link):
    """Add to the cell what the template asks for; `link` says where its relative links lead."""
    tags = cell.metadata.get("tags", [])
    cell.metadata.deck = {"show_code": not {"hide-input", "hide-cell", "remove-input"} & set(tags)}
    cell.metadata.deck.alt = alternative(cell)
    cell.metadata.deck.code_size = code_size(cell)
    if cell.cell_type == "markdown":
        cell.source = LINK.sub(lambda found: f"]({link(found[1])})", cell.source)
    elif {"hide-output", "remove-output"} & set(tags):
        cell.outputs = []


def announce(slide, elapsed):
    """Put the slide's notes, headed by its minutes, and its seconds on its first cell."""
    spoken = minutes(slide)
    clock = f"**Minutes {elapsed:g}-{elapsed + spoken:g}.** " if spoken else ""
    slide[0].metadata.deck.notes = clock + notes(slide)
    slide[0].metadata.deck.seconds = round(60 * spoken)


# --- one deck -----------------------------------------------------------------------------------


def stylesheet():
    """Return the deck's CSS: the palette as custom properties, the highlighting of code, our own rules."""
    palette = (
        ":root { " + " ".join(f"--{role}: {colour};" for role, colour in COLOUR.items()) + " }\n"
    )
    code = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
    return palette + code + "\n" + (TEMPLATES / "slides" / "deck.css").read_text()


def link_from_deck(root=ROOT):
    """Return the function that says where a lecture's relative link leads from its deck.

    It leads to the page of the book beside the deck; to the public repository if it names another file.
    """
    repository = yaml.safe_load((root / "_config.yml").read_text())["repository"]
    pages = set(toc.documents(root))

    def link(target):
        path, mark, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join("lectures", path))
        document, suffix = posixpath.splitext(path)
        if suffix in (".ipynb", ".md") and document in pages:
            return f"../{document}.html{mark}{anchor}"
        if not (root / path).exists():
            raise SlideError(f"a link leads to {target}, and there is no {path}")
        return f"{repository['url']}/blob/{repository['branch']}/{path}{mark}{anchor}"

    return link


def render(notebook, chapter, link):
    """Return the deck's HTML, its number of slides and its minutes.

    chapter: address of the chapter's page; link: where a relative link leads, a function of its target. Raises SlideError.
    """
    found = slides(notebook)
    check_speaking(found)
    elapsed = 0
    for slide in found:
        for cell in slide:
            prepare(cell, link)
        announce(slide, elapsed)
        elapsed += minutes(slide)
    deck = nbformat.v4.new_notebook(metadata=notebook.metadata)
    deck.cells = [cell for slide in found for cell in slide]
    exporter = SlidesExporter(template_name="slides", extra_template_basedirs=[str(TEMPLATES)])
    html, _ = exporter.from_notebook_node(deck, {"deck": resources(deck, chapter)})
    return html, len(found), elapsed


def resources(deck, chapter):
    """Return what the template asks for beside the cells."""
    heading = deck.cells[0].source.splitlines()[0].lstrip("# ")
    return {"title": heading, "chapter": chapter, "css": stylesheet(), "vendor": "vendor"}


def copy_vendored(modules, output):
    """Copy what the decks load from the npm packages in `modules` to `output`/vendor. Raises SlideError."""
    for pattern, folder in FILES.items():
        files = sorted(modules.glob(pattern))
        if not files:
            raise SlideError(
                f"no file matches {modules / pattern}: run `make book`, which fetches the npm packages"
            )
        (output / "vendor" / folder).mkdir(parents=True, exist_ok=True)
        for file in files:
            shutil.copy(file, output / "vendor" / folder)


def build(lecture, output, link=None):
    """Render the lecture at `lecture` to `output`; return its Deck. Raises SlideError, naming the lecture."""
    notebook = nbformat.read(lecture, as_version=4)
    try:
        chapter = f"../lectures/{lecture.stem}.html"
        html, count, spoken = render(notebook, chapter, link or link_from_deck())
        if spoken > BUDGET:
            raise SlideError(f"its core takes {spoken:g} minutes, at most {BUDGET} are allowed")
    except SlideError as error:
        raise SlideError(f"{lecture.name}: {error}") from error
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{lecture.stem}.html"
    path.write_text(html, encoding="utf-8")
    return Deck(path, count, spoken)
