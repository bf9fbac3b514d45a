"""Notice a submission that changes its tests instead of passing them.

Three nets, none of them a wall: the answers are read for what no question asks for (`suspects`); after each test a
cell must fail, and the kernel must say that nothing which tests rely on was replaced (`guarded`, `verify`); a test
counts as passed only if its last line was reached. What is caught goes to a person, and nobody loses points unseen.
"""

import ast
import builtins
import copy
import re
import secrets

import nbformat
from nbgrader.utils import is_grade, is_solution

from unrolled.course.execution import error_of
from unrolled.course.release import grade_id

USUAL = set(
    """math numbers numpy itertools functools collections operator typing dataclasses copy random statistics fractions
    decimal time string re matplotlib scipy torch pandas abc enum warnings unrolled cmath bisect heapq textwrap""".split()
)  # what an answer may import without a question
REACHING = set(
    """exec eval compile __import__ globals vars setattr delattr breakpoint open get_ipython __builtins__ builtins
    In _ih _i exit quit sys os""".split()
)
FILES = {
    "load",
    "save",
    "savez",
    "fromfile",
    "tofile",
    "memmap",
    "loadtxt",
    "savetxt",
    "ctypeslib",
    "f2py",
    "lib",
}
INSIDE = set(
    "course witness sys os builtins modules f_globals f_back f_locals gi_frame tb_frame".split()
)
METHODS = set(
    "__init__ __call__ __repr__ __str__ __len__ __iter__ __post_init__ __name__ __doc__ _replace _asdict _fields".split()
)
MAGICS = ("%matplotlib", "%timeit", "%time ")

# Cells that must fail, or the tests say nothing.
CHANGES = """from unrolled.course.witness import changes
for change in changes():
    print("changed:", change)
assert changes(), {secret}"""
CANARIES = {
    "assert": "assert {a} == {b}, {secret}",
    "numpy.testing": "import numpy.testing\nnumpy.testing.assert_allclose({a}.0, {b}.0, err_msg={secret})",
    "numpy.allclose": "import numpy\nassert numpy.allclose({a}.0, {b}.0), {secret}",
}


def suspects(source):
    """What in the text of an answer could reach beyond it, a list of phrases; empty for an ordinary answer."""
    plain = [line for line in source.splitlines() if line.lstrip()[:1] not in ("%", "!")]
    magics = [line.strip() for line in source.splitlines() if line.lstrip()[:1] in ("%", "!")]
    found = [f"runs {line[:40]}" for line in magics if not line.startswith(MAGICS)]
    try:
        tree = ast.parse("\n".join(plain))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return found  # it will not run either
    modules = _imported(tree)
    for node in ast.walk(tree):
        found += _suspicious(node, modules)
    return list(dict.fromkeys(found))


