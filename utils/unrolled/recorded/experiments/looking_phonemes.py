"""Lecture 15b: from letters to phones, with attention, on the CMU Pronouncing Dictionary.

5,000 words are held out. The network learns the first pronunciation of each of the others; of a held-out word any
pronunciation in the dictionary counts as right. The network of the first seed is kept beside the record.
"""

from bisect import bisect_left

import numpy as np
import torch

from unrolled import recorded
from unrolled.data import pronunciations
from unrolled.data.batches import padded
from unrolled.nets.attention import Search
from unrolled.nets.decoding import STOP
from unrolled.nets.seq2seq import taught
from unrolled.nets.training import drawn, train
from unrolled.scratch import edits
from unrolled.training import checkpoint

CONFIG = {
    "embedding": 32,
    "hidden": 96,  # of each direction of the encoder, and of the decoder
    "batch": 128,
    "steps": 2400,
    "lr": 0.004,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "early": 150,  # the step before which the network is measured for the first time
    "held_out": 5000,
    "measured": 2000,  # of the held-out words
}
SEEDS = [1, 2, 3]
FIRST = 2  # the number of the first letter or phone, after START and STOP
MOST = 24  # phones that it may write


def run(seed):
    """Error rates of phones and of words on held-out words, early and at the end, and how the attention moves."""
    data = split()
    found = {}

    def early(net):
        found["early"] = measure(net, data)

    net = learn(seed, data, early=early)
    if seed == SEEDS[0]:
        save(net)
    return found | {"end": measure(net, data)}


def split():
    """The words for training and for the test; the same for all seeds."""
    everything = pronunciations.words()
    order = np.random.default_rng(0).permutation(len(everything))
    test = [everything[i] for i in order[: CONFIG["held_out"]]]
    return [everything[i] for i in order[CONFIG["held_out"] :]], test


def draw(seed):
    """The network before training."""
    source, target = FIRST + len(pronunciations.LETTERS), FIRST + len(pronunciations.phones())
    return drawn(lambda: Search(source, target, CONFIG["embedding"], CONFIG["hidden"]), seed)


def learn(seed, data, steps=None, early=None):
    """The network after so many of CONFIG["steps"] steps, all if None. early(net) is called before one of them."""
    net, rng = draw(seed), np.random.default_rng(seed)
    source = [spelled(word.text) for word in data[0]]
    target = [numbered(word.said[0]) for word in data[0]]
    batches = _batches(rng, source, target)

    def loss(k):
        if early and k == CONFIG["early"]:
            early(net)
        x, lengths, y_read, y, counts = next(batches)
        o, _ = net(x, lengths, y_read)
        losses = torch.nn.functional.cross_entropy(
            o.flatten(0, 1), torch.as_tensor(y).flatten(), reduction="none"
        )
        return losses.view(y.shape)[torch.as_tensor(np.arange(len(y))[:, None] < counts)].mean()

    if steps is None:
        train(net, loss, CONFIG["steps"], lr=CONFIG["lr"])
    else:  # the rate has not begun to fall
        train(net, loss, steps, lr=CONFIG["lr"], hold=1.0)
    return net


def spelled(text):
    """The numbers of a word's letters."""
    return [FIRST + ord(letter) - ord("a") for letter in text]


def numbered(said):
    """The numbers of phones."""
    return [FIRST + bisect_left(pronunciations.phones(), phone) for phone in said]


def pronounce(net, texts):
    """For each word the phones that the network writes, greedily, and the weights (phones and STOP, letters)."""
    x, lengths = padded([spelled(text) for text in texts], fill=STOP)
    with torch.no_grad():
        state = net.encode(x, lengths)
        tokens, looks, written = torch.zeros(len(texts), dtype=torch.int64), [], []
        for _ in range(MOST):
            log_p, state = net.decoder.step(tokens, state)
            tokens = log_p.argmax(dim=1)
            written.append(tokens)
            looks.append(state.alpha)
    written, looks = torch.stack(written).numpy(), torch.cat(looks, dim=1).numpy()
    found = []
    for b, column in enumerate(written.T.tolist()):
        end = column.index(STOP) if STOP in column else len(column)
        phones = tuple(pronunciations.phones()[n - FIRST] for n in column[:end] if n >= FIRST)
        found.append((phones, looks[b, : min(end + 1, MOST), : lengths[b]]))
    return found


def measure(net, data):
    """Error rates on held-out words, and the share of steps at which the mean place of the attention moves on."""
    test = data[1][: CONFIG["measured"]]
    found = pronounce(net, [word.text for word in test])
    said = [phones for phones, _ in found]
    places = [alpha @ np.arange(alpha.shape[1]) for _, alpha in found]
    moves = np.concatenate([np.diff(place) for place in places])
    return {
        "phones": edits.error_rate(said, [word.said for word in test]),
        "words": float(np.mean([s not in word.said for s, word in zip(said, test)])),
        "forward": float(np.mean(moves > -0.5)),
    }


def save(net):
    """Keep the parameters beside the record."""
    tree = {name: value.numpy() for name, value in net.state_dict().items()}
    checkpoint.save(recorded.FOLDER / "looking_phonemes.npz", tree)


def load():
    """The network of the first seed as it was recorded."""
    net = draw(SEEDS[0])
    like = {name: value.numpy() for name, value in net.state_dict().items()}
    stored = checkpoint.load(recorded.FOLDER / "looking_phonemes.npz", like)
    net.load_state_dict({name: torch.as_tensor(value) for name, value in stored.items()})
    return net.eval()


def _batches(rng, source, target):
    """Batches of words of nearly the same length, without end."""
    B, pool = CONFIG["batch"], 20 * CONFIG["batch"]
    while True:
        chosen = rng.permutation(len(source))
        for at in range(0, len(chosen) - pool + 1, pool):
            block = sorted(chosen[at : at + pool], key=lambda n: (len(source[n]), len(target[n])))
            for k in rng.permutation(pool // B):
                these = block[k * B : (k + 1) * B]
                x, lengths = padded([source[n] for n in these], fill=STOP)
                yield x, lengths, *taught([target[n] for n in these])
