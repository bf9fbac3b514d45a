"""Lecture 13: the learning rate with which each variant learns each task best, on seeds of its own.

One list of rates for all variants and tasks; see `unrolled.recorded.odyssey`.
"""

from unrolled.recorded import odyssey

CONFIG = {task: odyssey.config(task) for task in odyssey.TASKS}
SEEDS = [101, 102, 103]


def run(seed):
    """Scores, a list over the rates for each task and variant."""
    return {
        task: {
            variant: [odyssey.train(task, variant, seed, lr) for lr in odyssey.RATES]
            for variant in odyssey.VARIANTS
        }
        for task in odyssey.TASKS
    }
