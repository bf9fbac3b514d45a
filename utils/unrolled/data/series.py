"""A series of measurements, and reading one from the data sets of `statsmodels` without importing it."""

import csv
from typing import NamedTuple

import numpy as np

from unrolled.data.carrier import folder

INSTALL = "python -m pip install statsmodels"


class Series(NamedTuple):
    """Measurements in the order of time."""

    time: np.ndarray  # (n,)
    value: np.ndarray  # (n,), NaN where there is none


def rows(name):
    """The two columns of a data set of statsmodels, as lists of strings, without the heading.

    Raises ModuleNotFoundError if `statsmodels` is not installed.
    """
    path = folder("statsmodels", INSTALL) / "datasets" / name / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(zip(*list(csv.reader(file))[1:], strict=True))
