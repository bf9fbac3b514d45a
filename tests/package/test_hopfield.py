"""Associative memories against loops over the units, enumeration of every state, and attention."""

import itertools

import numpy as np
import pytest

from unrolled.scratch import attention, hopfield

EXACT = 1e-12


def sign(field, before):
    return before if abs(field) < 1e-9 else np.sign(field)


def literal_energy(W, s):
    """-1/2 times the sum over all pairs, unit by unit."""
    n = len(s)
    return -0.5 * sum(s[i] * W[i, j] * s[j] for i in range(n) for j in range(n))


def test_hebb_is_a_sum_of_outer_products():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((3, 5)), rng.standard_normal((3, 2))
    W = np.zeros((2, 5))
    for key, value in zip(x, y):
        for i, j in np.ndindex(2, 5):
            W[i, j] += value[i] * key[j] / 5
    assert np.abs(hopfield.hebb(x, y) - W).max() < EXACT


def test_orthogonal_keys_call_up_their_values_exactly_and_others_with_crosstalk():
    keys = np.array([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1]])
    values = np.random.default_rng(2).standard_normal((3, 6))
    W = hopfield.hebb(keys, values)
    assert np.abs(keys @ W.T - values).max() < EXACT
    key = np.array([1.0, 1, 1, -1])  # overlaps 1/2 with each of them
    assert np.abs(W @ key - values.sum(axis=0) / 2).max() < EXACT


@pytest.mark.parametrize("P", [1, 4, 9])
def test_the_pseudo_inverse_is_exact_while_the_keys_are_independent(P):
    rng = np.random.default_rng(3)
    keys, values = rng.standard_normal((P, 9)), rng.standard_normal((P, 2))
    W = hopfield.pseudo_inverse(keys, values)
    assert np.abs(keys @ W.T - values).max() < 1e-9
    assert np.abs(W - values.T @ np.linalg.pinv(keys.T)).max() < 1e-9


def test_the_pseudo_inverse_errs_least_when_keys_are_too_many():
    rng = np.random.default_rng(4)
    keys, values = rng.standard_normal((20, 5)), rng.standard_normal((20, 2))
    W = hopfield.pseudo_inverse(keys, values)
    residual = keys @ W.T - values
    assert np.abs(residual.T @ keys).max() < 1e-10  # the gradient of the squared error
    assert (residual**2).sum() < ((keys @ hopfield.hebb(keys, values).T - values) ** 2).sum()


@pytest.mark.parametrize("share", [0, 0.2, 1])
def test_corrupt_flips_that_many_signs_of_each(share):
    rng = np.random.default_rng(5)
    X = hopfield.random_patterns(rng, 7, 50)
    damaged = hopfield.corrupt(rng, X, share)
    assert ((damaged != X).sum(axis=1) == 50 * share).all() and set(np.unique(damaged)) == {-1, 1}
    assert np.abs(hopfield.overlap(damaged, X) - (1 - 2 * share)).max() < EXACT
    assert share in (0, 1) or len({tuple(row) for row in damaged != X}) == 7


def network(P=3, n=8, seed=6):
    rng = np.random.default_rng(seed)
    X = hopfield.random_patterns(rng, P, n)
    return X, hopfield.learn(X), rng


def test_learn_is_hebb_with_an_empty_diagonal():
    X, W, _ = network()
    for i, j in np.ndindex(8, 8):
        assert W[i, j] == pytest.approx(0 if i == j else (X[:, i] * X[:, j]).sum() / 8)
        assert W[i, j] == W[j, i]


def test_energy_is_the_sum_over_pairs():
    X, W, rng = network()
    s = hopfield.random_patterns(rng, 5, 8)
    assert np.abs(hopfield.energy(W, s) - [literal_energy(W, row) for row in s]).max() < EXACT


def test_visit_updates_one_unit_after_the_other():
    X, W, rng = network()
    s, order = hopfield.random_patterns(rng, 1, 8)[0], rng.integers(8, size=30)
    states, energies = hopfield.visit(W, s, order)
    wanted = s.copy()
    for k, i in enumerate(order):
        assert (states[k] == wanted).all() and abs(energies[k] - literal_energy(W, wanted)) < EXACT
        wanted[i] = sign(sum(W[i, j] * wanted[j] for j in range(8)), wanted[i])
    assert (states[-1] == wanted).all() and len(states) == 31 and (np.diff(energies) <= EXACT).all()


