"""References become links that show what they refer to; the files themselves stay plain.

- "(6.4)" in the text and in the comments of code leads to the equation with that tag, whichever page has it.
- An equation leads to the line of code that computes it: the first one in its chapter that ends with `# (6.4)`.
- A link to a work of the bibliography, or to a term of the glossary, shows its entry.

For each of these links the page carries `<template data-for="ADDRESS">`, which previews.js shows in a card. What the page
has already, the template does not repeat: `data-copy="ID"` asks for a copy of that element.
"""

import copy
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

import yaml
from docutils import nodes
from pygments.lexers import PythonLexer
from pygments.token import Comment
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

BIBLIOGRAPHY = "book/bibliography"
CHAPTERS = "book/_data/chapters.yml"
NUMBER = r"[1-9]\d*\.[1-9]\d*[a-z]?"
REFERENCE = re.compile(rf"\(({NUMBER})\)")
TAG = re.compile(rf"\\tag\*?\{{({NUMBER})\}}")
SHOWN_AS_IT_STANDS = (
    nodes.FixedTextElement,  # code and displayed formulas
    nodes.literal,
    nodes.math,
    nodes.raw,
    nodes.reference,
    nodes.title,
)
HAS_PREVIEW = "has-preview"
HIGHLIGHTED = re.compile(r'(?<=<div class="highlight"><pre>).*?(?=</pre>)', re.DOTALL)
COMMENT = re.compile(r'<span class="c1">[^<]*</span>')

logger = logging.getLogger(__name__)


class Page(NamedTuple):
    """What a page has to refer to, and what it cites in its code."""

    equations: dict  # number: TeX
    code: dict  # number: the first line of code that cites it, stripped
    works: dict  # address: text of the entry, on the bibliography's page


# --- what the pages have ------------------------------------------------------------------------


class NameEquations(SphinxTransform):
    """An equation with the tag 6.4 is found at #eq-6.4."""

    default_priority = 500

    def apply(self, **kwargs):
        for block in self.document.findall(nodes.math_block):
            block["ids"] += [f"eq-{number}" for number in TAG.findall(block.astext())]


class Collector(EnvironmentCollector):
    """Keep `env.referable`, a Page for each document."""

    def process_doc(self, app, doctree):
        lines = {}
        for number, line in cited_by_code(doctree):
            lines.setdefault(number, line)
        is_bibliography = app.env.docname == BIBLIOGRAPHY
        works = {address: entry.astext() for address, entry in entries(doctree)}
        _pages(app.env)[app.env.docname] = Page(
            equations={
                number: block.astext()
                for block in doctree.findall(nodes.math_block)
                for number in TAG.findall(block.astext())
            },
            code=lines,
            works=works if is_bibliography else {},
        )

    def clear_doc(self, app, env, docname):
        _pages(env).pop(docname, None)

    def merge_other(self, app, env, docnames, other):
        _pages(env).update({name: page for name, page in _pages(other).items() if name in docnames})


def cited_by_code(doctree):
    """Yield (number, line) for each equation number in a comment of a code cell."""
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code_source":
            for block in cell.findall(nodes.literal_block):
                yield from _cited_in(block.astext())


def _cited_in(source):
    lines, row = source.splitlines(), 0
    for kind, text in PythonLexer(stripnl=False).get_tokens(source):
        if kind in Comment:
            yield from ((number, lines[row].strip()) for number in REFERENCE.findall(text))
        row += text.count("\n")


def entries(doctree):
    """Yield (address, paragraph) for each work of the bibliography that has an address."""
    for paragraph in doctree.findall(nodes.paragraph):
        if any(name.startswith("bib-") for name in paragraph["ids"]):
            for link in paragraph.findall(nodes.reference):
                yield link["refuri"], paragraph


def outdated(app, env):
    """Sphinx's `env-updated`: write every page again when there is something else to refer to."""
    state = hashlib.sha256(repr(sorted(_pages(env).items())).encode()).hexdigest()
    if state == getattr(env, "referable_state", None):
        return []
    env.referable_state = state
    return sorted(env.found_docs)


