"""Graded sets that nobody can look up: an instructor's private folder, and a seed from which its values are drawn.

The folder is laid out like this repository, with one more file for each set:

    solutions/NN-name/NN-name.ipynb   the instructor's notebook, with <<name>> where a value is drawn
    draws/NN-name.py                  draw(rng): a dict from these names to values
    tests/planted/NN-name.py          PLANTED, as in the repository, with <<name>> in the answers

The texts are Jinja templates, with << >> for a value and <% %> for a statement, so that a task may read differently
too. What a seed gives is written into the folder seed-N beside them, laid out in the same way.
"""

import ast
import copy
import runpy
import zlib
from pathlib import Path

import nbformat
import numpy as np
from jinja2 import Environment, StrictUndefined, TemplateError

from unrolled.course import planted
from unrolled.course.planted import Wrong
from unrolled.course.release import grade_id, read

TEMPLATES = Environment(
    variable_start_string="<<",
    variable_end_string=">>",
    block_start_string="<%",
    block_end_string="%>",
    comment_start_string="<#",
    comment_end_string="#>",
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)


def names(overlay):
    """The sets of a private folder, sorted. Raises ValueError if it has none."""
    found = sorted(path.stem for path in (overlay / "solutions").glob("*/*.ipynb"))
    if not found:
        raise ValueError(f"{overlay} has no set: expected solutions/NN-name/NN-name.ipynb in it")
    return found


def values(overlay, name, seed):
    """The values of the set `name` for `seed`, a dict. Raises ValueError if nothing draws them."""
    path = overlay / "draws" / f"{name}.py"
    if not path.is_file():
        raise ValueError(f"there is no {path}: it defines draw(rng), a dict of the values")
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    return runpy.run_path(str(path))["draw"](rng)


def instructor(overlay, name, seed):
    """The instructor's notebook of a set with the values of `seed` in it.

    Raises ValueError, naming the cell, for a value that nothing draws or for code that is no Python.
    """
    notebook = copy.deepcopy(read(overlay / "solutions" / name / f"{name}.ipynb"))
    drawn = values(overlay, name, seed)
    for number, cell in enumerate(notebook.cells):
        where = f"{name}, cell {grade_id(cell) or number}"
        cell.source = _filled(cell.source, drawn, where)
        if "stub" in cell.metadata.get("unrolled", {}):
            cell.metadata.unrolled.stub = _filled(cell.metadata.unrolled.stub, drawn, where)
        if cell.cell_type == "code":
            _parse(cell.source, where)
    return notebook


def _filled(text, drawn, where):
    try:
        return TEMPLATES.from_string(text).render(drawn)
    except TemplateError as error:
        raise ValueError(f"{where}: {error.message}") from error


def _parse(source, where):
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"{where}, line {error.lineno}: {error.msg}") from error


def planted_of(overlay, name, seed):
    """The planted answers of a set with the values of `seed`, as `planted.load` gives those of a public set."""
    drawn = values(overlay, name, seed)

    def filled(answer):
        if isinstance(answer, Wrong):
            return answer._replace(source=filled(answer.source))
        return _filled(answer, drawn, f"a planted answer of {name}")

    found = planted.load(overlay / "tests" / "planted" / f"{name}.py")
    return {
        question: {kind: [filled(answer) for answer in answers] for kind, answers in entry.items()}
        for question, entry in found.items()
    }


def build(overlay, seed):
    """Write the instructors' notebooks of all sets for `seed`; return the folder that they and the students' go into."""
    folder = Path(overlay) / f"seed-{seed}"
    for name in names(overlay):
        path = folder / "solutions" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = nbformat.writes(instructor(overlay, name, seed)).rstrip("\n") + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
    return folder


def surprises(overlay, name, seed):
    """Which planted answers of a set are judged wrongly for `seed`, a list of phrases."""
    answers = planted_of(overlay, name, seed)
    runs = [planted.chosen(answers, k) for k in range(planted.count(answers))]
    found = planted.surprises(instructor(overlay, name, seed), runs)
    return [f"{name}, seed {seed}, {surprise}" for surprise in found]
