"""The names of months that set 15a matches by their spelling are those of the CLDR."""

import ast

import nbformat
from babel.dates import get_month_names

LANGUAGES = ("en", "de", "es", "fr", "it")


def known(root):
    """The table `known` of the set's check: {month: names in one line}."""
    notebook = nbformat.read(root / "solutions/15a-attention/15a-attention.ipynb", 4)
    (source,) = [c.source for c in notebook.cells if "\nknown = {" in c.source]
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "known":
            return ast.literal_eval(statement.value)


def test_months_are_named_as_in_the_cldr(root):
    names = [get_month_names("wide", "stand-alone", language) for language in LANGUAGES]
    assert known(root) == {m: " ".join(each[m] for each in names) for m in range(1, 13)}
