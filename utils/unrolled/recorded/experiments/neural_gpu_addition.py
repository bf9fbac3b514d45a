"""Lecture 16b: binary addition by a Neural GPU that is trained on 1 to 8 bits, with and without dropout and cut gates."""

import numpy as np
import torch

from unrolled import tasks
from unrolled.nets.neural_gpu import NeuralGPU
from unrolled.nets.training import drawn, train

CONFIG = {
    "m": 24,  # numbers in a cell
    "most": 8,  # bits in training; each batch has one length, uniform in 1..most
    "batch": 32,
    "steps": 800,
    "lr": 0.01,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": 200,  # new sums of each length
    "lengths": [8, 16, 32, 64, 128],
}
SEEDS = list(range(1, 11))
KINDS = {  # dropout, gates that reach 0 and 1
    "plain": (0.0, True),
    "dropout": (0.1, True),
    "dropout, soft gates": (0.1, False),
}


def run(seed):
    """For each kind the loss at every tenth step, and the shares of wrong sums at each length."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 10).mean(axis=1).round(5)} | measure(net)
    return found


def learn(seed, kind):
    """A network of KINDS after training, in evaluation mode, and its losses."""
    dropout, hard = KINDS[kind]
    rng = np.random.default_rng(seed)
    net = drawn(lambda: NeuralGPU(4, 2, CONFIG["m"], dropout=dropout, hard=hard), seed)

    def loss(k):
        bits = int(rng.integers(1, CONFIG["most"] + 1))
        x, y = tasks.binary_sums(rng, bits, CONFIG["batch"])
        o, _ = net(x)
        return torch.nn.functional.cross_entropy(o.flatten(0, 1), torch.as_tensor(y).flatten())

    curve = train(net, loss, CONFIG["steps"], lr=CONFIG["lr"])
    return net.eval(), curve


@torch.no_grad()
def wrong(net, x, y):
    """The share of sums with a wrong bit."""
    o, _ = net(x)
    return float((o.argmax(dim=2).numpy() != y).any(axis=0).mean())


def measure(net):
    """Shares of wrong sums at each length: of random numbers, and where a carry runs through all places."""
    rng, B = np.random.default_rng(10_000), CONFIG["measured"]
    lengths = CONFIG["lengths"]
    return {
        "random": [wrong(net, *tasks.binary_sums(rng, n, B)) for n in lengths],
        "carries": [wrong(net, *tasks.binary_sums(rng, n, 20, carries=True)) for n in lengths],
    }
