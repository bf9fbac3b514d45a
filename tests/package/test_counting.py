"""`tasks.equal_runs` against strings that Python writes."""

import numpy as np
import pytest

from unrolled import tasks
from unrolled.tasks.counting import END, runs_of


@pytest.mark.parametrize("letters", [2, 3, 4])
def test_strings_are_written_and_continued(letters):
    x, y, counted = tasks.equal_runs(np.random.default_rng(0), 200, 6, letters, least=2)
    assert (
        x.shape == (6 * letters + 1, 200, letters + 1) and y.shape == counted.shape == x.shape[:2]
    )
    drawn = set()
    for b in range(200):
        n = int((x[:, b, 1] == 1).sum())
        drawn.add(n)
        string = [letter for letter in range(1, letters + 1) for _ in range(n)]
        length = letters * n + 1
        assert (x[:length, b] == np.eye(letters + 1)[[END, *string]]).all()
        assert not x[length:, b].any() and not counted[length:, b].any()
        assert y[:length, b].tolist() == [*string, END]
        assert counted[:length, b].tolist() == [False] * (n + 1) + [True] * (length - n - 1)
    assert drawn == set(range(2, 7))


def test_what_counts_follows_from_what_was_read_and_nothing_else_does():
    """Among all strings, those that begin alike are continued alike exactly where it counts."""
    x, y, counted = runs_of(np.arange(1, 9), 3)
    followers = {}
    for b in range(8):
        read = x[:, b].argmax(axis=1).tolist()
        for t in range(3 * (b + 1) + 1):
            followers.setdefault(tuple(read[: t + 1]), []).append(
                (int(y[t, b]), bool(counted[t, b]))
            )
    for prefix, found in followers.items():
        nexts, flags = map(set, zip(*found))
        longest = prefix == (END,) + (1,) * 8  # no longer string is there to go on otherwise
        first = prefix == (END,)  # an a in any case, which says nothing about counting
        if longest or first:
            continue
        assert flags == {len(nexts) == 1}


def test_drawn_strings_are_those_of_their_numbers_in_any_dtype():
    drawn = tasks.equal_runs(np.random.default_rng(3), 20, 5, dtype=np.float32)
    n = drawn[0][..., 1].sum(axis=0).astype(int)
    for ours, exact in zip(drawn, runs_of(n, dtype=np.float32)):
        assert ours.dtype == exact.dtype and (ours == exact).all()
    assert drawn[0].dtype == np.float32


@pytest.mark.parametrize(("most", "letters", "least"), [(3, 1, 1), (3, 2, 0), (3, 2, 4)])
def test_numbers_that_cannot_be_are_refused(most, letters, least):
    with pytest.raises(ValueError, match="expected two letters or more, 1 <= least <= most"):
        tasks.equal_runs(np.random.default_rng(0), 2, most, letters, least)
