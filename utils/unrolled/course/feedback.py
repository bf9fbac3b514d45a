"""The page that a student gets back: what was asked, what the answer gave, points, and what to read.

No line of a hidden test is on it: of a test that failed it tells what kind of case it tries, as the handed-out
notebook does, and the kind of error. An output that repeats a line of the tests is left out.
"""

import re

from jinja2 import Environment
from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, markdown2html_mistune, strip_ansi

from unrolled.course.execution import error_of
from unrolled.course.release import checks_of, grade_id, release

LONGEST = 2000  # characters of an output on the page
TELLING = 12  # characters from which on a line of a test is recognised


def page(row, instructor, executed):
    """The feedback on one submission as HTML. `row` is a report.Row, `executed` its notebook after grading."""
    public = release(instructor)
    secret = _secret_lines(release(instructor, hidden=True), public)
    name = instructor.metadata["unrolled"]["assignment"]
    sections = _sections(row, public, executed, secret)
    return PAGE.render(
        name=name,
        chapter=int(name[:2]) if name[:2].isdigit() else name,
        row=row,
        sections=sections,
        maximum=sum(section["points"] for section in sections),
    )


def _secret_lines(hidden, public):
    handed_out = {line.strip() for cell in public.cells for line in cell.source.splitlines()}
    lines = {line.strip() for cell in hidden.cells for line in cell.source.splitlines()}
    return {line for line in lines - handed_out if len(line) >= TELLING}


def _sections(row, public, executed, secret):
    """One dict for each question with tests: title, statement, answer, what it gave, points, what to read."""
    done = {grade_id(cell): cell for cell in executed.cells if grade_id(cell)}
    given = {grade_id(cell): cell for cell in public.cells if grade_id(cell)}
    sections, statement = [], None
    for cell in public.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            statement = cell
        tests = checks_of(public, grade_id(cell)) if grade_id(cell) in done else []
        if tests and statement is not None:
            sections.append(
                _section(row, statement, done[grade_id(cell)], tests, done, given, secret)
            )
    return sections


def _section(row, statement, answer, tests, done, given, secret):
    title, _, body = statement.source.partition("\n")
    points = sum(given[test].metadata["nbgrader"]["points"] for test in tests)
    earned = sum(row.tests.get(test, 0) for test in tests)
    return {
        "title": title.removeprefix("## "),
        "statement": Markup(markdown2html_mistune(body)),
        "answer": Markup(Highlight2HTML()(answer.source)),
        "outputs": [
            text for cell in (answer, *_visible(tests, done)) if (text := _output(cell, secret))
        ],
        "points": points,
        "earned": earned if row.tests else None,
        "failed": _failed(row, tests, done, given) if row.tests else "",
    }


def _visible(tests, done):
    return [done[test] for test in tests if test.endswith("-check")]


def _output(cell, secret):
    """What a cell printed and the error it ended with, as text; a sentence instead if it shows a test."""
    printed = "".join(output.get("text", "") for output in cell.get("outputs", []))
    text = strip_ansi("\n".join(filter(None, [printed.rstrip(), error_of(cell)])))
    if any(line in text for line in secret):
        return "(left out: this output repeats lines of the tests)"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} … ({len(text)} characters)"


def _failed(row, tests, done, given):
    """What is told of a hidden test that took points away; empty if none did."""
    for test in tests:
        worth = given[test].metadata["nbgrader"]["points"]
        if row.tests.get(test, 0) < worth:
            error = re.match(r"\w+", error_of(done[test]) or "Error")[0]
            means = MEANINGS.get(error, f"your code stopped with {error}")
            return f"{_kind(given[test])} In one of these cases {means}."
    return ""


MEANINGS = {"AssertionError": "the result is not right"}


def _kind(cell):
    """What the handed-out notebook says about a hidden test: `# Question 3, hidden tests (3 points): other shapes.`"""
    first = cell.source.splitlines()[0].lstrip("# ")
    return f"The hidden tests try {first.partition('): ')[2] or 'other cases.'}"


PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ name }}: feedback</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; color: #14202b }
pre { background: #f4f6f8; padding: .6rem; overflow: auto } .points { font-weight: bold }
</style>
<h1>{{ name }}: feedback for {{ row.entry.student.name or row.entry.student.id }}</h1>
{% if row.points is none %}<p class="points">A person will look at your submission. The reason: {{ row.reason }}.</p>
{% else %}<p class="points">{{ "%g" | format(row.points) }} of {{ "%g" | format(maximum) }} points.</p>{% endif %}
{% for section in sections %}
<h2>{{ section.title }}</h2>
<details><summary>What was asked</summary>{{ section.statement }}</details>
{% if section.earned is not none %}
<p class="points">{{ "%g" | format(section.earned) }} of {{ "%g" | format(section.points) }} points</p>
{% endif %}
{{ section.answer }}
{% for output in section.outputs %}<pre>{{ output }}</pre>{% endfor %}
{% if section.failed %}<p>{{ section.failed }} Read chapter {{ chapter }} again.</p>{% endif %}
{% endfor %}
</html>
""")
