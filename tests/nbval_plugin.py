"""What nbval needs to compare this book's notebooks; `pyproject.toml` loads it as a pytest plugin.

Drawings are not compared: matplotlib's SVG differs between processors in the last digits. Of a widget the text is
compared, not the HTML, which holds its drawings. Controls that only a kernel moves are not stored.
"""

import os

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile

from notebooks import KERNEL_CONTROL, ONE_THREAD, build_font_cache

SVG = "image/svg+xml"
WIDGET = 'class="unrolled-widget"'


def pytest_configure(config):
    """Give every kernel the environment in which `make notebooks` runs the notebooks."""
    if not config.option.nbval:
        return
    os.environ["UNROLLED_QUIET"] = "1"
    if "OMP_NUM_THREADS" not in os.environ:  # set: somebody tries another number of threads
        os.environ.update(ONE_THREAD)
    os.environ.pop("MPLBACKEND", None)
    if not hasattr(config, "workerinput"):  # once, not in every worker
        build_font_cache()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    collectors = yield
    for collector in collectors:
        if isinstance(collector, IPyNbFile):
            collector.skip_compare = (*collector.skip_compare, SVG)
    return collectors


def pytest_itemcollected(item):
    if isinstance(item, IPyNbCell):
        item.compare_outputs = _comparing_what_is_stored(item.compare_outputs)


def _comparing_what_is_stored(compare_outputs):
    def compare(test, ref, skip_compare=None):
        return compare_outputs(_comparable(test), _comparable(ref), skip_compare)

    return compare


def _comparable(outputs):
    return [
        _without_drawings(output)
        for output in outputs
        if KERNEL_CONTROL not in output.get("data", {})
    ]


def _without_drawings(output):
    if WIDGET not in output.get("data", {}).get("text/html", ""):
        return output
    data = {mime: text for mime, text in output["data"].items() if mime != "text/html"}
    return NotebookNode({**output, "data": data})
