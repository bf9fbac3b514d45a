"""Cost of a training step of `scratch.rnn` against `torch.nn.RNN` and against the bare matrix products.

A step is the forward pass and the backward pass with the gradient of the input. Process CPU time, one thread; the
contestants take turns in every round, and a figure is the ratio of the medians over all rounds.
"""

import os

os.environ.update(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
)

import argparse
import sys
import time
from statistics import median

import numpy as np
import torch
from threadpoolctl import threadpool_info

from unrolled.scratch import rnn

SHAPES = [
    (25, 1, 65, 100),
    (35, 32, 64, 128),
    (50, 64, 128, 256),
    (100, 16, 32, 64),
    (200, 32, 16, 32),
]
TURN = 0.02  # CPU seconds a contestant gets in a round
ALLOWED = 0.85  # of torch's cost


def scratch_step(params, x, dh):
    """A step of `scratch.rnn` with a workspace."""
    workspace = rnn.Workspace()

    def step():
        _, cache = rnn.forward(params, x, workspace=workspace)
        rnn.backward(params, cache, dh)

    return step


def torch_step(params, x, dh):
    """The same step of `torch.nn.RNN`."""
    dtype = torch.from_numpy(x).dtype
    module = torch.nn.RNN(x.shape[2], len(params.b), dtype=dtype)
    x, dh = torch.from_numpy(x).clone().requires_grad_(), torch.from_numpy(dh)

    def step():
        module.zero_grad()
        x.grad = None
        h, _ = module(x)
        h.backward(dh)

    return step


def products_step(params, x, dh):
    """The matrix products of that step and nothing else, into arrays that are kept."""
    U, W, _ = params
    rows, flat_x = dh.reshape(-1, len(W)), x.reshape(-1, x.shape[2])
    a, h, wide, narrow = (np.empty_like(array) for array in (rows, dh[0], rows, flat_x))
    dU, dW = np.empty_like(U), np.empty_like(W)

    def step():
        np.matmul(flat_x, U.T, out=a)  # U x of all steps
        for h_prev in dh:
            np.matmul(h_prev, W.T, out=h)  # W h
        for delta in dh:
            np.matmul(delta, W, out=h)  # back through W
        np.matmul(rows.T, wide, out=dW)
        np.matmul(rows.T, flat_x, out=dU)
        np.matmul(rows, U, out=narrow)  # dx

    wide[:] = rows
    return step


CONTESTANTS = {"scratch": scratch_step, "torch": torch_step, "products": products_step}


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
        repeats[name] = max(1, round(TURN / cpu_seconds(step, 3)))
    times = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(cpu_seconds(step, repeats[name]))
    return {name: median(values) for name, values in times.items()}


def measure(shape, dtype, rounds):
    """Medians of all contestants at one shape (T, B, D, H)."""
    T, B, D, H = shape
    rng = np.random.default_rng(0)
    params = rnn.init(rng, D, H, dtype)
    x, dh = (rng.standard_normal((T, B, n)).astype(dtype) for n in (D, H))
    return medians({name: build(params, x, dh) for name, build in CONTESTANTS.items()}, rounds)


def blas():
    """The BLAS that NumPy uses and the processor core it chose its kernels for."""
    numpy_blas = [info for info in threadpool_info() if "numpy" in info["filepath"]]
    described = [
        f"{info['internal_api']} {info['version']}, core {info.get('architecture', 'unknown')}"
        for info in numpy_blas
    ]
    return "; ".join(described) or "unknown"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(
        f"NumPy {np.__version__} on {blas()}; torch {torch.__version__}; one thread, CPU time, {rounds} rounds"
    )
    print(f"{'T, B, D, H':>18} {'dtype':>8} {'ms':>8} {'/ torch':>8} {'/ products':>11}")
    worst = 0.0
    for shape in SHAPES:
        for dtype in (np.float32, np.float64):
            cost = measure(shape, dtype, rounds)
            ours = cost["scratch"]
            worst = max(worst, ours / cost["torch"])
            print(
                f"{', '.join(map(str, shape)):>18} {np.dtype(dtype).name:>8} {1e3 * ours:8.2f} "
                f"{ours / cost['torch']:8.2f} {ours / cost['products']:11.2f}",
                flush=True,
            )
    print(f"largest ratio to torch: {worst:.2f} (allowed {ALLOWED})")
    return int(worst > ALLOWED)


if __name__ == "__main__":
    sys.exit(main())
