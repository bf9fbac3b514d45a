"""A neural pushdown automaton: a net that sees its state, the symbol and the top of a stack, and moves the stack.

    S_t[i] = clip(sum over j, k, l of W[i, j, k, l] S_{t-1}[j] R_{t-1}[k] x_t[l], to 0..1)
    A_t    = clip(sum over j, k, l of    V[j, k, l] S_{t-1}[j] R_{t-1}[k] x_t[l], to -1..1)

A_t > 0 pushes so much of the symbol, A_t < 0 pops so much; R_t is the top of the stack, one in all, as `stacks` reads it,
with one more number: how much of it is missing. Each product of a state, a top and a symbol has its own weight, so a
table of an automaton is a net of this kind. This one is set by hand; the published ones were trained.
Source: Das, Giles & Sun (1992), with a clip where they have a sigmoid.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import stacks

__all__ = ["BRACKETS", "Params", "Run", "accepted", "brackets", "run", "spelled"]

BRACKETS = "()[]{}<>"  # an opening one and its partner are 2i and 2i + 1
FINE, FAILED = range(2)  # the states of `brackets`


class Params(NamedTuple):
    """Weights of all products of a state, what is on top (the symbols, and nothing), and a symbol."""

    W: np.ndarray  # (S, S, D + 1, D): to, from, top, symbol
    V: np.ndarray  # (S, D + 1, D): from, top, symbol


class Run(NamedTuple):
    """What happened at each step."""

    states: np.ndarray  # (T, B, S)
    actions: np.ndarray  # (T, B), in -1..1: pop to push
    tops: np.ndarray  # (T, B, D + 1), after the step
    left: np.ndarray  # (T, B), how much strength the stack holds after it
    memory: stacks.Memory  # at the end


def run(params, x, quantised=False):
    """Read strings x (T, B, D), one-hot, from state 0 and an empty stack. Returns a Run.

    quantised: actions are rounded to -1, 0, 1 and states to 0, 1, as one does after training.
    Raises ValueError if x doesn't fit.
    """
    S, _, D = params.V.shape
    if x.ndim != 3 or x.shape[2] != D or len(x) == 0:
        raise ValueError(f"x has shape {x.shape}, expected (T, B, {D}) with T at least 1")
    B, dtype = x.shape[1], params.V.dtype
    x = x.astype(dtype)
    state, top = np.zeros((B, S), dtype), np.zeros((B, D + 1), dtype)
    state[:, 0], top[:, D] = 1, 1
    memory, seen = None, []
    for x_t in x:
        products = np.einsum("bj,bk,bl->bjkl", state, top, x_t)
        state = np.clip(np.einsum("ijkl,bjkl->bi", params.W, products), 0, 1)
        action = np.clip(np.einsum("jkl,bjkl->b", params.V, products), -1, 1)
        if quantised:
            state, action = np.round(state), np.round(action)
        push, pop = np.maximum(action, 0), np.maximum(-action, 0)
        read, cache = stacks.stack(stacks.Controls(x_t[None], push[None], pop[None]), memory)
        memory = cache.memory
        top = np.concatenate([read[0], 1 - read[0].sum(axis=1, keepdims=True)], axis=1)
        seen.append((state, action, top, memory.strengths.sum(axis=1)))
    return Run(*map(np.stack, zip(*seen)), memory)


def accepted(found, lengths=None):
    """Which strings of a Run end in state 0 with nothing left on the stack, (B,) bool; lengths (B,): T if None."""
    T, B = found.actions.shape
    last = (np.full(B, T) if lengths is None else np.asarray(lengths)) - 1
    each = np.arange(B)
    return (found.states[last, each, 0] > 0.5) & (found.left[last, each] < 0.5)


def brackets(pairs=1, dtype=np.float64):
    """Weights, all -1, 0 or 1, that check brackets of so many kinds: push an opening one, pop it for its partner.

    State 0 is fine; a closing bracket whose partner is not on top leads to state 1, for good.
    """
    D = 2 * pairs
    W, V = np.zeros((2, 2, D + 1, D), dtype), np.zeros((2, D + 1, D), dtype)
    W[FAILED, FAILED] = 1
    for opening in range(0, D, 2):
        closing = opening + 1
        V[FINE, :, opening], V[FINE, opening, closing] = 1, -1
        W[FINE, FINE, :, opening] = 1
        W[FAILED, FINE, :, closing] = 1
        W[:, FINE, opening, closing] = 1, 0
    return Params(W, V)


def spelled(strings, pairs=1, dtype=np.float64):
    """Strings of brackets such as "([])" as x (T, B, 2 pairs), one-hot and zero after their ends, and lengths (B,).

    Raises ValueError for another symbol or an empty string.
    """
    known = BRACKETS[: 2 * pairs]
    if not all(strings) or set("".join(strings)) - set(known):
        raise ValueError(f"strings are {strings}, expected some of {known} in each")
    lengths = np.array([len(string) for string in strings])
    x = np.zeros((lengths.max(), len(strings), len(known)), dtype)
    for b, string in enumerate(strings):
        x[np.arange(len(string)), b, [known.index(symbol) for symbol in string]] = 1
    return x, lengths
