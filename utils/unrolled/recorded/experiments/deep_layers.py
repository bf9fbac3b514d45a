"""Lecture 09: what layers cost and what they bring, on two small tasks.

"steps": training steps until the share of right bits, averaged over 20 steps, exceeds the target, for stacks of
several depths with and without skip connections, on `tasks.delayed_xor` (None if it never does). "equal": the same
on `tasks.odd_words` for one layer and for two with as many parameters.
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, optim, readout, rnn, stacked
from unrolled.scratch.nested import leaves

CONFIG = {
    "target": 0.95,
    "batch": 32,
    "clip": 1.0,
    "depths": [1, 2, 4, 8],
    "steps": {"T": 20, "lag": 3, "hidden": 16, "limit": 1000, "lr": 0.1},  # momentum 0.9
    "equal": {"T": 12, "hidden": {"1": 32, "2": 18}, "limit": 3000, "lr": 0.005},  # Adam
}
SEEDS = list(range(1, 11))
MEAN_OF = 20  # training steps


def run(seed):
    """Steps to the target: {"plain": (depths,), "skip": (depths,), "equal": {"1": n, "2": n}}."""
    return {
        "plain": [depth(seed, layers, False) for layers in CONFIG["depths"]],
        "skip": [depth(seed, layers, True) for layers in CONFIG["depths"]],
        "equal": {layers: equal(seed, int(layers)) for layers in CONFIG["equal"]["hidden"]},
    }


def depth(seed, layers, skip):
    """Steps to the target on delayed_xor."""
    config = CONFIG["steps"]
    rng = np.random.default_rng(seed)
    model = draw(rng, 1, config["hidden"], layers, skip)
    task = lambda: tasks.delayed_xor(rng, config["T"], CONFIG["batch"], config["lag"], np.float32)
    return steps_to_target(model, task, optim.momentum(config["lr"]), config["limit"])


def equal(seed, layers):
    """Steps to the target on odd_words."""
    config = CONFIG["equal"]
    rng = np.random.default_rng(seed)
    model = draw(rng, 3, config["hidden"][str(layers)], layers, skip=False)
    task = lambda: tasks.odd_words(rng, config["T"], CONFIG["batch"], np.float32)
    return steps_to_target(model, task, optim.adam(config["lr"]), config["limit"])


def draw(rng, D, H, layers, skip):
    """A stack and a readout of two classes in float32."""
    cell = stacked.init(rng, D, H, dtype=np.float32, layers=layers, skip=skip)
    return cell, readout.init(rng, H * (layers if skip else 1), 2, dtype=np.float32)


def numbers(model):
    """How many numbers the recurrent layers have."""
    return sum(leaf.size for leaf in leaves(model[0]))


def steps_to_target(model, task, optimiser, limit):
    """The number of training steps after which the target is exceeded, or None after `limit` steps."""
    state, right, workspace = optimiser.init(model), [], rnn.Workspace()
    for k in range(limit):
        share, grads = gradients(model, *task(), workspace)
        right.append(share)
        if k >= MEAN_OF and np.mean(right[-MEAN_OF:]) > CONFIG["target"]:
            return k + 1
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        model, state = optimiser.update(model, grads, state)
    return None


def gradients(model, x, y, workspace):
    """Share of right bits, and gradients of the mean cross entropy."""
    cell, out = model
    h, cache = stacked.forward(cell, x, workspace=workspace)
    o, out_cache = readout.forward(out, h)
    _, do = losses.cross_entropy(o, y)
    d_out, dh = readout.backward(out, out_cache, do)
    d_cell, _, _ = stacked.backward(cell, cache, dh)
    return float((o.argmax(axis=-1) == y).mean()), (d_cell, d_out)
