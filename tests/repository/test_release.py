"""A release: its tag holds pages and package that belong together, main goes on; refused, it leaves no trace."""

import os
import re
import subprocess
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM

import pytest
import yaml

import release
import repository
from colab.machine import git, snapshot
from notebooks import code_hash, normalise, read, staleness, store
from release import Refused
from tests.notebooks.small import code, notebook

# Built from parts, so that moving the course leaves this file alone.
URL = "https://github" + ".com/small-book/small"
DATE = "2026-02-03"
VERSIONS = {"pyproject.toml", "CITATION.cff", "utils/unrolled/__init__.py"}
PASSES = {"nothing": [sys.executable, "-c", ""]}


@pytest.fixture(autouse=True)
def author(monkeypatch):
    """Commits are those of nobody, and nobody's settings count."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "test")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "test@localhost")


@pytest.fixture
def course(tmp_path):
    """A small course at version 0.1.0, committed on main."""
    root = tmp_path / "course"
    files = {
        "_config.yml": f"title: a\nrepository:\n  url: {URL}\n  branch: main\n",
        "README.md": f"Read [it]({URL}/blob/main/a.ipynb); install `small @ git+{URL}@main`.\n",
        "pyproject.toml": '[project]\nname = "small"\nversion = "0.1.0"\n',
        "CITATION.cff": f"cff-version: 1.2.0\nversion: 0.1.0\nrepository-code: {URL}\n",
        "utils/unrolled/__init__.py": '"""Small."""\n\n__version__ = "0.1.0"\n',
        ".gitignore": "_build/\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    lecture = notebook(code(f'%pip install "small @ git+{URL}@main"', count=1))
    lecture.metadata.unrolled = {"executed": code_hash(lecture)}
    store(root / "a.ipynb", normalise(lecture))
    git("init", "--quiet", "--initial-branch", "main", cwd=root)
    commit(root, "a small course")
    return root


def commit(root, subject):
    git("add", "--all", cwd=root)
    git("commit", "--quiet", "--message", subject, cwd=root)
    return git("rev-parse", "HEAD", cwd=root).strip()


def everything(root):
    """All that a release may change: refs, the branch, worktrees, and what lies in the folder."""
    asked = [["for-each-ref"], ["rev-parse", "--abbrev-ref", "HEAD"], ["worktree", "list"]]
    files = {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and ".git" not in p.parts}
    return [git(*words, cwd=root) for words in [*asked, ["status", "--porcelain"]]], files


def checked_out(root, ref, folder):
    """The files of a commit."""
    git("worktree", "add", "--quiet", "--detach", folder, ref, cwd=root)
    return folder


def changed(root, before, after):
    return set(git("diff", "--name-only", before, after, cwd=root).split())


# --- what a release is --------------------------------------------------------------------------


def test_a_release(course, tmp_path):
    start, released, after = release.release(course, "0.2.0", checks=PASSES, date=DATE)
    tagged = checked_out(course, "v0.2.0", tmp_path / "tagged")
    place = repository.current(tagged)
    assert place.ref == "v0.2.0" and repository.differing(tagged) == []
    refs = {m.file for m in repository.copies(tagged) if m.ref == "v0.2.0"}
    assert refs == {"README.md", "a.ipynb"}
    assert f"git+{URL}@v0.2.0" in read(tagged / "a.ipynb").cells[0].source
    assert staleness(read(tagged / "a.ipynb")) is None
    assert set(release.versions(tagged).values()) == {"0.2.0"}
    assert f"version: 0.2.0\ndate-released: {DATE}\n" in (tagged / "CITATION.cff").read_text()

    assert repository.current(course).ref == "main" and repository.differing(course) == []
    assert changed(course, start, after) == VERSIONS
    assert set(release.versions(course).values()) == {"0.2.0"}
    log = git("log", "--format=%H %s", cwd=course).splitlines()
    assert log[:2] == [f"{after} Back to main after 0.2.0", f"{released} Release 0.2.0"]
    assert git("rev-parse", "v0.2.0^{commit}", cwd=course).strip() == released
    assert git("status", "--porcelain", cwd=course) == ""


def test_the_second_release_tells_what_came_since_the_first(course):
    release.release(course, "0.1.0", checks=PASSES, date=DATE)
    first = git("tag", "--list", "--format=%(contents)", "v0.1.0", cwd=course)
    assert first.strip() == "Unrolled 0.1.0\n\nThe first release."
    (course / "README.md").write_text((course / "README.md").read_text() + "More.\n")
    commit(course, "README: there is more")
    release.release(course, "0.1.1", checks=PASSES, date="2026-03-04")
    second = git("tag", "--list", "--format=%(contents)", "v0.1.1", cwd=course)
    assert second.strip() == "Unrolled 0.1.1\n\nSince 0.1.0:\n\n- README: there is more"
    citation = (course / "CITATION.cff").read_text()
    assert re.findall("date-released: .*", citation) == ["date-released: 2026-03-04"]
    assert release.last_release(course) == "0.1.1"


def test_the_checks_see_the_tree_of_the_tag(course):
    program = """
