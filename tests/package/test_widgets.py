"""Each widget draws what it is asked for, says it in words, stores it small, and tells what is wrong with a call."""

import gzip
import inspect
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest

from unrolled import plots
from unrolled.plots import networks
from unrolled.widgets import Spot, film, inspector, plane, player
from unrolled.widgets.frames import svg_text, together
from widget_demo import busy

VALUES = [0.5, 1.0, 1.5]
PAIR = {"first": [1, 2], "second": [3, 4, 5], "labels": ("a", "b"), "alt": "{} and {}".format}
MOST_SCRIPT = 4_000  # bytes of script and style
MOST_FILM = 300_000  # bytes of 30 frames, compressed
MOST_FRAME = 30_000  # bytes of one of them, as stored


def draw(value, height=1.0):
    figure, ax = plt.subplots(figsize=(2, 2))
    ax.plot([0, value], [0, height])
    ax.set_title(f"{value} and {height}")
    return figure


def alt(value):
    return f"the line ends at {value}"


def make(**changes):
    return film(**({"draw": draw, "values": VALUES, "label": "end", "alt": alt} | changes))


def net():
    figure, ax = plt.subplots(figsize=(4, 2))
    ax.set(xlim=(0, 4), ylim=(0, 2))
    ax.set_position((0, 0, 1, 1))
    return figure


SPOTS = [
    Spot("h₁", (1, 1), (0.4, 0.5), {"value": 0.25}),
    Spot("h₂", (3, 1.5), (0.4, 0.5), "It is the last."),
]


class Reader(HTMLParser):
    """What a browser would find: elements with their attributes, and the text inside them."""

    def __init__(self, widget):
        super().__init__()
        self.elements, self.texts = [], {}
        self.feed(widget._repr_html_())

    def handle_starttag(self, tag, attributes):
        self.elements.append(
            SimpleNamespace(tag=tag, **{k.replace("-", "_"): v for k, v in attributes})
        )

    def handle_data(self, data):
        self.texts.setdefault(self.elements[-1].tag, []).append(data)

    def all(self, tag, **wanted):
        return [e for e in self.elements if e.tag == tag and vars(e) | wanted == vars(e)]

    @property
    def data(self):
        return next(json.loads(text) for text in self.texts["script"] if text.startswith("{"))

    def frame(self, number):
        """The SVG of a frame, as the script puts it together."""
        return "".join(self.data["parts"][part] for part in self.data["frames"][number])


# --- what is shown ------------------------------------------------------------------------------


def test_a_film_has_one_frame_a_value_with_its_alternative():
    made = Reader(make(start=1))
    assert made.data["alts"] == [
        "the line ends at 0.5",
        "the line ends at 1.0",
        "the line ends at 1.5",
    ]
    assert made.data["readouts"] == [["0.5", "1", "1.5"]]
    assert len({made.frame(number) for number in range(3)}) == 3
    (picture,) = made.all("div", role="img")
    assert picture.aria_label == "the line ends at 1.0"
    (slider,) = made.all("input", type="range")
    assert (slider.max, slider.value, slider.aria_valuetext) == ("2", "1", "1")
    (root,) = made.all("div", **{"class": "unrolled-widget"})
    assert root.data_form == "film"


def test_the_frame_that_stands_on_the_page_is_the_first_shown():
    made = make(start=2)
    assert f"<g>{Reader(made).frame(2)}</g></svg>" in made._repr_html_()


def test_a_plane_draws_every_pair_and_the_second_slider_runs_fastest():
    asked = []

    def note(a, b):
        asked.append((a, b))
        return draw(a, b)

    made = Reader(plane(note, **PAIR, start=(1, 2)))
    assert asked == [(1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5)]
    assert made.data["alts"][1] == "1 and 4" and made.data["readouts"] == [
        ["1", "2"],
        ["3", "4", "5"],
    ]
    assert [one.value for one in made.all("input")] == ["1", "2"]
    assert made.all("div", role="img")[0].aria_label == "2 and 5"


