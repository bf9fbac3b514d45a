"""`make notebooks` executes what changed, stores it in one form, and leaves what fails as it was."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

import notebooks
from notebooks import (
    NotebookError,
    check,
    code_hash,
    normalise,
    read,
    staleness,
    store,
    strip,
    to_text,
    update,
)
from tests.notebooks.small import SHOWING, code, none, notebook, stream, text


@pytest.fixture
def stored(tmp_path):
    """Return a function that stores a notebook with these code cells and returns its path."""
    (tmp_path / "lectures").mkdir()

    def write(*sources):
        path = tmp_path / "lectures/04-a.ipynb"
        nbformat.write(
            v4.new_notebook(cells=[v4.new_code_cell(source) for source in sources]), path
        )
        return path

    return write


# --- the book -----------------------------------------------------------------------------------


def test_the_stored_outputs_are_those_of_the_stored_code(root):
    paths = [*notebooks.find([], root), *sorted(root.glob("exercises/*/*.ipynb"))]
    reasons = {
        path.relative_to(root): staleness(read(path), "exercises" in path.parts) for path in paths
    }
    none([f"{path}: {reason}; run `make notebooks`" for path, reason in reasons.items() if reason])


def test_the_stored_notebooks_are_in_normal_form(root):
    reasons = {
        path.relative_to(root): notebooks.unnormalised(read(path))
        for path in notebooks.find([], root)
    }
    none([f"{path}: {reason}; run `make notebooks`" for path, reason in reasons.items() if reason])


# --- executing ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The path of a notebook full of restless outputs, and its text after the first and a second run."""
    path = tmp_path_factory.mktemp("book") / "lectures/04-a.ipynb"
    path.parent.mkdir()
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(source) for source in SHOWING]), path)
    update(path)
    first = path.read_text()
    update(path, force=True)
    return path, first, path.read_text()


def test_running_twice_leaves_no_diff(executed):
    path, first, second = executed
    assert first == second
    assert check(path) is None
    assert update(path) == []
    assert path.read_text() == first


def test_what_is_stored_is_clean(executed):
    nb = read(executed[0])
    assert nb.metadata.language_info == notebooks.LANGUAGE_INFO
    assert nb.metadata.kernelspec == notebooks.KERNELSPEC
    assert [cell.execution_count for cell in nb.cells] == [1, 2, 3, 4, 5]
    assert all(set(cell.metadata) == set() for cell in nb.cells)
    assert [output.output_type for output in nb.cells[0].outputs] == ["stream", "execute_result"]
    assert nb.cells[0].outputs[0].text == "one\ntwo\n"
    assert nb.cells[0].outputs[1].data["text/plain"] == "<object at 0x0>"
    assert "dc:date" not in executed[1] and "<?xml" not in executed[1]


def test_the_kernel_has_one_thread_is_quiet_and_stands_in_the_notebooks_folder(executed):
    (output,) = read(executed[0]).cells[4].outputs
    assert output.data["text/plain"] == "('1', '1', 'lectures')"


def test_a_widget_is_stored_without_what_needs_a_kernel(executed):
    nb = read(executed[0])
    (output,) = nb.cells[3].outputs
    assert output.data["text/plain"] == "Film('last', 2 frames)"
    assert output.data["text/html"].startswith('<div class="unrolled-widget" data-form="film"')
    assert (
        "With a kernel, in Jupyter or Colab, you can also set: first." in output.data["text/html"]
    )
    assert "widgets" not in nb.metadata and "transient" not in output


def test_code_is_formatted_before_it_runs(stored):
    path = stored("x = [1,2,\n     3]\nassert x[0]==1")
    update(path)
    assert read(path).cells[0].source == "x = [1, 2, 3]\nassert x[0] == 1"
    assert check(path) is None


