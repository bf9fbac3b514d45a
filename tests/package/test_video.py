"""`nets.video` against one run over frames and words at once, and the clips of `tasks.moving_dots`."""

import numpy as np
import pytest
import torch

from unrolled import tasks
from unrolled.nets import decoding, training, video
from unrolled.nets.seq2seq import CELLS


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_reading_and_writing_is_one_run_with_zeros_in_the_gaps(cell):
    net = training.drawn(lambda: video.S2VT(3, 5, 4, cell=cell).double(), 0)
    rng = np.random.default_rng(0)
    frames, y_read = torch.as_tensor(rng.normal(size=(6, 2, 3))), rng.integers(5, size=(4, 2))
    logits, end = net(y_read, net.encode(frames))
    words = net.embedding(torch.as_tensor(y_read)).detach()
    seen, _ = net.lower.layers[0](torch.cat([frames, torch.zeros(4, 2, 3)]))
    s, _ = net.upper.layers[0](torch.cat([seen, torch.cat([torch.zeros(6, 2, 4), words])], dim=-1))
    assert torch.allclose(logits, net.readout(s[6:]), atol=1e-12)
    assert decoding.size(end) == 2
    state = net.encode(frames)
    for tokens, row in zip(y_read, logits):
        log_p, state = net.step(tokens, state)
        assert torch.allclose(log_p, row.log_softmax(-1), atol=1e-12)
    halves = net.encode(frames[3:], net.encode(frames[:3]))
    assert torch.allclose(halves.upper[0][0], net.encode(frames).upper[0][0], atol=1e-12)


def test_dots_move_as_their_captions_say():
    x, captions = tasks.moving_dots(np.random.default_rng(0), 200, noise=0.0)
    assert x.shape == (4, 200, 64) and (x.sum(axis=2) == 1).all()
    at = np.stack(np.divmod(x.argmax(axis=2), 8), axis=-1)  # (frames, B, 2)
    moved = {(0, -1): "left", (0, 1): "right", (-1, 0): "up", (1, 0): "down"}
    for b, caption in enumerate(captions):
        steps = np.diff(at[:, b], axis=0)
        speed = np.abs(steps[0]).sum()
        assert (steps == steps[0]).all() and moved[tuple(steps[0] // speed)] == caption[3]
        assert caption[:3] == ("the", "dot", "moves") and len(caption) == 3 + speed
    counts = {each: captions.count(each) for each in set(captions)}
    assert len(counts) == 8 and min(counts.values()) > 10


def test_noise_is_added_and_what_does_not_fit_is_refused():
    noisy, _ = tasks.moving_dots(np.random.default_rng(1), 50, noise=0.2)
    background = np.sort(noisy, axis=2)[..., :-1]  # without the brightest pixel, the dot
    assert abs(background.std() - 0.2) < 0.01 and abs(noisy.max(axis=2).mean() - 1) < 0.05
    with pytest.raises(ValueError, match="5 frames of size 8"):
        tasks.moving_dots(np.random.default_rng(0), 2, frames=5)
