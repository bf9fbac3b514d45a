"""Draw the book's mark as icons for browsers and phones, and the picture that previews of links show.

Run it after a change of the drawings or of the title: `python utils/build/mark.py`. It writes into book/_static.
The mark is a loop on the line it unrolls into, with a state inside.
"""

import io
from pathlib import Path

import matplotlib as mpl
import yaml
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from PIL import Image

from unrolled.plots.networks import folded, unfolded
from unrolled.plots.palette import COLOUR
from unrolled.plots.style import STYLE

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "book" / "_static"
GROUND, INK = "#00466E", "#FFFFFF"

# The mark in a square of 64, y downwards: the loop, the line it stands on, the state.
SIDE, CORNER, STROKE = 64, 14, 5.5
LOOP, RADIUS, STATE = (32, 28), 15, 6
LINE = (10, 54, 43)  # from x, to x, at y

SIZE = (1200, 630)  # pixels of the preview
WORDS = {"family": "DejaVu Sans", "color": "#14202b"}


def icon_svg():
    """Return the mark as SVG."""
    x0, x1, y = LINE
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">
<rect width="{SIDE}" height="{SIDE}" rx="{CORNER}" fill="{GROUND}"/>
<g fill="none" stroke="{INK}" stroke-width="{STROKE}" stroke-linecap="round">
<circle cx="{LOOP[0]}" cy="{LOOP[1]}" r="{RADIUS}"/><path d="M{x0} {y}H{x1}"/>
</g>
<circle cx="{LOOP[0]}" cy="{LOOP[1]}" r="{STATE}" fill="{COLOUR["output"]}"/>
</svg>
"""


def icon(pixels):
    """Return the mark as a picture of this many pixels a side."""
    figure = Figure(figsize=(1, 1), dpi=pixels * 4)  # drawn larger: small icons stay smooth
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, SIDE), ylim=(SIDE, 0))
    ax.set_axis_off()
    points = 72 / SIDE  # of a unit of the square
    box = FancyBboxPatch(
        (CORNER, CORNER),
        SIDE - 2 * CORNER,
        SIDE - 2 * CORNER,
        f"round,pad={CORNER}",
        fc=GROUND,
        lw=0,
    )
    ax.add_patch(box)
    ax.add_patch(Circle(LOOP, RADIUS, fill=False, ec=INK, lw=STROKE * points))
    ax.plot(LINE[:2], LINE[2:] * 2, color=INK, lw=STROKE * points, solid_capstyle="round")
    ax.add_patch(Circle(LOOP, STATE, fc=COLOUR["output"], lw=0))
    return _picture(figure, transparent=True).resize((pixels, pixels), Image.Resampling.LANCZOS)


def preview():
    """Return the picture for previews: the title, and a network as a loop and unfolded."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    title, tagline = config["title"], config["sphinx"]["config"]["tagline"]
    with mpl.rc_context(STYLE | {"figure.constrained_layout.use": False}):
        figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
        figure.text(0.06, 0.83, title, size=54, weight="bold", va="center", **WORDS)
        figure.text(0.06, 0.70, tagline[0].upper() + tagline[1:], size=21, va="center", **WORDS)
        folded(figure.add_axes((0.05, 0.05, 0.22, 0.56)), loss=False)
        unfolded(figure.add_axes((0.32, 0.05, 0.64, 0.56)), 4, loss=False)
        band = figure.add_axes((0, 0.975, 1, 0.025), facecolor=GROUND, xticks=[], yticks=[])
        band.spines[:].set_visible(False)
        return _picture(figure).convert("RGB")


def _picture(figure, **options):
    file = io.BytesIO()
    figure.savefig(file, format="png", **options)
    return Image.open(file)


def main():
    """Write the icons and the preview."""
    (STATIC / "icon.svg").write_text(icon_svg(), encoding="utf-8")
    icon(180).save(STATIC / "icon.png", optimize=True)
    icon(32).save(STATIC / "icon.ico", sizes=[(32, 32)])
    preview().save(STATIC / "social.png", optimize=True)


if __name__ == "__main__":
    main()
