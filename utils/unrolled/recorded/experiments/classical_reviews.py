"""Lecture 05: does a network that reads word by word beat every classifier of a bag of words?

The reviews are generated (`tasks.reviews`). The network is trained on one verdict a review, at its last word; beside it
a linear classifier of the counts of words is trained on as many reviews. What no classifier of counts can exceed is
computed exactly in the lecture.
"""

from typing import NamedTuple

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, optim, readout, rnn
from unrolled.tasks.reviewing import VOCABULARY

CONFIG = {
    "clauses": {"mixed": [1, 1, 3], "long": [3]},  # one is drawn for each review in training
    "tested": [1, 3, 5],
    "hidden": 32,
    "batch": 64,
    "steps": 2400,
    "lr": 3e-3,
    "clip": 1.0,
    "test": 2000,
}
SEEDS = list(range(1, 11))


class Model(NamedTuple):
    cell: rnn.Params
    out: readout.Params


def run(seed):
    """Accuracies on new reviews, a list over CONFIG["tested"] clauses.

    "network" and "bag" are trained on the mixture of clauses, "long": a network, on reviews of three clauses alone.
    """
    rng = np.random.default_rng(seed)
    model, bag = train(rng)
    long, _ = train(rng, "long")
    found = {"network": [], "bag": [], "long": []}
    for clauses in CONFIG["tested"]:
        batch = tasks.reviews(rng, CONFIG["test"], (clauses,))
        found["network"].append(accuracy(verdicts(model, batch)[0], batch.favourable))
        found["long"].append(accuracy(verdicts(long, batch)[0], batch.favourable))
        found["bag"].append(accuracy(readout.forward(bag, counts(batch))[0], batch.favourable))
    return found


def accuracy(o, y):
    """Share of right classes of the logits o (B, 2)."""
    return float((o.argmax(axis=-1) == y).mean())


def one_hot(words):
    """x (T, B, D) in float32 of the words (T, B)."""
    return np.eye(len(VOCABULARY), dtype=np.float32)[words]


def counts(batch):
    """How often each word occurs in each review, (B, D)."""
    real = np.arange(len(batch.words))[:, None] < batch.lengths
    return (one_hot(batch.words) * real[..., None]).sum(axis=0)


def verdicts(model, batch, workspace=None):
    """Logits (B, 2) at the last word of each review, and the two caches."""
    _, cache = rnn.forward(model.cell, one_hot(batch.words), None, batch.lengths, workspace)
    o, out_cache = readout.forward(model.out, cache.state.h)
    return o, (cache, out_cache)


def train(rng, diet="mixed"):
    """The network and the linear bag, a readout of the counts, after CONFIG["steps"] steps on the same reviews."""
    D, H = len(VOCABULARY), CONFIG["hidden"]
    model = Model(rnn.init(rng, D, H, np.float32), readout.init(rng, H, 2, np.float32))
    bag, workspace = readout.init(rng, D, 2, np.float32), rnn.Workspace()
    states = optim.adam().init(model), optim.adam().init(bag)
    for step in range(CONFIG["steps"]):
        optimiser = optim.adam(learning_rate(step))
        batch = tasks.reviews(rng, CONFIG["batch"], CONFIG["clauses"][diet])
        grads, _ = optim.clip_by_norm(gradient(model, batch, workspace)[1], CONFIG["clip"])
        model, state = optimiser.update(model, grads, states[0])
        o, cache = readout.forward(bag, counts(batch))
        d_bag, _ = readout.backward(bag, cache, losses.cross_entropy(o, batch.favourable)[1])
        bag, bag_state = optimiser.update(bag, d_bag, states[1])
        states = state, bag_state
    return model, bag


def learning_rate(step):
    """Constant for half of the steps, then falling to 0."""
    return CONFIG["lr"] * min(1, 2 * (1 - step / CONFIG["steps"]))


def gradient(model, batch, workspace=None):
    """Mean loss of the verdicts and its gradient; one output a sequence, so it enters through the final state."""
    o, (cache, out_cache) = verdicts(model, batch, workspace)
    loss, do = losses.cross_entropy(o, batch.favourable)
    out, dh_last = readout.backward(model.out, out_cache, do)
    cell, _, _ = rnn.backward(model.cell, cache, dstate=rnn.State(dh_last))
    return loss, Model(cell, out)
