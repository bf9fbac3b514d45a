"""Lecture 15a: lists of numbers from English words to German ones, by RNNsearch, with attention and without.

The network without attention is the same one, with one vector for all steps: the states at the ends of the encoder.
A third one attends to annotations of an encoder that reads forward only, with as many numbers in an annotation.
All are tested on lists as long as those of the training, and on longer ones.
"""

from typing import NamedTuple

import numpy as np

from unrolled.nets.decoding import START, STOP, greedy, tokens_of
from unrolled.tasks import numerals

CONFIG = {
    "language": "de",
    "pairs": 12000,  # of lists of 1 to `most` numbers below 100
    "most": 8,
    "held_out": 2000,
    "longer": [9, 12],  # numbers in a list that is longer than all of the training
    "embedding": 32,
    "hidden": 64,  # units of each direction of the encoder, of the decoder, and of the alignment
    "batch": 64,
    "steps": 500,
    "lr": 0.004,
    "hold": 0.5,  # the share of the steps with this rate, which then falls to 0 in a straight line
    "clip": 1.0,
}
SEEDS = list(range(1, 7))
KINDS = ("attention", "no attention", "one way")
EDGES = (0, 5, 10, 15, 20, 25, 45)  # of the groups of lists by the words of the translation


class Task(NamedTuple):
    """Numbers of the words of two languages, and pairs to train and to test with."""

    source: dict  # {word: 2, 3, ...}
    target: dict
    train: tuple  # of numerals.Translation
    test: tuple
    longer: tuple


class Batch(NamedTuple):
    """Pairs side by side."""

    x: np.ndarray  # (J, B)
    read: np.ndarray  # (B,) words of the source
    y: np.ndarray  # (I, B), STOP after the last word and as padding
    written: np.ndarray  # (B,) words of the translation, STOP included


def run(seed):
    """What `measure` finds for each kind of network."""
    task = load(seed)
    return {kind: measure(train(seed, task, kind)[0], task) for kind in KINDS}


