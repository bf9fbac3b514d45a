"""Small trials of what the book needs: `python -m unrolled.course.probes NAME` runs one and prints what it found.

Each runs in a process of its own, so that a package that crashes the interpreter doesn't take the report with it.
A trial returns one line; it raises if what it tries doesn't work.
"""

import os
import subprocess
import sys


def numpy():
    """A linear system, solved; which BLAS did it and with how many threads."""
    import numpy as np

    A = np.array([[2.0, 1.0], [1.0, 3.0]])
    if not np.allclose(np.linalg.solve(A, A @ [1.0, -2.0]), [1.0, -2.0]):
        raise ArithmeticError("the solution of a 2 x 2 linear system is wrong")
    return _blas(np)


def _blas(np):
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{built['name']} {built['version']}, threads unknown (no threadpoolctl)"
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    described = [
        f"{pool['internal_api']} {pool['version']}, {_threads(pool['num_threads'])}"
        for pool in pools
    ]
    return "; ".join(described) or "no BLAS that threadpoolctl knows"


def _threads(number):
    return f"{number} thread{'s' * (number != 1)}"


def torch():
    """A gradient, computed on the CPU and on the GPU if there is one."""
    import torch

    devices = ["cpu"]
    devices += ["cuda"] if torch.cuda.is_available() else []
    devices += ["mps"] if torch.backends.mps.is_available() else []
    for device in devices:
        x = torch.arange(6.0, device=device).reshape(2, 3).requires_grad_()
        (x @ x.T).trace().backward()
        if not torch.equal(x.grad, 2 * x.detach()):
            raise ArithmeticError(f"the gradient of trace(x x^T) is wrong on {device}")
    gpu = {"cuda": torch.cuda.get_device_name, "mps": lambda: "Apple GPU"}
    names = [gpu[device]() for device in devices[1:]] or ["no GPU"]
    return f"CPU, {_threads(torch.get_num_threads())}; {', '.join(names)}"


def figures():
    """A figure, drawn as SVG in the font of the book's figures."""
    import io

    import matplotlib

    matplotlib.use("agg")
    from matplotlib import font_manager
    from matplotlib import pyplot as plt

    from unrolled.plots.style import STYLE

    font = STYLE["font.family"]
    file = font_manager.findfont(font, fallback_to_default=False)
    with matplotlib.rc_context(STYLE), io.StringIO() as svg:
        figure, ax = plt.subplots()
        ax.set_title(r"$h_t = \tanh(a_t)$")
        figure.savefig(svg, format="svg")
        if "<path" not in svg.getvalue():
            raise ValueError("matplotlib drew an SVG without a path")
    return f"drawn as SVG in {font} ({os.path.basename(file)})"


def widgets():
    """A film, and a control of the kind that a running kernel adds to one."""
    import ipywidgets
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    from unrolled.widgets import film

    def draw(slope):
        figure, ax = plt.subplots(figsize=(2, 1))
        ax.plot([0, slope])
        return figure

    control = ipywidgets.IntSlider(value=3)
    if control.value != 3:
        raise ValueError(f"a slider set to 3 has the value {control.value}")
    html = film(draw, [1, 2], label="slope", alt=lambda slope: f"slope {slope}")._repr_html_()
    if "<svg" not in html or "<script" not in html:
        raise ValueError("a film has no picture or no script")
    return "a film of 2 frames, which moves without a kernel; controls for one with a kernel"


def kernel():
    """The kernel that runs notebooks, and the front ends installed beside it."""
    from importlib.metadata import distributions

    import ipykernel.kernelapp  # noqa: F401  importing is the trial

    fronts = {"jupyterlab", "notebook", "google-colab"}
    found = {d.name: d.version for d in distributions() if d.name in fronts}
    listed = [f"{name} {version}" for name, version in sorted(found.items())]
    return f"front ends: {', '.join(listed) or 'none installed beside it'}"


def sunspots():
    """The yearly sunspot numbers."""
    from unrolled.data import sunspots

    time, value = sunspots.yearly()
    return f"{len(value)} years, {time[0]} to {time[-1]}"


def co2():
    """The weekly concentrations of CO2."""
    import numpy as np

    from unrolled.data import co2

    time, value = co2.weekly()
    gaps = np.isnan(value).sum()
    return f"{len(value)} weeks with {gaps} gaps, {time[0]} to {time[-1]}"


def shakespeare():
    """The plays."""
    from unrolled.data import shakespeare

    text = shakespeare.text()
    return f"{len(text):,} characters, {len(set(text))} different ones"


def pinyin():
    """The phrases and their readings."""
    from unrolled.data import pinyin

    phrases = pinyin.phrases()
    return f"{len(phrases):,} phrases, {len(pinyin.polyphones(phrases))} characters with several readings"


def pronunciations():
    """The words and their phones."""
    from unrolled.data import pronunciations

    return f"{len(pronunciations.words()):,} words, {len(pronunciations.phones())} phones"


def records():
    """Every recorded experiment."""
    from unrolled import recorded

    names = sorted(path.stem for path in recorded.FOLDER.glob("*.json"))
    if not names:
        raise FileNotFoundError(f"no record in {recorded.FOLDER}")
    seeds = sum(len(recorded.load(name)["results"]) for name in names)
    return f"{len(names)} experiments, {seeds} runs"


def browser():
    """The browser's version; an empty line if there is no browser."""
    from unrolled.course.browser import find_chromium

    named = os.environ.get("CHROMIUM")
    if named and not os.path.isfile(named):
        raise FileNotFoundError(f"the environment variable CHROMIUM names no file: {named}")
    path = find_chromium()
    if path is None:
        return ""
    done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20)
    if done.returncode:
        words = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise OSError(f"{path} does not start: {words}")
    return f"{done.stdout.strip()} ({path})"


PROBES = {
    probe.__name__: probe
    for probe in (
        numpy, kernel, torch, figures, widgets, sunspots, co2, shakespeare, pinyin, pronunciations,
        records, browser,
    )
}  # fmt: skip


def main(arguments):
    """Run the trial of that name; exits with the exception's type and first line if it fails."""
    if len(arguments) != 1 or arguments[0] not in PROBES:
        sys.exit(f"usage: python -m unrolled.course.probes {'|'.join(PROBES)}; got {arguments}")
    try:
        print(PROBES[arguments[0]]())
    except Exception as error:  # whatever a broken package raises is what the report shows
        words = str(error).strip().splitlines()
        sys.exit(f"{type(error).__name__}{': ' + words[0] if words else ''}")


if __name__ == "__main__":
    main(sys.argv[1:])
