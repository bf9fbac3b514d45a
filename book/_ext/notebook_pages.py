"""What the site adds to notebooks as it reads them; the files themselves stay as they are.

Every notebook gets a line of links at its beginning: slides, Colab, exercises, worked answers, chapter, download.
On worked-answer pages each answer and each check is folded, and the markers that tell nbgrader what to cut out are
left out.
"""

import json
import re
from pathlib import PurePosixPath

import chapters

MARKER = re.compile(
    r"^[ \t]*#+[ \t]*(?:BEGIN|END)[ \t]+(?:SOLUTION|HIDDEN TESTS)[ \t]*\n?", re.MULTILINE
)
HIDDEN = "BEGIN HIDDEN TESTS"
COLAB = "https://colab.research.google.com/github"
LECTURES, EXERCISES, SOLUTIONS = "lectures", "exercises", "solutions"


def read(app, docname, source):
    """Sphinx's `source-read`: replace the text of a notebook by the text the page is made of."""
    if app.env.doc2path(docname).endswith(".ipynb"):
        notebook = json.loads(source[0])
        links = page_links(docname, app.config.html_theme_options)
        folder = docname.split("/")[0]
        if folder == LECTURES:
            chapters.open_lecture(notebook, links)
        elif docname != app.config.root_doc:
            insert_links(notebook, links)
        if folder == SOLUTIONS:
            fold_answers(notebook)
        source[0] = json.dumps(notebook)


def fold_answers(notebook):
    """Fold the cells that nbgrader knows as answers or checks, and drop its markers."""
    for cell in notebook["cells"]:
        what = _answer_or_check(cell)
        if what:
            cell["source"] = MARKER.sub("", chapters.text(cell))
            _fold(cell, what)


def page_links(docname, theme_options):
    """The line of links as Markdown."""
    links = [
        *ways(docname),
        f"[Open in Colab]({colab_address(docname, theme_options)})",
        "{download}`Download <%s>`" % (PurePosixPath(docname).name + ".ipynb"),
    ]
    return ":::{container} page-links\n%s\n:::" % " ".join(links)


def ways(docname):
    """Links from a lecture to its slides, exercises and answers, and from these to one another."""
    folder, rest = docname.split("/", 1)
    name = rest.split("/")[0]
    sets = {
        EXERCISES: f"[Exercises](/{EXERCISES}/{name}/{name}.ipynb)",
        SOLUTIONS: f"[Worked answers](/{SOLUTIONS}/{name}/{name}.ipynb)",
    }
    if folder == LECTURES:
        return [f'<a href="../slides/{name}.html">Slides</a>', *sets.values()]
    if folder in sets:
        others = [link for kind, link in sets.items() if kind != folder]
        return [f"[The chapter](/{LECTURES}/{name}.ipynb)", *others]
    return []


def insert_links(notebook, links):
    """Put the links after the title cell."""
    line = {"cell_type": "markdown", "metadata": {}, "source": links}
    if (notebook["nbformat"], notebook.get("nbformat_minor", 0)) >= (4, 5):
        line["id"] = "page-links"
    notebook["cells"].insert(1, line)


def colab_address(docname, theme_options):
    """Where Colab opens this notebook, from the repository's address and ref."""
    repository = theme_options["repository_url"].removeprefix("https://github.com/").rstrip("/")
    return f"{COLAB}/{repository}/blob/{theme_options['repository_branch']}/{docname}.ipynb"


def _answer_or_check(cell):
    kind = cell["metadata"].get("nbgrader", {})
    if kind.get("solution"):
        return "answer"
    if kind.get("grade"):
        return "hidden tests" if HIDDEN in chapters.text(cell) else "check"
    return None


def _fold(cell, what):
    if cell["cell_type"] == "markdown":
        cell["source"] = (
            f"<details><summary>Answer</summary>\n\n{chapters.text(cell)}\n\n</details>"
        )
        return
    metadata = cell["metadata"]
    metadata["tags"] = [
        *metadata.get("tags", []),
        "hide-input" if what == "answer" else "hide-cell",
    ]
    prompts = {"code_prompt_show": f"Show the {what}", "code_prompt_hide": f"Hide the {what}"}
    metadata["mystnb"] = metadata.get("mystnb", {}) | prompts


def setup(app):
    app.connect("source-read", read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
