"""The words of numbers against the package num2words, and their alignment against cases set by hand."""

import hashlib

import numpy as np
import pytest

from unrolled import tasks
from unrolled.tasks import numerals

# sha256 of the words of 0 to 9999, a line each, as num2words 0.5.14 gives them: without hyphens and commas in English and
# French, in one word in German.
NUM2WORDS = {
    "en": "de97db28281a006eb9efd2d47e53ab460d84964dbc921d8456a4e3b52ed9f6e0",
    "de": "4861edde14877493b292badba6d98aeb9829d79c23326ca80b95409461bf2b3e",
    "fr": "9600d98bc824be751f01d16e107d04ccab121dd607efde3fc57d062222c20ad7",
}
KNOWN = [
    (0, "zero", "null", "zéro"),
    (1, "one", "eins", "un"),
    (12, "twelve", "zwölf", "douze"),
    (17, "seventeen", "sieb zehn", "dix sept"),
    (21, "twenty one", "ein und zwanzig", "vingt et un"),
    (71, "seventy one", "ein und siebzig", "soixante et onze"),
    (80, "eighty", "achtzig", "quatre vingts"),
    (91, "ninety one", "ein und neunzig", "quatre vingt onze"),
    (200, "two hundred", "zwei hundert", "deux cents"),
    (201, "two hundred and one", "zwei hundert eins", "deux cent un"),
    (1080, "one thousand and eighty", "ein tausend achtzig", "mille quatre vingts"),
]


@pytest.mark.parametrize(("number", *numerals.LANGUAGES), KNOWN)
def test_words_that_are_known(number, en, de, fr):
    found = [" ".join(numerals.words(number, language)) for language in ("en", "de", "fr")]
    assert found == [en, de, fr]


@pytest.mark.parametrize("language", numerals.LANGUAGES)
def test_all_ten_thousand_numbers_are_those_of_num2words(language):
    join = "" if language == "de" else " "
    lines = [join.join(numerals.words(n, language)) for n in range(10_000)]
    assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == NUM2WORDS[language]
    assert len(set(lines)) == 10_000


def aligned(numbers, *languages):
    """The aligned pairs of words, by target."""
    pair = numerals.translation(numbers, languages)
    return [
        (target, [pair.source[j] for j in np.flatnonzero(row)])
        for target, row in zip(pair.target, pair.alignment)
    ]


def test_alignments_set_by_hand():
    assert aligned([21], "en", "de") == [("ein", ["one"]), ("und", []), ("zwanzig", ["twenty"])]
    assert aligned([17], "de", "en") == [("seventeen", ["sieb", "zehn"])]
    assert aligned([21, 21], "en", "de")[3:5] == [(",", [","]), ("ein", ["one"])]
    two = numerals.translation([21, 21])
    assert two.alignment[4].tolist() == [False] * 4 + [True]  # the one of the second number
    assert aligned([92], "en", "fr") == [
        ("quatre", ["ninety"]),
        ("vingt", ["ninety"]),
        ("douze", ["ninety", "two"]),
    ]
    assert aligned([1342], "fr", "de") == [
        ("ein", ["mille"]),
        ("tausend", ["mille"]),
        ("drei", ["trois"]),
        ("hundert", ["cent"]),
        ("zwei", ["deux"]),
        ("und", []),
        ("vierzig", ["quarante"]),
    ]


@pytest.mark.parametrize("pair", [("en", "de"), ("en", "fr"), ("de", "fr")])
def test_every_word_but_the_links_stands_for_something_in_both_directions(pair):
    for n in range(0, 10_000, 7):
        there = numerals.translation([n], pair)
        back = numerals.translation([n], pair[::-1])
        np.testing.assert_array_equal(there.alignment, back.alignment.T)
        for words, empty in (
            (there.target, ~there.alignment.any(axis=1)),
            (there.source, ~there.alignment.any(axis=0)),
        ):
            assert {word for word, is_empty in zip(words, empty) if is_empty} <= {
                "und",
                "and",
                "et",
            }
            assert all(
                is_empty for word, is_empty in zip(words, empty) if word in ("und", "and", "et")
            )


def test_a_language_aligned_with_itself_is_the_diagonal():
    pair = numerals.translation([47, 3047, 999], ("de", "de"))
    links = np.array([word == "und" for word in pair.source])
    np.testing.assert_array_equal(pair.alignment, np.diag(~links))


def test_german_turns_the_72_numbers_from_21_to_99_with_ones_round():
    turned = []
    for n in range(100):
        rows, columns = np.nonzero(numerals.translation([n]).alignment)
        turned.append(bool((np.diff(columns[np.argsort(rows, kind="stable")]) < 0).any()))
    assert [n for n in range(100) if turned[n]] == [n for n in range(21, 100) if n % 10]


def test_number_lists():
    pairs = tasks.number_lists(np.random.default_rng(0), 2000, most=4, below=30)
    for pair in pairs:
        assert 1 <= len(pair.numbers) <= 4 and all(0 <= n < 30 for n in pair.numbers)
        assert pair.alignment.shape == (len(pair.target), len(pair.source))
        parts = " ".join(pair.source).split(" , ")
        assert parts == [" ".join(numerals.words(n, "en")) for n in pair.numbers]
        assert pair.target.count(",") == len(pair.numbers) - 1
    lengths = np.bincount([len(pair.numbers) for pair in pairs])
    assert np.abs(lengths[1:] / 2000 - 0.25).max() < 0.05
    assert {n for pair in pairs for n in pair.numbers} == set(range(30))
    again = tasks.number_lists(np.random.default_rng(0), 3, most=4, below=30)
    assert [pair.numbers for pair in again] == [pair.numbers for pair in pairs[:3]]
    french = tasks.number_lists(np.random.default_rng(1), 1, 1, 100, ("de", "fr"))[0]
    assert list(french.target) == numerals.words(french.numbers[0], "fr")


def test_what_cannot_be_said_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="language is 'nl', expected one of en, de, fr"):
        tasks.number_lists(rng, 1, languages=("en", "nl"))
    with pytest.raises(ValueError, match="number is 10000, expected 0 to 9999"):
        numerals.words(10_000, "en")
    with pytest.raises(ValueError, match="below 10001"):
        tasks.number_lists(rng, 1, below=10_001)
    with pytest.raises(ValueError, match="most is 0"):
        tasks.number_lists(rng, 1, most=0)
