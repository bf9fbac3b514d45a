"""Lecture 13: the learning rate with which each layer of `variants_shakespeare` learns best, on seeds of its own."""

from unrolled.recorded.experiments import variants_shakespeare

CONFIG = variants_shakespeare.CONFIG
SEEDS = [101, 102]


def run(seed):
    """Held-out bits per character at the end, a list over the rates for each kind."""
    return {
        kind: [variants_shakespeare.curve(kind, seed, lr)["bits"][-1] for lr in CONFIG["rates"]]
        for kind in CONFIG["kinds"]
    }
