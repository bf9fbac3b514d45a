"""Lecture 11: through how many steps of noise can one bit be learned?

The latch of 1994: the first three inputs tell the class, noise as strong as the signal follows, and the last state is
read. Four networks with the same training, which differ in where they start:

tanh uniform     weights uniform in +-1/sqrt(H)
tanh orthogonal  the same, but W orthogonal
lstm 1           weights uniform in +-1/sqrt(H), the bias of the forget gate 1
lstm chrono      the same, but the biases of forget and input gate set for the delay (Tallec & Ollivier 2018)

Besides the accuracy after training the record holds the transport before it: how much of the gradient of the last loss
is left where the noise begins.
"""

import numpy as np

from unrolled import tasks
from unrolled.scratch import losses, lstm, optim, readout, rnn
from unrolled.scratch.nested import global_norm

CONFIG = {
    "delays": [5, 10, 15, 20, 30, 50, 70, 100, 150, 200],
    "networks": ["tanh uniform", "tanh orthogonal", "lstm 1", "lstm chrono"],
    "shown": 3,
    "noise": 1.0,
    "hidden": 16,
    "batch": 32,
    "steps": 600,
    "lr": 0.003,
    "clip": 1.0,
    "test": 1000,
}
SEEDS = list(range(1, 11))


def run(seed):
    """For each network two lists, one number for each delay: "accuracy" after training, "transport" before it."""
    results = {}
    for network in CONFIG["networks"]:
        found = [trained(seed, network, delay) for delay in CONFIG["delays"]]
        accuracy, transport = zip(*found, strict=True)
        results[network] = {"accuracy": accuracy, "transport": transport}
    return results


def trained(seed, network, delay):
    """(accuracy after training, transport before it) of one network at one delay."""
    rng = np.random.default_rng([seed, delay])
    start = draw(rng, network, delay)
    before = transport(start, *sequences(rng, delay, CONFIG["batch"]))
    params, _ = train(rng, start, delay)
    return accuracy(params, *sequences(rng, delay, CONFIG["test"])), before


def sequences(rng, delay, B):
    """x (shown + delay, B, 1) and y (B,) of the task."""
    return tasks.latch(rng, delay, B, shown=CONFIG["shown"], noise=CONFIG["noise"])


def draw(rng, network, delay):
    """Parameters (cell, readout). Raises ValueError for a network that is not in CONFIG["networks"]."""
    if network not in CONFIG["networks"]:
        raise ValueError(f"network is {network!r}, expected one of {CONFIG['networks']}")
    H = CONFIG["hidden"]
    if network.startswith("tanh"):
        cell = rnn.init(rng, 1, H)
    else:
        cell = lstm.init(rng, 1, H, forget_bias=1.0)
    if network == "tanh orthogonal":
        cell = cell._replace(W=np.linalg.qr(rng.normal(size=(H, H)))[0])
    if network == "lstm chrono":
        cell = lstm.chrono(rng, cell, CONFIG["shown"] + delay)
    return cell, readout.init(rng, H, 2)


def train(rng, params, delay, steps=None):
    """The parameters after training on new sequences in every step, and the losses (steps,)."""
    optimiser = optim.adam(CONFIG["lr"])
    state, curve = optimiser.init(params), []
    for _ in range(steps or CONFIG["steps"]):
        x, y = sequences(rng, delay, CONFIG["batch"])
        loss, grads, _ = gradients(params, x, y)
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        params, state = optimiser.update(params, grads, state)
        curve.append(loss)
    return params, np.array(curve)


def gradients(params, x, y, state=None):
    """Loss at the last step, gradients like params, and the gradient of the state that the walk starts from."""
    cell, out = params
    layer = layer_of(cell)
    _, cache = layer.forward(cell, x, state)
    o, out_cache = readout.forward(out, cache.state.h)
    loss, do = losses.cross_entropy(o, y)
    out_grads, dh = readout.backward(out, out_cache, do)
    at_the_end = cache.state._replace(h=dh, **({"c": 0 * dh} if layer is lstm else {}))
    cell_grads, _, dstate0 = layer.backward(cell, cache, dstate=at_the_end)
    return loss, (cell_grads, out_grads), dstate0


def transport(params, x, y):
    """Norm of the last loss's gradient at the state before the noise, divided by that at the last state."""
    cell, out = params
    shown = CONFIG["shown"]
    _, cache = layer_of(cell).forward(cell, x[:shown])
    _, _, arrived = gradients(params, x[shown:], y, cache.state)
    h_last = layer_of(cell).forward(cell, x)[1].state.h
    _, do = losses.cross_entropy(h_last @ out.V.T + out.c, y)
    return global_norm(arrived) / global_norm(do @ out.V)


def accuracy(params, x, y):
    """Share of the sequences whose class is named."""
    cell, out = params
    _, cache = layer_of(cell).forward(cell, x)
    return float((readout.forward(out, cache.state.h)[0].argmax(axis=-1) == y).mean())


def layer_of(cell):
    """The module of the layer that the parameters belong to."""
    return rnn if isinstance(cell, rnn.Params) else lstm
