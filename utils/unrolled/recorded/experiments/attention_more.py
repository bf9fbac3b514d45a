"""Lecture 15a: the network of `attention_numbers` without attention, with a larger state, and with more steps.

Is it the one vector or the short training that fails on long lists? Each kind changes one of the two.
"""

from unrolled.recorded.experiments import attention_numbers as german

MORE = {"128 units": {"hidden": 128}, "2,500 steps": {"steps": 2500}}
CONFIG = german.CONFIG | {"more": MORE}
SEEDS = list(range(1, 4))
KINDS = tuple(MORE)


def run(seed):
    """What `measure` finds for each kind, and the parameters of its network."""
    task, found = german.load(seed), {}
    for kind, change in MORE.items():
        model, _ = german.train(seed, task, "no attention", german.CONFIG | change)
        size = sum(parameter.numel() for parameter in model.parameters())
        found[kind] = german.measure(model, task) | {"parameters": size}
    return found
