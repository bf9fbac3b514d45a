"""`scratch.typed` against the equations as loops, central differences, and its two ways to run a recurrence."""

import numpy as np
import pytest
import torch

from tests.package.layers import CASES, assert_equal, tensor
from unrolled.scratch import gradcheck, nested, stacked, typed

VARIANTS = sorted(typed.TYPES)


# The equations as loops over sequences and steps; torch differentiates them: the oracle.


def loop_step(variant, params, x, c, x_prev):
    """h and c after one step of one sequence."""
    H = len(c)
    if variant == "rnn":
        f = torch.sigmoid(params.b + params.U[H:] @ x)
        c = f * c + (1 - f) * (params.U[:H] @ x)
        return c, c
    a_z, a_f, a_o = (
        params.b[k : k + H] + params.U[k : k + H] @ x + params.U_prev[k : k + H] @ x_prev
        for k in (0, H, 2 * H)
    )
    f, o = torch.sigmoid(a_f), torch.tanh(a_o)
    if variant == "lstm":
        c = f * c + (1 - f) * a_z
        return c * o, c
    c = f * c + a_z * o
    return c, c


def oracle(variant, params, x, state, lengths):
    """h (T, B, H), zero at padding, and the final state."""
    T, B, _ = x.shape
    outputs, ends = [], []
    for b in range(B):
        c = state.c[b]
        x_prev = None if variant == "rnn" else state.x[b]
        hs = []
        for t in range(T):
            h = torch.zeros_like(c)
            if t < lengths[b]:
                h, c = loop_step(variant, params, x[t, b], c, x_prev)
                x_prev = x[t, b]
            hs.append(h)
        outputs.append(torch.stack(hs))
        ends.append((c,) if variant == "rnn" else (c, x_prev))
    return torch.stack(outputs, dim=1), type(state)(*map(torch.stack, zip(*ends, strict=True)))


def problem(shape, variant="rnn", dtype=np.float64, seed=1):
    """Parameters with non-zero biases, an input, an initial state, and random upstream gradients."""
    T, B, D, H = shape
    rng = np.random.default_rng(seed)
    params = typed.init(rng, D, H, dtype, variant)
    draw = lambda *shape: rng.standard_normal(shape).astype(dtype)
    params = params._replace(b=draw(len(params.b)))
    state = lambda: (
        typed.State(draw(B, H)) if variant == "rnn" else typed.InputState(draw(B, H), draw(B, D))
    )
    return params, draw(T, B, D), state(), draw(T, B, H), state()


def dot(a, b):
    return sum((p * q).sum() for p, q in zip(nested.leaves(a), nested.leaves(b), strict=True))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_values_and_gradients_equal_the_equations_written_as_loops(shape, lengths, variant):
    params, x, state, dh, dstate = problem(shape, variant)
    h, cache = typed.forward(params, x, state, lengths)
    ours = typed.backward(params, cache, dh, dstate)
    leaves = nested.tree_map(tensor, (params, x, state))
    steps = [shape[0]] * shape[1] if lengths is None else lengths
    exact = oracle(variant, *leaves, steps)
    assert_equal((h, cache.state), nested.tree_map(lambda a: a.detach().numpy(), exact))
    dot(exact, nested.tree_map(torch.tensor, (dh, dstate))).backward()
    found = lambda leaf: np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
    assert_equal(ours, nested.tree_map(found, leaves))
    assert type(ours[0]) is type(params) is typed.TYPES[variant]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("shape", "lengths"), CASES)
def test_gradients_equal_central_differences(shape, lengths, variant):
    params, x, state, dh, dstate = problem(shape, variant)

    def loss_of(tree):
        h, cache = typed.forward(*tree, lengths)
        return float(dot((h, cache.state), (dh, dstate)))

    _, cache = typed.forward(params, x, state, lengths)
    ours = typed.backward(params, cache, dh, dstate)
    assert gradcheck.check(loss_of, (params, x, state), ours) < 1e-7


@pytest.mark.parametrize("T", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 1000])
def test_the_scan_equals_the_loop(T):
    rng = np.random.default_rng(T)
    f, u = rng.uniform(-1.1, 1, (T, 3, 2)), rng.standard_normal((T, 3, 2))
    c0 = rng.standard_normal((3, 2))
    before = f.copy(), u.copy(), c0.copy()
    np.testing.assert_allclose(typed.scan(f, u, c0), typed.loop(f, u, c0), rtol=1e-10, atol=1e-10)
    assert_equal((f, u, c0), before, 0)


