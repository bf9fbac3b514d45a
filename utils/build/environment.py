"""Make `.venv` and install the locked packages in it; says in one sentence what is wrong if it can't.

Run by the Makefile with whatever `python3` the machine has, so: standard library alone, and syntax
that old versions can read far enough to be told that they are too old.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = VENV / "install.log"
SUPPORTED = [(3, 11), (3, 12), (3, 13)]
GROUPS = ["book", "dev"]  # of pyproject.toml; the second contains the first


def main(arguments):
    if len(arguments) != 1 or arguments[0] not in GROUPS:
        stop("usage: environment.py {}; got {}".format(" | ".join(GROUPS), arguments))
    group = arguments[0]
    if is_installed(group):
        return
    check_python(sys.version_info, sys.executable)
    make_venv()
    print("Installing the packages (the log: .venv/install.log) ...", flush=True)
    run([PYTHON, "-m", "pip", "install", "--disable-pip-version-check", locked("uv")])
    install(group)
    stamp(group).write_text(fingerprint())


def stop(sentence):
    sys.exit("error: " + sentence)


def check_python(version, executable):
    if tuple(version[:2]) not in SUPPORTED:
        stop(
            f"Python {version[0]}.{version[1]} at {executable} is not supported; Unrolled needs 3.11, 3.12 or 3.13: "
            "name one, as in `make book PYTHON=python3.12`"
        )


def stamp(group):
    return VENV / (".installed-" + group)


def fingerprint():
    files = [ROOT / "requirements.txt", ROOT / "pyproject.toml"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def is_installed(group):
    sufficient = [stamp(each) for each in GROUPS[GROUPS.index(group) :]]
    return any(each.is_file() and each.read_text() == fingerprint() for each in sufficient)


def make_venv():
    """Create `.venv`; keep one that is there and holds a supported Python."""
    if PYTHON.exists() and installed_version() in SUPPORTED:
        return
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
    )
    if done.returncode:
        stop(
            f"{sys.executable} can't make a virtual environment (on Debian and Ubuntu: "
            f"apt-get install python3-venv): {last_line(done.stdout)}"
        )


def installed_version():
    probe = [PYTHON, "-c", "import sys, pip; print(*sys.version_info[:2])"]
    found = subprocess.run(probe, capture_output=True, text=True, check=False).stdout.split()
    return tuple(map(int, found))


def locked(name):
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line.startswith(name + "=="):
            return line.split(";")[0].strip()
    return stop(f"requirements.txt does not pin {name}; run `make lock`")


def install(group):
    command = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON, "--editable", ROOT]
    command += ["--group", "{}:{}".format(ROOT / "pyproject.toml", group)]
    command += ["--constraints", ROOT / "requirements.txt"]
    folders = os.environ.get("UV_FIND_LINKS") or os.environ.get("PIP_FIND_LINKS")
    if folders:  # uv reads the first variable alone
        for folder in folders.split():
            command += ["--find-links", folder]
    elif group == "dev" and sys.platform == "linux":
        # PyPI's torch for Linux brings gigabytes of GPU libraries; PyTorch's own index has one without.
        if run([*command, "--torch-backend", "cpu"], may_fail=True):
            return
        print("PyTorch's index of CPU builds did not answer: taking torch from PyPI.", flush=True)
    run(command)


def run(command, may_fail=False):
    with open(LOG, "a+") as log:
        start = log.tell()
        done = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, check=False)
        log.seek(start)
        output = log.read()
    if done.returncode and not may_fail:
        stop(
            f"the packages could not be installed (is there a network?): {last_line(output)} "
            "[all of it: .venv/install.log]"
        )
    return done.returncode == 0


def last_line(output):
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "no output"


if __name__ == "__main__":
    main(sys.argv[1:])
