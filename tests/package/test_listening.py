"""Pronunciations, edits, spoken words, the pyramid in NumPy and in torch, and the network that looks at a picture."""

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from unrolled import tasks
from unrolled.data import letters, pronunciations
from unrolled.nets.listening import Listener, Speller
from unrolled.nets.looking import Captioner, Windows
from unrolled.nets.seq2seq import taught
from unrolled.scratch import bidirectional, edits, gradcheck, gru, lstm, nested, pyramid, rnn
from unrolled.tasks import speaking


def test_pronunciations_are_those_of_the_dictionary():
    words = pronunciations.words()
    assert 115_000 < len(words) < 120_000 and len(pronunciations.phones()) == 39
    by_text = {word.text: word.said for word in words}
    assert by_text["tomato"] == (
        ("T", "AH", "M", "EY", "T", "OW"),
        ("T", "AH", "M", "AA", "T", "OW"),
    )
    assert by_text["aalborg"][0] == ("AO", "L", "B", "AO", "R", "G")  # its comment is not read
    assert [word.text for word in words] == sorted(by_text)


def brute_force(a, b):
    """The least number of edits by trying every one: for short sequences."""
    if not a or not b:
        return len(a) + len(b)
    change = brute_force(a[1:], b[1:]) + (a[0] != b[0])
    return min(change, brute_force(a[1:], b) + 1, brute_force(a, b[1:]) + 1)


def test_edits_are_the_least():
    rng = np.random.default_rng(0)
    for n, m in product(range(5), range(5)):
        a, b = rng.integers(3, size=n).tolist(), rng.integers(3, size=m).tolist()
        assert edits.distance(a, b) == brute_force(a, b) == edits.distance(b, a)
    assert edits.distance("kitten", "sitting") == 3


def test_the_error_rate_takes_the_nearest_answer():
    assert edits.error_rate(["ab", "c"], [("ax", "abcd"), ("c",)]) == 1 / 3
    with pytest.raises(ValueError, match="1 sequences and 2 answers"):
        edits.error_rate(["a"], [("a",), ("b",)])
    with pytest.raises(ValueError, match="empty"):
        edits.error_rate(["a"], [("",)])


def test_spoken_words_say_their_letters():
    x, lengths, said, ends = tasks.spoken(np.random.default_rng(0), 200, noise=0.0)
    assert x.shape == (lengths.max(), 200, speaking.CHANNELS)
    for b, word in enumerate(said):
        assert 2 <= len(word) <= 6 and all(a != c for a, c in pairwise(word))
        assert lengths[b] == ends[b][-1] and not x[lengths[b] :, b].any()
        for letter, start, end in zip(word, (0, *ends[b]), ends[b]):
            assert 4 <= end - start <= 8
            np.testing.assert_array_equal(x[start:end, b], speaking.glide(letter, end - start))
    with pytest.raises(ValueError, match="letters is"):
        tasks.spoken(np.random.default_rng(0), 1, letters=(3, 2))


def test_letters_sound_different():
    sounds = [speaking.glide(letter, 6) for letter in range(speaking.SOUNDS)]
    for i in range(len(sounds)):
        assert all(np.abs(sounds[i] - sounds[j]).max() > 0.5 for j in range(i))


