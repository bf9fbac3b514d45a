"""The pages *Slide map* and *Errata*, generated from `book/_data` and the cells' metadata when the book is built.

`{slide-map} D0` lists the slides of a deck and where the book treats them, `{errata} D0` the places where the deck is
wrong; `{errata-counts}` counts these. What contradicts the data fails the build.
"""

import functools
import re
import sys
from collections import Counter
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "utils" / "build"))
import source_decks
import topics

ERRATA_PAGE = "book/errata"
LABELS = {"lectures": "chapter {}", "exercises": "exercises of chapter {}"}
ERRATUM = re.compile(r"\b(E\d\.\d+)\b")
UNLINKED = (nodes.reference, nodes.literal, nodes.title, nodes.math, addnodes.pending_xref)


# --- what the pages are made of -----------------------------------------------------------------


def files(root):
    """Return the files whose change changes the pages."""
    data = [
        root / topics.DATA / f"{name}.yml" for name in ("topics", "errata", "chapters", "decks")
    ]
    notebooks = [path for pattern in source_decks.PAGES for path in sorted(root.glob(pattern))]
    solutions = sorted(root.glob("solutions/*/*.ipynb"))
    return [*data, *notebooks, *solutions, Path(source_decks.__file__), Path(topics.__file__)]


def source(root):
    """Return source_decks.source(root), read once as long as no file changes. Raises ExtensionError."""
    return _source(root, tuple(path.stat().st_mtime_ns for path in files(root)))


@functools.lru_cache(maxsize=1)
def _source(root, stamps):
    try:
        return source_decks.source(root)
    except ValueError as error:
        raise ExtensionError(f"the slide map and the errata can't be made:\n{error}") from error


def chapter_number(name):
    """Return the number that a chapter's name starts with: '6' of '06-bptt', '16a' of '16a-memory'."""
    return name.split("-")[0].lstrip("0")


# --- Markdown of both pages ---------------------------------------------------------------------


def places(found):
    """Return one line for each page: 'chapter 6: [section](…), [section](…)'. found {Place, …}."""
    pages = {}
    for place in sorted(found, key=lambda place: place.reading_order):
        pages.setdefault(place.page, {}).setdefault(place.section, place)
    return [
        f"{_page_label(page)}: "
        + ", ".join(f"[{_section(p)}](#{p.label})" for p in sections.values())
        for page, sections in pages.items()
    ]


def _page_label(page):
    folder, name = page.split("/")[0], page.rsplit("/", 1)[1]
    return LABELS[folder].format(chapter_number(name))


def _section(place):
    """The section's heading, or of a question its number and name without points and minutes."""
    return place.section.split(" (")[0] if place.page.startswith("exercises") else place.section


def planned(names, chapters):
    """Return 'Planned: chapter 12 (LSTM), chapter 13 (GRU and variants)'."""
    words = [f"chapter {chapter_number(name)} ({chapters[name]['title']})" for name in names]
    return f"Planned: {', '.join(words)}"


def treatment(slide, source):
    """Return the lines that say where the book treats a slide."""
    if slide.none:
        return [f"Nothing to treat: {slide.none}"]
    found = {place for name in slide.topics for place in source.topics.get(name, [])}
    later = {
        source.book.topics[name]["chapter"] for name in slide.topics if name not in source.topics
    }
    lines = [line[0].upper() + line[1:] for line in places(found)]
    if later:
        lines.append(planned(sorted(later), source.book.chapters))
    return lines


def slide_name(slide):
    """Return the slide in Markdown: its title, what it is about, and its number if the deck prints one."""
    remarks = [slide.about] if slide.about else []
    if slide.slides > 1:
        remarks.append(f"{slide.slides} slides")
    if slide.number:
        remarks.append(f"slide {slide.number}")
    return _plain(slide.title) + (f" *({'; '.join(remarks)})*" if remarks else "")


def _plain(text):
    """A title as text, whatever it holds of Markdown."""
    return "".join("\\" + letter if letter in "\\*_[]`$<" else letter for letter in text)


def status(row, source):
    """Return (kind, sentence): kind is 'shown', 'planned' or 'text'."""
    name = row["id"]
    found = source.errata.get(name, [])
    if found:
        return "shown", "Shown in " + "; ".join(places(found))
    for chapter in source.book.chapters.values():
        if name in chapter.get("errata", []):
            number = chapter_number(chapter["name"])
            return (
                "planned",
                f"Will be shown in chapter {number} ({chapter['title']}), not written yet",
            )
    return "text", "Told here alone; no cell is planned"


def errata_filter(source):
    """Return the form in HTML; errata.js shows it and answers to it."""
    classes = {f"class-{mark.lower()}": words for mark, words in source_decks.CLASSES.items()}
    of_decks = {
        f"deck-{deck.id.lower()}": f"{deck.id}, {deck.author}" for deck in source.decks.values()
    }
    return f"""<form class="errata-filter" aria-label="Filter the rows" hidden>
<label>Class {_select("class", classes)}</label>
<label>Deck {_select("deck", of_decks)}</label>
<label><input type="checkbox" name="shown" value="shown"> Shown in a cell of the book</label>
<button type="reset">Show all</button>
<output></output>
</form>"""


def _select(name, options):
    listed = {"": "all", **options}.items()
    inside = "".join(f'<option value="{value}">{escape(words)}</option>' for value, words in listed)
    return f'<select name="{name}">{inside}</select>'


# --- directives ---------------------------------------------------------------------------------


