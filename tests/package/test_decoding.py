"""`nets.decoding` against the enumeration of all sequences of tables and networks that remember what they read."""

from itertools import product
from math import exp, log

import numpy as np
import pytest
import torch

from unrolled.nets import decoding
from unrolled.nets.decoding import START, STOP

MOST = 4


def table(seed, K, B=1):
    """A step whose distributions depend on all tokens read: its state is B rows of a number that hashes them."""
    keys = np.random.default_rng(seed).integers(1 << 30, size=B)

    def step(tokens, state):
        state = (state * 31 + tokens + 1) % (1 << 31)
        logits = np.stack([np.random.default_rng(int(row)).normal(0, 2, size=K) for row in state])
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), state

    return step, keys


def log_probability(step, state, tokens):
    """log P of one sequence, token by token."""
    total, before = 0.0, START
    for token in tokens:
        log_p, state = step(np.array([before]), state)
        total, before = total + float(log_p[0, token]), token
    return total


def finished_sequences(step, state, K, most):
    """All finished sequences of at most `most` tokens, as {tokens: log P}."""
    words = [token for token in range(K) if token != STOP]
    return {
        tokens: log_probability(step, state, tokens)
        for n in range(most)
        for head in product(words, repeat=n)
        for tokens in [(*head, STOP)]
    }


@pytest.mark.parametrize("K", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_what_enumeration_finds(seed, K):
    step, state = table(seed, K)
    every = finished_sequences(step, state, K, MOST)
    width = K**MOST  # no beginning is thrown away
    (found,) = decoding.beam(step, state, width=width, most=MOST)
    best = sorted(every, key=every.get, reverse=True)[: len(found)]
    assert [each.tokens for each in found] == best and len(found) == len(every)
    for each in found:
        assert each.finished and abs(each.log_probability - every[each.tokens]) < 1e-9


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("seed", range(6))
def test_a_narrow_beam_equals_one_written_with_lists(seed, width):
    step, state = table(seed, 4)
    live, done = [((), 0.0, state)], []
    for _ in range(6):
        grown = []
        for tokens, total, before in live:
            log_p, after = step(np.array([tokens[-1] if tokens else START]), before)
            grown += [((*tokens, k), total + log_p[0, k], after) for k in range(4)]
        grown = sorted(grown, key=lambda each: -each[1])[:width]
        done += [each for each in grown if each[0][-1] == STOP]
        live = [each for each in grown if each[0][-1] != STOP]
    done = sorted(done, key=lambda each: -each[1])[:width]
    (found,) = decoding.beam(step, state, width=width, most=6)
    if done:
        assert [each.tokens for each in found] == [tokens for tokens, _, _ in done]
        np.testing.assert_allclose([each.log_probability for each in found], [d[1] for d in done])
    else:
        assert [each.tokens for each in found] == [tokens for tokens, _, _ in live]
        assert not any(each.finished for each in found)


def test_a_batch_gives_what_its_rows_give():
    step, state = table(7, 5, B=6)
    together = decoding.beam(step, state, width=3, most=7)
    greedy = decoding.greedy(step, state, most=7)
    for b in range(6):
        (alone,) = decoding.beam(step, state[b : b + 1], width=3, most=7)
        assert [each.tokens for each in alone] == [each.tokens for each in together[b]]
        assert decoding.greedy(step, state[b : b + 1], most=7)[0].tokens == greedy[b].tokens


def test_a_beam_of_one_is_greedy_search():
    step, state = table(3, 5, B=20)
    greedy = decoding.greedy(step, state, most=8)
    beam = decoding.beam(step, state, width=1, most=8)
    assert [each.tokens for each in greedy] == [found[0].tokens for found in beam]
    assert any(each.finished for each in greedy)
    for row, each in enumerate(greedy):
        expected = log_probability(step, state[row : row + 1], each.tokens)
        assert abs(each.log_probability - expected) < 1e-9
        assert each.finished == (each.tokens[-1] == STOP) and STOP not in each.tokens[:-1]


def garden_path(tokens, state):
    """The likelier first token, 2, leads to many unlikely ends; 3 leads to one that is nearly certain."""
    tiny = 1e-9
    rows = {
        START: [tiny, tiny, 0.6, 0.4],
        2: [tiny, 0.4, 0.3, 0.3],
        3: [tiny, 1.0, tiny, tiny],
    }
    log_p = np.log([rows[token] for token in tokens.tolist()])
    return log_p, state


def test_greedy_search_misses_what_a_beam_of_two_finds():
    (greedy,) = decoding.greedy(garden_path, np.zeros(1), most=5)
    (found,) = decoding.beam(garden_path, np.zeros(1), width=2, most=5)
    assert decoding.tokens_of(greedy) == (2,) and abs(exp(greedy.log_probability) - 0.24) < 1e-6
    assert decoding.tokens_of(found[0]) == (3,) and abs(exp(found[0].log_probability) - 0.4) < 1e-6


def test_the_penalty_orders_by_the_score():
    long, short = (
        decoding.Hypothesis((2, 2, 2, 1), -2.0, True),
        decoding.Hypothesis((1,), -0.9, True),
    )
    assert short.score() > long.score() and long.score(1.0) == -0.5 and short.score(1.0) == -0.9
    step, state = table(13, 4)
    every = finished_sequences(step, state, 4, MOST)
    (found,) = decoding.beam(step, state, width=4**MOST, most=MOST, penalty=1.0)
    best = max(every, key=lambda tokens: every[tokens] / len(tokens))
    assert found[0].tokens == best
    assert best != max(every, key=every.get)  # the penalty matters in this table


def test_samples_have_the_distribution_of_the_network():
    step, _ = table(5, 3)
    n = 4000
    state = np.full(n, 12345)
    every = finished_sequences(step, state[:1], 3, 3)
    found = decoding.sampled(step, state, np.random.default_rng(0), most=3)
    for tokens, log_p in every.items():
        share = np.mean([each.tokens == tokens for each in found])
        p = exp(log_p)
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / n) + 1e-9
    cold = decoding.sampled(step, state[:3], np.random.default_rng(0), most=3, temperature=1e-6)
    (greedy,) = decoding.greedy(step, state[:1], most=3)
    assert {each.tokens for each in cold} == {greedy.tokens}


