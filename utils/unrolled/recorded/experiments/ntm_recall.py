"""Lecture 16a: associative recall. Two to six items in training, asked about one of up to twenty."""

import numpy as np
import torch
from torch.nn import functional as F

from unrolled import tasks
from unrolled.nets.ntm import NTM
from unrolled.nets.training import drawn, train
from unrolled.recorded.experiments.ntm_copy import Alone

CONFIG = {
    "bits": 6,
    "length": 2,  # vectors an item
    "most": 6,  # items
    "slots": 128,
    "slots in training": 24,
    "width": 16,
    "hidden": 100,
    "hidden without memory": 128,
    "batch": 32,
    "steps": 1500,
    "lr": 0.005,
    "hold": 0.4,  # of the steps, then the rate falls to 0 in a straight line
    "betas": (0.9, 0.98),  # of Adam
    "eps": 1e-4,
    "measured": 100,  # sequences each
}
SEEDS = [1, 2, 3]
ASKED = (2, 4, 6, 8, 10, 15, 20)  # items
KINDS = ("lstm", "alone")


def run(seed):
    """For a machine with an LSTM for its controller, and an LSTM alone: the loss at every tenth step, and what is wrong."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 10).mean(axis=1).round(4)}
        found[kind] |= {"errors": {str(items): wrong(net, items) for items in ASKED}}
    return found


def learn(seed, kind="lstm", steps=CONFIG["steps"]):
    """A trained network, and its losses; a machine comes back with all slots of CONFIG."""
    rng, net = np.random.default_rng(seed), drawn(lambda: make(kind), seed)

    def loss(k):
        x, y, _ = batch(rng, int(rng.integers(2, CONFIG["most"] + 1)), CONFIG["batch"])
        answer = slice(-CONFIG["length"], None)
        o = net(torch.from_numpy(x))[0][answer]
        return F.binary_cross_entropy_with_logits(o, torch.from_numpy(y)[answer])

    net.N = CONFIG["slots in training"]
    options = {name: CONFIG[name] for name in ("lr", "hold", "betas", "eps")}
    curve = train(net, loss, steps, label=kind, **options)
    net.N = CONFIG["slots"]
    return net, curve


def make(kind):
    """A network of a kind, with the parameters that torch draws."""
    D, K = CONFIG["bits"] + 2, CONFIG["bits"]
    if kind == "alone":
        return Alone(D, K, CONFIG["hidden without memory"])
    sizes = {"width": CONFIG["width"], "hidden": CONFIG["hidden"]}
    return NTM(D, K, N=CONFIG["slots"], controller=kind, **sizes)


def batch(rng, items, B):
    """Sequences of the task."""
    sizes = {"length": CONFIG["length"], "bits": CONFIG["bits"]}
    return tasks.associative_recall(rng, items, B, **sizes)


@torch.no_grad()
def wrong(net, items):
    """Share of wrong bits in the answers about so many items."""
    x, y, counted = batch(np.random.default_rng([10_000, items]), items, CONFIG["measured"])
    said = net(torch.from_numpy(x))[0].numpy() > 0
    return float((said != (y > 0))[counted].mean())
