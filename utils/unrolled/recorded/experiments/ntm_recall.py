"""Lecture 16a: associative recall. Two to six items in training, asked about one of up to twenty.

The recipe is that of `ntm_copy`: gates that start low, and a flag, here the one that ends the question, that stays up
while the answer is given. The controller is feed-forward: it has nothing but the memory to remember by.
"""

import numpy as np
import torch
from torch.nn import functional as F

from unrolled import tasks
from unrolled.nets.ntm import NTM
from unrolled.nets.training import drawn, train
from unrolled.recorded.experiments.ntm_copy import Alone

CONFIG = {
    "bits": 6,
    "length": 3,  # vectors an item
    "most": 6,  # items
    "slots": 128,
    "width": 20,
    "hidden": 100,
    "hidden without memory": 128,
    "gate": -3.0,  # added to the biases of the heads' gates at the start
    "batch": 32,
    "steps": 1500,
    "lr": 0.003,
    "hold": 0.3,  # of the steps, then the rate falls to 0 in a straight line
    "measured": 200,  # sequences each
}
SEEDS = [1, 2, 3]
ASKED = (2, 4, 6, 8, 10, 12, 15, 20)  # items
KINDS = ("feedforward", "alone")


def run(seed):
    """For a machine with a feed-forward controller, and an LSTM alone: the loss at every tenth step, what is wrong."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 10).mean(axis=1).round(4)}
        found[kind] |= {"errors": {str(items): wrong(net, items) for items in ASKED}}
    return found


def learn(seed, kind="feedforward", steps=CONFIG["steps"]):
    """A trained network, and its losses."""
    rng, net = np.random.default_rng(seed), drawn(lambda: make(kind), seed)

    def loss(k):
        x, y, _ = batch(rng, int(rng.integers(2, CONFIG["most"] + 1)), CONFIG["batch"])
        answer = slice(-CONFIG["length"], None)
        o = net(torch.from_numpy(x))[0][answer]
        return F.binary_cross_entropy_with_logits(o, torch.from_numpy(y)[answer])

    return net, train(net, loss, steps, lr=CONFIG["lr"], hold=CONFIG["hold"], label=kind)


def make(kind):
    """A network of a kind, with the parameters that torch draws."""
    D, K = CONFIG["bits"] + 2, CONFIG["bits"]
    if kind == "alone":
        return Alone(D, K, CONFIG["hidden without memory"])
    sizes = {"N": CONFIG["slots"], "width": CONFIG["width"], "hidden": CONFIG["hidden"]}
    return NTM(D, K, controller=kind, gate=CONFIG["gate"], **sizes)


def batch(rng, items, B):
    """Sequences of the task."""
    sizes = {"length": CONFIG["length"], "bits": CONFIG["bits"]}
    return tasks.associative_recall(rng, items, B, held=True, **sizes)


@torch.no_grad()
def wrong(net, items):
    """Wrong bits an answer, of length x bits, about so many items; in sequences that no training step has drawn."""
    x, y, counted = batch(np.random.default_rng([10_000, items]), items, CONFIG["measured"])
    said = net(torch.from_numpy(x))[0].numpy() > 0
    return float((said != (y > 0))[counted].sum() / CONFIG["measured"])
