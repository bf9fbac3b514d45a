"""`nets.seq2seq` against loops of cells, against `scratch.gru` and `scratch.lstm`, and on a task."""

import numpy as np
import pytest
import torch

from unrolled.data.batches import padded
from unrolled.nets import decoding, seq2seq, training
from unrolled.scratch import gru, lstm, nested

CELLS = sorted(seq2seq.CELLS)


def model(**options):
    options = {"source": 7, "target": 6, "hidden_size": 5} | options
    return training.drawn(lambda: seq2seq.Seq2Seq(**options).double(), 3)


def batch(rng, source=7, target=6):
    x, lengths = padded([rng.integers(2, source, size=n) for n in (4, 1, 3)])
    y_read, y, y_lengths = seq2seq.taught([rng.integers(2, target, size=n) for n in (2, 5, 0)])
    return x, lengths, y_read, y, y_lengths


def test_padding_is_neither_read_nor_counted():
    rng = np.random.default_rng(0)
    for cell in CELLS:
        net = model(cell=cell, layers=2, residual=True, context=cell != "lstm")
        x, lengths, y_read, y, y_lengths = batch(rng)
        whole = net.loss(x, y_read, y, lengths, y_lengths)
        changed = np.where(np.arange(len(x))[:, None] < lengths, x, 6)
        assert net.loss(changed, y_read, y, lengths, y_lengths) == whole
        total = 0.0
        for b in range(3):
            n, m = lengths[b], y_lengths[b]
            part = (x[:n, b : b + 1], y_read[:m, b : b + 1], y[:m, b : b + 1])
            total += net.loss(*part).item() * m
        assert abs(total / y_lengths.sum() - whole.item()) < 1e-12


