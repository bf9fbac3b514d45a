"""Lecture 07: a character model of Shakespeare trained with teacher forcing or with scheduled sampling, run freely.

Both read y_{t-1} and predict y_t. With scheduled sampling a true character is replaced by one that the model draws,
with a probability that grows in a straight line from 0 to `drawn` over the training; no gradient passes the draw
(Bengio et al. 2015). After a prompt of held-out text both go on by themselves: with their most probable character,
and with drawn ones.
"""

import numpy as np

from unrolled.data import batches
from unrolled.recorded.experiments import bptt_shakespeare
from unrolled.scratch import optim, readout, rnn

CONFIG = {
    "hidden": 128,
    "batch": 32,
    "window": 32,
    "steps": 1200,
    "lr": 0.008,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "clip": 1.0,
    "drawn": 0.5,  # share of characters drawn by the model at the end of scheduled sampling
    "prompts": 400,
    "prompt": 60,  # characters read before a free run
    "ahead": 200,  # characters of a free run
    "block": 40,  # the share of known words is counted in blocks of so many characters
}
SEEDS = list(range(1, 11))


def run(seed):
    """What `measure` returns after each kind of training."""
    data = bptt_shakespeare.split()
    return {kind: measure(train(seed, kind, data), data, seed) for kind in ("teacher", "scheduled")}


def train(seed, kind, data):
    """The `bptt_shakespeare.Model` after training; kind "teacher" or "scheduled". data: what `bptt_shakespeare.split` returns."""
    vocabulary, ids, _ = data
    rng = np.random.default_rng(seed)
    model = bptt_shakespeare.draw(rng, vocabulary.size)
    moments, state, workspace = optim.adam().init(model), None, rnn.Workspace()
    windows = batches.windows(ids, CONFIG["batch"], CONFIG["window"])
    for k, (x, y) in zip(range(CONFIG["steps"]), windows, strict=False):
        share = CONFIG["drawn"] * k / CONFIG["steps"] if kind == "scheduled" else 0.0
        read = mixed(model, x, state, rng, share) if share else x
        _, grads, state = bptt_shakespeare.gradients(model, read, y, state, workspace)
        grads, _ = optim.clip_by_norm(grads, CONFIG["clip"])
        model, moments = optim.adam(rate(k)).update(model, grads, moments)
    return model


def rate(k):
    """The learning rate of step k = 0, 1, ..."""
    return CONFIG["lr"] * min(1.0, 2.5 * (1 - k / CONFIG["steps"]))


def mixed(model, x, state, rng, share):
    """x (T, B) with a `share` of its characters, not the first ones, replaced by draws of the model on its way."""
    read, own = x.copy(), rng.random(x.shape) < share
    for t in range(len(x) - 1):
        o, state = step(model, read[t], state)
        read[t + 1] = np.where(own[t + 1], draw(o, rng), x[t + 1])
    return read


def step(model, ids, state):
    """Read one character each, ids (B,): logits (B, K) and the next state."""
    U, W, b = model.cell
    h_prev = np.zeros((len(ids), len(b)), b.dtype) if state is None else state.h
    h = np.tanh(b + h_prev @ W.T + U.T[ids])
    return model.out.c + h @ model.out.V.T, rnn.State(h)


def draw(o, rng):
    """One symbol (B,) for each row of logits (B, K), by the Gumbel trick."""
    return (o + rng.gumbel(size=o.shape)).argmax(axis=-1)


def measure(model, data, seed):
    """Held-out bits a character; shares of right characters (ahead,), read and free; shares of known words (blocks,)."""
    vocabulary, ids, test = data
    rng = np.random.default_rng([seed, 7])
    starts = rng.integers(len(test) - CONFIG["prompt"] - CONFIG["ahead"], size=CONFIG["prompts"])
    text = np.stack([test[s : s + CONFIG["prompt"] + CONFIG["ahead"]] for s in starts], axis=1)
    truth = text[CONFIG["prompt"] :]
    free = go_on(model, text, lambda o: o.argmax(axis=-1))
    drawn = go_on(model, text, lambda o: draw(o, rng))
    known = set(words(vocabulary.decode(ids)))
    return {
        "bits": bptt_shakespeare.bits_per_character(model, test),
        "right_read": (one_step(model, text) == truth).mean(axis=1),
        "right_free": (free == truth).mean(axis=1),
        "known_drawn": known_share(drawn, vocabulary, known),
        "known_true": known_share(truth, vocabulary, known),
    }


def one_step(model, text):
    """The most probable character (ahead, N) at each step after the prompt, the true text being read throughout."""
    inputs = batches.one_hot(text[:-1], len(model.out.c), dtype=np.float32)
    h, _ = rnn.forward(model.cell, inputs)
    o, _ = readout.forward(model.out, h[CONFIG["prompt"] - 1 :])
    return o.argmax(axis=-1)


def go_on(model, text, choose):
    """Read the prompts, then feed back what `choose` makes of the logits: characters (ahead, N)."""
    state, written = None, []
    for ids in text[: CONFIG["prompt"]]:
        o, state = step(model, ids, state)
    for _ in range(CONFIG["ahead"]):
        written.append(choose(o))
        o, state = step(model, written[-1], state)
    return np.array(written)


def words(text):
    """The runs of letters in a text, in small letters."""
    return "".join(c if c.isalpha() else " " for c in text.lower()).split()


def known_share(ids, vocabulary, known):
    """Share of words that the training text has, for each block of steps of ids (ahead, N); cut words don't count."""
    size, shares = CONFIG["block"], []
    for start in range(0, len(ids), size):
        found = []
        for column in ids[start : start + size].T:
            text = vocabulary.decode(column)
            found += [word in known for word in whole(text)]
        shares.append(float(np.mean(found)))
    return shares


def whole(text):
    """The words of a text that both begin and end inside it."""
    letters = [c.isalpha() for c in text]
    inner = "".join(c if letter else " " for c, letter in zip(text.lower(), letters, strict=True))
    first = 0 if not letters[0] else inner.find(" ")
    last = len(inner) if not letters[-1] else inner.rfind(" ")
    return inner[first:last].split() if first >= 0 else []
