"""Results of experiments that are too long for a notebook, with what produced them.

`make experiments NAME=name` runs `unrolled/recorded/experiments/name.py` over its seeds and writes `name.json`
here: configuration, seeds, version of the package, results (one for each seed) and seconds.
"""

import json
from pathlib import Path

import numpy as np

import unrolled

FOLDER = Path(__file__).parent
MAX_BYTES = 1_000_000


def load(name):
    """The record of an experiment: a dict with name, config, seeds, version, results and seconds.

    Raises FileNotFoundError that lists the recorded ones if there is none of that name.
    """
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in FOLDER.glob("*.json"))) or "none"
        raise FileNotFoundError(f"no record {name!r}; recorded are: {known}")
    return json.loads(path.read_text(encoding="utf-8"))


def save(name, *, config, seeds, results, seconds, folder=FOLDER):
    """Write the record of an experiment as JSON and return its path.

    config: dict; results: one for each seed; seconds: CPU seconds for each seed. NumPy arrays become lists.
    Raises ValueError if the numbers don't match, a value is not finite, or the record exceeds 1 MB.
    """
    if not len(seeds) == len(results) == len(seconds):
        raise ValueError(
            f"{len(seeds)} seeds, {len(results)} results and {len(seconds)} times: expected as many each"
        )
    header = {"name": name, "config": config, "seeds": seeds, "version": unrolled.__version__}
    record = header | {"results": results, "seconds": seconds}
    written = json.dumps(record, indent=1, allow_nan=False, default=_plain) + "\n"
    if len(written.encode()) > MAX_BYTES:
        raise ValueError(
            f"the record of {name!r} has {len(written.encode())} bytes, at most {MAX_BYTES} are allowed"
        )
    path = Path(folder) / f"{name}.json"
    path.write_text(written, encoding="utf-8")
    return path


def _plain(value):
    """What JSON knows instead of NumPy's types."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise TypeError(f"a record holds numbers, strings, lists and dicts, not {type(value).__name__}")
