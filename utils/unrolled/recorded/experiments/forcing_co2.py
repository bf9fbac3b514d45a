"""Lecture 07: the monthly change of CO2 at Mauna Loa, learned with and without a teacher, then run freely.

The network reads the change of the month before (output recurrence with a link, no other input) and predicts the next
one. A training sequence has `read` months with the true changes and `ahead` months in which each true change is kept
with probability eps, else the network's own prediction is fed back: "teacher" eps = 1, "free" eps = 0, "scheduled"
eps falling from 1 to 0 in a straight line over the first `falling` of the training. Gradients pass the fed-back values.
"""

import numpy as np

from unrolled.data import co2
from unrolled.scratch import losses, optim, output_rnn

CONFIG = {
    "kinds": ["teacher", "scheduled", "free"],
    "hidden": 16,
    "steps": 1000,
    "batch": 32,
    "lr": 0.01,
    "clip": 1.0,
    "read": 24,  # months
    "ahead": 36,
    "falling": 0.7,
    "train": "1984-12",  # the last month of training
    "horizons": 60,
}
SEEDS = list(range(1, 11))


def run(seed):
    """For each kind the error one month ahead with a teacher, and free running (horizons,), in ppm."""
    data = changes()
    return {kind: measure(train(seed, kind, data), data) for kind in CONFIG["kinds"]}


def changes():
    """The months, the levels (n,) in ppm, the standardised changes z (n - 1,), their scale, and how many train."""
    months, level = co2.monthly()
    change = np.diff(level)  # of months 1, 2, ...
    count = int(np.searchsorted(months, np.datetime64(CONFIG["train"])))
    mean, spread = change[:count].mean(), change[:count].std()
    return months, level, (change - mean) / spread, (mean, spread), count


def train(seed, kind, data):
    """The parameters after training; kind is one of CONFIG["kinds"], data what `changes` returns."""
    if kind not in CONFIG["kinds"]:
        raise ValueError(f"kind is {kind!r}, expected one of {CONFIG['kinds']}")
    rng = np.random.default_rng(seed)
    past = data[2][: data[4]]
    T, B = CONFIG["read"] + CONFIG["ahead"], CONFIG["batch"]
    sequences = np.lib.stride_tricks.sliding_window_view(past, T + 1).T[..., None]  # (T + 1, n, 1)
    params = output_rnn.init(rng, 0, CONFIG["hidden"], 1, link=True)
    adam, workspace = optim.adam(CONFIG["lr"]), output_rnn.Workspace()
    moments = adam.init(params)
    for k in range(CONFIG["steps"]):
        y = sequences[:, rng.integers(sequences.shape[1], size=B)]
        forced = np.ones((T, B), dtype=bool)
        forced[CONFIG["read"] :] = rng.random((CONFIG["ahead"], B)) < share(kind, k)
        grads, _ = optim.clip_by_norm(gradient(params, y, forced, workspace), CONFIG["clip"])
        params, moments = adam.update(params, grads, moments)
    return params


def share(kind, k):
    """The probability that a true value is fed back in training step k = 0, 1, ..."""
    falling = max(0.0, 1 - k / (CONFIG["falling"] * CONFIG["steps"]))
    return {"teacher": 1.0, "free": 0.0, "scheduled": falling}[kind]


def gradient(params, y, forced, workspace=None):
    """Gradient of the mean squared error of predicting y[1:] (T, B, 1); forced (T, B): where the true value is read."""
    o, cache = output_rnn.forward(
        params,
        np.zeros((*forced.shape, 0)),
        start(params, y[0]),
        workspace=workspace,
        teacher=output_rnn.Teacher(y[1:], forced),
    )
    _, do = losses.squared_error(o, y[1:])
    return output_rnn.backward(params, cache, do)[0]


def start(params, first):
    """The state that has read nothing but `first` (B, 1)."""
    return output_rnn.LinkedState(first, np.zeros((len(first), len(params.b))))


def read_all(params, z):
    """Predictions (n - 1, 1, 1) of z[1:], true values being fed back, and the cache."""
    x = np.zeros((len(z) - 1, 1, 0))
    z = z[:, None, None]
    return output_rnn.forward(params, x, start(params, z[0]), teacher=output_rnn.Teacher(z[1:]))


def run_freely(params, z, origins, horizons):
    """Predictions (horizons, origins) of z[origin + 1], ..., when everything up to z[origin] has been read."""
    o, cache = read_all(params, z)
    state = output_rnn.LinkedState(o[origins, 0], cache.hs[origins + 1, 0])
    ahead, _ = output_rnn.forward(params, np.zeros((horizons - 1, len(origins), 0)), state)
    return np.concatenate([state.o[None], ahead])[..., 0]


def test_origins(data):
    """The origins in z from which `horizons` months after the training are left to predict."""
    return np.arange(data[4] - 1, len(data[2]) - CONFIG["horizons"])


def true_ahead(z, origins, horizons):
    """The true z (horizons, origins) that `run_freely` predicts."""
    return z[origins + 1 + np.arange(horizons)[:, None]]


def measure(params, data):
    """Root mean squared errors on the months after the training, in ppm: "read" a number, "free" (horizons,)."""
    _, _, z, (_, spread), count = data
    o, _ = read_all(params, z)
    one_month = (o[count - 1 :, 0, 0] - z[count:]) * spread
    origins = test_origins(data)
    ahead = run_freely(params, z, origins, CONFIG["horizons"])
    level = np.cumsum(ahead - true_ahead(z, origins, CONFIG["horizons"]), axis=0) * spread
    return {"read": np.sqrt(np.mean(one_month**2)), "free": np.sqrt(np.mean(level**2, axis=1))}
