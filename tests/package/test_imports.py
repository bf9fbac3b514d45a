"""What importing the package brings with it."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
for name in ("torch", "matplotlib", "tqdm", "IPython"):
    sys.modules[name] = None  # importing it raises
import {modules}
{statement}
print(json.dumps(sorted(sys.modules)))
"""
SCRATCH = """
    rnn readout activations losses nested optim gradcheck tape masking workspace
    structure tree tree_lstm attention grammar parsing hopfield
""".split()
NUMPY_ALONE = ["unrolled", *(f"unrolled.scratch.{name}" for name in SCRATCH), "unrolled.tasks"]


def loaded(*modules, statement=""):
    """Names of the modules in a fresh interpreter that imported these, then ran a statement; torch and others raise."""
    program = PROGRAM.format(modules=", ".join(modules), statement=statement)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def top(modules):
    return {name.partition(".")[0] for name in modules}


def test_scratch_and_tasks_need_numpy_alone():
    brought = top(loaded(*NUMPY_ALONE)) - top(loaded("numpy")) - set(sys.stdlib_module_names)
    assert brought == {"unrolled"}


@pytest.mark.parametrize("module", ["vocabulary", "batches", "alkanes"])
def test_batches_need_numpy_alone(module):
    brought = (
        top(loaded(f"unrolled.data.{module}")) - top(loaded("numpy")) - set(sys.stdlib_module_names)
    )
    assert brought == {"unrolled"}


@pytest.mark.parametrize("load", ["shakespeare.text", "sunspots.yearly", "co2.weekly"])
def test_data_is_read_without_importing_its_package(load):
    module = f"unrolled.data.{load.split('.')[0]}"
    brought = top(loaded(module, statement=f"assert len(unrolled.data.{load}()) > 1"))
    assert brought - top(loaded("numpy")) - set(sys.stdlib_module_names) == {"unrolled"}


def test_importing_unrolled_loads_none_of_its_parts():
    assert {name for name in loaded("unrolled") if name.startswith("unrolled")} == {"unrolled"}


def test_scratch_imports_no_other_part_of_the_package():
    parts = {
        name.split(".")[1] for name in loaded(*NUMPY_ALONE[1:-1]) if name.startswith("unrolled.")
    }
    assert parts == {"scratch"}


def test_decoding_needs_numpy_alone():
    brought = top(loaded("unrolled.nets.decoding")) - top(loaded("numpy"))
    assert brought - set(sys.stdlib_module_names) == {"unrolled"}
