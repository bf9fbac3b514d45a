"""`nets.attention` against `scratch.attention`, `scratch.gru` and the equations as a loop."""

import numpy as np
import pytest
import torch

from unrolled.nets.attention import AttentionDecoder, Encoder, Search, padding
from unrolled.nets.decoding import greedy
from unrolled.scratch import attention, gru

EXACT = 1e-10
WORDS, E, H, K, A = 7, 3, 4, 6, 5
SIZES = {  # I, J, B
    "several": (4, 5, 3),
    "one step": (1, 5, 2),
    "one annotation": (3, 1, 2),
    "one sequence": (3, 4, 1),
}
array = lambda x: x.detach().numpy()


def problem(size, attend=True):
    """A decoder in float64, words to read, and the state it starts from: random annotations, some padded."""
    I, J, B = SIZES[size]
    rng = np.random.default_rng(1)
    with torch.random.fork_rng():
        torch.manual_seed(2)
        decoder = AttentionDecoder(WORDS, E, H, K, A, attend).double()
    y = torch.tensor(rng.integers(WORDS, size=(I, B)))
    h, ends = (torch.tensor(rng.standard_normal(shape)) for shape in ((J, B, K), (B, K)))
    lengths = torch.tensor([max(1, J - b) for b in range(B)])
    return decoder, y, h.requires_grad_(), ends, lengths


def step_by_step(decoder, y, state):
    """The states (I + 1, B, H) before and after each step, the logits and the weights, by calls of one step."""
    states, logits, weights = [state.s], [], []
    for row in y:
        o, state = decoder(row[None], state)
        states.append(state.s)
        logits.append(o)
        weights.append(state.alpha)
    return torch.stack(states), torch.cat(logits), torch.cat(weights, dim=1)


@pytest.mark.parametrize("size", SIZES)
def test_weights_and_contexts_are_those_of_scratch(size):
    decoder, y, h, ends, lengths = problem(size)
    start = decoder.initial_state(h, ends, lengths)
    states, _, alpha = step_by_step(decoder, y, start)
    mask = attention.padding(lengths.numpy(), len(h))
    params = decoder.align.to_scratch()
    context, cache = attention.forward(params, array(states[:-1]), array(h), mask=mask)
    assert np.abs(cache.alpha - array(alpha.transpose(0, 1))).max() < EXACT
    for s, wanted in zip(states, context):
        found, _ = decoder.look(start._replace(s=s))
        assert np.abs(array(found) - wanted).max() < EXACT


@pytest.mark.parametrize("size", SIZES)
def test_gradients_are_those_of_scratch(size):
    decoder, _, h, _, lengths = problem(size)
    align, up = (
        decoder.align,
        torch.tensor(np.random.default_rng(3).standard_normal((len(lengths), K))),
    )
    query = torch.tensor(np.random.default_rng(4).standard_normal((len(lengths), H)))
    query.requires_grad_()
    rows = h.transpose(0, 1)
    alpha = align.weights(query, align.of_keys(rows), padding(lengths, len(h)))
    (torch.einsum("bj,bjk->bk", alpha, rows) * up).sum().backward()
    mask = attention.padding(lengths.numpy(), len(h))
    _, cache = attention.forward(align.to_scratch(), array(query)[None], array(h), mask=mask)
    grads, dquery, dkeys, dvalues = attention.backward(align.to_scratch(), cache, up.numpy()[None])
    theirs = align.of_query.weight, align.of_keys.weight, align.of_keys.bias, align.v
    for ours, parameter in zip(grads, theirs):
        assert np.abs(ours - parameter.grad.numpy()).max() < EXACT
    assert np.abs(dquery[0] - query.grad.numpy()).max() < EXACT
    assert np.abs(dkeys + dvalues - h.grad.numpy()).max() < EXACT


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def literal(decoder, y, h, ends, lengths):
    """Logits (I, B, words) and weights (I, B, J) by the equations, sequence by sequence and word by word."""
    get = {name: array(value) for name, value in decoder.named_parameters()}
    I, J, B = len(y), len(h), len(lengths)
    logits, weights = np.zeros((I, B, WORDS)), np.zeros((I, B, J))
    W, U, C = get["of_state.weight"], get["of_word.weight"], get["of_context.weight"]
    for b in range(B):
        s = np.tanh(get["start.weight"] @ ends[b] + get["start.bias"])
        for i in range(I):
            e = [
                get["align.v"]
                @ np.tanh(
                    get["align.of_query.weight"] @ s
                    + get["align.of_keys.weight"] @ h[j, b]
                    + get["align.of_keys.bias"]
                )
                for j in range(lengths[b])
            ]
            weights[i, b, : lengths[b]] = np.exp(e) / np.exp(e).sum()
            c = sum(weights[i, b, j] * h[j, b] for j in range(lengths[b]))
            word = get["embed.weight"][y[i, b]]
            given = U @ word + get["of_word.bias"] + C @ c
            r, z = (sigmoid(given[k : k + H] + W[k : k + H] @ s) for k in (0, H))
            s = (1 - z) * s + z * np.tanh(given[2 * H :] + W[2 * H :] @ (r * s))
            logits[i, b] = get["out.weight"] @ np.concatenate([s, word, c]) + get["out.bias"]
    return logits, weights


