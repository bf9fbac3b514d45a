"""What nbval needs to compare this book's notebooks; `pyproject.toml` loads it as a pytest plugin.

Drawings are not compared: matplotlib's SVG differs between processors in the last digits. A widget is
compared by its presence: the text beside it is the repr of every frame, and its picture is in SVG.
"""

import os

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile

from notebooks import ONE_THREAD, WIDGET_TEXT, WIDGET_VIEW, build_font_cache

SVG = "image/svg+xml"


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
        item.compare_outputs = _comparing_without_reprs(item.compare_outputs)


def _comparing_without_reprs(compare_outputs):
    def compare(test, ref, skip_compare=None):
        return compare_outputs(_comparable(test), _comparable(ref), skip_compare)

    return compare


def _comparable(outputs):
    return [_without_repr(output) for output in outputs]


def _without_repr(output):
    data = output.get("data", {})
    if WIDGET_VIEW not in data:
        return output
    return NotebookNode({**output, "data": {**data, "text/plain": WIDGET_TEXT}})
