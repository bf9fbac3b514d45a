"""In a submission's kernel: remember what the tests rely on before the first answer runs, and say what changed since.

It notices the usual ways to make tests pass. Code that knows this module can deceive it: see `tampering`, which asks
it, and reads the answers as text too.
"""

import builtins
import importlib
import sys
import threading

MODULES = ("numpy", "numpy.testing", "numpy.linalg", "math", "numbers", "operator", "unittest.case")
SWAPPED = {"input"}  # the kernel itself exchanges it for each cell
HOOKS = ("ast_transformers", "input_transformers_post", "custom_exceptions")

_then = {}
_names = ()


def watch(names=()):
    """Remember the present state. `names` are what the tests use of builtins and of the notebook's imports."""
    global _names
    _names = tuple(names)
    _then.clear()
    _then.update(_now())


def changes():
    """What differs from the state that `watch` saw, a sorted list of names; empty if nothing does."""
    now = _now()
    return sorted(name for name, value in _then.items() if not _same(value, now.get(name)))


def _same(then, now):
    return then == now if isinstance(then, list | tuple) else then is now


def _now():
    return _builtins() | _modules() | _tracing() | _shell() | _shadowed()


def _builtins():
    return {
        f"builtins.{name}": value
        for name, value in vars(builtins).items()
        if not name.startswith("_") and name not in SWAPPED
    }


def _modules():
    found = {}
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            if callable(value):
                found[f"{module}.{name}"] = value
    return found


def _tracing():
    found = {
        "the trace function": sys.gettrace(),
        "the profile function": sys.getprofile(),
        "the trace function of threads": threading.gettrace(),
        "sys.stdout": sys.stdout,
    }
    if monitoring := getattr(sys, "monitoring", None):  # Python 3.12
        found["sys.monitoring"] = [monitoring.get_tool(tool) for tool in range(6)]
    return found


def _shell():
    """The parts of IPython that stand between a cell's text and what is reported of it."""
    shell = sys.modules["IPython"].get_ipython()
    if shell is None:
        return {}
    found = {f"IPython's {hook}": list(getattr(shell, hook, ())) for hook in HOOKS}
    manager = shell.input_transformer_manager
    found["IPython's input transformers"] = [
        *manager.cleanup_transforms,
        *manager.line_transforms,
        *manager.token_transformers,
    ]
    found["IPython's events"] = [
        (event, callback) for event, some in shell.events.callbacks.items() for callback in some
    ]
    for owner in (shell, type(shell), *type(shell).__mro__[1:3], type(shell.kernel)):
        for name, value in list(vars(owner).items()):
            if callable(value) and name not in SWAPPED:
                found[f"IPython's {name} of {getattr(owner, '__name__', 'the shell')}"] = value
    found["IPython's own methods"] = sorted(
        name for name in vars(shell) if hasattr(type(shell), name) and callable(vars(shell)[name])
    )
    return found


def _shadowed():
    """Names of the tests, as the notebook sees them: a global `abs` hides the builtin."""
    shell = sys.modules["IPython"].get_ipython()
    spaces = vars(builtins) if shell is None else vars(builtins) | shell.user_ns
    return {name: spaces.get(name) for name in _names}
