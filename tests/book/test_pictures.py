"""The README's picture shows the first page as it is, and reviewers' pictures show pages whole."""

import re

import pytest
from PIL import Image, ImageDraw

import pictures
from rendered import site  # noqa: F401 (a fixture)

TOLERANCE = 24  # of 255: another machine's letters differ less, a moved or reworded paragraph more
LARGEST = 150_000  # bytes


@pytest.fixture(scope="module")
def stored():
    return Image.open(pictures.LANDING).convert("RGB")


def test_readme_shows_pictures_that_exist(root):
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (root / "README.md").read_text(encoding="utf-8"))
    assert "book/_static/landing.png" in shown
    assert [name for name in shown if not (root / name).is_file()] == []


def test_picture_of_the_first_page_is_small(stored):
    assert stored.size == (1280, 800)
    assert pictures.LANDING.stat().st_size <= LARGEST


def test_picture_shows_the_first_page_as_it_is(site, stored):  # noqa: F811
    differs = pictures.difference(pictures.landing(), stored)
    assert differs <= TOLERANCE, (
        f"book/_static/landing.png differs by {differs} from the first page: run `make pictures`"
    )


def moved(picture):
    """The lower half, 40 pixels further down."""
    changed = picture.copy()
    changed.paste(picture.crop((0, 400, 1280, 760)), (0, 440))
    return changed


def reworded(picture):
    """A paragraph away."""
    changed = picture.copy()
    ImageDraw.Draw(changed).rectangle((288, 350, 680, 460), fill="white")
    return changed


def dark(picture):
    return Image.eval(picture, lambda value: 255 - value)


@pytest.mark.parametrize("change", [moved, reworded, dark])
def test_a_changed_page_is_noticed(change, stored):
    assert pictures.difference(change(stored), stored) > TOLERANCE
    assert pictures.difference(stored, stored) == 0


def test_pictures_of_two_sizes_are_not_compared(stored):
    with pytest.raises(ValueError, match=r"\(1280, 800\) pixels, the other \(1280, 700\)"):
        pictures.difference(stored, stored.crop((0, 0, 1280, 700)))


# --- for reviewers ------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "SCREENSHOTS", tmp_path / "screenshots")
    return tmp_path / "screenshots"


def test_a_page_is_pictured_at_both_widths_in_both_modes(site, folder):  # noqa: F811
    pictures.screenshots(["book/credits"])
    shown = {file.stem: Image.open(file).convert("L") for file in folder.iterdir()}
    assert {name: picture.width for name, picture in shown.items()} == {
        f"book-credits-{width}-{scheme}": width
        for width in (1280, 375)
        for scheme in ("light", "dark")
    }
    for name, picture in shown.items():
        paper = picture.getpixel((picture.width - 2, picture.height // 2))
        assert (paper < 60) == name.endswith("dark"), f"{name} is on paper of brightness {paper}"
    assert shown["book-credits-375-light"].height > shown["book-credits-1280-light"].height > 800


def test_a_long_page_is_put_together_from_its_pieces(site, folder, monkeypatch):  # noqa: F811
    pictures.screenshots(["book/credits"])
    at_once = {file.name: Image.open(file).tobytes() for file in folder.iterdir()}
    monkeypatch.setattr(pictures, "PIECE", 300)
    pictures.screenshots(["book/credits"])
    assert {file.name: Image.open(file).tobytes() for file in folder.iterdir()} == at_once


def test_an_unknown_page_is_named(folder):
    with pytest.raises(SystemExit, match="no page lectures/99; there are book/intro, "):
        pictures.screenshots(["book/credits", "lectures/99"])
    assert not folder.exists()
