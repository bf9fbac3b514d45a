"""What the site adds to notebooks as it reads them; the files themselves stay as they are.

Every notebook gets a line of links below its title: open in Colab, download, and for a set of exercises its worked
answers and back. On worked-answer pages each answer and each check is folded, and the markers that tell nbgrader
what to cut out are left out.
"""

import json
import re
from pathlib import PurePosixPath

MARKER = re.compile(
    r"^[ \t]*#+[ \t]*(?:BEGIN|END)[ \t]+(?:SOLUTION|HIDDEN TESTS)[ \t]*\n?", re.MULTILINE
)
HIDDEN = "BEGIN HIDDEN TESTS"
COLAB = "https://colab.research.google.com/github"
SOLUTIONS, EXERCISES = "solutions", "exercises"


def read(app, docname, source):
    """Sphinx's `source-read`: replace the text of a notebook by the text the page is made of."""
    if app.env.doc2path(docname).endswith(".ipynb"):
        notebook = json.loads(source[0])
        if docname.startswith(SOLUTIONS + "/"):
            fold_answers(notebook)
        add_links(notebook, docname, app.config.html_theme_options)
        source[0] = json.dumps(notebook)


def fold_answers(notebook):
    """Fold the cells that nbgrader knows as answers or checks, and drop its markers."""
    for cell in notebook["cells"]:
        what = _answer_or_check(cell)
        if what:
            cell["source"] = MARKER.sub("", _text(cell))
            _fold(cell, what)


def add_links(notebook, docname, theme_options):
    """Insert the line of links after the title cell."""
    links = [
        f"[Open in Colab]({colab_address(docname, theme_options)})",
        "{download}`Download <%s>`" % _file(docname),
    ]
    other = _counterpart(docname)
    if other:
        links.append(other)
    line = {
        "cell_type": "markdown",
        "metadata": {},
        "source": ":::{container} page-links\n%s\n:::" % " ".join(links),
    }
    if notebook["nbformat"] == 4 and notebook.get("nbformat_minor", 0) >= 5:
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
        return "hidden tests" if HIDDEN in _text(cell) else "check"
    return None


def _fold(cell, what):
    if cell["cell_type"] == "markdown":
        cell["source"] = f"<details><summary>Answer</summary>\n\n{_text(cell)}\n\n</details>"
        return
    metadata = cell["metadata"]
    metadata["tags"] = [
        *metadata.get("tags", []),
        "hide-input" if what == "answer" else "hide-cell",
    ]
    prompts = {"code_prompt_show": f"Show the {what}", "code_prompt_hide": f"Hide the {what}"}
    metadata["mystnb"] = metadata.get("mystnb", {}) | prompts


def _counterpart(docname):
    folder, rest = docname.split("/", 1)
    up = "../" * docname.count("/")
    if folder == SOLUTIONS:
        return f"[To the exercises]({up}{EXERCISES}/{rest}.ipynb)"
    if folder == EXERCISES:
        return f"[To the worked answers]({up}{SOLUTIONS}/{rest}.ipynb)"
    return None


def _file(docname):
    return PurePosixPath(docname).name + ".ipynb"


def _text(cell):
    return "".join(cell["source"])


def setup(app):
    app.connect("source-read", read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
