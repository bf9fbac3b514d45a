"""Lecture 13: ten variants on one task, naming the first of 20 symbols; see `unrolled.recorded.odyssey`."""

from unrolled.recorded import odyssey

CONFIG = odyssey.config("recall")
SEEDS = list(range(1, 11))


def run(seed):
    """For each variant its score, its rate and its width."""
    return odyssey.run("recall", seed)
