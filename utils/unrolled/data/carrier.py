"""Finding a data file inside an installed package without importing the package."""

from importlib.util import find_spec
from pathlib import Path


def folder(package, install):
    """The folder of an installed package; `install` is the command that installs it.

    Raises ModuleNotFoundError, which names both, if it isn't installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"this data is in the package `{package}`, install it with: {install}", name=package
        )
    return Path(next(iter(spec.submodule_search_locations)))
