"""Lecture 16a: the copy task of `ntm_copy`, by a machine whose controller is an LSTM, in twice as many steps."""

from unrolled.recorded.experiments import ntm_copy

CONFIG, SEEDS = ntm_copy.CONFIG | {"steps": 1000}, ntm_copy.SEEDS


def run(seed):
    """As `ntm_copy.member` says."""
    return ntm_copy.member(seed, "lstm", CONFIG["steps"])