def test_a_player_has_a_caption_for_each_step():
    made = player(draw, VALUES, label="step", alt=alt, caption="Now < {}".format, interval=0.8)
    read = Reader(made)
    assert [one.data_go for one in read.all("button")] == ["first", "back", "play", "step"]
    assert read.data["interval"] == 800
    assert "<div class=on>Now &lt; 0.5</div><div>Now &lt; 1.0</div>" in made._repr_html_()
    assert "<div class=on>" not in player(draw, VALUES, label="step", alt=alt)._repr_html_()


def test_a_player_draws_every_step_in_every_setting_and_plays_the_steps():
    asked = []

    def note(step, height, wide):
        asked.append((step, height, wide))
        return draw(step * height, wide)

    made = player(
        note,
        [1, 2],
        label="step",
        alt="{} {} {}".format,
        caption="{} at {}, {}".format,
        settings={"height": [3, 4, 5], "wide": [1, 2]},
    )
    assert asked[:3] == [(1, 3, 1), (1, 3, 2), (1, 4, 1)] and len(asked) == 12
    read = Reader(made)
    assert [(one.max, one.value) for one in read.all("input")] == [
        ("1", "0"),
        ("2", "0"),
        ("1", "0"),
    ]
    assert read.data["alts"][7] == "2 3 2" and "<div>2 at 3, 2</div>" in made._repr_html_()
    assert repr(made) == "Player('step', 2 steps, 12 frames)"
    with pytest.raises(ValueError, match="a slider needs at least two values, got 1"):
        player(draw, [1, 2], label="step", alt=alt, settings={"height": [3]})


def test_an_inspector_puts_its_buttons_over_the_parts():
    made = Reader(inspector(net(), SPOTS, label="states", alt="Two states"))
    assert [one.aria_label for one in made.all("button")] == ["h₁", "h₂"]
    assert made.all("button")[1].style == "left:75.00%;top:25.00%;width:10.00%;height:25.00%"
    assert made.all("div", role="group")[0].aria_label == "states"


@pytest.mark.parametrize(
    ("shows", "html"),
    [
        ("It is < 1.", "<p>It is &lt; 1.</p>"),
        (
            {"h": 0.123456, "T": 3},
            '<tr><th scope="row">h</th><td>0.1235</td></tr><tr><th scope="row">T</th><td>3</td></tr>',
        ),
        (
            [["t", "h"], [1, 0.5]],
            '<tr><th scope="col">t</th><th scope="col">h</th></tr><tr><td>1</td><td>0.5</td></tr>',
        ),
    ],
)
def test_a_spot_shows_a_text_or_a_table(shows, html):
    spots = [SPOTS[0]._replace(shows=shows), SPOTS[1]]
    assert html in inspector(net(), spots, label="states", alt="Two states")._repr_html_()


def test_spots_can_lie_in_any_axes():
    figure = net()
    other = figure.add_axes((0.5, 0.5, 0.5, 0.5), xlim=(0, 1), ylim=(0, 1))
    spots = [SPOTS[0], Spot("corner", (0.5, 0.5), (0.5, 0.5), "It is small.", other)]
    made = Reader(inspector(figure, spots, label="states", alt="Two"))
    assert made.all("button")[1].style == "left:75.00%;top:25.00%;width:25.00%;height:25.00%"


def test_an_inspector_can_have_a_picture_for_each_part():
    other = net()
    other.axes[0].set_title("the second")
    data = Reader(inspector([net(), other], SPOTS, label="states", alt="Two states")).data
    parts = [{data["parts"][number] for number in frame} for frame in data["frames"]]
    assert len(parts) == 2 and parts[1] - parts[0] and not parts[0] - parts[1]
    one = inspector(net(), SPOTS, label="h", alt="h")._repr_html_()
    assert '<script type="application/json">' not in one


