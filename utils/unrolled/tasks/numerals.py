"""Numbers in English, German and French words, and which word stands for which: a translation whose alignment is known.

German says the ones before the tens (ein und zwanzig), French counts in twenties from 70 on (quatre vingt onze).
German compounds are cut into their parts, and hyphens are left out.
"""

from typing import NamedTuple

import numpy as np

LANGUAGES = ("en", "de", "fr")
MOST = 9999

EN_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
EN_TENS = "- ten twenty thirty forty fifty sixty seventy eighty ninety".split()
DE_ONES = "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf".split()
DE_TENS = "- zehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split()
DE_TEENS = {6: "sech", 7: "sieb"}  # sechzehn, siebzehn
FR_ONES = (
    "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
).split()
FR_TENS = "- dix vingt trente quarante cinquante soixante".split()

# What a word stands for: digits of the number, by their place, and the words for a hundred and a thousand.
ONES, TENS, HUNDREDS, HUNDRED, THOUSANDS, THOUSAND = range(6)
NOTHING = frozenset()


class Translation(NamedTuple):
    """A list of numbers in two languages."""

    numbers: tuple
    source: tuple  # J words
    target: tuple  # I words
    alignment: (
        np.ndarray
    )  # (I, J) of bool: True where the two words stand for the same part of the same number


def number_lists(rng, B, most=8, below=100, languages=("en", "de")):
    """Draw B lists of 1 to `most` numbers in 0..below-1, in two languages, with a comma between the numbers.

    Every length is equally likely, and every number. A word like "und", which stands for nothing, has an empty row or
    column in the alignment. Returns a tuple of B Translations. Raises ValueError for another language or limit.
    """
    if most < 1 or not 1 <= below <= MOST + 1:
        raise ValueError(f"most is {most}, below {below}: expected at least 1, and 1 to {MOST + 1}")
    pairs = []
    for _ in range(B):
        numbers = tuple(rng.integers(below, size=rng.integers(1, most + 1)).tolist())
        pairs.append(translation(numbers, languages))
    return tuple(pairs)


def translation(numbers, languages=("en", "de")):
    """The Translation of a list of numbers. Raises ValueError as `words` does."""
    (source, of_source), (target, of_target) = (_listed(numbers, each) for each in languages)
    alignment = np.array([[bool(a & b) for b in of_source] for a in of_target])
    return Translation(tuple(numbers), tuple(source), tuple(target), alignment)


def words(number, language):
    """The words of a number in 0..9999: a list. Raises ValueError for another number or language."""
    return [word for word, _ in _parts(number, language)]


def _listed(numbers, language):
    """The words of a list, and for each the set of (place in the list, part of the number) that it stands for."""
    found, meanings = [], []
    for place, number in enumerate(numbers):
        if place:
            found.append(",")
            meanings.append({(place, ",")})
        for word, parts in _parts(number, language):
            found.append(word)
            meanings.append({(place, part) for part in parts})
    return found, meanings


def _parts(number, language):
    """List of (word, what it stands for: a set of parts)."""
    if language not in LANGUAGES:
        raise ValueError(f"language is {language!r}, expected one of {', '.join(LANGUAGES)}")
    if not 0 <= number <= MOST:
        raise ValueError(f"number is {number}, expected 0 to {MOST}")
    return {"en": _english, "de": _german, "fr": _french}[language](number)


def _english(n):
    if n >= 1000:
        link = [("and", NOTHING)] if 0 < n % 1000 < 100 else []
        return [
            (EN_ONES[n // 1000], {THOUSANDS}),
            ("thousand", {THOUSAND}),
            *link,
            *_rest(_english, n % 1000),
        ]
    if n >= 100:
        link = [("and", NOTHING)] if n % 100 else []
        return [
            (EN_ONES[n // 100], {HUNDREDS}),
            ("hundred", {HUNDRED}),
            *link,
            *_rest(_english, n % 100),
        ]
    if n < 20:
        return [(EN_ONES[n], _small(n))]
    return [(EN_TENS[n // 10], {TENS}), *_rest(_english, n % 10)]


def _german(n):
    if n >= 1000:
        return [
            (DE_ONES[n // 1000], {THOUSANDS}),
            ("tausend", {THOUSAND}),
            *_rest(_german, n % 1000),
        ]
    if n >= 100:
        return [(DE_ONES[n // 100], {HUNDREDS}), ("hundert", {HUNDRED}), *_rest(_german, n % 100)]
    if n == 1:
        return [("eins", {ONES})]
    if n <= 12:
        return [(DE_ONES[n], _small(n))]
    tens, ones = divmod(n, 10)
    if tens == 1:
        return [(DE_TEENS.get(ones, DE_ONES[ones]), {ONES}), ("zehn", {TENS})]
    before = [(DE_ONES[ones], {ONES}), ("und", NOTHING)] if ones else []
    return [*before, (DE_TENS[tens], {TENS})]


def _french(n):
    if n >= 1000:
        count = [] if n < 2000 else [(FR_ONES[n // 1000], {THOUSANDS})]
        meaning = {THOUSANDS, THOUSAND} if n < 2000 else {THOUSAND}
        return [*count, ("mille", meaning), *_rest(_french, n % 1000)]
    if n >= 100:
        count = [] if n < 200 else [(FR_ONES[n // 100], {HUNDREDS})]
        meaning = {HUNDREDS, HUNDRED} if n < 200 else {HUNDRED}
        word = "cents" if n >= 200 and n % 100 == 0 else "cent"
        return [*count, (word, meaning), *_rest(_french, n % 100)]
    if n <= 16:
        return [(FR_ONES[n], _small(n))]
    if n < 20:
        return [("dix", {TENS}), (FR_ONES[n - 10], {ONES})]
    tens, ones = divmod(n, 10)
    if tens in (7, 9):  # sixty and ten to nineteen, four twenties and ten to nineteen
        ones += 10
    if tens >= 8:
        twenties = [("quatre", {TENS}), ("vingts" if n == 80 else "vingt", {TENS})]
        return [*twenties, *_rest(_french, ones)]
    link = [("et", NOTHING)] if n % 10 == 1 else []
    return [(FR_TENS[min(tens, 6)], {TENS}), *link, *_rest(_french, ones)]


def _rest(language, n):
    """The parts of what is left of a number: none for zero."""
    return language(n) if n else []


def _small(n):
    """What the one word of a number below twenty stands for."""
    return {ONES} if n < 10 else {TENS} if n == 10 else {ONES, TENS}
