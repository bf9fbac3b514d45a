"""Ask for the text's typefaces before the style sheet names them, so that the first paint has them."""

FACES = {
    "source-serif-4": ("400-normal", "400-italic", "600-normal"),
    "source-sans-3": ("400-normal", "600-normal"),
    "source-code-pro": ("400-normal",),
}


def preload(app, pagename, templatename, context, doctree):
    files = [
        f"_static/vendor/fonts/{family}/{family}-latin-{face}.woff2"
        for family, faces in FACES.items()
        for face in faces
    ]
    links = [
        f'<link rel="preload" href="{context["pathto"](file, resource=True)}" as="font"'
        ' type="font/woff2" crossorigin>'
        for file in files
    ]
    context["metatags"] = "\n".join([context.get("metatags", ""), *links])


def setup(app):
    app.connect("html-page-context", preload)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
