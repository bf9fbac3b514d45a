"""`make` tells in one sentence what a machine lacks, and the lock is one that every machine can install."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def environment(root):
    spec = importlib.util.spec_from_file_location(
        "environment", root / "utils/build/environment.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(root, tmp_path):
    """The files that setting up reads, in an empty folder."""
    for name in ["Makefile", "pyproject.toml", "requirements.txt", "utils/build/environment.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


def run(command, folder, **variables):
    environment = {**os.environ, **variables}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def errors(output):
    return [line for line in output.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("version", [(3, 9, 1), (3, 14, 0), (2, 7, 18)])
def test_an_unsupported_python_is_named(environment, version):
    with pytest.raises(
        SystemExit, match=rf"Python {version[0]}\.{version[1]} at /opt/python .* needs 3\.11"
    ):
        environment.check_python(version, "/opt/python")


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 1)])
def test_a_supported_python_passes(environment, version):
    assert environment.check_python(version, "/opt/python") is None


def test_no_python_at_all(copy):
    done = run(["make", "book", "PYTHON=no-such-python"], copy)
    assert done.returncode != 0
    assert errors(done.stderr) == [
        "error: no no-such-python found; install Python 3.11, 3.12 or 3.13"
    ]


def test_no_network(copy):
    nowhere = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "",
        "UV_FIND_LINKS": "",
        "PIP_CONFIG_FILE": os.devnull,
    }
    done = run(["make", "book", f"PYTHON={sys.executable}"], copy, **nowhere)
    assert done.returncode != 0
    (sentence,) = errors(done.stderr)
    assert "could not be installed (is there a network?)" in sentence
    assert (copy / ".venv/install.log").read_text()


def test_an_unknown_group_is_refused(copy):
    done = run([sys.executable, "utils/build/environment.py", "everything"], copy)
    assert done.returncode != 0
    assert errors(done.stderr) == ["error: usage: environment.py book | dev; got ['everything']"]


def test_the_lock_holds_no_gpu_libraries_and_no_local_builds(root):
    pins = [
        line
        for line in (root / "requirements.txt").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert "torch==2.13.0" in pins
    assert not [
        pin for pin in pins if re.match(r"nvidia-|cuda-|triton", pin) or "+" in pin or "://" in pin
    ]
    assert all("==" in pin for pin in pins)


def test_every_target_of_the_makefile_is_in_its_help(root):
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)", (root / "Makefile").read_text(), re.M)[1]
    internal = {"python", "environment", "book-environment"}
    help_text = run(["make", "help"], root).stdout
    named = set(re.findall(r"^  make ([\w.-]+)", help_text, re.M))
    assert named == set(phony.replace("\\", "").split()) - internal
