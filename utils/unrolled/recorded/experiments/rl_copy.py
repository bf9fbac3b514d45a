"""Lecture 16a: a head that learns by REINFORCE where to go on its tape, to copy three symbols.

With no baseline, the mean of the other episodes, or a learned one; without the bonus for entropy; without shorter
sequences first.
"""

import numpy as np
import torch

from unrolled import tasks
from unrolled.nets.rl_ntm import BASELINES, TapeMachine, move_gradient, surrogate
from unrolled.nets.training import drawn, train

CONFIG = {
    "symbols": 4,
    "longest": 3,  # in training: 1, then 2, then 3 symbols, half of the steps with 3
    "batch": 64,
    "steps": 500,
    "lr": 0.01,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": 200,  # new sequences of each length
    "lengths": [1, 2, 3, 10, 20],
    "cells": 32,  # of the ring when it is measured, so that the longest has room; 16 in training
    "draws": 2000,  # episodes for the variance of the gradient
    "looks": [0, 250, 300],  # steps before which the variance is measured
}
SEEDS = list(range(1, 11))
KINDS = {  # baseline, what a nat of the moves' entropies is worth, shorter sequences first
    "none": ("none", 0.1, True),
    "mean": ("mean", 0.1, True),
    "learned": ("learned", 0.1, True),
    "mean, no bonus": ("mean", 0.0, True),
    "mean, all at once": ("mean", 0.1, False),
}


def run(seed):
    """For each kind rewards at every tenth step, the share of right symbols at each length, variances of the gradient."""
    found = {}
    for kind in KINDS:
        net, rewarded, variances = learn(seed, kind)
        curve = rewarded.reshape(-1, 10).mean(axis=1).round(4)
        found[kind] = {"curve": curve, "right": measure(net), "variances": variances}
    return found


def learn(seed, kind, looks=None):
    """A machine after training, its mean reward for a symbol at each step (steps,), and variances before some steps."""
    looks = CONFIG["looks"] if looks is None else looks
    baseline, entropy, shorter_first = KINDS[kind]
    rng, steps = np.random.default_rng(seed), CONFIG["steps"]
    net = drawn(lambda: TapeMachine(CONFIG["symbols"] + 3, CONFIG["symbols"]), seed)
    rewarded, variances = np.zeros(steps), []

    def loss(k):
        if k in looks:
            variances.append(variance(net))
        L = min(CONFIG["longest"], 1 + 4 * k // steps) if shorter_first else CONFIG["longest"]
        x, y, counted = tasks.rewound_copy(rng, L, CONFIG["batch"], symbols=CONFIG["symbols"])
        value, total = surrogate(net.run(x, rng=rng), y, counted, baseline, entropy)
        rewarded[k] = total.mean().item() / L
        return value.mean()

    train(net, loss, steps, lr=CONFIG["lr"])
    return net, rewarded, variances


@torch.no_grad()
def variance(net):
    """For each baseline the summed variance of one episode's estimate of the gradient by the moves' weights."""
    x, y, counted = tasks.rewound_copy(
        np.random.default_rng(20_000), CONFIG["longest"], CONFIG["draws"], symbols=CONFIG["symbols"]
    )
    episode = net.run(x, rng=np.random.default_rng(30_000))
    estimates = {b: move_gradient(episode, y, counted, b) for b in BASELINES}
    return {b: float(each.var(dim=0).sum()) for b, each in estimates.items()}


@torch.no_grad()
def measure(net):
    """The share of right symbols at each length, each move the most probable one, on a ring with more cells."""
    rng, found = np.random.default_rng(10_000), []
    for L in CONFIG["lengths"]:
        x, y, counted = tasks.rewound_copy(rng, L, CONFIG["measured"], symbols=CONFIG["symbols"])
        o, _ = net(x, net.initial_state(CONFIG["measured"], CONFIG["cells"]))
        found.append(float((o.argmax(dim=2).numpy() == y)[counted].mean()))
    return found
