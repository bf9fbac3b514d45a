"""Letters and their marks against Unicode and against each other's pictures."""

import unicodedata

import numpy as np
import pytest

from unrolled.data import letters

BY_TEXT = {letter.text: letter for letter in letters.letters()}


def test_letters_are_those_of_unicode_and_their_marks_make_them():
    found = letters.letters()
    assert len(found) == 528 and sum(not letter.marks for letter in found) == 52
    assert BY_TEXT["ḝ"] == letters.Letter("ḝ", "e", ("CEDILLA", "BREVE"))
    assert BY_TEXT["ḝ"].words == tuple("LATIN SMALL LETTER E WITH CEDILLA AND BREVE".split())
    for letter in found:
        assert letter.words[3] == letter.base.upper()
        assert all(mark.split()[0] in letter.words for mark in letter.marks)


def test_pictures_hold_the_whole_letter_in_every_font():
    for font in letters.FONTS:
        pictures = letters.draw([letter.text for letter in letters.letters()], font)
        assert pictures.shape == (528, letters.HEIGHT, letters.WIDTH)
        assert pictures.dtype == np.float32 and 0 <= pictures.min() and pictures.max() <= 1
        ink = pictures.sum(axis=(1, 2))
        assert ink.min() > 10
        edge = np.concatenate([pictures[:, [0, -1]].ravel(), pictures[:, :, [0, -1]].ravel()])
        assert edge.max() < 0.6


def test_a_picture_does_not_depend_on_its_neighbours():
    alone, among = letters.draw(["é"])[0], letters.draw(["W", "é", "Ậ"])[1]
    np.testing.assert_array_equal(alone, among)


def test_row_0_is_the_top():
    above = letters.place(BY_TEXT["é"], "ACUTE").sum(axis=1)
    below = letters.place(BY_TEXT["ȩ"], "CEDILLA").sum(axis=1)
    rows = np.arange(letters.HEIGHT)
    assert above @ rows / above.sum() < 14 < 24 < below @ rows / below.sum()


def test_taking_a_mark_off():
    assert letters.without(BY_TEXT["ḝ"], "CEDILLA") == "ĕ"
    assert letters.without(BY_TEXT["ḝ"], "BREVE") == "ȩ"
    assert letters.without(BY_TEXT["í"], "ACUTE") == "\N{LATIN SMALL LETTER DOTLESS I}"
    assert letters.without(BY_TEXT["ị"], "DOT BELOW") == "i"
    assert letters.without(BY_TEXT["ḹ"], "DOT BELOW") is None
    with pytest.raises(ValueError, match="no 'ḹ' without its 'DOT BELOW'"):
        letters.place(BY_TEXT["ḹ"], "DOT BELOW")
    with pytest.raises(ValueError, match="'é' has the marks"):
        letters.place(BY_TEXT["é"], "GRAVE")


def test_the_place_of_a_mark_is_on_the_side_that_unicode_says():
    rows = np.arange(letters.HEIGHT)
    for letter in letters.letters():
        for mark in letter.marks:
            if len(letter.marks) > 1 or letter.text == "ģ":  # its cedilla is drawn above
                continue
            combining = unicodedata.normalize("NFD", letter.text)[1]
            ink = (letters.place(letter, mark) > 0.5).sum(axis=1)
            assert ink.sum() > 0, letter
            centre = ink @ rows / ink.sum()
            if unicodedata.combining(combining) == 220:  # below
                assert centre > 25, letter
            elif unicodedata.combining(combining) == 230 and letter.text not in "ďĽľť":  # above
                assert centre < 16, letter
