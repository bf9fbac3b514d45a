"""Lecture 12: what the start of the forget bias does to the latch, and the product of forget gates that explains it.

A bit is shown for `shown` steps, then noise follows for `delay` steps, and at the end the network names the bit. The
forget gate's bias starts at 0, at 1, at 5, or by chrono initialisation for as many steps as the sequence has. Before
and after training the forget gates of test sequences are multiplied over the delay, unit by unit.
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, lstm, optim, readout

CONFIG = {
    "biases": ["0", "1", "5", "chrono"],
    "shown": 3,
    "delay": 200,
    "noise": 1.0,
    "hidden": 16,
    "batch": 32,
    "steps": 600,
    "lr": 3e-3,
    "clip": 1.0,
    "test": 500,
}
SEEDS = list(range(1, 11))


def run(seed):
    """{bias: what `measure` returns for it}."""
    return {bias: measure(seed, bias) for bias in CONFIG["biases"]}


def measure(seed, bias):
    """Accuracy after training, and log10 of the kept share of the best and of the median unit, before and after."""
    rng = np.random.default_rng(seed)
    before = draw(rng, bias)
    after = train(rng, before)
    x, y = sequences(np.random.default_rng(seed + 1000), CONFIG["test"])
    h, _ = lstm.forward(after[0], x)
    o, _ = readout.forward(after[1], h[-1])
    found = {"accuracy": float((o.argmax(axis=-1) == y).mean())}
    for when, (cell, _) in (("before", before), ("after", after)):
        kept = kept_share(cell, x)
        found[f"best_{when}"] = float(kept.max())
        found[f"median_{when}"] = float(np.median(kept))
    return found


def draw(rng, bias):
    """A cell whose forget bias starts at `bias`, one of CONFIG["biases"], and a readout of two classes."""
    if bias not in CONFIG["biases"]:
        raise ValueError(f"bias is {bias!r}, expected one of {CONFIG['biases']}")
    H = CONFIG["hidden"]
    if bias == "chrono":
        cell = lstm.chrono(rng, lstm.init(rng, 1, H), CONFIG["shown"] + CONFIG["delay"])
    else:
        cell = lstm.init(rng, 1, H, forget_bias=float(bias))
    return cell, readout.init(rng, H, 2)


def sequences(rng, B):
    """A batch of the latch."""
    return tasks.latch(rng, CONFIG["delay"], B, shown=CONFIG["shown"], noise=CONFIG["noise"])


def train(rng, params, steps=None):
    """The parameters (lstm.Params, readout.Params) after training for CONFIG["steps"] steps, or for `steps`."""
    optimiser = optim.adam(CONFIG["lr"])
    state, workspace = optimiser.init(params), lstm.Workspace()
    for _ in range(CONFIG["steps"] if steps is None else steps):
        x, y = sequences(rng, CONFIG["batch"])
        grads, _ = optim.clip_by_norm(gradient(params, x, y, workspace), CONFIG["clip"])
        params, state = optimiser.update(params, grads, state)
    return params


def gradient(params, x, y, workspace=None):
    """Gradient of the mean loss of the last step."""
    cell, out = params
    h, cache = lstm.forward(cell, x, workspace=workspace)
    o, out_cache = readout.forward(out, h[-1])
    _, do = losses.cross_entropy(o, y)
    d_out, dh_last = readout.backward(out, out_cache, do)
    dstate = lstm.State(dh_last, np.zeros_like(dh_last))
    return lstm.backward(cell, cache, dstate=dstate)[0], d_out


def kept_share(cell, x):
    """log10 of the product of a unit's forget gates over the delay, (H,): the mean over the sequences of x."""
    _, cache = lstm.forward(cell, x)
    f = lstm.gates(cache).f[CONFIG["shown"] :]
    return np.log10(f).sum(axis=0).mean(axis=0)
