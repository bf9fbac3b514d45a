"""The experiment of many variants: equal numbers, gradients that are those of its loss, and rates that are recorded."""

import numpy as np
import pytest

from unrolled import recorded
from unrolled.recorded import odyssey
from unrolled.recorded.experiments import variants_shakespeare
from unrolled.scratch import gradcheck, losses, nested, readout, rnn
from unrolled.scratch.composition import layer_of


@pytest.mark.parametrize(("D", "numbers"), [(4, 2500), (1, 2500), (90, 12_000)])
def test_all_variants_have_about_as_many_numbers(D, numbers):
    rng = np.random.default_rng(0)
    for variant in odyssey.VARIANTS:
        cell, _ = odyssey.draw(rng, variant, D, 3, numbers)
        count = sum(leaf.size for leaf in nested.leaves(cell))
        assert abs(count - numbers) < 0.05 * numbers, variant


def test_the_kinds_of_character_model_have_about_as_many_numbers():
    rng = np.random.default_rng(0)
    for kind in variants_shakespeare.CONFIG["kinds"]:
        count = sum(leaf.size for leaf in nested.leaves(variants_shakespeare.draw(rng, kind)))
        assert abs(count - 30_000) < 400, kind


@pytest.mark.parametrize("task", ["recall", "xor"])
@pytest.mark.parametrize("variant", ["peepholes", "GRU, reset after", "tanh"])
def test_its_gradients_are_those_of_the_mean_cross_entropy(task, variant, monkeypatch):
    monkeypatch.setitem(odyssey.TASKS[task], "T", 12)
    rng = np.random.default_rng(1)
    x, y = odyssey.sequences(task, rng, 3)
    D, K = odyssey.shape(task)
    model = nested.tree_map(np.float64, odyssey.draw(rng, variant, D, K, 60))

    def loss_of(tree):
        h, _ = layer_of(tree[0]).forward(tree[0], np.float64(x))
        o, _ = readout.forward(tree[1], h if task == "xor" else h[-1])
        return losses.cross_entropy(o, y)[0]

    grads, _ = odyssey.gradients(model, np.float64(x), y, None, rnn.Workspace())
    gradcheck.check(loss_of, model, grads)


def test_a_score_is_that_of_the_answers(monkeypatch):
    monkeypatch.setitem(odyssey.TASKS["xor"], "steps", 2)
    once, again = (odyssey.train("xor", "tanh", 5, 0.01) for _ in range(2))
    assert once == again and 0.4 < once < 0.7
    cell = rnn.Params(np.zeros((1, 4)), np.zeros((1, 1)), np.zeros(1))
    out = readout.Params(np.zeros((4, 1)), np.array([0.0, 0.0, 1.0, 0.0]))
    model = nested.tree_map(np.float32, (cell, out))
    rng = np.random.default_rng(7)
    share = odyssey.measure("recall", model, rng)  # always answers 2
    _, y = odyssey.sequences("recall", np.random.default_rng(7), odyssey.TEST)
    assert share == (y == 2).mean()


def test_a_rate_is_the_best_of_its_record():
    for task in odyssey.TASKS:
        better = min if task == "text" else max
        for variant in odyssey.VARIANTS:
            runs = [run[task][variant] for run in recorded.load("odyssey_rates")["results"]]
            total = dict(zip(odyssey.RATES, map(sum, zip(*runs, strict=True)), strict=True))
            best = odyssey.rate(task, variant)
            assert total[best] == pytest.approx(better(total.values()), abs=1e-12)
            assert all(run[variant]["rate"] == best for run in _results(f"odyssey_{task}"))
    for kind in variants_shakespeare.CONFIG["kinds"]:
        best = variants_shakespeare.rate(kind)
        assert all(run[kind]["rate"] == best for run in _results("variants_shakespeare"))


def _results(name):
    return recorded.load(name)["results"]
