"""A class of sixty: right, wrong and partial work, and what a grader must survive. Each entry says what must come out.

`python -m tests.grading.hostile FOLDER` writes it as a flat folder of submissions.
"""

import copy
import json
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import nbformat

from tests.grading.sets import ROOT, student
from unrolled.course import planted
from unrolled.course.release import fill, grade_id

NAME, OTHER = "06-bptt", "04-unfolding"
TOTAL = 16.0
OUTSIDE = Path("/var/tmp/unrolled-was-here")  # no submission may write this
WRONG = "def output_gradient(o, y):\n    return o * 0\n"  # costs question 2, one point


class Case(NamedTuple):
    """One submission and what must become of it."""

    content: object  # str or bytes of the file, or a function that makes something at a path
    state: str  # "graded", "look", or "either": then at most `points`, or a person looks
    points: float | None = None
    says: str = ""  # part of the reason


def answers():
    path = ROOT / "tests" / "planted" / f"{NAME}.py"
    return planted.load(path)


def notebook(**changed):
    """A notebook with right answers, some changed; underscores in names stand for hyphens."""
    right = {question: entry["right"][0] for question, entry in answers().items()}
    return fill(student(NAME), right | {n.replace("_", "-"): s for n, s in changed.items()})


def text(**changed):
    return nbformat.writes(notebook(**changed))


def attack(code, answer=WRONG):
    """Right answers but for question 2, which attacks with `code` and answers wrongly."""
    return text(q2_softmax=f"{code}\n{answer}")


def edited(change):
    """The text of a right notebook after `change` did something to it in place."""
    made = copy.deepcopy(notebook())
    change(made)
    return json.dumps(made)


def cell(made, name):
    return next(cell for cell in made.cells if grade_id(cell) == name)


def _strip(made):
    made.metadata = {}
    for some in made.cells:
        some.metadata = {}


def _retype(made):
    some = cell(made, "q3-delta")
    some.cell_type = "markdown"
    del some["outputs"], some["execution_count"]


def _copied(made):
    twin = copy.deepcopy(cell(made, "q3-delta"))
    twin.source = "def deltas(h, do, V, W):\n    return h"
    made.cells.append(twin)


def _pass_tests(made):
    for some in made.cells:
        if (grade_id(some) or "").endswith(("-check", "-hidden")):
            some.source = "pass"
    cell(made, "q2-softmax").source = WRONG


def _points(made):
    cell(made, "q2-softmax-hidden").metadata.nbgrader.points = 100
    cell(made, "q2-softmax").source = WRONG


def _without(*names):
    def change(made):
        made.cells = [some for some in made.cells if grade_id(some) not in names]

    return change


def _huge(path):
    with open(path, "wb") as file:
        file.truncate(300 << 20)


def _link(path):
    path.symlink_to("/etc/passwd")


def planted_cases():
    """Right and wrong work: everything right in two ways, and one wrong answer each."""
    some = answers()
    rights = [{q: e["right"][k % len(e["right"])] for q, e in some.items()} for k in (0, 1)]
    worth = {"q1-total": 1, "q2-softmax": 1, "q3-delta": 3, "q4-gradients": 3}
    cases = {
        f"right{k}": Case(nbformat.writes(fill(student(NAME), r)), "graded", TOTAL)
        for k, r in enumerate(rights)
    }
    for question, points in worth.items():
        wrong = some[question]["wrong"][0].source
        made = text(**{question: wrong})
        cases[f"wrong-{question}"] = Case(made, "graded", TOTAL - points)
    all_wrong = {q: e["wrong"][1].source for q, e in some.items()}
    cases["all-wrong"] = Case(nbformat.writes(fill(student(NAME), all_wrong)), "graded", 0)
    cases["blank"] = Case(nbformat.writes(student(NAME)), "graded", 0, "not answered")
    cases["half"] = Case(
        text(**dict.fromkeys(("q4-gradients", "q5-window", "q7-leaky"), "pass")), "graded", 7
    )
    cases["syntax"] = Case(text(q3_delta="def deltas(h, do, V, W)\n  retrun h"), "graded", 13)
    cases["warns"] = Case(text(q8_open="np.log(0)"), "graded", TOTAL)
    return cases


BROKEN = {
    "empty": Case("", "look", says="the file is empty"),
    "spaces": Case(" \n ", "look", says="the file is empty"),
    "no-json": Case("<html>404</html>", "look", says="not JSON"),
    "bytes": Case(b"\xff\xfe\x00\x01", "look", says="not JSON"),
    "list": Case("[]", "look", says="no notebook"),
    "nested": Case("[" * 100_000, "look", says="the file is"),
    "number": Case('{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":3}', "look"),
    "old": Case('{"nbformat":2,"worksheets":7}', "look"),
    "huge": Case(_huge, "look", says="more than 10 MB"),
    "link": Case(_link, "look", says="is a link"),
    "folder": Case(
        lambda path: path.with_suffix(".txt").write_text("x"), "look", says="not a notebook"
    ),
    "zip": Case(lambda path: zipfile.ZipFile(path, "w").writestr("../x", "y"), "look"),
}

