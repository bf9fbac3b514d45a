"""A lecture opens with what can be counted of it, and the first page lists the chapters as they are now."""

import copy
import json
import re

import chapters
import pytest
import yaml

from rendered import HTML


def cell(kind, source, **metadata):
    return {"cell_type": kind, "source": source, "metadata": metadata}


LECTURE = {
    "cells": [
        cell("markdown", "# 3 · A claim", tags=["core"], slideshow={"slide_type": "slide"}),
        cell("markdown", "**You can**\n\n- count.\n\n**It takes** a while.", tags=["core"]),
        cell("code", "import unrolled", tags=["core"]),
        cell("code", "import numpy", tags=["core"]),
        cell("markdown", "## One\n$$a\\tag{3.1}$$", tags=["core"], unrolled={"minutes": 2.5}),
        cell("code", "a = 1  # (3.1)", tags=["core"], slideshow={"slide_type": "subslide"}),
        cell("markdown", "$$b\\tag{3.2}$$", tags=["further"]),
    ],
    "metadata": {"unrolled": {"seconds": 30}},
}


@pytest.fixture
def lecture():
    return copy.deepcopy(LECTURE)


@pytest.fixture(scope="module")
def lectures(root):
    paths = sorted(root.glob("lectures/*.ipynb"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def test_what_is_counted(lecture):
    assert chapters.facts(lecture) == [
        "**2.5 minutes** to present",
        "**2 slides**",
        "**2 equations**, each executed",
        "runs in **30 seconds**",
    ]


@pytest.mark.parametrize(
    ("time", "words"), [(15, "15 seconds"), (60, "a minute"), (120, "2 minutes")]
)
def test_times_in_words(time, words):
    assert chapters.spell(time) == words


def test_the_opening_holds_facts_goals_and_links_but_the_time_once(lecture):
    chapters.open_lecture(lecture, "LINKS")
    opening = lecture["cells"][1]["source"]
    places = [opening.index(part) for part in ("2.5 minutes", "- count.", "LINKS")]
    assert places == sorted(places)
    assert "It takes" not in opening


def test_the_set_up_is_one_folded_cell(lecture):
    chapters.open_lecture(lecture, "LINKS")
    code = [cell for cell in lecture["cells"] if cell["cell_type"] == "code"]
    assert [cell["source"] for cell in code] == [
        "import unrolled\n\nimport numpy",
        "a = 1  # (3.1)",
    ]
    assert "hide-cell" in code[0]["metadata"]["tags"]
    assert "hide-cell" not in code[1]["metadata"]["tags"]


def test_each_lecture_says_the_time_that_its_metadata_says(lectures):
    for name, notebook in lectures.items():
        goals = chapters.text(notebook["cells"][1])
        said = re.findall(r"^\*\*It takes\*\*.*", goals, flags=re.M)
        assert said == [chapters.takes(notebook)], f"the second cell of {name} ends otherwise"


def test_first_page_links_every_finished_chapter_and_no_other(root, site):
    page = (HTML / "book" / "intro.html").read_text(encoding="utf-8")
    listed = page[page.index('class="chapters') : page.index('id="for-whom"')]
    linked = set(re.findall(r'href="\.\./lectures/(\d+)\w*-[\w-]+\.html', listed))
    rows = yaml.safe_load((root / "book/_data/chapters.yml").read_text(encoding="utf-8"))
    assert linked == {row["name"][:2] for row in rows if row["status"] == "finished"}
    for row in rows:
        number = row["name"].split("-")[0].lstrip("0")
        assert f"{number} · {row['title']}" in listed


def test_notes_have_the_class_of_their_kind(site):
    page = (HTML / "lectures" / "06-bptt.html").read_text(encoding="utf-8")
    for word, kind in re.findall(r'class="note-([\w-]+)">\s*<p>.*?<strong>(.*?)</strong>', page):
        assert word == re.sub(r"\W+", "-", kind.lower()).strip("-")
    assert page.count('class="note-common-misconception"') == page.count(
        "<strong>Common misconception.</strong>"
    )
