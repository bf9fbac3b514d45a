"""528 Latin letters with and without marks, drawn with the fonts that come with matplotlib, and their Unicode names.

A name says what the letter looks like: LATIN SMALL LETTER E WITH CEDILLA AND BREVE. Where a mark stands is known too: there
the picture changes when the mark is taken away. The fonts are DejaVu (free; see matplotlib's LICENSE_DEJAVU).
"""

import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patches import PathPatch
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform

HEIGHT, WIDTH = 36, 28  # pixels of a picture
SIZE = 22  # pixels of an em, unless another size is asked for: a capital letter is 16 high
BASELINE = 9  # pixels from the lower edge to the line on which the letters stand
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSerif-Bold")
ACROSS = 32  # pictures side by side while they are drawn
_OTHER_NAMES = {"LINE BELOW": "COMBINING MACRON BELOW"}  # the letters' names and the marks' differ
_DOTLESS = {"i": "\N{LATIN SMALL LETTER DOTLESS I}", "j": "\N{LATIN SMALL LETTER DOTLESS J}"}
_ABOVE = 230  # Unicode's combining class of the marks above a letter


class Letter(NamedTuple):
    """A letter and what its name says."""

    text: str  # one character
    base: str  # the letter without its marks, one character
    marks: tuple  # of str, in the order of the name: ("CEDILLA", "BREVE")

    @property
    def words(self):
        """The name, word by word (tuple)."""
        return tuple(unicodedata.name(self.text).split())


@cache
def letters():
    """A to Z and a to z, and every Latin letter that is one of them with marks that can be taken off; by code point."""
    plain = {chr(code) for code in (*range(65, 91), *range(97, 123))}
    found = []
    for code in sorted(_charmap(FONTS[0])):
        text = chr(code)
        base, *combining = unicodedata.normalize("NFD", text)
        name = unicodedata.name(text, "")
        if base in plain and name.startswith("LATIN") and (text in plain or combining):
            marks = tuple(name.partition(" WITH ")[2].split(" AND ")) if combining else ()
            if sorted(map(_combining, marks)) == sorted(combining):
                found.append(Letter(text, base, marks))
    return tuple(found)


def draw(texts, font=FONTS[0], size=SIZE):
    """Pictures (n, HEIGHT, WIDTH) of these characters, 0 white to 1 black; the base letter stands in the middle.

    font: a file's name among matplotlib's fonts, without its ending; size: pixels of an em. Row 0 is the top. What is
    outside is cut off.
    """
    texts = list(texts)
    down = -(-len(texts) // ACROSS)
    figure = Figure(figsize=(ACROSS * WIDTH / 100, down * HEIGHT / 100), dpi=100, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    for n, text in enumerate(texts):
        row, column = divmod(n, ACROSS)
        x, y = column * WIDTH, (down - 1 - row) * HEIGHT
        figure.add_artist(_patch(text, font, size, x, y))
    canvas.draw()
    page = 1 - np.asarray(canvas.buffer_rgba())[..., 0] / 255
    page = page[: down * HEIGHT, : ACROSS * WIDTH].reshape(down, HEIGHT, ACROSS, WIDTH)
    return page.transpose(0, 2, 1, 3).reshape(-1, HEIGHT, WIDTH)[: len(texts)].astype(np.float32)


def without(letter, mark):
    """The character that is left when one of the marks is taken off, or None if there is no such character.

    An i or j that has another mark above, or had this one there, is dotless: a mark above takes the dot's place.
    """
    rest = [_combining(each) for each in letter.marks if each != mark]
    base = letter.base
    if unicodedata.combining(_combining(mark)) == _ABOVE and not any(
        unicodedata.combining(each) == _ABOVE for each in rest
    ):
        base = _DOTLESS.get(base, base)
    text = unicodedata.normalize("NFC", base + "".join(rest))
    return text if len(text) == 1 and ord(text) in _charmap(FONTS[0]) else None


def place(letter, mark, font=FONTS[0]):
    """Where a mark stands: the picture (HEIGHT, WIDTH) of what changes when it is taken off, from 0 to 1.

    Raises ValueError if the letter doesn't have the mark, or nothing is known because no such character is left.
    """
    if mark not in letter.marks:
        raise ValueError(f"{letter.text!r} has the marks {letter.marks}, not {mark!r}")
    left = without(letter, mark)
    if left is None:
        raise ValueError(f"there is no {letter.text!r} without its {mark!r}")
    whole, rest = draw([letter.text, left], font)
    return np.abs(whole - rest)


def _combining(mark):
    """The combining character of a mark, such as CEDILLA; "" if there is none of that name."""
    for name in (_OTHER_NAMES.get(mark, f"COMBINING {mark}"), f"COMBINING {mark} ACCENT"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return ""


def _patch(text, font, size, x, y):
    """The filled outline of a character in the picture whose lower left corner is (x, y), in pixels."""
    base = unicodedata.normalize("NFD", text)[0]
    box = _outline(base, font, size).get_extents()
    shift = (WIDTH - (box.x0 + box.x1)) / 2
    place = Affine2D().translate(x + shift, y + BASELINE)
    patch = PathPatch(
        place.transform_path(_outline(text, font, size)), facecolor="black", linewidth=0,
        transform=IdentityTransform(),
    )  # fmt: skip
    patch.set_clip_box(Bbox.from_bounds(x, y, WIDTH, HEIGHT))
    return patch


@cache
def _outline(text, font, size):
    return TextPath((0, 0), text, size=size, prop=FontProperties(fname=str(_file(font))))


@cache
def _charmap(font):
    return frozenset(FT2Font(str(_file(font))).get_charmap())


def _file(font):
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{font}.ttf"
