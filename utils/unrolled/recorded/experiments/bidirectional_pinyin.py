"""Lecture 09: the readings of Chinese polyphones, by networks that read forward, backward and both ways.

Each network reads the characters of a phrase and says, at every polyphone, which of its readings is meant. A network
in one direction has twice the units of each direction of the other one, so all have as many states at a step.
"""

from typing import NamedTuple

import numpy as np

from unrolled.data import pinyin
from unrolled.scratch import bidirectional, losses, optim, readout, rnn
from unrolled.scratch.activations import log_softmax
from unrolled.scratch.composition import layer_of

CONFIG = {
    "embedding": 48,
    "hidden": 48,  # in each of two directions; twice as many in one
    "batch": 128,
    "steps": 1500,
    "lr": 0.004,  # for the first half of the steps, then falling to 0 in a straight line
    "clip": 1.0,
    "held_out": 4711,  # phrases
}
SEEDS = list(range(1, 11))
KINDS = ("forward", "backward", "both")
UNKNOWN = 0  # the number of a character that training never shows


class Model(NamedTuple):
    """An embedding, a recurrent layer and a readout; gradients use this type too."""

    E: np.ndarray  # (characters, embedding)
    cell: tuple  # rnn.Params or bidirectional.Params
    out: readout.Params


class Task(NamedTuple):
    """Numbers for characters and readings, and the phrases in two parts."""

    characters: dict  # {character: 1, 2, ...}
    readings: tuple  # of the polyphones
    allowed: (
        np.ndarray
    )  # (characters, readings): True where training shows this reading of this character
    majority: (
        np.ndarray
    )  # (characters,) the most frequent reading in training, -1 for a character with one
    train: tuple
    test: tuple


class Batch(NamedTuple):
    """Phrases side by side."""

    x: np.ndarray  # (T, B) numbers of characters, UNKNOWN where there is none
    y: np.ndarray  # (T, B) numbers of readings, -1 where no polyphone stands
    lengths: np.ndarray  # (B,)


def run(seed):
    """Accuracy on the held-out polyphones by the majority and by each kind of network."""
    task = load()
    found = {"majority": by_majority(task)}
    for kind in KINDS:
        model, _ = train(np.random.default_rng(seed), task, kind)
        found[kind] = accuracy(model, task, kind)
    return found


def load(size=None):
    """The Task; the split is the same for all seeds. size: training phrases, all if None."""
    everything = pinyin.phrases()
    order = np.random.default_rng(0).permutation(len(everything))
    test = tuple(everything[i] for i in order[: CONFIG["held_out"]])
    train = tuple(everything[i] for i in order[CONFIG["held_out"] :][:size])
    known = pinyin.counts(train)
    characters = {character: number for number, character in enumerate(sorted(known), start=1)}
    polyphones = {c: readings for c, readings in known.items() if len(readings) > 1}
    readings = tuple(sorted({reading for c in polyphones for reading in polyphones[c]}))
    allowed = np.zeros((len(characters) + 1, len(readings)), bool)
    majority = np.full(len(characters) + 1, -1)
    for c, found in polyphones.items():
        allowed[characters[c], [readings.index(reading) for reading in found]] = True
        majority[characters[c]] = readings.index(max(sorted(found), key=found.get))
    return Task(characters, readings, allowed, majority, train, test)


def encode(phrases, task):
    """A Batch of these phrases. A reading that training never shows gets the number len(task.readings)."""
    lengths = np.array([len(phrase.text) for phrase in phrases])
    x = np.full((lengths.max(), len(phrases)), UNKNOWN)
    y = np.full(x.shape, -1)
    number = {reading: k for k, reading in enumerate(task.readings)}
    for column, (text, readings) in enumerate(phrases):
        for t, (character, reading) in enumerate(zip(text, readings)):
            x[t, column] = task.characters.get(character, UNKNOWN)
            if task.majority[x[t, column]] >= 0:
                y[t, column] = number.get(reading, len(task.readings))
    return Batch(x, y, lengths)


