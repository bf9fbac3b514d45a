"""The chapter map on the first page is drawn from the chapters as they are now."""

import importlib.util

import pytest
import yaml


@pytest.fixture(scope="module")
def chapter_map(root):
    spec = importlib.util.spec_from_file_location(
        "chapter_map", root / "utils/build/chapter_map.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_stored_picture_is_current(chapter_map):
    stored = chapter_map.PICTURE.read_text(encoding="utf-8")
    assert stored == chapter_map.draw(chapter_map.read()), "run python utils/build/chapter_map.py"


def test_no_line_runs_through_a_box(chapter_map):
    taken = set(chapter_map.PLACE.values())
    for earlier, later in chapter_map.edges(chapter_map.read()):
        (row, column), (last, _) = chapter_map.PLACE[earlier], chapter_map.PLACE[later]
        assert row < last, f"{later} stands above {earlier}, which it needs"
        passed = {(between, column) for between in range(row + 1, last)}
        assert not passed & taken, f"the line from {earlier} to {later} crosses a box"


def test_edges_leave_out_what_a_longer_way_implies(chapter_map):
    chapters = {
        "a": {"needs": []},
        "b": {"needs": ["a"]},
        "c": {"needs": ["a", "b"]},
    }
    assert chapter_map.edges(chapters) == [("a", "b"), ("b", "c")]


def test_a_chapter_that_needs_a_later_one_is_refused(chapter_map, tmp_path):
    entry = {
        "name": "01-sequences",
        "title": "Sequences",
        "status": "planned",
        "needs": ["02-text"],
    }
    path = tmp_path / "chapters.yml"
    path.write_text(yaml.safe_dump([entry]))
    with pytest.raises(ValueError, match="02-text"):
        chapter_map.read(path)