def test_text_is_escaped():
    made = make(alt=lambda value: f'"{value}" < 2 </script>', label="<b>")
    page = made._repr_html_()
    assert 'aria-label="&quot;0.5&quot; &lt; 2 &lt;/script&gt;"' in page and "&lt;b&gt;" in page
    assert Reader(made).data["alts"][0] == '"0.5" < 2 </script>'


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (make, "Film('end', 3 frames)"),
        (lambda: plane(draw, **PAIR), "Plane('a', 'b', 2 by 3 frames)"),
        (lambda: player(draw, VALUES, label="step", alt=alt), "Player('step', 3 steps)"),
        (
            lambda: inspector(net(), SPOTS, label="states", alt="Two"),
            "Inspector('states', 2 parts)",
        ),
    ],
)
def test_a_widget_prints_short_and_writes_the_same_again(made, text):
    before = plt.get_fignums()
    one, other = made(), made()
    assert repr(one) == text
    assert one._repr_html_() == other._repr_html_()
    assert plt.get_fignums() == before, "a figure was left open"


# --- how it is stored ---------------------------------------------------------------------------


def test_every_reference_in_a_frame_is_defined_in_it():
    frames = together([svg_text(busy(value)) for value in VALUES])
    for number in range(3):
        svg = frames.svg(number)
        ids = re.findall(r"\bid='([^']+)'", svg)
        used = set(re.findall(r"href='#([^']+)'|url\(#([^)]+)\)", svg))
        assert used and {a or b for a, b in used} == set(ids)
        assert len(ids) == len(set(ids))


def test_two_widgets_on_one_page_keep_their_ids_apart():
    ids = [
        set(re.findall(r"\bid=['\"]([^'\"]+)", made._repr_html_()))
        for made in (make(), make(draw=busy))
    ]
    assert all(ids) and not ids[0] & ids[1]


def test_what_frames_share_is_stored_once():
    one, many = (len(make(values=VALUES[:1] * n)._repr_html_()) for n in (2, 30))
    assert many - one < 28 * 600, "a frame that repeats another one is stored as a list of numbers"


def test_style_and_script_are_small():
    for made in (make(), inspector(net(), SPOTS, label="states", alt="Two")):
        own = "".join(
            re.findall(r"<style>.*?</style>|<script>.*?</script>", made._repr_html_(), re.DOTALL)
        )
        assert "http" not in own
        assert len(gzip.compress(own.encode())) < MOST_SCRIPT


def walk(step):
    """A real figure of the book: an unfolded network with the gradient on its way back."""
    figure, ax = plt.subplots(figsize=(7.2, 3.2))
    norms = np.exp(-0.1 * step * np.arange(6, 0, -1))
    networks.unfolded(ax, 6, outputs=False, loss=False, gradient={"h": norms})
    ax.set_title(f"step {step}")
    return figure


def test_thirty_frames_of_a_figure_of_the_book_are_small():
    with plt.rc_context():
        plots.use_style()
        made = film(walk, range(30), label="step", alt=alt)
    html = made._repr_html_()
    assert len(gzip.compress(html.encode())) < MOST_FILM
    assert len(html) < 30 * MOST_FRAME


# --- with a kernel ------------------------------------------------------------------------------


@pytest.fixture
def shown(monkeypatch):
    """What a notebook is given to show: a list of bundles and objects; updates are marked."""
    import IPython.display

    seen = []

    def display(what, raw=False, display_id=False):
        seen.append(what)
        return SimpleNamespace(update=lambda what, raw: seen.append(("again", what)))

    monkeypatch.setattr(IPython.display, "display", display)
    return seen


def live(**changes):
    height = ipywidgets.FloatSlider(1.0, min=0, max=9, description="height of the end")
    made = make(live={"height": height}, **changes)
    return made, height


def test_a_live_control_draws_every_frame_anew(shown):
    made, height = live(alt=lambda value, height: f"it ends at {value}, {height}")
    made._ipython_display_()
    bundle, controls = shown
    assert bundle["text/plain"] == "Film('end', 3 frames)" and controls.children == (height,)
    assert height.continuous_update is False
    height.value = 3.0
    (again, bundle) = shown[-1]
    anew = make(draw=lambda value: draw(value, 3.0), alt=lambda value: f"it ends at {value}, 3.0")
    assert again == "again" and Reader(made).data == Reader(anew).data
    assert bundle["text/html"] == made._repr_html_()
    assert "it ends at 0.5, 3.0" in Reader(made).data["alts"]


