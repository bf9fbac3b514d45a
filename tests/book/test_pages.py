"""What the pages around the lectures state about the repository is true of it."""

import re
from collections import Counter

import nbformat
import pytest
import yaml

from source_decks import CLASSES

DECKS = ["D0", "D1", "D2", "D3", "D4"]


@pytest.fixture(scope="module")
def data(root):
    """The lists of book/_data by name."""
    folder = root / "book/_data"
    return {
        name: yaml.safe_load((folder / f"{name}.yml").read_text())
        for name in ("chapters", "errata", "topics")
    }


@pytest.fixture(scope="module")
def pages(root):
    """The texts of the pages by name, and of README.md and CONTRIBUTING.md."""
    paths = [*root.glob("book/*.md"), root / "README.md", root / "CONTRIBUTING.md"]
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def finished(data):
    return [chapter for chapter in data["chapters"] if chapter["status"] == "finished"]


def markdown(path):
    """The texts of a notebook's Markdown cells."""
    cells = nbformat.read(path, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def test_credits_count_the_errata(data, pages):
    count = Counter((row["deck"], row["class"][:2]) for row in data["errata"])
    for mark, name in CLASSES.items():
        row = [count[deck, mark] for deck in DECKS]
        assert f"| {name} | {' | '.join(map(str, [*row, sum(row)]))} |" in pages["credits"]
    whole = [sum(count[deck, mark] for mark in CLASSES) for deck in DECKS]
    assert f"| all | {' | '.join(map(str, [*whole, len(data['errata'])]))} |" in pages["credits"]
    assert (
        f"Their {len(data['topics'])} topics and the {len(data['errata'])} places"
        in pages["credits"]
    )


def test_every_bibliographic_key_of_the_topics_is_listed_once(data, pages):
    anchors = re.findall(r"^\(bib-(\w+)\)=$", pages["bibliography"], flags=re.M)
    assert len(anchors) == len(set(anchors))
    missing = {key.lower() for row in data["topics"] for key in row["refs"]} - set(anchors)
    assert not missing, f"no entry for {', '.join(sorted(missing))}"


def test_works_cited_in_lectures_are_listed(root, data, pages):
    cited = re.compile(
        r"\]\((https?://(?:doi\.org|arxiv\.org|www\.deeplearningbook\.org)/[^)\s]+)\)"
    )
    for chapter in finished(data):
        links = set(cited.findall("\n".join(markdown(root / f"lectures/{chapter['name']}.ipynb"))))
        missing = [link for link in links if link not in pages["bibliography"]]
        assert not missing, (
            f"{chapter['name']} cites {', '.join(missing)}, which the bibliography does not list"
        )


def test_corrections_name_rows_that_exist(data, pages):
    named = set(re.findall(r"\((E\d\.\d+)\)", pages["bibliography"]))
    assert named <= {row["id"] for row in data["errata"]}
    wrong_citations = {row["id"] for row in data["errata"] if row["class"].startswith("BI")}
    assert wrong_citations <= named, (
        f"{', '.join(sorted(wrong_citations - named))} is not told on the page"
    )


def test_make_targets_named_in_the_pages_exist(root, pages):
    targets = set(re.findall(r"^([a-z.-]+):", (root / "Makefile").read_text(), flags=re.M))
    for name, text in pages.items():
        unknown = set(re.findall(r"(?:^|`)make ([a-z-]+(?:\.[a-z]+)?)", text, flags=re.M)) - targets
        assert not unknown, (
            f"{name} names make {', '.join(sorted(unknown))}, which the Makefile does not have"
        )


def test_files_named_by_their_address_exist(root, pages):
    config = yaml.safe_load((root / "_config.yml").read_text())["repository"]
    address = re.compile(re.escape(f"{config['url']}/blob/{config['branch']}/") + r"([^)\s#]+)")
    for name, text in pages.items():
        for path in address.findall(text):
            assert (root / path).exists(), f"{name} links to {path}, which is not in the repository"


def test_contributing_fits_one_screen(pages):
    lines = pages["CONTRIBUTING"].splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 120
