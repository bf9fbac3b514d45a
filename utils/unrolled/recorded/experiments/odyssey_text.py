"""Lecture 13: ten variants on one task, a small character model; see `unrolled.recorded.odyssey`."""

from unrolled.recorded import odyssey

CONFIG = odyssey.config("text")
SEEDS = list(range(1, 11))


def run(seed):
    """For each variant its score, its rate and its width."""
    return odyssey.run("text", seed)
