"""Lecture 16b: networks that have read a^n b^n to n = 12 go on counting, with stacks, with a cell, with a state alone."""

import numpy as np
import torch
from torch.nn import functional as F

from unrolled import tasks
from unrolled.nets.stack_rnn import Plain, StackRNN
from unrolled.nets.training import drawn, train
from unrolled.tasks.counting import runs_of

CONFIG = {
    "letters": 2,
    "most": 12,  # letters of a kind in training
    "batch": 32,
    "hidden": 20,
    "stacks": 4,
    "measured": 100,  # every n to here
    "steps": {"stack": 500, "smooth": 500, "lstm": 2000, "rnn": 2000},
    "lr": {
        "stack": 0.03,
        "smooth": 0.03,
        "lstm": 0.01,
        "rnn": 0.005,
    },  # 60 % of the steps, then down to 0
}
SEEDS = list(range(1, 11))
KINDS = {  # of the number of symbols; "smooth" is trained without noise on its actions
    "stack": lambda K: StackRNN(K, K, hidden=CONFIG["hidden"], stacks=CONFIG["stacks"], noise=1.0),
    "smooth": lambda K: StackRNN(K, K, hidden=CONFIG["hidden"], stacks=CONFIG["stacks"]),
    "lstm": lambda K: Plain(K, K, hidden=CONFIG["hidden"], cell="lstm"),
    "rnn": lambda K: Plain(K, K, hidden=CONFIG["hidden"], cell="rnn"),
}


def run(seed, config=CONFIG):
    """For each kind the loss at every twentieth step and how far it counts; stacks also with whole actions."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind, config)
        found[kind] = {"curve": curve[::20].round(4), **measure(net, config)}
        if isinstance(net, StackRNN):
            net.crisp = True
            found[f"{kind}, whole"] = measure(net, config)
    return found


def learn(seed, kind, config=CONFIG):
    """A network of KINDS after training, and its losses."""
    rng, letters = np.random.default_rng(seed), config["letters"]
    net = drawn(lambda: KINDS[kind](letters + 1), seed)

    def loss(k):
        x, y, counted = tasks.equal_runs(
            rng, config["batch"], config["most"], letters, dtype=np.float32
        )
        o, _ = net(torch.as_tensor(x))
        return F.cross_entropy(o[counted], torch.as_tensor(y[counted]))

    curve = train(net, loss, config["steps"][kind], lr=config["lr"][kind])
    return net.eval(), curve


def right(net, n, letters):
    """Which strings of n (B,) letters a kind have every determined symbol predicted, (B,) bool."""
    x, y, counted = runs_of(n, letters, dtype=np.float32)
    with torch.no_grad():
        said = net(torch.as_tensor(x))[0].argmax(dim=-1).numpy()
    return ((said == y) | ~counted).all(axis=0)


def measure(net, config):
    """The largest n to which all are right, 0 if the first is wrong, and the share of those beyond training."""
    found = right(net, np.arange(1, config["measured"] + 1), config["letters"])
    reach = len(found) if found.all() else int(found.argmin())
    return {"reach": reach, "beyond": float(found[config["most"] :].mean())}
