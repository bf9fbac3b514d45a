"""Lecture 16a: repeat copy. Few repeats of short sequences in training, asked for longer ones and for more repeats."""

import numpy as np
import torch
from torch.nn import functional as F

from unrolled import tasks
from unrolled.nets.ntm import NTM
from unrolled.nets.training import drawn, train
from unrolled.recorded.experiments.ntm_copy import Alone

CONFIG = {
    "bits": 6,
    "longest": 5,
    "most": 5,  # repeats
    "slots": 128,
    "slots in training": 12,
    "width": 16,
    "hidden": 100,
    "hidden without memory": 128,
    "batch": 32,
    "steps": 1000,
    "lr": 0.005,
    "hold": 0.4,  # of the steps, then the rate falls to 0 in a straight line
    "betas": (0.9, 0.98),  # of Adam
    "eps": 1e-4,
    "measured": 50,  # sequences each
}
SEEDS = [1, 2, 3]
ASKED = {"as trained": (5, 5), "longer": (10, 5), "more repeats": (5, 10)}  # length, repeats
KINDS = ("lstm", "alone")


def run(seed):
    """For a machine with an LSTM for its controller, and an LSTM alone: the loss at every tenth step, and what is wrong."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 10).mean(axis=1).round(4)}
        found[kind] |= {name: wrong(net, *sizes) for name, sizes in ASKED.items()}
    return found


def learn(seed, kind="lstm", steps=CONFIG["steps"]):
    """A trained network, and its losses; a machine comes back with all slots of CONFIG."""
    rng, net = np.random.default_rng(seed), drawn(lambda: make(kind), seed)

    def loss(k):
        length = int(rng.integers(1, CONFIG["longest"] + 1))
        repeats = int(rng.integers(1, CONFIG["most"] + 1))
        x, y, _ = map(torch.from_numpy, batch(rng, length, repeats, CONFIG["batch"]))
        o = net(x)[0][length + 1 :]
        return F.binary_cross_entropy_with_logits(o, y[length + 1 :])

    net.N = CONFIG["slots in training"]
    options = {name: CONFIG[name] for name in ("lr", "hold", "betas", "eps")}
    curve = train(net, loss, steps, label=kind, **options)
    net.N = CONFIG["slots"]
    return net, curve


def make(kind):
    """A network of a kind, with the parameters that torch draws."""
    D, K = CONFIG["bits"] + 2, CONFIG["bits"] + 1
    if kind == "alone":
        return Alone(D, K, CONFIG["hidden without memory"])
    sizes = {"width": CONFIG["width"], "hidden": CONFIG["hidden"]}
    return NTM(D, K, N=CONFIG["slots"], controller=kind, **sizes)


def batch(rng, length, repeats, B):
    """Sequences of the task, with the number of repeats in the units of training."""
    sizes = {"bits": CONFIG["bits"], "longest": CONFIG["most"]}
    return tasks.repeat_copy(rng, length, repeats, B, **sizes)


@torch.no_grad()
def wrong(net, length, repeats):
    """Share of wrong bits in the copies, and of sequences that end in another place, or not, or more than once."""
    rng = np.random.default_rng([10_000, length, repeats])
    x, y, counted = batch(rng, length, repeats, CONFIG["measured"])
    missed = ((net(torch.from_numpy(x))[0].numpy() > 0) != (y > 0))[length + 1 :]
    return {
        "bits": float(missed[:-1, :, :-1].mean()),
        "ends": float(missed[..., -1].any(axis=0).mean()),
    }
