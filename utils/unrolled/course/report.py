"""What comes out of grading a class: tables for people and for course systems, feedback, a one-page overview."""

import base64
import csv
import io
from typing import NamedTuple

import nbformat
from jinja2 import Environment
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from unrolled.course import feedback
from unrolled.course.collect import Handed
from unrolled.course.release import checks_of, grade_id, release
from unrolled.course.submission import GRADED, LOOK, points_of

NOTHING = "nothing"  # not handed in
STATES = {GRADED: "graded", LOOK: "for a person to look at", NOTHING: "not handed in"}


class Row(NamedTuple):
    """What became of one student."""

    entry: Handed
    state: str  # GRADED, LOOK or NOTHING
    points: float | None  # None unless graded
    reason: str
    tests: dict  # points of each test by grade_id


class Question(NamedTuple):
    """How a class did on one question."""

    name: str
    title: str
    points: float
    earned: list  # points of each graded student

    @property
    def missed(self):
        """The share of the graded students who lost points on it, 0 to 1."""
        return sum(points < self.points for points in self.earned) / max(len(self.earned), 1)


def write(rows, strays, instructor, output):
    """Write the tables, the overview and the feedback of a class into the folder `output`."""
    name = instructor.metadata["unrolled"]["assignment"]
    released = release(instructor, hidden=True)
    maximum = points_of(released)
    _table(output / f"{name}.csv", _ours(rows, maximum))
    _table(output / f"{name}-canvas.csv", _canvas(rows, name, maximum))
    _table(output / f"{name}-moodle.csv", _moodle(rows, maximum))
    text = _overview(rows, strays, released, name)
    (output / f"{name}.html").write_text(text, encoding="utf-8")
    for row in rows:
        if row.state != NOTHING:
            _feedback(row, instructor, output, name)


def _feedback(row, instructor, output, name):
    student = row.entry.student.id
    executed = nbformat.read(output / "autograded" / student / name / f"{name}.ipynb", as_version=4)
    path = output / "feedback" / student / name / f"{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(feedback.page(row, instructor, executed), encoding="utf-8")


# ---- tables


