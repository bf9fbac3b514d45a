"""Lecture 07: drawing a digit row by row, told which one at every step, in the initial state, or both.

A digit is 7 rows of 5 pixels. Stretched by s, each row is drawn s times, so that a drawing has 7 s steps. The network
(output recurrence with a link) predicts the pixels of the next row from the row before, with a teacher in training;
then it draws all ten digits by itself, each pixel being its more probable value.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import activations, optim, output_rnn

CONFIG = {
    "ways": ["input", "state", "both"],
    "stretch": [1, 2, 4, 8],
    "hidden": 32,
    "steps": 600,
    "lr": 0.005,
    "clip": 1.0,
}
SEEDS = list(range(1, 11))
ROWS = (
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)


class Model(NamedTuple):
    """The layer, and the map from the context to its initial state."""

    layer: output_rnn.LinkedParams
    G: np.ndarray  # (H, 10)


def run(seed):
    """Share of digits drawn without an error, lists (stretch) for each way."""
    return {
        way: [accuracy(train(seed, way, s), way, s) for s in CONFIG["stretch"]]
        for way in CONFIG["ways"]
    }


def digits(stretch=1):
    """The pixels (7 * stretch, 10, 5) of the ten digits, 0 or 1."""
    pixels = np.array([[[float(p) for p in row] for row in digit.split()] for digit in ROWS])
    return np.repeat(pixels.transpose(1, 0, 2), stretch, axis=0)


def context(model, way, T):
    """What each way gives the network: inputs x (T, 10, D) and the initial state, for the ten digits.

    Equation (7.18). Raises ValueError for a way that is not in CONFIG["ways"].
    """
    if way not in CONFIG["ways"]:
        raise ValueError(f"way is {way!r}, expected one of {CONFIG['ways']}")
    which = np.eye(10)
    x = np.tile(which, (T, 1, 1)) if way != "state" else np.zeros((T, 10, 0))
    h0 = which @ model.G.T if way != "input" else np.zeros((10, len(model.G)))  # (7.18)
    return x, output_rnn.LinkedState(np.zeros((10, 5)), h0)


def init(rng, way):
    """A Model for this way."""
    layer = output_rnn.init(rng, 0 if way == "state" else 10, CONFIG["hidden"], 5, link=True)
    return Model(layer, rng.normal(0, 0.5, (CONFIG["hidden"], 10)))


def train(seed, way, stretch):
    """The Model after training on the ten digits."""
    y, model = digits(stretch), init(np.random.default_rng(seed), way)
    adam = optim.adam(CONFIG["lr"])
    moments = adam.init(model)
    for _ in range(CONFIG["steps"]):
        grads, _ = optim.clip_by_norm(gradient(model, way, y), CONFIG["clip"])
        model, moments = adam.update(model, grads, moments)
    return model


def gradient(model, way, y):
    """Gradient, like model, of the mean cross entropy of the pixels y (T, 10, 5), each a coin of its own."""
    x, state = context(model, way, len(y))
    o, cache = output_rnn.forward(model.layer, x, state, teacher=output_rnn.Teacher(y))
    do = (activations.sigmoid(o) - y) / y.size
    layer, _, dstate = output_rnn.backward(model.layer, cache, do)
    G = dstate.h.T if way != "input" else np.zeros_like(model.G)
    return Model(layer, G)


def draw(model, way, T):
    """The pixels (T, 10, 5) that the network draws by itself."""
    x, state = context(model, way, T)
    drawn = []
    for t in range(T):
        o, cache = output_rnn.forward(model.layer, x[[t]], state)
        drawn.append((o[0] > 0).astype(float))
        state = cache.state._replace(o=drawn[-1])
    return np.array(drawn)


def accuracy(model, way, stretch):
    """Share of the ten digits that it draws without an error."""
    y = digits(stretch)
    return float((draw(model, way, len(y)) == y).all(axis=(0, 2)).mean())