class Generated(SphinxDirective):
    """A part of a page that is made from the data; the page is read again when they change."""

    @property
    def source(self):
        root = Path(self.env.srcdir)
        for path in files(root):
            self.env.note_dependency(str(path))
        return source(root)

    def name_anchor(self, anchor):
        """Let every page of the book link to `#anchor`."""
        self.env.get_domain("std").note_hyperlink_target(anchor, self.env.docname, anchor)

    def inline(self, markdown):
        found, messages = self.parse_inline(markdown)
        return [*found, *messages]

    def paragraph(self, markdown, *classes):
        return nodes.paragraph("", "", *self.inline(markdown), classes=list(classes))


class OfDeck(Generated):
    required_arguments = 1

    @property
    def deck(self):
        found = self.source.decks.get(self.arguments[0])
        if found is None:
            raise self.error(
                f"there is no deck {self.arguments[0]}: {', '.join(self.source.decks)}"
            )
        return found


class SlideMap(OfDeck):
    """`{slide-map} D0`: a definition list, slide by slide."""

    def run(self):
        rows = [self.slide(slide) for slide in self.deck.slides]
        return [nodes.definition_list("", *rows, classes=["slide-map"])]

    def slide(self, slide):
        self.name_anchor(slide.anchor)
        lines = treatment(slide, self.source)
        if slide.errata:
            links = ", ".join(f"[{name}](#{source_decks.anchor(name)})" for name in slide.errata)
            lines.append(f"Errata: {links}")
        term = nodes.term("", "", *self.inline(slide_name(slide)), ids=[slide.anchor])
        told = nodes.definition("", *[self.paragraph(line) for line in lines])
        return nodes.definition_list_item("", term, told)


class Errata(OfDeck):
    """`{errata} D0`: the rows of a deck."""

    def run(self):
        rows = [row for row in self.source.book.errata.values() if row["deck"] == self.deck.id]
        return [self.row(row) for row in rows]

    def row(self, row):
        anchor = source_decks.anchor(row["id"])
        self.name_anchor(anchor)
        kind, shown = status(row, self.source)
        classes = [
            "erratum",
            *(f"class-{mark.lower()}" for mark in source_decks.kinds(row["class"])),
            f"deck-{row['deck'].lower()}",
            kind,
        ]
        name = f"{row['id']} · {source_decks.class_names(row['class'])}"
        heading = nodes.rubric(
            "", name, level=3
        )  # myst-parser makes it an h3, outside of the contents
        fields = [("The slide says", row["says"]), ("Right is", row["right"]), ("Why", row["why"])]
        body = nodes.field_list("", *[self.field(*field) for field in fields if field[1]])
        found = addnodes.index(entries=[("single", row["id"], anchor, "main", None)])
        told = [self.paragraph(self.where(row)), body, self.paragraph(f"{shown}.")]
        return nodes.container("", found, heading, *told, ids=[anchor], classes=classes)

    def field(self, name, markdown):
        body = nodes.field_body("", self.paragraph(markdown))
        return nodes.field("", nodes.field_name("", name), body)

    def where(self, row):
        slides = [slide for slide in self.deck.slides if row["id"] in slide.errata]
        links = ", ".join(f"[{_with_about(slide)}](#{slide.anchor})" for slide in slides)
        return f"{row['deck']}, slide{'s' if len(slides) > 1 else ''} {links}"


def _with_about(slide):
    return _plain(slide.title) + (f" *({slide.about})*" if slide.about else "")


class ErrataCounts(Generated):
    """`{errata-counts}`: how many there are of each class, how many are shown, and the filter."""

    def run(self):
        rows = self.source.book.errata.values()
        classes = Counter(mark for row in rows for mark in source_decks.kinds(row["class"]))
        kinds = Counter(status(row, self.source)[0] for row in rows)
        listed = [
            self.paragraph(f"{words}: {classes[mark]}")
            for mark, words in source_decks.CLASSES.items()
        ]
        tested = sum(row["tested"] for row in rows)
        told = (
            f"There are {len(rows)} rows; one of two classes is counted in both. For {tested} of them a small "
            f"computation was made, which came out as the row says. "
            f"The book shows {kinds['shown']} in a cell; {kinds['planned']} wait for chapters that are not "
            f"written yet; {kinds['text']} are told here alone, many of them misprints and citations."
        )
        bullets = nodes.bullet_list("", *[nodes.list_item("", item) for item in listed])
        form = nodes.raw("", errata_filter(self.source), format="html")
        return [bullets, self.paragraph(told), form]


class LinkErrata(SphinxTransform):
    """An erratum's id in the text, as (E0.14), leads to its row."""

    default_priority = 240

    def apply(self, **kwargs):
        page = self.env.docname
        if page != ERRATA_PAGE:
            for text in list(self.document.findall(nodes.Text)):
                if ERRATUM.search(text) and not _is_inside(text, UNLINKED):
                    text.parent.replace(text, list(_linked(text, page)))


def _is_inside(node, kinds):
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kinds):
            return True
    return False


def _linked(text, page):
    for piece in ERRATUM.split(text):
        if not ERRATUM.fullmatch(piece):
            yield nodes.Text(piece)
            continue
        target = {"refdomain": "std", "reftype": "ref", "reftarget": source_decks.anchor(piece)}
        link = addnodes.pending_xref("", refexplicit=True, refwarn=True, refdoc=page, **target)
        link += nodes.inline("", piece)
        yield link


def add_filter(app, pagename, templatename, context, doctree):
    """Load the filter's script where there is something to filter."""
    if pagename == ERRATA_PAGE:
        app.add_js_file("errata.js", loading_method="defer")


def setup(app):
    app.add_directive("slide-map", SlideMap)
    app.add_directive("errata", Errata)
    app.add_directive("errata-counts", ErrataCounts)
    app.add_transform(LinkErrata)
    app.connect("html-page-context", add_filter)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
