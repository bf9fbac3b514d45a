"""Run a notebook in a fresh kernel and read off which tests passed."""

import copy
import os
import tempfile
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.utils import determine_grade, has_failed, is_grade, is_solution
from traitlets.config import Config

from unrolled.course.release import grade_id

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Unfinished(Exception):
    """The notebook did not run to its end; the message says why."""


class Outcome(NamedTuple):
    """What one test cell said."""

    points: float
    max_points: float
    passed: bool
    message: str  # the error, in one line; empty if it passed


def run(notebook, blocked=(), cell_timeout=30):
    """Run a copy of `notebook` in a fresh kernel and an empty folder; return it with its outputs.

    Errors of a cell are recorded in it, and the next cell runs. `blocked` names modules that it must not import.
    Raises Unfinished if a cell takes longer than `cell_timeout` seconds or the kernel dies.
    """
    notebook = copy.deepcopy(notebook)
    guard = f"from unrolled.course.guard import block\nblock({sorted(blocked)!r})\ndel block"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(guard))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="k") as wires:
        client = NotebookClient(
            notebook,
            allow_errors=True,
            timeout=cell_timeout,
            startup_timeout=120,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            config=_local_sockets(wires),
        )
        try:
            client.execute(env=os.environ | ONE_THREAD)
        except CellTimeoutError as error:
            raise Unfinished(f"a cell took longer than {cell_timeout} s") from error
        except DeadKernelError as error:
            raise Unfinished("the kernel died while a cell ran") from error
    guard_cell = notebook.cells.pop(0)
    if has_failed(guard_cell):
        raise Unfinished(f"the import guard did not start: {error_of(guard_cell)}")
    return notebook


def _local_sockets(folder):
    """Let the kernel talk through sockets in `folder`: no port that another kernel may take, nothing on the network."""
    config = Config()
    config.KernelManager.transport = "ipc"
    config.KernelManager.connection_file = os.path.join(folder, "k.json")
    return config


def error_of(cell):
    """The first error among a cell's outputs, in one line; empty if there is none."""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}".splitlines()[0]
    return ""


def outcomes(notebook):
    """The Outcome of every test cell of an executed notebook, by grade_id.

    nbgrader takes any text on stderr for a failure. A warning that the student's code sets off is none, so stderr is
    left out of what nbgrader sees.
    """
    return {
        grade_id(cell): _outcome(cell)
        for cell in notebook.cells
        if is_grade(cell) and not is_solution(cell)
    }


def _outcome(cell):
    cell = copy.deepcopy(cell)
    cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    points, max_points = determine_grade(cell)
    ran = cell.execution_count is not None
    return Outcome(
        float(points) if ran else 0.0, max_points, ran and not has_failed(cell), error_of(cell)
    )