def test_a_film_drawn_anew_keeps_its_id(shown):
    made, height = live()
    before = made._repr_html_()
    made._ipython_display_()
    height.value = 3.0
    (old,), (new,) = (
        re.findall(r'data-form="film" id="([^"]+)"', page) for page in (before, made._repr_html_())
    )
    assert old == new and made._repr_html_() != before


def test_the_note_names_the_live_controls():
    made, _ = live()
    assert (
        "With a kernel, in Jupyter or Colab, you can also set: height of the end."
        in made._repr_html_()
    )
    assert "With a kernel" not in make()._repr_html_()


def test_without_ipywidgets_everything_else_works(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    assert "<svg" in make()._repr_html_()


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"values": [1.0]}, ValueError, "at least two values, got 1"),
        ({"start": 3}, ValueError, "start is 3, expected an index into 3 values"),
        ({"start": -1}, ValueError, "start is -1"),
        ({"draw": lambda value: None}, TypeError, r"draw\(0.5\) returned NoneType, expected a matplotlib Figure"),
        ({"alt": lambda value: ""}, ValueError, "text alternative: expected a text .* got ''"),
        ({"alt": lambda value: "$x$"}, ValueError, "write Unicode instead of TeX, got '\\$x\\$'"),
        ({"draw": lambda value: plt.figure(figsize=(value, 1))}, ValueError, "one size, got 48 x 96 and 96 x 96 pixels"),
    ],
)  # fmt: skip
def test_film_says_what_is_wrong(changes, error, message):
    with pytest.raises(error, match=message):
        make(**changes)
    plt.close("all")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: plane(draw, **PAIR | {"first": [1]}), "at least two values, got 1"),
        (lambda: plane(draw, **PAIR, start=(0, 3)), "start is 3, expected an index into 3 values"),
        (lambda: plane(draw, **PAIR | {"labels": "a"}), "two labels and two starts, got 1 and 2"),
        (lambda: player(draw, [1], label="t", alt=alt), "at least two values, got 1"),
        (lambda: player(draw, VALUES, label="t", alt=alt, interval=0), "interval is 0 s, expected more than 0"),
        (lambda: player(draw, VALUES, label="t", alt=alt, caption="$t$".format), "a caption is not typeset"),
        (lambda: inspector(net(), SPOTS[:1], label="h", alt="h"), "at least two spots, got 1"),
        (lambda: inspector(net(), SPOTS[:1] * 2, label="h", alt="h"), "names must differ, got"),
        (lambda: inspector(net(), SPOTS, label="h", alt=""), "text alternative: expected a text"),
        (
            lambda: inspector(net(), [SPOTS[0], SPOTS[1]._replace(centre=(5, 1))], label="h", alt="h"),
            r"the spot 'h₂' at \(5, 1\) of size \(0.4, 0.5\) lies outside the figure",
        ),
        (
            lambda: inspector([net()] * 3, SPOTS, label="h", alt="h"),
            "2 spots need one figure or as many, got 3",
        ),
    ],
)  # fmt: skip
def test_the_other_forms_say_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    plt.close("all")


def test_an_inspector_needs_a_figure():
    with pytest.raises(TypeError, match="got NoneType, expected a matplotlib Figure"):
        inspector(None, SPOTS, label="h", alt="h")


def test_contracts():
    contracts = {
        film: ["draw", "values", "label", "alt", "live", "start"],
        plane: ["draw", "first", "second", "labels", "alt", "start"],
        player: ["draw", "steps", "label", "alt", "caption", "interval", "settings"],
        inspector: ["figure", "spots", "label", "alt"],
    }
    for function, parameters in contracts.items():
        assert list(inspect.signature(function).parameters) == parameters
