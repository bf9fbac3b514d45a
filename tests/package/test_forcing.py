"""The experiments of chapter 7: their gradients, masks and measures, on small cases."""

import numpy as np
import pytest

from unrolled.data import batches
from unrolled.recorded.experiments import (
    bptt_shakespeare,
    conditioning_digits,
    forcing_co2,
    forcing_shakespeare,
)
from unrolled.scratch import gradcheck, output_rnn, readout, rnn


def test_co2_gradient_equals_central_differences():
    rng = np.random.default_rng(0)
    params = output_rnn.init(rng, 0, 3, 1, link=True)
    y, forced = rng.normal(size=(6, 2, 1)), rng.random((5, 2)) < 0.5

    def loss_of(params):
        state, total = forcing_co2.start(params, y[0]), 0.0
        for t in range(5):
            if t:
                fed = np.where(forced[t][:, None], y[t], state.o)
                state = state._replace(o=fed)
            o, cache = output_rnn.forward(params, np.zeros((1, 2, 0)), state)
            state = cache.state
            total += ((o[0] - y[t + 1]) ** 2).sum()
        return total / 10

    assert gradcheck.check(loss_of, params, forcing_co2.gradient(params, y, forced)) < 1e-7


def test_co2_free_run_reads_the_past_and_then_itself():
    rng = np.random.default_rng(1)
    params, z = output_rnn.init(rng, 0, 4, 1, link=True), rng.normal(size=12)
    origins = np.array([3, 7])
    found = forcing_co2.run_freely(params, z, origins, 4)
    for column, origin in enumerate(origins):
        state = forcing_co2.start(params, z[[0], None])
        for t in range(origin + 4):
            o, cache = output_rnn.forward(params, np.zeros((1, 1, 0)), state)
            state = cache.state
            if t >= origin:
                assert abs(found[t - origin, column] - o.item()) < 1e-12
            else:
                state = state._replace(o=z[[t + 1], None])
    truth = forcing_co2.true_ahead(z, origins, 4)
    np.testing.assert_array_equal(truth, [z[origins + k] for k in (1, 2, 3, 4)])


def test_co2_share_falls_from_one_to_zero_and_kinds_are_known():
    steps = forcing_co2.CONFIG["steps"]
    shares = [forcing_co2.share("scheduled", k) for k in range(steps)]
    assert shares[0] == 1 and shares[-1] == 0 and (np.diff(shares) <= 0).all()
    assert forcing_co2.share("teacher", 500) == 1 and forcing_co2.share("free", 0) == 0
    with pytest.raises(ValueError, match="kind is 'none'"):
        forcing_co2.train(0, "none", None)


def test_co2_trains_on_nothing_after_its_last_month():
    months, level, z, (mean, spread), count = forcing_co2.changes()
    assert months[count] == np.datetime64("1984-12")
    np.testing.assert_allclose(z * spread + mean, np.diff(level))
    assert abs(z[:count].mean()) < 1e-12 and abs(z[:count].std() - 1) < 1e-12
    assert forcing_co2.test_origins((months, level, z, (mean, spread), count))[0] == count - 1


@pytest.mark.parametrize("way", conditioning_digits.CONFIG["ways"])
def test_digit_gradient_equals_central_differences(way, monkeypatch):
    monkeypatch.setitem(conditioning_digits.CONFIG, "hidden", 3)
    model = conditioning_digits.init(np.random.default_rng(2), way)
    y = conditioning_digits.digits()[:3]

    def loss_of(model):
        x, state = conditioning_digits.context(model, way, len(y))
        o, _ = output_rnn.forward(model.layer, x, state, teacher=output_rnn.Teacher(y))
        return float((np.logaddexp(0, o) - y * o).mean())

    assert gradcheck.check(loss_of, model, conditioning_digits.gradient(model, way, y)) < 1e-6


def test_digits_and_ways():
    one, two = conditioning_digits.digits(), conditioning_digits.digits(2)
    assert one.shape == (7, 10, 5) and set(np.unique(one)) == {0, 1}
    assert len(np.unique(one.transpose(1, 0, 2).reshape(10, -1), axis=0)) == 10
    np.testing.assert_array_equal(two[::2], one)
    np.testing.assert_array_equal(two[1::2], one)
    model = conditioning_digits.init(np.random.default_rng(0), "both")
    with pytest.raises(ValueError, match="way is 'none'"):
        conditioning_digits.context(model, "none", 3)


def character_model(K=5, hidden=4):
    rng = np.random.default_rng(3)
    cell = rnn.init(rng, K, hidden, dtype=np.float32)
    return bptt_shakespeare.Model(cell, readout.init(rng, hidden, K, dtype=np.float32))


def test_a_step_of_the_character_model_is_the_layer():
    model, ids = character_model(), np.random.default_rng(4).integers(5, size=(7, 3))
    h, cache = rnn.forward(model.cell, batches.one_hot(ids, 5, dtype=np.float32))
    exact, _ = readout.forward(model.out, h)
    state = None
    for t in range(7):
        o, state = forcing_shakespeare.step(model, ids[t], state)
        np.testing.assert_allclose(o, exact[t], atol=1e-6)
    np.testing.assert_allclose(state.h, cache.state.h, atol=1e-6)


def test_the_mixture_keeps_the_first_row_and_replaces_the_share():
    model, rng = character_model(), np.random.default_rng(5)
    x = rng.integers(5, size=(40, 50))
    np.testing.assert_array_equal(forcing_shakespeare.mixed(model, x, None, rng, 0.0), x)
    mixed = forcing_shakespeare.mixed(model, x, None, rng, 0.5)
    np.testing.assert_array_equal(mixed[0], x[0])
    changed = (mixed[1:] != x[1:]).mean()  # half are drawn, of which about a fifth agree
    assert 0.3 < changed < 0.5


def test_draws_follow_the_softmax():
    o = np.tile(np.log([0.7, 0.2, 0.1]), (20_000, 1))
    share = np.bincount(forcing_shakespeare.draw(o, np.random.default_rng(6))) / 20_000
    np.testing.assert_allclose(share, [0.7, 0.2, 0.1], atol=0.02)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("he said no", ["said"]),
        (" he said no ", ["he", "said", "no"]),
        ("ing, O Rome! th", ["o", "rome"]),
        ("word", []),
    ],
)
def test_only_words_that_begin_and_end_in_the_text_count(text, found):
    assert forcing_shakespeare.whole(text) == found
