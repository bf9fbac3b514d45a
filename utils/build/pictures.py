"""Pictures of the built site, made by Chromium.

pictures.py landing                  the first page, for the README: book/_static/landing.png
pictures.py screenshots [PAGE ...]   pages as reviewers look at them: _build/screenshots/PAGE-{1280,375}-{light,dark}.png
"""

import argparse
import io
import sys
from pathlib import Path

from PIL import Image, ImageChops

import chromium
import toc

ROOT = Path(__file__).resolve().parents[2]
HTML = ROOT / "_build" / "html"
LANDING = ROOT / "book" / "_static" / "landing.png"
SCREENSHOTS = ROOT / "_build" / "screenshots"
WIDTHS = (1280, 375)
SCHEMES = ("light", "dark")
PIECE = 16000  # pixels: the height above which Chromium repeats a picture instead of going on
TILES = (32, 20)  # into which the comparison of two pictures divides them


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["landing", "screenshots"])
    parser.add_argument("pages", nargs="*", help="for example lectures/06-bptt; all pages if none")
    options = parser.parse_args(arguments)
    if not (HTML / "index.html").is_file():
        sys.exit("error: there is no site to picture: run `make book` first")
    if options.what == "landing":
        LANDING.write_bytes(small_png(landing()))
        print(f"{LANDING}: {LANDING.stat().st_size / 1e3:.0f} kB")
    else:
        screenshots(options.pages)


def landing():
    """The top of the first page, 1280 x 800."""
    first = toc.documents()[0]
    with chromium.started() as browser:
        page = new_page(browser, 1280, "light")
        chromium.open_page(page, (HTML / f"{first}.html").as_uri())
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def new_page(browser, width, scheme):
    return browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )


def small_png(picture):
    """The picture as PNG with 256 colours, a third of the size."""
    file = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def difference(one, other):
    """How much two pictures differ, 0 to 255: the greatest difference of the mean colours of two tiles.

    Raises ValueError if their sizes differ.
    """
    if one.size != other.size:
        raise ValueError(f"one picture has {one.size} pixels, the other {other.size}")
    tiles = [picture.convert("RGB").resize(TILES, Image.Resampling.BOX) for picture in (one, other)]
    return max(high for _, high in ImageChops.difference(*tiles).getextrema())


def screenshots(pages):
    """Picture the pages from top to bottom, at both widths and in both modes."""
    known = [*toc.documents(), "search"]
    unknown = [page for page in pages if page not in known]
    if unknown:
        sys.exit(f"error: no page {', '.join(unknown)}; there are {', '.join(known)}")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with chromium.started() as browser:
        for name in pages or known:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    page = new_page(browser, width, scheme)
                    chromium.open_page(page, (HTML / f"{name}.html").as_uri())
                    file = SCREENSHOTS / f"{name.replace('/', '-')}-{width}-{scheme}.png"
                    whole(page).save(file)
                    page.close()
                    print(file)


def whole(page):
    """The page from top to bottom."""
    width = page.viewport_size["width"]
    height = page.evaluate("document.documentElement.scrollHeight")
    picture = Image.new("RGB", (width, height))
    for top in range(0, height, PIECE):
        clip = {"x": 0, "y": top, "width": width, "height": min(PIECE, height - top)}
        piece = page.screenshot(full_page=True, clip=clip)
        picture.paste(Image.open(io.BytesIO(piece)), (0, top))
    return picture


if __name__ == "__main__":
    main()
