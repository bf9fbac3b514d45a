"""Collecting: every file goes to its student or is listed, and nothing leads outside."""

import os
import stat
import zipfile
from datetime import UTC, datetime

import pytest

from unrolled.course import collect
from unrolled.course.collect import Student

NAME = "06-bptt"
CLASS = [
    Student("ada", "Ada Lovelace", "ada@example.org", "101", "7001"),
    Student("emil", "Émil Borel", "emil@example.org", "102", "7002"),
    Student("sofja", "Sofja Kowalewskaja", "", "103", "7003"),
]


def put(path, text="{}", when=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if when:
        os.utime(path, (when, when))


def taken(source, **options):
    """Label of what counts by student, and the labels left over."""
    handed, strays = collect.collect(source, NAME, CLASS, **options)
    assert [entry.student for entry in handed] == CLASS
    found = {e.student.id: e.upload.label for e in handed if e.upload}
    return found, [upload.label for upload in strays]


def test_nbgrader_s_layout(tmp_path):
    put(tmp_path / "ada" / NAME / f"{NAME}.ipynb")
    put(tmp_path / "ada" / NAME / "timestamp.txt", "2026-01-02 03:04:05 UTC")
    put(tmp_path / "ada" / NAME / "submission_secret.txt", "of nbgrader's exchange")
    put(tmp_path / "ada" / NAME / ".ipynb_checkpoints" / f"{NAME}-checkpoint.ipynb")
    assert taken(tmp_path) == ({"ada": f"ada/{NAME}/{NAME}.ipynb"}, [])
    (first, *_), _ = collect.collect(tmp_path, NAME, CLASS, deadline=datetime(2026, 1, 1))
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert first.upload.time == moment.astimezone().replace(tzinfo=None)
    assert first.late and first.remarks == ("late",)


def test_a_flat_folder_by_id_name_or_mail(tmp_path):
    for name in (f"ada_{NAME}", f"emil@example.org_{NAME}", f"Kowalewskaja, Sofja_{NAME}", "who"):
        put(tmp_path / f"{name}.ipynb")
    found, strays = taken(tmp_path)
    assert list(found) == ["ada", "emil", "sofja"] and strays == ["who.ipynb"]


def test_the_newest_counts_and_the_rest_is_reported(tmp_path):
    put(tmp_path / f"ada_{NAME}.ipynb", when=1000)
    put(tmp_path / f"ada_{NAME} (1).ipynb", when=3000)
    put(tmp_path / f"ada_{NAME}-2.ipynb", when=2000)
    put(tmp_path / "ada.docx", when=9000)
    (ada, *_), _ = collect.collect(tmp_path, NAME, CLASS)
    assert ada.upload.label == f"ada_{NAME} (1).ipynb"
    assert len(ada.remarks) == 3 and all("also handed in" in remark for remark in ada.remarks)


def zipped(path, *names, link=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
        if link:
            member = zipfile.ZipInfo(link)
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, "/etc/passwd")
    return path


def test_a_zip_of_moodle(tmp_path):
    source = zipped(
        tmp_path / "m.zip",
        f"Ada Lovelace_7001_assignsubmission_file_/{NAME}.ipynb",
        f"Emil Borel_9999_assignsubmission_file_{NAME}.ipynb",
        "Nobody Known_8888_assignsubmission_file_/x.ipynb",
    )
    found, strays = taken(source)
    assert list(found) == ["ada", "emil"] and len(strays) == 1


def test_a_zip_of_canvas(tmp_path):
    source = zipped(
        tmp_path / "c.zip",
        f"lovelaceada_101_5551_{NAME}.ipynb",
        f"borelemil_LATE_102_5552_{NAME}-1.ipynb",
        f"kowalewskajasofja_999_5553_{NAME}.ipynb",
    )
    handed, strays = collect.collect(source, NAME, CLASS)
    assert [bool(entry.upload) for entry in handed] == [True] * 3 and not strays
    assert [entry.late for entry in handed] == [False, True, False]


def test_what_leads_outside_is_never_read(tmp_path):
    source = zipped(tmp_path / "evil.zip", "../../ada.ipynb", "/emil.ipynb", link="sofja.ipynb")
    problems = {upload.label: upload.problem for upload in collect.uploads(source, NAME)}
    assert problems == {
        "../../ada.ipynb": "../../ada.ipynb leads out of the zip",
        "/emil.ipynb": "/emil.ipynb leads out of the zip",
        "sofja.ipynb": "sofja.ipynb is a link",
    }
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "ada.ipynb").symlink_to("/etc/passwd")
    (folder / "emil").symlink_to("/")
    os.mkfifo(folder / "sofja.ipynb")
    handed, _ = collect.collect(folder, NAME, CLASS)
    assert [entry.upload.problem for entry in handed] == [
        "ada.ipynb is a link",
        "emil is a link",
        "sofja.ipynb is no file",
    ]
    for entry in handed:
        with pytest.raises(ValueError, match="is (a link|no file)"):
            collect.content(entry.upload)


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "LARGEST", 1 << 20)
    put(tmp_path / "ada.ipynb", "x" * (2 << 20))
    (ada, *_), _ = collect.collect(tmp_path, NAME, CLASS)
    assert ada.upload.problem == "ada.ipynb has more than 1 MB"
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada.ipynb", "x" * (2 << 20))
        archive.getinfo("ada.ipynb").file_size = 5  # it lies
    with zipfile.ZipFile(tmp_path / "bomb.zip") as archive:
        member = archive.getinfo("ada.ipynb")
        member.file_size = 5
        with pytest.raises(ValueError, match="more than 1 MB|can't be read"):
            collect.content(collect._from_zip(archive, member, NAME))


def test_rosters_of_ours_of_canvas_and_of_moodle(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("id,name,canvas\nada,Ada Lovelace,101\n", encoding="utf-8")
    assert collect.roster(path) == [Student("ada", "Ada Lovelace", canvas="101")]
    path.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
        '"Lovelace, Ada",101,x,ada,one\n',
        encoding="utf-8-sig",
    )
    assert collect.roster(path) == [Student("ada", "Lovelace, Ada", canvas="101")]
    path.write_text(
        "Identifier,Full name,Email address\nParticipant 7001,Ada Lovelace,ada@example.org\n"
    )
    assert collect.roster(path) == [
        Student("ada@example.org", "Ada Lovelace", "ada@example.org", moodle="7001")
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\nAda\n", "expected a column `id`"),
        ("id\n../ada\n", "has the id '../ada'"),
        ("id\nada\nada\n", "more than one row for ada"),
    ],
)
def test_a_roster_that_names_nobody_is_refused(tmp_path, text, says):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=says):
        collect.roster(path)


def test_two_students_of_one_name_are_told_apart_by_their_id_alone(tmp_path):
    twins = [Student("a1", "Ada Byron"), Student("a2", "Ada Byron")]
    put(tmp_path / f"Ada Byron_{NAME}.ipynb")
    put(tmp_path / f"a2_{NAME}.ipynb")
    handed, strays = collect.collect(tmp_path, NAME, twins)
    assert [bool(entry.upload) for entry in handed] == [False, True]
    assert [upload.label for upload in strays] == [f"Ada Byron_{NAME}.ipynb"]


def test_neither_a_folder_nor_a_zip(tmp_path):
    put(tmp_path / "x.txt")
    with pytest.raises(ValueError, match="neither a folder nor a zip"):
        collect.uploads(tmp_path / "x.txt", NAME)
