"""`tasks.copying`: every answer looked up in what was shown."""

import numpy as np
import pytest

from unrolled import tasks

BITS = {-1.0, 1.0}


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("length, B", [(1, 1), (6, 5)])
def test_copy(length, B):
    x, y, counted = tasks.copy(rng(), length, B, bits=3)
    T = 2 * length + 1
    assert x.shape == (T, B, 4) and y.shape == (T, B, 3) and counted.shape == (T, B)
    assert x.dtype == y.dtype == np.float32 and counted.dtype == bool
    assert set(x[:length, :, :3].ravel()) <= BITS and set(y.ravel()) <= {0.0, 1.0}
    assert (x[:, :, 3].sum(axis=0) == 1).all() and (x[length, :, 3] == 1).all()
    assert not x[length + 1 :].any() and not x[length, :, :3].any()
    for t in range(length):
        assert (2 * y[length + 1 + t] - 1 == x[t, :, :3]).all()
    assert (counted.sum(axis=0) == length).all() and counted[length + 1 :].all()


@pytest.mark.parametrize(
    "task, sizes, channel",
    [("copy", (3,), 4), ("repeat_copy", (3, 2), 4), ("associative_recall", (4,), 5)],
)
def test_a_held_flag_stays_up_through_the_answer(task, sizes, channel):
    once, held = (getattr(tasks, task)(rng(), *sizes, 2, bits=4, held=h) for h in (False, True))
    differs = once[0] != held[0]
    answer = differs[:, 0].any(axis=1)
    last = np.flatnonzero(once[0][:, 0, channel])[-1]
    assert (np.flatnonzero(answer) == np.arange(last + 1, len(answer))).all()
    assert differs[answer, :, channel].all() and (held[0][answer, :, channel] == 1).all()
    assert differs.sum() == 2 * answer.sum() and (once[2][answer]).all()
    assert all((a == b).all() for a, b in zip(once[1:], held[1:]))


@pytest.mark.parametrize("length, repeats", [(1, 1), (3, 4)])
def test_repeat_copy(length, repeats):
    x, y, counted = tasks.repeat_copy(rng(), length, repeats, 5, bits=3)
    start = length + 1
    assert len(x) == len(y) == start + length * repeats + 1
    for n in range(repeats):
        copied = y[start + n * length : start + (n + 1) * length]
        assert (2 * copied[..., :3] - 1 == x[:length, :, :3]).all() and not copied[..., 3].any()
    assert (y[-1, :, 3] == 1).all() and not y[-1, :, :3].any()
    assert (counted.sum(axis=0) == length * repeats + 1).all() and not x[start:].any()
    assert (x[length, :, 3] == 1).all() and not x[:length, :, 3:].any()


def test_the_number_of_repeats_has_mean_0_and_deviation_1():
    said = [tasks.repeat_copy(rng(), 2, n, 1, bits=3, longest=7)[0][2, 0, 4] for n in range(1, 8)]
    assert np.mean(said) == pytest.approx(0, abs=1e-6) and np.std(said) == pytest.approx(1, 1e-6)
    assert np.allclose(np.diff(said), said[1] - said[0])


@pytest.mark.parametrize("items, length", [(2, 1), (6, 3)])
def test_associative_recall(items, length):
    x, y, counted = tasks.associative_recall(rng(), items, 40, length=length, bits=5)
    shows, T = items * (length + 1), items * (length + 1) + 2 + 2 * length
    assert x.shape == (T, 40, 7) and y.shape == (T, 40, 5)
    asked_at = set()
    for b in range(40):
        marks = np.flatnonzero(x[:, b, 5])
        shown = [x[m + 1 : m + 1 + length, b, :5] for m in marks]
        assert len(shown) == items and set(np.concatenate(shown).ravel()) <= BITS
        assert list(np.flatnonzero(x[:, b, 6])) == [shows, shows + length + 1]
        question = x[shows + 1 : shows + 1 + length, b, :5]
        answers = [n for n in range(items - 1) if (shown[n] == question).all()]
        fits = [n for n in answers if (shown[n + 1] == 2 * y[-length:, b] - 1).all()]
        assert fits
        asked_at.update(answers)
    assert asked_at == set(range(items - 1))
    assert (counted.sum(axis=0) == length).all() and not x[-length:].any()


@pytest.mark.parametrize("items, answers", [(1, None), (6, None), (6, 4)])
def test_priority_sort(items, answers):
    x, y, counted = tasks.priority_sort(rng(), items, 7, answers, bits=3)
    said = answers or items
    assert x.shape == (items + 1 + said, 7, 5) and (counted.sum(axis=0) == said).all()
    assert (np.abs(x[:items, :, 3]) <= 1).all() and (x[items, :, 4] == 1).all()
    for b in range(7):
        order = sorted(range(items), key=lambda n: -x[n, b, 3])[:said]
        assert (2 * y[items + 1 :, b] - 1 == x[order, b, :3]).all()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: tasks.copy(rng(), 0, 2), "length is 0"),
        (lambda: tasks.repeat_copy(rng(), 2, 0, 2), "repeats is 0"),
        (lambda: tasks.associative_recall(rng(), 1, 2), "1 items"),
        (lambda: tasks.priority_sort(rng(), 3, 2, 4), "4 answers"),
        (lambda: tasks.priority_sort(rng(), 3, 0), "B is 0"),
    ],
)
def test_what_no_task_has_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("task", ["copy", "repeat_copy", "associative_recall", "priority_sort"])
def test_a_seed_gives_the_same_sequences(task):
    sizes = {"repeat_copy": (3, 2)}.get(task, (3,))
    draw = lambda: getattr(tasks, task)(rng(), *sizes, 4)
    for a, b in zip(draw(), draw()):
        assert (a == b).all()
