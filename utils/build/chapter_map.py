"""Draw the chapter map from `book/_data/chapters.yml` into `book/_static/chapter-map.svg`.

Run it after a change of the chapters: `python utils/build/chapter_map.py`. The page book/intro.md includes the
picture as it is, so that its lines and letters take the colour of the page, light or dark; its alternative text
is written from the same data.
"""

from html import escape
from pathlib import Path
from textwrap import wrap

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = ROOT / "book" / "_data" / "chapters.yml"
PICTURE = ROOT / "book" / "_static" / "chapter-map.svg"

# Row and column of each chapter. Where a line must pass a row in the column of its upper end, that place is free.
PLACE = {
    "01-sequences": (0, 0),
    "02-text": (0, 2),
    "03-fixed-windows": (1, 1),
    "04-unfolding": (2, 1),
    "05-classical-rnn": (3, 1),
    "07-output-recurrence": (4, 0),
    "06-bptt": (4, 1),
    "17-computational-power": (4, 2),
    "08-what-rnns-model": (5, 0),
    "10-recursive": (5, 2),
    "11-long-term": (6, 1),
    "09-bidirectional-deep": (6, 2),
    "12-lstm": (7, 1),
    "14-encoder-decoder": (8, 0),
    "13-gru-variants": (8, 1),
    "15a-attention": (9, 0),
    "15b-looking": (10, 2),
    "16a-ntm": (10, 0),
    "16b-memory-zoo": (11, 0),
    "18-applications": (12, 1),
}
COLUMN, ROW = 128, 70  # distance of the boxes' centres, in units of the picture
WIDTH, HEIGHT = 118, 46  # a box
LETTERS = 16  # in a line of a box
LINE_HEIGHT = 12.5
LOOK = {  # fill-opacity and outline: a second cue besides the weight of the letters
    "finished": 'fill="currentColor" fill-opacity="0.12" stroke="currentColor" stroke-width="2"',
    "planned": 'fill="none" stroke="currentColor" stroke-width="1" stroke-dasharray="4 3"',
}


def read(path=CHAPTERS):
    """Return the chapters by name, in reading order: dicts with title, status and needs (a list of names).

    Raises ValueError if a chapter has no place in the picture or needs one that doesn't come before it.
    """
    chapters = {}
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        name = entry["name"]
        if name not in PLACE:
            raise ValueError(f"chapter {name} has no place in PLACE of {Path(__file__).name}")
        unknown = [need for need in entry["needs"] if need not in chapters]
        if unknown:
            raise ValueError(
                f"chapter {name} needs {', '.join(unknown)}, which does not come before it"
            )
        chapters[name] = entry
    return chapters


def ancestors(name, chapters):
    """Return the set of all chapters that `name` needs, directly or through others."""
    needs = chapters[name]["needs"]
    return set(needs).union(*(ancestors(need, chapters) for need in needs))


def edges(chapters):
    """Return the pairs (earlier, later) that are not implied by a longer way."""
    return [
        (need, name)
        for name, chapter in chapters.items()
        for need in chapter["needs"]
        if not any(need in ancestors(other, chapters) for other in chapter["needs"])
    ]


def number(name):
    """Return the chapter's number as the book prints it: `4` of `04-unfolding`, `16a` of `16a-memory`."""
    return name.split("-")[0].lstrip("0")


def centre(name):
    row, column = PLACE[name]
    return column * COLUMN + COLUMN / 2, row * ROW + ROW / 2


def arrow(earlier, later):
    """Down in the column of the earlier chapter, then over to the later one in the last gap between rows."""
    x0, y0 = centre(earlier)
    x1, y1 = centre(later)
    turn, end = y1 - ROW + HEIGHT / 2, y1 - HEIGHT / 2 - 1
    middle = (turn + end) / 2
    curve = f"C{x0:g} {middle:g} {x1:g} {middle:g} {x1:g} {end:g}"
    return f'<path d="M{x0:g} {y0 + HEIGHT / 2:g}V{turn:g}{curve}" marker-end="url(#chapter-map-tip)"/>'


def box(name, chapter):
    x, y = centre(name)
    lines = [number(name), *wrap(chapter["title"], LETTERS)]
    first = y - (len(lines) - 1) * LINE_HEIGHT / 2 + 4
    weight = "bold" if chapter["status"] == "finished" else "normal"
    text = "".join(
        f'<tspan x="{x:g}" y="{first + k * LINE_HEIGHT:g}">{escape(line)}</tspan>'
        for k, line in enumerate(lines)
    )
    return (
        f'<rect x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" '
        f'{LOOK[chapter["status"]]}/><text font-weight="{weight}">{text}</text>'
    )


def alternative_text(chapters):
    """Say in words what the picture shows: which chapters are finished, and what each needs."""
    finished = [
        number(name) for name, chapter in chapters.items() if chapter["status"] == "finished"
    ]
    needs = [
        f"{number(name)} needs {', '.join(number(earlier) for earlier, later in edges(chapters) if later == name)}"
        for name, chapter in chapters.items()
        if chapter["needs"]
    ]
    start = [number(name) for name, chapter in chapters.items() if not chapter["needs"]]
    return (
        f"Map of the {len(chapters)} chapters. Finished: {', '.join(finished)}; the others are planned. "
        f"Chapters {' and '.join(start)} need none; {'; '.join(needs)}."
    )


def draw(chapters):
    """Return the picture as SVG text, without colours of its own."""
    width = COLUMN * (1 + max(column for _, column in PLACE.values()))
    height = ROW * (1 + max(row for row, _ in PLACE.values()))
    tip = (
        '<marker id="chapter-map-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor"/></marker>'
    )
    label = escape(alternative_text(chapters), quote=True)
    style = "display: block; width: 100%; max-width: 34rem; height: auto; margin: 1.5rem auto"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
        + f'viewBox="0 0 {width} {height}" style="{style}">',
        f"<defs>{tip}</defs>",
        '<g fill="none" stroke="currentColor" stroke-width="1.2" stroke-opacity="0.75">',
        *(arrow(*edge) for edge in edges(chapters)),
        "</g>",
        '<g font-family="inherit" font-size="11" text-anchor="middle" fill="currentColor">',
        *(box(name, chapter) for name, chapter in chapters.items()),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main():
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(read()), encoding="utf-8")
    print(f"drew {PICTURE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
