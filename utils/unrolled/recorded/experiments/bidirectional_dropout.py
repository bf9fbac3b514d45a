"""Lecture 09: dropout on the recurrence, for the network that reads polyphones in both directions, and for memory.

Three kinds while training, none in the test: no dropout, a new mask at every step, one mask a sequence. Nothing but
the recurrence is dropped. Polyphones: shares right in training and held out. Recall: a bit shown at the first step
must be named `lag` steps later.
"""

import numpy as np

from unrolled.recorded.experiments import bidirectional_pinyin as reader
from unrolled.scratch import losses, optim, readout, recurrent_dropout
from unrolled.scratch.bidirectional import State as BothStates
from unrolled.scratch.recurrent_dropout import State, draw_mask

CONFIG = {
    "keep": 0.5,
    "steps": 1000,
    "sample": 5000,  # training phrases on which the share right is measured
    "recall": {"lag": 20, "hidden": 32, "keep": 0.5, "steps": 400, "batch": 32, "lr": 0.005},
}
SEEDS = list(range(1, 11))
KINDS = ("none", "step", "sequence")


def run(seed):
    """For each kind of dropout the shares right, "train" and "test", and the accuracy of "recall"."""
    task = reader.load()
    return {kind: polyphones(seed, task, kind) | {"recall": recall(seed, kind)} for kind in KINDS}


def mask(rng, kind, keep, T, B, H):
    """A mask of this kind in float32: None, (T, B, H) or (B, H)."""
    if kind == "none":
        return None
    return draw_mask(rng, keep, (T, B, H) if kind == "step" else (B, H), np.float32)


def polyphones(seed, task, kind):
    """Shares of all polyphones read right, "train" and "test"."""

    def drops(rng, batch):
        shape = (*batch.x.shape, reader.CONFIG["hidden"])
        starts = (State(None, mask(rng, kind, CONFIG["keep"], *shape)) for _ in range(2))
        return reader.Drops(1.0, 1.0, BothStates(*starts))

    rng = np.random.default_rng(seed)
    model, _ = reader.train(rng, task, "both", CONFIG["steps"], recurrent_dropout, drops)
    parts = {"train": task.train[: CONFIG["sample"]], "test": task.test}
    return {
        name: reader.accuracy(model, reader.encode(part, task), task, "both")["all"]
        for name, part in parts.items()
    }


def recall(seed, kind):
    """Accuracy of recall on 2000 new sequences after training."""
    config = CONFIG["recall"]
    rng, H = np.random.default_rng(seed), config["hidden"]
    cell = recurrent_dropout.init(rng, 1, H, dtype=np.float32)
    W, _ = np.linalg.qr(rng.standard_normal((H, H)))  # keeps what it is given
    model = cell._replace(W=W.astype(np.float32)), readout.init(rng, H, 2, dtype=np.float32)
    adam = optim.adam(config["lr"])
    moments = adam.init(model)
    for _ in range(config["steps"]):
        x, y = bits(rng, config["batch"])
        start = State(None, mask(rng, kind, config["keep"], *x.shape[:2], H))
        grads, _ = optim.clip_by_norm(recall_gradients(model, x, y, start), 1.0)
        model, moments = adam.update(model, grads, moments)
    x, y = bits(rng, 2000)
    h, _ = recurrent_dropout.forward(model[0], x)
    return float((readout.forward(model[1], h[-1])[0].argmax(axis=-1) == y).mean())


def recall_gradients(model, x, y, start):
    """Gradients of the cross entropy at the last step."""
    h, cache = recurrent_dropout.forward(model[0], x, start)
    o, out_cache = readout.forward(model[1], h[-1])
    _, do = losses.cross_entropy(o, y)
    out, dh = readout.backward(model[1], out_cache, do)
    cell, _, _ = recurrent_dropout.backward(model[0], cache, dstate=State(dh, None))
    return cell, out


def bits(rng, B):
    """x (lag + 1, B, 1), a bit -1 or 1 and then silence, and y (B,), 1 where it was 1."""
    y = rng.integers(2, size=B)
    x = np.zeros((CONFIG["recall"]["lag"] + 1, B, 1), np.float32)
    x[0, :, 0] = 2 * y - 1
    return x, y
