"""Lecture 16b: memory networks that look once, twice or three times, where a question needs one fact or two.

All of them learn from questions and answers alone. "not chained": two looks, both with the question alone; "softmax": two
looks, with softmax from the first step.
"""

import numpy as np
import torch

from unrolled.nets.memory_network import MemN2N
from unrolled.nets.training import drawn, train
from unrolled.tasks import whereabouts
from unrolled.tasks.stories import PLACE, PLACES, VOCABULARY

CONFIG = {
    "width": 32,
    "sentences": 10,
    "batch": 32,
    "steps": 1400,
    "linear": 500,  # of the steps, the first ones: looks without softmax
    "lr": 0.01,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": 1000,  # new stories
}
SEEDS = list(range(1, 11))
KINDS = {  # what is asked, and how the network differs from two looks with a linear start
    "person, 1 look": ("person", {"hops": 1}),
    "person, 2 looks": ("person", {}),
    "thing, 1 look": ("thing", {"hops": 1}),
    "thing, 2 looks": ("thing", {}),
    "thing, 3 looks": ("thing", {"hops": 3}),
    "thing, not chained": ("thing", {"chained": False}),
    "thing, softmax": ("thing", {"linear": 0}),
}


def run(seed):
    """For each kind the losses, the share of right answers and the weight on each supporting fact at each look."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 50).mean(axis=1).round(4)} | measure(net, kind)
    return found


def learn(seed, kind):
    """A network of KINDS after training, and its losses (steps,)."""
    rng, (about, options) = np.random.default_rng(seed), KINDS[kind]
    options = {"hops": 2, "linear": CONFIG["linear"]} | options
    linear = options.pop("linear")
    make = lambda: MemN2N(len(VOCABULARY), CONFIG["width"], slots=CONFIG["sentences"], **options)
    net = drawn(make, seed)
    draw = lambda: whereabouts(rng, CONFIG["batch"], about, CONFIG["sentences"])
    loss = lambda k: net.loss(draw(), linear=k < linear)
    return net, train(net, loss, CONFIG["steps"], lr=CONFIG["lr"], label=kind)


def unseen(kind):
    """Stories that no training step has drawn."""
    rng = np.random.default_rng(10_000)
    return whereabouts(rng, CONFIG["measured"], KINDS[kind][0], CONFIG["sentences"])


def measure(net, kind):
    """The share of right answers, and the mean weight (looks, facts) on the facts that it takes."""
    stories = unseen(kind)
    with torch.no_grad():
        logits, weights = net(stories.sentences, stories.question)
    at = np.repeat(stories.supports[:, None], weights.shape[1], axis=1)
    on_facts = np.take_along_axis(weights.numpy(), at, axis=2).mean(axis=0)
    right = logits.argmax(dim=1).numpy() == stories.answer
    return {"right": float(right.mean()), "on facts": on_facts.round(4)}


def last_place(stories):
    """The place that each story names last (B,): a guess that needs no question."""
    words = stories.sentences.reshape(len(stories.answer), -1)
    is_place = np.isin(words, [PLACE[place] for place in PLACES])
    last = words.shape[1] - 1 - is_place[:, ::-1].argmax(axis=1)
    return words[np.arange(len(words)), last]
