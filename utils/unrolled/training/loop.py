"""A loop over training steps with a progress bar."""

import builtins
import os
import sys

import numpy as np
from tqdm.auto import tqdm

REFRESH = 0.2  # seconds between two looks of the bar


def fit(step, steps, *, label="training", quiet=None):
    """Call step(k) for k = 0..steps-1; it does one training step and returns its loss, a number.

    Stops by step count, never by the clock. Returns the losses (steps,).
    quiet: no progress bar; if None, there is none where nobody watches: when the environment variable
    UNROLLED_QUIET is set to anything but 0, and when stderr is neither a terminal nor a notebook. The bar vanishes
    when the loop ends, so that a notebook that is saved afterwards does not store it.
    Raises ValueError if steps < 1.
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}, expected at least 1")
    losses = np.empty(steps)
    with progress(range(steps), label=label, quiet=quiet) as bar:
        for k in bar:
            losses[k] = step(k)
            bar.set_postfix(loss=f"{losses[k]:.3f}", refresh=False)
    return losses


def progress(iterable, *, label, quiet=None):
    """A tqdm bar over an iterable, silent as `fit` says."""
    silent = unwatched() if quiet is None else quiet
    return tqdm(iterable, desc=label, disable=silent, leave=False, mininterval=REFRESH)


def unwatched():
    """Whether nobody can see a progress bar."""
    if os.environ.get("UNROLLED_QUIET", "0") not in ("", "0"):
        return True
    return not (sys.stderr.isatty() or hasattr(builtins, "__IPYTHON__"))
