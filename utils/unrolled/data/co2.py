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


def monthly():
    """Series of the months (526,), datetime64[M], and the mean of the weeks of each; the 5 without one lie on a line.

    Raises ModuleNotFoundError if `statsmodels` is not installed.
    """
    time, value = weekly()
    measured = ~np.isnan(value)
    month = time.astype("datetime64[M]")
    every = np.arange(month[0], month[-1] + np.timedelta64(1, "M"))
    at = (month[measured] - month[0]).astype(int)
    count = np.bincount(at, minlength=len(every))
    mean = np.bincount(at, value[measured], minlength=len(every)) / np.maximum(count, 1)
    known = np.flatnonzero(count)
    return Series(every, np.interp(np.arange(len(every)), known, mean[known]))
