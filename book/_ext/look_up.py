"""What the search and the glossary know besides the words of the pages: symbols, works, and chapters to come.

Sphinx's search leaves out formulas. Here the rows of the notation page's symbol tables become index entries, under the
symbol's spelled and its Unicode name and its name in the code (`delta`, `δ`, `y_hat`); the works of the bibliography
become objects, so that an author's name finds each of them.
"""

import re
import sys
import unicodedata
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.domains import Domain, ObjType
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "utils" / "build"))
import topics

logger = logging.getLogger(__name__)

NOTATION, BIBLIOGRAPHY = "book/notation", "book/bibliography"
ACCENTS = {"hat": "\u0302", "tilde": "\u0303"}
OPERATORS = {"odot": "⊙", "nabla": "∇", "partial": "∂", "lambda": "λ", "Lambda": "Λ"}
COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
ACCENT = re.compile(r"\\(hat|tilde)\s*\{?([A-Za-z])\}?")
SHAPING = re.compile(r"\\(?:mathbf|mathrm|mathcal|lvert|rvert|bullet|cdot)\s*")
UNSPOKEN = re.compile(r"[{}\s]|\(.*\)")  # braces, spaces, and arguments as in rho(W)
IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")


# --- names of a symbol --------------------------------------------------------------------------


def symbol_names(latex):
    r"""Return the plain names of a symbol, spelled and in Unicode: delta_t and δ_t of `\delta_t`."""
    latex = SHAPING.sub("", latex)
    spelled = COMMAND.sub(r"\1", ACCENT.sub(r"\2_\1", latex))
    letters = ACCENT.sub(lambda hit: hit[2] + ACCENTS[hit[1]], latex)
    letters = unicodedata.normalize("NFC", COMMAND.sub(lambda hit: _letter(hit[1]), letters))
    return list(dict.fromkeys(UNSPOKEN.sub("", name) for name in (spelled, letters)))


def _letter(command):
    """The character of a LaTeX command, or the command's name if it has none."""
    size = "CAPITAL" if command[0].isupper() else "SMALL"
    try:
        return OPERATORS.get(command) or unicodedata.lookup(f"GREEK {size} LETTER {command}")
    except KeyError:
        return command


def _base(name):
    """A name without its indices: δ of δ_t, y_hat of y_hat_t."""
    accent = re.match(r"([A-Za-z]_(?:hat|tilde))(?![a-z])", name)
    return accent[1] if accent else re.split(r"[_^]", name)[0]


class IndexSymbols(SphinxTransform):
    """Give each row of a table of symbols an anchor, and index entries that lead to it."""

    default_priority = 240

    def apply(self, **kwargs):
        if self.env.docname != NOTATION:
            return
        tables = [t for t in self.document.findall(nodes.table) if _heads(t)[0] == "Symbol"]
        rows = {
            f"symbol-{table.parent['ids'][0]}-{number}": row
            for table in tables
            for number, row in enumerate(_body(table), start=1)
        }
        whole = {anchor: _names(row) for anchor, row in rows.items()}
        taken = {name.lower() for names in whole.values() for name in names}
        for anchor, row in rows.items():
            # δ leads to the row of δ_t, but W to that of W alone and not also to that of W_a
            bases = [base for name in whole[anchor] if (base := _base(name)).lower() not in taken]
            names = dict.fromkeys(filter(None, [*whole[anchor], *bases]))
            entries = [("single", name, anchor, "main", None) for name in names]
            row["ids"].append(anchor)
            row[0].insert(0, addnodes.index(entries=entries))


def _names(row):
    """The names in a row of a table of symbols: those of the symbols, and those in the code."""
    names = [name for math in row[0].findall(nodes.math) for name in symbol_names(math.astext())]
    code = row[-1].findall(nodes.literal)
    return names + [name for literal in code for name in IDENTIFIER.findall(literal.astext())[:1]]


def _heads(table):
    head = next(table.findall(nodes.thead))
    return [entry.astext() for entry in head.findall(nodes.entry)]


def _body(table):
    return list(next(table.findall(nodes.tbody)).findall(nodes.row))


# --- works --------------------------------------------------------------------------------------


class Works(Domain):
    """The works of the bibliography, as objects that the search lists by authors and title."""

    name = "work"
    label = "Works"
    object_types = {"work": ObjType("work")}
    initial_data = {"works": {}}  # anchor -> (text, docname)

    def clear_doc(self, docname):
        works = self.data["works"]
        self.data["works"] = {key: work for key, work in works.items() if work[1] != docname}

    def merge_domaindata(self, docnames, otherdata):
        self.data["works"] |= {k: v for k, v in otherdata["works"].items() if v[1] in docnames}

    def get_objects(self):
        for anchor, (text, docname) in self.data["works"].items():
            yield text, text, "work", docname, anchor, 0

    def resolve_any_xref(self, env, fromdocname, builder, target, node, contnode):
        return []  # a work is linked to by its anchor


class NoteWorks(SphinxTransform):
    """Tell the search each entry of the bibliography: a paragraph that starts with its key in bold."""

    default_priority = 900  # the anchors are at their paragraphs

    def apply(self, **kwargs):
        if self.env.docname != BIBLIOGRAPHY:
            return
        works = self.env.get_domain("work").data["works"]
        for paragraph in self.document.findall(nodes.paragraph):
            anchor = next((name for name in paragraph["ids"] if name.startswith("bib-")), None)
            if anchor:
                key = next(paragraph.findall(nodes.strong)).astext()
                text = paragraph.astext().removeprefix(key).strip()
                works[anchor] = (re.split(r"\s*\b(?:doi|arXiv):", text)[0], self.env.docname)


# --- chapters to come ---------------------------------------------------------------------------


class Planned(SphinxRole):
    """`{planned}`12``: names a chapter that isn't written yet; a warning when there is none, or it is written."""

    def run(self):
        chapters = topics.load(self.env.srcdir).chapters
        self.env.note_dependency(str(Path(self.env.srcdir) / topics.DATA / "chapters.yml"))
        row = next(
            (row for name, row in chapters.items() if name.startswith(f"{self.text:0>2}-")), None
        )
        if row is None:
            logger.warning("there is no chapter %s", self.text, location=self.get_location())
            return [], []
        if row["status"] == "finished":
            message = "chapter %s is written: link to the section in place of {planned}"
            logger.warning(message, self.text, location=self.get_location())
        return [
            nodes.inline(
                "", f"Planned: chapter {self.text}, {row['title']}.", classes=["planned-chapter"]
            )
        ], []


def use_search(app, config):
    config.html_search_scorer = str(Path(__file__).with_name("search.js"))


def setup(app):
    app.connect("config-inited", use_search)
    app.add_transform(IndexSymbols)
    app.add_transform(NoteWorks)
    app.add_domain(Works)
    app.add_role("planned", Planned())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
