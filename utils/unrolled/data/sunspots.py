"""Yearly mean sunspot numbers, 1700-2008, from the data sets of `statsmodels` (public domain)."""

import numpy as np

from unrolled.data.series import Series, rows


def yearly():
    """Series of the years (309,), integers, and the mean sunspot number of each (309,).

    Raises ModuleNotFoundError if `statsmodels` is not installed.
    """
    years, numbers = rows("sunspots")
    return Series(np.array(years, dtype=float).astype(int), np.array(numbers, dtype=float))
