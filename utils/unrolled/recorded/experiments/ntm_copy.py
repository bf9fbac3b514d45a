"""Lecture 16a: the copy task, learned at lengths 1 to 20 and asked for up to 120, by a machine with a memory.

The machine trains with 24 slots and is used with 128. With 128 in training too, a head that goes on writing while the
answer is given does no harm at any trained length, and overwrites the sequence at the lengths beyond. The same task for
an LSTM as the controller: `ntm_controller`; for an LSTM without a memory: `ntm_without`.
"""

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from unrolled import recorded, tasks
from unrolled.nets.ntm import NTM
from unrolled.nets.training import drawn, train
from unrolled.training import checkpoint

CONFIG = {
    "bits": 8,
    "longest": 20,
    "slots": 128,
    "slots in training": 24,
    "width": 20,
    "hidden": 100,
    "hidden without memory": 128,
    "batch": 32,
    "steps": 1000,
    "lr": 0.003,
    "hold": 0.5,  # of the steps, then the rate falls to 0 in a straight line
    "betas": (0.9, 0.98),  # of Adam
    "eps": 1e-5,
    "measured": 20,  # sequences a length
}
SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
ASKED = (10, 20, 30, 40, 50, 80, 120)
EVERY, CALM = (
    25,
    0.03,
)  # steps between two looks for the first time without error, where the loss is below


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
    """The machine with a feed-forward controller: as `member` says."""
    return member(seed, "feedforward")


def member(seed, kind):
    """The loss at every tenth step, when it first made no error, and wrong bits a sequence, of one network."""
    net, curve, first = learn(seed, kind)
    return {"curve": curve.reshape(-1, 10).mean(axis=1).round(4), "first": first} | measure(net)


def learn(seed, kind="feedforward", steps=CONFIG["steps"], *, slots=CONFIG["slots in training"]):
    """A trained network, its losses, and when it first made no error at any trained length.

    kind: "feedforward" or "lstm", the controller of a machine with a memory; "alone", an LSTM without one. The machine
    learns with `slots`, and comes back with those of CONFIG. When: {"step", "seconds"}, of the processor and without
    the looks themselves; {} for never.
    """
    rng, bits, first, looked = np.random.default_rng(seed), CONFIG["bits"], {}, 0.0
    net, recent, start = drawn(lambda: make(kind), seed), [], time.process_time()

    def loss(k):
        nonlocal looked
        if k % EVERY == 0 and k and not first and np.mean(recent[-EVERY:]) < CALM:
            before = time.process_time()
            net.N = CONFIG["slots"]
            if not any(wrong(net, length) for length in range(CONFIG["longest"], 0, -1)):
                first.update(step=k, seconds=round(before - start - looked, 1))
            looked += time.process_time() - before
        net.N = slots
        length = int(rng.integers(1, CONFIG["longest"] + 1))
        x, y, _ = map(torch.from_numpy, tasks.copy(rng, length, CONFIG["batch"], bits))
        o = net(x)[0][length + 1 :]
        value = F.binary_cross_entropy_with_logits(o, y[length + 1 :])
        recent.append(value.item())
        return value

    options = {name: CONFIG[name] for name in ("lr", "hold", "betas", "eps")}
    curve = train(net, loss, steps, label=kind, **options)
    net.N = CONFIG["slots"]
    return net, curve, first


def make(kind):
    """A network of a kind, with the parameters that torch draws."""
    bits = CONFIG["bits"]
    if kind == "alone":
        return Alone(bits + 1, bits, CONFIG["hidden without memory"])
    sizes = {"width": CONFIG["width"], "hidden": CONFIG["hidden"]}
    return NTM(bits + 1, bits, N=CONFIG["slots"], controller=kind, **sizes)


@torch.no_grad()
def wrong(net, length):
    """Wrong bits a sequence of this length, on sequences that no training step has drawn."""
    rng = np.random.default_rng([10_000, length])
    x, y, counted = tasks.copy(rng, length, CONFIG["measured"], CONFIG["bits"])
    said = net(torch.from_numpy(x))[0].numpy() > 0
    return float((said != (y > 0))[counted].sum() / CONFIG["measured"])


def measure(net):
    """Wrong bits a sequence: of all trained lengths the sum, and of each length of ASKED."""
    trained = sum(wrong(net, length) for length in range(1, CONFIG["longest"] + 1))
    return {"trained": trained, "errors": {str(length): wrong(net, length) for length in ASKED}}


def save(net):
    """Keep the parameters of a machine beside the record."""
    checkpoint.save(recorded.FOLDER / "ntm_copy.npz", _tree(net))


def load():
    """The machine of the first seed as it was recorded."""
    net = make("feedforward")
    stored = checkpoint.load(recorded.FOLDER / "ntm_copy.npz", _tree(net))
    net.load_state_dict({name: torch.as_tensor(value) for name, value in stored.items()})
    return net


def _tree(net):
    return {name: value.numpy() for name, value in net.state_dict().items()}