def draw(rng, task, kind, hidden=None):
    """A model of this kind in float32."""
    D, H = CONFIG["embedding"], CONFIG["hidden"] if hidden is None else hidden
    E = rng.normal(0, 1 / np.sqrt(D), (len(task.characters) + 1, D)).astype(np.float32)
    if kind == "both":
        cell = bidirectional.init(rng, D, H, dtype=np.float32)
    else:
        cell = rnn.init(rng, D, 2 * H, dtype=np.float32)
    return Model(E, cell, readout.init(rng, 2 * H, len(task.readings), dtype=np.float32))


def states(cell, inputs, lengths, kind, state=None):
    """States (T, B, 2 H) at every step, in the order of the phrase, and the cache of the layer."""
    if kind == "backward":
        h, cache = layer_of(cell).forward(
            cell, bidirectional.turned(inputs, lengths), state, lengths
        )
        return bidirectional.turned(h, lengths), cache
    return layer_of(cell).forward(cell, inputs, state, lengths)


def scores(model, h, characters, task):
    """Logits (n, readings) for n polyphones with these states h (n, 2 H), and the readout's cache.

    A reading that training never shows for the character has -1e9.
    """
    o, cache = readout.forward(model.out, h)
    return np.where(task.allowed[characters], o, np.float32(-1e9)), cache


def gradients(model, batch, task, kind, state=None):
    """Loss in nats a polyphone and gradients."""
    asked = batch.y >= 0
    h, cache = states(model.cell, model.E[batch.x], batch.lengths, kind, state)
    o, out_cache = scores(model, h[asked], batch.x[asked], task)
    loss, do = losses.cross_entropy(o, batch.y[asked])
    out, dh_asked = readout.backward(model.out, out_cache, do)
    dh = np.zeros_like(h)
    dh[asked] = dh_asked
    if kind == "backward":
        dh = bidirectional.turned(dh, batch.lengths)
    cell, dx, _ = layer_of(model.cell).backward(model.cell, cache, dh)
    if kind == "backward":
        dx = bidirectional.turned(dx, batch.lengths)
    dE = np.zeros_like(model.E)
    np.add.at(dE, batch.x, dx)
    return loss, Model(dE, cell, out)


def train(rng, task, kind, steps=None):
    """A model after training, and its loss at every step."""
    steps = CONFIG["steps"] if steps is None else steps
    model = draw(rng, task, kind)
    everything = encode(task.train, task)
    moments, curve = optim.adam().init(model), np.empty(steps)
    for k, batch in enumerate(batches(rng, everything, steps)):
        curve[k], grads = gradients(model, batch, task, kind)
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        model, moments = optim.adam(learning_rate(k, steps)).update(model, grads, moments)
    return model, curve


def learning_rate(k, steps):
    """The rate of step k = 0, 1, ..."""
    return CONFIG["lr"] * min(1.0, 2 * (1 - k / steps))


def batches(rng, everything, steps):
    """Random batches of one Batch, without the padding that none of their phrases needs."""
    n = len(everything.lengths)
    for _ in range(steps):
        chosen = rng.integers(n, size=CONFIG["batch"])
        lengths = everything.lengths[chosen]
        longest = lengths.max()
        yield Batch(everything.x[:longest, chosen], everything.y[:longest, chosen], lengths)


def predict(model, batch, task, kind):
    """Probabilities (n, readings) at the polyphones of a batch, in the order of batch.y[batch.y >= 0]."""
    asked = batch.y >= 0
    h, _ = states(model.cell, model.E[batch.x], batch.lengths, kind)
    return np.exp(log_softmax(scores(model, h[asked], batch.x[asked], task)[0]))


def accuracy(model, task, kind, phrases=None):
    """Share of the polyphones of these phrases read right, of the held-out ones if None."""
    batch = encode(task.test if phrases is None else phrases, task)
    said = predict(model, batch, task, kind).argmax(axis=-1)
    return float((said == batch.y[batch.y >= 0]).mean())


def by_majority(task, phrases=None):
    """Share of the polyphones read right by each character's most frequent reading in training."""
    batch = encode(task.test if phrases is None else phrases, task)
    asked = batch.y >= 0
    return float((task.majority[batch.x[asked]] == batch.y[asked]).mean())
