"""Lecture 05: what can a network learn whose one feedback connection stands in another place?

Five networks of `scratch.feedback` (the two others are equal to two of them) learn four tasks with a target at every
step. What is recorded is the error that remains, as a share of the error of the best constant answer: 0 is solved, 1 is
as good as not looking.
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import feedback, losses, optim

CONFIG = {
    "places": ["none", "x to x", "h to h", "o to h", "o to o"],
    "tasks": ["previous", "three back", "parity", "tank"],
    "length": 20,
    "hidden": 16,
    "batch": 32,
    "steps": 1500,
    "lr": 1e-2,
    "clip": 1.0,
    "test": 500,
    "keeps": 0.8,  # of its level, the tank, from step to step
}
SEEDS = list(range(1, 11))
LAGS = {"previous": 1, "three back": 3}


def run(seed):
    """Remaining errors, a list over the places for each task."""
    return {
        task: [remaining_error(seed, task, place) for place in CONFIG["places"]]
        for task in CONFIG["tasks"]
    }


def remaining_error(seed, task, place):
    """The trained network's error on new sequences, over that of the best constant answer."""
    rng = np.random.default_rng(seed)
    params = train(rng, task, place)
    x, y = draw(rng, task, CONFIG["test"])
    o, _ = feedback.forward(params, x)
    if task == "tank":
        return float(((o - y) ** 2).mean() / y.var())
    baseline = min((y == 0).mean(), (y == 1).mean())
    return float((o.argmax(axis=-1) != y).mean() / baseline)


def draw(rng, task, B):
    """x (T, B, 1) and y: (T, B) integers 0 or 1, or for the tank (T, B, 1)."""
    T = CONFIG["length"]
    if task == "tank":
        return tank(rng, T, B)
    if task == "parity":
        x, y = tasks.parity(rng, T, B)
        return 2 * x - 1, y
    return tasks.lag_copy(rng, T, B, LAGS[task])


def tank(rng, T, B):
    """A tank that keeps a share of its level: y_t = keeps y_{t-1} + sin(2 x_t), x uniform in -2..2; both (T, B, 1)."""
    x = rng.uniform(-2, 2, size=(T, B, 1))
    inflow, y = np.sin(2 * x), np.zeros((T + 1, B, 1))
    for t in range(T):
        y[t + 1] = CONFIG["keeps"] * y[t] + inflow[t]
    return x, y[1:]


def train(rng, task, place):
    """The parameters after CONFIG["steps"] steps; the learning rate is constant, then falls to 0."""
    K = 1 if task == "tank" else 2
    params = feedback.init(rng, 1, CONFIG["hidden"], K, place)
    loss = losses.squared_error if task == "tank" else losses.cross_entropy
    state = optim.adam().init(params)
    for step in range(CONFIG["steps"]):
        x, y = draw(rng, task, CONFIG["batch"])
        o, cache = feedback.forward(params, x)
        grads, _, _ = feedback.backward(params, cache, loss(o, y)[1])
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        rate = CONFIG["lr"] * min(1, 2 * (1 - step / CONFIG["steps"]))
        params, state = optim.adam(rate).update(params, grads, state)
    return params
