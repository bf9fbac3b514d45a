"""Lecture 16a: what makes the machine of `ntm_copy` reliable, each taken away alone: the gates that start low, the held flag."""

from unrolled.recorded.experiments import ntm_copy

CONFIG, SEEDS = ntm_copy.CONFIG, [1, 2, 3, 4, 5]
KINDS = ("flag for one step", "gates half open")


def run(seed):
    """For each kind, as `ntm_copy.member` says."""
    return {kind: ntm_copy.member(seed, kind) for kind in KINDS}
