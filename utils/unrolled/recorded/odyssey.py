"""Lecture 13: which variant of a gated layer is best? Three small tasks, ten variants with about as many numbers each.

"recall"  the first of `T` random symbols is named after the last one: a memory that distractors must not touch
"xor"     at every step the input bit is compared with the one `lag` steps before: a memory that is rewritten all along
"text"    the next character of Shakespeare's plays, with the state carried from window to window

Each variant learns with the rate, of the same short list, that served it best on other seeds (`odyssey_rates`).
Score: share of right answers on new sequences; for "text" bits per held-out character.
"""

from functools import cache

import numpy as np

from unrolled import recorded, tasks
from unrolled.data import batches
from unrolled.recorded.experiments import bptt_shakespeare
from unrolled.scratch import gru, losses, lstm, optim, readout, rnn
from unrolled.scratch.composition import layer_of
from unrolled.scratch.nested import leaves

VARIANTS = {
    "LSTM, b_f = 1": (lstm, {"forget_bias": 1.0}),
    "LSTM, b_f = 0": (lstm, {"forget_bias": 0.0}),
    "no input gate": (lstm, {"variant": "no_input", "forget_bias": 1.0}),
    "no forget gate": (lstm, {"variant": "no_forget"}),
    "no output gate": (lstm, {"variant": "no_output", "forget_bias": 1.0}),
    "coupled gates": (lstm, {"variant": "coupled", "forget_bias": 1.0}),
    "peepholes": (lstm, {"variant": "peephole", "forget_bias": 1.0}),
    "GRU, reset after": (gru, {"form": "reset_after"}),
    "GRU, reset before": (gru, {"form": "reset_before"}),
    "tanh": (rnn, {}),
}
TASKS = {
    "recall": {"T": 20, "K": 4, "numbers": 2500, "batch": 32, "steps": 800},
    "xor": {"T": 40, "lag": 10, "numbers": 2500, "batch": 32, "steps": 400},
    "text": {"window": 25, "numbers": 12_000, "batch": 32, "steps": 1000},
}
# Of Adam; falling to 0 in a straight line over the last 40 % of the steps.
RATES = [0.001, 0.003, 0.01, 0.03, 0.1]
CLIP = 1.0
TEST = 1000  # new sequences
READ = 100_000  # held-out characters


def config(task):
    """What the experiment on a task records as its configuration."""
    return {"task": task, **TASKS[task], "variants": list(VARIANTS), "rates": RATES, "clip": CLIP}


def run(task, seed):
    """For each variant its score on a task, its rate and its width."""
    return {
        variant: {
            "score": score(task, variant, seed),
            "rate": rate(task, variant),
            "hidden": hidden(variant, shape(task)[0], TASKS[task]["numbers"]),
        }
        for variant in VARIANTS
    }


def score(task, variant, seed):
    """The score of a variant on a task, with its own rate; it takes a second or two."""
    return train(task, variant, seed, rate(task, variant))


def rate(task, variant):
    """The rate with the best mean score on the seeds of `odyssey_rates`, the smaller one of equals."""
    runs = recorded.load("odyssey_rates")["results"]
    means = np.mean([run[task][variant] for run in runs], axis=0)
    return RATES[int(np.argmin(means) if task == "text" else np.argmax(means))]


def train(task, variant, seed, lr):
    """The score of a variant on a task after training with a rate."""
    rng = np.random.default_rng(seed)
    D, K = shape(task)
    model, steps = draw(rng, variant, D, K, TASKS[task]["numbers"]), TASKS[task]["steps"]
    moments, state, workspace = optim.adam().init(model), None, rnn.Workspace()
    for k, (x, y) in enumerate(batches_of(task, rng)):
        grads, end = gradients(model, x, y, state, workspace)
        state = end if task == "text" else None
        grads, _ = optim.clip_by_norm(grads, CLIP)
        falling = lr * min(1.0, 2.5 * (1 - k / steps))
        model, moments = optim.adam(falling).update(model, grads, moments)
    return measure(task, model, rng)


def shape(task):
    """Numbers of inputs and of classes of a task."""
    if task == "text":
        return (_text()[0].size,) * 2
    return (TASKS[task]["K"],) * 2 if task == "recall" else (1, 2)


def draw(rng, variant, D, K, numbers):
    """A layer of the width that gives it about so many numbers, and a readout, in float32."""
    layer, options = VARIANTS[variant]
    H = hidden(variant, D, numbers)
    cell = layer.init(rng, D, H, dtype=np.float32, **options)
    return cell, readout.init(rng, H, K, dtype=np.float32)


def hidden(variant, D, numbers):
    """The width with which the layer's numbers come closest to `numbers`."""
    layer, options = VARIANTS[variant]
    count = lambda H: sum(leaf.size for leaf in leaves(layer.init(_ANY, D, H, **options)))
    H = 1
    while count(H) < numbers:
        H += 1
    return H if count(H) - numbers <= numbers - count(H - 1) else H - 1


_ANY = np.random.default_rng(0)  # what is drawn with it is only counted


def batches_of(task, rng):
    """The training batches x, y of a task."""
    B, steps = TASKS[task]["batch"], TASKS[task]["steps"]
    if task == "text":
        vocabulary, ids, _ = _text()
        start = rng.integers(len(ids) // 2)
        windows = batches.windows(ids[start:], B, TASKS[task]["window"])
        for _, (x, y) in zip(range(steps), windows, strict=False):
            yield batches.one_hot(x, vocabulary.size, dtype=np.float32), y
    else:
        for _ in range(steps):
            yield sequences(task, rng, B)


def sequences(task, rng, B):
    """B new sequences of a task: x (T, B, D), y (B,) for "recall", else (T, B)."""
    settings = TASKS[task]
    if task == "recall":
        return tasks.first_token(rng, settings["T"], B, settings["K"], np.float32)
    return tasks.delayed_xor(rng, settings["T"], B, settings["lag"], np.float32)


def gradients(model, x, y, state, workspace):
    """Gradients of the mean cross entropy, at the last step alone if y is (B,), and the final state."""
    cell, out = model
    layer = layer_of(cell)
    h, kept = layer.forward(cell, x, state, workspace=workspace)
    answers = h if y.ndim == 2 else h[-1]
    o, out_cache = readout.forward(out, answers)
    _, do = losses.cross_entropy(o, y)
    d_out, d_answers = readout.backward(out, out_cache, do)
    dh = d_answers
    if y.ndim == 1:
        dh = np.zeros_like(h)
        dh[-1] = d_answers
    d_cell, _, _ = layer.backward(cell, kept, dh)
    return (d_cell, d_out), kept.state


@cache
def _text():
    """Vocabulary, training and held-out characters, numbered once."""
    return bptt_shakespeare.split()


def measure(task, model, rng):
    """Share of right answers, or bits per held-out character."""
    cell, out = model
    layer = layer_of(cell)
    if task == "text":
        vocabulary, _, ids = _text()
        total, state = [], None
        for x, y in batches.windows(ids[:READ], 50, 100):
            inputs = batches.one_hot(x, vocabulary.size, dtype=np.float32)
            h, kept = layer.forward(cell, inputs, state)
            state = kept.state
            total.append(losses.cross_entropy(readout.forward(out, h)[0], y)[0])
        return float(losses.bits(np.mean(total)))
    x, y = sequences(task, rng, TEST)
    h, _ = layer.forward(cell, x)
    o, _ = readout.forward(out, h if y.ndim == 2 else h[-1])
    return float((o.argmax(axis=-1) == y).mean())