def load(seed, config=CONFIG):
    """The Task of a seed; the lists to test with are the same for all."""
    languages = ("en", config["language"])
    draw = lambda key, count: numerals.number_lists(
        np.random.default_rng(key), count, config["most"], languages=languages
    )
    pairs, test = draw([1, seed], config["pairs"]), draw([2], config["held_out"])
    rng, (least, most) = np.random.default_rng([3]), config["longer"]
    longer = tuple(
        numerals.translation(
            rng.integers(100, size=rng.integers(least, most + 1)).tolist(), languages
        )
        for _ in range(config["held_out"] // 4)
    )
    words = lambda texts: {word: k for k, word in enumerate(sorted({*texts}), start=2)}
    source = words(word for pair in pairs for word in pair.source)
    target = words(word for pair in pairs for word in pair.target)
    return Task(source, target, pairs, test, longer)


def encode(pairs, task):
    """A Batch of these pairs."""
    read = np.array([len(pair.source) for pair in pairs])
    written = np.array([len(pair.target) + 1 for pair in pairs])
    x, y = np.full((read.max(), len(pairs)), STOP), np.full((written.max(), len(pairs)), STOP)
    for b, pair in enumerate(pairs):
        x[: read[b], b] = [task.source[word] for word in pair.source]
        y[: written[b] - 1, b] = [task.target[word] for word in pair.target]
    return Batch(x, read, y, written)


def draw(seed, task, kind="attention", config=CONFIG):
    """A network before training."""
    from unrolled.nets.attention import Search
    from unrolled.nets.training import drawn

    return drawn(
        lambda: Search(
            len(task.source) + 2,
            len(task.target) + 2,
            config["embedding"],
            config["hidden"],
            attend=kind != "no attention",
            both_ways=kind != "one way",
        ),
        seed,
    )


def train(seed, task, kind="attention", config=CONFIG, steps=None):
    """A network after training, and its loss at every step."""
    from unrolled.nets import training

    steps = config["steps"] if steps is None else steps
    model, everything = draw(seed, task, kind, config), encode(task.train, task)
    chosen = batches(np.random.default_rng(seed), everything, steps, config)
    loss = lambda k: loss_of(model, next(chosen))
    options = {key: config[key] for key in ("lr", "clip", "hold")}
    return model, training.train(model, loss, steps, label=kind, **options)


def batches(rng, everything, steps, config=CONFIG):
    """Random batches of translations of about one length: of eight batches, sorted, one after the other."""
    B, pool = config["batch"], []
    for _ in range(steps):
        if not pool:
            drawn = rng.integers(len(everything.read), size=8 * B)
            drawn = drawn[np.argsort(everything.written[drawn], kind="stable")].reshape(8, B)
            pool = list(drawn[rng.permutation(8)])
        chosen = pool.pop()
        read, written = everything.read[chosen], everything.written[chosen]
        x, y = everything.x[: read.max(), chosen], everything.y[: written.max(), chosen]
        yield Batch(x, read, y, written)


def before(batch):
    """The words that a decoder reads with a teacher, (I, B): START, then the target without its last row."""
    start = np.full((1, batch.y.shape[1]), START)
    return np.concatenate([start, batch.y[:-1]])


def loss_of(model, batch):
    """Loss in nats a word, STOP included, with a teacher."""
    import torch

    o, _ = model(batch.x, batch.read, before(batch))
    counted = np.arange(len(batch.y))[:, None] < batch.written
    y = np.where(counted, batch.y, -1)
    return torch.nn.functional.cross_entropy(
        o.flatten(0, 1), torch.as_tensor(y).flatten(), ignore_index=-1
    )


def translate(model, sources, task, most=60):
    """The words that the network writes for each source, one after the other, until STOP or `most` words."""
    read = np.array([len(source) for source in sources])
    x = np.full((read.max(), len(sources)), STOP)
    for b, source in enumerate(sources):
        x[: read[b], b] = [task.source[word] for word in source]
    names = {number: word for word, number in task.target.items()} | {START: "<start>"}
    found = greedy(model.decoder.step, model.encode(x, read), most=most)
    return [tuple(names[token] for token in tokens_of(each)) for each in found]


def right(model, pairs, task):
    """Whether each translation is right to its last word, (B,) of bool."""
    said = translate(model, [pair.source for pair in pairs], task)
    return np.array([words == pair.target for words, pair in zip(said, pairs)])


def looks(model, pairs, task):
    """For each pair the weights (I, J) with which the network looks while a teacher feeds it; None without attention."""
    import torch

    batch = encode(pairs, task)
    with torch.no_grad():
        _, state = model(batch.x, batch.read, before(batch))
    if state.alpha is None:
        return None
    ends = zip(state.alpha.numpy(), batch.written - 1, batch.read)  # without the row of STOP
    return [alpha[:i, :j] for alpha, i, j in ends]


def alignment(weights, pairs):
    """Of weights as `looks` gives them: the share on the true words, and the alignment error rate of the largest.

    Words that stand for nothing, such as "und", count in neither: links of them are possible, not sure.
    Source: Och & Ney (2003), AER = 1 - (|A and S| + |A and P|) / (|A| + |S|) for links A, sure S and possible P.
    """
    on_truth, count, hit, made, sure = 0.0, 0, 0, 0, 0
    for alpha, pair in zip(weights, pairs):
        truth = pair.alignment
        stands = truth.any(axis=1)
        on_truth += (alpha * truth)[stands].sum()
        count += stands.sum()
        largest = truth[np.arange(len(alpha)), alpha.argmax(axis=1)]
        hit += 2 * largest.sum() + (~stands).sum()  # a word for nothing: possible, never sure
        made += len(alpha)
        sure += truth.sum()
    return {"on the truth": float(on_truth / count), "error rate": float(1 - hit / (made + sure))}


def by_length(correct, pairs, edges=EDGES):
    """Share of right translations among those with edges[k] to edges[k + 1] - 1 words."""
    lengths = np.array([len(pair.target) for pair in pairs])
    groups = [(lengths >= a) & (lengths < b) for a, b in zip(edges, edges[1:])]
    return [float(correct[group].mean()) for group in groups]


def measure(model, task):
    """Exact matches on all held-out lists, by length, on longer lists, and the alignment of a network that attends."""
    correct = right(model, task.test, task)
    found = {
        "exact": float(correct.mean()),
        "by length": by_length(correct, task.test),
        "long": float(correct[[len(pair.target) >= 25 for pair in task.test]].mean()),
        "longer": float(right(model, task.longer, task).mean()),
    }
    weights = looks(model, task.test, task)
    return found if weights is None else found | alignment(weights, task.test)
