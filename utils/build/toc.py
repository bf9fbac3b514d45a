"""What _toc.yml says: the pages of the book, in the reader's order."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Entry(NamedTuple):
    """A page or the heading of a part: document is "lectures/06-bptt", or None for a part's heading.

    level: 1 for a part and for a page outside all parts, 2 for a chapter, 3 for what stands below a chapter.
    title: the part's caption, or the title that the contents give the page; None where it is the page's own.
    """

    document: str | None
    level: int
    title: str | None


def entries(root: Path = ROOT) -> list[Entry]:
    """The parts and pages, in order; the first is the front page."""
    toc = yaml.safe_load((root / "_toc.yml").read_text())
    found = [Entry(toc["root"], 1, None)]
    for part in toc["parts"]:
        found.append(Entry(None, 1, part["caption"]))
        found += _pages(part["chapters"], level=2)
    return found


def documents(root: Path = ROOT) -> list[str]:
    """The names of the pages' sources, without suffix, in order."""
    return [entry.document for entry in entries(root) if entry.document]


def _pages(listed, level) -> Iterator[Entry]:
    for page in listed:
        yield Entry(page["file"], level, page.get("title"))
        yield from _pages(page.get("sections", []), level + 1)
