"""Find every student's notebook in what a course system gives: a folder, a folder of folders, or a zip.

Three layouts are read: nbgrader's `student/assignment/assignment.ipynb`, a flat folder of `name_assignment.ipynb`,
and the zips of Moodle and Canvas. Nothing is unpacked: a member is read up to a limit, links and paths that lead
outside are refused, and whatever cannot be given to a student is listed.
"""

import csv
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

LARGEST = 10 << 20  # bytes of a notebook
MOODLE = re.compile(r"(?P<name>[^/]+?)_(?P<id>\d+)_assignsubmission_[a-z]+_?(?P<file>[^/]*)")
CANVAS = re.compile(r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<upload>\d+)_(?P<file>[^/]+)")
ALIASES = {  # heads of a roster's columns: ours, of Canvas' gradebook, of Moodle's grading worksheet
    "full name": "name",
    "student": "name",
    "email address": "email",
    "sis login id": "id",
    "identifier": "moodle",
}
COLUMNS = ("id", "name", "email", "canvas", "moodle")
NOTES = ("timestamp.txt", "submission_secret.txt")  # what nbgrader puts beside a notebook
IDENTIFIER = re.compile(r"[A-Za-z0-9][\w.@-]*")  # it becomes a folder and a part of an address


class Student(NamedTuple):
    """One row of the roster."""

    id: str
    name: str = ""
    email: str = ""
    canvas: str = ""  # the numbers by which course systems know the student
    moodle: str = ""


class Upload(NamedTuple):
    """One file that somebody handed in."""

    label: str  # where it was found
    keys: tuple  # what may name the student, surest first
    time: datetime | None
    late: bool  # as the course system marked it
    read: Callable | None  # gives the bytes
    problem: str  # why it can't be read; empty if it can


class Handed(NamedTuple):
    """What one student handed in."""

    student: Student
    upload: Upload | None  # the newest; None: nothing
    late: bool
    remarks: tuple  # what else there was


# ---- the roster


def roster(path):
    """The students of a CSV with the column `id`, or of Canvas' gradebook or Moodle's grading worksheet.

    Further columns: name, email, canvas, moodle. Raises ValueError if nothing identifies a row, or an id occurs twice.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    students = [student for row in rows if (student := _student(row, path))]
    ids = [student.id for student in students]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"{path} has more than one row for {', '.join(twice)}")
    return students


def _student(row, path):
    """One row as Student; None for Canvas' second row, which holds the points."""
    heads = {
        (head or "").strip().casefold(): (value or "")
        for head, value in row.items()
        if isinstance(value, str)
    }
    canvas = "student" in heads
    if canvas:  # there `ID` is Canvas' own number
        heads["canvas"] = heads.pop("id", "")
    values = {ALIASES.get(head, head): value.strip() for head, value in heads.items()}
    if canvas and values["name"].casefold() == "points possible":
        return None
    values["moodle"] = values.get("moodle", "").removeprefix("Participant ")
    values["id"] = (
        values.get("id") or values.get("email") or values.get("canvas") or values["moodle"]
    )
    if not IDENTIFIER.fullmatch(values["id"]):
        raise ValueError(
            f"{path}: a row has the id {values['id']!r}; expected a column `id` of letters, digits and . _ - @"
        )
    return Student(**{column: values.get(column, "") for column in COLUMNS})


# ---- files


def uploads(source, assignment):
    """Everything handed in, a list of Upload. `source` is a folder or a zip. Raises ValueError for anything else."""
    source = Path(source)
    if source.is_dir():
        return [_from_folder(path, source, assignment) for path in _files(source)]
    if zipfile.is_zipfile(source):
        archive = zipfile.ZipFile(source)
        return [
            _from_zip(archive, member, assignment)
            for member in archive.infolist()
            if not member.is_dir() and not _ignored(PurePosixPath(member.filename))
        ]
    raise ValueError(f"{source} is neither a folder nor a zip")


def _files(folder):
    """Files and links below a folder in the order of their names; links are never followed."""
    for entry in sorted(folder.iterdir()):
        if _ignored(PurePosixPath(entry.name)):
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry)
        else:
            yield entry


def _ignored(path):
    return path.name in NOTES or any(
        part in ("__MACOSX", "Thumbs.db") or (part.startswith(".") and part != "..")
        for part in path.parts
    )


def _from_folder(path, folder, assignment):
    status = path.lstat()
    problem = _problem_of(path.name, status.st_mode, status.st_size)
    relative = PurePosixPath(path.relative_to(folder).as_posix())
    keys, late = _named(relative, assignment)
    return Upload(str(relative), keys, _time(path, status), late, path.read_bytes, problem)


