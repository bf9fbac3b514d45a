"""What the head of a page tells browsers, search engines and previews of links; the sitemap and robots.txt.

A page is described by `description` in its front matter or by the first sentences of its text. The addresses are
those below `html_baseurl`. The picture and the icons are in _static; utils/build/mark.py draws them.
"""

import re
from html import escape, unescape
from pathlib import Path
from urllib.parse import urljoin

from docutils import nodes
from sphinx.util import logging

LENGTH = 160  # characters that a search engine shows of a description
ENOUGH = 75  # characters; where whole sentences give less, the next one is cut
SHORTEST = 40
SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9“])")
ANSWERS = "solutions/"  # begin with the same words as their exercises
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')  # the template has one too
GENERATED = {"search": "Search the book: its words, its symbols and the authors it cites."}
PICTURE, WIDTH, HEIGHT = "social.png", 1200, 630
ALTERNATIVE = (
    "The title of the book above a recurrent network, first as a loop, then unfolded in time"
)

logger = logging.getLogger(__name__)


def fill(app, pagename, templatename, context, doctree):
    """Sphinx's `html-page-context`: give the template the title of the page and what else its head says."""
    context["metatags"] = VIEWPORT.sub("", context.get("metatags", ""))
    config = app.config
    is_first = pagename == config.root_doc
    title = _plain(context.get("title", ""))
    context["page_title"] = (
        f"{config.html_title}: {config.tagline}" if is_first else f"{title} — {config.html_title}"
    )
    described = describe(pagename, context.get("meta") or {}, doctree)
    if is_first:
        described = config.description
    if described is None:
        logger.warning(
            "no paragraph can describe the page: give it a description", location=pagename
        )
    address = urljoin(config.html_baseurl, app.builder.get_target_uri(pagename))
    named = {"description": described or "", "twitter:card": "summary_large_image"}
    properties = {
        "og:type": "website" if is_first else "article",
        "og:site_name": config.html_title,
        "og:title": context["page_title"] if is_first else title,
        "og:description": described or "",
        "og:url": address,
        "og:image": urljoin(config.html_baseurl, f"_static/{PICTURE}"),
        "og:image:width": WIDTH,
        "og:image:height": HEIGHT,
        "og:image:alt": ALTERNATIVE,
    }
    context["head_meta"] = [("name", *item) for item in named.items()]
    context["head_meta"] += [("property", *item) for item in properties.items()]


def describe(pagename, front_matter, doctree):
    """Return what describes a page in a line, or None."""
    if "description" in front_matter:
        return front_matter["description"]
    if doctree is None:
        return GENERATED.get(pagename)
    prefix = "Worked answers: " if pagename.startswith(ANSWERS) else ""
    for paragraph in doctree.findall(nodes.paragraph):
        text = first_sentences(paragraph, LENGTH - len(prefix))
        if text:
            return prefix + text
    return None


def first_sentences(paragraph, length):
    """Return the first sentences of a paragraph that fit, or as much as fits of the first one.

    Returns "" for a paragraph that has a formula, stands in a note or a list, or is short. A label in bold or
    italics at its beginning is left out.
    """
    if not isinstance(paragraph.parent, nodes.section | nodes.document) or paragraph.next_node(
        nodes.math
    ):
        return ""
    parts = list(paragraph.children)
    if isinstance(parts[0], nodes.strong | nodes.emphasis) and parts[0].astext()[-1] in ".:":
        del parts[0]
    text = " ".join("".join(part.astext() for part in parts).split())
    if len(text) < SHORTEST or text[-1] not in ".!?":
        return ""
    taken = ""
    for sentence in SENTENCES.split(text):
        longer = f"{taken} {sentence}".strip()
        if len(longer) > length:
            break
        taken = longer
    if len(taken) >= min(len(text), ENOUGH):
        return taken
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def write_lists(app, exception):
    """Sphinx's `build-finished`: write the sitemap and robots.txt."""
    if exception or app.builder.format != "html":
        return
    base, folder = app.config.html_baseurl, Path(app.outdir)
    pages = sorted(app.env.found_docs)
    addresses = [urljoin(base, app.builder.get_target_uri(name)) for name in pages]
    (folder / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        + "".join(f"<url><loc>{escape(address)}</loc></url>\n" for address in addresses)
        + "</urlset>\n",
        encoding="utf-8",
    )
    robots = f"User-agent: *\nAllow: /\nSitemap: {urljoin(base, 'sitemap.xml')}\n"
    (folder / "robots.txt").write_text(robots, encoding="utf-8")


def _plain(title):
    return unescape(re.sub(r"<[^>]*>", "", title))


def setup(app):
    app.add_config_value("tagline", "", "html")  # what follows the title of the first page
    app.add_config_value("description", "", "html")  # of the first page
    app.connect("html-page-context", fill)
    app.connect("build-finished", write_lists)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
