"""The example of a hub: its two configurations agree, and the roster says who may come in."""

import runpy

from traitlets.config import Config

from tests.grading.sets import ROOT

HUB = ROOT / "utils" / "hub"


def configured(name):
    config = Config()
    runpy.run_path(str(HUB / name), {"get_config": lambda: config})
    return config


def test_the_roster_and_the_teachers_may_come_in(tmp_path, monkeypatch):
    (tmp_path / "students.csv").write_text("id,name\nada,Ada\nbob,Bob\n", encoding="utf-8")
    monkeypatch.setenv("ROSTER", str(tmp_path / "students.csv"))
    monkeypatch.setenv("TEACHERS", "emmy,sofja")
    monkeypatch.setenv("EXCHANGE", str(tmp_path / "exchange"))
    hub, nbgrader = configured("jupyterhub_config.py"), configured("nbgrader_config.py")
    assert hub.Authenticator.allowed_users == {"ada", "bob", "emmy", "sofja"}
    assert hub.JupyterHub.authenticator_class == "pam"
    course = nbgrader.CourseDirectory.course_id
    assert hub.JupyterHub.load_groups == {
        f"nbgrader-{course}": {"users": ["ada", "bob"]},
        f"formgrade-{course}": {"users": ["emmy", "sofja"]},
    }
    assert (tmp_path / "exchange").stat().st_mode & 0o777 == 0o777
    assert nbgrader.Exchange.root == hub.Spawner.environment["EXCHANGE"]
