"""Lecture 12: what peepholes change where the time of an answer counts.

Spikes come at random times, and each has to be answered exactly `delay` steps later and at no other step. The cell is
the LSTM with and without peepholes, with one, two and four units.
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, lstm, optim, readout

CONFIG = {
    "variants": ["plain", "peephole"],
    "hidden": [1, 2, 4],
    "delay": 10,
    "length": 40,
    "batch": 16,
    "steps": 3000,
    "lr": 0.01,
    "clip": 1.0,
    "test": 500,
}
SEEDS = list(range(1, 11))


def run(seed):
    """{variant: {"right": [...], "loss": [...]}}, one number for each of CONFIG["hidden"]."""
    found = {}
    for variant in CONFIG["variants"]:
        scores = [measure(seed, variant, H) for H in CONFIG["hidden"]]
        right, loss = zip(*scores)
        found[variant] = {"right": list(right), "loss": list(loss)}
    return found


def measure(seed, variant, H):
    """Share of the test sequences answered without any mistake, and the loss in nats a step, after training."""
    params = train(np.random.default_rng(seed), variant, H)
    x, y = sequences(np.random.default_rng(seed + 1000), CONFIG["test"])
    o = logits(params, x)
    return float((o.argmax(axis=-1) == y).all(axis=0).mean()), losses.cross_entropy(o, y)[0]


def sequences(rng, B):
    """A batch of spikes and the steps of their answers."""
    return tasks.echoed_spikes(rng, CONFIG["length"], B, CONFIG["delay"])


def logits(params, x):
    """What the network puts out at each step, (T, B, 2)."""
    h, _ = lstm.forward(params[0], x)
    return readout.forward(params[1], h)[0]


def train(rng, variant, H):
    """The parameters (cell, readout.Params) after training."""
    params = lstm.init(rng, 1, H, variant=variant), readout.init(rng, H, 2)
    optimiser = optim.adam(CONFIG["lr"])
    state, workspace = optimiser.init(params), lstm.Workspace()
    for _ in range(CONFIG["steps"]):
        x, y = sequences(rng, CONFIG["batch"])
        h, cache = lstm.forward(params[0], x, workspace=workspace)
        o, out_cache = readout.forward(params[1], h)
        _, do = losses.cross_entropy(o, y)
        d_out, dh = readout.backward(params[1], out_cache, do)
        grads = lstm.backward(params[0], cache, dh)[0], d_out
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        params, state = optimiser.update(params, grads, state)
    return params
