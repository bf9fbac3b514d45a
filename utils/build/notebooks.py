"""Execute what changed in the stored notebooks and bring them into one normal form.

A notebook is executed again when the hash of its code cells is not the one stored in its metadata
(`unrolled.executed`), and then written so that a second run on the same machine leaves no diff.
Its code is formatted with ruff before it is executed, so that formatting never makes it stale.
Notebooks under `exercises/` are generated and handed out unanswered: named here, they are not run,
and their outputs are removed.
"""

import argparse
import copy
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("book/*.ipynb", "lectures/*.ipynb", "solutions/*/*.ipynb")
MAX_BYTES = 1_500_000
PROMISES = (15, 30, 60, 120, 300)  # seconds; what a page says a notebook takes to run
CELL_TIMEOUT = 300  # seconds
OUTPUT_TIMEOUT = 30  # seconds from the end of a cell until all it showed has arrived
BUDGET = {"lectures": 60, "solutions": 30}  # seconds from top to bottom on two CPU cores

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
# JupyterLab's live slides: a theme that asks no other host for fonts, and room for long cells.
LIVE_SLIDES = {"theme": "white", "transition": "none", "center": False, "scroll": True}
# Left behind by editors and by execution; they differ from machine to machine.
NOTEBOOK_NOISE = ("jupytext", "vscode", "toc", "toc-autonumbering", "signature", "colab", "widgets")
CELL_NOISE = (
    "execution",
    "ExecuteTime",
    "collapsed",
    "scrolled",
    "trusted",
    "vscode",
    "lines_to_next_cell",
    "colab",
    "id",
    "outputId",
)

KERNEL_CONTROL = "application/vnd.jupyter.widget-view+json"  # ipywidgets: dead without a kernel
OUR_CELL_ID = re.compile(r"u-[0-9a-f]{8}(-\d+)?")
SVG_HEAD = r"(?:<\?xml[^>]*\?>\s*)?(?:<!DOCTYPE[^>]*>\s*)?"  # belongs to files, not to pages
SVG = re.compile(SVG_HEAD + r"(<svg\b.*?</svg>)", re.DOTALL)
SVG_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
# Matplotlib ends the ids of clip paths, markers, path collections, hatches and images in ten hex digits.
SVG_ID = re.compile(r"(?:[A-Za-z]+|C[0-9a-f]+_[0-9a-f]+_)([0-9a-f]{10})")
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
ONE_THREAD = dict.fromkeys(THREAD_VARIABLES, "1")


class NotebookError(Exception):
    """A notebook cannot be stored; the message is one sentence that says why."""


class Cell(NamedTuple):
    """One executed cell: its number among the code cells from 1, its first line, seconds."""

    number: int
    line: str
    seconds: float


# --- which notebooks are stale ------------------------------------------------------------------


def code_cells(notebook):
    """Return the code cells that contain something."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def code_hash(notebook):
    """Return the hash (16 hex digits) of the sources of the code cells, in order."""
    sources = json.dumps([cell.source for cell in code_cells(notebook)])
    return hashlib.sha256(sources.encode()).hexdigest()[:16]


def is_handed_out(path):
    """Say whether the notebook is a student's, never executed: it lies under `exercises/`."""
    return "exercises" in Path(path).parts


def staleness(notebook, handed_out=False):
    """Return why the stored outputs are not those of the stored code, or None if they are.

    handed_out: the notebook is a student's and must not have any output.
    """
    cells = code_cells(notebook)
    counts = [cell.execution_count for cell in cells]
    if handed_out:
        has_outputs = any(cell.outputs for cell in cells) or any(counts)
        return "a student's notebook is handed out without outputs" if has_outputs else None
    if "executed" not in notebook.metadata.get("unrolled", {}):
        return "it was never executed by `make notebooks`"
    if notebook.metadata.unrolled.executed != code_hash(notebook):
        return "its code changed since it was executed"
    if counts != list(range(1, len(cells) + 1)):
        return "its cells were not executed in order, from 1"
    return None


def unnormalised(notebook, handed_out=False):
    """Return a reason if the notebook is not in normal form, else None."""
    form = strip if handed_out else normalise
    return None if to_text(form(notebook)) == to_text(notebook) else "it is not in normal form"


