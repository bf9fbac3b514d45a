"""Pictures of a memory show the numbers they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import plots
from unrolled.plots import tape


@pytest.fixture
def axes():
    with plt.rc_context():
        plots.use_style()
        figure, axes = plt.subplots(2)
        yield axes
    plt.close(figure)


def test_weighting_has_a_bar_of_its_height_for_each_slot(axes):
    w, before = np.array([0.1, 0.7, 0.2]), np.array([1.0, 0, 0])
    bars = tape.weighting(w, axes[0], before=before).patches
    assert [bar.get_height() for bar in bars] == [*before, *w]
    assert len(tape.weighting(w, axes[1]).patches) == 3


def test_tracks_have_a_column_a_step(axes):
    weights = np.random.default_rng(0).dirichlet(np.ones(5), size=3)
    (image,) = tape.tracks(weights, axes[0]).images
    assert np.array_equal(image.get_array(), weights.T)
    assert image.get_clim() == (0, 1)


def test_copies_cross_each_wrong_bit(axes):
    shown = np.array([[1, 0], [0, 1], [1, 1]])
    said = np.array([[0.9, 0.6], [0.2, 0.8], [0.4, 0.7]])  # wrong: step 0 bit 1, step 2 bit 0
    tape.copies(shown, said, axes)
    crosses = axes[1].collections[0].get_offsets()
    assert sorted(map(tuple, np.asarray(crosses))) == [(0, 1), (2, 0)]
    assert "2 wrong" in axes[1].get_title(loc="left")
    with pytest.raises(ValueError, match=r"\(3, 2\), said \(2, 2\)"):
        tape.copies(shown, said[:2], axes)


def test_moment_draws_memory_heads_and_input(axes):
    rng = np.random.default_rng(1)
    memory, write, read = rng.normal(size=(4, 6)), np.eye(4)[1], np.full(4, 0.25)
    ax = tape.moment(axes[0], memory, write, read, x=np.array([1.0, -1, 1]), note="said: 3")
    assert np.array_equal(ax.images[0].get_array(), memory)
    assert np.array_equal(ax.images[1].get_array(), [[1, -1, 1]])
    lengths = np.array([bar.get_width() for bar in ax.patches[:8]])
    assert np.allclose(lengths, 0.3 * 6 * np.concatenate([-write, read]))
    assert "said: 3" in [text.get_text() for text in ax.texts]
    assert len(tape.moment(axes[1], memory, write, read).images) == 1
    answered = tape.moment(axes[1], memory, write, read, said=np.array([-1.0, 1])).images[-1]
    assert np.array_equal(answered.get_array(), [[-1, 1]])