@pytest.mark.parametrize("cell", [rnn, gru, lstm])
@pytest.mark.parametrize(("T", "layers"), [(1, 3), (5, 1), (8, 3), (11, 3)])
def test_pyramid_is_layers_on_pairs(cell, T, layers):
    rng = np.random.default_rng(T)
    params, B = pyramid.init(rng, 3, 4, layers, cell=cell), 3
    params = nested.tree_map(lambda leaf: rng.normal(size=leaf.shape) / 2, params)
    lengths = np.array([T, max(T - 2, 1), 1])
    x = rng.normal(size=(T, B, 3))
    h, cache = pyramid.forward(params, x, lengths=lengths)
    for b in range(B):
        reads = x[: lengths[b], b]
        for k, part in enumerate(params.layers):
            if k:  # by hand: neighbours side by side, zeros after an odd one
                reads = np.pad(reads, ((0, len(reads) % 2), (0, 0)))
                reads = np.array(
                    [np.r_[reads[2 * i], reads[2 * i + 1]] for i in range(len(reads) // 2)]
                )
            reads = bidirectional.forward(part, reads[:, None])[0][:, 0]
        assert cache.lengths[b] == len(reads)
        np.testing.assert_allclose(h[: len(reads), b], reads, atol=1e-12)
        assert not h[len(reads) :, b].any()
    assert len(h) == -(-T // 2 ** (layers - 1))


@pytest.mark.parametrize("T", [1, 7, 8])
def test_pyramid_gradients_by_central_differences(T):
    rng = np.random.default_rng(T)
    params = pyramid.init(rng, 2, 3, 3)
    params = nested.tree_map(lambda leaf: rng.normal(size=leaf.shape) / 2, params)
    x, lengths = rng.normal(size=(T, 2, 2)), np.array([T, max(T - 3, 1)])
    h, cache = pyramid.forward(params, x, lengths=lengths)
    up = rng.normal(size=h.shape)
    ends = nested.tree_map(lambda leaf: rng.normal(size=leaf.shape), cache.state)

    def loss(params, x, state):
        h, cache = pyramid.forward(params, x, state, lengths)
        pairs = zip(nested.leaves(cache.state), nested.leaves(ends))
        return float((h * up).sum() + sum((a * b).sum() for a, b in pairs))

    start = nested.tree_map(lambda leaf: rng.normal(size=leaf.shape), cache.state)
    _, cache = pyramid.forward(params, x, start, lengths)
    grads, dx, dstart = pyramid.backward(params, cache, up, ends)
    assert gradcheck.check(lambda p: loss(p, x, start), params, grads) < 1e-6
    assert gradcheck.check(lambda y: loss(params, y, start), x, dx) < 1e-6
    assert gradcheck.check(lambda s: loss(params, x, s), start, dstart) < 1e-6


def test_unpair_undoes_pair():
    x = np.random.default_rng(0).normal(size=(7, 2, 3))
    paired, lengths = pyramid.pair(x, np.array([7, 4]))
    assert paired.shape == (4, 2, 6) and lengths.tolist() == [4, 2] and not paired[3, :, 3:].any()
    np.testing.assert_array_equal(pyramid.unpair(paired, 7), x)


@pytest.mark.parametrize("T", [1, 6, 9])
def test_listener_is_the_pyramid_of_scratch(T):
    torch.manual_seed(0)
    listener = Listener(3, 4, layers=3).double()
    params = pyramid.Params(tuple(bidirectional.from_torch(layer) for layer in listener.layers))
    x, lengths = np.random.default_rng(T).normal(size=(T, 2, 3)), np.array([T, max(T - 2, 1)])
    tensor = torch.as_tensor(x).requires_grad_()
    h, ends, counted = listener(tensor, lengths)
    ours, cache = pyramid.forward(params, x, lengths=lengths)
    np.testing.assert_allclose(h.detach(), ours, atol=1e-12)
    assert counted.tolist() == cache.lengths.tolist()
    top = cache.state.layers[-1]
    np.testing.assert_allclose(
        ends.detach(), np.concatenate([top.forward.h, top.backward.h], axis=1), atol=1e-12
    )
    up = np.random.default_rng(1).normal(size=h.shape)
    (h * torch.as_tensor(up)).sum().backward()
    np.testing.assert_allclose(tensor.grad, pyramid.backward(params, cache, up)[1], atol=1e-10)


def test_a_flat_listener_keeps_the_rate():
    h, _, counted = Listener(3, 4, layers=3, pyramid=False)(torch.zeros(9, 2, 3), [9, 5])
    assert h.shape == (9, 2, 8) and counted.tolist() == [9, 5]


def test_padding_changes_nothing_that_a_speller_says():
    torch.manual_seed(0)
    net = Speller(3, 5, H=4)
    x, y = torch.randn(9, 2, 3), torch.tensor([[0, 0], [3, 2]])
    longer = torch.cat([x, torch.randn(6, 2, 3)])
    a, b = net(x, [9, 6], y)[0], net(longer, [9, 6], y)[0]
    torch.testing.assert_close(a, b)


def test_a_window_sees_its_pixels_and_no_others():
    torch.manual_seed(0)
    windows = Windows(12, 8, 5).eval()
    blank = torch.zeros(1, 12, 8)
    before = windows(blank)[0]
    for row, column in ((0, 0), (5, 3), (11, 7)):
        dotted = blank.clone()
        dotted[0, row, column] = 1
        changed = (windows(dotted)[0] - before).abs().amax(dim=(1, 2)).reshape(windows.grid) > 0
        i, j = np.indices(windows.grid)
        sees = (abs(4 * i + 1.5 - row) < 4) & (abs(4 * j + 1.5 - column) < 4)  # 8 pixels wide
        np.testing.assert_array_equal(changed.numpy(), sees)
    with pytest.raises(ValueError, match="don't fit"):
        Windows(10, 8, 5)


def test_what_a_captioner_writes_is_what_it_finds_most_probable():
    torch.manual_seed(0)
    net = Captioner(letters.HEIGHT, letters.WIDTH, 7).eval()
    pictures = letters.draw("éŽq")
    words, alpha, log_p = net.write(pictures, most=5)
    y_read = np.concatenate([np.zeros((1, 3), int), words[:-1]])
    with torch.no_grad():
        o, state = net(pictures, y_read)
    logs = o.log_softmax(dim=2)
    running = (words[:-1] != 1).all(axis=1).sum() + 1  # steps before any of them has ended
    np.testing.assert_array_equal(words[:running], logs.argmax(dim=2)[:running])
    np.testing.assert_allclose(alpha, state.alpha, atol=1e-6)
    np.testing.assert_allclose(log_p[:running], logs.max(dim=2).values[:running], atol=1e-5)
    np.testing.assert_allclose(alpha.sum(axis=2), 1, atol=1e-5)
    assert alpha.shape == (3, len(words), 63)


def test_the_loss_of_a_captioner_counts_words_that_count():
    torch.manual_seed(0)
    net = Captioner(letters.HEIGHT, letters.WIDTH, 7).eval()
    y_read, y, counts = taught([(2, 3), (4,)])
    both = net.loss(letters.draw("éŽ"), y_read, y, counts)
    first = net.loss(letters.draw("é"), y_read[:, :1], y[:, :1], counts[:1])
    second = net.loss(letters.draw("Ž"), y_read[:2, 1:], y[:2, 1:], counts[1:])
    torch.testing.assert_close(both, (3 * first + 2 * second) / 5)


def test_without_attention_every_word_is_written_from_the_mean():
    torch.manual_seed(0)
    net = Captioner(letters.HEIGHT, letters.WIDTH, 7, attend=False).eval()
    words, alpha, _ = net.write(letters.draw("é"), most=3)
    assert alpha is None and words.shape[1] == 1
    state = net.encode(letters.draw("é"))
    torch.testing.assert_close(
        net.decoder.look(state)[0], net.windows(torch.as_tensor(letters.draw("é")))[1]
    )
