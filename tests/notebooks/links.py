"""Check of relative links: the file is there, and so is the heading."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

HTML_LINK = re.compile(
    r"""<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*["']([^"']+)["']""", re.IGNORECASE
)
HTML_ANCHOR = re.compile(r"""\b(?:id|name)\s*=\s*["']([^"']+)["']""")
PARSER = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)


def _tokens(text):
    for token in PARSER.parse(text):
        yield token
        yield from token.children or ()


def links(text):
    """Return the addresses of the links and images in a piece of Markdown."""
    found = []
    for token in _tokens(text):
        if token.type in ("link_open", "image"):
            found.append(token.attrGet("href") or token.attrGet("src"))
        elif token.type in ("html_inline", "html_block"):
            found += HTML_LINK.findall(token.content)
    return found


def anchors(text):
    """Return what can follow a # : the slugs of the headings, as GitHub and the book form them, and ids."""
    tokens = PARSER.parse(text)
    titles = [
        inline.content
        for opening, inline in zip(tokens, tokens[1:])
        if opening.type == "heading_open"
    ]
    slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    return slugs | set(HTML_ANCHOR.findall(text))


def prose(path):
    """Return the Markdown in a notebook or a Markdown file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def problems(path, root):
    """Return one sentence for each relative link of the file that leads nowhere."""
    return [
        f"{path.relative_to(root)} links to {address}, {reason}"
        for address in links(prose(path))
        if (reason := _fault(path, address, root))
    ]


def _fault(path, address, root):
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    if parts.path.startswith("/"):
        return "which is not relative"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else Path(path).resolve()
    if not target.is_relative_to(root.resolve()):
        return "which is outside of the repository"
    if not target.exists():
        return "which does not exist"
    if parts.fragment and unquote(parts.fragment) not in anchors(prose(target)):
        return "but there is no such heading"
    return None
