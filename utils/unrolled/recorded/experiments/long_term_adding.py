"""Lecture 11: the adding problem, with four starts.

tanh uniform     weights uniform in +-1/sqrt(H)
tanh orthogonal  the same, but W orthogonal
relu identity    a relu layer with W = I, zero bias and small U (Le, Jaitly & Hinton 2015)
lstm chrono      an LSTM whose forget and input biases are set for the length of the sequences
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, lstm, optim, readout, rnn

CONFIG = {
    "lengths": [10, 30, 100],
    "networks": ["tanh uniform", "tanh orthogonal", "relu identity", "lstm chrono"],
    "hidden": 32,
    "batch": 32,
    "steps": 1500,
    "lr": 0.003,
    "clip": 1.0,
    "small": 0.03,  # scale of U and b in the identity start
    "test": 1000,
}
SEEDS = list(range(1, 11))


def run(seed):
    """For each network the mean squared errors on new sequences after training, one for each length."""
    return {
        network: [trained(seed, network, T) for T in CONFIG["lengths"]]
        for network in CONFIG["networks"]
    }


def trained(seed, network, T):
    """Mean squared error on new sequences of T steps after training on such."""
    rng = np.random.default_rng([seed, T])
    params, _ = train(rng, draw(rng, network, T), T)
    x, y = tasks.adding(rng, T, CONFIG["test"])
    return float(np.mean((answer(params, x) - y) ** 2))


def draw(rng, network, T):
    """Parameters (cell, readout). Raises ValueError for a network that is not in CONFIG["networks"]."""
    if network not in CONFIG["networks"]:
        raise ValueError(f"network is {network!r}, expected one of {CONFIG['networks']}")
    H = CONFIG["hidden"]
    if network == "lstm chrono":
        cell = lstm.chrono(rng, lstm.init(rng, 2, H), T)
    else:
        cell = rnn.init(rng, 2, H, activation="relu" if network == "relu identity" else "tanh")
    if network == "tanh orthogonal":
        cell = cell._replace(W=np.linalg.qr(rng.normal(size=(H, H)))[0])
    if network == "relu identity":
        U = CONFIG["small"] * rng.normal(size=(H, 2))
        cell = cell._replace(U=U, W=np.eye(H), b=np.zeros(H))
    return cell, readout.init(rng, H, 1)


def train(rng, params, T, steps=None, clip=CONFIG["clip"], optimiser=None):
    """The parameters after training on new sequences in every step, and the losses so far.

    clip: the norm to which gradients are cut, no cut if None. Stops early where the loss or a gradient is not finite.
    """
    optimiser = optim.adam(CONFIG["lr"]) if optimiser is None else optimiser
    state, curve = optimiser.init(params), []
    for _ in range(steps or CONFIG["steps"]):
        x, y = tasks.adding(rng, T, CONFIG["batch"])
        loss, grads = gradients(params, x, y)
        curve.append(loss)
        if not np.isfinite(loss):
            break
        if clip is not None:
            grads, _ = optim.clip_by_norm(grads, clip)
        params, state = optimiser.update(params, grads, state)
    return params, np.array(curve)


def gradients(params, x, y):
    """Mean squared error of the answer at the last step, and its gradients, like params."""
    cell, out = params
    layer = layer_of(cell)
    _, cache = layer.forward(cell, x)
    o, out_cache = readout.forward(out, cache.state.h)
    loss, do = losses.squared_error(o, y[:, None])
    out_grads, dh = readout.backward(out, out_cache, do)
    at_the_end = cache.state._replace(h=dh, **({"c": 0 * dh} if layer is lstm else {}))
    cell_grads, _, _ = layer.backward(cell, cache, dstate=at_the_end)
    return loss, (cell_grads, out_grads)


def answer(params, x):
    """What the network says at the last step, (B,)."""
    cell, out = params
    _, cache = layer_of(cell).forward(cell, x)
    return readout.forward(out, cache.state.h)[0][:, 0]


def layer_of(cell):
    """The module of the layer that the parameters belong to."""
    return rnn if isinstance(cell, (rnn.Params, rnn.ReluParams)) else lstm