def read_chapters(app):
    """Sphinx's `builder-inited`: the numbers of the chapters all of whose lectures are finished."""
    chapters = yaml.safe_load((Path(app.srcdir) / CHAPTERS).read_text(encoding="utf-8"))
    number = {entry["name"]: re.match(r"0*(\d+)", entry["name"])[1] for entry in chapters}
    unfinished = {number[entry["name"]] for entry in chapters if entry["status"] != "finished"}
    app.env.finished_chapters = set(number.values()) - unfinished


def _pages(env):
    if not hasattr(env, "referable"):
        env.referable = {}
    return env.referable


# --- the links, and what they show --------------------------------------------------------------


class LinkReferences(SphinxPostTransform):
    """Put the links and the templates of their previews into a page."""

    default_priority = 300  # before formulas are drawn, since a template may hold one
    formats = ("html",)

    def run(self, **kwargs):
        self.here = self.env.docname
        self.home = {n: name for name, page in _pages(self.env).items() for n in page.equations}
        self.templates = {}  # address: nodes
        self.link_numbers()
        for number in _pages(self.env)[self.here].code:
            if number in self.home:
                self.refer(number)
        self.mark_equations()
        if self.here != BIBLIOGRAPHY:
            self.show_works()
        self.show_terms()
        for address, shown in self.templates.items():
            self.document += [
                _html(f'<template data-for="{address}">'),
                *shown,
                _html("</template>"),
            ]

    def link_numbers(self):
        for text in list(self.document.findall(nodes.Text)):
            if REFERENCE.search(text) and not _inside(text, SHOWN_AS_IT_STANDS):
                text.parent.replace(text, self.linked(text))

    def linked(self, text):
        """A text as nodes, its equation numbers as links."""
        words = REFERENCE.split(text)  # text, number, text, number, ..., text
        found = [nodes.Text(words[0])]
        for number, after in zip(words[1::2], words[2::2], strict=True):
            if number in self.home:
                label, classes = f"({number})", [HAS_PREVIEW]
                address = self.refer(number)
                found.append(
                    nodes.reference("", label, refuri=address, internal=True, classes=classes)
                )
            else:
                self.refuse(number, text)
                found.append(nodes.Text(f"({number})"))
            found.append(nodes.Text(after))
        return [piece for piece in found if piece != ""]

    def refuse(self, number, text):
        chapter = number.split(".")[0]
        if chapter in self.env.finished_chapters:
            message = "the text refers to (%s), but no equation of the finished chapter %s has that number"
            logger.warning(message, number, chapter, location=text.parent)

    def refer(self, number):
        """The address of an equation as seen from this page; its preview is made ready."""
        home = self.home[number]
        equation = self.address(home, f"eq-{number}")
        if equation not in self.templates:
            shown = [self.equation(number)]
            links = [f'<a href="{equation}">Go to equation ({number})</a>']
            if number in _pages(self.env)[home].code:
                shown.append(self.line(number))
                links.append(f'<a href="{self.address(home, f"code-{number}")}">Go to its code</a>')
            self.templates[equation] = [*shown, _html(f"<p>{' '.join(links)}</p>")]
        return equation

    def equation(self, number):
        if self.home[number] == self.here:
            return _html(f'<div data-copy="eq-{number}"></div>')
        tree = self.env.get_doctree(self.home[number])
        found = (b for b in tree.findall(nodes.math_block) if number in TAG.findall(b.astext()))
        return _anonymous(next(found))

    def line(self, number):
        home = self.home[number]
        if home == self.here:
            return _html(f'<div class="highlight"><pre data-copy="code-{number}"></pre></div>')
        line = _pages(self.env)[home].code[number]
        return nodes.literal_block(line, line, language="python")

    def mark_equations(self):
        """Beside each equation of this page, a link to the line that computes it."""
        code = _pages(self.env)[self.here].code
        for block in list(self.document.findall(nodes.math_block)):
            numbers = TAG.findall(block.astext())
            marks = "".join(self.mark(number) for number in numbers if number in code)
            if marks:
                around = [_html('<div class="equation">'), block, _html(f"{marks}</div>")]
                block.parent.replace(block, around)

    def mark(self, number):
        address = f"#code-{number}"
        go = _html(f'<p><a href="{address}">Go to the code</a></p>')
        self.templates[address] = [self.line(number), go]
        name = f"Code of equation ({number})"
        return f'<a class="equation-code {HAS_PREVIEW}" href="{address}" aria-label="{name}">&lt;/&gt;</a>'

    def show_works(self):
        known = _pages(self.env).get(BIBLIOGRAPHY, Page({}, {}, {})).works
        cited = [r for r in self.document.findall(nodes.reference) if r.get("refuri") in known]
        entry = dict(entries(self.env.get_doctree(BIBLIOGRAPHY))) if cited else {}
        for link in cited:
            shown = _anonymous(entry[link["refuri"]])
            key = shown.first_child_matching_class(nodes.strong)
            if key is not None:  # the chapters do not use it
                del shown[: key + 1]
            self.show(link, link["refuri"], shown)

    def show_terms(self):
        objects = self.env.domaindata["std"]["objects"].items()
        home = {label: doc for (kind, _), (doc, label) in objects if kind == "term"}
        for link in list(self.document.findall(nodes.reference)):
            address = link.get("refuri") or f"#{link.get('refid')}"
            label = address.partition("#")[2]
            if label in home and home[label] != self.here:
                self.show(link, address, *self.definition(home[label], label))

    def definition(self, docname, label):
        terms = self.env.get_doctree(docname).findall(nodes.term)
        term = next(term for term in terms if label in term["ids"])
        shown = copy.deepcopy(next(term.parent.findall(nodes.definition)))
        for link in list(shown.findall(lambda node: node.tagname == "pending_xref")):
            link.replace_self(link.children)
        return [_anonymous(child) for child in shown]

    def show(self, link, address, *shown):
        link["classes"].append(HAS_PREVIEW)
        self.templates[address] = shown

    def address(self, docname, name):
        if docname == self.here:
            return f"#{name}"
        return f"{self.app.builder.get_relative_uri(self.here, docname)}#{name}"


