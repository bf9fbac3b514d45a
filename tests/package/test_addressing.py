"""`scratch.addressing` against the paper's equations as loops, central differences and torch."""

import math
from decimal import Decimal

import numpy as np
import pytest
import torch

from unrolled.scratch import addressing, gradcheck, nested

EXACT = 1e-10
SIZES = {  # B, N, W, S
    "several": (3, 5, 4, 3),
    "one sequence": (1, 6, 3, 5),
    "one slot": (2, 1, 3, 3),
    "two slots, five shifts": (2, 2, 2, 5),
    "no shift": (2, 4, 3, 1),
    "one of each": (1, 1, 1, 1),
}
LARGE = 0.1  # eps with which central differences can see an empty slot


def distribution(rng, *shape, dtype=np.float64):
    numbers = rng.uniform(0.05, 1, shape)
    return (numbers / numbers.sum(axis=-1, keepdims=True)).astype(dtype)


def problem(size="several", seed=1, dtype=np.float64):
    """Every argument by its name, and upstream gradients dc, dw, dr and dM."""
    B, N, W, S = SIZES[size]
    rng = np.random.default_rng(seed)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    uniform = lambda low, high: rng.uniform(low, high, B).astype(dtype)
    spread = lambda *shape: distribution(rng, *shape, dtype=dtype)
    return {
        "M": draw(B, N, W),
        "k": draw(B, W),
        "beta": uniform(0.5, 4),
        "g": uniform(0.1, 0.9),
        "s": spread(B, S),
        "gamma": uniform(1.1, 4),
        "w": spread(B, N),
        "w_content": spread(B, N),
        "w_before": spread(B, N),
        "erase": rng.uniform(0, 1, (B, W)).astype(dtype),
        "add": draw(B, W),
        "dc": draw(B, N),
        "dw": draw(B, N),
        "dr": draw(B, W),
        "dM": draw(B, N, W),
    }


# The paper's equations, number by number, for one sequence; lists of Python numbers.


def slow_similarity(M, k, eps=addressing.EPS):
    length = lambda x: math.sqrt(sum(float(number) ** 2 for number in x))
    dot = lambda a, b: sum(float(p) * float(q) for p, q in zip(a, b, strict=True))
    return [dot(k, slot) / (length(k) * length(slot) + eps) for slot in M]


def slow_content(M, k, beta):
    powers = [math.exp(beta * c) for c in slow_similarity(M, k)]
    return [power / sum(powers) for power in powers]


def slow_interpolate(w_content, w_before, g):
    return [g * c + (1 - g) * b for c, b in zip(w_content, w_before, strict=True)]


