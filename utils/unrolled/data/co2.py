"""Weekly atmospheric CO2 at Mauna Loa, 1958-2001, from the data sets of `statsmodels` (public domain)."""

from datetime import date

import numpy as np

from unrolled.data.series import Series, rows


def weekly():
    """Series of the weeks (2284,), datetime64[D], and the concentration in parts per million, NaN in the 59 gaps.

    Raises ModuleNotFoundError if `statsmodels` is not installed.
    """
    days, values = rows("co2")
    time = np.array([date.fromisoformat(day) for day in days], dtype="datetime64[D]")
    return Series(time, np.array([float(value) if value else np.nan for value in values]))
