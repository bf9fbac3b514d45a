"""Lecture 04: a tanh state model of the yearly sunspot numbers, its size and training chosen on earlier years.

The model reads one year and predicts the next; further ahead it reads its own predictions. For every number of
units and of training steps the record holds the one-year error on 1881-1924 after training on 1749-1880, by which
size and steps are chosen, and the errors on 1925-2008 of a model trained afresh on 1749-1924.
"""

import numpy as np

from unrolled.data import sunspots
from unrolled.scratch import losses, optim, readout, rnn

CONFIG = {
    "hidden": [4, 8, 16],
    "steps": [100, 200, 300, 500, 1000],
    "lr": 0.01,
    "fit": [1749, 1880],
    "choose": [1881, 1924],
    "refit": [1749, 1924],
    "test": [1925, 2008],
    "horizons": 12,
}
SEEDS = list(range(1, 11))


def run(seed):
    """Errors in sunspots: "choose" (hidden, steps) and "test" (hidden, steps, horizons)."""
    chosen, tested = [], []
    for hidden in CONFIG["hidden"]:
        early = train(seed, hidden, CONFIG["fit"], CONFIG["steps"])
        late = train(seed, hidden, CONFIG["refit"], CONFIG["steps"])
        chosen.append([float(errors(*model, CONFIG["choose"], 1)[0]) for model in early])
        tested.append([errors(*model, CONFIG["test"]).tolist() for model in late])
    return {"choose": chosen, "test": tested}


def choice(record):
    """The (hidden, steps) with the smallest mean error on the choosing years, and their two indices."""
    mean = np.mean([result["choose"] for result in record["results"]], axis=0)
    row, column = (int(i) for i in np.unravel_index(mean.argmin(), mean.shape))
    return record["config"]["hidden"][row], record["config"]["steps"][column], (row, column)


def train(seed, hidden, span, checkpoints):
    """Models after each number of steps in `checkpoints`, trained on the years of `span` as one sequence.

    A model is (params, scale): (rnn.Params, readout.Params), and the mean and standard deviation of those years.
    """
    years, spots = sunspots.yearly()
    past = spots[(years >= span[0]) & (years <= span[1])]
    scale = past.mean(), past.std()
    series = ((past - scale[0]) / scale[1])[:, None, None]  # (T, 1, 1)
    rng = np.random.default_rng(seed)
    params = rnn.init(rng, 1, hidden), readout.init(rng, hidden, 1)
    adam = optim.adam(CONFIG["lr"])
    state, models = adam.init(params), []
    for step in range(1, max(checkpoints) + 1):
        params, state = adam.update(params, gradient(params, series[:-1], series[1:]), state)
        if step in checkpoints:
            models.append((params, scale))
    return models


def gradient(params, x, y):
    """Gradients of the mean squared error of predicting y (T, 1, 1) from x (T, 1, 1), like params."""
    h, cache = rnn.forward(params[0], x)
    y_hat, cache_y = readout.forward(params[1], h)
    _, dy_hat = losses.squared_error(y_hat, y)
    d_readout, dh = readout.backward(params[1], cache_y, dy_hat)
    d_rnn, _, _ = rnn.backward(params[0], cache, dh=dh)
    return d_rnn, d_readout


def forecast(params, scale, origins, horizons):
    """Forecasts (horizons, origins) in sunspots, 1, 2, ... years after the years with these indices."""
    mean, spread = scale
    _, spots = sunspots.yearly()
    h, _ = rnn.forward(params[0], ((spots - mean) / spread)[:, None, None])
    state, ahead = h[origins, 0], []  # (origins, H): every year up to the origin has been read
    for _ in range(horizons):
        y_hat, _ = readout.forward(params[1], state)
        ahead.append(y_hat[:, 0] * spread + mean)
        h_next, _ = rnn.forward(params[0], y_hat[None], state=rnn.State(state))
        state = h_next[0]
    return np.array(ahead)


def errors(params, scale, span, horizons=None):
    """Root mean squared error (horizons,), in sunspots, over the years of `span` as targets."""
    horizons = CONFIG["horizons"] if horizons is None else horizons
    years, spots = sunspots.yearly()
    first, last = np.searchsorted(years, span)
    origins = np.arange(first - horizons, last)
    ahead = forecast(params, scale, origins, horizons)
    targets = origins + np.arange(1, horizons + 1)[:, None]
    counted = (targets >= first) & (targets <= last)
    off = ahead - spots[np.minimum(targets, last)]
    return np.sqrt(np.mean(off**2, axis=1, where=counted))
