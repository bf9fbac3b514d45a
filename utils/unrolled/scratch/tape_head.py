"""A Neural Turing Machine whose weights are set by hand, so that its two heads copy a sequence like the heads on a tape.

What the heads do at each step depends on what arrives, in the form of `unrolled.tasks.copy`:

    arrives       write head                     read head                     reading
    bits, +-1     one slot up, writes them       stays                         the mark, in slot 0
    the flag, 1   stays, writes nothing          jumps to the mark, by content the mark
    silence, 0    stays, writes nothing          one slot up                   the bits, in their order

One step, for the input x_t and the last memory M_{t-1}:

    controller   h_t = relu(U x_t), and a 1 for the biases
    heads        every control is a matrix times [h_t; 1]: the numbers themselves, no sigmoid or softmax around them
    addressing   both weightings from M_{t-1}, as `unrolled.scratch.addressing.forward` computes them
    write, read  M_t = write(M_{t-1}, ...), then r_t = read(M_t, ...)
    output       o_t = V r_t, positive for a bit 1, negative for a bit 0, 0 where there is nothing to say

All weights are whole numbers if the heads don't slip, and the copy is exact to the last digit, as far as there are
slots: N - 1 steps, then the write head comes round and writes over the mark.

Source: what Graves, Wayne & Danihelka (2014), section 4.1, find in a trained machine; the weights are ours.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch import addressing

__all__ = ["Head", "Machine", "Trace", "copying_machine", "run"]

BACK, STAY, ON = range(3)  # the shifts by -1, 0 and 1
SURE = 1000.0  # beta: exp(-1000) is 0, so all the weight is on the slot that has the key


class Head(NamedTuple):
    """What makes a head's controls of [h; 1], H + 1 numbers."""

    k: np.ndarray  # (W, H + 1)
    beta: np.ndarray  # (1, H + 1)
    g: np.ndarray  # (1, H + 1)
    s: np.ndarray  # (3, H + 1), shifts by -1, 0, 1
    gamma: np.ndarray  # (1, H + 1)


class Machine(NamedTuple):
    """A machine with a memory of N slots of W numbers, D inputs, H units and K outputs."""

    U: np.ndarray  # (H, D), the controller
    write: Head
    erase: np.ndarray  # (W, H + 1)
    add: np.ndarray  # (W, H + 1)
    read: Head
    V: np.ndarray  # (K, W)
    M: np.ndarray  # (N, W), the first memory


class Trace(NamedTuple):
    """What a machine did in T steps."""

    write: np.ndarray  # (T, B, N), weightings of the write head
    read: np.ndarray  # (T, B, N), weightings of the read head
    M: np.ndarray  # (T, B, N, W), the memory after each write
    r: np.ndarray  # (T, B, W), readings
    erase: np.ndarray  # (T, B, W)
    add: np.ndarray  # (T, B, W)


def copying_machine(bits=8, N=128, slip=0.0, gamma=1.0):
    """The `Machine` that copies up to N - 1 steps of `bits` bits: D = bits + 1, W = bits + 1, H = 2 bits + 1, K = bits.

    slip: how much of a head stays behind whenever it should move, in [0, 1); 0 is exact. gamma: sharpness of both
    heads, at least 1, which pulls a head together that slips. Raises ValueError for numbers outside these ranges, or
    fewer than 1 bit or 2 slots.
    """
    if bits < 1 or N < 2:
        raise ValueError(f"{bits} bits and {N} slots, expected at least 1 and 2")
    if not 0 <= slip < 1:
        raise ValueError(f"slip is {slip}, expected 0 <= slip < 1")
    if gamma < 1:
        raise ValueError(f"gamma is {gamma}, expected at least 1")
    W, H = bits + 1, 2 * bits + 1
    eye = np.eye(bits)
    U = np.zeros((H, bits + 1))
    U[:bits, :bits], U[bits:-1, :bits], U[-1, -1] = eye, -eye, 1  # the 1s, the -1s, the flag
    one, flag, item = np.eye(H + 1)[[H, H - 1, 0]]  # controls that are 1: always; at the flag;
    item = item + np.eye(H + 1)[bits]  # at bits: the first of them is either 1 or -1
    mark = np.eye(W)[[-1]].T  # (W, 1): the last column belongs to the mark

    add = np.zeros((W, H + 1))
    add[:bits, :bits], add[:bits, bits : 2 * bits] = eye, -eye  # the bits as they came
    M = np.zeros((N, W))
    M[0] = mark[:, 0]
    nothing = 0 * one
    write = Head(
        mark * nothing, _row(nothing), _row(nothing), _moves(item, one, slip), _row(gamma * one)
    )
    read = Head(
        mark * one,
        _row(SURE * one),
        _row(flag),
        _moves(one - item - flag, one, slip),
        _row(gamma * one),
    )
    return Machine(U, write, np.ones((W, 1)) * item, add, read, np.eye(bits, W), M)


def run(machine, x):
    """Run a machine over x (T, B, D), from its first memory, with both heads on slot 0.

    Returns o (T, B, K) and the `Trace`. Raises ValueError if x doesn't fit.
    """
    if x.ndim != 3 or x.shape[2] != machine.U.shape[1] or 0 in x.shape:
        raise ValueError(
            f"x has shape {x.shape}, expected (T, B, {machine.U.shape[1]}), none of them 0"
        )
    B, (N, _) = x.shape[1], machine.M.shape
    M = np.tile(machine.M, (B, 1, 1))
    w_write = w_read = addressing.focused(B, N)
    steps = []
    for x_t in x.astype(M.dtype):
        h = np.maximum(x_t @ machine.U.T, 0)
        h = np.concatenate([h, np.ones((B, 1))], axis=1)  # [h; 1]
        w_write, w_read = _point(machine.write, h, M, w_write), _point(machine.read, h, M, w_read)
        erase, add = h @ machine.erase.T, h @ machine.add.T
        M = addressing.write(M, w_write, erase, add)
        steps.append(Trace(w_write, w_read, M, addressing.read(M, w_read), erase, add))
    trace = Trace(*map(np.array, zip(*steps, strict=True)))
    return trace.r @ machine.V.T, trace


def _point(head, h, M, before):
    """The weighting (B, N) of a head, of which [h; 1] (B, H + 1) makes the controls."""
    k, s = h @ head.k.T, h @ head.s.T
    beta, g, gamma = ((h @ control.T)[:, 0] for control in (head.beta, head.g, head.gamma))
    return addressing.forward(M, k, beta, g, s, gamma, before)[0]


def _moves(when, one, slip):
    """The control s (3, H + 1) of a head that goes one slot up when `when` (H + 1,) makes 1, else stays."""
    s = np.zeros((3, len(one)))
    s[ON] = (1 - slip) * when
    s[STAY] = one - s[ON]
    return s


def _row(control):
    """A control (H + 1,) as a matrix of one row."""
    return control[None]