def check(path):
    """Return why the notebook at `path` must be stored again, or None."""
    notebook = read(path)
    handed_out = is_handed_out(path)
    return staleness(notebook, handed_out) or unnormalised(notebook, handed_out)


# --- normal form --------------------------------------------------------------------------------


def normalise(notebook):
    """Return a copy in normal form; normalising it again changes nothing."""
    notebook = copy.deepcopy(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    _clean_metadata(notebook)
    _stable_cell_ids(notebook)
    for number, cell in enumerate(code_cells(notebook), start=1):
        cell.outputs = _clean_outputs(cell.outputs, number)
        cell.execution_count = number
    return notebook


def strip(notebook):
    """Return a copy in normal form without outputs and execution counts."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    notebook = normalise(notebook)
    for cell in code_cells(notebook):
        cell.execution_count = None
    notebook.metadata.get("unrolled", {}).pop("executed", None)
    if not notebook.metadata.get("unrolled", True):
        del notebook.metadata["unrolled"]
    return notebook


def _clean_metadata(notebook):
    for key in NOTEBOOK_NOISE:
        notebook.metadata.pop(key, None)
    notebook.metadata.kernelspec = nbformat.from_dict(KERNELSPEC)
    notebook.metadata.language_info = nbformat.from_dict(LANGUAGE_INFO)
    has_slides = any("slideshow" in cell.metadata for cell in notebook.cells)
    if has_slides:
        notebook.metadata.rise = nbformat.from_dict(LIVE_SLIDES)
    for cell in notebook.cells:
        if has_slides:  # the live slides show every cell that does not say `skip`
            cell.metadata.setdefault("slideshow", NotebookNode(slide_type="skip"))
        for key in CELL_NOISE:
            cell.metadata.pop(key, None)
        if cell.cell_type == "code" and not cell.source.strip():
            cell.outputs, cell.execution_count = [], None


def _stable_cell_ids(notebook):
    """Keep ids of our form; derive the others from the cell's first text, so that they never roll."""
    taken = Counter()
    for cell in notebook.cells:
        stem = cell.get("id", "")
        if not OUR_CELL_ID.fullmatch(stem) or taken[stem]:
            text = f"{cell.cell_type}\n{cell.source}"
            stem = "u-" + hashlib.sha256(text.encode()).hexdigest()[:8]
        cell.id, n = stem, 1
        while taken[cell.id]:
            n += 1
            cell.id = f"{stem}-{n}"
        taken[cell.id] += 1


def _clean_outputs(outputs, number):
    """Merge neighbouring streams, drop what needs a kernel and what changes from run to run."""
    cleaned = []
    for output in outputs:
        if KERNEL_CONTROL in output.get("data", {}):
            continue
        if output.output_type == "stream":
            output.text = ADDRESS.sub("at 0x0", output.text)
            previous = cleaned[-1] if cleaned else None
            if previous and previous.output_type == "stream" and previous.name == output.name:
                previous.text += output.text
                continue
        elif "data" in output:
            _clean_data(output.data)
            output.pop("transient", None)
        if "execution_count" in output:
            output.execution_count = number
        cleaned.append(output)
    return cleaned


def _clean_data(data):
    """Clean the representations of one output in place."""
    for mime, value in data.items():
        if isinstance(value, str):
            data[mime] = _clean_svg(ADDRESS.sub("at 0x0", value))


def _clean_svg(text):
    """Rename the random ids of every SVG in `text` after what they stand for; drop its metadata."""
    return SVG.sub(lambda found: _clean_one_svg(found.group(1)), text)


def _clean_one_svg(svg):
    svg = SVG_METADATA.sub("", svg)
    try:
        tree = ElementTree.fromstring(svg)
    except ElementTree.ParseError:  # not a drawing of ours: left as it came
        return svg
    elements = {e.get("id"): e for e in tree.iter() if SVG_ID.fullmatch(e.get("id", ""))}
    if not elements:
        return svg
    any_id = re.compile("|".join(map(re.escape, elements)))
    names, taken = {}, Counter()
    for old, element in elements.items():
        content = any_id.sub("", ElementTree.tostring(element, encoding="unicode").strip())
        digest = hashlib.sha256(f"{content}{taken[content] or ''}".encode()).hexdigest()[:10]
        taken[content] += 1
        names[old] = old[:-10] + digest
    return any_id.sub(lambda found: names[found.group()], svg)


# --- reading, executing, storing ----------------------------------------------------------------


def read(path):
    """Read a notebook; raise NotebookError if there is none."""
    if not Path(path).is_file():
        raise NotebookError("there is no such notebook")
    try:
        return nbformat.read(path, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise NotebookError(f"it is not a notebook: {str(error).splitlines()[0]}") from error


def to_text(notebook):
    """Return the notebook as it is stored."""
    return nbformat.writes(notebook, version=4) + "\n"


def refuse(notebook):
    """Raise NotebookError if the notebook must not be stored: an error, stderr, or its size."""
    for number, cell in enumerate(code_cells(notebook), start=1):
        for output in cell.outputs:
            if output.output_type == "error":
                raise NotebookError(f"code cell {number} ended in {output.ename}: {output.evalue}")
            if output.output_type == "stream" and output.name == "stderr":
                line = (output.text.strip() or "(blank)").splitlines()[0]
                raise NotebookError(f"code cell {number} wrote to stderr: {line}")
    size = len(to_text(notebook).encode())
    if size > MAX_BYTES:
        raise NotebookError(
            f"it has {size / 1e6:.2f} MB, at most {MAX_BYTES / 1e6:.1f} MB are kept"
        )


def kernel_environment(scratch):
    """Return the environment of a kernel: one BLAS thread, quiet, nobody's own IPython start-up."""
    environment = {**os.environ, **ONE_THREAD, "UNROLLED_QUIET": "1", "IPYTHONDIR": str(scratch)}
    environment.pop("MPLBACKEND", None)  # the kernel chooses the inline one
    return environment


@functools.cache
def build_font_cache():
    """Let Matplotlib build its font cache now, so that it does not say so inside a notebook."""
    subprocess.run(
        [sys.executable, "-c", "import matplotlib.font_manager"],
        env={**os.environ, "MPLBACKEND": "agg"},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def formatted(notebook):
    """Return a copy whose code is formatted as `make lint` wants it; code with a syntax error as it is."""
    command = [sys.executable, "-m", "ruff", "format", "--config", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--stdin-filename", "notebook.ipynb", "-"],
        input=to_text(notebook),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return nbformat.reads(done.stdout, as_version=4) if done.returncode == 0 else notebook


def execute(notebook, folder):
    """Run a copy of the notebook in `folder` with a fresh kernel.

    Returns the executed copy and the list of its cells with seconds. Raises NotebookError that
    names the first cell that failed.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    build_font_cache()
    notebook = formatted(strip(notebook))
    started, cells = [], []

    def on_start(cell, cell_index):
        if cell.cell_type == "code" and cell.source.strip():
            started.append((_first_line(cell.source), time.perf_counter()))

    def on_end(cell, cell_index, execute_reply):
        if len(started) > len(cells):
            line, start = started[-1]
            cells.append(Cell(len(started), line, time.perf_counter() - start))

    def failed(why):
        line = f" (`{started[-1][0]}`)" if started else ""
        return NotebookError(f"code cell {len(started)}{line} failed: {why}")

    client = NotebookClient(
        notebook,
        kernel_name=KERNELSPEC["name"],
        timeout=CELL_TIMEOUT,
        resources={"metadata": {"path": str(folder)}},
        record_timing=False,
        iopub_timeout=OUTPUT_TIMEOUT,
        raise_on_iopub_timeout=True,  # a notebook is never stored without what it printed
        extra_arguments=["--log-level=ERROR"],
        store_widget_state=False,
        on_cell_execute=on_start,
        on_cell_executed=on_end,
    )
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        try:
            client.execute(env=kernel_environment(scratch))
        except CellExecutionError as error:
            raise failed(f"{error.ename}: {error.evalue}") from error
        except CellTimeoutError as error:
            raise failed(
                f"it ran longer than {CELL_TIMEOUT} s, or its output did not come"
            ) from error
        except DeadKernelError as error:
            raise failed("the kernel died") from error
    return notebook, cells


def promised_seconds(spent, stored=None):
    """Round the seconds that a run took up to a step of PROMISES, with room for a slower machine.

    A stored promise that the run kept stays, so that two runs leave no difference.
    Raises NotebookError if even the longest is too short.
    """
    if stored in PROMISES and stored / 4 < spent <= stored:
        return stored
    kept = [promise for promise in PROMISES if 1.3 * spent <= promise]
    if not kept:
        raise NotebookError(
            f"it ran {spent:.0f} s, the longest time to promise is {PROMISES[-1]} s"
        )
    return kept[0]


def _spent():
    """Processor seconds of the kernels that have ended: other programs don't count, unlike in the clock's seconds."""
    times = os.times()
    return times.children_user + times.children_system


def _first_line(source):
    return next(line for line in source.splitlines() if line.strip()).strip()


def store(path, notebook):
    """Write the notebook if that changes the file, never half of it. Returns whether it wrote."""
    text = to_text(notebook)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.chmod(name, path.stat().st_mode if path.exists() else 0o644)
    os.replace(name, path)
    return True


def update(path, force=False):
    """Bring the notebook at `path` up to date and store it.

    Returns the executed cells with their seconds (none if it was not executed). Raises
    NotebookError, leaving the file as it was.
    """
    path = Path(path)
    notebook = read(path)
    if is_handed_out(path):
        notebook, cells = strip(notebook), []
    elif force or staleness(notebook):
        stored, before = notebook.metadata.get("unrolled", {}).get("seconds"), _spent()
        notebook, cells = execute(notebook, path.parent)
        mark = notebook.metadata.setdefault("unrolled", NotebookNode())
        mark["executed"] = code_hash(notebook)
        mark["seconds"] = promised_seconds(_spent() - before, stored)
        notebook = normalise(notebook)
    else:
        notebook, cells = normalise(notebook), []
    refuse(notebook)
    store(path, notebook)
    return cells


# --- command ------------------------------------------------------------------------------------


def find(paths, root=ROOT):
    """Return the notebooks named, or all of the book's."""
    if paths:
        return [Path(path).resolve() for path in paths]
    return [path for pattern in PATTERNS for path in sorted(root.glob(pattern))]


def _name(path):
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path


def _list_stale(paths):
    stale = 0
    for path in paths:
        try:
            reason = check(path)
        except NotebookError as error:
            reason = str(error)
        if reason:
            stale += 1
            print(f"{_name(path)}: {reason}; run `make notebooks`")
    return 1 if stale else 0


def _print_times(cells):
    for cell in sorted(cells, key=lambda cell: -cell.seconds):
        print(f"    {cell.seconds:7.2f} s  cell {cell.number:<3} {cell.line[:70]}")


def _update_all(paths, force, times):
    failed, total = 0, 0.0
    for path in paths:
        start = time.perf_counter()
        try:
            cells = update(path, force)
        except (NotebookError, OSError) as error:
            failed += 1
            print(f"{_name(path)}: {error}; the stored notebook is as it was", file=sys.stderr)
            continue
        seconds = time.perf_counter() - start
        total += seconds
        budget = next((BUDGET[p] for p in path.parts if p in BUDGET), None)
        note = f" of {budget} s" if budget else ""
        print(f"{_name(path)}: " + (f"{seconds:.1f}{note}" if cells else "up to date"), flush=True)
        if times:
            _print_times(cells)
    print(f"{len(paths)} notebooks in {total:.1f} s")
    return 1 if failed else 0


def main(arguments=None):
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", help="notebooks (default: all of the book)")
    parser.add_argument("--force", action="store_true", help="execute also what did not change")
    parser.add_argument("--check", action="store_true", help="list stale notebooks, change nothing")
    parser.add_argument("--times", action="store_true", help="print the seconds of every cell")
    options = parser.parse_args(arguments)
    paths = find(options.notebooks)
    if options.check:
        return _list_stale(paths)
    return _update_all(paths, options.force, options.times)


if __name__ == "__main__":
    sys.exit(main())
