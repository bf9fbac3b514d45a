"""A stand-in for Colab: an environment with its versions, its kernel, and our repository behind its address."""

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from uv import find_uv_bin

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VERSIONS = HERE / "versions.txt"
CELL_TIMEOUT = 300  # seconds; on a busy machine two threads wait for each other
REPLY_TIMEOUT = 60  # seconds
WIDGET = 'class="unrolled-widget"'
# Variables of the test's own environment that would lead the notebook out of its own.
FOREIGN = (
    "PYTHON",
    "VIRTUAL_ENV",
    "JUPYTER",
    "IPYTHON",
    "JPY_",
    "UNROLLED",
    "MPLBACKEND",
    "PYTEST",
    "GIT_",
    "UV_",
)


class Machine(NamedTuple):
    """A virtual environment as Colab has it, and the variables that its processes get."""

    python: Path
    variables: dict[str, str]
    commit: str  # of the repository that its git finds behind the book's address


# --- the repository behind its address ----------------------------------------------------------


def git(*arguments, cwd):
    """Run git, untouched by anybody's settings; return what it printed. Raises RuntimeError."""
    if shutil.which("git") is None:
        raise RuntimeError(
            "git is missing: install it; the set-up cell fetches the package with it"
        )
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    author = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    environment = {**os.environ, **settings}
    return checked(["git", *author, *arguments], cwd=cwd, env=environment).stdout


def checked(command, **options):
    """Run a command; return what subprocess returns. Raises RuntimeError with its last words if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        words = " ".join(map(str, command[:3]))
        raise RuntimeError(f"`{words} ...` failed: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done


def snapshot(folder: Path, ref: str) -> str:
    """Make `folder` a repository whose branch `ref` holds the working tree, uncommitted files too.

    Returns the commit. What git ignores is left out.
    """
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():  # a file that was deleted is still listed until that is committed
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    git("init", "--quiet", "--initial-branch", ref, cwd=folder)
    git("add", "--all", "--force", cwd=folder)
    git("commit", "--quiet", "--message", "the working tree", cwd=folder)
    return git("rev-parse", "HEAD", cwd=folder).strip()


# --- the environment ----------------------------------------------------------------------------


def create(folder: Path) -> Machine:
    """Make a fresh environment below `folder` with the versions of versions.txt and the locked torch."""
    repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]
    clone = folder / "repository"
    clone.mkdir()
    commit = snapshot(clone, repository["branch"])
    variables = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    variables |= {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{clone.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": repository["url"],
        "PYTHONNOUSERSITE": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # or the debugger warns about itself on stderr
    }
    python = folder / "colab" / "bin" / "python"
    uv("venv", "--quiet", "--python", sys.executable, folder / "colab")
    install(python)
    purelib = checked(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], env=variables
    )
    shutil.copytree(HERE / "stub", purelib.stdout.strip(), dirs_exist_ok=True)
    return Machine(python, variables, commit)


def install(python: Path) -> None:
    """Install Colab's versions and torch; the overrides hold them where torch asks for newer ones."""
    command = ["pip", "install", "--quiet", "--python", python, "--requirements", VERSIONS]
    command += ["--overrides", VERSIONS, locked("torch")]
    folders = os.environ.get("UV_FIND_LINKS") or os.environ.get("PIP_FIND_LINKS")
    for each in (folders or "").split():
        command += ["--find-links", each]
    if sys.platform == "linux" and not folders:
        try:
            return uv(*command, "--torch-backend", "cpu")
        except RuntimeError as error:
            print(f"no CPU build of torch ({error}); taking PyPI's")
    return uv(*command)


def uv(*arguments) -> None:
    """Run uv without the test's own environment. Raises RuntimeError."""
    variables = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    checked([find_uv_bin(), *arguments], env=variables)


