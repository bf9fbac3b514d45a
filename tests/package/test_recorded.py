"""Records: written, read, refused, and made by the command."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import unrolled
from unrolled import recorded
from unrolled.recorded import __main__ as command

RESULT = {"loss": np.float32(0.5), "curve": np.arange(3), "solved": np.bool_(True), "text": "é"}


def test_a_record_comes_back(tmp_path, monkeypatch):
    monkeypatch.setattr(recorded, "FOLDER", tmp_path)
    arguments = {
        "config": {"H": 4},
        "seeds": [1, 2],
        "results": [RESULT, RESULT],
        "seconds": [0.1, 0.2],
    }
    path = recorded.save("trial", folder=tmp_path, **arguments)
    assert path == tmp_path / "trial.json"
    plain = {"loss": 0.5, "curve": [0, 1, 2], "solved": True, "text": "é"}
    header = {"name": "trial", "version": unrolled.__version__}
    assert recorded.load("trial") == arguments | header | {"results": [plain, plain]}
    before = path.read_bytes()
    recorded.save("trial", folder=tmp_path, **arguments)
    assert path.read_bytes() == before
    with pytest.raises(FileNotFoundError, match="no record 'other'; recorded are: trial"):
        recorded.load("other")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"seconds": [0.1]}, ValueError, "2 seeds, 2 results and 1 times"),
        ({"results": [RESULT, {"loss": np.nan}]}, ValueError, "Out of range float"),
        ({"results": [RESULT, {"bytes": b"x"}]}, TypeError, "not bytes"),
        ({"results": ["x" * 600_000] * 2}, ValueError, "at most 1000000"),
    ],
)
def test_what_is_not_recorded(change, error, message, tmp_path):
    arguments = {
        "config": {},
        "seeds": [1, 2],
        "results": [RESULT] * 2,
        "seconds": [0.1, 0.2],
    } | change
    with pytest.raises(error, match=message):
        recorded.save("trial", folder=tmp_path, **arguments)
    assert not list(tmp_path.iterdir())


def test_the_command_runs_an_experiment_over_its_seeds(tmp_path, monkeypatch):
    experiment = SimpleNamespace(
        CONFIG={"factor": 3}, SEEDS=(4, 5), run=lambda seed: {"value": 3 * seed}
    )
    monkeypatch.setitem(sys.modules, "unrolled.recorded.experiments.tripling", experiment)
    record = json.loads(command.record("tripling", tmp_path).read_text(encoding="utf-8"))
    seconds = record.pop("seconds")
    assert record == {
        "name": "tripling",
        "config": {"factor": 3},
        "seeds": [4, 5],
        "version": unrolled.__version__,
        "results": [{"value": 12}, {"value": 15}],
    }
    assert len(seconds) == 2 and all(s >= 0 for s in seconds)


@pytest.mark.parametrize("arguments", [[], ["no-such-experiment"], ["../__init__"]])
def test_the_command_lists_what_it_knows_and_fails(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "unrolled.recorded", *arguments],
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert "known are: " in done.stderr and all(name in done.stderr for name in command.known())
    assert "Traceback" not in done.stderr


def test_every_record_belongs_to_an_experiment_and_its_configuration():
    for path in recorded.FOLDER.glob("*.json"):
        record = recorded.load(path.stem)
        experiment = command.experiment(path.stem)
        assert record["name"] == path.stem
        assert record["config"] == json.loads(
            json.dumps(experiment.CONFIG, default=recorded._plain)
        )
        assert record["seeds"] == list(experiment.SEEDS) and len(record["results"]) == len(
            record["seeds"]
        )
