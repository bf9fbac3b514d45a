"""Lecture 14: numbers in English words into German ones, by decoders that differ in what they read, and three searches.

Kinds: the thought vector only starts the decoder ("start"); it also reads it at every step ("every step"); encoder and
decoder are one network with one embedding ("shared"). After some of the steps held-out numbers are translated greedily
and with beams.
"""

import numpy as np
import torch

from unrolled.data.batches import padded
from unrolled.nets import decoding, seq2seq, training
from unrolled.nets.decoding import START, STOP
from unrolled.tasks import numerals

CONFIG = {
    "numbers": 10_000,
    "held_out": 500,
    "units": 64,
    "batch": 64,
    "steps": 800,
    "lr": 0.005,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "looks": [200, 400, 800],
    "widths": [2, 5],
    "most": 14,  # tokens of a translation
    "kinds": {"start": {}, "every step": {"context": True}, "shared": {"shared": True}},
}
SEEDS = [1, 2, 3]


def run(seed):
    """For each kind a list of what `measure` returns, one for each look."""
    return {kind: member(seed, kind) for kind in CONFIG["kinds"]}


def member(seed, kind):
    """Train one kind with one seed and measure it at the looks."""
    _, _, test = data = split()
    found = []
    train(seed, data, lambda net: found.append(measure(net, data, test)), **CONFIG["kinds"][kind])
    return found


def split():
    """The words with their numbers, START and STOP first; the pairs {n: (source, target)}; the held-out n."""
    words = {
        n: [numerals.words(n, each) for each in ("en", "de")] for n in range(CONFIG["numbers"])
    }
    known = sorted({word for pair in words.values() for each in pair for word in each})
    number = {word: k for k, word in enumerate(["<start>", "<stop>", *known])}
    pairs = {n: [[number[word] for word in each] for each in pair] for n, pair in words.items()}
    order = np.random.default_rng(0).permutation(CONFIG["numbers"])
    return tuple(number), pairs, order[: CONFIG["held_out"]].tolist()


def train(seed, data, look=None, **options):
    """The trained `Seq2Seq`; look(net) is called after the steps of CONFIG["looks"]."""
    vocabulary, pairs, test = data
    K = len(vocabulary)
    net = training.drawn(lambda: seq2seq.Seq2Seq(K, K, CONFIG["units"], **options), seed)
    loss = batches(net, pairs, test, seed)

    def watched(k):
        if look is not None and k in CONFIG["looks"]:
            look(net)
        return loss(k)

    training.train(net, watched, CONFIG["steps"], lr=CONFIG["lr"])
    if look is not None:
        look(net)
    return net


def batches(net, pairs, test, seed):
    """A function loss(k): the network's loss on a batch drawn from the pairs that are not in the test."""
    rng, train_on = np.random.default_rng(seed), np.array(sorted(set(pairs) - set(test)))

    def loss(k):
        chosen = rng.choice(train_on, CONFIG["batch"]).tolist()
        x, lengths = padded([pairs[n][0] for n in chosen])
        y_read, y, y_lengths = seq2seq.taught([pairs[n][1] for n in chosen])
        return net.loss(x, y_read, y, lengths, y_lengths)

    return loss


@torch.no_grad()
def measure(net, data, numbers):
    """Of the translations of some numbers: shares that are right, and that have the right length; greedy and by beams.

    Also the share in which a search found something less probable than the right translation: an error of the search,
    not of the network.
    """
    _, pairs, _ = data
    targets = [(*pairs[n][1], STOP) for n in numbers]
    state = net.encode(*padded([pairs[n][0] for n in numbers]))
    truth = scores(net, state, targets)
    searches = {1: decoding.greedy(net.decoder.step, state, most=CONFIG["most"])}
    for width in CONFIG["widths"]:
        found = decoding.beam(net.decoder.step, state, width=width, most=CONFIG["most"])
        searches[width] = [each[0] for each in found]
    return {
        f"width {width}": {
            "right": float(np.mean([h.tokens == y for h, y in zip(found, targets)])),
            "length": float(np.mean([len(h.tokens) == len(y) for h, y in zip(found, targets)])),
            "missed": float(np.mean([h.log_probability < s - 1e-4 for h, s in zip(found, truth)])),
            "log_probability": float(np.mean([h.log_probability for h in found])),
        }
        for width, found in searches.items()
    }


def scores(net, state, targets):
    """log P (N,) in nats of target sequences, STOP included, each from its row of the state."""
    y, lengths = padded(targets, fill=STOP)
    y_read = np.concatenate([np.full((1, len(targets)), START), y[:-1]])
    log_p = net.decoder(y_read, state)[0].log_softmax(dim=-1).numpy().astype(float)
    at_targets = np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0]
    return np.where(np.arange(len(y))[:, None] < lengths, at_targets, 0).sum(axis=0)
