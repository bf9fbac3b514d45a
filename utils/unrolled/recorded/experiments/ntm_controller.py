"""Lecture 16a: the copy task of `ntm_copy`, by a machine whose controller is an LSTM."""

from unrolled.recorded.experiments import ntm_copy

CONFIG = ntm_copy.CONFIG
SEEDS = [1, 2, 3, 4, 5]


def run(seed):
    """As `ntm_copy.member` says."""
    return ntm_copy.member(seed, "lstm")
