"""Each numbered equation is executed, and each citation of one has its equation."""

import pytest

from notebooks import read
from tests.notebooks import equations
from tests.notebooks.equations import of_module, of_notebook
from tests.notebooks.small import code, none, notebook, text

GOOD = notebook(
    text("$$a = b \\tag{6.1}$$ and $$c\n= d \\tag{6.2}$$ By equations (6.1) and (6.2) ..."),
    code("%matplotlib inline\na = b  # (6.1)\nc = d  # (B, H) (6.2)"),
)


def problems(lecture=GOOD, module="", other=None, name="06-bptt"):
    others = [of_notebook("06-bptt", other)] if other else []
    return equations.problems([of_notebook(name, lecture)], [of_module("rnn", module)], others)


def test_the_book(root):
    lectures = [of_notebook(p.stem, read(p)) for p in sorted(root.glob("lectures/*.ipynb"))]
    paths = sorted(root.glob("utils/unrolled/**/*.py"))
    modules = [of_module(str(p.relative_to(root)), p.read_text(encoding="utf-8")) for p in paths]
    others = [of_notebook(p.stem, read(p)) for p in sorted(root.glob("solutions/*/*.ipynb"))]
    none(equations.problems(lectures, modules, others))


def test_good_notebooks_pass():
    assert problems() == []
    assert problems(module='"""As in equation (6.1)."""\nx = 1  # (6.1)-(6.2)') == []
    assert problems(other=notebook(code("a = 1  # (6.2)"))) == []


def test_the_package_may_compute_an_equation():
    lecture = notebook(text("$$a \\tag{6.1}$$"))
    assert problems(lecture, module="a = 1  # (6.1)") == []


def test_a_range_cites_what_lies_between():
    lecture = notebook(
        text("$$a \\tag{6.1}$$ $$b \\tag{6.2}$$ $$c \\tag{6.3}$$"), code("x  # (6.1)-(6.3)")
    )
    assert problems(lecture) == []


def test_chapter_16_may_have_two_lectures():
    a = of_notebook("16a-memory", notebook(text("$$a \\tag{16.1}$$")))
    b = of_notebook("16b-memory", notebook(code("x = 1  # (16.1)")))
    assert equations.problems([a, b], []) == []


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([text("$$a \\tag{6.1}$$"), code("a = 1")], "06-bptt: no code ends with # (6.1)"),
        ([text("$$a \\tag{6.1}$$"), code("a = '(6.1)'")], "06-bptt: no code ends with # (6.1)"),
        ([code("a = 1  # (6.7)")], "06-bptt cites (6.7), which no lecture has"),
        ([text("See equation (5.3).")], "06-bptt cites (5.3), which no lecture has"),
        (
            [text("$$a \\tag{6.1}$$ $$b \\tag{6.1}$$"), code("a  # (6.1)")],
            "the equation number 6.1 occurs 2 times",
        ),
        (
            [text("$$a \\tag{5.1}$$"), code("a  # (5.1)")],
            "06-bptt: the equation number 5.1 belongs to another chapter",
        ),
        ([text("$$a \\tag{six}$$")], "06-bptt: the equation number six is not of the form 6.4"),
        ([text("$a \\tag{6.1}$"), code("a  # (6.1)")], "06-bptt: \\tag{6.1} is outside $$…$$"),
    ],
)
def test_a_fault_is_named(cells, sentence):
    assert sentence in problems(notebook(*cells))


def test_a_module_that_cites_nothing_is_named():
    sentence = "rnn cites (12.5), which no lecture has"
    assert sentence in problems(module='"""Gates, equation (12.5)."""')
    assert sentence in problems(module="i = sigmoid(a)  # (12.5)")


def test_another_chapters_code_does_not_count():
    lectures = [
        of_notebook("06-bptt", notebook(text("$$a \\tag{6.1}$$"))),
        of_notebook("04-unfolding", notebook(code("a  # (6.1)"))),
    ]
    assert equations.problems(lectures, []) == ["06-bptt: no code ends with # (6.1)"]
