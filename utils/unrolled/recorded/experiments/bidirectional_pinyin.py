"""Lecture 09: the readings of Chinese polyphones, by networks that read forward, backward and both ways.

Each network reads the characters of a phrase and says, at every polyphone, which of its readings is meant. A network
in one direction has twice the units of each direction of the other one, so all have as many states at a step.
Training drops entries of the embedding and of the states, on the arrows that point up, and nothing on the recurrence.
"""

from typing import NamedTuple

import numpy as np

from unrolled.data import pinyin
from unrolled.scratch import bidirectional, losses, optim, readout, rnn
from unrolled.scratch.activations import log_softmax
from unrolled.scratch.composition import layer_of, turned
from unrolled.scratch.recurrent_dropout import draw_mask

CONFIG = {
    "embedding": 32,
    "hidden": 32,  # in each of two directions; twice as many in one
    "batch": 128,
    "steps": 1500,
    "lr": 0.01,  # for the first half of the steps, then falling to 0 in a straight line
    "keep": 0.8,  # share of the entries of embeddings and states that a training step keeps
    "decay": 1e-5,  # times the embedding is added to its gradient
    "clip": 1.0,
    "held_out": 4711,  # phrases
    "divided": 0.75,  # a polyphone is divided if its most frequent reading has a smaller share
}
SEEDS = list(range(1, 11))
KINDS = ("forward", "backward", "both")
UNKNOWN = 0  # the number of a character that training never shows


class Model(NamedTuple):
    """An embedding, a recurrent layer and a readout; gradients use this type too."""

    E: np.ndarray  # (C, embedding), a row for each character
    cell: tuple  # parameters of the recurrent layer
    out: readout.Params


class Task(NamedTuple):
    """Numbers for C characters and K readings, and the phrases in two parts. Counts are those of training.

    allowed: True where a character has this reading; majority: its most frequent one, -1 if it has one only;
    divided: True where that one has less than the share CONFIG["divided"].
    """

    characters: dict  # {character: 1, 2, ...}
    readings: tuple  # of the polyphones
    allowed: np.ndarray  # (C, K)
    majority: np.ndarray  # (C,)
    divided: np.ndarray  # (C,)
    train: tuple
    test: tuple


class Batch(NamedTuple):
    """Phrases side by side."""

    x: np.ndarray  # (T, B) numbers of characters, UNKNOWN where there is none
    y: np.ndarray  # (T, B) numbers of readings, -1 where no polyphone stands
    lengths: np.ndarray  # (B,)


class Drops(NamedTuple):
    """What dropout multiplies in one training step: arrays, or 1.0 for nothing.

    start: the state at the start of the sequences, which holds the masks of recurrent dropout.
    """

    inputs: np.ndarray  # (T, B, embedding)
    states: np.ndarray  # (T, B, 2 H)
    start: tuple | None


NOTHING = Drops(1.0, 1.0, None)


def run(seed):
    """Accuracies on the held-out polyphones, on all and on the divided ones, by the majority and by each network."""
    task = load()
    batch = encode(task.test, task)
    found = {"majority": shares(task.majority[batch.x[batch.y >= 0]], batch, task)}
    for kind in KINDS:
        model, _ = train(np.random.default_rng(seed), task, kind)
        found[kind] = accuracy(model, batch, task, kind)
    return found


def load():
    """The Task; the split is the same for all seeds."""
    everything = pinyin.phrases()
    order = np.random.default_rng(0).permutation(len(everything))
    test = tuple(everything[i] for i in order[: CONFIG["held_out"]])
    train = tuple(everything[i] for i in order[CONFIG["held_out"] :])
    known = pinyin.counts(train)
    characters = {character: number for number, character in enumerate(sorted(known), start=1)}
    polyphones = pinyin.polyphones(train)
    readings = tuple(sorted({reading for c in polyphones for reading in polyphones[c]}))
    allowed = np.zeros((len(characters) + 1, len(readings)), bool)
    majority, divided = np.full(len(allowed), -1), np.zeros(len(allowed), bool)
    for c, found in polyphones.items():
        allowed[characters[c], [readings.index(reading) for reading in found]] = True
        majority[characters[c]] = readings.index(max(sorted(found), key=found.get))
        divided[characters[c]] = max(found.values()) < CONFIG["divided"] * found.total()
    return Task(characters, readings, allowed, majority, divided, train, test)


