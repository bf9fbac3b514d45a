"""Lecture 16b: dynamic memory networks that go through the facts once or twice, where one fact leads to the next.

"The key is in the box", "the box is in the hall", told in any order among others like them: which room is the key in?
"answers": it learns from the answers alone; "shown": the gates are told which fact to find, as Kumar et al. (2016) did.
"""

import numpy as np
import torch

from unrolled.nets.memory_network import DMN
from unrolled.nets.training import drawn, train
from unrolled.tasks import nested
from unrolled.tasks.stories import VOCABULARY

CONFIG = {
    "width": 48,
    "links": 2,
    "chains": 3,
    "batch": 32,
    "lr": 0.003,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": 1000,  # new stories
}
SEEDS = [1, 2, 3, 4, 5]
KINDS = {  # passes, weight of the gates' term in the loss, steps
    "1 pass, answers": (1, 0.0, 1500),
    "2 passes, answers": (2, 0.0, 1500),
    "1 pass, shown": (1, 1.0, 500),
    "2 passes, shown": (2, 1.0, 500),
}


def run(seed):
    """For each kind the losses, the share of right answers, and the gates of the facts it takes."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 50).mean(axis=1).round(4)} | measure(net)
    return found


def learn(seed, kind):
    """A network of KINDS after training, and its losses (steps,)."""
    rng, (passes, shown, steps) = np.random.default_rng(seed), KINDS[kind]
    make = lambda: DMN(len(VOCABULARY), CONFIG["width"], passes, gates="softmax")
    net = drawn(make, seed)
    loss = lambda k: net.loss(draw(rng, CONFIG["batch"]), shown=shown)
    return net, train(net, loss, steps, lr=CONFIG["lr"], label=kind)


def draw(rng, B):
    return nested(rng, B, CONFIG["links"], CONFIG["chains"])


def measure(net):
    """The share of right answers, and of those where the facts are told in the order of need or the other way round.

    "on facts": the mean gate (passes, facts) of the facts that it takes; "on others": of all other facts (passes,).
    """
    stories = draw(np.random.default_rng(10_000), CONFIG["measured"])
    with torch.no_grad():
        logits, gates = (each.numpy() for each in net(stories.sentences, stories.question))
    right = logits.argmax(axis=1) == stories.answer
    forward = stories.supports[:, 0] < stories.supports[:, 1]
    at = np.repeat(stories.supports[:, None], gates.shape[1], axis=1)
    on_facts = np.take_along_axis(gates, at, axis=2)
    others = (gates.sum(axis=2) - on_facts.sum(axis=2)) / (gates.shape[2] - at.shape[2])
    return {
        "right": float(right.mean()),
        "in order": float(right[forward].mean()),
        "the other way": float(right[~forward].mean()),
        "on facts": on_facts.mean(axis=0).round(4),
        "on others": others.mean(axis=0).round(4),
    }
