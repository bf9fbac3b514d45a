"""The palette keeps its promises, and drawings show what they are told to show."""

import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from unrolled import plots
from unrolled.plots import figures, networks, palette

OKABE_ITO = {
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
}  # fmt: skip
CORE_ROLES = ["input", "state", "output", "target", "loss", "gradient", "memory"]


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def texts(ax):
    return [text.get_text() for text in ax.texts]


def as_svg(figure, path):
    figure.savefig(path, metadata=plots.style.SVG_METADATA)
    plt.close(figure)
    return path.read_bytes()


# The palette


def test_every_role_has_a_colour_of_its_own():
    assert palette.COLOUR.keys() == palette.LINE.keys() == palette.MARKER.keys()
    assert len(set(palette.COLOUR.values())) == len(palette.COLOUR)


def test_core_roles_are_okabe_and_itos_colours():
    assert {palette.COLOUR[role] for role in CORE_ROLES} <= OKABE_ITO


def test_every_role_has_a_second_cue():
    assert len(set(palette.MARKER.values())) == len(palette.MARKER)


def test_unknown_role_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no role 'grad'.*gradient"):
        palette.line("grad")


def test_line_keeps_changes(ax):
    (curve,) = ax.plot([1, 2], **palette.line("gradient", linewidth=7))
    assert curve.get_color() == palette.COLOUR["gradient"]
    assert curve.get_linewidth() == 7


# The style


def test_style_writes_the_same_svg_twice(tmp_path):
    with mpl.rc_context():
        plots.use_style()
        written = []
        for name in ("first.svg", "second.svg"):
            figure, axes = plt.subplots()
            networks.unfolded(axes, 3, gradient=np.array([0.1, 1.0, 10.0]))
            written.append(as_svg(figure, tmp_path / name))
    assert written[0] == written[1]
    assert b"<svg" in written[0] and b"<dc:date>" not in written[0]


def test_importing_the_package_imports_neither_matplotlib_nor_torch():
    code = "import sys, unrolled; print(sorted({'matplotlib', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Networks


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize(
    ("outputs", "loss", "rows"), [(True, True, 5), (True, False, 3), (False, False, 2)]
)
def test_unfolded_draws_each_node_once_and_each_edge(steps, outputs, loss, rows, ax):
    networks.unfolded(ax, steps, outputs=outputs, loss=loss)
    nodes = [text for text in texts(ax) if "_{" in text]
    assert len(nodes) == len(set(nodes)) == rows * steps + 1  # and h_0
    arrows = [p for p in ax.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    assert len(arrows) == rows * steps == len(networks.edges(steps, "xhoLy"[:rows]))
    assert texts(ax).count("$W$") == texts(ax).count("$U$") == steps


def test_folded_has_one_loop(ax):
    networks.folded(ax)
    assert texts(ax).count("$W$") == 1
    assert "one step" in texts(ax)


def test_values_stand_in_the_drawing(ax):
    networks.unfolded(ax, 2, values={"x": ["a", "b"], "h": [0, 0.25, -0.5]})
    assert {"a", "b", "0", "0.25", "-0.5"} <= set(texts(ax))


def test_gradient_sets_width_and_number(ax):
    networks.unfolded(ax, 3, gradient=[1e-4, 1e-2, 1.0])
    widths = [
        patch.get_linewidth()
        for patch in ax.patches
        if isinstance(patch, mpl.patches.FancyArrowPatch)
        and to_rgb(patch.get_edgecolor()[:3]) == to_rgb(palette.COLOUR["gradient"])
    ]
    assert widths == sorted(widths) and len(set(widths)) == 3
    assert {"1e-4", "0.01", "1"} <= set(texts(ax))


def test_zero_gradient_draws_no_arrow_but_its_number(ax):
    networks.unfolded(ax, 1, gradient=[0.0])
    arrows = [p for p in ax.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    assert len(arrows) == 5
    assert "0" in texts(ax)


def test_width_grows_with_the_logarithm_and_stops_at_its_ends():
    low, one, high = networks.gradient_width([1e-6, 1.0, 1e3])
    assert networks.gradient_width(0.0) == networks.gradient_width(1e-9) == low
    assert networks.gradient_width(1e6) == high
    assert np.isclose((one - low) / (high - low), 6 / 9)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.0123, "0.012"),
        (1, "1"),
        (99.4, "99"),
        (123.4, "123"),
        (4567, "5e3"),
        (1.2e-5, "1e-5"),
        (2e-12, "2e-12"),
        ("h", "h"),
    ],
)
def test_short_number(number, text):
    assert networks.short_number(number) == text


