"""Losses over the steps of a batch, with their gradients.

`lengths` (B,) counts the leading steps of each sequence; the others add nothing to the loss, and their gradient is 0.
reduction: "mean" over the steps that count, or "sum" over them.
"""

import numpy as np

from unrolled.scratch.activations import log_softmax
from unrolled.scratch.masking import counted


def cross_entropy(o, y, lengths=None, *, reduction="mean"):
    """Cross entropy of the softmax of logits o (T, B, K) against targets y (T, B), integers in 0..K-1.

    Without lengths any leading axes will do. Returns the loss in nats, a float, and its gradient do, like o.
    Raises ValueError if shapes don't fit, a target leaves 0..K-1, or no step counts.
    Source: equations (6.4)-(6.6).
    """
    y = _checked_targets(o, y)
    log_p = log_softmax(o)  # (6.4)
    L_t = -np.take_along_axis(log_p, y[..., None], axis=-1)[..., 0]  # (6.5)
    do = np.exp(log_p)
    np.put_along_axis(
        do, y[..., None], np.take_along_axis(do, y[..., None], axis=-1) - 1, axis=-1
    )  # (6.6)
    return _reduced(L_t, do, lengths, reduction)


def squared_error(y_hat, y, lengths=None, *, reduction="mean"):
    """Squared distance of the outputs y_hat (T, B, K) to the targets y (T, B, K), summed over the K outputs.

    Without lengths any leading axes will do. Returns the loss, a float, and its gradient dy_hat, like y_hat.
    Raises ValueError if shapes or dtypes differ, or no step counts.
    """
    if y_hat.shape != y.shape or y_hat.dtype != y.dtype:
        raise ValueError(
            f"y_hat is {y_hat.dtype} of {y_hat.shape}, y is {y.dtype} of {y.shape}: expected the same"
        )
    error = y_hat - y
    return _reduced((error * error).sum(axis=-1), 2 * error, lengths, reduction)


def bits(nats):
    """A cross entropy or an entropy given in nats, in bits."""
    return nats / np.log(2)


def _checked_targets(o, y):
    y = np.asarray(y)
    if y.shape != o.shape[:-1] or not np.issubdtype(y.dtype, np.integer):
        raise ValueError(
            f"y is {y.dtype} of shape {y.shape}, expected integers of shape {o.shape[:-1]}"
        )
    if y.size and (y.min() < 0 or y.max() >= o.shape[-1]):
        raise ValueError(
            f"targets range from {y.min()} to {y.max()}, o has classes 0 to {o.shape[-1] - 1}"
        )
    return y


def _reduced(losses, gradient, lengths, reduction):
    """The total of losses (T, B) and the gradient (T, B, K) over the steps that count, divided by their number."""
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction is {reduction!r}, expected 'mean' or 'sum'")
    count = losses.size
    if lengths is not None:
        mask = counted(lengths, *losses.shape)
        losses, gradient, count = (
            np.where(mask, losses, 0),
            np.where(mask[..., None], gradient, 0),
            int(mask.sum()),
        )
    if count == 0:
        raise ValueError(f"no step counts: losses of shape {losses.shape}, lengths {lengths}")
    if reduction == "mean":
        return float(losses.sum() / count), gradient / count
    return float(losses.sum()), gradient
