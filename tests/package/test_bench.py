"""The benchmark compares layers that compute the same thing, and fills its page."""

import numpy as np
import pytest

import bench
import contestants

SHAPE = (6, 3, 4, 5)


@pytest.mark.filterwarnings("ignore:TF32")
@pytest.mark.parametrize("name", contestants.LAYERS)
def test_all_contestants_compute_the_same_gradient(name):
    given = contestants.problem(name, SHAPE, np.float64)
    builders = {**contestants.CONTESTANTS, "without oneDNN": contestants.torch_without_onednn}
    assert builders.pop("products")(name, *given)() is None
    exact = contestants.torch_layer(name, *given)().copy()
    assert np.abs(exact).min() > 0
    for contestant, build in builders.items():
        step = build(name, *given)
        for _ in range(2):  # the second step starts afresh
            np.testing.assert_allclose(step(), exact, rtol=0, atol=1e-12, err_msg=contestant)


@pytest.mark.parametrize("name", contestants.LAYERS)
def test_the_naive_layers_sum_up_the_gradients_of_their_weights(name, monkeypatch):
    module, x, dh = contestants.problem(name, SHAPE, np.float64)
    layer, kept = contestants.LAYERS[name], []
    params = layer.from_torch(module)
    make = contestants.gates_of
    monkeypatch.setattr(contestants, "gates_of", lambda *args: kept.extend(make(*args)) or kept)
    contestants.NAIVE[name](params, x, dh)()
    _, cache = layer.forward(params, x)
    grads = layer.backward(params, cache, dh)[0]
    blocks = contestants.BLOCKS[name]
    exact = zip(*(np.split(leaf, blocks) for leaf in (grads.W, grads.U, grads.b)), strict=True)
    for gate, (dW, dU, db) in zip(kept[: 2 if name == "gru" else None], exact, strict=False):
        np.testing.assert_allclose(gate.dweight, np.concatenate([dW, dU], axis=1), atol=1e-12)
        np.testing.assert_allclose(gate.db, db, atol=1e-12)


def test_medians_measure_each_step_in_each_round():
    calls = []
    steps = {name: lambda name=name: calls.append(name) or sum(range(300_000)) for name in "ab"}
    times = bench.medians(steps, 3)
    assert set(times) == {"a", "b"} and min(times.values()) > 0
    first_round = calls[6:]  # after three calls each to warm up and to count
    assert first_round[0] == "a" and "b" in first_round and first_round[-1] == "b"


def test_a_row_is_our_cost_as_a_part_of_the_others():
    cost = {"scratch": 0.003, "torch": 0.004, "cells": 0.03, "naive": 0.006, "products": 0.002}
    line = bench.row((25, 1, 65, 100), "float32", cost)
    assert (
        line.replace(bench.SPACE, " ")
        == "| 25, 1, 65, 100 | float32 | 3.00 | 0.75 | 0.10 | 0.50 | 1.50 | 0.50 |"
    )
    assert line.count("|") == bench.HEAD.splitlines()[0].count("|")


def test_the_lstm_may_cost_more_in_float32_with_a_batch():
    assert [bench.allowed("lstm", "float32", batch) for batch in (1, 32)] == [0.9, 2.0]
    assert bench.allowed("lstm", "float64", 32) == bench.allowed("rnn", "float32", 1) == 0.85
    assert bench.allowed("gru", "float64", 1) == 0.95


def test_the_figures_go_between_the_marks_of_the_page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{bench.BEGIN}\nold\n{bench.END}\nafter\n")
    for figures in ("new", "newer"):
        bench.write(page, figures)
        assert page.read_text() == f"before\n{bench.BEGIN}\n\n{figures}\n\n{bench.END}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="needs the lines"):
        bench.write(page, "new")
    assert page.read_text() == "no marks"


def test_the_page_of_the_book_holds_a_whole_run():
    text = bench.PAGE.read_text()
    figures = text.partition(bench.BEGIN)[2].partition(bench.END)[0]
    for title in bench.TITLES.values():
        assert f"### {title}\n" in figures
    rows = [line for line in figures.splitlines() if line.startswith("| ") and "float" in line]
    shapes = [
        f",{bench.SPACE}".join(map(str, shape)) for shape in bench.SHAPES for _ in bench.DTYPES
    ]
    assert [line.split("|")[1].strip() for line in rows] == shapes * len(bench.TITLES)
    assert "core" in figures and "torch" in figures
