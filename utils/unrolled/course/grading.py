"""Grade a class: each submission in a process of its own, its code in a sandbox.

What is finished is kept in the output folder, so that a run that was stopped is taken up again and nothing is graded
twice. Only this process writes there, and into nbgrader's gradebook.
"""

import hashlib
import json
import logging
import multiprocessing
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import nbformat
from tqdm import tqdm

from unrolled.course import collect, gradebook, report, sandbox
from unrolled.course.release import read, release
from unrolled.course.sandbox import DEFAULT, Limits
from unrolled.course.submission import GRADED, Result, grade, harmless, looked_at, points_of

GRACE = 60  # seconds beyond a submission's own limit until its process is given up


class Terms(NamedTuple):
    """What all submissions of a run share."""

    source: Path  # the instructor's notebook
    output: Path
    limits: Limits = DEFAULT
    sandboxed: bool = True


# ---- one submission, in a process of its own


def grade_apart(student, content, terms):
    """Grade the bytes of one submission in a process of its own; return a Result and the text of its notebook."""
    context = _context()
    answer, end = context.Pipe(duplex=False)
    process = context.Process(target=_one, args=(end, student, content, terms))
    process.start()
    end.close()
    try:
        if answer.poll(terms.limits.total + GRACE):
            fields, text = answer.recv()
            return Result(**fields), text
        reason = f"it took longer than {terms.limits.total:g} s"
    except (EOFError, OSError):
        process.join(GRACE)
        reason = f"its process ended with status {process.exitcode}"
    finally:
        sandbox.end(process.pid)
        process.join()
        answer.close()
    released = release(read(terms.source), hidden=True)
    return looked_at(student, reason, points_of(released)), nbformat.writes(released)


def _context():
    """Processes are forked from a server that has imported all of this once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["unrolled.course.grading"])
    return context


def _one(end, student, content, terms):
    logging.disable()  # what a submission makes nbclient say is in the result
    sys.stderr = open(os.devnull, "w")
    text = content.decode("utf-8-sig", errors="replace")
    result, notebook = grade(student, text, read(terms.source), terms.limits, terms.sandboxed)
    end.send((result._asdict(), nbformat.writes(harmless(notebook))))


# ---- what is kept


def _kept(student, content, terms):
    """The Result of this very submission by an earlier run; None if there is none."""
    try:
        stored = json.loads(_result_path(student, terms).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return Result(**stored["result"]) if stored["of"] == _mark(content, terms) else None


def _keep(result, text, content, terms):
    """Store what came out; the file of the result comes last, so that it vouches for the others."""
    name = terms.source.stem
    _write(terms.output / "submitted" / result.student / name / f"{name}.ipynb", content)
    _write(terms.output / "autograded" / result.student / name / f"{name}.ipynb", text.encode())
    stored = {"of": _mark(content, terms), "result": result._asdict()}
    _write(_result_path(result.student, terms), json.dumps(stored, indent=1).encode())


def _result_path(student, terms):
    return terms.output / "results" / terms.source.stem / f"{student}.json"


def _mark(content, terms):
    """What a result belongs to: the submission, the set and the limits."""
    shared = terms.source.read_bytes() + repr((terms.limits, terms.sandboxed)).encode()
    return hashlib.sha256(content + b"\0" + shared).hexdigest()


def _write(path, content):
    """Write a whole file or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.write_bytes(content)
    partial.replace(path)


# ---- the class


def grade_all(handed, terms, jobs=2):
    """Grade what was handed in (a list of collect.Handed); return the Results by student, also those kept before."""
    results, waiting = {}, {}
    maximum = points_of(release(read(terms.source), hidden=True))
    for student, upload, _, _ in handed:
        if upload is None:
            continue
        try:
            content = collect.content(upload)
        except ValueError as error:
            content = b""
            results[student.id] = looked_at(student.id, str(error), maximum)
            _keep(results[student.id], _blank(terms), content, terms)
        else:
            if kept := _kept(student.id, content, terms):
                results[student.id] = kept
            else:
                waiting[student.id] = content
    return results | _grade_waiting(waiting, terms, jobs)


def _blank(terms):
    return nbformat.writes(release(read(terms.source), hidden=True))


def _grade_waiting(waiting, terms, jobs):
    results = {}
    if not waiting:
        return results
    with ThreadPoolExecutor(jobs) as pool:
        futures = {
            pool.submit(grade_apart, student, content, terms): student
            for student, content in waiting.items()
        }
        try:
            for future in tqdm(as_completed(futures), total=len(futures), unit="submission"):
                student = futures[future]
                result, text = future.result()
                _keep(result, text, waiting[student], terms)
                results[student] = result
        except BaseException:  # Ctrl-C too: what has not begun stays for the next run
            pool.shutdown(cancel_futures=True)
            raise
    return results


def grade_class(submissions, terms, roster=None, deadline=None, jobs=2):
    """Collect, grade, record and report; return the rows of the report, one a student, and the uploads left over."""
    assignment = terms.source.stem
    students = collect.roster(roster) if roster else None
    handed, strays = collect.collect(submissions, assignment, students, deadline)
    results = grade_all(handed, terms, jobs)
    instructor = read(terms.source)
    released = release(instructor, hidden=True)
    gradebook.record(
        terms.output, assignment, released, [entry.student for entry in handed], results.values()
    )
    _write(terms.output / "source" / assignment / f"{assignment}.ipynb", terms.source.read_bytes())
    rows = [_row(entry, results.get(entry.student.id), terms) for entry in handed]
    report.write(rows, strays, instructor, terms.output)
    return rows, strays


def _row(entry, result, terms):
    """The one row of a student; what a person decided in formgrader counts."""
    if result is None:
        return report.Row(entry, report.NOTHING, None, "", {})
    points, reason, state = result.points, result.reason, result.state
    final = gradebook.final(terms.output, terms.source.stem, result.student)
    if final is not None and final != points:
        points, reason, state = final, f"decided by a person | {reason}".strip(" |"), GRADED
    return report.Row(entry, state, points, reason, result.tests)
