"""A film shows each value's figure, says what it shows, and follows its slider and its live controls."""

import inspect

import ipywidgets
import matplotlib.pyplot as plt
import pytest

from unrolled.widgets import film

VALUES = [0.5, 1.0, 1.5]


def draw(value, height=1.0):
    figure, ax = plt.subplots(figsize=(2, 2))
    ax.plot([0, value], [0, height])
    ax.set_title(f"{value} and {height}")
    return figure


def alt(value):
    return f"the line ends at {value}"


def make(**changes):
    return film(**({"draw": draw, "values": VALUES, "label": "end", "alt": alt} | changes))


def labels(made):
    return [frame.value.split('"')[3] for frame in made.frames]


@pytest.fixture
def without_stack(monkeypatch):
    """ipywidgets as Colab has it: version 7 knows no Stack."""
    monkeypatch.delattr(ipywidgets, "Stack")


def test_one_frame_a_value_with_its_alternative():
    made = make()
    assert labels(made) == ["the line ends at 0.5", "the line ends at 1.0", "the line ends at 1.5"]
    assert all(frame.value.startswith('<div role="img" aria-label=') for frame in made.frames)
    assert len({frame.value for frame in made.frames}) == len(VALUES)


def test_readouts_show_the_values():
    assert make().slider._options_labels == ("0.5", "1", "1.5")
    assert make().slider.description == "end"


def test_slider_is_linked_to_the_stack_in_the_front_end(monkeypatch):
    pairs = []
    jslink = ipywidgets.jslink
    monkeypatch.setattr(ipywidgets, "jslink", lambda *pair: (pairs.append(pair), jslink(*pair)))
    made = make(start=2)
    stack = made.children[1]
    assert pairs == [((made.slider, "index"), (stack, "selected_index"))]
    assert stack.selected_index == made.slider.index == 2


def test_figures_are_closed():
    before = plt.get_fignums()
    make()
    assert plt.get_fignums() == before


def test_two_makings_write_the_same():
    assert [f.value for f in make().frames] == [f.value for f in make().frames]


def test_frames_and_films_keep_their_ids_apart():
    def ids(made, index):
        return {part.split('"')[0] for part in made.frames[index].value.split(' id="')[1:]}

    one, other = make(), make(label="another end")
    assert ids(one, 0) and not ids(one, 0) & ids(one, 1)
    assert not ids(one, 0) & ids(other, 0)


def test_every_reference_in_a_frame_is_defined_in_it():
    svg = make().frames[0].value
    defined = {part.split('"')[0] for part in svg.split(' id="')[1:]}
    used = {part.split('"')[0] for part in svg.split('href="#')[1:]}
    used |= {part.split(")")[0] for part in svg.split("url(#")[1:]}
    assert used and used <= defined


def test_alternative_is_escaped():
    made = make(alt=lambda value: f'"{value}" < 2')
    assert 'aria-label="&quot;0.5&quot; &lt; 2"' in made.frames[0].value


def test_live_control_redraws_the_frame_shown_and_later_the_others():
    height = ipywidgets.FloatSlider(1.0, min=0, max=9, description="height")
    made = make(live={"height": height}, start=1)
    before = [frame.value for frame in made.frames]
    height.value = 5.0
    assert made.shown() != before[1] and "<svg" in made.shown()
    assert "<svg" not in made.frames[0].value  # not drawn anew until it is looked at
    made.slider.index = 0
    assert "<svg" in made.shown() and made.shown() != before[0]
    height.value = 1.0
    assert made.shown() == before[0]


def test_alternative_follows_live_controls_if_it_takes_them():
    height = ipywidgets.FloatSlider(1.0, min=0, max=9, description="height")
    made = make(live={"height": height}, alt=lambda value, height: f"it ends at {value}, {height}")
    assert 'aria-label="it ends at 0.5, 1.0"' in made.shown()
    height.value = 3.0
    assert 'aria-label="it ends at 0.5, 3.0"' in made.shown()


def test_note_names_the_live_controls():
    height = ipywidgets.FloatSlider(description="height of the end")
    made = make(live={"height": height})
    note, controls = made.children[2:]
    assert "height of the end" in note.value and "kernel" in note.value
    assert controls.children == (height,)


def test_without_stack_the_kernel_moves_the_picture(without_stack):
    made = make()
    (only,) = made.frames
    assert "ends at 0.5" in only.value
    made.slider.index = 2
    assert "ends at 1.5" in only.value and only.value == made.shown()


def test_without_stack_live_controls_redraw(without_stack):
    height = ipywidgets.FloatSlider(1.0, min=0, max=9, description="height")
    made = make(live={"height": height})
    before = made.shown()
    height.value = 2.0
    assert made.shown() != before
    assert made.shown() == make(draw=lambda value: draw(value, 2.0)).shown()


def test_a_film_prints_short():
    assert repr(make()) == "Film('end', 3 frames)"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"values": [1.0]}, ValueError, "at least two values, got 1"),
        ({"start": 3}, ValueError, "start is 3, expected an index into 3 values"),
        ({"start": -1}, ValueError, "start is -1"),
        (
            {"draw": lambda value: None},
            TypeError,
            "returned NoneType, expected a matplotlib Figure",
        ),
        ({"alt": lambda value: ""}, ValueError, "text alternative"),
    ],
)
def test_film_says_what_is_wrong(changes, error, message):
    with pytest.raises(error, match=message):
        make(**changes)


def test_contract_of_film():
    assert list(inspect.signature(film).parameters) == [
        "draw",
        "values",
        "label",
        "alt",
        "live",
        "start",
    ]
