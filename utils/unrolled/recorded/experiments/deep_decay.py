"""Lecture 09: what weight decay on W does to memory.

A bit -1 or 1 is shown at the first step, faint noise follows, and `lag` steps later the bit must be named. The loss
is the cross entropy plus decay times the sum of the squared entries of W. W starts as torch draws it, with a spectral
radius near .6, or orthogonal, with radius 1.
"""

import numpy as np

from unrolled.scratch import losses, optim, readout, rnn

CONFIG = {
    "lag": 20,
    "noise": 0.1,
    "hidden": 16,
    "batch": 32,
    "steps": 400,
    "lr": 0.01,
    "clip": 1.0,
    "starts": ["plain", "orthogonal"],
    "decays": [0.0, 1e-4, 1e-3, 1e-2],
}
SEEDS = list(range(1, 11))


def run(seed):
    """Accuracy and spectral radius of W after training: {start: {"accuracy": (decays,), "radius": (decays,)}}."""
    found = {}
    for start in CONFIG["starts"]:
        pairs = [measure(seed, start, decay) for decay in CONFIG["decays"]]
        found[start] = dict(zip(("accuracy", "radius"), np.transpose(pairs).tolist()))
    return found


def measure(seed, start, decay):
    """Accuracy on 2000 new sequences and spectral radius of W."""
    rng = np.random.default_rng(seed)
    cell, out = train(rng, start, decay)
    x, y = sequences(rng, 2000)
    h, _ = rnn.forward(cell, x)
    right = readout.forward(out, h[-1])[0].argmax(axis=-1) == y
    return float(right.mean()), float(np.abs(np.linalg.eigvals(cell.W)).max())


def train(rng, start, decay):
    """The layer and its readout after training."""
    H = CONFIG["hidden"]
    cell = rnn.init(rng, 1, H)
    if start == "orthogonal":
        cell = cell._replace(W=np.linalg.qr(rng.standard_normal((H, H)))[0])
    model, adam = (cell, readout.init(rng, H, 2)), optim.adam(CONFIG["lr"])
    moments = adam.init(model)
    for _ in range(CONFIG["steps"]):
        grads = gradients(model, *sequences(rng, CONFIG["batch"]))
        (d_cell, d_out), _ = optim.clip_by_norm(grads, CONFIG["clip"])
        d_cell = d_cell._replace(W=d_cell.W + 2 * decay * model[0].W)  # (9.9)
        model, moments = adam.update(model, (d_cell, d_out), moments)
    return model


def gradients(model, x, y):
    """Gradients of the cross entropy at the last step."""
    cell, out = model
    h, cache = rnn.forward(cell, x)
    o, out_cache = readout.forward(out, h[-1])
    _, do = losses.cross_entropy(o, y)
    d_out, dh = readout.backward(out, out_cache, do)
    return rnn.backward(cell, cache, dstate=rnn.State(dh))[0], d_out


def sequences(rng, B):
    """x (lag + 1, B, 1) and y (B,), 1 where the first entry is 1."""
    y = rng.integers(2, size=B)
    x = CONFIG["noise"] * rng.standard_normal((CONFIG["lag"] + 1, B, 1))
    x[0, :, 0] = 2 * y - 1
    return x, y
