"""Lecture 15a: the experiment `attention_numbers`, from English to French, which counts in twenties from 70 on."""

from unrolled.recorded.experiments import attention_numbers as german

CONFIG = german.CONFIG | {"language": "fr"}
SEEDS = list(range(1, 6))
KINDS = ("attention", "no attention")


def run(seed):
    """What `measure` finds for each kind of network."""
    task = german.load(seed, CONFIG)
    return {kind: german.measure(german.train(seed, task, kind, CONFIG)[0], task) for kind in KINDS}