def encode(phrases, task):
    """A Batch of these phrases. A reading that no polyphone has in training gets the number len(task.readings)."""
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


def draw(rng, task, kind, cell=rnn):
    """A model of this kind in float32; cell: the module of its recurrent layer."""
    D, H, K = CONFIG["embedding"], CONFIG["hidden"], len(task.readings)
    E = rng.normal(0, 1 / np.sqrt(D), (len(task.characters) + 1, D)).astype(np.float32)
    if kind == "both":
        layer = bidirectional.init(rng, D, H, dtype=np.float32, cell=cell)
    else:
        layer = cell.init(rng, D, 2 * H, dtype=np.float32)
    return Model(E, layer, readout.init(rng, 2 * H, K, dtype=np.float32))


def states(cell, inputs, lengths, kind, state=None):
    """States (T, B, 2 H) at every step, in the order of the phrase, and the cache of the layer."""
    if kind != "backward":
        return layer_of(cell).forward(cell, inputs, state, lengths)
    h, cache = layer_of(cell).forward(cell, turned(inputs, lengths), state, lengths)
    return turned(h, lengths), cache


def states_backward(cell, cache, dh, lengths, kind):
    """Gradients of the layer and of its inputs, given dh in the order of the phrase."""
    if kind != "backward":
        return layer_of(cell).backward(cell, cache, dh)[:2]
    grads, dx, _ = layer_of(cell).backward(cell, cache, turned(dh, lengths))
    return grads, turned(dx, lengths)


def scores(model, h, characters, task):
    """Logits (n, K) for n polyphones with these states h (n, 2 H), and the readout's cache.

    A reading that the character does not have in training gets -1e9.
    """
    o, cache = readout.forward(model.out, h)
    return np.where(task.allowed[characters], o, np.float32(-1e9)), cache


def gradients(model, batch, task, kind, drops=NOTHING):
    """Loss in nats a polyphone and gradients."""
    asked = batch.y >= 0
    inputs = model.E[batch.x] * drops.inputs
    h, cache = states(model.cell, inputs, batch.lengths, kind, drops.start)
    o, out_cache = scores(model, (h * drops.states)[asked], batch.x[asked], task)
    loss, do = losses.cross_entropy(o, batch.y[asked])
    out, dh_asked = readout.backward(model.out, out_cache, do)
    dh = np.zeros_like(h)
    dh[asked] = dh_asked
    cell, dx = states_backward(model.cell, cache, dh * drops.states, batch.lengths, kind)
    dE = CONFIG["decay"] * model.E
    np.add.at(dE, batch.x, dx * drops.inputs)
    return loss, Model(dE, cell, out)


def upward(rng, batch):
    """Drops of embeddings and states, drawn anew for every step, none on the recurrence."""
    draw = lambda size: draw_mask(rng, CONFIG["keep"], (*batch.x.shape, size), np.float32)
    return Drops(draw(CONFIG["embedding"]), draw(2 * CONFIG["hidden"]), None)


def train(rng, task, kind, steps=None, cell=rnn, drops=upward):
    """A model after training, and its loss at every step. drops(rng, batch) -> Drops."""
    steps = CONFIG["steps"] if steps is None else steps
    model, everything = draw(rng, task, kind, cell), encode(task.train, task)
    moments, curve = optim.adam().init(model), np.empty(steps)
    for k, batch in enumerate(batches(rng, everything, steps)):
        curve[k], grads = gradients(model, batch, task, kind, drops(rng, batch))
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
    """Probabilities (n, K) at the polyphones of a batch, in the order of batch.y[batch.y >= 0]."""
    asked = batch.y >= 0
    h, _ = states(model.cell, model.E[batch.x], batch.lengths, kind)
    return np.exp(log_softmax(scores(model, h[asked], batch.x[asked], task)[0]))


def accuracy(model, batch, task, kind):
    """Shares of the polyphones of a batch that the model reads right."""
    return shares(predict(model, batch, task, kind).argmax(axis=-1), batch, task)


def shares(said, batch, task):
    """Shares of right readings, of "all" polyphones of a batch and of the "divided" ones. said (n,)."""
    asked = batch.y >= 0
    right, divided = said == batch.y[asked], task.divided[batch.x[asked]]
    return {"all": float(right.mean()), "divided": float(right[divided].mean())}
