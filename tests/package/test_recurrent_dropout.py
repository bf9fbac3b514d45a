"""`scratch.recurrent_dropout` against loops, central differences and the plain layer."""

import numpy as np
import pytest

from unrolled.scratch import bidirectional, gradcheck, recurrent_dropout, rnn
from unrolled.scratch.recurrent_dropout import Params, State

T, B, D, H = 5, 3, 2, 4
LENGTHS = [5, 2, 0]


def problem(mask_shape, seed=1):
    rng = np.random.default_rng(seed)
    params = Params(*(rng.standard_normal(shape) for shape in ((H, D), (H, H), (H,))))
    mask = None if mask_shape is None else recurrent_dropout.draw_mask(rng, 0.6, mask_shape)
    state = State(rng.standard_normal((B, H)), mask)
    return params, rng.standard_normal((T, B, D)), state, rng.standard_normal((T, B, H))


@pytest.mark.parametrize("mask_shape", [(B, H), (T, B, H)])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_values_equal_a_loop(mask_shape, lengths):
    params, x, state, _ = problem(mask_shape)
    h, cache = recurrent_dropout.forward(params, x, state, lengths)
    for n in range(B):
        h_t = state.h[n]
        for t in range(T if lengths is None else lengths[n]):
            m = state.mask[n] if state.mask.ndim == 2 else state.mask[t, n]
            h_t = np.tanh(params.b + params.W @ (m * h_t) + params.U @ x[t, n])
            np.testing.assert_allclose(h[t, n], h_t, rtol=0, atol=1e-13)
        np.testing.assert_allclose(cache.state.h[n], h_t, rtol=0, atol=1e-13)
    assert cache.state.mask is state.mask


@pytest.mark.parametrize("mask_shape", [(B, H), (T, B, H)])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_gradients_equal_central_differences(mask_shape, lengths):
    params, x, state, dh = problem(mask_shape)
    state = state._replace(mask=state.mask + 0.1)  # no entry is zero
    dlast = np.random.default_rng(9).standard_normal((B, H))

    def loss_of(tree):
        h, cache = recurrent_dropout.forward(*tree, lengths)
        return float((h * dh).sum() + (cache.state.h * dlast).sum())

    _, cache = recurrent_dropout.forward(params, x, state, lengths)
    grads = recurrent_dropout.backward(params, cache, dh, State(dlast, None))
    assert gradcheck.check(loss_of, (params, x, state), grads) < 1e-7


def test_no_mask_is_the_plain_layer():
    params, x, state, dh = problem(None)
    h, cache = recurrent_dropout.forward(params, x, state, LENGTHS)
    plain = rnn.Params(*params)
    exact, plain_cache = rnn.forward(plain, x, rnn.State(state.h), LENGTHS)
    np.testing.assert_allclose(h, exact, rtol=0, atol=1e-14)
    ours = recurrent_dropout.backward(params, cache, dh)
    theirs = rnn.backward(plain, plain_cache, dh)
    for a, b in zip((*ours[0], ours[1], ours[2].h), (*theirs[0], theirs[1], theirs[2].h)):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)
    assert ours[2].mask is None


def test_it_runs_in_both_directions():
    rng = np.random.default_rng(2)
    params = bidirectional.init(rng, D, H, cell=recurrent_dropout)
    _, x, state, dh = problem((B, H))
    start = bidirectional.State(state, State(None, None))
    h, cache = bidirectional.forward(params, x, start, LENGTHS)
    alone, _ = recurrent_dropout.forward(params.forward, x, state, LENGTHS)
    np.testing.assert_array_equal(h[..., :H], alone)
    grads, _, first = bidirectional.backward(params, cache, np.concatenate([dh, dh], axis=-1))
    assert first.forward.mask.shape == (B, H) and first.backward.mask is None
    assert isinstance(grads.backward, Params)


def test_masks_keep_the_mean():
    mask = recurrent_dropout.draw_mask(np.random.default_rng(3), 0.8, (1000, 100), np.float32)
    assert mask.dtype == np.float32 and set(np.unique(mask)) == {np.float32(0), np.float32(1.25)}
    assert abs((mask > 0).mean() - 0.8) < 0.01
    with pytest.raises(ValueError, match="keep is 0, expected a probability above 0"):
        recurrent_dropout.draw_mask(np.random.default_rng(3), 0, (2,))


def test_errors_name_what_came():
    params, x, state, _ = problem((B, H))
    with pytest.raises(ValueError, match=r"mask is float64 of shape \(2, 4\), expected float64"):
        recurrent_dropout.forward(params, x, state._replace(mask=state.mask[:2]))
    with pytest.raises(ValueError, match="x has 1 features, U expects 2"):
        recurrent_dropout.forward(params, x[..., 1:], state)
