"""Lecture 06: which lags does backpropagation through a truncated walk learn?

One bit is shown at step 1, nothing after it, and the network says at step lag + 1 which bit it was. The backward
walk starts there and covers `window` steps; the forward pass is never cut. Three starts: "silent", U = 0, so that no
information enters until U has been trained; "random", U drawn at random and W orthogonal, so that the state carries
the bit anyway; "forgetful", U drawn at random and W orthogonal times `forget`, so that the state loses the bit until W
has been trained.
"""

import numpy as np

from unrolled.scratch import losses, optim, readout, rnn

CONFIG = {
    "lags": [3, 4, 10, 20],
    "windows": [4, 5, 11, 21],
    "starts": ["silent", "random", "forgetful"],
    "forget": 0.5,  # scale of W in the forgetful start
    "hidden": 16,
    "batch": 32,
    "steps": 200,
    "lr": 0.01,
    "clip": 1.0,
    "test": 1000,
}
SEEDS = list(range(1, 11))


def run(seed):
    """Accuracies, lists (lags, windows) for each start; "START_readout": a window of 0, one for each lag."""
    results = {
        start: [
            [accuracy(seed, lag, window, start) for window in CONFIG["windows"]]
            for lag in CONFIG["lags"]
        ]
        for start in CONFIG["starts"]
    }
    for start in ("random", "forgetful"):
        results[f"{start}_readout"] = [accuracy(seed, lag, 0, start) for lag in CONFIG["lags"]]
    return results


def accuracy(seed, lag, window, start):
    """Share of test sequences whose bit is named, after training."""
    rng = np.random.default_rng(seed)
    params = train(rng, lag, window, start)
    x, y = bit_and_silence(rng, lag, CONFIG["test"])
    h, _ = rnn.forward(params[0], x)
    o, _ = readout.forward(params[1], h[-1])
    return float((o.argmax(axis=-1) == y).mean())


def train(rng, lag, window, start):
    """The parameters (rnn.Params, readout.Params) after training with a backward walk of `window` steps."""
    params = draw(rng, start)
    optimiser = optim.adam(CONFIG["lr"])
    state = optimiser.init(params)
    for _ in range(CONFIG["steps"]):
        x, y = bit_and_silence(rng, lag, CONFIG["batch"])
        grads, _ = optim.clip_by_norm(gradient(params, x, y, window), CONFIG["clip"])
        params, state = optimiser.update(params, grads, state)
    return params


def draw(rng, start):
    """Parameters with one input and two outputs; W is orthogonal, times CONFIG["forget"] for a forgetful start.

    U is 0 for a silent start. Raises ValueError for a start that is not in CONFIG["starts"].
    """
    if start not in CONFIG["starts"]:
        raise ValueError(f"start is {start!r}, expected one of {CONFIG['starts']}")
    H = CONFIG["hidden"]
    W, _ = np.linalg.qr(rng.normal(size=(H, H)))
    U = rng.normal(0, 0.5, size=(H, 1))
    if start == "silent":
        U = np.zeros((H, 1))
    if start == "forgetful":
        W = CONFIG["forget"] * W
    return rnn.Params(U, W, np.zeros(H)), readout.Params(
        rng.normal(size=(2, H)) / np.sqrt(H), np.zeros(2)
    )


def bit_and_silence(rng, lag, B):
    """x (lag + 1, B, 1): +1 or -1 at the first step, 0 after it; y (B,): 1 for +1, 0 for -1."""
    y = rng.integers(2, size=B)
    x = np.zeros((lag + 1, B, 1))
    x[0, :, 0] = 2 * y - 1
    return x, y


def gradient(params, x, y, window):
    """Gradients of the mean loss at the last step, walked back through the last `window` steps only.

    The state before them is carried in and treated as a constant; equation (6.19).
    """
    cell, out = params
    cut = max(len(x) - window, 0)
    carried = rnn.forward(cell, x[:cut])[1].state if cut else None
    if window == 0:
        _, grads, _ = _readout_gradient(out, carried.h, y)
        return rnn.Params(*(np.zeros_like(leaf) for leaf in cell)), grads
    h, cache = rnn.forward(cell, x[cut:], state=carried)
    _, out_grads, dh_last = _readout_gradient(out, h[-1], y)
    cell_grads, _, _ = rnn.backward(cell, cache, dstate=rnn.State(dh_last))  # (6.19)
    return cell_grads, out_grads


def _readout_gradient(out, h, y):
    o, cache = readout.forward(out, h)
    loss, do = losses.cross_entropy(o, y)
    grads, dh = readout.backward(out, cache, do)
    return loss, grads, dh
