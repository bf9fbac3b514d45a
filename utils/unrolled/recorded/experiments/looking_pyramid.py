"""Lecture 15b: synthetic speech to letters, with listeners that read four or eight frames as one step at their top, or one."""

import numpy as np
import torch

from unrolled import tasks
from unrolled.nets.decoding import STOP
from unrolled.nets.listening import Speller
from unrolled.nets.seq2seq import taught
from unrolled.nets.training import drawn, train
from unrolled.scratch import edits
from unrolled.tasks import speaking

CONFIG = {
    "hidden": 24,  # of each direction
    "batch": 32,
    "steps": 350,
    "lr": 0.006,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": 300,  # new words
}
SEEDS = [1, 2, 3]
FIRST = 2  # the number of the first letter, after START and STOP
KINDS = {"by eight": (4, True), "by four": (3, True), "flat": (4, False)}  # layers, halved or not


def run(seed):
    """For each kind the loss at every tenth step, and errors on new words."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 10).mean(axis=1).round(4)} | measure(net)
    return found


def learn(seed, kind):
    """A network of KINDS after training, and its losses."""
    rng, (layers, pyramid) = np.random.default_rng(seed), KINDS[kind]
    make = lambda: Speller(
        speaking.CHANNELS,
        FIRST + speaking.SOUNDS,
        H=CONFIG["hidden"],
        layers=layers,
        pyramid=pyramid,
    )
    net = drawn(make, seed)
    loss = lambda k: net.loss(*batch(rng, CONFIG["batch"]))
    return net, train(net, loss, CONFIG["steps"], lr=CONFIG["lr"])


def batch(rng, B):
    """Sound and what the decoder reads and should write, for B new words."""
    x, lengths, said, _ = tasks.spoken(rng, B)
    return x.astype(np.float32), lengths, *taught([[FIRST + s for s in word] for word in said])


def spell(net, x, lengths, most=10):
    """The letters that the network writes about sound x (T, B, D), greedily, and the weights (letters and STOP, T')."""
    with torch.no_grad():
        state = net.encode(np.asarray(x, np.float32), lengths)
        tokens, looks, written = torch.zeros(x.shape[1], dtype=torch.int64), [], []
        for _ in range(most):
            log_p, state = net.decoder.step(tokens, state)
            tokens = log_p.argmax(dim=1)
            written.append(tokens)
            looks.append(state.alpha)
    looks = torch.cat(looks, dim=1).numpy()
    found = []
    for b, column in enumerate(torch.stack(written).numpy().T.tolist()):
        end = column.index(STOP) if STOP in column else most
        found.append((tuple(n - FIRST for n in column[:end]), looks[b, : min(end + 1, most)]))
    return found


def measure(net):
    """Error rate of letters and share of words with an error, on words that no training step has drawn."""
    x, lengths, said, _ = tasks.spoken(np.random.default_rng(10_000), CONFIG["measured"])
    written = [letters for letters, _ in spell(net, x, lengths)]
    return {
        "letters": edits.error_rate(written, [(word,) for word in said]),
        "words": float(np.mean([a != b for a, b in zip(written, said)])),
    }