def test_settle_is_visit_with_one_order_a_sweep():
    X, W, rng = network(P=4, n=20, seed=7)
    s = hopfield.random_patterns(rng, 6, 20)
    before = s.copy()
    found = hopfield.settle(W, s, np.random.default_rng(8))
    assert (s == before).all()
    orders = np.random.default_rng(8)
    order = np.concatenate([orders.permutation(20) for _ in found.energy[1:]])
    for b in range(6):
        states, energies = hopfield.visit(W, s[b], order)
        assert (states[-1] == found.s[b]).all()
        assert np.abs(energies[::20] - found.energy[:, b]).max() < 1e-10


def test_settle_ends_in_a_minimum_for_every_start():
    X, W, rng = network()
    starts = np.array(list(itertools.product([-1.0, 1.0], repeat=8)))
    found = hopfield.settle(W, starts, rng)
    assert found.stable.all() and (np.diff(found.energy, axis=0) <= EXACT).all()
    for s in found.s:
        for i in range(8):
            flipped = s.copy()
            flipped[i] *= -1
            assert literal_energy(W, flipped) >= literal_energy(W, s) - EXACT


def test_settle_says_what_is_not_stable_yet():
    X, W, rng = network(P=3, n=60, seed=9)
    damaged = hopfield.corrupt(rng, X, 0.3)
    assert not hopfield.settle(W, damaged, rng, sweeps=0).stable.any()
    found = hopfield.settle(W, damaged, rng)
    assert found.stable.all() and (found.s == X).all()


def test_few_patterns_come_back_from_a_fifth_of_noise_and_many_do_not():
    shares = {}
    for P in (12, 60):  # 0.04 n and 0.2 n
        rng = np.random.default_rng(10)
        X = hopfield.random_patterns(rng, P, 300)
        found = hopfield.settle(hopfield.learn(X), hopfield.corrupt(rng, X, 0.2), rng)
        assert found.stable.all()
        shares[P] = (found.s == X).all(axis=1).mean()
    assert shares[12] == 1 and shares[60] < 0.1


def test_mirror_images_and_mixtures_of_three_are_minima_too():
    X, W, rng = network(P=3, n=300, seed=11)
    spurious = np.array([-X[0], np.sign(X.sum(axis=0))])
    assert (hopfield.settle(W, spurious, rng).s == spurious).all()


def test_all_at_once_two_states_may_alternate():
    W = hopfield.learn(np.array([[1.0, 1.0]]))
    states = hopfield.synchronous(W, np.array([[1.0, -1.0]]), 4)
    assert (states[:, 0] == [[1, -1], [-1, 1], [1, -1], [-1, 1], [1, -1]]).all()
    one_by_one, _ = hopfield.visit(W, np.array([1.0, -1.0]), [0, 1])
    assert (one_by_one[-1] == [-1, -1]).all()


def test_a_unit_without_a_field_stays():
    W = np.zeros((3, 3))
    s = np.array([[1.0, -1.0, 1.0]])
    assert (hopfield.settle(W, s, np.random.default_rng(1)).s == s).all()
    assert (hopfield.synchronous(W, s, 2) == s).all()


def literal_bam(W, x, turns):
    """Turns of the two layers, unit by unit, from one key."""
    y = np.array([sign(W[i] @ x, 1.0) for i in range(len(W))])
    for _ in range(turns):
        y = np.array([sign(W[i] @ x, y[i]) for i in range(len(W))])
        x = np.array([sign(W[:, j] @ y, x[j]) for j in range(len(x))])
    return x, y


def test_bam_takes_turns_until_nothing_flips():
    rng = np.random.default_rng(12)
    X, Y = hopfield.random_patterns(rng, 4, 30), hopfield.random_patterns(rng, 4, 20)
    W, start = hopfield.hebb(X, Y), hopfield.random_patterns(rng, 10, 30)
    x, y, energies = hopfield.bam_settle(W, start)
    assert (np.diff(energies, axis=0) <= EXACT).all()
    for b in range(10):
        wanted = literal_bam(W, start[b], 20)
        assert (x[b] == wanted[0]).all() and (y[b] == wanted[1]).all()
        assert energies[-1, b] == pytest.approx(-y[b] @ W @ x[b])