CELLS = {
    "deleted": Case(lambda: edited(_without("q3-delta")), "look", says="missing: q3-delta"),
    "tests-deleted": Case(
        lambda: edited(_without("q3-delta-check", "q3-delta-hidden")), "graded", TOTAL
    ),
    "copied": Case(lambda: edited(_copied), "look", says="exist twice"),
    "retyped": Case(lambda: edited(_retype), "graded", TOTAL),
    "stripped": Case(lambda: edited(_strip), "look", says="stripped"),
    "tests-edited": Case(lambda: edited(_pass_tests), "graded", TOTAL - 1),
    "points-edited": Case(lambda: edited(_points), "graded", TOTAL - 1),
    "reversed": Case(lambda: edited(lambda made: made.cells.reverse()), "graded", TOTAL),
    "other-set": Case(lambda: nbformat.writes(student(OTHER)), "look", says="belongs to"),
    "cut-off": Case(lambda: text()[:5000], "look", says="cut off"),
}

RUNAWAY = {
    "loop": Case("while True:\n    pass", "look", says="a cell took longer"),
    "sleep": Case("import time\ntime.sleep(1000)", "look", says="a cell took longer"),
    "bomb": Case(
        "import os, time\nfor _ in range(150):\n    if os.fork() == 0:\n"
        "        time.sleep(30)\n        os._exit(0)\ntime.sleep(9)",
        "look",
        says="it ",
    ),
    "memory": Case("x = [bytearray(10**10)]", "either", TOTAL - 1),
    "memory-slowly": Case("x = []\nwhile True:\n    x.append(np.ones(10**7))", "either", TOTAL - 1),
    "prints": Case("while True:\n    print('x' * 1000)", "look", says="it printed more"),
    "one-print": Case("print('x' * (200 << 20))", "look"),
    "exit": Case("import os\nos._exit(0)", "look", says="the kernel died"),
    "kill": Case("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "look", says="died"),
    "quit": Case("exit()", "look"),
    "recursion": Case("def f(n):\n    return f(n + 1)\nf(0)", "graded", TOTAL - 1),
    "disk": Case("with open('x', 'wb') as f:\n    f.write(b'x' * (500 << 20))", "look"),
    "segfault": Case("import ctypes\nctypes.string_at(0)", "look", says="died"),
}

TAMPERING = {
    "numpy-testing": "import numpy.testing\nnumpy.testing.assert_allclose = lambda *a, **k: None",
    "allclose": "np.allclose = np.isclose = np.array_equal = lambda *a, **k: True",
    "abs": "import builtins\nbuiltins.abs = lambda x: 0",
    "abs-shadowed": "abs = lambda x: 0",
    "all": "import builtins\nbuiltins.all = lambda x: True\nbuiltins.AssertionError = Warning",
    "ast": "import ast\nclass S(ast.NodeTransformer):\n    def visit_Assert(self, node):\n"
    "        return ast.copy_location(ast.Pass(), node)\nget_ipython().ast_transformers.append(S())",
    "input": "get_ipython().input_transformers_post.append("
    "lambda lines: [line.replace('assert ', 'bool and ') for line in lines])",
    "trace": "import sys\nsys.settrace(lambda frame, event, arg: None)",
    "traceback": "get_ipython().showtraceback = lambda *a, **k: None",
    "custom-exc": "get_ipython().set_custom_exc((Exception,), lambda *a, **k: None)",
    "event": "get_ipython().events.register('pre_run_cell', lambda info: None)",
    "run-cell": "type(get_ipython()).run_code = lambda *a, **k: False",
    "stdout": "import sys, io\nsys.stdout = io.StringIO()",
    "frames": "import inspect\ninspect.stack()[1].frame.f_globals['float'] = lambda x: 0",
    "subclass": "class Any(np.ndarray):\n    def __sub__(self, other):\n        return 0.0",
    "solutions": f"print(open({str(ROOT / 'solutions' / NAME / f'{NAME}.ipynb')!r}).read())",
    "gradebook": "import sqlite3, glob\n[sqlite3.connect(p).execute('update grade set auto_score=99') "
    "for p in glob.glob('/**/gradebook.db', recursive=True)]",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)",
    "outside": f"open({str(OUTSIDE)!r}, 'w').write('x')",
    "witness": "import unrolled.course.witness as w\nw.changes = lambda: []\nnp.allclose = print",
    "witness-cleared": "from unrolled.course import witness\nwitness._then.clear()\nm = np\nm.abs = abs",
    "os-inside": "import random\nrandom._os.environ.clear()",
    "exec": "exec('np.all' + 'close = lambda *a, **k: True')",
}


def cases(port=80):
    """Every submission of the class by student; one of them calls `port` on this machine."""
    made = planted_cases() | BROKEN
    made |= {name: case._replace(content=case.content()) for name, case in CELLS.items()}
    made |= {name: case._replace(content=attack(case.content)) for name, case in RUNAWAY.items()}
    for name, code in TAMPERING.items():
        made[f"patch-{name}"] = Case(attack(code.replace("{port}", str(port))), "look")
    return made


QUICK = (
    "right0", "wrong-q2-softmax", "half", "empty", "link", "copied", "tests-edited", "exit", "patch-ast",
    "patch-abs-shadowed", "patch-gradebook", "patch-network", "patch-outside", "prints",
)  # fmt: skip


def write(folder, names=None, port=80):
    """Write the class, or some of it, as a flat folder; return the cases written."""
    some = {name: case for name, case in cases(port).items() if names is None or name in names}
    for name, case in some.items():
        path = Path(folder) / f"{name}.ipynb"
        if callable(case.content):
            case.content(path)
        elif isinstance(case.content, bytes):
            path.write_bytes(case.content)
        else:
            path.write_text(case.content, encoding="utf-8")
    return some


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    print(f"{len(write(sys.argv[1]))} submissions")
