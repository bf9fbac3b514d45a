"""Which scripts a page loads: not sphinx-thebe's, and a setting for Font Awesome before Font Awesome."""

# Jupyter Book loads sphinx-thebe on every page, where it throws an error without a Binder to talk to.
UNWANTED = "sphinx-thebe"

# Font Awesome replaces <i> by <svg>; widgets that keep a reference to their <i> then break. Nested, it stays.
FONT_AWESOME = 'window.FontAwesomeConfig = {autoReplaceSvg: "nest"};'


def drop_unwanted(app, pagename, templatename, context, doctree):
    for kind in ("script_files", "css_files"):
        if kind in context:
            context[kind] = [file for file in context[kind] if UNWANTED not in str(getattr(file, "filename", file))]


def setup(app):
    app.add_js_file(None, body=FONT_AWESOME, priority=1)
    app.connect("html-page-context", drop_unwanted, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
