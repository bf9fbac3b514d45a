"""Release a version: `make release VERSION=x.y.z`, or a rehearsal that changes nothing with DRY=1. Pushes nothing.

A page and the package that its Colab button installs belong together. So in the tree of a release's tag every copy
of the ref names the tag, and `main` names `main` again one commit later. All of it happens in a temporary worktree;
the repository's own main and tags move at the end, when the book was built and the quick tests have passed.
"""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import repository
from notebooks import ROOT

MAIN = "main"
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
# Where the version stands: one line each.
VERSION_LINES = {
    "pyproject.toml": re.compile(r'^version = "(?P<version>.*)"$', re.MULTILINE),
    "CITATION.cff": re.compile(r"^version: (?P<version>.*)$", re.MULTILINE),
    "utils/unrolled/__init__.py": re.compile(r'^__version__ = "(?P<version>.*)"$', re.MULTILINE),
}
DATE_LINE = re.compile(r"^date-released: .*\n", re.MULTILINE)
# What must succeed in the tree of the release.
CHECKS = {
    "the book": [sys.executable, "utils/build/site.py"],
    "the quick tests": [
        *[sys.executable, "-m", "pytest", "--quiet", "-n", "2", "--dist", "loadfile"],
        *["tests/package", "tests/notebooks"],
    ],
}


class Refused(Exception):
    """The release can't be made; the message says why. The repository is as it was."""


def release(root, version, *, checks, date=None, dry=False):
    """Make the release; with `dry`, do everything but change the repository's main and tags.

    checks: {what: command}, run in the tree of the release. date: ISO, by default today's in UTC.
    Returns the commits before, of the tag, and of main after. Raises Refused, and then has changed nothing.
    """
    root = Path(root)
    tag = f"v{version}"
    start = _examine(root, version)
    with _worktree(root, start) as tree:
        set_version(tree, version, date or datetime.now(UTC).date().isoformat())
        released = _commit_at(tree, tag, f"Release {version}")
        for what, command in checks.items():
            _check(tree, what, command)
        after = _commit_at(tree, MAIN, f"Back to {MAIN} after {version}")
        for begin, end in ((start, released), (released, after)):
            print(_git(tree, "log", "-1", "--stat", "--format=%n%h %s", begin + ".." + end))
    if not dry:
        _land(root, tag, _message(root, version, start), released, after)
    return start, released, after


# --- may it be released? ------------------------------------------------------------------------


def _examine(root, version):
    """Return the commit to release. Raises Refused."""
    if not VERSION.fullmatch(version):
        raise Refused(f"a version is three numbers, as in VERSION=1.2.3; got {version!r}")
    changed = _git(root, "status", "--porcelain").splitlines()
    if changed:
        raise Refused(
            f"commit or remove your changes first; git lists {len(changed)}: {changed[0]}"
        )
    branch = _git(root, "rev-parse", "--abbrev-ref", "HEAD")
    if branch != MAIN:
        raise Refused(f"a release is made on {MAIN}, and this is {branch}")
    if f"v{version}" in _git(root, "tag", "--list").splitlines():
        raise Refused(f"the tag v{version} exists")
    _examine_order(root, version)
    ref = repository.current(root).ref
    if ref != MAIN:
        raise Refused(f"the pages on {MAIN} must name {MAIN}, and _config.yml names {ref}")
    if others := repository.differing(root):
        raise Refused(others[0])
    return _git(root, "rev-parse", "HEAD")


def _examine_order(root, version):
    last = last_release(root)
    if last and _numbers(version) < _numbers(last):
        raise Refused(f"{version} is lower than {last}, the last release")
    stated = versions(root)
    if len(set(stated.values())) > 1:
        listed = ", ".join(f"{file} says {each}" for file, each in stated.items())
        raise Refused(f"the version must be the same everywhere: {listed}")
    present = stated["pyproject.toml"]
    if _numbers(version) < _numbers(present):
        raise Refused(f"{version} is lower than {present}, the version in pyproject.toml")


def _numbers(version):
    return tuple(map(int, version.split(".")))


def last_release(root):
    """The greatest version that has a tag, or None."""
    tags = _git(root, "tag", "--list", "v*").splitlines()
    found = [tag[1:] for tag in tags if VERSION.fullmatch(tag[1:])]
    return max(found, key=_numbers, default=None)