def slow_shift(w, s):
    """Equation (8): the sum over j of w_j s_{i - j}, indices modulo N; s has N entries there, from offset 0."""
    N = len(w)
    ring = [0.0] * N
    for j in range(len(s)):
        ring[(j - len(s) // 2) % N] += s[j]
    return [sum(w[j] * ring[(i - j) % N] for j in range(N)) for i in range(N)]


def slow_sharpen(w, gamma):
    powers = [Decimal(float(number)) ** Decimal(float(gamma)) for number in w]  # no underflow
    return [float(power / sum(powers)) for power in powers]


def slow_read(M, w):
    return [sum(w[i] * M[i][n] for i in range(len(M))) for n in range(len(M[0]))]


def slow_write(M, w, erase, add):
    erased = [[m * (1 - w[i] * e) for m, e in zip(M[i], erase, strict=True)] for i in range(len(M))]
    return [[m + w[i] * a for m, a in zip(erased[i], add, strict=True)] for i in range(len(M))]


def slow_forward(M, k, beta, g, s, gamma, w_before):
    return slow_sharpen(
        slow_shift(slow_interpolate(slow_content(M, k, beta), w_before, g), s), gamma
    )


# The same in torch, for gradients.


def torch_similarity(M, k):
    below = M.norm(dim=2) * k.norm(dim=1, keepdim=True) + addressing.EPS
    return (M @ k[..., None])[..., 0] / below


def torch_content(M, k, beta):
    return (beta[:, None] * torch_similarity(M, k)).softmax(dim=1)


def torch_interpolate(w_content, w_before, g):
    return torch.lerp(w_before, w_content, g[:, None])


def torch_shift(w, s):
    half = s.shape[1] // 2
    return sum(s[:, j, None] * w.roll(j - half, dims=1) for j in range(s.shape[1]))


def torch_sharpen(w, gamma):
    powers = w ** gamma[:, None]
    return powers / powers.sum(dim=1, keepdim=True)


def torch_read(M, w):
    return (w[:, None] @ M)[:, 0]


def torch_write(M, w, erase, add):
    outer = lambda a, b: a[:, :, None] * b[:, None, :]
    return M * (1 - outer(w, erase)) + outer(w, add)


def torch_forward(M, k, beta, g, s, gamma, w_before):
    gated = torch_interpolate(torch_content(M, k, beta), w_before, g)
    return torch_sharpen(torch_shift(gated, s), gamma)


FUNCTIONS = {  # arguments, the slow one, torch's, and the upstream gradient
    "similarity": (("M", "k"), slow_similarity, torch_similarity, "dc"),
    "content": (("M", "k", "beta"), slow_content, torch_content, "dw"),
    "interpolate": (("w_content", "w_before", "g"), slow_interpolate, torch_interpolate, "dw"),
    "shift": (("w", "s"), slow_shift, torch_shift, "dw"),
    "sharpen": (("w", "gamma"), slow_sharpen, torch_sharpen, "dw"),
    "read": (("M", "w"), slow_read, torch_read, "dr"),
    "write": (("M", "w", "erase", "add"), slow_write, torch_write, "dM"),
    "forward": (addressing.Grads._fields, slow_forward, torch_forward, "dw"),
}
CASES = [(name, size) for name in FUNCTIONS for size in SIZES]


def run(name, *args):
    """The value of a function; `forward` returns its cache too."""
    result = getattr(addressing, name)(*args)
    return result[0] if name == "forward" else result


def gradients(name, upstream, args):
    if name == "forward":
        return tuple(addressing.backward(upstream, addressing.forward(*args)[1]))
    return getattr(addressing, f"{name}_backward")(upstream, *args)


def given(name, size, dtype=np.float64):
    """The function's arguments and its upstream gradient."""
    numbers = problem(size, dtype=dtype)
    return [numbers[arg] for arg in FUNCTIONS[name][0]], numbers[FUNCTIONS[name][3]]


def one_by_one(slow, args):
    return np.array([slow(*(arg[b].tolist() for arg in args)) for b in range(len(args[0]))])


@pytest.mark.parametrize(("name", "size"), CASES)
def test_values_equal_the_papers_equations_as_loops(name, size):
    args, _ = given(name, size)
    np.testing.assert_allclose(
        run(name, *args), one_by_one(FUNCTIONS[name][1], args), rtol=0, atol=1e-13
    )


@pytest.mark.parametrize(("name", "size"), CASES)
def test_gradients_equal_central_differences(name, size):
    args, upstream = given(name, size)
    loss_of = lambda args: float((run(name, *args) * upstream).sum())
    assert gradcheck.check(loss_of, tuple(args), tuple(gradients(name, upstream, args))) < 1e-6


@pytest.mark.parametrize(("name", "size"), CASES)
def test_gradients_equal_torch(name, size):
    args, upstream = given(name, size)
    tensors = [torch.tensor(arg, requires_grad=True) for arg in args]
    theirs = FUNCTIONS[name][2](*tensors)
    (theirs * torch.tensor(upstream)).sum().backward()
    ours = (run(name, *args), *gradients(name, upstream, args))
    for a, b in zip(ours, (theirs.detach(), *(t.grad for t in tensors)), strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=0, atol=EXACT)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_are_left_alone_and_dtypes_stay(name, dtype):
    args, upstream = given(name, "several", dtype)
    before = nested.tree_map(np.copy, (args, upstream))
    results = (run(name, *args), *gradients(name, upstream, args))
    assert {leaf.dtype for leaf in results} == {np.dtype(dtype)}
    for a, b in zip(nested.leaves((args, upstream)), nested.leaves(before), strict=True):
        np.testing.assert_array_equal(a, b)
    if dtype is np.float32:
        exact = run(name, *(arg.astype(np.float64) for arg in args))
        np.testing.assert_allclose(results[0], exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
def test_a_weighting_stays_a_weighting(size):
    w, cache = addressing.forward(*given("forward", size)[0])
    for weighting in (cache.w_content, cache.w_gated, cache.w_shifted, w):
        assert (weighting >= 0).all()
        np.testing.assert_allclose(weighting.sum(axis=1), 1, rtol=0, atol=1e-14)


# By content.


def test_an_empty_slot_and_an_empty_key_are_similar_to_nothing():
    args, dc = given("similarity", "several")
    M, k = args
    M[0, 2], k[1] = 0, 0
    with np.errstate(all="raise"):
        c = addressing.similarity(M, k)
        dM, dk = addressing.similarity_backward(dc, M, k)
    assert c[0, 2] == 0 and not c[1].any() and np.isfinite(dM).all() and np.isfinite(dk).all()
    np.testing.assert_allclose(dM[0, 2], dc[0, 2] * k[0] / addressing.EPS, rtol=1e-12)
    np.testing.assert_allclose(dk[1], dc[1] @ M[1] / addressing.EPS, rtol=1e-12)


def test_the_gradient_of_an_empty_slot_equals_central_differences():
    M, k, dc = (problem()[name] for name in ("M", "k", "dc"))
    M[0, 2], M[1], k[2] = 0, 0, 0
    loss_of = lambda tree: float((addressing.similarity(*tree, LARGE) * dc).sum())
    ours = addressing.similarity_backward(dc, M, k, LARGE)
    # bounded tighter would be untrue: at 0 the third derivative is of order 1 / LARGE^3
    assert gradcheck.check(loss_of, (M, k), ours, tol=1e-3) < 1e-3


def test_an_empty_memory_is_addressed_evenly():
    args, dw = given("forward", "several")
    args[0][:] = 0
    _, cache = addressing.forward(*args)
    np.testing.assert_allclose(cache.w_content, 1 / 5, rtol=0, atol=1e-16)
    grads = addressing.backward(dw, cache)
    assert all(np.isfinite(leaf).all() for leaf in grads) and not grads.beta.any()


def test_length_is_no_content_and_sign_is():
    M, k = given("similarity", "several")[0]
    c = addressing.similarity(M, k)
    np.testing.assert_allclose(addressing.similarity(7 * M, 3 * k), c, rtol=0, atol=1e-7)
    np.testing.assert_allclose(addressing.similarity(M, -k), -c, rtol=0, atol=1e-15)
    np.testing.assert_allclose(addressing.similarity(k[:, None], k), 1, rtol=0, atol=1e-7)


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_long_and_short_vectors_stay_finite(size):
    M, k, dc = (problem()[name] for name in ("M", "k", "dc"))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        c = addressing.similarity(size * M, k)
        dM, dk = addressing.similarity_backward(dc, size * M, k)
    assert all(np.isfinite(leaf).all() for leaf in (c, dM, dk)) and (abs(c) <= 1 + 1e-15).all()


def test_the_strength_of_a_key():
    M, k, _ = given("content", "several")[0]
    w = addressing.content(M, k, np.array([0.0, 1e4, 50.0]))
    np.testing.assert_allclose(w[0], 1 / 5, rtol=0, atol=1e-16)
    assert w[1].argmax() == addressing.similarity(M, k)[1].argmax() and w[1].max() == 1


# By location.


def test_the_gate_chooses():
    w_content, w_before, _ = given("interpolate", "several")[0]
    mixed = addressing.interpolate(w_content, w_before, np.array([1.0, 0.0, 0.5]))
    np.testing.assert_array_equal(mixed[0], w_content[0])
    np.testing.assert_array_equal(mixed[1], w_before[1])
    np.testing.assert_allclose(mixed[2], (w_content[2] + w_before[2]) / 2, rtol=0, atol=1e-16)


@pytest.mark.parametrize(("gate", "dead"), [(0.0, ("M", "k", "beta")), (1.0, ("w_before",))])
def test_a_shut_gate_lets_no_gradient_through(gate, dead):
    args, dw = given("forward", "several")
    args[3][:] = gate
    w, cache = addressing.forward(*args)
    grads = addressing.backward(dw, cache)
    tensors = [torch.tensor(arg, requires_grad=True) for arg in args]
    theirs = torch_forward(*tensors)
    (theirs * torch.tensor(dw)).sum().backward()
    np.testing.assert_allclose(w, theirs.detach().numpy(), rtol=0, atol=EXACT)
    for name, ours, tensor in zip(grads._fields, grads, tensors, strict=True):
        np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=0, atol=EXACT, err_msg=name)
        assert ours.any() == (name not in dead), name


@pytest.mark.parametrize("offset", [-2, -1, 0, 1, 2])
@pytest.mark.parametrize("N", [1, 2, 3, 7])
def test_a_one_hot_shift_rolls_the_weighting(offset, N):
    w, s = distribution(np.random.default_rng(0), 2, N), np.eye(5)[[offset + 2] * 2]
    np.testing.assert_array_equal(addressing.shift(w, s), np.roll(w, offset, axis=1))
    focus = addressing.focused(2, N, slot=N - 1)
    assert (addressing.shift(focus, s).argmax(axis=1) == (N - 1 + offset) % N).all()


def test_a_shift_that_is_no_whole_number_blurs_and_sharpening_mends_it():
    entropy = lambda w: float(-(w * np.log(w + 1e-300)).sum())
    w, s = addressing.focused(1, 20, slot=3), np.array([[0.05, 0.1, 0.85]])
    blurred = addressing.shift(w, s)
    mended = [addressing.sharpen(blurred, np.array([gamma])) for gamma in (1.0, 2.0, 5.0)]
    entropies = [entropy(w), entropy(mended[2]), entropy(mended[1]), entropy(mended[0])]
    assert entropies == sorted(entropies) and entropies[0] < 1e-12 < entropies[1]
    assert {m.argmax() for m in mended} == {4}
    np.testing.assert_array_equal(mended[0], blurred)


@pytest.mark.parametrize("gamma", [1.0, 2.5, 60.0, 1e4])
def test_sharpening_stays_finite_and_exact(gamma):
    w = np.array([[0.9, 0.1, 0, 0, 0], [0.0, 0.30001, 0.3, 0.3, 0.09999], [0.2] * 5])
    sharpness, dw = np.full(3, gamma), problem()["dw"]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = addressing.sharpen(w, sharpness)
        dy, dgamma = addressing.sharpen_backward(dw, w, sharpness)
    np.testing.assert_allclose(y, one_by_one(slow_sharpen, (w, sharpness)), rtol=0, atol=1e-12)
    assert np.isfinite(dy).all() and np.isfinite(dgamma).all()
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=0, atol=1e-14)
    if gamma == 1e4:
        with np.errstate(invalid="ignore"):
            written_down = w**gamma / (w**gamma).sum(axis=1, keepdims=True)
        assert np.isnan(written_down).all()  # 0 / 0: what `sharpen` is spared


@pytest.mark.parametrize("gamma", [1.0, 1.5, 3.0])
def test_the_gradient_of_an_entry_that_is_zero(gamma):
    """To one side, since no entry is below 0: the difference from an entry of a millionth."""
    w, dw = np.array([[0.0, 0.75, 0.25]]), np.array([[1.3, -0.2, 0.6]])
    sharpness, step = np.array([gamma]), 1e-9
    above = addressing.sharpen(w + [[step, 0, 0]], sharpness)
    slope = float(((above - addressing.sharpen(w, sharpness)) * dw).sum()) / step
    dy, _ = addressing.sharpen_backward(dw, w, sharpness)
    assert dy[0, 0] == pytest.approx(slope, abs=2e-4 if gamma == 1.5 else 1e-5)
    assert (dy[0, 0] == 0) == (gamma > 1)


def test_a_weighting_on_one_slot_has_no_gradient_in_gamma():
    w, sharpness = addressing.focused(2, 4, slot=1), np.array([1.0, 3.0])
    dw = problem()["dw"][:2, :4]
    np.testing.assert_array_equal(addressing.sharpen(w, sharpness), w)
    assert not addressing.sharpen_backward(dw, w, sharpness)[1].any()


# Reading and writing.


def test_a_head_on_one_slot_reads_it_and_a_blurred_one_reaches_all():
    M, w = given("read", "several")[0]
    dr = problem()["dr"]
    np.testing.assert_array_equal(addressing.read(M, addressing.focused(3, 5, slot=2)), M[:, 2])
    dM, _ = addressing.read_backward(dr, M, w)
    assert dM.all()


def test_the_convex_write_of_the_slides_is_erase_1_and_add_the_value():
    M, w, _, value = given("write", "several")[0]
    convex = (1 - w[..., None]) * M + w[..., None] * value[:, None]
    ones = np.ones_like(value)
    np.testing.assert_allclose(addressing.write(M, w, ones, value), convex, rtol=0, atol=1e-15)
    for erase, add in ((0.5 * ones, value), (ones, 2 * value), (0 * ones, value)):
        assert abs(addressing.write(M, w, erase, add) - convex).max() > 0.01


def test_a_head_on_one_slot_writes_there_alone():
    M, _, _, add = given("write", "several")[0]
    w, ones = addressing.focused(3, 5, slot=2), np.ones_like(add)
    after = addressing.write(M, w, ones, add)
    np.testing.assert_array_equal(after[:, 2], add)
    np.testing.assert_array_equal(np.delete(after, 2, axis=1), np.delete(M, 2, axis=1))
    added = addressing.write(M, w, 0 * ones, add)
    np.testing.assert_allclose(added[:, 2], M[:, 2] + add, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(addressing.write(M, w, 0 * ones, 0 * add), M)


# Where a reading comes from.


def tape(seed=3, T=6, B=2, N=4, W=3):
    """Weightings of two heads, erase and add vectors over T steps, and a first memory."""
    rng = np.random.default_rng(seed)
    weightings = distribution(rng, T, B, N), distribution(rng, T, B, N)
    erase, add = rng.uniform(0, 1, (T, B, W)), rng.standard_normal((T, B, W))
    return *weightings, erase, add, rng.standard_normal((B, N, W))


def readings(read, write, erase, add, M):
    found = []
    for t in range(len(read)):
        M = addressing.write(M, write[t], erase[t], add[t])
        found.append(addressing.read(M, read[t]))
    return np.array(found)


def test_a_reading_is_the_sum_of_its_origins():
    read, write, erase, add, M = tape()
    shares, start = addressing.origins(read, write, erase)
    made = np.einsum("tbsw,sbw->tbw", shares, add) + np.einsum("tbnw,bnw->tbw", start, M)
    np.testing.assert_allclose(made, readings(read, write, erase, add, M), rtol=0, atol=1e-14)
    for t in range(len(read)):
        assert shares[t, :, : t + 1].all() and not shares[t, :, t + 1 :].any()


def test_origins_are_the_gradients_of_the_readings_in_what_was_added():
    read, write, erase, add, M = tape()
    shares, start = addressing.origins(read, write, erase)
    tensors = [torch.tensor(array) for array in (read, write, erase, add, M)]
    tensors[3].requires_grad_(), tensors[4].requires_grad_()
    memory = tensors[4]
    for t in range(len(read)):
        memory = torch_write(memory, *(tensor[t] for tensor in tensors[1:4]))
    last = torch_read(memory, tensors[0][-1])
    dadd, dM = torch.autograd.grad(last.sum(), tensors[3:])
    np.testing.assert_allclose(shares[-1].swapaxes(0, 1), dadd.numpy(), rtol=0, atol=1e-14)
    np.testing.assert_allclose(start[-1], dM.numpy(), rtol=0, atol=1e-14)


def test_heads_on_one_slot_have_one_origin():
    slots, T, N = [0, 1, 2, 1, 0], 5, 3
    write, erase = np.eye(N)[slots][:, None], np.ones((T, 1, 2))
    read = np.eye(N)[[2, 0, 1, 1, 2]][:, None]
    shares, start = addressing.origins(read, write, erase)
    assert (shares == shares[..., :1]).all()  # no column differs
    assert shares[:, 0, :, 0].tolist() == [
        [0, 0, 0, 0, 0],  # slot 2, not written yet
        [1, 0, 0, 0, 0],  # slot 0
        [0, 1, 0, 0, 0],  # slot 1
        [0, 0, 0, 1, 0],  # slot 1, written over
        [0, 0, 1, 0, 0],  # slot 2
    ]
    assert start[0, 0, 2].all() and not start[1:].any()


# What is refused.


@pytest.mark.parametrize(
    ("name", "arg", "change", "message"),
    [
        ("similarity", "M", lambda M: M[0], r"M has shape \(5, 4\), expected \(B, N, W\)"),
        ("similarity", "k", lambda k: k[:1], r"k has shape \(1, 4\), expected \(B, W\) = \(3, 4\)"),
        ("similarity", "k", lambda k: k[:, 1:], r"k has shape \(3, 3\), expected \(B, W\)"),
        ("content", "beta", lambda b: b[:, None], r"beta has shape \(3, 1\), expected \(B,\) = "),
        ("interpolate", "w_before", lambda w: w[:, 1:], r"\(3, 4\), expected \(B, N\) = \(3, 5\)"),
        ("interpolate", "g", lambda g: g[:2], r"g has shape \(2,\), expected \(B,\) = \(3,\)"),
        ("shift", "s", lambda s: s[:, 1:], "s has 2 shifts, expected an odd number"),
        ("shift", "s", lambda s: s[:, :0], r"s has shape \(3, 0\), expected \(B, S\)"),
        ("sharpen", "gamma", lambda g: 0 * g + 0.9, "gamma is 0.9, expected at least 1"),
        ("sharpen", "gamma", lambda g: g * np.nan, "gamma is nan, expected at least 1"),
        ("sharpen", "w", lambda w: w - 0.5, "w has the entry -0.4"),
        ("sharpen", "w", lambda w: 0 * w, "w is all zeros, a weighting sums to 1"),
        ("read", "w", lambda w: w[:, 1:], r"w has shape \(3, 4\), expected \(B, N\) = \(3, 5\)"),
        ("write", "erase", lambda e: e[:, 1:], r"erase has shape \(3, 3\), expected \(B, W\)"),
        ("write", "add", lambda a: a[0], r"add has shape \(4,\), expected \(B, W\) = \(3, 4\)"),
        ("write", "add", np.float32, "dtypes differ: M float64, .*add float32"),
        ("forward", "w_before", lambda w: w[:, :2], r"w_before has shape \(3, 2\)"),
    ],
)
def test_errors_say_what_came_and_what_was_expected(name, arg, change, message):
    args, upstream = given(name, "several")
    place = FUNCTIONS[name][0].index(arg)
    wrong = [*args[:place], change(args[place]), *args[place + 1 :]]
    with pytest.raises(ValueError, match=message):
        run(name, *wrong)
    with pytest.raises(ValueError, match=message):
        gradients(name, upstream, wrong)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_upstream_gradient_that_does_not_fit(name):
    args, upstream = given(name, "several")
    with pytest.raises(ValueError, match=rf"{FUNCTIONS[name][3]} has shape \(2, .*expected \(B, "):
        gradients(name, upstream[:2], args)


def test_origins_and_focus_that_cannot_be():
    read, write, erase, *_ = tape()
    with pytest.raises(
        ValueError, match=r"read, write, erase have shapes \(6, 2, 4\), \(6, 2, 3\)"
    ):
        addressing.origins(read, write[..., 1:], erase)
    with pytest.raises(ValueError, match="slot is 4, expected 0 to 3"):
        addressing.focused(1, 4, slot=4)