def _table(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([_safe(cell) for cell in row] for row in rows)


def _safe(cell):
    """A text that a spreadsheet would take for a formula, as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "@", "\t") else cell


def _points(row):
    return "" if row.points is None else row.points


def _ours(rows, maximum):
    tests = list(dict.fromkeys(name for row in rows for name in row.tests))
    head = ["student", "name", "state", "points", "max_points", "late", "reason", "remarks", "file"]
    yield [*head, *tests]
    for row in rows:
        entry = row.entry
        yield [
            entry.student.id,
            entry.student.name,
            row.state,
            _points(row),
            maximum,
            "late" if entry.late else "",
            row.reason,
            "; ".join(entry.remarks),
            entry.upload.label if entry.upload else "",
            *(row.tests.get(name, "") for name in tests),
        ]


def _canvas(rows, name, maximum):
    """The columns that Canvas' gradebook imports; an empty cell leaves the grade as it is."""
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", name]
    yield ["    Points Possible", "", "", "", "", maximum]
    for row in rows:
        student = row.entry.student
        yield [student.name, student.canvas, "", student.id, "", _points(row)]


def _moodle(rows, maximum):
    """The columns of Moodle's offline grading worksheet."""
    yield [
        "Identifier",
        "Full name",
        "Email address",
        "Grade",
        "Maximum Grade",
        "Feedback comments",
    ]
    for row in rows:
        student = row.entry.student
        identifier = f"Participant {student.moodle}" if student.moodle else ""
        comment = row.reason if row.state == GRADED else STATES[row.state]
        yield [identifier, student.name, student.email, _points(row), maximum, comment]


# ---- the overview


def questions(rows, released):
    """How the class did on each question that has tests, a list of Question."""
    found, title = [], ""
    graded = [row for row in rows if row.state == GRADED and row.tests]
    for cell in released.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            title = cell.source.splitlines()[0].removeprefix("## ").split(" (")[0]
        tests = checks_of(released, grade_id(cell)) if _answer(cell) else []
        if tests:
            points = sum(_worth(released, test) for test in tests)
            earned = [sum(row.tests.get(test, 0) for test in tests) for row in graded]
            found.append(Question(grade_id(cell), title, points, earned))
    return found


def _answer(cell):
    return cell.metadata.get("nbgrader", {}).get("solution", False)


def _worth(released, test):
    return next(
        cell.metadata["nbgrader"]["points"] for cell in released.cells if grade_id(cell) == test
    )


def _picture(rows, found, maximum):
    """The points of the class, and for each question how many got all, some and none of its points, as PNG."""
    figure = Figure(figsize=(10, 0.45 * len(found) + 1.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    points = [row.points for row in rows if row.points is not None]
    left.hist(points, bins=12, range=(0, maximum or 1), color="#0072B2", edgecolor="white")
    left.set(xlabel="points", ylabel="students", title="All questions")
    left.yaxis.set_major_locator(MaxNLocator(integer=True))
    names = [question.title.split(" · ")[0] for question in found]
    start = [0.0] * len(found)
    for words, colour, belongs in PARTS:
        shares = [100 * _share(question, belongs) for question in found]
        bars = right.barh(names, shares, left=start, color=colour, label=words)
        labels = [f"{share:.0f} %" if share >= 10 else "" for share in shares]
        right.bar_label(bars, labels, label_type="center", color="white")
        start = [before + share for before, share in zip(start, shares, strict=True)]
    right.set(xlabel="students, %", xlim=(0, 100))
    right.set_title("Each question", loc="left")
    right.invert_yaxis()
    figure.legend(loc="outside lower right", ncols=3, frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return base64.b64encode(file.getvalue()).decode()


PARTS = [  # of the class, by what a student earned on a question that gives `most` points
    ("all points", "#0072B2", lambda earned, most: earned >= most),
    ("some", "#6b6b6b", lambda earned, most: 0 < earned < most),
    ("none", "#b34700", lambda earned, most: earned <= 0),
]


def _share(question, belongs):
    those = sum(belongs(earned, question.points) for earned in question.earned)
    return those / max(len(question.earned), 1)


def counts(rows):
    """How many students are in each state."""
    return {state: sum(row.state == state for row in rows) for state in STATES}


def _overview(rows, strays, released, name):
    found = questions(rows, released)
    hardest = sorted(found, key=lambda question: -question.missed)[:3]
    points = sorted(row.points for row in rows if row.points is not None)
    return PAGE.render(
        name=name,
        rows=rows,
        strays=strays,
        counts=counts(rows),
        states=STATES,
        maximum=points_of(released),
        median=points[len(points) // 2] if points else None,
        hardest=[question for question in hardest if question.missed],
        questions=found,
        picture=_picture(rows, found, points_of(released)),
    )


PAGE = Environment(autoescape=True).from_string("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{ name }}: the class</title>
<style>
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #14202b }
table { border-collapse: collapse } td, th { padding: .2rem .8rem; text-align: left; border-bottom: 1px solid #ccc }
img { max-width: 100% }
</style>
<h1>{{ name }}: the class</h1>
<p>{% for state, number in counts.items() %}{{ number }} {{ states[state] }}{{ ", " if not loop.last }}{% endfor %}.
{% if median is not none %}The median is {{ "%g" | format(median) }} of {{ "%g" | format(maximum) }} points.{% endif %}</p>
<img src="data:image/png;base64,{{ picture }}" alt="Students by points, and for each question the share who got all, some
and none of its points{% if hardest %};
 most lost points on {{ hardest[0].title }} ({{ "%.0f" | format(100 * hardest[0].missed) }} %){% endif %}">
{% if hardest %}<h2>What most students miss</h2>
<ol>{% for question in hardest %}
<li>{{ question.title }}: {{ "%.0f" | format(100 * question.missed) }} % lost points</li>{% endfor %}
</ol>{% endif %}
<h2>For a person to look at</h2>
{% if counts["look"] %}<table><tr><th>Student</th><th>Reason</th></tr>
{% for row in rows if row.state == "look" %}
<tr><td>{{ row.entry.student.name or row.entry.student.id }}</td><td>{{ row.reason }}</td></tr>{% endfor %}
</table>{% else %}<p>Nobody.</p>{% endif %}
<h2>Not handed in</h2>
<p>{% for row in rows if row.state == "nothing" -%}
{{ row.entry.student.name or row.entry.student.id }}{{ "; " if not loop.last }}{% else %}Nobody.{% endfor %}</p>
{% if strays %}<h2>Files that belong to nobody on the roster</h2>
<ul>{% for stray in strays %}
<li>{{ stray.label }}{% if stray.problem %}: {{ stray.problem }}{% endif %}</li>{% endfor %}
</ul>{% endif %}
{% set remarked = rows | selectattr("entry.remarks") | list %}
{% if remarked %}<h2>Late, or more than one file</h2>
<ul>{% for row in remarked %}
<li>{{ row.entry.student.id }}: {{ row.entry.remarks | join("; ") }}</li>{% endfor %}
</ul>{% endif %}
</html>
""")


def summary(rows, strays, output, name):
    """What the command says at its end."""
    number = counts(rows)
    parts = [f"{number[state]} {words}" for state, words in STATES.items()]
    lines = [f"{len(rows)} students: {', '.join(parts)}"]
    if strays:
        lines.append(f"{len(strays)} files belong to nobody on the roster")
    lines.append(f"{output / name}.html shows the class, {output / name}.csv has every row")
    return "\n".join(lines)
