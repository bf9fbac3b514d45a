"""Lecture 16a: the copy task, learned at lengths 1 to 20 and asked for up to 120, by a machine with a feed-forward controller.

The flag that ends the sequence stays up while the answer is given. The same for an LSTM as the controller:
`ntm_controller`; for an LSTM without a memory: `ntm_without`; for a flag of one step as in the paper, and for
gates that start half open: `ntm_reasons`.
"""

import time
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from unrolled import tasks
from unrolled.nets.ntm import NTM
from unrolled.nets.training import drawn, train

CONFIG = {
    "bits": 8,
    "longest": 20,
    "slots": 128,
    "width": 20,
    "hidden": 100,
    "hidden without memory": 128,
    "gate": -3.0,  # added to the biases of the heads' gates at the start
    "batch": 32,
    "steps": 500,
    "lr": 0.003,
    "hold": 0.3,  # of the steps, then the rate falls to 0 in a straight line
    "measured": 20,  # sequences a length
}
SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
ASKED = (10, 20, 30, 40, 50, 80, 120)
EVERY, CALM = 25, 0.03  # steps between two looks for the first time without error, below this loss


class Kind(NamedTuple):
    """What is trained."""

    controller: str | None = "feedforward"  # None: an LSTM without a memory
    gate: float = CONFIG["gate"]
    held: bool = True  # the flag stays up while the answer is given


KINDS = {
    "feedforward": Kind(),
    "lstm": Kind("lstm"),
    "alone": Kind(None),
    "flag for one step": Kind(held=False),
    "gates half open": Kind(gate=0.0),
}


class Alone(nn.Module):
    """An LSTM of torch's and a linear layer: x (T, B, D), state -> logits (T, B, K), state."""

    def __init__(self, D, K, hidden):
        super().__init__()
        self.lstm, self.readout = nn.LSTM(D, hidden), nn.Linear(hidden, K)

    def initial_state(self, B):
        zero = self.readout.weight.new_zeros(B, self.lstm.hidden_size)
        return zero, zero

    def forward(self, x, state=None):
        h, c = self.initial_state(x.shape[1]) if state is None else state
        y, (h, c) = self.lstm(x, (h[None], c[None]))
        return self.readout(y), (h[0], c[0])


def run(seed):
    """As `member` says."""
    return member(seed, "feedforward")


def member(seed, kind, steps=CONFIG["steps"]):
    """The loss at every tenth step, when it first made no error, and wrong bits a sequence, of one network."""
    net, curve, first = learn(seed, kind, steps)
    found = {"curve": curve.reshape(-1, 10).mean(axis=1).round(4), "first": first}
    return found | measure(net, KINDS[kind].held)


def learn(seed, kind="feedforward", steps=CONFIG["steps"]):
    """A network of KINDS after training, its losses, and when it first made no error at any trained length.

    When: {"step", "seconds"}, of the processor and without the looks themselves; {} for never.
    """
    rng, held, first, looked = np.random.default_rng(seed), KINDS[kind].held, {}, 0.0
    net, recent, start = drawn(lambda: make(kind), seed), [], time.process_time()

    def loss(k):
        nonlocal looked
        if k % EVERY == 0 and k and not first and np.mean(recent[-EVERY:]) < CALM:
            before = time.process_time()
            if not any(wrong(net, length, held) for length in range(CONFIG["longest"], 0, -1)):
                first.update(step=k, seconds=round(before - start - looked, 1))
            looked += time.process_time() - before
        length = int(rng.integers(1, CONFIG["longest"] + 1))
        x, y, _ = map(torch.from_numpy, sequences(rng, length, CONFIG["batch"], held))
        value = F.binary_cross_entropy_with_logits(net(x)[0][length + 1 :], y[length + 1 :])
        recent.append(value.item())
        return value

    curve = train(net, loss, steps, lr=CONFIG["lr"], hold=CONFIG["hold"], label=kind)
    return net, curve, first


def make(kind):
    """A network of KINDS, with the parameters that torch draws."""
    bits, asked = CONFIG["bits"], KINDS[kind]
    if asked.controller is None:
        return Alone(bits + 1, bits, CONFIG["hidden without memory"])
    sizes = {"N": CONFIG["slots"], "width": CONFIG["width"], "hidden": CONFIG["hidden"]}
    return NTM(bits + 1, bits, controller=asked.controller, gate=asked.gate, **sizes)


def sequences(rng, length, B, held=True):
    """x, y, counted of `tasks.copy`."""
    return tasks.copy(rng, length, B, CONFIG["bits"], held)


@torch.no_grad()
def wrong(net, length, held=True):
    """Wrong bits a sequence of this length, on sequences that no training step has drawn."""
    rng = np.random.default_rng([10_000, length])
    x, y, counted = sequences(rng, length, CONFIG["measured"], held)
    said = net(torch.from_numpy(x))[0].numpy() > 0
    return float((said != (y > 0))[counted].sum() / CONFIG["measured"])


def measure(net, held=True):
    """Wrong bits a sequence: of all trained lengths the sum, and of each length of ASKED."""
    trained = sum(wrong(net, length, held) for length in range(1, CONFIG["longest"] + 1))
    errors = {str(length): wrong(net, length, held) for length in ASKED}
    return {"trained": trained, "errors": errors}