def _inside(node, kinds):
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def _html(text):
    return nodes.raw("", text, format="html")


def _anonymous(node):
    """A copy without names and ids."""
    node = copy.deepcopy(node)
    for part in node.findall(nodes.Element):
        part["ids"], part["names"] = [], []
    return node


# --- the comments of code -----------------------------------------------------------------------


def link_comments(app, pagename, templatename, context, doctree):
    """Sphinx's `html-page-context`: link the numbers in comments, and name the lines equations lead to."""
    if doctree is None or pagename not in _pages(app.env):
        return
    pages = _pages(app.env)
    address = {
        number: f"{app.builder.get_relative_uri(pagename, name) if name != pagename else ''}#eq-{number}"
        for name, page in pages.items()
        for number in page.equations
    }
    unnamed = set(pages[pagename].equations)  # lines that still need a name

    def line(html):
        numbers = [n for comment in COMMENT.findall(html) for n in REFERENCE.findall(comment)]
        html = COMMENT.sub(lambda comment: REFERENCE.sub(link, comment[0]), html)
        for number in numbers:
            if number in unnamed:
                unnamed.remove(number)
                words = html.lstrip(" ")
                indent = " " * (len(html) - len(words))
                html = f'{indent}<span class="code-line" id="code-{number}">{words}</span>'
        return html

    def link(reference):
        target = address.get(reference[1])
        return (
            f'<a class="{HAS_PREVIEW}" href="{target}">{reference[0]}</a>'
            if target
            else reference[0]
        )

    def block(code):
        return "\n".join(map(line, code[0].split("\n")))

    context["body"] = HIGHLIGHTED.sub(block, context["body"])


def setup(app):
    app.add_transform(NameEquations)
    app.add_env_collector(Collector)
    app.connect("builder-inited", read_chapters)
    app.connect("env-updated", outdated)
    app.add_post_transform(LinkReferences)
    app.connect("html-page-context", link_comments)
    return {
        "version": "1",
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
