"""Lecture 16b: the same with three letters, a^n b^n c^n, which no single stack can check."""

from unrolled.recorded.experiments import stack_counting

CONFIG = stack_counting.CONFIG | {
    "letters": 3,
    "steps": {"stack": 1200, "smooth": 1200, "lstm": 2000, "rnn": 2000},
    "lr": stack_counting.CONFIG["lr"] | {"stack": 0.02, "smooth": 0.02},
}
SEEDS = stack_counting.SEEDS


def run(seed):
    """As `stack_counting.run`."""
    return stack_counting.run(seed, CONFIG)
