"""Which scripts a page loads: not sphinx-thebe's, and settings for Font Awesome and MathJax before these run."""

# Jupyter Book loads sphinx-thebe on every page, where it throws an error without a Binder to talk to.
UNWANTED = "sphinx-thebe"

# Font Awesome replaces <i> by <svg>; widgets that keep a reference to their <i> then break. Nested, it stays.
FONT_AWESOME = 'window.FontAwesomeConfig = {autoReplaceSvg: "nest"};'

# The widget manager asks MathJax 2's queue to typeset labels; MathJax 3 has none and the call fails.
MATHJAX_QUEUE = """
if (window.MathJax) window.MathJax.startup = {ready() {
  MathJax.startup.defaultReady();
  const queue = MathJax.startup.promise;
  MathJax.Hub = {Queue: ([, , element]) => queue.then(() => MathJax.typesetPromise([element]))};
}};
"""
AFTER_SETTINGS = 600  # Sphinx writes MathJax's settings at 500


def drop_unwanted(app, pagename, templatename, context, doctree):
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if not is_unwanted(file)]


def is_unwanted(file):
    """Whether a script or style sheet, by its address or its text, is sphinx-thebe's."""
    body = getattr(file, "attributes", {}).get("body") or ""
    return UNWANTED in str(file.filename) or "THEBE_JS_URL" in body or "thebe_selector" in body


def setup(app):
    app.add_js_file(None, body=FONT_AWESOME, priority=1)
    app.add_js_file(None, body=MATHJAX_QUEUE, priority=AFTER_SETTINGS)
    app.connect("html-page-context", drop_unwanted, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
