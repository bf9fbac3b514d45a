"""A place for a stranger's code: bubblewrap and prlimit around a kernel, and a watch over what it uses.

Inside, a submission sees Python, its packages and `unrolled`, all read-only, an empty folder of limited size, and
nothing else: no network, no other process, no solutions, no gradebook, no other submission.
"""

import contextlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import psutil

import unrolled

MB = 1 << 20
HOME = "/home/student"
PACKAGES = "/course"  # where the sandbox has the package `unrolled`, without what lies around it in a clone
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
CONFIGURED = ("ld.so.cache", "alternatives", "fonts", "localtime")  # of /etc
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Limits(NamedTuple):
    """What one submission may use."""

    cell: float = 20  # seconds a cell
    total: float = 120  # seconds a submission
    memory: int = 2048  # MB, all its processes together
    printed: int = 1  # MB of text and pictures
    disk: int = 64  # MB
    processes: int = 64


DEFAULT = Limits()


def lacking():
    """Why there is no sandbox on this machine, in one sentence; empty if there is one."""
    missing = [program for program in ("bwrap", "prlimit") if shutil.which(program) is None]
    if missing:
        return f"{' and '.join(missing)} not found (Debian and Ubuntu: apt install bubblewrap)"
    trial = [*_bubble("/nonexistent", DEFAULT), *_limited(DEFAULT), "true"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip() or f"status {done.returncode}").splitlines()[-1]
    return f"bubblewrap does not start ({said}); does the kernel allow user namespaces?"


def caged(command, wires, limits):
    """`command` (list of words) inside the sandbox; `wires` is the one folder that it shares with the outside."""
    return [*_bubble(wires, limits), *_limited(limits), *command]


def _bubble(wires, limits):
    """bubblewrap's part: what is visible, and that nothing else is."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session"]
    words += [
        "--cap-drop",
        "ALL",
        "--uid",
        "1000",
        "--gid",
        "1000",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
    ]
    for path in ("/dev/shm", "/tmp", HOME):  # before the rest, which may lie below /tmp
        words += ["--size", str(limits.disk * MB), "--tmpfs", path]
    for path in (*SYSTEM, *(f"/etc/{name}" for name in CONFIGURED)):
        words += ["--ro-bind-try", path, path]
    for path in dict.fromkeys([sys.base_prefix, sys.prefix]):  # the second is the environment
        words += ["--ro-bind", os.path.realpath(path), path]
    words += ["--ro-bind", str(Path(unrolled.__file__).parent), f"{PACKAGES}/unrolled"]
    words += ["--bind-try", str(wires), str(wires)]
    for path in ("/dev", "/"):  # what bubblewrap made to hang the rest into
        words += ["--remount-ro", path]
    words += ["--chdir", HOME, "--clearenv"]
    for name, value in _environment().items():
        words += ["--setenv", name, value]
    return [*words, "--"]


def _environment():
    return ONE_THREAD | {
        "HOME": HOME,
        "IPYTHONDIR": f"{HOME}/.ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": PACKAGES,
    }


def _limited(limits):
    """prlimit's part. Address space is more than memory: libraries reserve what they never use."""
    return [
        "prlimit",
        f"--as={2 * limits.memory * MB}",
        f"--cpu={int(limits.total)}",
        f"--fsize={limits.disk * MB}",
        f"--nproc={limits.processes}",
        "--nofile=256",
        "--core=0",
        "--",
    ]


def end(pid):
    """End a process and all its descendants, if there still is one."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        _kill([*process.children(recursive=True), process])


def _kill(processes):
    processes = list(processes)
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended by itself in the meantime
            process.kill()
    psutil.wait_procs(processes, timeout=10)


class Watch(threading.Thread):
    """Ends what this process starts from now on once it uses more than `limits`; `reason` says then what it was.

    prlimit counts each process for itself, and lets root have as many as it likes. This counts them together.
    It also ends them when the run that this process belongs to was stopped.
    """

    def __init__(self, limits, shared=None, interval=0.2):
        super().__init__(daemon=True)
        self.limits, self.shared, self.interval = limits, shared, interval
        self.reason = ""
        self.deadline = time.monotonic() + limits.total
        self._done = threading.Event()
        self._ordered = ""
        self._before = set(psutil.Process().children(recursive=True))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self.join()

    def stop(self, reason):
        """Have everything ended soon, for this reason."""
        self._ordered = self._ordered or reason

    def run(self):
        while not self._done.wait(self.interval):
            family = set(psutil.Process().children(recursive=True)) - self._before
            if reason := self._ordered or self._exceeded(family):
                self.reason = reason
                _kill(family)
                return

    def _exceeded(self, family):
        run = multiprocessing.parent_process()
        if run is not None and not run.is_alive():
            return "the run was stopped"
        if time.monotonic() > self.deadline:
            return f"it took longer than {self.limits.total:g} s"
        if len(family) > self.limits.processes:
            return f"it started more than {self.limits.processes} processes"
        if sum(map(_memory, family)) > self.limits.memory * MB:
            return f"it used more than {self.limits.memory} MB of memory"
        if self.shared and _size(self.shared) > self.limits.disk * MB:
            return f"it wrote more than {self.limits.disk} MB"
        return ""


def _memory(process):
    try:
        return process.memory_info().rss
    except psutil.Error:  # gone, or not ours to look at
        return 0


def _size(folder):
    return sum(path.lstat().st_size for path in Path(folder).rglob("*") if path.exists())
