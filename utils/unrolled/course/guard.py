"""Block modules of the package while a submission is graded, so that an answer is the student's own."""

import importlib.abc
import sys


class _Blocked(importlib.abc.MetaPathFinder):
    def __init__(self, names):
        self.names = tuple(names)

    def covers(self, module):
        return any(module == name or module.startswith(f"{name}.") for name in self.names)

    def find_spec(self, fullname, path=None, target=None):
        if self.covers(fullname):
            raise ImportError(
                f"{fullname} is blocked while this set is graded: write the answer yourself",
                name=fullname,
            )


def block(names):
    """Make every later import of the modules `names` and of what lies below them raise ImportError.

    It stops an honest mistake. It is no sandbox: code that wants to can take the block away again.
    """
    blocked = _Blocked(names)
    for module in [module for module in sys.modules if blocked.covers(module)]:
        parent, _, child = module.rpartition(".")
        if hasattr(sys.modules.get(parent), child):
            delattr(sys.modules[parent], child)
        del sys.modules[module]
    sys.meta_path.insert(0, blocked)
