"""Run a notebook in a fresh kernel and read off which tests passed."""

import copy
import json
import os
import subprocess
import tempfile
from typing import NamedTuple

import nbformat
import zmq
import zmq.asyncio
from jupyter_client import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.utils import determine_grade, has_failed, is_grade, is_solution

from unrolled.course.release import grade_id
from unrolled.course.sandbox import DEFAULT, MB, ONE_THREAD, Watch, caged

LONGEST_MESSAGE = 16 * MB  # of a kernel: the rest would fill the memory of the process that listens
OUTPUTS = {
    "stream",
    "display_data",
    "execute_result",
    "update_display_data",
    "error",
    "comm_open",
    "comm_msg",
}


class Unfinished(Exception):
    """The notebook did not run to its end; the message says why."""


class Outcome(NamedTuple):
    """What one test cell said."""

    points: float
    max_points: float
    passed: bool
    message: str  # the error, in one line; empty if it passed


def run(notebook, blocked=(), limits=DEFAULT, sandboxed=False):
    """Run a copy of `notebook` in a fresh kernel and an empty folder; return it with its outputs.

    Errors of a cell are recorded in it, and the next cell runs. `blocked` names modules that it must not import.
    Raises Unfinished if it needs more than `limits` allow or the kernel dies.
    """
    notebook = copy.deepcopy(notebook)
    guard = f"from unrolled.course.guard import block\nblock({sorted(blocked)!r})\ndel block"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(guard))
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory(prefix="k") as wires:
        kernel = _Kernel(limits if sandboxed else None, wires)
        client = _Client(
            notebook,
            km=kernel,
            limits=limits,
            allow_errors=True,
            coalesce_streams=True,
            timeout=limits.cell,
            startup_timeout=120,
            shutdown_kernel="immediate",
            iopub_timeout=10,
            raise_on_iopub_timeout=True,
            resources={"metadata": {"path": folder}},
        )
        with Watch(limits, shared=wires) as client.watch:
            _execute(client)
    guard_cell = notebook.cells.pop(0)
    if has_failed(guard_cell):
        raise Unfinished(f"the import guard did not start: {error_of(guard_cell)}")
    return notebook


def _execute(client):
    """Run the client's notebook; whatever ends it early becomes Unfinished with the reason in words."""
    try:
        client.execute(
            env=os.environ | ONE_THREAD,
            cleanup_kc=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except CellTimeoutError as error:
        reason = f"a cell took longer than {client.limits.cell:g} s"
        raise Unfinished(client.watch.reason or reason) from error
    except (DeadKernelError, RuntimeError) as error:  # a RuntimeError: it died while it started
        raise Unfinished(client.watch.reason or "the kernel died while a cell ran") from error


class _Kernel(AsyncKernelManager):
    """A Python kernel, in the sandbox if it gets limits.

    It talks through sockets in the folder `wires`: no port that another kernel may take, nothing on the network.
    """

    def __init__(self, cage, wires):
        super().__init__(
            kernel_name="python3",
            transport="ipc",
            connection_file=os.path.join(wires, "k.json"),
            context=_context(),
        )
        self.cage, self.wires = cage, wires

    def format_kernel_cmd(self, extra_arguments=None):
        command = super().format_kernel_cmd(extra_arguments)
        return command if self.cage is None else caged(command, self.wires, self.cage)


def _context():
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, LONGEST_MESSAGE)
    return context


class _Client(NotebookClient):
    """nbclient, which drops what a notebook prints beyond its limit and has the notebook ended."""

    def __init__(self, *arguments, limits, **options):
        super().__init__(*arguments, **options)
        self.limits, self.watch, self.printed = limits, None, 0

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] in OUTPUTS:
            self.printed += len(json.dumps(msg["content"], default=str))
            if self.printed > self.limits.printed * MB:
                self.watch.stop(f"it printed more than {self.limits.printed} MB")
                return None
        return super().process_message(msg, cell, cell_index)


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
