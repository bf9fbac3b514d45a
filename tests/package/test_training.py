"""The training loop and checkpoints."""

import builtins
import io
import sys
from typing import NamedTuple

import numpy as np
import pytest

from unrolled import training
from unrolled.training.loop import unwatched


class Params(NamedTuple):
    W: np.ndarray
    b: np.ndarray


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_fit_calls_step_in_order_and_returns_the_losses():
    seen = []

    def step(k):
        seen.append(k)
        return 10.0 - k

    losses = training.fit(step, 5, label="counting", quiet=True)
    assert seen == list(range(5))
    np.testing.assert_array_equal(losses, [10, 9, 8, 7, 6])
    with pytest.raises(ValueError, match="steps is 0, expected at least 1"):
        training.fit(step, 0)


def test_the_bar_shows_on_a_terminal_and_vanishes(monkeypatch):
    monkeypatch.delenv("UNROLLED_QUIET", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    training.fit(lambda k: 0.5, 3, label="descending")
    written = sys.stderr.getvalue()
    assert "descending" in written and "3" in written
    assert written.endswith("\r") and not written.rstrip("\r").split("\r")[-1].strip()


@pytest.mark.parametrize("quiet", [None, True])
def test_the_bar_is_silent_where_it_should_be(quiet, monkeypatch, capfd):
    monkeypatch.setenv("UNROLLED_QUIET", "1")
    monkeypatch.setattr(sys, "stderr", Terminal())
    training.fit(lambda k: 0.5, 3, quiet=quiet)
    assert sys.stderr.getvalue() == "" and capfd.readouterr() == ("", "")


def test_who_watches(monkeypatch):
    monkeypatch.delenv("UNROLLED_QUIET", raising=False)
    monkeypatch.delattr(builtins, "__IPYTHON__", raising=False)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert unwatched()  # a pipe
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)
    assert not unwatched()  # a notebook
    monkeypatch.setenv("UNROLLED_QUIET", "1")
    assert unwatched()
    monkeypatch.setenv("UNROLLED_QUIET", "0")
    assert not unwatched()


TREE = {"rnn": Params(np.arange(6.0).reshape(2, 3), np.float32([1, 2])), "steps": np.int64(7)}


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    path = tmp_path / "model.npz"
    training.save(path, TREE)
    blank = {"rnn": Params(np.zeros((2, 3)), np.zeros(2, np.float32)), "steps": np.int64(0)}
    back = training.load(path, blank)
    assert type(back["rnn"]) is Params and back["steps"] == 7
    for ours, exact in zip(back["rnn"], TREE["rnn"], strict=True):
        assert ours.dtype == exact.dtype
        np.testing.assert_array_equal(ours, exact)
    with np.load(path) as archive:
        assert sorted(archive.files) == ["rnn.W", "rnn.b", "steps"]


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "model.npz"
    training.save(path, TREE)
    with pytest.raises(ValueError, match=r"holds .*rnn.W.*expected \['rnn.W', 'rnn.b'\]"):
        training.load(path, {"rnn": TREE["rnn"]})
    with pytest.raises(
        ValueError, match=r"rnn.W is float64 of \(2, 3\), expected float64 of \(3, 3\)"
    ):
        training.load(path, TREE | {"rnn": TREE["rnn"]._replace(W=np.zeros((3, 3)))})
    with pytest.raises(ValueError, match="rnn.b is float32 .* expected float64"):
        training.load(path, TREE | {"rnn": TREE["rnn"]._replace(b=np.zeros(2))})
    with pytest.raises(ValueError, match="leaves need names"):
        training.save(path, np.zeros(3))