def locked(name: str) -> str:
    """Return the requirement that the lock has for a package."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    return next(line for line in lines if line.startswith(f"{name}=="))


LIST = """
import json
from importlib.metadata import distributions
print(json.dumps({each.name.lower().replace("_", "-"): each.version for each in distributions()}))
"""


def installed(machine: Machine) -> dict[str, str]:
    """Return {package: version} of the environment."""
    return json.loads(checked([machine.python, "-c", LIST], env=machine.variables).stdout)


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str | None]]:
    """Return {package: (version before, version after)} of what was there and is not as it was."""
    return {name: (old, after.get(name)) for name, old in before.items() if after.get(name) != old}


# --- the notebook -------------------------------------------------------------------------------


class Run:
    """A notebook that ran top to bottom on a machine, its kernel still alive."""

    def __init__(self, client: NotebookClient):
        self._client = client

    @property
    def _kernel(self) -> AsyncKernelClient:
        return self._client.kc

    def evaluate(self, expression: str):
        """Return the value, a literal, of an expression in the notebook's kernel. Raises RuntimeError if it fails."""
        reply = run_sync(self._kernel.execute_interactive)(
            "", user_expressions={"it": expression}, store_history=False, timeout=REPLY_TIMEOUT
        )
        answer = reply["content"]["user_expressions"]["it"]
        if answer["status"] != "ok":
            raise RuntimeError(f"{expression}: {answer['ename']}: {answer['evalue']}")
        return ast.literal_eval(answer["data"]["text/plain"])

    def pages(self) -> list[str]:
        """Return the HTML of every widget that the notebook showed, in order."""
        outputs = (output for cell in self._client.nb.cells for output in cell.get("outputs", []))
        pages = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
        return [page for page in pages if WIDGET in page]

    def asks_for_controls(self) -> bool:
        """Whether a cell gives a widget controls that only a kernel moves."""
        return any(
            "live=" in cell.source for cell in self._client.nb.cells if cell.cell_type == "code"
        )

    def controls(self) -> Iterator[str]:
        """Yield the models of the live controls: what ipywidgets showed below the widgets."""
        models = self._client.widget_state
        for model in models.values():
            for child in model.get("children", []):
                name = child.removeprefix("IPY_MODEL_")
                if models[name]["_model_name"].endswith(("SliderModel", "DropdownModel")):
                    yield name  # a progress bar is none

    def change(self, model: str) -> list[str]:
        """Do what the front end does when the reader raises a number; return the HTML that the kernel sends."""
        state = self._client.widget_state[model]
        key = "index" if "index" in state else "value"
        data = {"method": "update", "state": {key: state[key] + 1}, "buffer_paths": []}
        message = self._kernel.session.msg("comm_msg", {"comm_id": model, "data": data})
        self._kernel.shell_channel.send(message)
        sent = []
        while True:
            answer = run_sync(self._kernel.get_iopub_msg)(timeout=REPLY_TIMEOUT)
            if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            content = answer["content"]
            if answer["msg_type"] == "update_display_data":
                sent.append(content["data"]["text/html"])
            if answer["msg_type"] == "status" and content["execution_state"] == "idle":
                return sent


def kernels(machine: Machine, folder: Path) -> KernelSpecManager:
    """Return the kernels that a notebook can ask for: Colab's alone."""
    argv = [str(machine.python), "-m", "colab_kernel_launcher", "-f", "{connection_file}"]
    specification = {"argv": argv, "display_name": "Python 3", "language": "python"}
    path = folder / "kernels" / "python3"
    path.mkdir(parents=True)
    (path / "kernel.json").write_text(json.dumps(specification))
    return KernelSpecManager(kernel_dirs=[str(path.parent)], ensure_native_kernel=False)


def run(notebook: Path, machine: Machine, folder: Path) -> Iterator[Run]:
    """Copy the notebook alone into an empty folder, run it top to bottom there, yield the Run.

    Raises nbclient's CellExecutionError for a cell that fails.
    """
    empty = folder / "content"
    empty.mkdir()
    copy = shutil.copy(notebook, empty)
    manager = AsyncKernelManager(
        kernel_spec_manager=kernels(machine, folder), kernel_name="python3"
    )
    client = NotebookClient(
        nbformat.read(copy, as_version=4),
        km=manager,
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(empty)}},
    )
    with client.setup_kernel(cleanup_kc=True, env=machine.variables):
        for index, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, index)
        yield Run(client)
