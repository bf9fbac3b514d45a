"""What the book knows about its chapters: the facts of a lecture, its opening, and the list on the first page.

A lecture's second cell says what the reader will be able to do. On the page it becomes the opening: these goals, the
facts that can be counted, and the ways to take the chapter along. `{chapters}` lists all chapters of
`book/_data/chapters.yml`, the finished ones with their claim, their facts and their links.
"""

import json
import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
TAG = re.compile(r"\\tag\{")
TITLE = re.compile(r"^# *(?P<number>\w+) · *(?P<claim>.+)$", re.MULTILINE)
TIME = re.compile(r"\n*^\*\*It takes\*\*.*\Z", re.MULTILINE | re.DOTALL)
SLIDES = ("slide", "subslide")


# --- what can be counted ------------------------------------------------------------------------


def minutes(notebook):
    """Minutes that the core takes to present, from its cells' metadata."""
    return sum(cell["metadata"].get("unrolled", {}).get("minutes", 0) for cell in _core(notebook))


def slides(notebook):
    """How many slides the core has."""
    kinds = [cell["metadata"].get("slideshow", {}).get("slide_type") for cell in _core(notebook)]
    return sum(kind in SLIDES for kind in kinds)


def equations(notebook):
    """How many numbered equations the notebook has; tests hold that code computes each."""
    markdown = (cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    return sum(len(TAG.findall(text(cell))) for cell in markdown)


def seconds(notebook):
    """The time in which all cells run; `make notebooks` measures it and rounds it up."""
    return notebook["metadata"]["unrolled"]["seconds"]


def takes(notebook):
    """The sentence in a lecture that says its time; the notebook holds it, a test compares."""
    return (
        f"**It takes** {minutes(notebook):g} minutes to present its core, "
        f"and less than {spell(seconds(notebook))} to run."
    )


def spell(time):
    """Seconds in words: 30 seconds, a minute, 2 minutes."""
    if time % 60:
        return f"{time} seconds"
    return "a minute" if time == 60 else f"{time // 60} minutes"


def facts(notebook):
    """The facts of a lecture as Markdown, one an item."""
    return [
        f"**{minutes(notebook):g} minutes** to present",
        f"**{slides(notebook)} slides**",
        f"**{equations(notebook)} equations**, each executed",
        f"runs in **{spell(seconds(notebook))}**",
    ]


def text(cell):
    """The source of a cell of a parsed notebook."""
    return "".join(cell["source"])


def _core(notebook):
    return [cell for cell in notebook["cells"] if "core" in cell["metadata"].get("tags", [])]


# --- a lecture's opening ------------------------------------------------------------------------


def open_lecture(notebook, links):
    """Make the second cell the opening, and fold the set-up cells into one line. links: Markdown."""
    goals = TIME.sub("", text(notebook["cells"][1]))
    listed = "\n".join(f"- {fact}" for fact in facts(notebook))
    notebook["cells"][1]["source"] = (
        f"::::{{container}} opening\n{listed}\n\n{goals}\n\n{links}\n::::"
    )
    fold_setup(notebook)


def fold_setup(notebook):
    """Join the code cells before the first section into one folded cell."""
    end = next(n for n, cell in enumerate(notebook["cells"]) if text(cell).startswith("## "))
    setup = [cell for cell in notebook["cells"][:end] if cell["cell_type"] == "code"]
    for cell in setup[1:]:
        notebook["cells"].remove(cell)
    setup[0]["source"] = "\n\n".join(text(cell) for cell in setup)
    metadata = setup[0]["metadata"]
    metadata["tags"] = [*{*metadata.get("tags", []), "hide-cell"}]
    metadata["mystnb"] = {"code_prompt_show": "Set-up", "code_prompt_hide": "Set-up"}


# --- the list of chapters -----------------------------------------------------------------------


class Chapters(SphinxDirective):
    """All chapters in reading order; the finished ones with claim, facts and links."""

    def run(self):
        data = ROOT / "book" / "_data" / "chapters.yml"
        self.env.note_dependency(str(data))
        lines = []
        for chapter in yaml.safe_load(data.read_text(encoding="utf-8")):
            lines += (self.finished if chapter["status"] == "finished" else planned)(chapter)
        box = nodes.container(classes=["chapters"])
        self.state.nested_parse(StringList(lines, "chapters"), self.content_offset, box)
        return [box]

    def finished(self, chapter):
        """The Markdown of a finished chapter; its lectures are those whose names begin with its number."""
        number = chapter["name"].split("-")[0]
        lines = [":::{container} chapter finished"]
        for path in sorted((ROOT / "lectures").glob(f"{number}*.ipynb")):
            self.env.note_dependency(str(path))
            notebook = json.loads(path.read_text(encoding="utf-8"))
            claim = TITLE.search(text(notebook["cells"][0]))["claim"]
            lines += [
                f"**[{number.lstrip('0')} · {chapter['title']}](/lectures/{path.stem}.ipynb)**",
                "",
                f"{claim}.",
                "",
                " · ".join(facts(notebook)).replace("**", ""),
                "",
            ]
        return [*lines, ":::", ""]


class Finished(SphinxDirective):
    """One sentence: how many chapters are finished, and which."""

    def run(self):
        data = ROOT / "book" / "_data" / "chapters.yml"
        self.env.note_dependency(str(data))
        rows = yaml.safe_load(data.read_text(encoding="utf-8"))
        numbers = [
            row["name"].split("-")[0].lstrip("0") for row in rows if row["status"] == "finished"
        ]
        listed = " and ".join(filter(None, [", ".join(numbers[:-1]), numbers[-1]]))
        words = f"{len(numbers)} of {len(rows)} chapters are finished: {listed}."
        return [nodes.paragraph("", words, classes=["finished-chapters"])]


def planned(chapter):
    number = chapter["name"].split("-")[0].lstrip("0")
    return [
        ":::{container} chapter",
        f"{number} · {chapter['title']}",
        "",
        f"{chapter['what']}; planned",
        ":::",
        "",
    ]


# --- the first page -----------------------------------------------------------------------------


def gather_hero(app, document):
    """Put the first page's equation, code and widget into one box that stands beside the text."""
    if app.env.docname != app.config.root_doc:
        return
    top = next(document.findall(nodes.section))
    shown = [n for n in top if isinstance(n, nodes.math_block) or "cell" in n.get("classes", [])]
    place = top.index(shown[0])
    for node in shown:
        top.remove(node)
    top.insert(place, nodes.container("", *shown, classes=["hero"]))


def setup(app):
    app.add_directive("chapters", Chapters)
    app.add_directive("finished-chapters", Finished)
    app.connect("doctree-read", gather_hero)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
