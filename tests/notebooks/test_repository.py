"""The repository's address is the same everywhere, and one command changes it."""

import shutil
import subprocess
import sys

import pytest

import repository
from notebooks import normalise, read, staleness, store
from repository import Place, current, differing, move, parse, rewritten
from tests.notebooks.small import code, none, notebook, text
from tests.notebooks.traces import files

OLD, NEW = Place("old-book", "unrolled", "main"), Place("new", "rnn.book", "v2.0")
# Built from parts, so that moving the course leaves this file alone.
HUB = "https://github" + ".com/"
URL = HUB + "old-book/unrolled"
COPIES = {
    f"see {URL}.": f"see {HUB}new/rnn.book.",
    f'"{URL}.git"': f'"{HUB}new/rnn.book.git"',
    f"git+{URL}@main": f"git+{HUB}new/rnn.book@v2.0",
    f"git+{URL}.git@main": f"git+{HUB}new/rnn.book.git@v2.0",
    f"({URL}/blob/main/book/a.yml)": f"({HUB}new/rnn.book/blob/v2.0/book/a.yml)",
    f"{URL}/tree/other/a": f"{HUB}new/rnn.book/tree/other/a",
    f"{URL}/issues": f"{HUB}new/rnn.book/issues",
    "colab.research.google"
    + ".com/github/old-book/unrolled/blob/main/a.ipynb": "colab.research.google"
    + ".com/github/new/rnn.book/blob/v2.0/a.ipynb",
    "raw.githubusercontent" + ".com/old-book/unrolled/main/a": "raw.githubusercontent"
    + ".com/new/rnn.book/v2.0/a",
    "https://old-book.github" + ".io/unrolled/": "https://new.github" + ".io/rnn.book/",
}


def config(url, ref):
    return f"title: a\nrepository:\n  url: {url}\n  branch: {ref}\nother: main\n"


@pytest.fixture
def folder(tmp_path):
    """A small course with every kind of copy."""
    (tmp_path / "_config.yml").write_text(config(URL, "main"))
    (tmp_path / "README.md").write_text("\n".join(COPIES))
    (tmp_path / "picture.png").write_bytes(b"\0" + URL.encode())
    for built in ("_build", "node_modules", ".venv"):
        (tmp_path / built).mkdir()
        (tmp_path / built / "a.txt").write_text(URL)
    for name in ("fresh", "stale"):
        cell = code(f"%pip install 'u @ git+{URL}@main'", count=1)
        nb = notebook(text("# 4 · A"), cell)
        nb.metadata.unrolled = {"executed": repository.code_hash(nb) if name == "fresh" else "0"}
        store(tmp_path / f"{name}.ipynb", normalise(nb))
    return tmp_path


# --- the book -----------------------------------------------------------------------------------


def test_all_copies_in_the_book_are_equal(root):
    none(differing(root))


def test_the_book_names_its_address_where_it_must(root):
    place = current(root)
    naming = {m.file for m in repository.copies(root)}
    assert {"_config.yml", "README.md", "CITATION.cff"} <= naming
    assert {p.relative_to(root).as_posix() for p in root.glob("lectures/*.ipynb")} <= naming
    assert place.url.startswith(HUB)


def test_a_copy_of_the_book_moves(root, tmp_path):
    for path in files(root):
        target = tmp_path / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    reasons = {p: staleness(read(p)) for p in tmp_path.glob("lectures/*.ipynb")}
    before = {m.file for m in repository.copies(tmp_path)}
    command = [sys.executable, "utils/build/repository.py", HUB + "somebody-else/another", "v1.0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert current(tmp_path) == Place("somebody-else", "another", "v1.0")
    assert differing(tmp_path) == []
    assert set(done.stdout.split()) == before
    assert {p: staleness(read(p)) for p in tmp_path.glob("lectures/*.ipynb")} == reasons
    generated = [sys.executable, "utils/build/exercises.py", "--check"]
    assert subprocess.run(generated, cwd=tmp_path, check=False).returncode == 0
    old = current(root)
    assert [
        p.name for p, words in repository.texts(tmp_path) if f"{old.owner}/{old.name}" in words
    ] == []


# --- the tool -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), COPIES.items())
def test_each_kind_of_copy_is_rewritten(before, after):
    assert rewritten(before, OLD, NEW) == after
    assert rewritten(after, NEW, OLD) == before


@pytest.mark.parametrize(
    "other",
    [f"{URL}-data/a", f"{HUB}other/unrolled", f"{HUB}old-book/else", "old-book/unrolled", "main"],
)
def test_other_addresses_stay(other):
    assert rewritten(other, OLD, NEW) == other


def test_a_course_moves(folder):
    assert move(folder, NEW.url, "v2.0") == [
        "README.md",
        "_config.yml",
        "fresh.ipynb",
        "stale.ipynb",
    ]
    assert current(folder) == NEW
    assert (folder / "_config.yml").read_text() == config(NEW.url, "v2.0")
    assert (folder / "README.md").read_text().splitlines() == list(COPIES.values())
    assert (folder / "_build/a.txt").read_text() == URL
    assert f"git+{NEW.url}@v2.0" in read(folder / "fresh.ipynb").cells[1].source
    assert move(folder, URL, "main") and (folder / "README.md").read_text() == "\n".join(COPIES)


def test_stored_outputs_stay_as_current_as_they_were(folder):
    before = {n: staleness(read(folder / f"{n}.ipynb")) for n in ("fresh", "stale")}
    assert before["fresh"] is None and before["stale"]
    move(folder, NEW.url, "v2.0")
    assert {n: staleness(read(folder / f"{n}.ipynb")) for n in before} == before


def test_moving_to_the_same_place_changes_nothing(folder):
    assert move(folder, URL, "main") == []


@pytest.mark.parametrize(
    "text", [URL.replace("old-book", "fork"), f"git+{URL}@dev", f"{HUB}old-book/copy"]
)
def test_a_copy_that_differs_is_found(folder, text):
    (folder / "README.md").write_text(URL)
    assert differing(folder) == []
    (folder / "README.md").write_text(text)
    (sentence,) = differing(folder)
    assert sentence.startswith("README.md names ")


@pytest.mark.parametrize(
    "url", ["old-book/unrolled", "https://gitlab.com/a/b", HUB + "a", HUB + "a/b/c", ""]
)
def test_what_is_no_address_is_refused(folder, url):
    with pytest.raises(ValueError, match=r"must be https://github\.com/OWNER/NAME, got"):
        move(folder, url, "main")
    assert (folder / "README.md").read_text() == "\n".join(COPIES)


def test_what_is_no_ref_is_refused():
    with pytest.raises(ValueError, match="must be a branch or a tag"):
        parse(URL, "main; rm")
