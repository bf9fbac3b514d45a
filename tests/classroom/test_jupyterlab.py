"""A lecture in class: JupyterLab runs all its cells, the live slides run one with the same kernel."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

import notebooks
import widget_demo
from browser import Watch, browser  # noqa: F401 (the second is a fixture)
from classroom import deck, lab
from widget_use import WIDGET, faults

LECTURES = sorted((Path(__file__).resolve().parents[2] / "lectures").glob("*.ipynb"))
PATIENCE = 60_000  # milliseconds for the page to do what it was asked
WIDGETS, STRANGE = "99-widgets.ipynb", "98-strange.ipynb"
SOON = 4_000  # milliseconds in which a kernel that is ready takes a cell
RUN_ALL = 150_000  # milliseconds for all cells of a lecture, whose budget is 60 s

# JupyterLab opens the notebooks of its last visit again, any of which may stand in front for a moment.
IN_FRONT = "(name) => window.jupyterapp?.shell.currentWidget?.context?.path.endsWith(name)"
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
CELLS = "Array.from(window.jupyterapp.shell.currentWidget.content.model.cells).filter((one) => one.type === 'code')"
ALL_RAN = f"""{CELLS}.every((one) => !one.sharedModel.source.trim() || (one.executionCount && one.executionState === 'idle'))"""
STOPPED = f"""{CELLS}.some((one) => one.outputs.toJSON().some((output) => output.output_type === 'error'))"""
ERRORS = f"""{CELLS}.flatMap((one) => one.outputs.toJSON()).filter((output) => output.output_type === 'error')
  .map((output) => `${{output.ename}}: ${{output.evalue}}`)"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab on a copy of the lectures without outputs, so that what a page shows was run there.

    Beside them a notebook with every form of widget, and one with their outputs, which nobody has trusted.
    """
    folder = tmp_path_factory.mktemp("lab")
    lectures = folder / "lectures"
    shutil.copytree(LECTURES[0].parent, lectures, ignore=shutil.ignore_patterns(".*"))
    for path in lectures.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, path)
    nbformat.write(widget_demo.notebook(), lectures / WIDGETS)
    shutil.copy(lectures / WIDGETS, lectures / STRANGE)
    notebooks.update(lectures / STRANGE)
    with lab.serve(folder, lectures) as running:
        yield running


@pytest.fixture(scope="module")
def page(server, browser):  # noqa: F811
    """A page of the browser; it may ask the server alone."""
    context = browser.new_context(viewport={"width": deck.WIDTH, "height": 800})
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    opened.watch = Watch(opened, (server.url, server.url.replace("http", "ws", 1)))
    yield opened
    context.close()


@pytest.fixture(scope="module")
def ran(server, page):
    """The first lecture, opened in JupyterLab, all its cells run from the menu. Returns its name."""
    return run_all(server, page, LECTURES[0].name)


def run_all(server, page, name):
    """Open a notebook in JupyterLab and run all its cells from the menu."""
    page.goto(server.address(f"lab/tree/{name}"))
    page.wait_for_function(IN_FRONT, arg=name)
    page.wait_for_function(f"{KERNEL}?.status === 'idle'")
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
    page.wait_for_function(f"{ALL_RAN} || {STOPPED}", timeout=RUN_ALL)
    return name


def widgets(page):
    """The widgets of the notebook in sight; JupyterLab keeps the others that were open."""
    return page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {WIDGET}")


def test_run_all_cells(page, ran):
    assert page.evaluate(ERRORS) == []
    assert page.evaluate(ALL_RAN)
    assert page.evaluate(f"{CELLS}.some((one) => one.outputs.length > 0)")
    foreign = [problem for problem in page.watch.problems if "foreign" in problem]
    assert foreign == []


def test_the_lecture_s_widget_answers(page, ran):
    assert faults(page, widgets(page).first) == []


def test_live_slides_run_a_cell(server, page, ran):
    """The lecture's slides, with the kernel in which JupyterLab ran it."""
    page.goto(server.address(f"rise/{ran}"))
    present = page.locator(".reveal section.present:not(.stack)")
    present.locator(".jp-Cell").first.wait_for()
    expect(page.locator(".reveal h1").first).to_be_visible()
    kernel = server.ask("api/sessions")[0]["kernel"]["id"]
    to_code_cell(page, present)
    cell = present.locator(".jp-CodeCell").first
    prompt = cell.locator(".jp-InputPrompt")
    expect(prompt).to_have_text("[ ]:")
    prompt.click()  # selects the cell
    page.keyboard.press("Control+Enter")
    count = 1 + sum(bool(one.source.strip()) for one in code_cells(ran))
    expect(prompt).to_have_text(f"[{count}]:", timeout=PATIENCE)
    assert (
        cell.locator(
            "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type*=error]"
        ).count()
        == 0
    )
    assert [each["kernel"]["id"] for each in server.ask("api/sessions")] == [kernel]
    foreign = [problem for problem in page.watch.problems if "foreign" in problem]
    assert foreign == []