# --- the version --------------------------------------------------------------------------------


def versions(root):
    """Return {file: version} of the files that state it. Raises Refused if one doesn't."""
    return {file: _version_line(root, file)["version"] for file in VERSION_LINES}


def _version_line(root, file):
    found = list(VERSION_LINES[file].finditer((root / file).read_text(encoding="utf-8")))
    if len(found) != 1:
        raise Refused(f"{file} must state the version in one line, it has {len(found)}")
    return found[0]


def set_version(root, version, date):
    """Write the version into every file that states it, and the date into the citation."""
    for file in VERSION_LINES:
        line, path = _version_line(root, file), root / file
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text[: line.start("version")] + version + text[line.end("version") :], encoding="utf-8"
        )
    citation = root / "CITATION.cff"
    text = DATE_LINE.sub("", citation.read_text(encoding="utf-8"))
    text = re.sub(r"^(version: .*\n)", rf"\1date-released: {date}\n", text, flags=re.MULTILINE)
    citation.write_text(text, encoding="utf-8")


# --- the steps ----------------------------------------------------------------------------------


@contextlib.contextmanager
def _worktree(root, commit):
    """A folder with the files of a commit, and nothing else; gone afterwards, with all that was built in it."""
    with tempfile.TemporaryDirectory(prefix="unrolled-release-") as folder:
        tree = Path(folder) / "tree"
        _git(root, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            yield tree
        finally:
            _git(root, "worktree", "remove", "--force", str(tree))


def _commit_at(tree, ref, subject):
    """Make every page name `ref`, commit, and return the commit."""
    repository.move(tree, repository.current(tree).url, ref)
    if others := repository.differing(tree):
        raise Refused(others[0])
    _git(tree, "commit", "--quiet", "--all", "--message", subject)
    return _git(tree, "rev-parse", "HEAD")


def _check(tree, what, command):
    """Run a command in the tree. Raises Refused if it fails or changes a file of the repository."""
    print(f"Checking {what} ...", end=" ", flush=True)
    start = time.perf_counter()
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables["PYTHONPATH"] = str(
        tree / "utils"
    )  # before what is installed: the tree's own package
    done = subprocess.run(
        command,
        cwd=tree,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise Refused(f"{what} failed:\n{done.stdout.strip()}")
    if changed := _git(tree, "status", "--porcelain"):
        raise Refused(f"{what} changed what is to be released: {changed.splitlines()[0]}")
    print(f"passed in {time.perf_counter() - start:.0f} s")


def _message(root, version, start):
    """The tag's message: what the commits since the last release say that the reader gains."""
    last = last_release(root)
    if last is None:
        return f"Unrolled {version}\n\nThe first release."
    log = _git(root, "log", "--no-merges", "--format=- %s", f"v{last}..{start}").splitlines()
    subjects = [line for line in log if line != f"- Back to {MAIN} after {last}"]
    return f"Unrolled {version}\n\n" + "\n".join([f"Since {last}:", "", *subjects])


def _land(root, tag, message, released, after):
    """Tag the release and move main, both or neither."""
    _git(root, "tag", "--annotate", tag, "--message", message, released)
    try:
        _git(root, "merge", "--quiet", "--ff-only", after)
    except BaseException:
        _git(root, "tag", "--delete", tag)
        raise


def _git(folder, *arguments):
    """Run git, return what it printed. Raises Refused with its last line if it fails."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise Refused(f"git {arguments[0]} failed: {said}")
    return done.stdout.strip()


# --- the command --------------------------------------------------------------------------------


def main(arguments=None):
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", help="three numbers, as in 1.2.3")
    parser.add_argument("--dry", action="store_true", help="rehearse: change nothing")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up then too
    try:
        start, _, _ = release(ROOT, options.version, checks=CHECKS, dry=options.dry)
    except (Refused, ValueError) as refused:
        print(f"error: {refused}\nNothing was changed.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted\nNothing was changed.", file=sys.stderr)
        return 130
    tag = f"v{options.version}"
    if options.dry:
        print("This was a rehearsal: nothing was changed.")
        return 0
    print(f"{tag} is ready, and nothing is pushed.")
    print(f"To publish it:    git push --atomic origin {MAIN} {tag}")
    print(f"To take it back:  git tag --delete {tag} && git reset --hard {start[:12]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
