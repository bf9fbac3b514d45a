"""Lecture 16b: an LSTM without slots reads the stories of `memory_hops` word by word, in as many steps of training."""

import numpy as np
import torch

from unrolled.nets.memory_network import Reader
from unrolled.nets.training import drawn, train
from unrolled.recorded.experiments import memory_hops
from unrolled.tasks import whereabouts
from unrolled.tasks.stories import VOCABULARY

CONFIG = {
    "width": 64,
    "sentences": memory_hops.CONFIG["sentences"],
    "batch": memory_hops.CONFIG["batch"],
    "steps": memory_hops.CONFIG["steps"],
    "lr": 0.005,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": memory_hops.CONFIG["measured"],  # new stories
}
SEEDS = [1, 2, 3]


def run(seed):
    """For a question about a person and about a thing the losses and the share of right answers."""
    found = {}
    for about in ("person", "thing"):
        net, curve = learn(seed, about)
        found[about] = {
            "curve": curve.reshape(-1, 50).mean(axis=1).round(4),
            "right": right(net, about),
        }
    return found


def learn(seed, about):
    """The reader after training, and its losses (steps,)."""
    rng = np.random.default_rng(seed)
    net = drawn(lambda: Reader(len(VOCABULARY), CONFIG["width"]), seed)
    loss = lambda k: net.loss(whereabouts(rng, CONFIG["batch"], about, CONFIG["sentences"]))
    return net, train(net, loss, CONFIG["steps"], lr=CONFIG["lr"], label=about)


def right(net, about):
    """The share of right answers to questions that no training step has drawn."""
    rng = np.random.default_rng(10_000)
    stories = whereabouts(rng, CONFIG["measured"], about, CONFIG["sentences"])
    with torch.no_grad():
        logits, _ = net(stories.sentences, stories.question)
    return float((logits.argmax(dim=1).numpy() == stories.answer).mean())
