"""Addressing an external memory: where a head looks, what it reads there, and what it writes.

A memory M has N slots (rows) of W numbers. A weighting w has one number a slot, none negative, of sum 1: it says how
much of a head rests on each slot. A head makes its weighting in four steps out of five controls:

    w_content_i = softmax over i of beta cos(k, M_i)        by content: `content`, of `similarity`     paper (5), (6)
    w_gated     = g w_content + (1 - g) w_before            or from where it was: `interpolate`        (7)
    w_shifted_i = sum over d of s_d w_gated_{i - d}         some slots further, in a ring: `shift`     (8)
    w_i         = w_shifted_i^gamma / their sum             and narrower again: `sharpen`              (9)

`forward` and `backward` do the four in a row. With a weighting a head reads and writes:

    r   = sum over i of w_i M_i                             `read`                                     (2)
    M_i = M_i * (1 - w_i erase) + w_i add                   `write`                                    (3), (4)

The numbers are those of Graves, Wayne & Danihelka (2014), Neural Turing Machines, arXiv:1410.5401.

Every function has a partner for the gradients. It takes the gradient of the result and then the same arguments, and
gives the gradients of these arguments in their order: `dM, dk = similarity_backward(dc, M, k)`. A batch is the first
axis, so that each of its B sequences has a memory and heads of its own; all arrays have one dtype. Wrong shapes and
dtypes raise ValueError, which says what came and what was expected.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.activations import softmax

__all__ = [
    "Cache",
    "Grads",
    "backward",
    "content",
    "content_backward",
    "focused",
    "forward",
    "interpolate",
    "interpolate_backward",
    "origins",
    "read",
    "read_backward",
    "sharpen",
    "sharpen_backward",
    "shift",
    "shift_backward",
    "similarity",
    "similarity_backward",
    "write",
    "write_backward",
]

EPS = 1e-8  # added to what a cosine divides by
SHAPES = {  # the axes of every argument: B sequences, N slots of W numbers, S shifts
    "M": "BNW",
    "k": "BW",
    "beta": "B",
    "w_content": "BN",
    "w_before": "BN",
    "g": "B",
    "w": "BN",
    "s": "BS",
    "gamma": "B",
    "erase": "BW",
    "add": "BW",
    "dc": "BN",
    "dw": "BN",
    "dr": "BW",
    "dM": "BNW",
}


class Cache(NamedTuple):
    """What `backward` needs of `forward`: its arguments, and the weighting after each of the steps."""

    M: np.ndarray  # (B, N, W)
    k: np.ndarray  # (B, W)
    beta: np.ndarray  # (B,)
    g: np.ndarray  # (B,)
    s: np.ndarray  # (B, S)
    gamma: np.ndarray  # (B,)
    w_before: np.ndarray  # (B, N)
    w_content: np.ndarray  # (B, N)
    w_gated: np.ndarray  # (B, N)
    w_shifted: np.ndarray  # (B, N)


class Grads(NamedTuple):
    """Gradients of what `forward` takes, in its order."""

    M: np.ndarray  # (B, N, W)
    k: np.ndarray  # (B, W)
    beta: np.ndarray  # (B,)
    g: np.ndarray  # (B,)
    s: np.ndarray  # (B, S)
    gamma: np.ndarray  # (B,)
    w_before: np.ndarray  # (B, N)


def forward(M, k, beta, g, s, gamma, w_before):
    """The weighting of one head: by content, gated, shifted, sharpened.

    M (B, N, W) memory; k (B, W) key, any numbers; beta (B,) strength of the key, positive; g (B,) gate in [0, 1], 1
    takes the content and 0 the old weighting; s (B, S) how much to move by each of the offsets -(S//2)..S//2, of sum
    1, S odd; gamma (B,) sharpness, at least 1; w_before (B, N) the head's weighting one step earlier.
    Returns w (B, N), which sums to 1, and a cache for `backward` with the weighting after each step.
    Raises ValueError if shapes or dtypes don't fit, S is even, gamma is below 1 or a weighting is negative.
    Source: Graves, Wayne & Danihelka (2014), equations (5)-(9).
    """
    w_content = content(M, k, beta)
    w_gated = interpolate(w_content, w_before, g)
    w_shifted = shift(w_gated, s)
    w = sharpen(w_shifted, gamma)
    return w, Cache(M, k, beta, g, s, gamma, w_before, w_content, w_gated, w_shifted)


def backward(dw, cache):
    """Gradients (`Grads`) of the arguments of `forward`, from dw (B, N), the gradient of its weighting.

    The four steps in reverse order. Raises ValueError if dw doesn't fit.
    """
    dw_shifted, dgamma = sharpen_backward(dw, cache.w_shifted, cache.gamma)
    dw_gated, ds = shift_backward(dw_shifted, cache.w_gated, cache.s)
    dw_content, dw_before, dg = interpolate_backward(
        dw_gated, cache.w_content, cache.w_before, cache.g
    )
    dM, dk, dbeta = content_backward(dw_content, cache.M, cache.k, cache.beta)
    return Grads(dM, dk, dbeta, dg, ds, dgamma, dw_before)


# By content.


def similarity(M, k, eps=EPS):
    """The cosine (B, N) of the key k (B, W) with every slot of M (B, N, W), in [-1, 1].

    eps > 0 is added to the product of the two lengths. So an empty slot is similar to nothing, with a cosine of 0, and
    has a gradient, of k / eps; as does an empty key. Slots and keys much longer than eps don't notice it.
    Source: Graves, Wayne & Danihelka (2014), equation (6); eps is ours.
    """
    _check(M=M, k=k)
    return np.einsum("bnw,bw->bn", M, k) / (_length(M) * _length(k)[:, None] + eps)


def similarity_backward(dc, M, k, eps=EPS):
    """Gradients dM (B, N, W) and dk (B, W) from dc (B, N), the gradient of `similarity(M, k, eps)`."""
    _check(M=M, k=k, dc=dc)
    length_M, length_k = _length(M), _length(k)[:, None]
    below = length_M * length_k + eps
    along = dc * np.einsum("bnw,bw->bn", M, k) / below  # dc times the cosine
    dM = dc[..., None] * k[:, None] - (along * length_k)[..., None] * _unit(M)
    dk = dc[..., None] * M - (along * length_M)[..., None] * _unit(k)[:, None]
    return dM / below[..., None], (dk / below[..., None]).sum(axis=1)


def content(M, k, beta, eps=EPS):
    """The weighting (B, N) by content: softmax of beta (B,) times the cosines of the key k (B, W) with M (B, N, W).

    beta = 0 looks everywhere alike, a large beta at the most similar slot alone.
    Source: Graves, Wayne & Danihelka (2014), equation (5).
    """
    _check(M=M, k=k, beta=beta)
    return softmax(beta[:, None] * similarity(M, k, eps))


def content_backward(dw, M, k, beta, eps=EPS):
    """Gradients dM (B, N, W), dk (B, W) and dbeta (B,) from dw (B, N), the gradient of `content(M, k, beta, eps)`."""
    _check(M=M, k=k, beta=beta, dw=dw)
    c = similarity(M, k, eps)
    dscore = _softmax_backward(dw, softmax(beta[:, None] * c))
    dM, dk = similarity_backward(beta[:, None] * dscore, M, k, eps)
    return dM, dk, (dscore * c).sum(axis=1)


# By location.


def interpolate(w_content, w_before, g):
    """The weighting (B, N) between two others (B, N): w_content where the gate g (B,) is 1, w_before where it is 0.

    Source: Graves, Wayne & Danihelka (2014), equation (7).
    """
    _check(w_content=w_content, w_before=w_before, g=g)
    return g[:, None] * w_content + (1 - g)[:, None] * w_before


def interpolate_backward(dw, w_content, w_before, g):
    """Gradients dw_content (B, N), dw_before (B, N) and dg (B,) from dw (B, N), that of `interpolate`."""
    _check(w_content=w_content, w_before=w_before, g=g, dw=dw)
    dg = (dw * (w_content - w_before)).sum(axis=1)
    return g[:, None] * dw, (1 - g)[:, None] * dw, dg


def shift(w, s):
    """The weighting w (B, N) moved round the ring of slots: the circular convolution (B, N) with s (B, S).

    s[:, j] is how much moves by j - S//2 slots; after the last slot comes the first. S is odd, and may exceed N.
    s = (0, 0, 1) moves everything one slot up, s = (0, 1, 0) nothing. Raises ValueError for an even S.
    Source: Graves, Wayne & Danihelka (2014), equation (8).
    """
    _check(w=w, s=s)
    return np.einsum("bs,bsn->bn", s, _moved(w, s.shape[1]))


def shift_backward(dw, w, s):
    """Gradients dw (B, N) and ds (B, S) from dw (B, N), the gradient of `shift(w, s)`: the same, moved back."""
    _check(w=w, s=s, dw=dw)
    ds = np.einsum("bn,bsn->bs", dw, _moved(w, s.shape[1]))
    return np.einsum("bs,bsn->bn", s[:, ::-1], _moved(dw, s.shape[1])), ds


def sharpen(w, gamma):
    """The weighting w (B, N) with its entries to the power gamma (B,), made to sum 1 again.

    gamma = 1 changes nothing; a large gamma leaves the largest entry, or the largest ones in equal parts. The powers
    are of w over its largest entry: so the largest is 1, whatever gamma is, and the sum is no 0.
    Raises ValueError if gamma is below 1, an entry of w negative, or all of them 0.
    Source: Graves, Wayne & Danihelka (2014), equation (9).
    """
    _check(w=w, gamma=gamma)
    powers = _scaled(w, gamma) ** gamma[:, None]
    return powers / powers.sum(axis=1, keepdims=True)


def sharpen_backward(dw, w, gamma):
    """Gradients dw (B, N) and dgamma (B,) from dw (B, N), the gradient of y = `sharpen(w, gamma)`.

    dy_i / dw_i has the factor y_i / w_i, which has a limit at w_i = 0: it is computed as the power gamma - 1.
    """
    _check(w=w, gamma=gamma, dw=dw)
    scaled = _scaled(w, gamma)
    powers = scaled ** gamma[:, None]
    total = powers.sum(axis=1, keepdims=True)
    y = powers / total
    centred = dw - (y * dw).sum(axis=1, keepdims=True)
    y_over_w = scaled ** (gamma[:, None] - 1) / (total * w.max(axis=1, keepdims=True))
    logarithms = np.log(np.where(scaled > 0, scaled, 1))  # where w is 0, so is y log w
    return gamma[:, None] * centred * y_over_w, (y * centred * logarithms).sum(axis=1)


# Reading and writing.


def read(M, w):
    """What a head reads: r (B, W), the mean of the slots of M (B, N, W) by the weighting w (B, N).

    Source: Graves, Wayne & Danihelka (2014), equation (2).
    """
    _check(M=M, w=w)
    return np.einsum("bn,bnw->bw", w, M)


def read_backward(dr, M, w):
    """Gradients dM (B, N, W) and dw (B, N) from dr (B, W), the gradient of `read(M, w)`."""
    _check(M=M, w=w, dr=dr)
    return w[..., None] * dr[:, None], np.einsum("bnw,bw->bn", M, dr)


def write(M, w, erase, add):
    """The memory (B, N, W) after a head has written: first it erases, then it adds, each slot as far as w says.

    M (B, N, W) before; w (B, N); erase (B, W) in [0, 1], 1 wipes a column out; add (B, W) any numbers. With erase = 1
    a slot becomes the mean (1 - w_i) M_i + w_i add of what it was and of add. M itself is left alone.
    Source: Graves, Wayne & Danihelka (2014), equations (3) and (4).
    """
    _check(M=M, w=w, erase=erase, add=add)
    w = w[..., None]
    return M * (1 - w * erase[:, None]) + w * add[:, None]


def write_backward(dM, M, w, erase, add):
    """Gradients dM (B, N, W) of the memory before, dw (B, N), derase and dadd (B, W) from dM, that of `write`."""
    _check(M=M, w=w, erase=erase, add=add, dM=dM)
    lost = dM * M  # what an erased number would have been worth
    before = dM * (1 - w[..., None] * erase[:, None])
    dw = np.einsum("bnw,bw->bn", dM, add) - np.einsum("bnw,bw->bn", lost, erase)
    return before, dw, -np.einsum("bn,bnw->bw", w, lost), np.einsum("bn,bnw->bw", w, dM)


def focused(B, N, slot=0, dtype=np.float64):
    """Weightings (B, N) that rest on one slot alone, to start heads from. Raises ValueError if there is no such slot."""
    if not 0 <= slot < N:
        raise ValueError(f"slot is {slot}, expected 0 to {N - 1}")
    return np.tile(np.eye(N, dtype=dtype)[slot], (B, 1))


def origins(read, write, erase):
    """Of what every reading is made: how much of each write, and of the memory before the first one, is still in it.

    read (T, B, N) and write (T, B, N): weightings of a read and a write head over T steps, each of which writes and
    then reads; erase (T, B, W). Returns shares (T, B, T, W) and start (T, B, N, W): with the add vectors a_s and the
    first memory M_0, r_t = sum over s of shares[t, :, s] * a_s + sum over i of start[t, :, i] * M_0[:, i], exactly.
    Steps s after t have shares of 0. Raises ValueError if shapes don't fit.
    Source: equations (2)-(4) of the paper, unrolled.
    """
    T, B, N = _check_origins(read, write, erase)
    W = erase.shape[2]
    kept = np.zeros((T + 1, B, N, W), erase.dtype)  # of each write in every slot; at T, of M_0
    kept[T] = 1
    shares = np.zeros((T, B, T, W), erase.dtype)
    start = np.zeros((T, B, N, W), erase.dtype)
    for t in range(T):
        w = write[t][..., None]
        kept *= 1 - w * erase[t][:, None]
        kept[t] = w
        shares[t] = np.einsum("bn,sbnw->bsw", read[t], kept[:T])
        start[t] = read[t][..., None] * kept[T]
    return shares, start


def _length(x):
    """The lengths (...) of the vectors x (..., d); no square overflows."""
    return np.hypot.reduce(x, axis=-1)


def _unit(x):
    """The vectors x (..., d) at length 1, an empty one as it is."""
    length = _length(x)[..., None]
    return x / np.where(length > 0, length, 1)


def _softmax_backward(dw, w):
    return w * (dw - (w * dw).sum(axis=1, keepdims=True))


def _moved(w, S):
    """The weightings w (B, N) moved by each of the offsets -(S//2)..S//2: (B, S, N)."""
    if S % 2 == 0:
        raise ValueError(f"s has {S} shifts, expected an odd number: -n..n")
    N = w.shape[1]
    offsets = np.arange(S)[:, None] - S // 2
    return w[:, (np.arange(N) - offsets) % N]


def _scaled(w, gamma):
    """w (B, N) over its largest entry."""
    if not (gamma >= 1).all():
        raise ValueError(f"gamma is {gamma.min():g}, expected at least 1")
    if not (w >= 0).all():
        raise ValueError(f"w has the entry {w.min():g}, a weighting has none below 0")
    largest = w.max(axis=1, keepdims=True)
    if not largest.all():
        raise ValueError("w is all zeros, a weighting sums to 1")
    return w / largest


def _check(**arrays):
    """Raise ValueError unless the arrays have the axes of SHAPES, alike where the letters are, and one dtype."""
    sizes = {}
    for name, array in arrays.items():
        axes = SHAPES[name]
        expected = tuple(sizes.get(axis, axis) for axis in axes)
        if len(array.shape) == len(axes):
            for axis, size in zip(axes, array.shape):
                sizes.setdefault(axis, size)
        if array.shape != tuple(sizes.get(axis) for axis in axes) or 0 in array.shape:
            raise ValueError(
                f"{name} has shape {array.shape}, expected ({', '.join(axes)}{',' * (len(axes) == 1)}) "
                f"= ({', '.join(map(str, expected))}{',' * (len(axes) == 1)})"
            )
    if len({array.dtype for array in arrays.values()}) > 1:
        dtypes = ", ".join(f"{name} {array.dtype}" for name, array in arrays.items())
        raise ValueError(f"the dtypes differ: {dtypes}")


def _check_origins(read, write, erase):
    if read.ndim != 3 or write.shape != read.shape or erase.shape[:2] != read.shape[:2]:
        raise ValueError(
            f"read, write, erase have shapes {read.shape}, {write.shape}, {erase.shape}, "
            "expected (T, B, N), (T, B, N), (T, B, W)"
        )
    return read.shape
