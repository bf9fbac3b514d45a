"""Lecture 13: ten variants on one task, comparing bits 10 steps apart; see `unrolled.recorded.odyssey`."""

from unrolled.recorded import odyssey

CONFIG = odyssey.config("xor")
SEEDS = list(range(1, 11))


def run(seed):
    """For each variant its score, its rate and its width."""
    return odyssey.run("xor", seed)
