"""Lecture 06: a character model of Shakespeare, trained by `scratch.rnn` and by torch from the same weights.

Both see the same batches in the same order for the same number of steps, with the same optimiser and clipping;
both are then read over the same held-out text. Results in bits per character, seconds of process CPU time.
"""

import time
from typing import NamedTuple

import numpy as np

from unrolled.data import batches, shakespeare
from unrolled.data.vocabulary import Vocabulary
from unrolled.scratch import losses, optim, readout, rnn

CONFIG = {
    "hidden": 128,
    "batch": 32,
    "window": 32,
    "steps": 2000,
    "lr": 0.008,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "clip": 1.0,
    "held_out": 250_000,  # last characters of the text
}
SEEDS = list(range(1, 11))
READERS = 50  # streams that the held-out text is cut into


class Model(NamedTuple):
    """A recurrent layer and its readout."""

    cell: rnn.Params
    out: readout.Params


def run(seed):
    """Held-out bits and CPU seconds of both."""
    vocabulary, train_ids, test_ids = split()
    start = draw(np.random.default_rng(seed), vocabulary.size)
    ours, our_seconds = _timed(train, start, train_ids)
    theirs, their_seconds = _timed(train_torch, start, train_ids)
    return {
        "numpy_bits": bits_per_character(ours, test_ids),
        "torch_bits": bits_per_character(theirs, test_ids),
        "numpy_seconds": our_seconds,
        "torch_seconds": their_seconds,
    }


def split():
    """The vocabulary of the plays, and the numbers of the training and of the held-out characters."""
    text = shakespeare.text()
    vocabulary = Vocabulary.of(text)
    ids = vocabulary.encode(text)
    return vocabulary, ids[: -CONFIG["held_out"]], ids[-CONFIG["held_out"] :]


def draw(rng, K):
    """A model in float32, drawn as torch draws."""
    cell = rnn.init(rng, K, CONFIG["hidden"], dtype=np.float32)
    return Model(cell, readout.init(rng, CONFIG["hidden"], K, dtype=np.float32))


def train(model, ids):
    """The model after training on contiguous windows; the state is carried, the gradient ends with the window."""
    moments, state, workspace = optim.adam().init(model), None, rnn.Workspace()
    for k, (x, y) in enumerate(training_windows(ids)):
        loss, grads, state = gradients(model, x, y, state, workspace)
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        model, moments = optim.adam(learning_rate(k)).update(model, grads, moments)
    return model


def learning_rate(k):
    """The rate of step k = 0, 1, ..."""
    return CONFIG["lr"] * min(1.0, 2.5 * (1 - k / CONFIG["steps"]))


def training_windows(ids):
    """The first `steps` windows of the batches."""
    windows = batches.windows(ids, CONFIG["batch"], CONFIG["window"])
    return (window for _, window in zip(range(CONFIG["steps"]), windows, strict=False))


def gradients(model, x, y, state, workspace):
    """Loss (nats a character), gradients and the state after a window x, y (T, B) that starts in `state`."""
    inputs = batches.one_hot(x, len(model.out.c), dtype=np.float32)
    h, cache = rnn.forward(model.cell, inputs, state, workspace=workspace)
    o, out_cache = readout.forward(model.out, h)
    loss, do = losses.cross_entropy(o, y)
    out, dh = readout.backward(model.out, out_cache, do)
    cell, _, _ = rnn.backward(model.cell, cache, dh)
    return loss, Model(cell, out), cache.state


def bits_per_character(model, ids):
    """Mean cost of a character of ids in bits, read in parallel streams from a zero state."""
    total, state = [], None
    for x, y in batches.windows(ids, READERS, 100):
        inputs = batches.one_hot(x, len(model.out.c), dtype=np.float32)
        h, cache = rnn.forward(model.cell, inputs, state)
        state = cache.state
        total.append(losses.cross_entropy(readout.forward(model.out, h)[0], y)[0])
    return float(losses.bits(np.mean(total)))


def train_torch(model, ids):
    """What `train` does, by torch.nn.RNN, torch.nn.Linear and torch.optim.Adam; returns a Model."""
    import torch

    cell, out = torch_modules(model)
    parameters = [p for p in [*cell.parameters(), *out.parameters()] if p.requires_grad]
    adam = torch.optim.Adam(parameters)
    state = None
    for k, (x, y) in enumerate(training_windows(ids)):
        inputs = torch.nn.functional.one_hot(torch.as_tensor(x), out.out_features).float()
        h, state = cell(inputs, state)
        loss = torch.nn.functional.cross_entropy(out(h).flatten(0, 1), torch.as_tensor(y).flatten())
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, CONFIG["clip"])
        adam.param_groups[0]["lr"] = learning_rate(k)
        adam.step()
        state = state.detach()
    return Model(rnn.from_torch(cell), readout.from_torch(out))


def torch_modules(model):
    """torch.nn.RNN and torch.nn.Linear with the model's weights; torch's second bias stays 0 and is not trained."""
    import torch

    (H, D), K = model.cell.U.shape, len(model.out.c)
    cell, out = torch.nn.RNN(D, H), torch.nn.Linear(H, K)
    start = dict(weight_ih_l0=model.cell.U, weight_hh_l0=model.cell.W, bias_ih_l0=model.cell.b)
    with torch.no_grad():
        cell.bias_hh_l0.zero_().requires_grad_(False)
        for name, value in start.items():
            getattr(cell, name).copy_(torch.as_tensor(value))
        out.weight.copy_(torch.as_tensor(model.out.V))
        out.bias.copy_(torch.as_tensor(model.out.c))
    return cell, out


def _timed(function, *arguments):
    start = time.process_time()
    result = function(*arguments)
    return result, round(time.process_time() - start, 1)
