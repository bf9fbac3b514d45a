"""Lecture 04: does a transition trained on sequences of up to 10 steps work at 50 and 200?

A tanh layer with a linear readout learns two tasks from targets at every step: parity, whose answer is one bit, and
the running sum, whose answer has no bound. One f serves every length; whether it is right there is measured.
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, optim, readout, rnn

CONFIG = {
    "tasks": ["parity", "sum"],
    "lengths": [10, 50, 200],
    "trained": 10,
    "hidden": 16,
    "batch": 64,
    "steps": 3000,
    "lr": 5e-3,
    "clip": 1.0,
    "test": 500,
}
SEEDS = list(range(1, 11))


def run(seed):
    """Errors of the last step, a list over the lengths for each task; see `error`."""
    results = {}
    for task in CONFIG["tasks"]:
        rng = np.random.default_rng(seed)
        params = train(rng, task)
        results[task] = [error(rng, params, task, T) for T in CONFIG["lengths"]]
    return results


def batch(rng, task, T, B):
    """x (T, B, 1) and y: parity (T, B) integers from coins -1 or 1, or the running sum (T, B, 1)."""
    if task == "parity":
        x, y = tasks.parity(rng, T, B)
        return 2 * x - 1, y
    return tasks.running_sum(rng, T, B)


def train(rng, task):
    """The parameters (rnn.Params, readout.Params) after training on sequences of CONFIG["trained"] steps.

    A target stands at every step, so that every length up to that one is trained.
    """
    K = 2 if task == "parity" else 1
    params = rnn.init(rng, 1, CONFIG["hidden"]), readout.init(rng, CONFIG["hidden"], K)
    state = optim.adam().init(params)
    for step in range(CONFIG["steps"]):
        optimiser = optim.adam(CONFIG["lr"] * (1 - step / CONFIG["steps"]))
        grads = gradient(params, task, *batch(rng, task, CONFIG["trained"], CONFIG["batch"]))
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        params, state = optimiser.update(params, grads, state)
    return params


def gradient(params, task, x, y):
    """Gradients of the mean loss over all steps, like params."""
    h, cache = rnn.forward(params[0], x)
    o, cache_o = readout.forward(params[1], h)
    loss = losses.cross_entropy if task == "parity" else losses.squared_error
    _, do = loss(o, y)
    d_readout, dh = readout.backward(params[1], cache_o, do)
    d_rnn, _, _ = rnn.backward(params[0], cache, dh=dh)
    return d_rnn, d_readout


def error(rng, params, task, T):
    """At the last of T steps: share of wrong parities, or the RMS error of the sum over the RMS of the sum."""
    x, y = batch(rng, task, T, CONFIG["test"])
    h, _ = rnn.forward(params[0], x)
    o, _ = readout.forward(params[1], h[-1])
    if task == "parity":
        return float(np.mean(o.argmax(axis=-1) != y[-1]))
    return float(np.sqrt(np.mean((o - y[-1]) ** 2) / np.mean(y[-1] ** 2)))