def test_every_form_of_widget_answers(server, page):
    run_all(server, page, WIDGETS)
    assert page.evaluate(ERRORS) == []
    expect(widgets(page)).to_have_count(len(widget_demo.FORMS) + 1)
    assert [fault for widget in widgets(page).all() for fault in faults(page, widget)] == []


def test_a_live_control_draws_the_film_anew(server, page):
    """The last cell shows a film whose height the kernel sets."""
    run_all(server, page, WIDGETS)
    film = widgets(page).last
    film.locator("input").focus()
    page.keyboard.press("End")
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    expect(film.get_by_role("img")).to_have_accessible_name(
        "A wave that turns 3 times, shifted by 0, 1.1 high", timeout=PATIENCE
    )
    assert faults(page, film) == []


def test_a_notebook_that_nobody_trusts_reads_as_text(server, page):
    """JupyterLab cuts scripts, styles and drawings out of it."""
    page.goto(server.address(f"lab/tree/{STRANGE}"))
    notebook = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    for words in (
        "This figure moves where scripts run.",
        "A wave that turns 2 times, shifted by 0, 1 high",
        "Step 4: one more turn.",
        "Parts can be chosen where scripts run.",
        "gradient",
    ):
        expect(notebook).to_contain_text(words, timeout=PATIENCE)
    assert widgets(page).count() > 0 and notebook.locator("[data-ready]").count() == 0
    outputs = notebook.locator(".jp-OutputArea-output").all_inner_texts()
    assert not any("parts" in text or "{" in text for text in outputs)


def test_widgets_answer_on_live_slides(server, page):
    page.goto(server.address(f"rise/{WIDGETS}"))
    present = page.locator(".reveal section.present:not(.stack)")
    present.locator(".jp-Cell").first.wait_for()
    to_code_cell(page, present)
    run_slide(page, present)
    for form in widget_demo.FORMS:
        page.keyboard.press("PageDown")
        widget = present.locator(f"{WIDGET}[data-form={form}]")
        present.locator(".jp-CodeCell", has_text=widget_demo.FORMS[form][:30]).first.wait_for()
        run_slide(page, present)
        widget.wait_for()
        assert faults(page, widget) == []
        assert deck.turning_key(page, widget) is None


def run_slide(page, present):
    """Run the code cell of the slide; a kernel that still starts does not hear the first keys."""
    prompt = present.locator(".jp-InputPrompt").last
    for _ in range(PATIENCE // SOON):
        prompt.click()  # selects the cell
        page.keyboard.press("Control+Enter")
        try:
            return expect(prompt).to_have_text(re.compile(r"\[(\d+|\*)\]:"), timeout=SOON)
        except AssertionError:
            continue
    pytest.fail(f"the cell does not run: its prompt is {prompt.inner_text()}")


def to_code_cell(page, present):
    """Turn pages until the slide has a code cell, which a lecturer can run."""
    for _ in range(200):
        code = present.locator(".jp-CodeCell")
        if code.count() and code.first.is_visible():
            return
        before = present.inner_html()
        page.keyboard.press("Space")
        page.wait_for_function(
            "(before) => document.querySelector('.reveal section.present:not(.stack)').innerHTML !== before",
            arg=before,
        )
    pytest.fail("no live slide with a code cell")


def code_cells(name):
    notebook = nbformat.read(LECTURES[0].parent / name, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
