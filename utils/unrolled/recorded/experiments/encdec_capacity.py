"""Lecture 14: how many digits one vector carries. An encoder-decoder reads random digits and writes them again.

Lengths are drawn from 1 to `longest`. The kinds differ in the number of units, in whether the source comes in reverse
order, and in whether the decoder reads the thought vector once (at its start) or at every step.
"""

import numpy as np
import torch

from unrolled.nets import decoding, seq2seq, training
from unrolled.nets.decoding import START, STOP

CONFIG = {
    "digits": 10,
    "longest": 12,
    "beyond": 14,  # the longest that is measured
    "input_size": 16,
    "batch": 64,
    "steps": 1500,
    "lr": 0.004,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "every": 50,  # steps that one entry of the losses is the mean of
    "measured": 300,  # sequences of each length
    "kinds": {
        "16": {"units": 16},
        "32": {"units": 32},
        "64": {"units": 64},
        "128": {"units": 128},
        "64, reversed": {"units": 64, "reverse": True},
        "64, every step": {"units": 64, "context": True},
    },
}
SEEDS = list(range(1, 6))


def run(seed):
    """What `measure` returns, and the losses, for each kind."""
    return {kind: member(seed, kind) for kind in CONFIG["kinds"]}


def member(seed, kind):
    """Train one kind with one seed and measure it."""
    net, losses = train(seed, **CONFIG["kinds"][kind])
    reverse = CONFIG["kinds"][kind].get("reverse", False)
    blocks = losses.reshape(-1, CONFIG["every"]).mean(axis=1)
    return {**measure(net, seed, reverse), "losses": blocks.round(4)}


def train(seed, units, reverse=False, context=False):
    """The trained `Seq2Seq`, and the losses (steps,) in nats a symbol."""
    K = CONFIG["digits"] + 2
    net = training.drawn(
        lambda: seq2seq.Seq2Seq(K, K, units, input_size=CONFIG["input_size"], context=context), seed
    )
    rng = np.random.default_rng(seed)

    def loss(k):
        return net.loss(*batch(rng, int(rng.integers(1, CONFIG["longest"] + 1)), reverse))

    return net, training.train(net, loss, CONFIG["steps"], lr=CONFIG["lr"])


def batch(rng, n, reverse, B=None):
    """B strings of n digits: what the encoder reads (n, B), what the decoder reads and says (n + 1, B)."""
    B = CONFIG["batch"] if B is None else B
    y = rng.integers(2, CONFIG["digits"] + 2, size=(n, B))
    start, stop = np.full((1, B), START), np.full((1, B), STOP)
    x = y[::-1].copy() if reverse else y
    return x, np.concatenate([start, y]), np.concatenate([y, stop])


@torch.no_grad()
def measure(net, seed, reverse=False):
    """Shares: of whole strings written right, by length; of digits right at each place of the longest strings.

    whole (beyond,): the decoder reads what it wrote. at_place (longest,): it reads the true digits, so that an error
    at one place has no consequences.
    """
    rng, whole = np.random.default_rng([seed, 7]), []
    for n in range(1, CONFIG["beyond"] + 1):
        x, y_read, y = batch(rng, n, reverse, CONFIG["measured"])
        found = decoding.greedy(net.decoder.step, net.encode(x), most=CONFIG["beyond"] + 6)
        whole.append(float(np.mean([h.tokens == tuple(c) for h, c in zip(found, y.T.tolist())])))
        if n == CONFIG["longest"]:
            guess = net(x, y_read).argmax(dim=-1).numpy()
            at_place = (guess == y)[:n].mean(axis=1)
    return {"whole": whole, "at_place": at_place.round(4)}
