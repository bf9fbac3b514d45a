"""Lecture 14: a deep encoder-decoder with and without residual connections, on numbers in words."""

from unrolled.nets import seq2seq, training
from unrolled.recorded.experiments import encdec_numbers

CONFIG = {
    "units": 32,
    "batch": 64,
    "steps": 200,
    "lr": 0.005,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "every": 20,  # steps that one entry of the losses is the mean of
    "kinds": {
        "1 layer": {"layers": 1},
        "8 layers": {"layers": 8},
        "8 layers, residual": {"layers": 8, "residual": True},
    },
}
SEEDS = [1, 2, 3]


def run(seed):
    """The losses in nats a symbol, means of blocks of steps, for each kind."""
    return {kind: member(seed, kind) for kind in CONFIG["kinds"]}


def member(seed, kind):
    """The losses of one kind with one seed."""
    vocabulary, pairs, test = encdec_numbers.split()
    make = lambda: seq2seq.Seq2Seq(
        len(vocabulary), len(vocabulary), CONFIG["units"], **CONFIG["kinds"][kind]
    )
    net = training.drawn(make, seed)
    loss = encdec_numbers.batches(net, pairs, test, seed)
    losses = training.train(net, loss, CONFIG["steps"], lr=CONFIG["lr"])
    return losses.reshape(-1, CONFIG["every"]).mean(axis=1).round(4)