import sys; sys.path.insert(0, "")
from pathlib import Path
from signal import SIGINT, SIGTERM
import unrolled
assert unrolled.__version__ == "0.2.0" and Path(unrolled.__file__).is_relative_to(Path.cwd())
assert "branch: v0.2.0" in Path("_config.yml").read_text()
Path("_build").mkdir()
Path("_build/page.html").write_text("built")
"""
    release.release(course, "0.2.0", checks={"the tree": [sys.executable, "-c", program]})
    assert not (course / "_build").exists()


def test_the_book_is_released_with_every_page(root, tmp_path):
    """The book as it is: every copy of the ref moves and comes back to the byte."""
    book = tmp_path / "book"
    book.mkdir()
    snapshot(book, "main")
    version = "999.0.0"
    start, _, after = release.release(book, version, checks={})
    assert changed(book, start, after) == VERSIONS
    tagged = checked_out(book, "v999.0.0", tmp_path / "tagged")
    assert repository.differing(tagged) == []
    refs = {m.file for m in repository.copies(tagged) if m.ref}
    assert {p.relative_to(root).as_posix() for p in root.glob("lectures/*.ipynb")} <= refs
    assert {"README.md", "book/install.md", "utils/unrolled/course/environment.py"} <= refs
    stale = {p.name: staleness(read(p)) for p in tagged.glob("lectures/*.ipynb")}
    assert stale == {p.name: staleness(read(p)) for p in root.glob("lectures/*.ipynb")}


def test_a_rehearsal_changes_nothing(course, capsys):
    before = everything(course)
    release.release(course, "0.2.0", checks=PASSES, dry=True)
    assert everything(course) == before
    printed = capsys.readouterr().out
    assert "Release 0.2.0" in printed and "Back to main after 0.2.0" in printed
    assert "a.ipynb" in printed and "Checking nothing ... passed" in printed


def test_the_book_states_one_version(root):
    assert len(set(release.versions(root).values())) == 1


# --- what is refused ----------------------------------------------------------------------------


def dirty(course):
    (course / "README.md").write_text("changed")


def untracked(course):
    (course / "notes.txt").write_text("a note")


def elsewhere(course):
    git("switch", "--quiet", "--create", "topic", cwd=course)


def tagged(course):
    git("tag", "v0.2.0", cwd=course)


def overtaken(course):
    git("tag", "v0.10.0", cwd=course)


def ahead(course):
    release.set_version(course, "0.3.0", DATE)
    commit(course, "the next one")


def disagreeing(course):
    (course / "utils/unrolled/__init__.py").write_text('__version__ = "0.0.9"\n')
    commit(course, "another version")


def silent(course):
    (course / "utils/unrolled/__init__.py").write_text("")
    commit(course, "no version")


def moved(course):
    repository.move(course, URL, "v0.1.0")
    commit(course, "not back on main")


def astray(course):
    (course / "more.md").write_text(f"{URL}/tree/v0.1.0/a")
    commit(course, "a page that names another ref")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (dirty, "commit or remove your changes first; git lists 1: M README.md"),
        (untracked, r"commit or remove your changes first; git lists 1: \?\? notes.txt"),
        (elsewhere, "a release is made on main, and this is topic"),
        (tagged, "the tag v0.2.0 exists"),
        (overtaken, "0.2.0 is lower than 0.10.0, the last release"),
        (ahead, "0.2.0 is lower than 0.3.0, the version in pyproject.toml"),
        (disagreeing, "pyproject.toml says 0.1.0, .* utils/unrolled/__init__.py says 0.0.9"),
        (silent, "utils/unrolled/__init__.py must state the version in one line, it has 0"),
        (moved, "the pages on main must name main, and _config.yml names v0.1.0"),
        (astray, "more.md names small-book/small at v0.1.0"),
    ],
)
def test_a_course_that_is_not_ready_is_refused(prepare, said, course):
    prepare(course)
    before = everything(course)
    with pytest.raises(Refused, match=said):
        release.release(course, "0.2.0", checks=PASSES)
    assert everything(course) == before


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "v1.2.3", "1.2.3rc1", "01.2.3", "1.2.3.4", "a"]
)
def test_what_is_no_version_is_refused(version, course):
    with pytest.raises(Refused, match=f"three numbers, as in VERSION=1.2.3; got {version!r}"):
        release.release(course, version, checks=PASSES)


def test_a_folder_without_git_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(Refused, match="git status failed: fatal: not a git repository"):
        release.release(tmp_path, "0.2.0", checks=PASSES)


# --- what fails on the way ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("print('page 3 is wrong'); raise SystemExit(1)", "the book failed:\npage 3 is wrong"),
        ("open('README.md', 'w')", "the book changed what is to be released: M README.md"),
        ("open('new.txt', 'w')", r"the book changed what is to be released: \?\? new.txt"),
    ],
)
def test_a_check_that_fails_leaves_the_repository_as_it_was(program, said, course):
    before = everything(course)
    checks = PASSES | {"the book": [sys.executable, "-c", program]}
    with pytest.raises(Refused, match=said):
        release.release(course, "0.2.0", checks=checks)
    assert everything(course) == before


@pytest.mark.parametrize("signal", [SIGINT, SIGTERM])
def test_an_interruption_leaves_the_repository_as_it_was(signal, course, root):
    before = everything(course)
    program = f"""
