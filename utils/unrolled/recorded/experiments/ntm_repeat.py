"""Lecture 16a: repeat copy. Few repeats of short sequences in training, asked for longer ones and for more repeats.

The recipe is that of `ntm_copy`: gates that start low, and a flag that stays up while the answer is given. The number
of repeats is said at one step only. The controller is feed-forward: it has nothing but the memory to remember by.

Recorded: no wrong bit and no wrong end at twice the length of training; with twice the repeats, a number beyond any
that it met in training, it fails, two times of three from the first copy on.
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
    "longest": 8,
    "most": 5,  # repeats
    "slots": 128,
    "width": 20,
    "hidden": 100,
    "hidden without memory": 128,
    "gate": -3.0,  # added to the biases of the heads' gates at the start
    "batch": 32,
    "steps": 2500,
    "lr": 0.003,
    "hold": 0.3,  # of the steps, then the rate falls to 0 in a straight line
    "measured": 100,  # sequences each
}
SEEDS = [1, 2, 3]
ASKED = {"as trained": (8, 5), "longer": (16, 5), "more repeats": (8, 10)}  # length, repeats
KINDS = ("feedforward", "alone")


def run(seed):
    """For a machine with a feed-forward controller, and an LSTM alone: the loss at every tenth step, what is wrong."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 10).mean(axis=1).round(4)}
        found[kind] |= {name: wrong(net, *sizes) for name, sizes in ASKED.items()}
    return found


def learn(seed, kind="feedforward", steps=CONFIG["steps"]):
    """A trained network, and its losses."""
    rng, net = np.random.default_rng(seed), drawn(lambda: make(kind), seed)

    def loss(k):
        length = int(rng.integers(1, CONFIG["longest"] + 1))
        repeats = int(rng.integers(1, CONFIG["most"] + 1))
        x, y, _ = map(torch.from_numpy, batch(rng, length, repeats, CONFIG["batch"]))
        o = net(x)[0][length + 1 :]
        return F.binary_cross_entropy_with_logits(o, y[length + 1 :])

    return net, train(net, loss, steps, lr=CONFIG["lr"], hold=CONFIG["hold"], label=kind)


def make(kind):
    """A network of a kind, with the parameters that torch draws."""
    D, K = CONFIG["bits"] + 2, CONFIG["bits"] + 1
    if kind == "alone":
        return Alone(D, K, CONFIG["hidden without memory"])
    sizes = {"N": CONFIG["slots"], "width": CONFIG["width"], "hidden": CONFIG["hidden"]}
    return NTM(D, K, controller=kind, gate=CONFIG["gate"], **sizes)


def batch(rng, length, repeats, B):
    """Sequences of the task, with the number of repeats in the units of training."""
    sizes = {"bits": CONFIG["bits"], "longest": CONFIG["most"]}
    return tasks.repeat_copy(rng, length, repeats, B, held=True, **sizes)


@torch.no_grad()
def wrong(net, length, repeats):
    """Shares of what is wrong in answers to sequences that no training step has drawn.

    "bits": of the bits of all copies; "copies" (repeats,): of the bits of each copy; "ends": of the sequences, those
    that end in another place, or not, or more than once; "ended": how many copies long an answer is up to its first
    end sign, the mean, with `repeats` and one step for none at all.
    """
    rng = np.random.default_rng([10_000, length, repeats])
    x, y, _ = batch(rng, length, repeats, CONFIG["measured"])
    said = net(torch.from_numpy(x))[0].numpy()[length + 1 :] > 0
    missed = said != (y[length + 1 :] > 0)
    copies = missed[:-1, :, :-1].reshape(repeats, -1).mean(axis=1)
    ends = said[..., -1]
    first = np.where(ends.any(axis=0), ends.argmax(axis=0), len(ends))
    return {
        "bits": float(copies.mean()),
        "copies": copies.round(4),
        "ends": float(missed[..., -1].any(axis=0).mean()),
        "ended": float((first / length).mean().round(2)),
    }
