"""Tasks for a memory that outlives the sequence: copy, repeat, recall and sort random bits.

Every task shows its items first and asks for its answer afterwards, when the input says nothing: the counted steps.
Bits are -1 and 1 in the input, 0 where there are none, and 0 and 1 in the target. Channels after the bits mark the
start, the end of what is shown, and so on. Sequences of one call have one length, T.

Source: Graves, Wayne & Danihelka (2014), section 4; their bits in the input are 0 and 1.
"""

import numpy as np


def copy(rng, length, B, bits=8, held=False, dtype=np.float32):
    """Say the sequence again that was shown.

    Returns x (2 length + 1, B, bits + 1): the sequence, one step with 1 in the last channel, then silence, or, if
    held, 1 in the last channel to the end;
    y (2 length + 1, B, bits), the sequence in the last `length` steps, else 0; counted (2 length + 1, B) of bool.
    """
    _positive(length=length, B=B, bits=bits)
    shown = rng.integers(2, size=(length, B, bits))
    x, y, counted = _blank(2 * length + 1, length, B, bits + 1, bits, dtype)
    x[:length, :, :bits] = 2 * shown - 1
    x[length : None if held else length + 1, :, bits] = 1
    y[length + 1 :] = shown
    return x, y, counted


def repeat_copy(rng, length, repeats, B, bits=8, longest=10, held=False, dtype=np.float32):
    """Say the shown sequence `repeats` times, then a mark that says it is over.

    Returns x (T, B, bits + 2) with T = length + 2 + length * repeats: the sequence, one step with 1 in channel `bits`
    and the number of repeats in the last channel, in units in which 1..longest has mean 0 and standard deviation 1,
    then silence, or, if held, 1 in channel `bits` to the end; y (T, B, bits + 1): the copies, with 0 in the last
    channel, which is 1 at the last step alone; counted (T, B) of bool.
    """
    _positive(length=length, repeats=repeats, B=B, bits=bits)
    shown = rng.integers(2, size=(length, B, bits))
    T = length + 2 + length * repeats
    x, y, counted = _blank(T, T - length - 1, B, bits + 2, bits + 1, dtype)
    x[:length, :, :bits] = 2 * shown - 1
    numbers = np.arange(1, longest + 1)
    x[length : None if held else length + 1, :, bits] = 1
    x[length, :, bits + 1] = (repeats - numbers.mean()) / numbers.std()
    y[length + 1 : -1, :, :bits] = np.tile(shown, (repeats, 1, 1))
    y[-1, :, bits] = 1
    return x, y, counted


def associative_recall(rng, items, B, length=3, bits=6, held=False, dtype=np.float32):
    """Say the item that followed the one asked about.

    An item is `length` vectors of bits. Returns x (T, B, bits + 2) with T = items (length + 1) + 2 + 2 length: each
    item after a step with 1 in channel `bits`, then the question, one of the items but the last, between two steps
    with 1 in the last channel, then silence, or, if held, 1 in the last channel to the end; y (T, B, bits): the item
    after it in the last `length` steps; counted (T, B) of bool. Raises ValueError for fewer than 2 items.
    """
    _positive(B=B, bits=bits, length=length)
    if items < 2:
        raise ValueError(f"{items} items, expected 2 or more")
    shown = rng.integers(2, size=(items, length, B, bits))
    asked, column = rng.integers(items - 1, size=B), np.arange(B)
    shows = items * (length + 1)
    x, y, counted = _blank(shows + 2 + 2 * length, length, B, bits + 2, bits, dtype)
    blocks = x[:shows].reshape(items, length + 1, B, bits + 2)  # a view
    blocks[:, 0, :, bits] = 1
    blocks[:, 1:, :, :bits] = 2 * shown - 1
    x[shows, :, bits + 1] = 1
    x[shows + length + 1 : None if held else shows + length + 2, :, bits + 1] = 1
    x[shows + 1 : shows + length + 1, :, :bits] = (2 * shown - 1)[asked, :, column].swapaxes(0, 1)
    y[-length:] = shown[asked + 1, :, column].swapaxes(0, 1)
    return x, y, counted


def priority_sort(rng, items, B, answers=None, bits=8, dtype=np.float32):
    """Say the vectors with the highest priorities, the highest first.

    Returns x (items + 1 + answers, B, bits + 2): vectors with their priorities, uniform in -1..1, in channel `bits`,
    one step with 1 in the last channel, then silence; y (..., B, bits): the first `answers` (all if None) in order
    of falling priority; counted (..., B) of bool. Raises ValueError unless 1 <= answers <= items.
    """
    _positive(items=items, B=B, bits=bits)
    answers = items if answers is None else answers
    if not 1 <= answers <= items:
        raise ValueError(f"{answers} answers, expected 1 to {items}")
    shown = rng.integers(2, size=(items, B, bits))
    priority = rng.uniform(-1, 1, size=(items, B))
    x, y, counted = _blank(items + 1 + answers, answers, B, bits + 2, bits, dtype)
    x[:items, :, :bits] = 2 * shown - 1
    x[:items, :, bits] = priority
    x[items, :, bits + 1] = 1
    order = np.argsort(-priority, axis=0)[:answers]
    y[items + 1 :] = np.take_along_axis(shown, order[..., None], axis=0)
    return x, y, counted


def _blank(T, answered, B, D, K, dtype):
    """x, y and counted, with nothing in them but which steps count: the last `answered`."""
    counted = np.zeros((T, B), bool)
    counted[T - answered :] = True
    return np.zeros((T, B, D), dtype), np.zeros((T, B, K), dtype), counted


def _positive(**sizes):
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}, expected 1 or more")
