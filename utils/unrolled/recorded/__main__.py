"""`python -m unrolled.recorded NAME`: run an experiment over its seeds and write its record."""

import argparse
import pkgutil
import sys
import time
from importlib import import_module

from unrolled import recorded
from unrolled.recorded import experiments
from unrolled.training.loop import progress


def known():
    """Names of the experiments."""
    return sorted(module.name for module in pkgutil.iter_modules(experiments.__path__))


def experiment(name):
    """The module of the experiment `name`, with CONFIG, SEEDS and run(seed)."""
    return import_module(f"{experiments.__name__}.{name}")


def record(name, folder=recorded.FOLDER):
    """Run the experiment `name` over its seeds, with a progress bar, and write its record. Returns the path."""
    module = experiment(name)
    results, seconds = [], []
    for seed in progress(module.SEEDS, label=name):
        start = time.process_time()
        results.append(module.run(seed))
        seconds.append(round(time.process_time() - start, 1))
    return recorded.save(
        name,
        config=module.CONFIG,
        seeds=list(module.SEEDS),
        results=results,
        seconds=seconds,
        folder=folder,
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m unrolled.recorded", description=__doc__)
    parser.add_argument("name", nargs="?", help="the experiment to run")
    name = parser.parse_args(arguments).name
    if name not in known():
        came = f"no experiment {name!r}" if name else "which experiment?"
        print(f"{came}; known are: {', '.join(known()) or 'none'}", file=sys.stderr)
        return 2
    print(f"wrote {record(name).name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
