"""Arrays that a layer keeps between its calls, so that a training loop allocates nothing large."""

import numpy as np


class Workspace:
    """Kept arrays for one layer: hand the same one to every `forward` of a training loop.

    Asking again for a name with the same shape and dtype returns the same memory. So what a layer returned
    is overwritten by its next call, and a cache is valid until the next forward, after which `backward` raises.
    Two layers need two workspaces.
    """

    def __init__(self):
        self.turn = 0
        self._kept = {}
        self._parts = {}

    def begin(self):
        """Start a forward call: caches of earlier turns are void from now on. Returns the number of this turn."""
        self.turn += 1
        return self.turn

    def empty(self, name, shape, dtype):
        """An uninitialised array that belongs to `name`; the one kept if shape and dtype are the same."""
        kept = self._kept.get(name)
        if kept is None or kept.shape != shape or kept.dtype != dtype:
            kept = self._kept[name] = np.empty(shape, dtype)
        return kept

    def part(self, name):
        """The workspace of a part of the layer, the same for the same name: for layers made of layers."""
        if name not in self._parts:
            self._parts[name] = Workspace()
        return self._parts[name]

    def require(self, turn):
        """Raise RuntimeError if a forward call has reused the arrays since `turn`."""
        if turn != self.turn:
            raise RuntimeError(
                f"this cache is of forward call {turn} of its workspace, which has made {self.turn}: "
                "its arrays are overwritten; call backward before the next forward"
            )


class Fresh(Workspace):
    """The workspace of a call without one: every array is new, and a cache stays valid."""

    def begin(self):
        return self.turn

    def empty(self, name, shape, dtype):
        return np.empty(shape, dtype)

    def part(self, name):
        return self


FRESH = Fresh()  # keeps nothing, so all calls can share it