@pytest.mark.parametrize("layer", [gru, lstm])
def test_the_encoder_is_the_books_layer(layer):
    name = layer.__name__.rpartition(".")[2]
    net = model(cell=name).encoder
    x, lengths = padded([[3, 2, 5, 4], [6], [2, 2]])
    h, (state,) = net(x, None, lengths)
    vectors = net.embedding(torch.as_tensor(x)).detach().numpy()
    params = layer.from_torch(net.stack.layers[0])
    expected, cache = layer.forward(params, vectors, lengths=lengths)
    np.testing.assert_allclose(h.detach().numpy(), expected, atol=1e-10)
    ends = [each.detach().numpy() for each in nested.leaves((state,))]
    for ours, theirs in zip(ends, cache.state, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_steps_equal_the_whole_sequence(cell):
    net = model(cell=cell, layers=2, context=True)
    x, lengths, y_read, *_ = batch(np.random.default_rng(1))
    expected = net(x, y_read, lengths).log_softmax(-1).detach().numpy()
    state = net.encode(x, lengths)
    for tokens, row in zip(y_read, expected):
        log_p, state = net.decoder.step(tokens, state)
        np.testing.assert_allclose(log_p.numpy(), row, atol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
def test_residual_layers_add_what_they_read(cell):
    stack = training.drawn(
        lambda: seq2seq.Stack(4, 4, cell=cell, layers=3, residual=True).double(), 0
    )
    x = torch.as_tensor(np.random.default_rng(0).normal(size=(5, 2, 4)))
    y, ends = stack(x)
    expected = x
    for layer in stack.layers:
        expected = expected + layer(expected)[0]
    assert torch.allclose(y, expected, atol=1e-12) and len(ends) == 3
    wider = seq2seq.Stack(3, 4, layers=1, residual=True)
    assert wider(torch.zeros(2, 1, 3))[0].shape == (2, 1, 4)  # sizes differ: nothing is added


def test_initial_states_are_what_a_call_without_one_uses():
    for cell in CELLS:
        net = model(cell=cell, layers=2, context=True)
        x, lengths, y_read, *_ = batch(np.random.default_rng(2))
        with_zeros = net.encoder(x, net.encoder.initial_state(3), lengths)[0]
        assert torch.equal(net.encoder(x, None, lengths)[0], with_zeros)
        assert torch.equal(net.decoder(y_read)[0], net.decoder(y_read, net.initial_state(3))[0])
        assert decoding.size(net.initial_state(3)) == 3


def test_a_shared_network_is_one_network():
    net = model(source=6, target=6, shared=True)
    x, lengths, y_read, *_ = batch(np.random.default_rng(3), source=6)
    logits = net(x[:, :1], y_read[:, :1])
    joined = np.concatenate([x[:, :1], y_read[:, :1]])
    h, _ = net.encoder(joined)
    expected = net.decoder.readout(h)[len(x) :]
    assert torch.allclose(logits, expected, atol=1e-12)
    apart = model(source=6, target=6)
    count = lambda each: sum(p.numel() for p in each.parameters())
    readout = count(net.decoder.readout)
    assert count(apart) - readout == 2 * (count(net) - readout)
    with pytest.raises(ValueError, match="one vocabulary"):
        model(shared=True)


def test_vectors_can_be_encoded():
    net = model(source=None, input_size=3)
    x = np.random.default_rng(0).normal(size=(4, 2, 3))
    assert net(torch.as_tensor(x), np.zeros((2, 2), int)).shape == (2, 2, 6)
    assert net.encoder.embedding is None


def test_reversed_within_leaves_the_padding_where_it_is():
    x, lengths = padded([[1, 2, 3], [4], [5, 6]], fill=9)
    expected, _ = padded([[3, 2, 1], [4], [6, 5]], fill=9)
    assert (seq2seq.reversed_within(x, lengths) == expected).all()
    vectors = np.eye(10)[x]
    assert (seq2seq.reversed_within(vectors, lengths) == np.eye(10)[expected]).all()


def test_what_a_decoder_reads_and_says():
    y_read, y, lengths = seq2seq.taught([[5, 6], []])
    assert y_read.tolist() == [[0, 0], [5, 1], [6, 1]]
    assert y.tolist() == [[5, 1], [6, 1], [1, 1]] and lengths.tolist() == [3, 1]


def test_it_learns_to_reverse():
    net = training.drawn(lambda: seq2seq.Seq2Seq(6, 6, 32), 0)
    rng = np.random.default_rng(0)

    def draw(B):
        return [rng.integers(2, 6, size=rng.integers(1, 4)).tolist() for _ in range(B)]

    def loss(k):
        strings = draw(32)
        x, lengths = padded(strings)
        y_read, y, y_lengths = seq2seq.taught([string[::-1] for string in strings])
        return net.loss(x, y_read, y, lengths, y_lengths)

    losses = training.train(net, loss, 300, lr=0.01)
    assert losses[-1] < 0.3 < losses[0]
    strings = draw(100)
    state = net.encode(*padded(strings))
    found = decoding.greedy(net.decoder.step, state, most=6)
    right = [list(decoding.tokens_of(h)) == s[::-1] for h, s in zip(found, strings)]
    assert np.mean(right) > 0.8


def test_drawing_leaves_torchs_generator_alone():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        expected = torch.rand(2)
        torch.manual_seed(1)
        first, second = (training.drawn(lambda: torch.nn.Linear(2, 2), 5) for _ in range(2))
        assert torch.equal(torch.rand(2), expected)
        assert torch.equal(first.weight, second.weight)


def test_the_rate_is_held_and_then_falls_to_zero():
    weight = torch.nn.Linear(1, 1, bias=False).double()
    path = []

    def loss(k):
        path.append(float(weight.weight.detach()))
        return weight.weight.sum()

    training.train(weight, loss, 10, lr=0.1, hold=0.6)
    path.append(float(weight.weight.detach()))
    moved = -np.diff(path)  # Adam moves by the rate where the gradient is constant
    np.testing.assert_allclose(moved[:7], 0.1, rtol=1e-4)
    np.testing.assert_allclose(moved[7:], [0.075, 0.05, 0.025], rtol=1e-4)


def test_faults_are_named():
    with pytest.raises(ValueError, match="cell is 'lsm'"):
        seq2seq.Stack(2, 2, cell="lsm")
    net = model()
    x, _ = padded([[2, 3], [4]])
    with pytest.raises(ValueError, match=r"expected 2 in 1..2"):
        net.encode(x, [3, 1])
    with pytest.raises(ValueError, match="state has 2 layers"):
        net.encoder(x, net.encoder.initial_state(2) * 2)
