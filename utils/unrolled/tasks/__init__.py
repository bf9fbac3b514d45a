"""Seeded generators of small sequence tasks: no files, no network, NumPy alone.

Each takes a `numpy.random.Generator` first and returns time-major arrays (x, y).
"""

from unrolled.tasks.accumulating import delayed_xor, odd_words, parity, running_sum
from unrolled.tasks.remembering import first_token, lag_copy

__all__ = ["delayed_xor", "first_token", "lag_copy", "odd_words", "parity", "running_sum"]
