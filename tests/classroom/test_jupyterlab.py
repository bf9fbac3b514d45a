"""A lecture in class: JupyterLab runs all its cells, the live slides run one with the same kernel."""

import shutil
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from browser import Watch, browser  # noqa: F401 (the second is a fixture)
from classroom import deck, lab

LECTURES = sorted((Path(__file__).resolve().parents[2] / "lectures").glob("*.ipynb"))
PATIENCE = 60_000  # milliseconds for the page to do what it was asked
RUN_ALL = 150_000  # milliseconds for all cells of a lecture, whose budget is 60 s

KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
CELLS = "Array.from(window.jupyterapp.shell.currentWidget.content.model.cells).filter((one) => one.type === 'code')"
ALL_RAN = f"""{CELLS}.every((one) => !one.sharedModel.source.trim() || (one.executionCount && one.executionState === 'idle'))"""
STOPPED = f"""{CELLS}.some((one) => one.outputs.toJSON().some((output) => output.output_type === 'error'))"""
ERRORS = f"""{CELLS}.flatMap((one) => one.outputs.toJSON()).filter((output) => output.output_type === 'error')
  .map((output) => `${{output.ename}}: ${{output.evalue}}`)"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab on a copy of the lectures without outputs, so that what a page shows was run there."""
    folder = tmp_path_factory.mktemp("lab")
    lectures = folder / "lectures"
    shutil.copytree(LECTURES[0].parent, lectures, ignore=shutil.ignore_patterns(".*"))
    for path in lectures.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        notebook.metadata.pop("widgets", None)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, path)
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
    name = LECTURES[0].name
    page.goto(server.address(f"lab/tree/{name}"))
    page.wait_for_function(f"{KERNEL}?.status === 'idle'")
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
    page.wait_for_function(f"{ALL_RAN} || {STOPPED}", timeout=RUN_ALL)
    return name


def test_run_all_cells(page, ran):
    assert page.evaluate(ERRORS) == []
    assert page.evaluate(ALL_RAN)
    assert page.evaluate(f"{CELLS}.some((one) => one.outputs.length > 0)")
    foreign = [problem for problem in page.watch.problems if "foreign" in problem]
    assert foreign == []


def test_slider_moves_with_the_kernel(page, ran):
    film = page.locator(".jp-OutputArea-output:has([role=img])").first
    film.scroll_into_view_if_needed()
    film.locator("[role=img]:visible").first.wait_for()
    before = deck.shown_pictures(film.element_handle())
    deck.move(page, film.locator(".noUi-handle").first.element_handle())
    assert deck.shown_pictures(film.element_handle()) != before


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
