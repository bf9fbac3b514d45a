"""Lecture 16a: the copy task of `ntm_copy`, by an LSTM without a memory, for about as many seconds as the machine."""

from unrolled.recorded.experiments import ntm_copy

CONFIG = ntm_copy.CONFIG | {"steps": 2000}
SEEDS = [1, 2, 3]


def run(seed):
    """As `ntm_copy.member` says."""
    return ntm_copy.member(seed, "alone", CONFIG["steps"])
