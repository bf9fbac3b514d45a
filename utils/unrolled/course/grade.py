"""Grade a class: `make grade ASSIGNMENT=06-bptt SUBMISSIONS=folder-or-zip ROSTER=students.csv`.

Each submission is graded in a process of its own, its code in a sandbox. What is finished is kept in the output
folder: a run that was stopped is taken up again by the same command, and nothing is graded twice. Every student of
the roster ends in exactly one row: graded, for a person to look at (with the reason), or not handed in.
"""

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path

from unrolled.course import report, sandbox
from unrolled.course.grading import Terms, grade_class
from unrolled.course.sandbox import DEFAULT, Limits

NO_SANDBOX = (
    "there is no sandbox: {why}. Submitted code would run with your rights, on your files. "
    "If you accept that, say UNSANDBOXED=1 (or --unsandboxed)"
)


def _parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("assignment", help="name of the set, such as 06-bptt")
    parser.add_argument("submissions", help="a folder, or a zip of Moodle or Canvas")
    parser.add_argument("--roster", type=Path, help="CSV of the students, with a column id")
    parser.add_argument("--deadline", type=datetime.fromisoformat, help="2026-11-30T23:59")
    parser.add_argument(
        "--unsandboxed", action="store_true", help="accept that there is no sandbox"
    )
    parser.add_argument("--solutions", type=Path, default=Path("solutions"))
    parser.add_argument("--output", type=Path, default=Path("grading"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="submissions at a time")
    for name, value in DEFAULT._asdict().items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help=LIMIT_HELP[name])
    return parser


LIMIT_HELP = {
    "cell": "seconds for a cell",
    "total": "seconds for a submission",
    "memory": "MB for a submission",
    "printed": "MB that a submission may print",
    "disk": "MB that a submission may write",
    "processes": "processes of a submission",
}


def main(arguments=None):
    options = _parser().parse_args(arguments)
    source = options.solutions / options.assignment / f"{options.assignment}.ipynb"
    if not source.is_file():
        return f"there is no {source}: say ASSIGNMENT=name of a folder in {options.solutions}"
    if not (options.submissions and Path(options.submissions).exists()):
        return f"there is no {options.submissions!r}: say SUBMISSIONS=folder or zip"
    why = sandbox.lacking()
    if why and not options.unsandboxed:
        return NO_SANDBOX.format(why=why)
    limits = Limits(*(getattr(options, name) for name in Limits._fields))
    terms = Terms(source, options.output, limits, not options.unsandboxed)
    try:
        rows, strays = grade_class(
            options.submissions, terms, options.roster, options.deadline, options.jobs
        )
    except ValueError as error:
        return str(error)
    except KeyboardInterrupt:
        return "stopped; the same command goes on with what is left"
    print(report.summary(rows, strays, options.output, options.assignment))
    return 0


if __name__ == "__main__":
    sys.exit(main())
