"""A stack, a queue and a deque that can be pushed and popped a little, so that gradients flow through them.

Every value that was ever pushed keeps its slot; what changes is its strength, how much of it is still there:

    p(s, u)[i] = min(s[i], max(0, u - sum of s nearer to the end than i))     the u of strength nearest to an end
    s~ = s_{t-1} - p(s_{t-1}, u_t)                                            pop u_t
    s_t = s~, with d_t in the new slot of v_t                                 push d_t of v_t
    r_t = sum_i p(s_t, 1)[i] V[i]                                             read what makes up one

A stack pushes, pops and reads at its top; a queue pushes at its top and pops and reads at its bottom; a deque does all
of it at both ends, and pops at the top before the bottom. With pushes and pops of 0 and 1 they are the usual ones.

Since no value moves, V is one array for all steps, and the steps are a recurrence in the strengths alone.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.checks import checked

__all__ = [
    "Cache",
    "Controls",
    "Ends",
    "Memory",
    "backward",
    "deque",
    "portion",
    "portion_backward",
    "queue",
    "stack",
    "store_then_recall",
]


class Controls(NamedTuple):  # gradients use this type too
    """What is done to a stack or a queue at each step, or to one end of a deque: the pop comes first."""

    value: np.ndarray  # (T, B, m)
    push: np.ndarray  # (T, B), with which strength the value comes in, usually in 0..1
    pop: np.ndarray  # (T, B), how much strength is taken away


class Ends(NamedTuple):
    """Something for each end of a deque: its controls, what is read there, or gradients of them."""

    top: Controls | np.ndarray
    bottom: Controls | np.ndarray


class Memory(NamedTuple):
    """What a stack, queue or deque carries from step to step; the last slot is the top."""

    values: np.ndarray  # (B, n, m)
    strengths: np.ndarray  # (B, n), at least 0; 0: nothing is left


class Cache(NamedTuple):
    """What `backward` needs of a forward call."""

    kind: str
    controls: Controls | Ends
    values: np.ndarray  # (B, N, m), of all slots, those that are pushed later too
    strengths: np.ndarray  # (T + 1, B, N), before the first step and after each one
    slots: dict  # of each end that is pushed at: the slot of step t
    initial: slice  # the slots of the memory before the first step
    memory: Memory  # after the last step


USED = {"stack": ("top",), "queue": ("bottom",), "deque": ("top", "bottom")}  # popped and read at
OTHER = {"top": "bottom", "bottom": "top"}


def stack(controls, memory=None):
    """Run a stack: last in, first out.

    controls: Controls; memory: where it starts, empty if None. Returns what is read after each step, r (T, B, m), and
    a cache for `backward`; cache.memory is what it holds at the end.
    Raises ValueError if shapes or dtypes don't fit, or a push, pop or strength is negative.
    Source: Grefenstette et al. (2015), equations (1)-(3).
    """
    reads, cache = _run("stack", controls, {"top": controls}, memory)
    return reads["top"], cache


def queue(controls, memory=None):
    """Run a queue, first in, first out; the rest as `stack`. Source: Grefenstette et al. (2015), section 3.2."""
    reads, cache = _run("queue", controls, {"top": controls}, memory)
    return reads["bottom"], cache


def deque(controls, memory=None):
    """Run a double-ended queue.

    controls: Ends of Controls. Returns Ends of what is read at each end, (T, B, m), and a cache; the rest as `stack`.
    Source: Grefenstette et al. (2015), section 3.3.
    """
    reads, cache = _run("deque", controls, controls._asdict(), memory)
    return Ends(**reads), cache


def backward(cache, dread=None, dmemory=None):
    """Backpropagate through all the steps of `stack`, `queue` or `deque`.

    dread: gradient of what was read, (T, B, m), Ends of them for a deque; dmemory: Memory, gradient of cache.memory;
    zero if None. Returns the gradient of the controls, in their type, and of the memory before the first step.
    Where strength and demand are exactly equal, the derivative is the one of too little strength.
    Raises ValueError if shapes or dtypes don't fit.
    """
    kind, controls, values, strengths, slots, initial, _ = cache
    sides = {"top": controls} if isinstance(controls, Controls) else controls._asdict()
    dvalues, dstrengths = _read_backward(cache, sides, dread)
    if dmemory is not None:
        dvalues += checked("dmemory.values", dmemory.values, values.shape, values.dtype)
        last = strengths[-1]
        dstrengths[-1] += checked("dmemory.strengths", dmemory.strengths, last.shape, last.dtype)
    pops = _pops(kind, sides)
    dpush = {end: np.empty_like(side.push) for end, side in sides.items()}
    dpop = {end: np.empty_like(pop) for end, pop in pops.items()}
    for t in reversed(range(len(strengths) - 1)):
        ds = dstrengths[t + 1]
        for end, slot in slots.items():
            dpush[end][t] = ds[:, slot[t]]
            ds[:, slot[t]] = 0  # what was there before the push was nothing
        for end, before in reversed(_popped(strengths[t], pops, t)[0]):
            through, dpop[end][t] = portion_backward(-ds, before, pops[end][t], end)
            ds = ds + through
        dstrengths[t] += ds
    dpop = dict(zip(sides, dpop.values(), strict=True))  # a queue's is of its only controls
    by_end = {
        end: Controls(dvalues[:, slot].swapaxes(0, 1).copy(), dpush[end], dpop[end])
        for end, slot in slots.items()
    }
    grads = by_end["top"] if isinstance(controls, Controls) else Ends(**by_end)
    return grads, Memory(dvalues[:, initial].copy(), dstrengths[0][:, initial].copy())


def portion(s, amount, end="top"):
    """How much of each slot lies within the `amount` (...) of strength s (..., N) nearest to an end, (..., N).

    It sums to the amount, or to all the strength if that is less. The last slot is the top.
    """
    return np.clip(np.asarray(amount)[..., None] - _nearer(s, end), 0, s)


def portion_backward(dp, s, amount, end="top"):
    """Gradients ds (..., N) and damount (...) of `portion`, given dp (..., N)."""
    room = np.asarray(amount)[..., None] - _nearer(s, end)  # what is demanded of slot i
    whole = (s <= room) & (room > 0)
    partly = (room > 0) & ~whole  # at most one slot: it gives what is missing
    of_part = dp * partly
    return dp * whole - _nearer(of_part, OTHER[end]), of_part.sum(axis=-1)


def store_then_recall(x):
    """Crisp controls of 2T steps that push x (T, B, m) in the first T, then pop one value a step.

    What is read at the steps T..2T - 1 is the whole sequence: reversed by a stack, in its order by a queue.
    """
    T, B, _ = x.shape
    value, push, pop = np.zeros((2 * T, *x.shape[1:]), x.dtype), *np.zeros((2, 2 * T, B), x.dtype)
    value[:T], push[:T], pop[T + 1 :] = x, 1, 1  # the first value is read before it is popped
    return Controls(value, push, pop)


def _nearer(s, end):
    """For each slot the sum of s (..., N) over the slots that are nearer to the end."""
    found = np.zeros_like(s)
    if end == "top":
        found[..., :-1] = np.cumsum(s[..., :0:-1], axis=-1)[..., ::-1]
    else:
        found[..., 1:] = np.cumsum(s[..., :-1], axis=-1)
    return found


def _run(kind, controls, sides, memory):
    """sides: Controls of each end that is pushed at. Returns reads by end, (T, B, m), and a cache."""
    _check(sides, memory)
    T, B, m = sides["top"].value.shape
    dtype = sides["top"].value.dtype
    if memory is None:
        memory = Memory(np.zeros((B, 0, m), dtype), np.zeros((B, 0), dtype))
    values, slots, initial = _laid_out(sides, memory)
    pops = _pops(kind, sides)
    strengths = np.zeros((T + 1, *values.shape[:2]), dtype)
    strengths[0, :, initial] = memory.strengths
    for t in range(T):
        strengths[t + 1] = _popped(strengths[t], pops, t)[1]
        for end, slot in slots.items():
            strengths[t + 1, :, slot[t]] = sides[end].push[t]
    reads = {end: _read(strengths[1:], values, end) for end in USED[kind]}
    after = Memory(values, strengths[-1])
    return reads, Cache(kind, controls, values, strengths, slots, initial, after)


def _laid_out(sides, memory):
    """All values by slot, (B, N, m), the slot of each step by end, and the slots of the memory before.

    From the bottom: what is pushed there, last to first; the memory; what is pushed at the top, first to last.
    """
    T, n = len(sides["top"].value), memory.values.shape[1]
    below = T if "bottom" in sides else 0
    slots = {"top": below + n + np.arange(T)}
    pieces = [memory.values, sides["top"].value.swapaxes(0, 1)]
    if below:
        slots["bottom"] = np.arange(T)[::-1]
        pieces.insert(0, sides["bottom"].value[::-1].swapaxes(0, 1))
    return np.concatenate(pieces, axis=1), slots, slice(below, below + n)


def _pops(kind, sides):
    """The pops (T, B) by the end where they take, in their order."""
    return {end: sides[end if end in sides else "top"].pop for end in USED[kind]}


def _popped(s, pops, t):
    """The pops of step t, as (end, strengths before it), and the strengths (B, N) after all of them."""
    before = []
    for end, pop in pops.items():
        before.append((end, s))
        s = s - portion(s, pop[t], end)
    return before, s


def _read(strengths, values, end):
    """What is read, (T, B, m), from strengths (T, B, N): one matrix product a sequence."""
    weights = portion(strengths, np.ones(strengths.shape[:-1], strengths.dtype), end)
    return np.einsum("tbn,bnm->tbm", weights, values)


def _read_backward(cache, sides, dread):
    """Gradients of the values (B, N, m) and of the strengths (T + 1, B, N), from reading alone."""
    values, strengths = cache.values, cache.strengths
    dvalues, dstrengths = np.zeros_like(values), np.zeros_like(strengths)
    if dread is None:
        return dvalues, dstrengths
    ends = USED[cache.kind]
    upstream = dread._asdict() if isinstance(dread, Ends) else dict.fromkeys(ends, dread)
    shape, ones = sides["top"].value.shape, np.ones(strengths[1:].shape[:-1], strengths.dtype)
    for end in ends:
        dr = checked("dread", upstream[end], shape, values.dtype)
        dvalues += np.einsum("tbn,tbm->bnm", portion(strengths[1:], ones, end), dr)
        dweights = np.einsum("tbm,bnm->tbn", dr, values)
        dstrengths[1:] += portion_backward(dweights, strengths[1:], ones, end)[0]
    return dvalues, dstrengths


def _check(sides, memory):
    value = sides["top"].value
    if value.ndim != 3 or 0 in value.shape[:2]:
        raise ValueError(f"value has shape {value.shape}, expected (T, B, m), T and B at least 1")
    for side in sides.values():
        checked("value", side.value, value.shape, value.dtype)
        for name in ("push", "pop"):
            _check_amounts(name, getattr(side, name), value.shape[:2], value.dtype)
    if memory is not None:
        (_, B, m), n = value.shape, memory.values.shape[1]
        checked("memory.values", memory.values, (B, n, m), value.dtype)
        _check_amounts("memory.strengths", memory.strengths, (B, n), value.dtype)


def _check_amounts(name, array, shape, dtype):
    checked(name, array, shape, dtype)
    if not (array >= 0).all():
        raise ValueError(f"{name} has a value {array.min()}, expected at least 0")
