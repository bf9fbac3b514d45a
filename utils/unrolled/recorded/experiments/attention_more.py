"""Lecture 15a: the network of `attention_numbers` without attention, with a larger state, and with more steps.

Is it the one vector or the short training that fails on long lists? Each kind changes one of the two. All seeds have
the lists that the lecture draws, those of `attention_numbers.load(0)`.
"""

from unrolled.recorded.experiments import attention_numbers as german

MORE = {"128 units": {"hidden": 128}, "2,500 steps": {"steps": 2500}}
CONFIG = german.CONFIG | {"lists": 0, "more": MORE}
SEEDS = [1, 2]
KINDS = tuple(MORE)


def run(seed):
    """For each kind the parameters of its network, and the share of right lists: of all, and by length."""
    task, found = german.load(CONFIG["lists"]), {}
    for kind, change in MORE.items():
        model, _ = german.train(seed, task, "no attention", german.CONFIG | change)
        correct = german.right(model, task.test, task)
        found[kind] = {
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
            "exact": float(correct.mean()),
            "by length": german.by_length(correct, task.test),
        }
    return found
