"""What the five decks teach and get wrong, and which cells of the book show it.

The rows are in `book/_data/topics.yml` and `errata.yml`; a cell claims rows in its metadata:
`"unrolled": {"topics": ["T6.4"], "errata": ["E0.6"]}`. `python utils/build/topics.py` lists what is
missing in the finished chapters.
"""

import ast
import functools
import re
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

from notebooks import ROOT, read

DATA = "book/_data"
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
FENCED = re.compile(r"^(```+|~~~+).*?^\1", re.MULTILINE | re.DOTALL)
MAGIC = re.compile(r"^(\s*)[%!?].*$", re.MULTILINE)


class Claim(NamedTuple):
    """A cell that says it shows a row: where it stands and what it is."""

    path: Path
    cell: int  # index in the notebook, from 0
    section: str  # the nearest heading above, or in, the cell
    is_code: bool
    asserts: bool  # its code holds a check that can fail

    def __str__(self):
        return f"{self.path.name} cell {self.cell}"


class Book(NamedTuple):
    """The rows and the chapters."""

    topics: dict  # id -> row
    errata: dict  # id -> row
    chapters: dict  # name -> row


def load(root=ROOT):
    """Read the rows and chapters. Raises ValueError if an id occurs twice."""
    return Book(
        _rows(root, "topics.yml", "id"),
        _rows(root, "errata.yml", "id"),
        _rows(root, "chapters.yml", "name"),
    )


def _rows(root, name, key):
    path = Path(root) / DATA / name
    return _read(path, key, path.stat().st_mtime_ns)


@functools.cache
def _read(path, key, changed):
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    table = {row[key]: row for row in rows}
    if len(table) != len(rows):
        raise ValueError(f"{DATA}/{path.name}: an id occurs twice")
    return table


def python_source(source):
    """Return the code of a cell with its magics replaced by `pass`, so that Python parses it."""
    return MAGIC.sub(r"\1pass", source)


def has_check(source):
    """Say whether code can fail: an assert that is no constant, an `assert_…` or a `check` call."""
    for node in ast.walk(ast.parse(python_source(source))):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name == "check" or name.startswith("assert_"):
                return True
    return False


def claims(notebooks, kind="topics"):
    """Return {id: [Claim, …]} in reading order. notebooks {path: notebook}; kind: topics or errata."""
    found = {}
    for path, notebook in notebooks.items():
        section = ""
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "markdown":
                headings = HEADING.findall(FENCED.sub("", cell.source))
                section = headings[-1] if headings else section
            is_code = cell.cell_type == "code"
            claim = Claim(path, index, section, is_code, is_code and has_check(cell.source))
            for name in cell.metadata.get("unrolled", {}).get(kind, []):
                found.setdefault(name, []).append(claim)
    return found


def problems(book, notebooks):
    """Return one sentence for each row that lacks its cell and each claim that names no row.

    notebooks {path: notebook}: lectures and solutions.
    """
    topics, errata = claims(notebooks, "topics"), claims(notebooks, "errata")
    finished = {n: c for n, c in book.chapters.items() if c["status"] == "finished"}
    found = [_unknown(name, cells) for name, cells in topics.items() if name not in book.topics]
    found += [_unknown(name, cells) for name, cells in errata.items() if name not in book.errata]
    for row in book.topics.values():
        if row["chapter"] in finished:
            needs_check = row["has_demonstration"]
            found += _missing(row["id"], row["topic"], topics.get(row["id"], []), needs_check)
    for chapter in finished.values():
        for name in chapter.get("errata", []):
            row = book.errata[name]
            needs_check = row["test"] is not None
            found += _missing(name, row["says"], errata.get(name, []), needs_check)
    return found


def _unknown(name, cells):
    return f"{cells[0]} claims {name}, which is not in {DATA}"


def _missing(name, what, cells, needs_check):
    if not cells:
        return [f"no cell shows {name} ({what})"]
    if needs_check and not any(claim.is_code for claim in cells):
        return [f"{name} has a demonstration, but only text claims it ({cells[0]})"]
    if needs_check and not any(claim.asserts for claim in cells):
        return [f"{name} is shown, but no cell that claims it asserts the outcome ({cells[0]})"]
    return []


def notebooks_of(root=ROOT):
    """Return {path: notebook} of the lectures and the solutions."""
    paths = [*sorted(root.glob("lectures/*.ipynb")), *sorted(root.glob("solutions/*/*.ipynb"))]
    return {path: read(path) for path in paths}


def main():
    """Print what is missing; return the exit status."""
    found = problems(load(), notebooks_of())
    print("\n".join(found) or "every row of the finished chapters has its cell")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