def test_the_state_may_be_nested_and_hold_tensors_and_nothing():
    step, keys = table(9, 5, B=3)
    calls = []

    def nested_step(tokens, state):
        log_p, inner = step(tokens, state["key"][0].numpy())
        assert state["memory"].shape == (len(tokens), 4, 2)
        rows = state["memory"][:, 0, 0].numpy().astype(int)
        calls.append(rows)
        after = {"key": (torch.as_tensor(inner),), "memory": state["memory"], "none": None}
        return torch.as_tensor(log_p), after

    memory = np.arange(3)[:, None, None] * np.ones((3, 4, 2))
    state = {"key": (torch.as_tensor(keys),), "memory": torch.as_tensor(memory), "none": None}
    expected = decoding.beam(step, keys, width=4, most=6)
    found = decoding.beam(nested_step, state, width=4, most=6)
    assert [[h.tokens for h in each] for each in found] == [[h.tokens for h in e] for e in expected]
    assert all((np.diff(rows) >= 0).all() for rows in calls)  # each input's memory stays its own


def test_what_cannot_be_decoded_is_refused():
    step, state = table(1, 3)
    with pytest.raises(ValueError, match="most is 0"):
        decoding.greedy(step, state, most=0)
    with pytest.raises(ValueError, match="width is 0"):
        decoding.beam(step, state, width=0, most=3)
    with pytest.raises(ValueError, match="temperature is 0"):
        decoding.sampled(step, state, np.random.default_rng(0), most=3, temperature=0)
    with pytest.raises(ValueError, match="one number"):
        decoding.size((np.zeros(2), np.zeros(3)))


def test_impossible_tokens_are_never_written():
    def step(tokens, state):
        return np.tile([-np.inf, log(0.5), log(0.5), -np.inf], (len(tokens), 1)), state

    (found,) = decoding.beam(step, np.zeros(1), width=9, most=3)
    assert {token for each in found for token in each.tokens} == {1, 2}
    assert len(found) == 3
