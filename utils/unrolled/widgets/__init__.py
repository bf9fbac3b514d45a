"""Figures that move under a reader's hands, in Jupyter, on the static page, in Colab and on slides."""

from unrolled.widgets.film import Film, film
from unrolled.widgets.inspector import Spot, inspector
from unrolled.widgets.plane import plane
from unrolled.widgets.player import player

__all__ = ["Film", "Spot", "film", "inspector", "plane", "player"]
