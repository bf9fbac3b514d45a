"""Strict nbval passes on what `make notebooks` stored, again and again, and sees what changed."""

import copy
import os
import subprocess
import sys

import pytest

from notebooks import read, store, update
from tests.notebooks.small import RESTLESS, SHOWING, code, notebook

PRINTING = 'import uuid\nprint(uuid.uuid4(), object())\nprint("two", 2)'
PICTURE = "from IPython.display import HTML, SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><g/></svg>')"
HTML = """import os
import base64
HTML(f'<img alt="noise" src="data:image/png;base64,{base64.b64encode(os.urandom(9)).decode()}">')"""


@pytest.fixture(scope="module")
def stored(root, tmp_path_factory):
    """A notebook with everything that is not compared, executed by `make notebooks`."""
    folder = tmp_path_factory.mktemp("nbval")
    path = folder / "04-a.ipynb"
    sources = [PRINTING, RESTLESS, *SHOWING[2:4], PICTURE, HTML]
    store(path, notebook(*map(code, sources)))
    update(path)
    return path


def nbval(root, path, threads=1):
    """Run strict nbval; return the exit status and what it printed."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--nbval",
        "--nbval-sanitize-with",
        "tests/nbval.cfg",
    ]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")
    }
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = str(threads)
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-p", "no:xdist", str(path)],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("threads", [1, 2])
def test_strict_nbval_passes(root, stored, threads):
    status, out = nbval(root, stored, threads)
    assert status == 0, out
    assert "6 passed" in out


def test_other_drawings_pass_and_other_text_does_not(root, stored, tmp_path):
    nb = read(stored)
    nb.cells[0].outputs[0].text = nb.cells[0].outputs[0].text.replace("two 2", "two 3")
    nb.cells[2].outputs[0].data["text/plain"] = "<Figure with 2 Axes>"
    widget = nb.cells[3].outputs[0].data
    widget["text/html"] = widget["text/html"].replace("A line to 1", "A line to 7")
    nb.cells[4].outputs[0].data["image/svg+xml"] = "<svg/>"
    del nb.cells[5].outputs[0]
    other = copy.deepcopy(nb.cells[3])
    other.outputs[0].data["text/plain"] = "Film('last', 3 frames)"
    nb.cells.append(other)
    changed = tmp_path / "04-a.ipynb"
    store(changed, nb)
    status, out = nbval(root, changed)
    assert status == 1
    failed = [
        line.split("::")[1].split(" - ")[0]
        for line in out.splitlines()
        if line.startswith("FAILED")
    ]
    assert failed == ["Cell 0", "Cell 2", "Cell 5", "Cell 6"], out
