"""The five source decks slide by slide, and where the book treats and corrects them.

The slides are in `book/_data/decks.yml`; the cells that treat them say so in their metadata (see `topics`).
The pages *Slide map* and *Errata* are generated from both when the book is built.
"""

from pathlib import Path
from typing import NamedTuple

import yaml

import topics
from notebooks import ROOT, read

DECKS = "book/_data/decks.yml"
PAGES = ("lectures/*.ipynb", "exercises/*/*.ipynb")  # the pages that the slide map leads to
CLASSES = {
    "CE": "clear error",
    "OV": "oversimplified or disputable",
    "BI": "bibliography",
    "TY": "misprint",
    "NO": "notation clash",
    "EX": "perhaps an artefact of reading the slides by machine",
}


class Slide(NamedTuple):
    """A row of a deck: one slide, or several that build up one picture."""

    deck: str
    row: int  # from 1, in the deck's order
    title: str
    about: str | None = None  # what tells slides with one title apart
    slides: int = 1
    number: int | None = None  # as the deck prints it
    topics: tuple = ()
    errata: tuple = ()
    none: str | None = None  # why no topic is on it

    @property
    def anchor(self):
        return f"{self.deck.lower()}-{self.row}"


class Deck(NamedTuple):
    """A deck as its title slide names it; None where it says nothing."""

    id: str
    author: str
    at: str | None
    title: str | None
    year: int | None
    slides: tuple


class Place(NamedTuple):
    """A cell of a page of the book, to which a link leads."""

    page: str  # without its ending, relative to the root: "lectures/06-bptt"
    anchor: str
    cell: int  # index in the notebook
    section: str  # the heading above it

    @property
    def chapter(self):
        return self.page.rsplit("/", 1)[1]

    @property
    def reading_order(self):
        return self.chapter, not self.page.startswith("lectures"), self.cell

    @property
    def label(self):
        return label(self.page, self.anchor)


class Source(NamedTuple):
    """Everything that the two pages are made of."""

    book: topics.Book
    decks: dict  # id -> Deck
    topics: dict  # id -> [Place, …]
    errata: dict  # id -> [Place, …]


def load(root=ROOT):
    """Read the decks, {id: Deck}. Raises ValueError if one occurs twice, TypeError for an unknown field."""
    rows = yaml.safe_load((Path(root) / DECKS).read_text(encoding="utf-8"))
    decks = {row["id"]: Deck(**row | {"slides": tuple(_slides(row))}) for row in rows}
    if len(decks) != len(rows):
        raise ValueError(f"{DECKS}: an id occurs twice")
    return decks


def _slides(deck):
    for row, fields in enumerate(deck["slides"], start=1):
        lists = {name: tuple(fields.get(name, ())) for name in ("topics", "errata")}
        yield Slide(deck["id"], row, **fields | lists)


def anchors(cells):
    """Return for each cell (a dict) the anchors of the rows it claims: `t6-4`, at the second claim `t6-4-2`."""
    count, found = {}, []
    for cell in cells:
        claimed = cell["metadata"].get("unrolled", {})
        names = [*claimed.get("topics", []), *claimed.get("errata", [])]
        for name in names:
            count[name] = count.get(name, 0) + 1
        found.append([anchor(name, count[name]) for name in names])
    return found


def anchor(name, occurrence=1):
    """Return the id, on its page, of the cell that claims a row for the n-th time."""
    stem = name.lower().replace(".", "-")
    return stem if occurrence == 1 else f"{stem}-{occurrence}"


def label(page, anchor):
    """Return the name by which Sphinx knows the anchor of a page."""
    return f"{page.replace('/', '-')}-{anchor}"


def source(root=ROOT):
    """Read the rows, the decks and the notebooks. Raises ValueError with a line for each contradiction."""
    root = Path(root)
    book, decks = topics.load(root), load(root)
    pages = {path: read(path) for pattern in PAGES for path in sorted(root.glob(pattern))}
    found = topics.problems(book, topics.notebooks_of(root)) + problems(decks, book)
    if found:
        raise ValueError("\n".join(found))
    return Source(book, decks, _places(root, pages, "topics"), _places(root, pages, "errata"))


def _places(root, pages, kind):
    return {
        name: list(_numbered(root, name, claims))
        for name, claims in topics.claims(pages, kind).items()
    }


def _numbered(root, name, claims):
    count = {}
    for claim in claims:
        page = claim.path.relative_to(root).with_suffix("").as_posix()
        count[page] = count.get(page, 0) + 1
        yield Place(page, anchor(name, count[page]), claim.cell, claim.section)


def problems(decks, book):
    """Return one sentence for each contradiction between the decks and the rows."""
    slides = [slide for deck in decks.values() for slide in deck.slides]
    found = [sentence for slide in slides for sentence in _of_slide(slide, book)]
    found += [sentence for deck in decks.values() for sentence in _of_numbers(deck)]
    on_slide = {(slide.deck, name) for slide in slides for name in slide.topics + slide.errata}
    for row in book.topics.values():
        found += [
            f"no slide of {deck} names {row['id']} ({row['topic']})"
            for deck in row["decks"]
            if (deck, row["id"]) not in on_slide
        ]
    for row in book.errata.values():
        if (row["deck"], row["id"]) not in on_slide:
            found.append(f"no slide of {row['deck']} names {row['id']} ({row['says']})")
    return found


def _of_slide(slide, book):
    where = f"{DECKS}: {slide.deck} {slide.title!r}"
    if bool(slide.topics) == bool(slide.none):
        yield f"{where} needs either topics or the reason why it has none"
    for name in slide.topics:
        if name not in book.topics:
            yield f"{where} names {name}, which is not in topics.yml"
        elif slide.deck not in book.topics[name]["decks"]:
            yield f"{where} names {name}, which is not from this deck"
    for name in slide.errata:
        if name not in book.errata:
            yield f"{where} names {name}, which is not in errata.yml"
        elif slide.deck != book.errata[name]["deck"]:
            yield f"{where} names {name}, which is not from this deck"


def _of_numbers(deck):
    """A number that a slide prints must be its place in the deck."""
    last = 0
    for slide in deck.slides:
        last += slide.slides
        if slide.number not in (None, last):
            yield f"{DECKS}: {deck.id} {slide.title!r} is slide {last}, not {slide.number}"


def kinds(mark):
    """Return the classes that a mark names: 'CE/TY' is ['CE', 'TY'], 'CE (index)' is ['CE']."""
    return mark.replace("?", "").partition(" ")[0].split("/")


def class_names(mark):
    """Return a class in words: 'CE/TY' is 'clear error or misprint', 'CE (index)' 'clear error (index)'."""
    remark = mark.replace("?", "").partition(" ")[2]
    words = " or ".join(CLASSES[kind] for kind in kinds(mark))
    return f"{words} {remark}".strip()
