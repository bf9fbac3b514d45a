"""Figures with a caption get their number: "Figure 6.3" is the third of chapter 6.

The caption of a code cell's figure, picture or widget, stands in the cell's metadata: `mystnb.figure.caption`.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

CHAPTER = re.compile(r"lectures/0*(\d+[a-z]?)-")


class NumberFigures(SphinxTransform):
    """Begin each caption of a lecture with its number, and let #fig-6.3 lead to the figure."""

    default_priority = 500

    def apply(self, **kwargs):
        chapter = CHAPTER.match(self.env.docname)
        if chapter is None:
            return
        for count, caption in enumerate(self.document.findall(nodes.caption), start=1):
            number = f"{chapter[1]}.{count}"
            caption.parent["ids"].insert(0, f"fig-{number}")
            label = nodes.inline("", f"Figure {number}.", classes=["caption-number"])
            caption[:0] = [label, nodes.Text(" ")]


def no_other_numbers(app, config):
    """Sphinx's `config-inited`: Jupyter Book turns on Sphinx's own numbers, which know no chapters."""
    config["numfig"] = False


def setup(app):
    app.connect("config-inited", no_other_numbers, priority=900)
    app.add_transform(NumberFigures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
