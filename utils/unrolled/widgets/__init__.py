"""Figures under a slider that move in Jupyter, on the static page without a kernel, and in Colab."""

from unrolled.widgets.film import Film, film

__all__ = ["Film", "film"]
