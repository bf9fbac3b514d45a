"""Make the text of a page light: pictures that keep their place and load late, code without needless elements.

A picture gets its width and height, so that nothing moves when it arrives, and all but the first load as the reader
comes near them. Pygments puts every name and every bracket of a program into an element of its own, in the colour
that the text around it has anyway: two thirds of a lecture's elements of code.
"""

import re
from html import unescape
from itertools import count
from pathlib import Path
from urllib.parse import unquote

from sphinx.util.images import get_image_size

PICTURE = re.compile(r"<img\b[^>]*>")
SOURCE = re.compile(r"\bsrc=\"([^\"]*)\"")
SIZED = re.compile(r"\b(?:width|height|style)=")
PLAIN = re.compile(r"<span class=\"(?:n|p|w)\">([^<]*)</span>")  # names, punctuation, spaces


def lighten(app, pagename, templatename, context, doctree):
    """Sphinx's `html-page-context`: rewrite the body of a page."""
    if "body" in context:
        files = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}
        body = PLAIN.sub(r"\1", context["body"])
        number = count()
        context["body"] = PICTURE.sub(lambda hit: placed(hit[0], files, next(number) == 0), body)


def placed(picture, files, first):
    """Return the element of a picture with its size, and to be loaded late if it isn't the first of its page.

    files: where the site's pictures come from, by their names in the site.
    """
    source = SOURCE.search(picture)
    name = unquote(unescape(source[1])).rpartition("/")[2] if source else None
    added = [] if first or "loading=" in picture else ['loading="lazy"', 'decoding="async"']
    size = get_image_size(files[name]) if name in files and not SIZED.search(picture) else None
    if size:
        added += [f'width="{size[0]}"', f'height="{size[1]}"']
    return " ".join([picture.rstrip("/> "), *added]) + " />"


def setup(app):
    app.connect("html-page-context", lighten, priority=850)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
