"""One matplotlib figure as a piece of HTML: inline SVG with a text alternative and ids of its own."""

import html
import io
import re

import matplotlib as mpl
import matplotlib.pyplot as plt

from unrolled.plots.style import STYLE, SVG_METADATA

_ID = re.compile(r'(\bid="|href="#|url\(#)')
_HEAD = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
_IDLE = re.compile(
    r"<metadata>.*?</metadata>|<!--.*?-->|(?<=\n)[ ]+", re.DOTALL
)  # says nothing to a reader
_BLANK_LINES = re.compile(r"\n{2,}")


def frame(figure, alt, prefix):
    """HTML of `figure`, which is closed: a div with role img and `alt` as its name. `prefix` keeps ids apart."""
    if not alt:
        raise ValueError(
            "a frame needs a text alternative that states what it shows, got an empty one"
        )
    svg = _svg(figure)
    svg = _ID.sub(rf"\g<1>{prefix}-", svg)
    return f'<div role="img" aria-label="{html.escape(alt)}">{svg}</div>'


def pending(alt):
    """HTML that stands where a frame is yet to be drawn."""
    return f'<div role="img" aria-label="{html.escape(alt)}">Drawing …</div>'


def _svg(figure):
    buffer = io.StringIO()
    with mpl.rc_context({key: STYLE[key] for key in ("svg.hashsalt", "svg.fonttype")}):
        figure.savefig(buffer, format="svg", metadata=SVG_METADATA)
    plt.close(figure)
    svg = _BLANK_LINES.sub("\n", _IDLE.sub("", _HEAD.sub("", buffer.getvalue(), count=1)))
    return _fluid(svg)


def _fluid(svg):
    """Let the picture shrink with its column: the width becomes a maximum."""
    opening = re.search(r"<svg\b[^>]*>", svg).group()
    width = re.search(r'\bwidth="([\d.]+)pt"', opening).group(1)
    bare = re.sub(r'\s(?:width|height)="[\d.]+pt"', "", opening)
    style = f'style="width:100%;max-width:{float(width) / 0.75:.0f}px;height:auto;background:white" aria-hidden="true">'
    return svg.replace(opening, bare[:-1] + " " + style, 1)
