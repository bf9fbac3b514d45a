"""The lectures' slide decks in the site: _build/html/slides/NN-name.html, which the chapters' pages link to.

A deck is rendered again when its lecture changed, or anything that all decks are made of.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

import vendor

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "_build" / "html" / "slides"
STAMPS = ROOT / "_build" / ".decks.json"
# What every deck is made of, besides its lecture. requirements.txt stands for the packages that render it.
MATERIAL = [
    "_config.yml",
    "_toc.yml",
    "requirements.txt",
    "package-lock.json",
    "utils/build/slides.py",
    "utils/build/slides/*",
    "utils/unrolled/plots/palette.py",
]


def lectures():
    """The notebooks that have a deck, in order."""
    return sorted((ROOT / "lectures").glob("*.ipynb"))


def update():
    """Render the decks that are not up to date, and remove those whose lecture is gone; exits if one can't be."""
    wanted = _stamps()
    done = json.loads(STAMPS.read_text()) if STAMPS.is_file() else {}
    stale = [
        lecture
        for lecture in lectures()
        if done.get(lecture.stem) != wanted[lecture.stem] or not deck(lecture).is_file()
    ]
    if stale:
        STAMPS.unlink(missing_ok=True)
        _render(stale)
    for left in set(FOLDER.glob("*.html")) - set(map(deck, lectures())):
        left.unlink()
    STAMPS.write_text(json.dumps(wanted))


def deck(lecture):
    """The file of a lecture's deck."""
    return FOLDER / f"{lecture.stem}.html"


def _render(stale):
    import slides  # it takes two seconds, which a build does without when no lecture changed

    errors = []
    shutil.rmtree(FOLDER / "vendor", ignore_errors=True)
    for lecture in stale:
        try:
            slides.copy_vendored(vendor.install(), FOLDER)
            slides.build(lecture, FOLDER)
        except slides.SlideError as error:
            errors.append(f"error: {error}")
    if errors:
        sys.exit("\n".join(errors))


def _stamps():
    """For each lecture a digest of all that its deck is made of."""
    files = [file for pattern in MATERIAL for file in sorted(ROOT.glob(pattern))]
    shared = b"".join(file.read_bytes() for file in files)
    return {
        lecture.stem: hashlib.sha256(shared + lecture.read_bytes()).hexdigest()
        for lecture in lectures()
    }


def main():
    """Render what changed; list the decks with their slides and minutes."""
    import nbformat

    import slides

    update()
    total = 0
    for lecture in lectures():
        found = slides.slides(nbformat.read(lecture, as_version=4))
        spoken = sum(map(slides.minutes, found))
        total += spoken
        print(f"{deck(lecture)}: {len(found)} slides, {spoken:g} of {slides.BUDGET} minutes")
    print(f"{len(lectures())} decks, {total:g} minutes in all")


if __name__ == "__main__":
    main()