def test_highlight_is_heavier(ax):
    networks.unfolded(ax, 2, highlight=["h2", ("h1", "h2")])
    nodes = [p.get_linewidth() for p in ax.patches if p.get_label()[1:] in ("h0", "h1", "h2")]
    arrows = [p.get_linewidth() for p in ax.patches if isinstance(p, mpl.patches.FancyArrowPatch)]
    assert nodes.count(max(nodes)) == 1 and max(nodes) > min(nodes)
    assert arrows.count(max(arrows)) == 1 and max(arrows) > min(arrows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "at least one step, got 0"),
        ({"steps": 2, "outputs": False}, "a loss needs outputs"),
        ({"steps": 2, "highlight": ["h9"]}, "h9"),
        ({"steps": 2, "values": {"x": [1, 2, 3]}}, r"has 3 entries, the drawing has 2 steps"),
        ({"steps": 2, "values": {"q": [1, 2]}}, "row 'q'"),
        ({"steps": 2, "gradient": [1.0]}, r"has 1 entries, the drawing has 2 steps"),
        ({"steps": 2, "gradient": {"y": [1, 2]}}, "row 'y'"),
        ({"steps": 2, "gradient": [-1.0, 1.0]}, "at least 0, got -1"),
    ],
)
def test_unfolded_says_what_is_wrong(arguments, message, ax):
    with pytest.raises(ValueError, match=message):
        networks.unfolded(ax, **arguments)


def test_arrow_of_no_length_is_refused(ax):
    with pytest.raises(ValueError, match="two different points"):
        networks.arrow(ax, (1, 1), (1, 1))


# Figures


def test_figures_return_the_axes_they_were_given(ax):
    assert figures.gradient_norms([1.0, 0.5], ax) is ax
    ax.set_yscale("linear")
    assert figures.series([1.0, 2.0], ax) is ax
    assert figures.spectrum(np.eye(2), ax) is ax
    assert networks.folded(ax) is ax


def test_gradient_norms_puts_t_below_each_norm(ax):
    figures.gradient_norms([1.0, 0.1, 0.01], ax, first=4)
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [4, 5, 6])
    assert ax.get_yscale() == "log"


def test_gradient_norms_refuses_zero(ax):
    with pytest.raises(ValueError, match=r"positive.*smallest is 0"):
        figures.gradient_norms([1.0, 0.0], ax)


def test_trajectory_draws_the_points_in_order(ax):
    points = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 0.25]])
    figures.trajectory(points, ax)
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), points)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), points)


def test_trajectory_refuses_three_dimensions(ax):
    with pytest.raises(ValueError, match=r"\(4, 3\).*\(T, 2\)"):
        figures.trajectory(np.zeros((4, 3)), ax)


def test_impulse_response_starts_at_zero_and_shows_theory(ax):
    figures.impulse_response([1.0, 0.5], ax, theory=[1.0, 0.4])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1.0, 0.4])
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[0, 1.0], [1, 0.5]])


def test_learning_curves_draw_median_and_range(ax):
    figures.learning_curves(
        {"runs": [[3.0, 1.0], [2.0, 0.5], [9.0, 0.0]], "one": [1.0, 1.0]}, ax, every=5
    )
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[0, 3.0], [5, 0.5]])
    assert len(ax.collections) == 1  # one range, for the curve of several runs
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["runs", "one"]


def test_heat_is_centred_and_writes_entries(ax):
    figures.heat([[1.0, -3.0]], ax, symmetric=True, numbers=True)
    assert ax.images[0].get_clim() == (-3.0, 3.0)
    assert texts(ax) == ["1", "-3"]


def test_heat_refuses_unreadable_numbers(ax):
    with pytest.raises(ValueError, match="up to 12 columns, the matrix has 13"):
        figures.heat(np.zeros((1, 13)), ax, numbers=True)


def test_spectrum_shows_the_eigenvalues(ax):
    figures.spectrum(np.array([[0.0, -1.0], [1.0, 0.0]]), ax)
    drawn = ax.lines[1].get_xydata()
    np.testing.assert_allclose(sorted(drawn.tolist()), [[0, -1], [0, 1]], atol=1e-12)


def test_bars_carry_their_heights(ax):
    figures.bars({"unigram": 4.75, "RNN": 2.5}, ax, form="{:.1f}")
    assert [bar.get_height() for bar in ax.patches] == [4.75, 2.5]
    assert {"4.8", "2.5"} <= set(texts(ax))