def _imported(tree):
    """The names that modules have in an answer; `np` is always one."""
    names = {"np", "numpy", "math", "numbers"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return names


def _suspicious(node, modules):
    match node:
        case ast.Import(names=names):
            return [f"imports {a.name}" for a in names if _unusual(a.name)]
        case ast.ImportFrom(module=module, names=names):
            found = [f"{module}.{a.name}" for a in names if _unusual(f"{module}.{a.name}")]
            return [f"imports {name}" for name in found]
        case ast.Name(id=name) if name in REACHING:
            return [f"uses {name}"]
        case ast.Attribute(value=ast.Name(id=root), attr=attr) if root in modules and (
            attr in FILES or isinstance(node.ctx, ast.Store | ast.Del)
        ):
            return [f"uses {root}.{attr}" if attr in FILES else f"changes {root}.{attr}"]
        case ast.Attribute(value=value, attr=attr) if (
            attr in INSIDE
            or _dunder(attr)
            or (attr[0] == "_" and attr not in METHODS and not _is_self(value))
        ):
            return [f"uses {attr}"]
        case ast.FunctionDef(name=name) if _dunder(name):
            return [f"defines {name}"]
        case ast.ClassDef(bases=bases, keywords=keywords) if keywords or any(map(_value, bases)):
            return [f"derives the class {node.name} from a type of values"]
        case ast.Call(func=ast.Name(id="type"), args=[_, _, _]):
            return ["makes a class with type()"]
        case ast.Call(func=ast.Name(id="getattr"), args=[_, name, *_]) if not isinstance(
            name, ast.Constant
        ) or _dunder(str(name.value)):
            return ["uses getattr with a computed name"]
    return []


def _unusual(module):
    parts = module.split(".")
    return parts[0] not in USUAL or not INSIDE.isdisjoint(parts)


def _is_self(node):
    """What a class has under a name with an underscore is its own business."""
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _dunder(name):
    return name.startswith("__") and name.endswith("__") and name not in METHODS


def _value(base):
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    return name in {
        "ndarray",
        "float",
        "int",
        "complex",
        "str",
        "list",
        "tuple",
        "dict",
        "bool",
        "type",
    }


# ---- cells that must fail


def guarded(notebook):
    """A copy of a filled notebook with canaries in it, and the secret that `verify` needs.

    Each test prints the secret at its end, and after it stands a cell that must fail with the secret as its message.
    """
    notebook, secret = copy.deepcopy(notebook), f"end-{secrets.token_hex(8)}"
    first = next(n for n, cell in enumerate(notebook.cells) if is_solution(cell))
    names = _relied_on(notebook, notebook.cells[:first])
    watch = f"from unrolled.course.witness import watch\nwatch({names!r})\ndel watch"
    cells = [*notebook.cells[:first], nbformat.v4.new_code_cell(watch)]
    for cell in notebook.cells[first:]:
        cells.append(cell)
        if _is_test(cell):
            cell.source += f"\nprint({secret!r})"
            cells.append(_canary("the witness", CHANGES, secret))
    a = secrets.randbelow(1000) + 1  # so that nobody can let these very numbers pass
    notebook.cells = [*cells, *(_canary(name, text, secret, a) for name, text in CANARIES.items())]
    return notebook, secret


def _is_test(cell):
    return cell.cell_type == "code" and is_grade(cell) and not is_solution(cell)


def _canary(name, text, secret, a=0):
    cell = nbformat.v4.new_code_cell(text.format(secret=repr(secret), a=a, b=a + 1))
    cell.metadata["canary"] = name
    return cell


def _relied_on(notebook, set_up):
    """Names of builtins and imported modules that the tests use and that no test or given cell defines."""
    trees = [_tree(cell) for cell in notebook.cells if _is_test(cell)]
    used = {node.id for tree in trees for node in ast.walk(tree) if _is_name(node, ast.Load)}
    defined = {node.id for tree in trees for node in ast.walk(tree) if _is_name(node, ast.Store)}
    modules = set().union(*(_imported(_tree(cell)) for cell in set_up if cell.cell_type == "code"))
    return sorted((used & (modules | set(dir(builtins)))) - defined)


def _is_name(node, context):
    return isinstance(node, ast.Name) and isinstance(node.ctx, context)


def _tree(cell):
    return ast.parse(cell.source)


def verify(executed, secret):
    """What was tampered with, a list of phrases; takes the canaries and the secret out of `executed` again.

    A test that did not reach its end and shows no error gets one, so that it cannot pass.
    """
    found = []
    for cell in executed.cells:
        if cell.metadata.get("canary"):
            found += _sang(cell, secret)
        elif _is_test(cell):
            found += _ended(cell, secret)
    executed.cells = [cell for cell in executed.cells if not _is_extra(cell)]
    return list(dict.fromkeys(found))


def _is_extra(cell):
    return cell.metadata.get("canary") or cell.source.startswith(
        "from unrolled.course.witness import watch"
    )


def _sang(cell, secret):
    """What is wrong with a canary: it must fail, with the secret."""
    said = error_of(cell)
    if said.startswith("AssertionError") and secret in _text(cell):
        return []
    changed = re.findall(r"^changed: (.+)$", _text(cell), re.MULTILINE)
    if changed:
        return [f"something replaced {name}" for name in changed]
    name = cell.metadata["canary"]
    return [f"something replaced {name}" if not said else f"the canary {name} said {said}"]


def _ended(cell, secret):
    """What is wrong with the end of a test; afterwards the cell is as it would be without the secret."""
    cell.source = cell.source.removesuffix(f"\nprint({secret!r})")
    reached = any(_streamed(output).endswith(f"{secret}\n") for output in cell.outputs)
    for output in cell.outputs:
        if _streamed(output):
            output.text = output.text.replace(f"{secret}\n", "")
    cell.outputs = [output for output in cell.outputs if output.get("text") != ""]
    if reached != bool(error_of(cell)):
        return []
    if not reached:
        cell.outputs.append(
            nbformat.v4.new_output(
                "error", ename="AssertionError", evalue="the test did not reach its end"
            )
        )
        return [f"{grade_id(cell)} ended early without an error"]
    return [f"{grade_id(cell)} went on after an error"]


def _streamed(output):
    return output.text if output.get("name") == "stdout" else ""


def _text(cell):
    """All that a cell printed and raised."""
    return "\n".join(
        output.get("text", "") + output.get("evalue", "") for output in cell.get("outputs", [])
    )
