"""47,111 Chinese words and phrases with the reading of every character, from the package `pypinyin` (MIT).

A reading is a syllable in pinyin, the official romanisation, with its tone as an accent: zhong and its four tones are
zhōng, zhóng, zhǒng and zhòng. Many characters have more than one reading, and the phrase decides which.
"""

import json
from collections import Counter
from functools import cache
from typing import NamedTuple

from unrolled.data.carrier import folder

INSTALL = "python -m pip install --no-deps pypinyin"


class Phrase(NamedTuple):
    """A word or phrase and its readings, one for each character."""

    text: str  # n characters
    readings: tuple  # n strings

    @property
    def pinyin(self):
        """The readings with spaces between them."""
        return " ".join(self.readings)


@cache
def phrases():
    """All phrases, of 2 to 10 characters, sorted by their text; a tuple of Phrase.

    For the two phrases in which the source gives a character two readings, the first is taken.
    Raises ModuleNotFoundError if `pypinyin` is not installed.
    """
    path = folder("pypinyin", INSTALL) / "phrases_dict.json"
    if not path.is_file():
        raise FileNotFoundError(f"the package `pypinyin` has no phrases_dict.json in {path.parent}")
    entries = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Phrase(text, tuple(readings[0] for readings in entries[text])) for text in sorted(entries)
    )


def counts(among):
    """How often each character has each reading in these phrases: {character: Counter of readings}."""
    found = {}
    for text, readings in among:
        for character, reading in zip(text, readings, strict=True):
            found.setdefault(character, Counter())[reading] += 1
    return found


def polyphones(among):
    """The characters with more than one reading in these phrases: {character: Counter of readings}."""
    return {
        character: readings for character, readings in counts(among).items() if len(readings) > 1
    }


def find(pinyin, among=None):
    """The phrase with these readings, such as "cháng jiāng"; the first of them if there are more.

    among: where to look, all phrases if None. Raises ValueError if there is none.
    """
    wanted = tuple(pinyin.split())
    for phrase in phrases() if among is None else among:
        if phrase.readings == wanted:
            return phrase
    raise ValueError(f"no phrase is read {pinyin!r}")
