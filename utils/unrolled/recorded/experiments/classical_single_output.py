"""Lecture 05: what makes a network with a single output hard to train?

Find a pattern of three symbols (`tasks.detect`). One network gets a loss at every step, whether the pattern has come so
far, the other at the last step only. Both are tested on the verdict at the last step; what is recorded is the number of
training steps until it is right for 90 of 100 new sequences.
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, optim, readout, rnn

CONFIG = {
    "lengths": [6, 12, 24, 48],
    "where": ["every", "last"],
    "hidden": 16,
    "batch": 32,
    "steps": 3000,
    "look": 25,  # training steps between two tests
    "goal": 0.9,
    "lr": 5e-3,
    "clip": 1.0,
    "test": 500,
}
SEEDS = list(range(1, 11))


def run(seed):
    """Training steps to the goal, a list over the lengths for each place of the loss; CONFIG["steps"] if never."""
    return {
        where: [steps_to_goal(seed, T, where) for T in CONFIG["lengths"]]
        for where in CONFIG["where"]
    }


def steps_to_goal(seed, T, where):
    """Training steps until the goal is reached on new sequences, at most CONFIG["steps"]."""
    rng = np.random.default_rng(seed)
    params = draw(rng)
    x_test, y_test = tasks.detect(rng, T, CONFIG["test"])
    state = optim.adam().init(params)
    for step in range(1, CONFIG["steps"] + 1):
        x, y = tasks.detect(rng, T, CONFIG["batch"])
        _, grads, _ = gradient(params, x, y, where)
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        params, state = optim.adam(CONFIG["lr"]).update(params, grads, state)
        if step % CONFIG["look"] == 0 and accuracy(params, x_test, y_test) >= CONFIG["goal"]:
            return step
    return CONFIG["steps"]


def draw(rng):
    """Parameters (rnn.Params, readout.Params) for four symbols and two classes."""
    H = CONFIG["hidden"]
    return rnn.init(rng, 4, H), readout.init(rng, H, 2)


def gradient(params, x, y, where):
    """Mean loss over the steps that have one, gradients like params, and dx (T, B, 4)."""
    h, cache = rnn.forward(params[0], x)
    o, out_cache = readout.forward(params[1], h)
    first = 0 if where == "every" else len(x) - 1
    do = np.zeros_like(o)
    loss, do[first:] = losses.cross_entropy(o[first:], y[first:])
    d_out, dh = readout.backward(params[1], out_cache, do)
    d_cell, dx, _ = rnn.backward(params[0], cache, dh)
    return loss, (d_cell, d_out), dx


def accuracy(params, x, y):
    """Share of sequences whose verdict at the last step is right."""
    h, _ = rnn.forward(params[0], x)
    o, _ = readout.forward(params[1], h[-1])
    return float((o.argmax(axis=-1) == y[-1]).mean())
