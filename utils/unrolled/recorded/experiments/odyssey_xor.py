"""Lecture 13: ten variants of a gated layer on one task, comparing each bit with the one 10 steps before; see `unrolled.recorded.odyssey`."""

from unrolled.recorded import odyssey

CONFIG = odyssey.config("xor")
SEEDS = list(range(1, 11))


def run(seed):
    """For each variant its score, its rate and its width."""
    return odyssey.run("xor", seed)
