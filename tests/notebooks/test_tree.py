"""Links lead somewhere, randomness is an argument, and nothing tells of the machine it was made on."""

import pytest

import topics
from notebooks import code_cells
from tests.notebooks import links, seeds, traces
from tests.notebooks.small import none

# --- links --------------------------------------------------------------------------------------


def test_the_links_of_the_repository(root):
    paths = [*topics.notebooks_of(root), *sorted(root.glob("exercises/*/*.ipynb"))]
    paths += [root / name for name in ("README.md", "CONTRIBUTING.md")]
    none([fault for path in paths for fault in links.problems(path, root)])


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "other.md").write_text(
        "# The other page\n\n## Going further\n\n<a id='here'></a>\n"
    )
    (tmp_path / "a b.ipynb").write_text(
        '{"cells": [{"cell_type": "markdown", "source": ["# T\\n", "x"]}]}'
    )
    return tmp_path


def faults(folder, text):
    page = folder / "page.md"
    page.write_text(text)
    return links.problems(page, folder)


@pytest.mark.parametrize(
    "address",
    [
        "other.md",
        "other.md#going-further",
        "other.md#here",
        "./a%20b.ipynb#t",
        "#title",
        "https://a.org/b",
    ],
)
def test_a_good_link_passes(folder, address):
    assert faults(folder, f"# Title\n\n[it]({address})\n\n<a href='{address}'>it</a>") == []


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("missing.md", "which does not exist"),
        ("other.md#nowhere", "but there is no such heading"),
        ("#nowhere", "but there is no such heading"),
        ("../outside.md", "which is outside of the repository"),
        ("/other.md", "which is not relative"),
    ],
)
def test_a_bad_link_is_found(folder, address, reason):
    sentence = f"page.md links to {address}, {reason}"
    for text in (
        f"[it]({address})",
        f"![it]({address})",
        f"<a href='{address}'>it</a>",
        f"| [it]({address}) |\n|-|",
    ):
        assert faults(folder, text) == [sentence], text


def test_formulas_and_code_hold_no_links(folder):
    assert faults(folder, "$f[x](y)$ and `[a](b)`\n\n$$f[x](y)$$\n\n```\n[a](b)\n```") == []


# --- seeds --------------------------------------------------------------------------------------


def test_no_global_seed_in_the_book(root):
    found = []
    for path in sorted(root.glob("utils/unrolled/**/*.py")):
        found += seeds.problems(path.name, path.read_text(encoding="utf-8"), package=True)
    for path, notebook in topics.notebooks_of(root).items():
        for cell in code_cells(notebook):
            found += seeds.problems(path.name, cell.source, package=False)
    none(found)


@pytest.mark.parametrize("source", ["np.random.seed(0)", "def f():\n    random.seed(1)"])
def test_a_global_seed_is_found(source):
    for package in (True, False):
        assert len(seeds.problems("a", source, package=package)) == 1


def test_torch_is_seeded_in_a_fork_only():
    assert len(seeds.problems("a", "def f():\n    torch.manual_seed(0)", package=True)) == 1
    forked = "def f():\n    with torch.random.fork_rng():\n        torch.manual_seed(0)"
    assert seeds.problems("a", forked, package=True) == []
    assert (
        seeds.problems("a", "torch.manual_seed(0)\nnet = torch.nn.RNN(2, 3)", package=False) == []
    )


# --- traces -------------------------------------------------------------------------------------


def test_no_traces_in_the_repository(root):
    found = []
    for path in traces.files(root):
        content = path.read_bytes()
        if b"\0" not in content:
            name = str(path.relative_to(root))
            found += traces.problems(name, content.decode("utf-8"))
    none(found)


@pytest.mark.parametrize(
    "text",  # without the ~, which keeps this file itself free of traces
    [
        "--index-~url https://packages.example.org/x",
        "PIP_INDEX_~URL=https://a.example.org",
        '"resolved": "https://npm.example.org/~artifactory/api/a.tgz"',
        "https://pyp~i.example.org/simple/torch",
        "http://user:word@10~.0.0.7:8080/a",
        "File /~root/project/a.py",
        "see /~home/jane/a.py",
        "/~tmp/ipykernel_17/123.py:1: UserWarning",
    ],
)
def test_a_trace_is_found(text):
    assert len(traces.problems("a", text.replace("~", ""))) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "https://registry.npmjs.org/mathjax/-/mathjax-3.2.2.tgz",
        "https://pypi.org/simple/",
        "https://github.com/a/b/blob/main/c.py",
        "$HOME/.cache, root/home/a, the mirror image",
        "http://localhost:8000",
    ],
)
def test_ordinary_text_leaves_no_trace(text):
    assert traces.problems("a", text) == []
