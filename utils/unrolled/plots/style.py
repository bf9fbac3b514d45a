"""Sizes, fonts and vector output, the same in every notebook."""

import matplotlib as mpl

from unrolled.plots.palette import COLOUR

# Two runs write the same bytes: no date, no version of the writer, ids from a fixed salt.
SVG_METADATA = {"Date": None, "Creator": None}

STYLE = {
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelsize": 12,
    "axes.prop_cycle": mpl.cycler(
        color=[
            COLOUR[role]
            for role in ("input", "gradient", "state", "output", "loss", "memory", "target")
        ],
        linestyle=[
            "-",
            (0, (5, 2)),
            (0, (5, 1.5, 1, 1.5)),
            (0, (1, 1.5)),
            "-",
            (0, (5, 2)),
            (0, (1, 1.5)),
        ],
    ),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12.5,
    "figure.constrained_layout.use": True,
    "figure.dpi": 96,
    "figure.facecolor": "white",
    "figure.figsize": (6.6, 3.6),
    "font.family": "DejaVu Sans",  # ships inside matplotlib, so every machine draws the same letters
    "font.size": 12,
    "grid.color": "#DDDDDD",
    "image.cmap": "cividis",
    "legend.frameon": False,
    "legend.fontsize": 11,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "unrolled",
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
}


def use_style():
    """Set matplotlib's defaults to the book's; inside IPython also make inline figures SVG."""
    mpl.rcParams.update(STYLE)
    if _in_ipython():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg", metadata=SVG_METADATA)


def _in_ipython():
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return get_ipython() is not None
