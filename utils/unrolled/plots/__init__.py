"""The book's pictures: one palette, drawings of networks, figures that take an `ax`.

`use_style()` once in a notebook sets sizes, fonts and vector output; everything else is a function
that draws on the axes it is given and returns them.
"""

from unrolled.plots import figures, networks, palette, parses, tape
from unrolled.plots.style import use_style

__all__ = ["figures", "networks", "palette", "parses", "tape", "use_style"]
