"""Grade a folder of submissions: `make grade SUBMISSIONS=folder ASSIGNMENT=06-bptt UNSANDBOXED=1`.

What a student hands in is read, never trusted to be whole: the answers are copied by grade_id into a fresh release
with the hidden tests, each submission runs in a process of its own with a time limit, and every entry of the folder
ends in exactly one row of the table: graded, or for a person to look at, with the reason. Nobody gets a silent zero.

There is no sandbox yet: a submission can do whatever you can do on this machine. The command therefore refuses to
start until you say UNSANDBOXED=1 (or --unsandboxed).
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import nbformat
import psutil
from nbformat.warnings import DuplicateCellId
from nbgrader.utils import compute_checksum, is_solution

from unrolled.course.execution import Unfinished, error_of, outcomes, run
from unrolled.course.release import checks_of, fill, grade_id, read, release

GRADED, LOOK = "graded", "look"
NO_SANDBOX = (
    "grading has no sandbox yet: submitted code runs with your rights, on your files. "
    "If you accept that, say UNSANDBOXED=1 (or --unsandboxed)"
)
NOT_A_NOTEBOOK = (  # what nbformat raises for JSON that is no notebook
    nbformat.ValidationError,
    ValueError,
    AttributeError,
    KeyError,
    TypeError,
    RecursionError,
)
CANARIES = {  # cells that must fail, or the checks have been tampered with
    "assert": "assert 1 == 2",
    "numpy.testing": "import numpy.testing\nnumpy.testing.assert_allclose(1.0, 2.0)",
    "numpy.allclose": "import numpy\nassert numpy.allclose(1.0, 2.0)",
}


class Unreadable(Exception):
    """A person has to look at the submission; the message says why."""


class Result(NamedTuple):
    """What became of one submission."""

    student: str
    state: str  # GRADED or LOOK
    points: float | None  # None unless graded
    max_points: float
    reason: str  # why a person has to look; for a graded one what was left out, what stopped and what failed
    tests: dict  # points of each test cell that carries some, by grade_id


# ---- reading a submission


def parse(text):
    """The notebook in a submission's text. Raises Unreadable."""
    if not text.strip():
        raise Unreadable("the file is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DuplicateCellId)  # Colab copies cells with their id
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
    except nbformat.reader.NotJSONError as error:
        raise Unreadable("the file is not JSON: it was cut off, or it is no notebook") from error
    except NOT_A_NOTEBOOK as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise Unreadable(f"the file is JSON but no notebook: {first}") from error
    return notebook


def answers_in(submission, released):
    """The answers of a submission by grade_id, one for every question of `released` that has tests. Raises Unreadable."""
    wanted = [grade_id(cell) for cell in released.cells if is_solution(cell)]
    found = {}
    for cell in submission.cells:
        if grade_id(cell) in wanted:
            found.setdefault(grade_id(cell), set()).add(cell.source)
    _same_assignment(submission, released, found)
    missing = [name for name in wanted if name not in found and checks_of(released, name)]
    if missing:
        raise Unreadable(f"answer cells are missing: {', '.join(missing)}")
    twice = [name for name in wanted if len(found.get(name, ())) > 1]
    if twice:
        raise Unreadable(f"answer cells exist twice with different content: {', '.join(twice)}")
    return {name: found[name].pop() for name in wanted if name in found}


def _same_assignment(submission, released, found):
    expected = released.metadata["unrolled"]["assignment"]
    named = submission.metadata.get("unrolled", {}).get("assignment")
    if named not in (None, expected):
        raise Unreadable(f"the notebook belongs to {named}, not to {expected}")
    if found:
        return
    if any(grade_id(cell) for cell in submission.cells):
        raise Unreadable(f"none of its answer cells belongs to {expected}")
    raise Unreadable(
        "no cell has nbgrader's metadata: they were stripped, or this is another notebook"
    )


def unanswered(filled):
    """The questions with tests whose answer cell is still as it was handed out."""
    return [
        grade_id(cell)
        for cell in filter(is_solution, filled.cells)
        if checks_of(filled, grade_id(cell))
        and cell.metadata["nbgrader"].get("checksum") == compute_checksum(cell)
    ]


# ---- grading one


def grade(student, text, instructor, cell_timeout=30):
    """Grade the text of one submission against the instructor's notebook, in this process.

    Returns a Result and the notebook to look at (None if nothing ran).
    """
    released = release(instructor, hidden=True)
    try:
        filled = fill(released, answers_in(parse(text), released))
        executed = _with_canaries(
            filled, instructor.metadata["unrolled"].get("blocked", ()), cell_timeout
        )
    except (Unreadable, Unfinished) as error:
        return looked_at(student, str(error), _maximum(released)), None
    return _graded(student, executed, unanswered(filled)), executed


def looked_at(student, reason, max_points):
    """The Result of a submission that a person has to look at."""
    return Result(student, LOOK, None, max_points, reason, {})


def _with_canaries(notebook, blocked, cell_timeout):
    canaries = [nbformat.v4.new_code_cell(source) for source in CANARIES.values()]
    notebook.cells.extend(canaries)
    executed = run(notebook, blocked, cell_timeout)
    del notebook.cells[-len(canaries) :]
    for name, cell in zip(CANARIES, executed.cells[-len(canaries) :], strict=True):
        if not error_of(cell).startswith("AssertionError"):
            raise Unfinished(f"a check that must fail did not: something replaced {name}")
    del executed.cells[-len(canaries) :]
    return executed


def _graded(student, executed, blank):
    tests = outcomes(executed)
    untried = {test for question in blank for test in checks_of(executed, question)}
    cells = [cell for cell in executed.cells if is_solution(cell)]
    remarks = {
        "not answered": blank,
        "stopped with an error": [
            f"{grade_id(cell)} ({error_of(cell)})" for cell in cells if error_of(cell)
        ],
        "failed": [
            f"{name} ({test.message or 'did not run'})"
            for name, test in tests.items()
            if not test.passed and name not in untried
        ],
    }
    return Result(
        student,
        GRADED,
        sum(test.points for test in tests.values()),
        sum(test.max_points for test in tests.values()),
        " | ".join(f"{remark}: {'; '.join(names)}" for remark, names in remarks.items() if names),
        {name: test.points for name, test in tests.items() if test.max_points},
    )


def _maximum(released):
    metadata = [cell.metadata.get("nbgrader", {}) for cell in released.cells]
    return float(
        sum(
            entry["points"]
            for entry in metadata
            if entry.get("grade") and not entry.get("solution")
        )
    )


# ---- grading a folder


def submissions(folder, assignment):
    """Student to the path of the notebook, or to a sentence that says why there is none; one entry for each name.

    `folder` holds `student.ipynb` files, or folders named after students as nbgrader collects them.
    """
    found = {}
    for entry in sorted(Path(folder).iterdir()):
        if entry.name.startswith("."):
            continue
        student = entry.stem if entry.is_file() else entry.name
        if student in found:
            student = entry.name
        found[student] = _notebook_in(entry, assignment) if entry.is_dir() else _notebook(entry)
    return found


def _notebook(path):
    return path if path.suffix == ".ipynb" else f"{path.name} is not a notebook"


def _notebook_in(folder, assignment):
    notebooks = [
        path for path in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts
    ]
    named = [path for path in notebooks if path.stem == assignment] or notebooks
    if len(named) == 1:
        return named[0]
    return f"the folder holds {len(named)} notebooks" if named else "the folder holds no notebook"


def grade_apart(student, path, source, timeout, output):
    """Grade the submission at `path` in a process of its own, which is ended after `timeout` seconds.

    `source` is the path of the instructor's notebook; what ran is left in the folder `output` for a person.
    """
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "result.json"
        command = [
            sys.executable,
            "-m",
            "unrolled.course.grading",
            "--one",
            student,
            str(path),
            str(source),
        ]
        command += [str(answer), str(output / f"{student}.ipynb")]
        ended = _run_at_most(command, timeout)
        if answer.exists():
            return Result(**json.loads(answer.read_text(encoding="utf-8")))
    return looked_at(student, ended, _maximum(release(read(source), hidden=True)))


def _run_at_most(command, timeout):
    """Run a command and everything it starts for at most `timeout` seconds; say in a sentence how it ended."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _, errors = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            _end(process.pid)
            return f"it took longer than {timeout} s"
    last = (errors.strip() or "no message").splitlines()[-1]
    return f"grading ended with status {process.returncode}: {last}"


def _end(pid):
    """End a process and all its descendants."""
    parent = psutil.Process(pid)
    family = [*parent.children(recursive=True), parent]
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue  # it ended by itself in the meantime
    psutil.wait_procs(family, timeout=10)


def grade_folder(folder, source, output, timeout=180):
    """Grade everything in `folder`; return one Result for each entry and write output/<assignment>.csv."""
    assignment = read(source).metadata["unrolled"]["assignment"]
    maximum = _maximum(release(read(source), hidden=True))
    output = Path(output)
    (output / assignment).mkdir(parents=True, exist_ok=True)
    results = []
    for student, found in submissions(folder, assignment).items():
        if isinstance(found, Path):
            results.append(grade_apart(student, found, source, timeout, output / assignment))
        else:
            results.append(looked_at(student, found, maximum))
        _print(results[-1])
    write_table(results, output / f"{assignment}.csv")
    return results


def write_table(results, path):
    """Write the results as CSV, one row a submission, a column for each test that carries points."""
    tests = list(dict.fromkeys(name for result in results for name in result.tests))
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["student", "state", "points", "max_points", "reason", *tests])
        for result in results:
            points = "" if result.points is None else result.points
            cells = [result.tests.get(name, "") for name in tests]
            table.writerow(
                [result.student, result.state, points, result.max_points, result.reason, *cells]
            )


def _print(result):
    points = "-" if result.points is None else f"{result.points:g}"
    print(
        f"{result.student:20} {result.state:7} {points:>5} of {result.max_points:g}  {result.reason}",
        flush=True,
    )


# ---- the command


def _one(student, path, source, answer, executed):
    """What the process of one submission does: grade, leave the result in the file `answer`."""
    text = Path(path).read_bytes().decode("utf-8-sig", errors="replace")
    result, notebook = grade(student, text, read(source))
    if notebook is not None:
        nbformat.write(notebook, executed)
    Path(answer).write_text(json.dumps(result._asdict()), encoding="utf-8")


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("assignment", help="name of the set, such as 06-bptt")
    parser.add_argument("submissions", help="folder of student.ipynb files or of students' folders")
    parser.add_argument(
        "--unsandboxed", action="store_true", help="accept that there is no sandbox"
    )
    parser.add_argument("--solutions", type=Path, default=Path("solutions"))
    parser.add_argument(
        "--output", type=Path, default=Path("grading"), help="for the table and what ran"
    )
    parser.add_argument("--timeout", type=float, default=180, help="seconds for one submission")
    options = parser.parse_args(arguments)
    source = options.solutions / options.assignment / f"{options.assignment}.ipynb"
    if not source.is_file():
        return f"there is no {source}: say ASSIGNMENT=name of a folder in {options.solutions}"
    if not (options.submissions and Path(options.submissions).is_dir()):
        return f"there is no folder {options.submissions!r}: say SUBMISSIONS=folder"
    if not options.unsandboxed:
        return NO_SANDBOX
    results = grade_folder(options.submissions, source, options.output, options.timeout)
    look = sum(result.state == LOOK for result in results)
    print(
        f"{len(results)} submissions, {look} for a person to look at: {options.output / options.assignment}.csv"
    )
    return 0


if __name__ == "__main__":
    sys.exit(_one(*sys.argv[2:]) if sys.argv[1:2] == ["--one"] else main())
