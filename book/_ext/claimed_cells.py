"""Anchors on the cells that treat a topic or show an erratum, and a link back from the lecture to the list of errata.

A cell claims rows of `book/_data` in its metadata: `"unrolled": {"topics": ["T6.4"], "errata": ["E0.6"]}`. On its page
it can then be linked to as `#t6-4` and `#e0-6`; the second cell that claims a row is `#t6-4-2`. Sphinx knows the
anchors under the names that `source_decks.label` gives, so that a link to one that is gone fails the build.
"""

import json
import sys
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "utils" / "build"))
import source_decks

AFTER_OTHERS = 900  # other extensions change cells too: they see them as they are stored
LECTURES = "lectures/"
MISCONCEPTION = "**Common misconception.**"


def read(app, docname, source):
    """Sphinx's `source-read`: mark the cells of a notebook that claim rows."""
    if app.env.doc2path(docname).endswith(".ipynb"):
        notebook = json.loads(source[0])
        mark(notebook, docname)
        source[0] = json.dumps(notebook)


def mark(notebook, docname):
    """Give each claiming cell its anchors, and the lecture's cells that tell an erratum a link to its row."""
    cells = notebook["cells"]
    for cell, anchors in zip(cells, source_decks.anchors(cells)):
        if not anchors:
            continue
        if cell["cell_type"] == "code":
            cell["metadata"]["unrolled"]["anchors"] = anchors
        else:
            cell["source"] = with_target("".join(cell["source"]), anchors)
    if docname.startswith(LECTURES):
        for cell, errata in telling(cells):
            cell["source"] += "\n\n```{erratum-links} %s\n```" % " ".join(errata)


def with_target(text, anchors):
    """Return Markdown whose first piece carries the anchors; within a fold, since the fold itself is raw HTML."""
    target = "```{claimed} %s\n```\n\n" % " ".join(anchors)
    if not text.startswith("<"):
        return target + text
    fold, blank, inside = text.partition("\n\n")
    if not blank:
        raise ValueError(f"a cell that claims rows is HTML alone: {text[:60]!r}")
    return fold + blank + target + inside


def telling(cells):
    """Return [(cell, errata)]: for each erratum the Markdown cell that tells it, the misconception before others.

    Left out are errata that the cell's text names: `deck_pages` makes a link of the name.
    """
    markdown = [cell for cell in cells if cell["cell_type"] == "markdown"]
    boxes = [cell for cell in markdown if MISCONCEPTION in "".join(cell["source"])]
    told, found = set(), []
    for cell in [*boxes, *markdown]:
        errata = cell["metadata"].get("unrolled", {}).get("errata", [])
        new = [name for name in errata if name not in told]
        told |= set(new)
        unnamed = [name for name in new if f"({name})" not in "".join(cell["source"])]
        if unnamed:
            found.append((cell, unnamed))
    return found


class Claimed(SphinxDirective):
    """The anchors of a Markdown cell; docutils moves them to what follows."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        return [nodes.target("", "", ids=self.arguments[0].split(), claimed=True)]


class ErratumLinks(SphinxDirective):
    """`Errata: E0.6, E3.1`, with links to their rows."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        links = ", ".join(
            f"[{name}](#{source_decks.anchor(name)})" for name in self.arguments[0].split()
        )
        return [
            nodes.container(
                "", *self.parse_text_to_nodes(f"Errata: {links}"), classes=["erratum-links"]
            )
        ]


class NameAnchors(SphinxTransform):
    """Put the anchors on code cells, and tell Sphinx the names of all."""

    default_priority = 250  # before docutils moves targets to what follows

    def apply(self, **kwargs):
        for cell in self.document.findall(nodes.container):
            unrolled = cell.get("cell_metadata", {}).get("unrolled", {})
            for anchor in unrolled.get("anchors", []):
                cell["ids"].append(anchor)
                self._name(anchor)
        for target in self.document.findall(nodes.target):
            if target.get("claimed"):
                for anchor in target["ids"]:
                    self._name(anchor)

    def _name(self, anchor):
        page = self.env.docname
        self.env.get_domain("std").note_hyperlink_target(
            source_decks.label(page, anchor), page, anchor
        )


def setup(app):
    app.connect("source-read", read, priority=AFTER_OTHERS)
    app.add_directive("claimed", Claimed)
    app.add_directive("erratum-links", ErratumLinks)
    app.add_transform(NameAnchors)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
