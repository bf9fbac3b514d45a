"""The built site, served on localhost, for the tests that look at it.

Import the fixture where it is used: `from rendered import site`. The site is built once a test run,
whichever worker asks first. (The module can't be named `site`: Python has one of that name.)
"""

import fcntl
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

import toc
from host import serve

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
HTML = BUILD / "html"
SEARCH = "search.html"  # the one page that has no source of ours


def page_names():
    """Addresses of the pages, relative to the site: those of _toc.yml, and the search page."""
    return [f"{name}.html" for name in toc.documents()] + [SEARCH]


def lecture_names():
    return [name for name in page_names() if name.startswith("lectures/")]


@pytest.fixture(scope="session")
def site():
    """Address of the built site on localhost, with a slash at its end."""
    _build_once()
    with serve(HTML) as address:
        yield address


def _build_once():
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", _ALONE)
    BUILD.mkdir(exist_ok=True)
    stamp = BUILD / ".site-test-run"
    with (BUILD / ".site-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == run and (HTML / "index.html").is_file():
            return
        command = [sys.executable, str(ROOT / "utils" / "build" / "site.py")]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.fail(f"the book can't be built:\n{done.stdout}\n{done.stderr}", pytrace=False)
        stamp.write_text(run)


_ALONE = uuid.uuid4().hex  # a test run without xdist
