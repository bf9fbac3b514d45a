"""Lecture 13: a tanh layer, a GRU and an LSTM with as many numbers each, as character models of Shakespeare.

All read the same windows in the same order, with the same optimiser and clipping; each with the rate, of the same short
list, that served it best on other seeds (`variants_shakespeare_rates`). Bits per held-out character after every 200
steps, and the CPU seconds that training took so far, without the measuring.
"""

import time
from functools import cache

import numpy as np

from unrolled import recorded
from unrolled.data import batches
from unrolled.recorded.experiments import bptt_shakespeare
from unrolled.scratch import gru, losses, lstm, optim, readout, rnn
from unrolled.scratch.composition import layer_of
from unrolled.scratch.nested import leaves

CONFIG = {
    "numbers": 30_000,  # of the layer and its readout
    "kinds": ["tanh", "GRU", "LSTM"],
    # For the first 60 % of the steps, then falling to 0 in a straight line.
    "rates": [0.008, 0.016, 0.032, 0.064],
    "batch": 32,
    "window": 32,
    "steps": 2000,
    "every": 200,
    "clip": 1.0,
    "held_out": 50_000,  # characters, the first of what `bptt_shakespeare` holds out
}
SEEDS = list(range(1, 11))
LAYERS = {"tanh": (rnn, {}), "GRU": (gru, {"form": "reset_after"}), "LSTM": (lstm, {})}


def run(seed):
    """The curve of each kind, as `curve` returns it, and its width and rate."""
    return {
        kind: curve(kind, seed, rate(kind)) | {"hidden": hidden(kind), "rate": rate(kind)}
        for kind in CONFIG["kinds"]
    }


def rate(kind):
    """The rate with the fewest bits in the mean over the seeds of `variants_shakespeare_rates`."""
    runs = recorded.load("variants_shakespeare_rates")["results"]
    return CONFIG["rates"][int(np.argmin(np.mean([run[kind] for run in runs], axis=0)))]


def curve(kind, seed, lr):
    """Training of one model: {"steps": (n,), "bits": (n,), "seconds": (n,)}, with a point after every so many steps."""
    vocabulary, ids, held_out = text()
    model = draw(np.random.default_rng(seed), kind)
    moments, state, workspace = optim.adam().init(model), None, rnn.Workspace()
    points, spent = {"steps": [], "bits": [], "seconds": []}, 0.0
    windows = batches.windows(ids, CONFIG["batch"], CONFIG["window"])
    for k, (x, y) in zip(range(CONFIG["steps"]), windows, strict=False):
        start = time.process_time()
        falling = lr * min(1.0, 2.5 * (1 - k / CONFIG["steps"]))
        grads, state = gradients(model, x, y, state, workspace)
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        model, moments = optim.adam(falling).update(model, grads, moments)
        spent += time.process_time() - start
        if (k + 1) % CONFIG["every"] == 0:
            points["steps"].append(k + 1)
            points["bits"].append(round(bits_per_character(model, held_out), 4))
            points["seconds"].append(round(spent, 2))
    return points


def draw(rng, kind):
    """A layer and its readout, with about CONFIG["numbers"] numbers, in float32."""
    return _draw(rng, kind, hidden(kind))


@cache
def hidden(kind):
    """The width that brings the layer and its readout closest to CONFIG["numbers"]."""
    rng = np.random.default_rng(0)  # the numbers are only counted
    count = lambda H: sum(leaf.size for part in _draw(rng, kind, H) for leaf in leaves(part))
    return min(range(1, 200), key=lambda H: abs(count(H) - CONFIG["numbers"]))


def gradients(model, x, y, state, workspace):
    """Gradients of the mean cross entropy of a window x, y (T, B) that starts in `state`, and the state after it."""
    cell, out = model
    layer = layer_of(cell)
    inputs = batches.one_hot(x, len(out.c), dtype=np.float32)
    h, kept = layer.forward(cell, inputs, state, workspace=workspace)
    o, out_cache = readout.forward(out, h)
    _, do = losses.cross_entropy(o, y)
    d_out, dh = readout.backward(out, out_cache, do)
    d_cell, _, _ = layer.backward(cell, kept, dh)
    return (d_cell, d_out), kept.state


def bits_per_character(model, ids):
    """Mean cost of a character of ids in bits, read in parallel streams from a zero state."""
    cell, out = model
    layer = layer_of(cell)
    total, state = [], None
    for x, y in batches.windows(ids, bptt_shakespeare.READERS, 100):
        inputs = batches.one_hot(x, len(out.c), dtype=np.float32)
        h, kept = layer.forward(cell, inputs, state)
        state = kept.state
        total.append(losses.cross_entropy(readout.forward(out, h)[0], y)[0])
    return float(losses.bits(np.mean(total)))


@cache
def text():
    """The vocabulary, and the numbers of the training and of the held-out characters."""
    vocabulary, ids, held_out = bptt_shakespeare.split()
    return vocabulary, ids, held_out[: CONFIG["held_out"]]


def _draw(rng, kind, H):
    layer, options = LAYERS[kind]
    K = text()[0].size
    return (
        layer.init(rng, K, H, dtype=np.float32, **options),
        readout.init(rng, H, K, dtype=np.float32),
    )