def test_bam_calls_up_the_pair_from_a_damaged_key():
    rng = np.random.default_rng(13)
    X, Y = hopfield.random_patterns(rng, 3, 200), hopfield.random_patterns(rng, 3, 100)
    x, y, _ = hopfield.bam_settle(hopfield.hebb(X, Y), hopfield.corrupt(rng, X, 0.2))
    assert (x == X).all() and (y == Y).all()


@pytest.mark.parametrize("beta", [0.1, 1.0, 30.0])
def test_modern_retrieval_is_attention(beta):
    rng = np.random.default_rng(14)
    X, s = rng.standard_normal((5, 7)), rng.standard_normal((3, 7))
    params, memory = attention.DotParams(), np.repeat(X[:, None], 1, axis=1)
    wanted, cache = attention.forward(params, beta * s[:, None], memory)
    assert np.abs(hopfield.retrieve(X, s, beta) - wanted[:, 0]).max() < EXACT
    for row, out in zip(s, hopfield.retrieve(X, s, beta)):
        weight = np.array([np.exp(beta * pattern @ row) for pattern in X])
        assert np.abs(sum(w * x for w, x in zip(weight / weight.sum(), X)) - out).max() < 1e-10


def test_many_steps_are_one_step_many_times():
    rng = np.random.default_rng(15)
    X, s = rng.standard_normal((5, 7)), rng.standard_normal((3, 7))
    thrice = s
    for _ in range(3):
        thrice = hopfield.retrieve(X, thrice, 2.0)
    assert (hopfield.retrieve(X, s, 2.0, steps=3) == thrice).all()


@pytest.mark.parametrize("beta", [0.05, 1.0, 1e4])
def test_modern_retrieval_lowers_an_energy_that_is_never_negative(beta):
    rng = np.random.default_rng(16)
    X, s = rng.standard_normal((6, 10)), 3 * rng.standard_normal((20, 10))
    path = [s]
    for _ in range(5):
        path.append(hopfield.retrieve(X, path[-1], beta))
    energies = hopfield.modern_energy(X, np.array(path), beta)
    assert energies.shape == (6, 20) and np.isfinite(energies).all()
    assert (np.diff(energies, axis=0) <= 1e-9).all() and (energies >= 0).all()


def test_modern_energy_has_the_gradient_that_retrieval_follows():
    """Its gradient is s - retrieve(s): a fixed point is where it is zero."""
    rng = np.random.default_rng(17)
    X, s, beta, eps = rng.standard_normal((4, 5)), rng.standard_normal(5), 1.5, 1e-6
    slope = [
        hopfield.modern_energy(X, s + eps * e, beta) - hopfield.modern_energy(X, s - eps * e, beta)
        for e in np.eye(5)
    ]
    wanted = s - hopfield.retrieve(X, s[None], beta)[0]
    assert np.abs(np.array(slope) / (2 * eps) - wanted).max() < 1e-8


def test_a_sharp_modern_network_keeps_far_more_than_its_size():
    rng = np.random.default_rng(18)
    X = hopfield.random_patterns(rng, 640, 64)  # ten times as many patterns as units
    found = hopfield.retrieve(X, hopfield.corrupt(rng, X, 0.2), beta=1.0)
    assert (np.sign(found) == X).all(axis=1).mean() > 0.9
    assert (hopfield.settle(hopfield.learn(X), X[:50], rng).s == X[:50]).all(axis=1).mean() < 0.1


def test_modern_retrieval_with_a_small_beta_is_the_mean():
    X = hopfield.random_patterns(np.random.default_rng(19), 4, 6)
    assert np.abs(hopfield.retrieve(X, X, 0.0) - X.mean(axis=0)).max() < EXACT


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: hopfield.hebb(x, x[:1]), r"\(2, 3\), \(1, 3\)"),
        (lambda x: hopfield.pseudo_inverse(x, x[0]), r"\(2, 3\), \(3,\)"),
        (lambda x: hopfield.corrupt(np.random.default_rng(1), x, 1.5), "share is 1.5"),
        (lambda x: hopfield.settle(np.eye(3), x, np.random.default_rng(1)), "zero diagonal"),
        (
            lambda x: hopfield.settle(np.triu(np.ones((3, 3)), 1), x, np.random.default_rng(1)),
            "symmetric",
        ),
        (lambda x: hopfield.synchronous(np.zeros((4, 4)), x, 1), r"\(4, 4\), \(2, 3\)"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones((2, 3)))
