"""The tasks against their definitions."""

import itertools

import numpy as np
import pytest

from unrolled import tasks
from unrolled.plots.networks import architectures
from unrolled.tasks import reviewing

BUILD = {
    "first_token": lambda rng: tasks.first_token(rng, 7, 50, 4),
    "lag_copy": lambda rng: tasks.lag_copy(rng, 7, 50, 3),
    "running_sum": lambda rng: tasks.running_sum(rng, 7, 50),
    "parity": lambda rng: tasks.parity(rng, 7, 50),
    "reviews": lambda rng: tasks.reviews(rng, 50)[::2],
    "detect": lambda rng: tasks.detect(rng, 9, 50),
    "shaped": lambda rng: tasks.shaped(rng, "delayed", 50)[:2],
    "odd_words": lambda rng: tasks.odd_words(rng, 7, 50),
    "last_marked": lambda rng: tasks.last_marked(rng, 9, 50, 0.3),
    "echoed_spikes": lambda rng: tasks.echoed_spikes(rng, 30, 50, 5),
    "delayed_xor": lambda rng: tasks.delayed_xor(rng, 7, 50, 3),
    "latch": lambda rng: tasks.latch(rng, 5, 50),
    "adding": lambda rng: tasks.adding(rng, 7, 50),
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


def test_last_marked():
    x, y = BUILD["last_marked"](np.random.default_rng(5))
    assert x.shape == (9, 50, 2) and y.shape == (9, 50, 1) and set(x[..., 1].ravel()) == {0.0, 1.0}
    assert (x[0, :, 1] == 1).all() and 0.2 < x[1:, :, 1].mean() < 0.4
    for b in range(50):
        for t in range(9):
            assert y[t, b, 0] == [value for value, mark in x[: t + 1, b] if mark][-1]
    x, y = tasks.last_marked(np.random.default_rng(5), 4, 3, 0, dtype=np.float32)
    assert x.dtype == y.dtype == np.float32 and (y == x[0, :, :1]).all()
    with pytest.raises(ValueError, match="share is 1.5, expected a probability"):
        tasks.last_marked(np.random.default_rng(5), 4, 3, 1.5)


def test_echoed_spikes():
    x, y = BUILD["echoed_spikes"](np.random.default_rng(6))
    assert x.shape == (30, 50, 1) and y.shape == (30, 50) and set(x.ravel()) == {0.0, 1.0}
    gaps, starts = set(), set()
    for b in range(50):
        spikes = np.flatnonzero(x[:, b, 0])
        starts.add(spikes[0])
        gaps |= set(np.diff(spikes))
        assert list(np.flatnonzero(y[:, b])) == [s + 5 for s in spikes if s + 5 < 30]
        assert spikes[-1] + 10 >= 30  # the next spike would have come too late
    assert gaps == {6, 7, 8, 9, 10} and starts == {0, 1, 2, 3, 4}
    with pytest.raises(ValueError, match="delay is 0, expected at least 1 step"):
        tasks.echoed_spikes(np.random.default_rng(6), 9, 2, 0)


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


def test_reviews_are_judged_clause_by_clause():
    batch = tasks.reviews(np.random.default_rng(5), 300, (1, 3, 5))
    assert batch.words.shape == (35, 300) and set(batch.favourable) == {0, 1}
    clauses_seen, longest = set(), 0
    for words, length, favourable in zip(batch.words.T, batch.lengths, batch.favourable):
        assert not words[length:].any()
        review = reviewing.text(words, length)
        assert review.endswith(" .") and review.count(".") == 1
        clauses = review.removesuffix(" .").split(" and ")
        verdicts = []
        for clause in clauses:
            the, subject, was, *rest = clause.split()
            assert (the, was) == ("the", "was") and subject in reviewing.SUBJECTS
            verdicts.append((rest[-1] in reviewing.PRAISE) != (rest[0] == "not"))
            assert rest[-1] in reviewing.PRAISE + reviewing.BLAME
        assert favourable == (sum(verdicts) > len(verdicts) / 2)
        clauses_seen.add(len(clauses))
        longest = max(longest, length)
    assert clauses_seen == {1, 3, 5} and longest <= 35


def test_in_reviews_negation_and_polarity_are_independent_coins():
    batch = tasks.reviews(np.random.default_rng(6), 4000, (1,))
    is_not = (batch.words == reviewing.PLACE["not"]).any(axis=0)
    praise = np.isin(batch.words, [reviewing.PLACE[w] for w in reviewing.PRAISE]).any(axis=0)
    assert abs(is_not.mean() - 0.5) < 0.03 and abs(praise.mean() - 0.5) < 0.03
    assert abs(np.corrcoef(is_not, praise)[0, 1]) < 0.06
    np.testing.assert_array_equal(batch.favourable, is_not != praise)


@pytest.mark.parametrize("clauses", [(2,), (1, 9), (0,)])
def test_reviews_refuse_numbers_of_clauses(clauses):
    with pytest.raises(ValueError, match="expected odd numbers from 1 to 7"):
        tasks.reviews(np.random.default_rng(0), 2, clauses)


def test_detect():
    x, y = tasks.detect(np.random.default_rng(7), 12, 200, (2, 0, 2), K=3)
    assert x.shape == (12, 200, 3) and y.shape == (12, 200)
    for symbols, verdicts in zip(x.argmax(-1).T, y.T):
        word = "".join(map(str, symbols))
        assert verdicts.tolist() == [int("202" in word[: t + 1]) for t in range(12)]
    assert y[-1].mean() == 0.5
    with pytest.raises(ValueError, match="the pattern has 3 symbols, the sequence 2"):
        tasks.detect(np.random.default_rng(7), 2, 4)


ANSWER = {  # the targets that count, from one sequence x (T, D)
    "one to one": lambda x: [int(x[0, 0] == x[0, 1])],
    "one to many": lambda x: [(x[0].argmax() + t) % 4 for t in range(6)],
    "many to one": lambda x: [int((x == 1).sum() > 3)],
    "many to many": lambda x: [int((x[: t + 1] == 1).sum()) % 2 for t in range(6)],
    "delayed": lambda x: x[:3].argmax(-1)[::-1].tolist(),
}


@pytest.mark.parametrize("kind", ANSWER)
def test_shaped(kind):
    batch = tasks.shaped(np.random.default_rng(8), kind, 60)
    reads, writes = architectures.SHAPES[kind]
    T = len(batch.x)
    assert batch.writes.tolist() == [writes(t, T) for t in range(1, T + 1)]
    assert batch.x.any(axis=(1, 2)).tolist() == [reads(t, T) for t in range(1, T + 1)]
    for n in range(60):
        assert batch.y[batch.writes, n].tolist() == ANSWER[kind](batch.x[:, n])
    assert not batch.y[~batch.writes].any() and set(batch.y[batch.writes].ravel()) == set(
        range(batch.K)
    )


def test_shaped_refuses():
    with pytest.raises(ValueError, match="kind is 'many', expected one of 'one to one'"):
        tasks.shaped(np.random.default_rng(0), "many", 2)
    with pytest.raises(ValueError, match="an even number of steps, got 5"):
        tasks.shaped(np.random.default_rng(0), "delayed", 2, 5)


def test_reber_strings_follow_the_grammar():
    y, lengths = tasks.reber(np.random.default_rng(3), 400)
    assert y.shape == (lengths.max(), 400) and set(np.unique(y)) == set(range(7))
    strings = ["".join(tasks.REBER[i] for i in y[:n, b]) for b, n in enumerate(lengths)]
    assert all(tasks.is_reber(string) for string in strings)
    assert not y[np.arange(len(y))[:, None] >= lengths].any()
    third = np.mean([string[1] == "T" for string in strings])
    assert abs(third - 0.5) < 0.1 and lengths.min() == 5


@pytest.mark.parametrize("string", ["BTXSE", "BPVVE", "BTSSXSE", "BPTTVPSE", "BTXXVVE"])
def test_reber_strings_that_are_grammatical(string):
    assert tasks.is_reber(string)


@pytest.mark.parametrize(
    "string", ["", "B", "BTXS", "BTVE", "BPVVEE", "TXSE", "BQ", "BTSE", "BPSE"]
)
def test_reber_strings_that_are_not(string):
    assert not tasks.is_reber(string)


def test_reber_is_decided_as_a_list_of_its_strings_decides():
    """All strings of up to seven symbols that begin with B and end with E."""
    found = {
        "".join(s)
        for n in range(7)
        for s in itertools.product("TPSXV", repeat=n)
        if tasks.is_reber("B" + "".join(s) + "E")
    }
    language, frontier = set(), [("", 1)]
    arcs = {(1, "T"): 2, (1, "P"): 3, (2, "S"): 2, (2, "X"): 4, (3, "T"): 3, (3, "V"): 5}
    arcs |= {(4, "X"): 3, (4, "S"): 6, (5, "P"): 4, (5, "V"): 6}
    for _ in range(7):
        language |= {string for string, node in frontier if node == 6}
        frontier = [
            (s + c, end) for s, node in frontier for (at, c), end in arcs.items() if at == node
        ]
    assert found == language and len(language) > 10


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


def test_latch_tells_the_class_first_and_nothing_after_it():
    x, y = tasks.latch(np.random.default_rng(7), 40, 2000, shown=2, noise=0.5)
    assert x.shape == (42, 2000, 1) and y.shape == (2000,) and set(y) == {0, 1}
    assert abs(y.mean() - 0.5) < 0.05
    for told, label in zip(x[:2, :, 0].T, y):
        assert (told == (1 if label else -1)).all()
    later = x[2:, :, 0]
    assert abs(later.mean()) < 0.02 and abs(later.std() - 0.5) < 0.02
    towards = np.corrcoef(later.mean(axis=0), y)[0, 1]
    assert abs(towards) < 0.1


def test_latch_without_delay_or_noise():
    x, y = tasks.latch(np.random.default_rng(8), 0, 30, shown=1, dtype=np.float32)
    assert x.shape == (1, 30, 1) and x.dtype == np.float32
    np.testing.assert_array_equal(x[0, :, 0] > 0, y == 1)
    x, _ = tasks.latch(np.random.default_rng(8), 4, 30, shown=2, noise=0)
    assert not x[2:].any() and x[:2].all()


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"shown": 0}, "shown is 0"),
        ({"delay": -1}, "delay is -1"),
        ({"noise": -0.1}, "noise is -0.1"),
    ],
)
def test_latch_refuses(wrong, message):
    with pytest.raises(ValueError, match=message):
        tasks.latch(np.random.default_rng(0), **{"delay": 3, "B": 2} | wrong)


@pytest.mark.parametrize("T", [2, 3, 11])
def test_adding_sums_the_two_marked_numbers(T):
    x, y = tasks.adding(np.random.default_rng(9), T, 500)
    assert x.shape == (T, 500, 2) and y.shape == (500,)
    numbers, markers = x[..., 0], x[..., 1]
    assert numbers.min() >= 0 and numbers.max() < 1
    first, second = set(), set()
    for n in range(500):
        a, b = np.flatnonzero(markers[:, n])
        assert y[n] == numbers[a, n] + numbers[b, n] and markers[:, n].sum() == 2
        first.add(a)
        second.add(b)
    assert first == set(range(T // 2)) and second == set(range(T // 2, T))


def test_adding_has_the_variance_that_its_docstring_says():
    _, y = tasks.adding(np.random.default_rng(10), 20, 20_000, dtype=np.float32)
    assert y.dtype == np.float32 and abs(np.mean((y - 1) ** 2) - 1 / 6) < 0.006


def test_adding_refuses_one_step():
    with pytest.raises(ValueError, match="T is 1, expected at least 2"):
        tasks.adding(np.random.default_rng(0), 1, 2)
