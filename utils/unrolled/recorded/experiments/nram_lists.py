"""Lecture 16b: a machine with pointers learns to follow a linked list of 7 nodes over 1 to 3 links, and runs in larger ones."""

import numpy as np
import torch

from unrolled import tasks
from unrolled.nets.nram import NRAM, execute, listing, one_hot
from unrolled.nets.training import drawn, train

CONFIG = {
    "registers": 2,
    "cells": 8,
    "links": 3,  # in training: uniform in 1..3 for each batch, and as many steps
    "batch": 32,
    "steps": 120,
    "lr": 0.02,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": 100,  # new lists of each size
    "sizes": [[8, 3], [8, 7], [32, 20], [64, 63]],  # cells, links
}
SEEDS = list(range(1, 11))
MODULES = {"zero": "zero", "inc": "inc", "read": "read", "write": "write"}


def run(seed):
    """The loss at every fifth step, the share of right ends at each size, and the likeliest program."""
    net, curve = learn(seed)
    return {
        "curve": curve.reshape(-1, 5).mean(axis=1).round(5),
        "soft": [right(net, *size) for size in CONFIG["sizes"]],
        "sharp": [right(net, *size, sharp=True) for size in CONFIG["sizes"]],
        "program": program(net),
    }


def learn(seed):
    """A machine after training, and its losses."""
    rng, N, B = np.random.default_rng(seed), CONFIG["cells"], CONFIG["batch"]
    net = drawn(lambda: NRAM(CONFIG["registers"], MODULES), seed)

    def loss(k):
        links = int(rng.integers(1, CONFIG["links"] + 1))
        x, y = tasks.linked_lists(rng, N, links, B)
        memories, _ = net(one_hot(x, N), steps=links)
        return -torch.log(memories[-1][range(B), 0, y] + 1e-6).mean()

    return net, train(net, loss, CONFIG["steps"], lr=CONFIG["lr"])


@torch.no_grad()
def right(net, N, links, sharp=False):
    """The share of lists of N cells at whose end cell 0 holds the right address as its likeliest one."""
    x, y = tasks.linked_lists(np.random.default_rng(10_000), N, links, CONFIG["measured"])
    memories, _ = net(one_hot(x, N), steps=links, sharp=sharp)
    return float((memories[-1][:, 0].argmax(dim=1).numpy() == y).mean())


@torch.no_grad()
def program(net, steps=2):
    """The likeliest circuits of the first steps on one list, as text, a list of lines for each step."""
    names, N = [f"r{i}" for i in range(CONFIG["registers"])], CONFIG["cells"]
    x, _ = tasks.linked_lists(np.random.default_rng(20_000), N, steps, 1)
    state, found = net.initial_state(one_hot(x, N)), []
    for _ in range(steps):
        circuit = net.circuit(state.registers, sharp=True)
        found.append(listing(circuit, names, MODULES))
        state = execute(MODULES, circuit, state)
    return found