def test_changed_code_is_executed_again_and_changed_text_is_not(stored):
    path = stored("print(1)")
    assert check(path) == "it was never executed by `make notebooks`"
    assert len(update(path)) == 1
    nb = read(path)
    nb.cells.insert(0, text("# 4 · A title"))
    store(path, nb)
    assert staleness(read(path)) is None
    nb.cells[1].source = "print(2)"
    store(path, nb)
    assert check(path) == "its code changed since it was executed"
    update(path)
    assert read(path).cells[1].outputs[0].text == "2\n"


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        (
            ["x = 1", "# divide\n1 / 0", "2"],
            r"code cell 2 \(`# divide`\) failed: ZeroDivisionError: division by zero",
        ),
        (["if"], r"code cell 1 \(`if`\) failed: SyntaxError"),
        (["1", "import os\nos._exit(1)"], r"code cell 2 \(`import os`\) failed: the kernel died"),
        (["import warnings\nwarnings.warn('careful')"], "code cell 1 wrote to stderr: .*careful"),
        (["print('x' * 1_600_000)"], r"it has 1\.60 MB, at most 1\.5 MB are kept"),
    ],
)
def test_what_fails_is_named_and_not_stored(stored, sources, reason):
    path = stored(*sources)
    before = path.read_bytes()
    with pytest.raises(NotebookError, match=reason):
        update(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_slow_cell_is_named(stored, monkeypatch):
    monkeypatch.setattr(notebooks, "CELL_TIMEOUT", 1)
    with pytest.raises(
        NotebookError, match=r"code cell 1 \(`import time`\) failed: it ran longer than 1 s"
    ):
        update(stored("import time\ntime.sleep(20)"))


def test_the_command(stored, tmp_path):
    path = stored("print(1)")
    (tmp_path / "lectures/broken.ipynb").write_text("{")
    missing = tmp_path / "missing.ipynb"

    def run(*arguments):
        command = [sys.executable, notebooks.__file__, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
        return done.returncode, done.stdout, done.stderr

    assert run("--check", path) == (
        1,
        f"{path}: it was never executed by `make notebooks`; run `make notebooks`\n",
        "",
    )
    status, out, err = run("--times", path, tmp_path / "lectures/broken.ipynb", missing)
    assert status == 1
    assert (
        f"{path}: " in out
        and " of 60 s" in out
        and "cell 1   print(1)" in out
        and "3 notebooks in " in out
    )
    assert (
        len(err.splitlines()) == 2
        and "it is not a notebook" in err
        and "there is no such notebook" in err
    )
    assert run("--check", path) == (0, "", "")
    assert run(path)[1].startswith(f"{path}: up to date\n")


# --- normal form --------------------------------------------------------------------------------


def test_staleness():
    good = notebook(text("# 4"), code("1", count=1), code(""), code("2", count=2))
    good.metadata.unrolled = {"executed": code_hash(good)}
    assert staleness(good) is None
    good.cells[3].execution_count = 7
    assert staleness(good) == "its cells were not executed in order, from 1"
    assert staleness(notebook(code("1")), handed_out=True) is None
    assert staleness(notebook(code("1", count=1)), handed_out=True)
    assert staleness(notebook(code("1", outputs=[stream("a")])), handed_out=True)


def test_a_students_notebook_is_stripped_and_never_run(tmp_path):
    path = tmp_path / "exercises/04-a/04-a.ipynb"
    path.parent.mkdir(parents=True)
    store(path, notebook(text("# 4"), code("raise SystemExit", outputs=[stream("a")], count=3)))
    assert check(path)
    assert update(path) == []
    (cell,) = read(path).cells[1:]
    assert cell.outputs == [] and cell.execution_count is None
    assert check(path) is None


def test_cell_ids_are_kept_or_derived():
    nb = normalise(notebook(text("a"), text("a"), code("b")))
    ids = [cell.id for cell in nb.cells]
    assert len(set(ids)) == 3 and all(notebooks.OUR_CELL_ID.fullmatch(i) for i in ids)
    again = normalise(notebook(text("a"), text("a"), code("b")))
    assert [cell.id for cell in again.cells] == ids
    nb.cells[2].source = "changed"
    assert [cell.id for cell in normalise(nb).cells] == ids
    nb.cells[1].id = ids[0]
    assert len({cell.id for cell in normalise(nb).cells}) == 3


def test_metadata_of_editors_goes_and_ours_stays():
    cell = code("1", "core", "hide-input", topics=["T4.1"])
    cell.metadata.update(
        execution={"iopub.status.idle": "now"}, collapsed=True, slideshow={"slide_type": "slide"}
    )
    nb = notebook(cell)
    nb.metadata.update(jupytext={"a": 1}, vscode={}, unrolled={"executed": "0"}, title="A")
    nb = normalise(nb)
    assert set(nb.metadata) == {"kernelspec", "language_info", "unrolled", "title", "rise"}
    assert set(nb.cells[0].metadata) == {"tags", "unrolled", "slideshow"}


def test_an_svg_keeps_its_drawing_when_its_ids_are_renamed():
    def svg(clip, marker):
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
            f'<metadata>now</metadata><defs><path id="{marker}" d="M 0 0"/></defs>'
            f'<g clip-path="url(#{clip})"><use xlink:href="#{marker}"/></g>'
            f'<clipPath id="{clip}"><rect width="1"/></clipPath><g id="axes_1"/></svg>'
        )

    def cleaned(drawing):
        output = v4.new_output("display_data", {"text/html": f"<p>{drawing}</p>"})
        return (
            normalise(notebook(code("1", outputs=[output]))).cells[0].outputs[0].data["text/html"]
        )

    first, second = (
        cleaned(svg("p0123456789", "mabcdefabcd")),
        cleaned(svg("pffffffffff", "m0000000000")),
    )
    assert first == second
    assert "<metadata>" not in first and 'id="axes_1"' in first
    clip = first.split("url(#")[1].split(")")[0]
    assert clip.startswith("p") and f'<clipPath id="{clip}">' in first
    marker = first.split('xlink:href="#')[1].split('"')[0]
    assert marker.startswith("m") and f'<path id="{marker}"' in first
    wider = cleaned(svg("p0123456789", "mabcdefabcd").replace('width="1"', 'width="2"'))
    assert clip not in wider, "another clip path needs another id: both may stand on one page"
    assert cleaned(first) == f"<p>{first}</p>"


def test_cells_without_a_slide_are_skipped_where_there_are_slides():
    shown, silent = code("1", "core"), code("2", "further")
    assert "slideshow" not in normalise(notebook(silent)).cells[0].metadata
    assert "rise" not in normalise(notebook(silent)).metadata
    shown.metadata.slideshow = {"slide_type": "slide"}
    kinds = [
        cell.metadata.slideshow.slide_type for cell in normalise(notebook(shown, silent)).cells
    ]
    assert kinds == ["slide", "skip"]


def test_normalising_twice_changes_nothing_more(executed):
    nb = read(executed[0])
    assert to_text(normalise(nb)) == to_text(nb)
    assert to_text(strip(strip(nb))) == to_text(strip(nb))


# --- the promised time --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "stored", "promised"),
    [
        (3, None, 15),
        (11, None, 15),
        (12, None, 30),
        (25, 30, 30),
        (8, 30, 30),
        (7, 30, 15),
        (31, 30, 60),
    ],
)
def test_a_promise_is_kept_until_it_is_broken_or_far_too_long(spent, stored, promised):
    assert notebooks.promised_seconds(spent, stored) == promised


def test_a_notebook_beyond_every_promise_is_refused():
    with pytest.raises(NotebookError, match="400 s"):
        notebooks.promised_seconds(400)