import sys
import release
release.ROOT = {str(course)!r}
release.CHECKS = {{"patience": [sys.executable, "-c", "import time; time.sleep(60)"]}}
sys.exit(release.main(["0.2.0"]))
"""
    variables = os.environ | {"PYTHONPATH": str(root / "utils/build")}
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.read(8) == "Checking"
    process.send_signal(signal)
    _, said = process.communicate(timeout=30)
    assert said == "error: interrupted\nNothing was changed.\n" and process.returncode == 130
    assert everything(course) == before


def test_a_main_that_moved_meanwhile_is_kept(course):
    """Somebody commits while the book is built: neither the tag nor main may be changed."""
    author = "-c user.name=test -c user.email=test@localhost"
    meanwhile = f"cd '{course}' && git {author} commit --quiet --allow-empty --message meanwhile"
    with pytest.raises(Refused, match="git merge failed"):
        release.release(course, "0.2.0", checks={"the book": ["bash", "-c", meanwhile]})
    assert git("tag", "--list", cwd=course) == ""
    assert git("log", "-1", "--format=%s", cwd=course).strip() == "meanwhile"
    assert git("status", "--porcelain", cwd=course) == ""


def test_a_commit_that_git_refuses_leaves_the_repository_as_it_was(course):
    hook = course / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho no release today >&2\nexit 1\n")
    hook.chmod(0o755)
    before = everything(course)
    with pytest.raises(Refused, match="git commit failed: no release today"):
        release.release(course, "0.2.0", checks=PASSES)
    assert everything(course) == before


# --- the command and the workflow ---------------------------------------------------------------


def test_the_command_says_why_it_refuses(root):
    command = [sys.executable, "utils/build/release.py", "1.2"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: a version is three numbers, as in VERSION=1.2.3; got '1.2'",
        "Nothing was changed.",
    ]


def test_the_command_says_how_to_publish_and_how_to_take_back(course, capsys, monkeypatch):
    monkeypatch.setattr(release, "ROOT", course)
    monkeypatch.setattr(release, "CHECKS", PASSES)
    before = everything(course)
    assert release.main(["0.2.0"]) == 0
    printed = capsys.readouterr().out
    assert "git push --atomic origin main v0.2.0" in printed
    (back,) = re.findall(r"To take it back: +(.*)", printed)
    subprocess.run(back, shell=True, cwd=course, check=True, capture_output=True)
    assert everything(course) == before


@pytest.mark.parametrize(("branch", "status"), [("v1.2.3", 0), ("main", 1), ("v1.2.30", 1)])
def test_only_a_tag_whose_pages_name_it_is_published(branch, status, root, tmp_path):
    workflow = yaml.safe_load((root / ".github/workflows/publish.yml").read_text())
    assert workflow[True] == {"push": {"tags": ["v*.*.*"]}}  # YAML reads the key `on` as true
    steps = workflow["jobs"]["publish"]["steps"]
    (guard,) = [step["run"] for step in steps if "_config.yml" in step.get("run", "")]
    config = (
        Path(root / "_config.yml").read_text().replace("  branch: main\n", f"  branch: {branch}\n")
    )
    (tmp_path / "_config.yml").write_text(config)
    variables = os.environ | {"GITHUB_REF_NAME": "v1.2.3"}
    done = subprocess.run(["bash", "-c", guard], cwd=tmp_path, env=variables, capture_output=True)
    assert done.returncode == status
