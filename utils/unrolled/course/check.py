"""Run all visible checks of an exercise notebook at once: `from unrolled.course import check; check()`.

The checks come from the notebook's file, the answers from the running kernel: save the notebook and run its cells
first. It needs the standard library alone, so it works in Colab too.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple

from unrolled.course.packages import in_colab

MARKS = {"passed": "✓", "open": "…", "failed": "✗"}


class Checked(NamedTuple):
    """What one visible check said."""

    question: str  # such as q3-delta
    state: str  # passed, open (not answered yet) or failed
    message: str


class Summary(list):
    """The Checked of every question; a notebook shows it as a table."""

    def __repr__(self):
        passed = sum(checked.state == "passed" for checked in self)
        width = max((len(checked.question) for checked in self), default=0)
        lines = [f"{MARKS[c.state]} {c.question:{width}}  {c.message}".rstrip() for c in self]
        return "\n".join([*lines, f"{passed} of {len(self)} visible checks pass"])


def check(notebook=None, namespace=None):
    """Run every visible check of `notebook` on your answers; return a Summary, a list of Checked.

    notebook: path of the saved file; None finds the one that is open. namespace: a dict with the answers; None takes
    those of the running notebook, which a check can't change. Raises FileNotFoundError if there is no notebook, and
    ValueError if it has no checks.
    """
    space = _notebook_s_names() if namespace is None else namespace
    cells = [cell for cell in _read(notebook)["cells"] if _is_check(cell)]
    if not cells:
        raise ValueError("this notebook has no checks: open one of the folder exercises")
    return Summary(_try(cell, dict(space)) for cell in cells)


def _notebook_s_names():
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        raise RuntimeError("check() runs in a notebook; elsewhere hand it a namespace")
    return shell.user_ns


def _read(notebook):
    if notebook is None and in_colab():
        from google.colab import _message

        return _message.blocking_request("get_ipynb", timeout_sec=20)["ipynb"]
    return json.loads(_path(notebook).read_text(encoding="utf-8"))


def _path(notebook):
    """The file of the open notebook: Jupyter names it, or it is the only one in the folder."""
    named = notebook or os.environ.get("JPY_SESSION_NAME", "")
    if named:
        for path in (Path(named), Path(named).name):
            if Path(path).is_file():
                return Path(path)
        raise FileNotFoundError(f"there is no notebook {named} in {Path.cwd()}")
    found = sorted(Path.cwd().glob("*.ipynb"))
    if len(found) != 1:
        raise FileNotFoundError(
            f"{Path.cwd()} holds {len(found)} notebooks; say which one: check('06-bptt.ipynb')"
        )
    return found[0]


def _is_check(cell):
    return _name(cell).endswith("-check") and cell["cell_type"] == "code"


def _name(cell):
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", "")


def _try(cell, space):
    question = _name(cell).removesuffix("-check")
    space["print"] = lambda *_, **__: None  # a check says that it passed; the table does
    try:
        exec(compile("".join(cell["source"]), question, "exec"), space)  # as the notebook does
    except NotImplementedError:
        return Checked(question, "open", "not answered yet")
    except Exception as error:
        words = str(error) or type(error).__name__
        state = "open" if "run the cell with your answer" in words or "dots" in words else "failed"
        return Checked(question, state, words.splitlines()[0])
    return Checked(question, "passed", "")
