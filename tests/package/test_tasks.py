"""The tasks against their definitions."""

import numpy as np
import pytest

from unrolled import tasks

BUILD = {
    "first_token": lambda rng: tasks.first_token(rng, 7, 50, 4),
    "lag_copy": lambda rng: tasks.lag_copy(rng, 7, 50, 3),
    "running_sum": lambda rng: tasks.running_sum(rng, 7, 50),
    "parity": lambda rng: tasks.parity(rng, 7, 50),
    "odd_words": lambda rng: tasks.odd_words(rng, 7, 50),
    "delayed_xor": lambda rng: tasks.delayed_xor(rng, 7, 50, 3),
}


def test_first_token():
    x, y = BUILD["first_token"](np.random.default_rng(0))
    assert x.shape == (7, 50, 4) and y.shape == (50,)
    assert (np.sort(x, axis=-1) == [0, 0, 0, 1]).all()
    assert (x[0].argmax(-1) == y).all() and set(y) == set(range(4))
    assert (x[1].argmax(-1) != y).any()


@pytest.mark.parametrize("lag", [0, 1, 3, 6])
def test_lag_copy(lag):
    x, y = tasks.lag_copy(np.random.default_rng(1), 7, 50, lag)
    assert x.shape == (7, 50, 1) and y.shape == (7, 50) and set(x.ravel()) == {-1.0, 1.0}
    for t in range(7):
        for b in range(50):
            assert y[t, b] == (t >= lag and x[t - lag, b, 0] == 1)


@pytest.mark.parametrize("lag", [-1, 7])
def test_lag_copy_refuses_a_lag_it_cannot_show(lag):
    with pytest.raises(ValueError, match=f"lag is {lag}, expected 0 to 6"):
        tasks.lag_copy(np.random.default_rng(1), 7, 2, lag)


def test_running_sum():
    x, y = BUILD["running_sum"](np.random.default_rng(2))
    total = np.zeros((50, 1))
    for t in range(7):
        total = total + x[t]
        np.testing.assert_allclose(y[t], total, atol=1e-13)
    assert x.shape == (7, 50, 1) and 0.8 < x.std() < 1.2


def test_parity():
    x, y = BUILD["parity"](np.random.default_rng(3))
    assert x.shape == (7, 50, 1) and set(x.ravel()) == {0.0, 1.0}
    odd = np.zeros(50, int)
    for t in range(7):
        odd ^= x[t, :, 0].astype(int)
        np.testing.assert_array_equal(y[t], odd)


@pytest.mark.parametrize("name", BUILD)
def test_the_seed_decides(name):
    first, again, other = (BUILD[name](np.random.default_rng(seed)) for seed in (4, 4, 5))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first[0] != other[0]).any()


def test_dtypes():
    rng = np.random.default_rng(6)
    for x, y in (
        tasks.first_token(rng, 3, 2, 4, np.float32),
        tasks.lag_copy(rng, 3, 2, 1, np.float32),
        tasks.parity(rng, 3, 2, np.float32),
    ):
        assert x.dtype == np.float32 and np.issubdtype(y.dtype, np.integer)
    assert [a.dtype for a in tasks.running_sum(rng, 3, 2, np.float32)] == [np.float32, np.float32]


def test_odd_words():
    x, y = tasks.odd_words(np.random.default_rng(5), 30, 50)
    assert x.shape == (30, 50, 3) and y.shape == (30, 50) and (x.sum(axis=-1) == 1).all()
    for b in range(50):
        text = "".join("-a "[k] for k in x[:, b].argmax(-1))
        for t in range(30):
            finished = text[: t + 1].split(" ")[:-1]
            assert y[t, b] == sum(word.count("a") % 2 for word in finished) % 2
    assert 0.3 < y.mean() < 0.6 and abs(x.mean(axis=(0, 1)) - [0.3, 0.5, 0.2]).max() < 0.05


def test_delayed_xor():
    x, y = tasks.delayed_xor(np.random.default_rng(6), 7, 50, 3)
    assert x.shape == (7, 50, 1) and y.shape == (7, 50) and set(x.ravel()) == {-1.0, 1.0}
    for t in range(7):
        for b in range(50):
            before = x[t - 3, b, 0] if t >= 3 else -1
            assert y[t, b] == (x[t, b, 0] != before)
    for lag in (0, 7):
        with pytest.raises(ValueError, match=f"lag is {lag}, expected 1 to 6"):
            tasks.delayed_xor(np.random.default_rng(6), 7, 2, lag)