def _time(path, status):
    """nbgrader's timestamp beside the file, or the time of the file, as the clock on the wall shows it."""
    try:
        text = (path.parent / "timestamp.txt").read_text(encoding="utf-8")[:40].strip()
        moment = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
        return moment.astimezone().replace(tzinfo=None)
    except (OSError, ValueError):
        return datetime.fromtimestamp(status.st_mtime)


def _from_zip(archive, member, assignment):
    path = PurePosixPath(member.filename.replace("\\", "/"))
    problem = _problem_of(path.name, member.external_attr >> 16, member.file_size)
    if path.is_absolute() or ".." in path.parts:
        problem = f"{member.filename} leads out of the zip"
    if member.flag_bits & 1:
        problem = f"{member.filename} is encrypted"
    keys, late = _named(path, assignment)

    def read():
        with archive.open(member) as file:
            content = file.read(LARGEST + 1)  # what the zip says of its size need not be true
        if len(content) > LARGEST:
            raise ValueError(_too_large(path.name))
        return content

    return Upload(member.filename, keys, _zip_time(member), late, read, problem)


def _zip_time(member):
    try:
        return datetime(*member.date_time)
    except ValueError:
        return None


def _problem_of(name, mode, size):
    if stat.S_ISLNK(mode):
        return f"{name} is a link"
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return f"{name} is no file"
    if not name.lower().endswith(".ipynb"):
        return f"{name} is not a notebook"
    return _too_large(name) if size > LARGEST else ""


def _too_large(name):
    return f"{name} has more than {LARGEST >> 20} MB"


def _named(path, assignment):
    """Who may have handed in the file `path`, surest first, and whether the course system says that it was late."""
    top = path.parts[0]
    if match := MOODLE.match(top):
        return (match["id"], match["name"]), False
    if match := CANVAS.fullmatch(path.name):
        return (match["id"], match["name"]), bool(match["late"])
    if len(path.parts) > 1:
        return (top,), False
    stem = re.sub(r"( \(\d+\)|-\d+)$", "", path.stem)  # a browser's or a system's second copy
    return (path.stem.removesuffix(f"_{assignment}"), stem.removesuffix(f"_{assignment}")), False


# ---- who handed in what


def collect(source, assignment, students=None, deadline=None):
    """Give every upload to its student: a list of Handed in the order of the roster, and the uploads left over.

    Without a roster the students are those that the uploads name. `deadline` is a datetime. The newest notebook
    counts; what else there was is in the remarks.
    """
    found, strays = {}, []
    known = _directory(students) if students is not None else None
    for upload in uploads(source, assignment):
        student = _owner(upload, known)
        if student is None:
            strays.append(upload)
        else:
            found.setdefault(student, []).append(upload)
    order = students if students is not None else sorted(found)
    return [
        _newest(student, found.get(student, []), assignment, deadline) for student in order
    ], strays


def _directory(students):
    """From all that may name a student to the student; to None where two share it."""
    known = {}
    for student in students:
        for key in {_plain(key) for key in _names(student)} - {""}:
            known[key] = None if key in known else student
    return known


def _names(student):
    words = re.split(r"[,\s]+", student.name.strip())
    orders = [words, [*words[1:], words[0]], [words[-1], *words[:-1]]]  # "Lovelace, Ada" too
    return [student.id, student.email, student.canvas, student.moodle, *map("".join, orders)]


def _plain(text):
    """Letters and digits alone, without case and accents, as course systems write names in file names."""
    text = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def _owner(upload, known):
    if known is None:
        name = re.sub(r"[^\w.@-]", "-", upload.keys[0]).strip("-.")
        return Student(name) if IDENTIFIER.fullmatch(name) else None
    for key in upload.keys:
        if student := known.get(_plain(key)):
            return student
    return None


def _newest(student, some, assignment, deadline):
    def worth(upload):
        named = assignment in PurePosixPath(upload.label).name
        return (not upload.problem, named, upload.time or datetime.min, upload.label)

    if not some:
        return Handed(student, None, False, ())
    best = max(some, key=worth)
    remarks = tuple(f"also handed in: {upload.label}" for upload in some if upload is not best)
    late = best.late or bool(deadline and best.time and best.time > deadline)
    return Handed(student, best, late, ("late", *remarks) if late else remarks)


def content(upload):
    """The bytes of an upload. Raises ValueError, in words, if it cannot be read."""
    if upload.problem:
        raise ValueError(upload.problem)
    try:
        return upload.read()
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise ValueError(f"{upload.label} can't be read: {error}") from error
