"""Which scripts a page loads: those it has a use for, and none of them holds up its first picture."""

import re
from pathlib import Path

from sphinx.errors import ExtensionError


def _class(names):
    return re.compile(rf'class="(?:[^"]*\s)?(?:{names})(?:\s[^"]*)?"')


# Jupyter Book loads sphinx-thebe on every page, where it throws an error without a Binder to talk to.
UNWANTED = ("sphinx-thebe", "THEBE_JS_URL", "thebe_selector")

# What of a script's address or text names it, and what the body of a page that uses it has.
USED_BY = {
    "clipboard.min.js": _class("highlight"),
    "copybutton.js": _class("highlight"),
    "design-tabs.js": _class("sd-tab-set"),
    "toggle": _class("toggle|dropdown"),  # sphinx-togglebutton's script and its settings
}

# The theme asks every piece of code and every output for its width once the page has loaded, and again after each
# change, which lays out all of a long page at once. unrolled.js does what this is for, piece by piece.
THEME = "scripts/pydata-sphinx-theme.js"
OUR_THEME = "theme.js"  # linked by our layout.html
WIDTHS = re.compile(
    r',"complete"===document\.readyState\?(\w)\(\):window\.addEventListener\("load",\1\)'
)

# The search page runs a script of Sphinx in its body, which the others must precede.
SEARCH = "search"
# Settings of the search as one types and of a choice of versions: the book has neither.
SETTINGS = "DOCUMENTATION_OPTIONS."


def choose(app, pagename, templatename, context, doctree):
    """Sphinx's `html-page-context`: leave the page the scripts it uses, to run when it has been read."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if not is_unwanted(file)]
    if pagename != SEARCH:
        body = context.get("body", "")
        used = [file for file in context["script_files"] if is_used(file, body)]
        context["script_files"] = [deferred(file) for file in used]


def is_unwanted(file):
    """Whether a script or style sheet, by its address or its text, is sphinx-thebe's."""
    return any(name in _content(file) for name in UNWANTED)


def is_used(file, body):
    """Whether a page with this body has a use for a script."""
    content = _content(file)
    if content.startswith(SETTINGS):
        return False
    return all(use.search(body) for name, use in USED_BY.items() if name in content)


def deferred(file):
    """Return the script so that it runs, in its place among the others, when the page has been read."""
    if not file.filename or "async" in file.attributes:
        return file
    attributes = file.attributes | {"defer": "defer"}
    return type(file)(file.filename, priority=file.priority, **attributes)


def _content(file):
    """The address of a script or style sheet, or the text of a script that stands in the page."""
    return str(file.filename or getattr(file, "attributes", {}).get("body", ""))


def write_theme(app, exception):
    """Sphinx's `build-finished`: write the theme's script without its look at all widths."""
    source = Path(app.outdir, "_static", THEME)
    if exception or not source.exists():
        return
    text, count = WIDTHS.subn("", source.read_text(encoding="utf-8"))
    if count != 1:
        raise ExtensionError(f"{THEME} has changed: {count} calls look at all widths, expected 1")
    Path(app.outdir, "_static", OUR_THEME).write_text(text, encoding="utf-8")


def setup(app):
    app.connect("build-finished", write_theme)
    app.connect("html-page-context", choose, priority=900)
    return {"version": "3", "parallel_read_safe": True, "parallel_write_safe": True}
