"""The sandbox: what a stranger's code sees, reaches and uses up."""

import socket
import subprocess
import sys

import nbformat
import pytest

from tests.grading.sets import ROOT
from unrolled.course import sandbox
from unrolled.course.execution import Unfinished, error_of, run
from unrolled.course.sandbox import Limits

needs_sandbox = pytest.mark.skipif(bool(sandbox.lacking()), reason=sandbox.lacking())
LIMITS = Limits(cell=10, total=30, memory=1024, disk=8, processes=40)


def executed(source, limits=LIMITS):
    """The one cell `source`, executed in the sandbox."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    return run(notebook, limits=limits, sandboxed=True).cells[0]


def printed(source):
    cell = executed(source)
    assert not error_of(cell), error_of(cell)
    return "".join(output.get("text", "") for output in cell.outputs)


@needs_sandbox
def test_nothing_of_the_machine_is_seen_but_python_and_the_package(tmp_path):
    (tmp_path / "gradebook.db").write_text("grades")
    paths = [str(ROOT / "solutions"), str(ROOT / "tests"), str(tmp_path), f"{sandbox.HOME}/x"]
    assert printed(f"import os\nprint([os.path.exists(path) for path in {paths}])") == (
        "[False, False, False, False]\n"
    )
    assert printed(
        "import os\nprint(len([p for p in os.listdir('/proc') if p.isdigit()]) < 9)"
    ) == ("True\n")
    assert printed("import numpy, unrolled.course.guard\nprint('here')") == "here\n"


@needs_sandbox
def test_nothing_is_written_outside(tmp_path):
    readme = (ROOT / "README.md").read_bytes()
    for path in (sys.executable, "/course/unrolled/__init__.py", "/usr/x"):
        assert "Error" in error_of(executed(f"open({str(path)!r}, 'a').write('x')")), path
    for path in (tmp_path / "written", ROOT / "README.md"):  # below /tmp it has a folder of its own
        executed(f"open({str(path)!r}, 'a').write('x')")
    assert not (tmp_path / "written").exists() and (ROOT / "README.md").read_bytes() == readme
    assert printed("open('own', 'w').write('x')\nprint('wrote')") == "wrote\n"


@needs_sandbox
def test_nobody_is_called_even_on_this_machine():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        call = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=3)"
        assert "OSError" in error_of(executed(call)) or "Refused" in error_of(executed(call))
        listener.settimeout(0.2)
        with pytest.raises(TimeoutError):
            listener.accept()


@needs_sandbox
@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("while True:\n    pass", "a cell took longer than 10 s"),
        ("while True:\n    print('x' * 1000)", "it printed more than 1 MB"),
        (
            "import os, time\nfor _ in range(60):\n    if os.fork() == 0:\n"
            "        time.sleep(60)\ntime.sleep(9)",
            "it (started more than 40 processes|used more than 1024 MB)",
        ),
        (
            "import os\nfor n in range(8):\n    if os.fork() == 0:\n"
            "        x = b'x' * (300 << 20)\n        import time\n        time.sleep(60)\nimport time\ntime.sleep(9)",
            "it used more than 1024 MB of memory",
        ),
        ("import os\nos.kill(os.getpid(), 9)", "the kernel died"),
    ],
)
def test_what_uses_too_much_is_ended_and_told(source, says):
    with pytest.raises(Unfinished, match=says):
        executed(source)


@needs_sandbox
def test_a_file_or_memory_beyond_the_limit_is_an_error_of_its_own_cell():
    assert "OSError" in error_of(executed("open('big', 'wb').write(b'x' * (9 << 20))"))
    many = "for n in range(5):\n    open(str(n), 'wb').write(b'x' * (3 << 20))"
    assert "OSError" in error_of(executed(many))
    assert "MemoryError" in error_of(executed("x = bytearray(10**10)"))


def test_a_machine_without_bubblewrap_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda program: None)
    assert sandbox.lacking().startswith("bwrap and prlimit not found")


def test_a_kernel_that_forbids_namespaces_is_named(monkeypatch):
    failed = subprocess.CompletedProcess(
        [], 1, "", "bwrap: No permissions to create new namespace\n"
    )
    monkeypatch.setattr(sandbox.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(sandbox.subprocess, "run", lambda *a, **k: failed)
    assert "No permissions" in sandbox.lacking() and "user namespaces" in sandbox.lacking()


def test_the_book_names_the_limits():
    of = sandbox.DEFAULT
    assert (
        f"{of.cell:g} seconds a cell, {of.total:g} in all, {of.memory // 1024} GB of memory, "
        f"{of.disk} MB of disk, {of.processes} processes, and may print {of.printed} MB"
    ) in (ROOT / "book" / "instructors.md").read_text(encoding="utf-8")