def test_the_scan_takes_two_rounds_for_each_doubling_of_the_length():
    rounds = []

    class Counting(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            rounds.append(ufunc.__name__)
            plain = [np.asarray(a) if isinstance(a, Counting) else a for a in inputs]
            kwargs["out"] = tuple(np.asarray(a) for a in kwargs["out"]) if "out" in kwargs else None
            if kwargs["out"] is None:
                del kwargs["out"]
            return getattr(ufunc, method)(*plain, **kwargs).view(Counting)

    counts = []
    for T in (64, 128, 256):
        rounds.clear()
        f, u = np.full((T, 1), 0.5).view(Counting), np.ones((T, 1)).view(Counting)
        typed.scan(f, u, np.zeros(1))
        counts.append(len(rounds))
    assert counts[2] - counts[1] == counts[1] - counts[0] and counts[2] < 64


def test_the_jacobian_of_a_t_rnn_is_the_product_of_its_gates():
    params, x, state, *_ = problem((9, 1, 4, 3))
    h, cache = typed.forward(params, x, state)
    dh = np.zeros_like(h)
    product = np.prod(cache.f[:, 0], axis=0)
    for unit in range(3):
        dh[:] = 0
        dh[-1, 0, unit] = 1
        _, _, dstate0 = typed.backward(params, cache, dh)
        assert_equal(dstate0.c[0], product * np.eye(3)[unit], 1e-14)
    assert 0 < product.min() and product.max() < 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_cutting_a_sequence_in_two_changes_nothing(variant):
    params, x, state, dh, _ = problem((7, 3, 4, 2), variant)
    h, cache = typed.forward(params, x, state)
    h_1, cache_1 = typed.forward(params, x[:3], state)
    h_2, cache_2 = typed.forward(params, x[3:], cache_1.state)
    assert_equal((np.concatenate([h_1, h_2]), cache_2.state), (h, cache.state))
    grads, dx, first = typed.backward(params, cache, dh)
    grads_2, dx_2, middle = typed.backward(params, cache_2, dh[3:])
    grads_1, dx_1, start = typed.backward(params, cache_1, dh[:3], middle)
    both = nested.tree_map(np.add, grads_1, grads_2)
    assert_equal((both, np.concatenate([dx_1, dx_2]), start), (grads, dx, first))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_typed_layer_can_be_stacked(variant):
    rng = np.random.default_rng(0)
    params = stacked.init(rng, 3, 4, layer=typed, variant=variant)
    x, dh = rng.standard_normal((5, 2, 3)), rng.standard_normal((5, 2, 4))
    _, cache = stacked.forward(params, x)
    ours = stacked.backward(params, cache, dh)[:2]
    gradcheck.check(lambda tree: float((stacked.forward(*tree)[0] * dh).sum()), (params, x), ours)


@pytest.mark.parametrize("variant", VARIANTS)
def test_init_draws_within_its_bound_and_sets_the_bias_of_the_gate(variant):
    params = typed.init(np.random.default_rng(3), 16, 5, np.float32, variant, forget_bias=2.5)
    assert 0.2 < np.abs(params.U).max() <= 0.25 and params.U.dtype == params.b.dtype == np.float32
    assert (params.b[-10:-5] == 2.5).all() if variant != "rnn" else (params.b == 2.5).all()
    with pytest.raises(ValueError, match=r"'gru', 'lstm', 'rnn'"):
        typed.init(np.random.default_rng(3), 16, 5, variant="gated")


PARAMS, X, STATE, DH, DSTATE = problem((5, 3, 4, 2), "lstm")
ERRORS = {
    "x has 3 features, U expects 4": {"x": X[..., :3]},
    r"x has shape \(5, 3\), expected \(T, B, D\)": {"x": X[..., 0]},
    "x is float32, the parameters are float64": {"x": X.astype(np.float32)},
    "state is a State, expected InputState": {"state": typed.State(STATE.c)},
    r"state.x is float64 of shape \(3, 2\)": {"state": STATE._replace(x=STATE.c)},
    "lengths range from -1 to 2": {"lengths": [1, 2, -1]},
    r"U, U_prev, b are .*\(5,\), expected one dtype": {"params": PARAMS._replace(b=np.ones(5))},
    "params is a tuple, expected one of": {"params": tuple(PARAMS)},
}


@pytest.mark.parametrize(("message", "change"), ERRORS.items())
def test_forward_names_what_came_and_what_was_expected(message, change):
    with pytest.raises(ValueError, match=message):
        typed.forward(**({"params": PARAMS, "x": X} | change))


def test_backward_names_what_came_and_what_was_expected():
    _, cache = typed.forward(PARAMS, X)
    with pytest.raises(ValueError, match=r"dh is float64 of shape \(4, 3, 2\)"):
        typed.backward(PARAMS, cache, DH[:4])
    with pytest.raises(ValueError, match=r"dstate.c is float64 of shape \(3, 1\)"):
        typed.backward(PARAMS, cache, dstate=DSTATE._replace(c=DSTATE.c[:, :1]))