@pytest.mark.parametrize("size", SIZES)
def test_the_decoder_follows_the_equations_in_their_order(size):
    decoder, y, h, ends, lengths = problem(size)
    o, state = decoder(y, decoder.initial_state(h, ends, lengths))
    logits, weights = literal(decoder, *map(array, (y, h, ends, lengths)))
    assert np.abs(array(o) - logits).max() < EXACT
    assert np.abs(array(state.alpha.transpose(0, 1)) - weights).max() < EXACT


def test_many_steps_are_one_step_many_times():
    decoder, y, h, ends, lengths = problem("several")
    start = decoder.initial_state(h, ends, lengths)
    o, state = decoder(y, start)
    states, logits, alpha = step_by_step(decoder, y, start)
    assert torch.allclose(o, logits, atol=EXACT) and torch.allclose(state.alpha, alpha, atol=EXACT)
    assert torch.allclose(state.s, states[-1], atol=EXACT)


def test_without_attention_the_state_is_a_gru_that_reads_word_and_context():
    decoder, y, h, ends, lengths = problem("several", attend=False)
    start = decoder.initial_state(h, ends, lengths)
    _, state = decoder(y, start)
    U = np.hstack([array(decoder.of_word.weight), array(decoder.of_context.weight)])
    params = gru.Params(U, array(decoder.of_state.weight), array(decoder.of_word.bias))
    word = array(decoder.embed(y))
    x = np.concatenate([word, np.broadcast_to(array(ends), (len(word), *ends.shape))], axis=2)
    _, cache = gru.forward(params, x, gru.State(array(start.s)))
    assert np.abs(cache.state.h - array(state.s)).max() < EXACT
    assert state.alpha is None and decoder.align is None


@pytest.mark.parametrize("both_ways", [True, False])
def test_padding_changes_nothing(both_ways):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = Search(6, WORDS, E, H, both_ways=both_ways).double()
    rng = np.random.default_rng(6)
    x, y = rng.integers(6, size=(5, 2)), rng.integers(WORDS, size=(3, 2))
    o, state = model(x, np.array([5, 2]), y)
    alone, _ = model(x[:2, 1:], np.array([2]), y[:, 1:])
    assert torch.allclose(o[:, 1:], alone, atol=EXACT)
    assert (state.alpha[1, :, 2:] == 0).all() and (state.alpha[:, :, :2] > 0).all()
    assert torch.allclose(state.alpha.sum(dim=2), torch.ones(2, 3).double())


def test_greedy_follows_the_largest_logit():
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = Search(6, WORDS, E, H).double()
    x, lengths = np.array([[2], [3], [4]]), np.array([3])
    (found,) = greedy(model.decoder.step, model.encode(x, lengths), most=6, start=0, stop=1)
    read = np.array([[0, *found.tokens[:-1]]]).T
    o, _ = model(x, lengths, read)
    assert tuple(o[:, 0].argmax(dim=1).tolist()) == found.tokens
    total = o[:, 0].log_softmax(dim=1)[range(len(read)), list(found.tokens)].sum()
    assert abs(total.item() - found.log_probability) < EXACT


def test_two_directions_need_an_even_size():
    with pytest.raises(ValueError, match="K is 5, two directions need an even number"):
        Encoder(6, E, 5)
