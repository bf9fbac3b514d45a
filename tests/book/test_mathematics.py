"""Formulas are typeset while the book is built, and what can't be typeset fails the build."""

import subprocess
import sys

import pytest
from mathematics import FormulaError, Typesetter, left_over

CONF = """
import sys
sys.path.insert(0, {folder!r})
extensions = ["myst_parser", "mathematics"]
myst_enable_extensions = ["dollarmath"]
"""


@pytest.fixture
def typeset():
    """A typesetter, which ends with the test."""
    typesetter = Typesetter()
    yield typesetter
    typesetter.close()


@pytest.fixture
def build(tmp_path, root):
    """build({name: text}) writes the pages, builds what changed, and gives (page by name, warnings)."""
    (tmp_path / "conf.py").write_text(CONF.format(folder=str(root / "book/_ext")))

    def build(texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.md").write_text(text)
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", tmp_path, tmp_path / "out"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        pages = {path.stem: path.read_text() for path in (tmp_path / "out").glob("*.html")}
        return pages, done.stderr

    return build


@pytest.mark.parametrize(
    "tex",
    [
        r"\begin{aligned} a &= b \\ c &= d \end{aligned} \tag{4.2}",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
        r"\operatorname{diag}(x)",
        "a \\\\\nb \\tag{6.1}",
    ],
)
def test_what_the_book_writes_is_typeset(tex, typeset):
    html = typeset(tex, True)
    assert '<math xmlns="http://www.w3.org/1998/Math/MathML"' in html
    assert '<span class="katex-html" aria-hidden="true">' in html


@pytest.mark.parametrize(
    "tex", [r"\nosuchmacro x", r"\frac{1}", "a_b_c", r"\begin{nothing}\end{nothing}"]
)
def test_what_can_not_be_read_is_an_error(tex, typeset):
    with pytest.raises(FormulaError):
        typeset(tex, False)


def test_after_an_error_the_next_formula_is_typeset(typeset):
    with pytest.raises(FormulaError):
        typeset(r"\nosuchmacro", False)
    assert "katex" in typeset("x", False)


def test_page_and_formula_are_named(build):
    pages, warnings = build(
        {"index": "# A\n\n```{toctree}\nb\n```\n", "b": "# B\n\nA $\\nosuchmacro x$.\n"}
    )
    assert "b.md:3: WARNING: formula `\\nosuchmacro x`" in warnings
    assert "<code>\\nosuchmacro x</code>" in pages["b"]


def test_only_what_changed_is_built_again_and_has_its_formulas(build):
    build({"index": "# A\n\n$x$ and\n\n```{toctree}\nb\n```\n", "b": "# B\n\n$y$\n"})
    pages, warnings = build({"b": "# B\n\n$$z \\tag{6.4}$$\n"})
    assert warnings == ""
    assert pages["index"].count('class="katex-html"') == 1
    assert pages["b"].count('class="katex-display"') == 1


def test_formulas_in_headings_tables_and_contents(build):
    text = "# A\n\n## On $h_t$\n\n| $a$ | b |\n|---|---|\n| $c$ | d |\n\n- $e$\n"
    pages, warnings = build({"index": "```{contents}\n```\n\n" + text})
    assert warnings == ""
    assert "$" not in pages["index"]
    assert pages["index"].count('class="katex-html"') >= 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# A\n\n$$a \\tag{1.1}$$\n\n$$b \\tag{1.1}$$\n", "two equations are numbered 1.1"),
        ("# On $x$\n\nText\n", "the title of a page can't have a formula"),
        ("# A\n\n<p>a raw $x_t$</p>\n", "TeX that is no formula: `$x_t$`"),
    ],
)
def test_what_would_be_read_wrong_is_a_warning(text, problem, build):
    assert problem in build({"index": text})[1]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        (r"<div class=output>the state \(h_t\) grows</div>", [r"\(h_t\)"]),
        ("<p>where $x$ and $y_t$</p>", ["$x$", "$y_t$"]),
        ("<p>$$\\frac{1}{2}$$</p>", ["$$\\frac{1}{2}$$"]),
        ("<p>It costs $5, or 6 $; a$b and c$.</p>", []),
        (
            "<pre>echo $HOME $PATH</pre><code>$x$</code><svg><!-- $x$ --></svg><script>`$x$`</script>",
            [],
        ),
        (
            '<span class="math"><math><annotation encoding="application/x-tex">\\(</annotation></math></span>',
            [],
        ),
    ],
)
def test_tex_left_over(page, found):
    assert left_over(page) == found
