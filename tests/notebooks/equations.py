"""Checks of the numbered equations: each is computed by code that cites it, each citation has one."""

import io
import re
import tokenize
from collections import Counter
from typing import NamedTuple

from topics import python_source

NUMBER = r"[1-9]\d*\.[1-9]\d*[a-z]?"
TAG = re.compile(r"\\tag\*?\{([^}]*)\}")
DISPLAY = re.compile(r"\$\$.*?\$\$", re.DOTALL)
CITED = re.compile(rf"\(({NUMBER})\)")
RANGE = re.compile(r"\(([1-9]\d*)\.([1-9]\d*)\)\s*(?:-|–|to)\s*\(\1\.([1-9]\d*)\)")
IN_WORDS = re.compile(
    rf"\bequations?\s+((?:\({NUMBER}\)(?:\s*(?:,|-|–|and|or|to)\s*)*)+)", re.IGNORECASE
)


class Text(NamedTuple):
    """What a file says about equations. chapter: the number it belongs to, None for the package."""

    name: str
    chapter: int | None
    prose: list  # Markdown cells, or the whole text of a module
    code: list  # code cells, or the whole text of a module


def of_notebook(name, notebook):
    """Return the Text of the notebook called NN-name, NNa-name, ...; 16a and 16b belong to 16."""
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return Text(name, int(re.match(r"\d+", name).group()), prose, code)


def of_module(name, source):
    """Return the Text of a module of the package."""
    return Text(name, None, [source], [source])


def _expand(text):
    """Return the numbers that a text cites: (6.4), and all of (6.4)-(6.6)."""
    numbers = set(CITED.findall(text))
    for chapter, first, last in RANGE.findall(text):
        numbers |= {f"{chapter}.{n}" for n in range(int(first), int(last) + 1)}
    return numbers


def comments(source):
    """Return the comments of a piece of code."""
    lines = io.StringIO(python_source(source)).readline
    return [t.string for t in tokenize.generate_tokens(lines) if t.type == tokenize.COMMENT]


def cited_by_code(text):
    """Return the numbers that the comments of a Text cite."""
    found = [_expand(comment) for source in text.code for comment in comments(source)]
    return set().union(*found)


def cited_in_words(text):
    """Return the numbers to which the prose of a Text refers as "equation (n.m)"."""
    phrases = [phrase for prose in text.prose for phrase in IN_WORDS.findall(prose)]
    return set().union(*(_expand(phrase) for phrase in phrases))


def tags(text):
    """Return the numbers of the equations in a Text, in order."""
    return [number for prose in text.prose for number in TAG.findall(prose)]


def _stray(text):
    """Return the numbers that stand outside a display formula, where nothing shows them."""
    outside = [DISPLAY.sub("", prose) for prose in text.prose]
    return [number for prose in outside for number in TAG.findall(prose)]


def _malformed(text):
    found = [
        f"{text.name}: the equation number {n} is not of the form 6.4"
        for n in tags(text)
        if not re.fullmatch(NUMBER, n)
    ]
    if text.chapter is not None:
        found += [
            f"{text.name}: the equation number {n} belongs to another chapter"
            for n in tags(text)
            if not n.startswith(f"{text.chapter}.")
        ]
    return found + [f"{text.name}: \\tag{{{n}}} is outside $$…$$" for n in _stray(text)]


def problems(lectures, modules, others=()):
    """Return one sentence for each number without code, without equation, twice, or misplaced.

    lectures, modules, others (solutions): lists of Text. Lectures and modules may number equations;
    a chapter's equation is cited by the code of its own lectures or of the package.
    """
    found = [sentence for text in (*lectures, *modules) for sentence in _malformed(text)]
    count = Counter(number for text in (*lectures, *modules) for number in tags(text))
    found += [
        f"the equation number {n} occurs {times} times" for n, times in count.items() if times > 1
    ]
    found += [
        f"{text.name}: no code ends with # ({number})"
        for text in (*lectures, *modules)
        for number in dict.fromkeys(tags(text))
        if number not in _code_of(number, lectures, modules)
    ]
    for text in (*lectures, *modules, *others):
        for number in sorted((cited_by_code(text) | cited_in_words(text)) - set(count)):
            found.append(f"{text.name} cites ({number}), which no lecture has")
    found += [
        f"{t.name} numbers equations: only lectures and the package do" for t in others if tags(t)
    ]
    return found


def _code_of(number, lectures, modules):
    chapter = number.split(".")[0]
    own = [text for text in lectures if str(text.chapter) == chapter]
    return set().union(*(cited_by_code(text) for text in (*own, *modules)))
