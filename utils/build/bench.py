"""Cost of a training step of the layers in `unrolled.scratch` against torch, and against the bare matrix products.

A step is the forward pass and the backward pass with the gradient of the input. Process CPU time, one thread; the
contestants take turns in every round, and a figure is the ratio of the medians over all rounds. The tables go into
book/benchmarks.md, between its two marks; --dry leaves the page alone. It takes two minutes. The exit status is 1 if
a layer costs more than it may.
"""

import os

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import argparse
import datetime
import platform
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
import torch
from threadpoolctl import threadpool_info

import contestants

PAGE = Path(__file__).resolve().parents[2] / "book/benchmarks.md"
BEGIN, END = "% figures of make bench: begin", "% figures of make bench: end"
SHAPES = [
    (25, 1, 65, 100),
    (35, 32, 64, 128),
    (50, 64, 128, 256),
    (100, 16, 32, 64),
    (200, 32, 16, 32),
]
DTYPES = {"float32": np.float32, "float64": np.float64}
TURN = 0.02  # CPU seconds a contestant gets in a round
TITLES = {"rnn": "RNN", "lstm": "LSTM", "gru": "GRU, reset after the product"}
BUSY = 0.5  # a load average before the start that disturbs


def allowed(name, dtype, batch):
    """What `scratch` may cost, as a part of torch's cost."""
    if name == "lstm" and dtype == "float32":
        return 0.9 if batch == 1 else 2.0
    return {"rnn": 0.85, "lstm": 0.85, "gru": 0.95}[name]


def cpu_seconds(step, repeats):
    """CPU seconds of one step, over so many repeats."""
    start = time.process_time()
    for _ in range(repeats):
        step()
    return (time.process_time() - start) / repeats


def medians(steps, rounds):
    """Median CPU seconds of each of the named steps, measured in turn for so many rounds."""
    repeats = {}
    for name, step in steps.items():
        step()
        repeats[name] = max(1, round(TURN / max(cpu_seconds(step, 2), 1e-9)))
    times = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(cpu_seconds(step, repeats[name]))
    return {name: median(values) for name, values in times.items()}


def measure(name, shape, dtype, rounds):
    """Medians of all contestants for one layer at one shape (T, B, D, H)."""
    given = contestants.problem(name, shape, DTYPES[dtype])
    builders = dict(contestants.CONTESTANTS)
    if (name, dtype) == ("lstm", "float32"):
        builders["without oneDNN"] = contestants.torch_without_onednn
    return medians({key: build(name, *given) for key, build in builders.items()}, rounds)


SPACE = "\N{NO-BREAK SPACE}"  # keeps a shape on one line
HEAD = f"""| {f",{SPACE}".join("TBDH")} | dtype | ms | of torch | of cells | of naive | of products | products of torch |
|---|---|---:|---:|---:|---:|---:|---:|"""


def row(shape, dtype, cost):
    """A line of the table: milliseconds of `scratch`, then its cost as a part of the others'."""
    ours = cost["scratch"]
    parts = [ours / cost[other] for other in ("torch", "cells", "naive", "products")]
    parts.append(cost["products"] / cost["torch"])
    cells = [
        f",{SPACE}".join(map(str, shape)),
        dtype,
        f"{1e3 * ours:.2f}",
        *(f"{p:.2f}" for p in parts),
    ]
    return f"| {' | '.join(cells)} |"


def without_onednn(costs):
    """What oneDNN does for torch's LSTM, in a sentence; costs: those of all shapes in float32."""
    factors = [cost["without oneDNN"] / cost["torch"] for cost in costs]
    ours = [cost["scratch"] / cost["without oneDNN"] for cost in costs]
    return (
        f"With oneDNN switched off, torch's float32 LSTM costs {min(factors):.1f} to {max(factors):.1f} times as much; "
        f"`scratch.lstm` then costs {min(ours):.2f} to {max(ours):.2f} of it."
    )


def processor():
    """The processor's name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(
            line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")
        )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def blas():
    """The BLAS that NumPy uses and the processor core it chose its kernels for."""
    numpy_blas = [info for info in threadpool_info() if "numpy" in info["filepath"]]
    described = [
        f"{info['internal_api']} {info['version']}, core {info.get('architecture', 'unknown')}"
        for info in numpy_blas
    ]
    return "; ".join(described) or "unknown"


def machine(rounds, load):
    """Where the figures are from, in a paragraph; load: the load average before the start."""
    described = (
        f"Measured on {datetime.date.today():%d %B %Y}: {processor()}; Python {platform.python_version()}; "
        f"NumPy {np.__version__} on {blas()}; torch {torch.__version__}. "
        f"One thread, process CPU time, {rounds} rounds."
    )
    if load > BUSY:
        described += (
            f" The machine did other work at the same time (load average {load:.1f} before the start), "
            "which shares its caches and its memory: the ratios can be off by a tenth or more."
        )
    return described


def write(page, figures):
    """Put the figures between the two marks of the page. Raises ValueError if a mark is missing."""
    text = page.read_text()
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page} needs the lines {BEGIN!r} and {END!r}")
    page.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--dry", action="store_true", help="print, and leave the page alone")
    parser.add_argument("--layers", nargs="+", choices=TITLES, default=list(TITLES))
    options = parser.parse_args()
    if len(options.layers) < len(TITLES) and not options.dry:
        parser.error("the page needs all layers: --layers goes with --dry")
    torch.set_num_threads(1)
    parts, misses = [machine(options.rounds, os.getloadavg()[0])], []

    def say(text):
        parts[-1] += f"\n{text}"
        print(text, flush=True)

    print(parts[0])
    for name in options.layers:
        parts.append(f"### {TITLES[name]}\n")
        print(f"\n{TITLES[name]}")
        say(HEAD)
        single = []
        for shape in SHAPES:
            for dtype in DTYPES:
                cost = measure(name, shape, dtype, options.rounds)
                say(row(shape, dtype, cost))
                ratio, limit = cost["scratch"] / cost["torch"], allowed(name, dtype, shape[1])
                if ratio > limit:
                    misses.append(f"{name} at {shape} in {dtype}: {ratio:.2f}, may be {limit}")
                if dtype == "float32":
                    single.append(cost)
        if name == "lstm":
            say("\n" + without_onednn(single))
    if not options.dry:
        write(PAGE, "\n\n".join(parts))
    print("\n".join(misses) or "every layer is within what it may cost")
    return int(bool(misses))


if __name__ == "__main__":
    sys.exit(main())
