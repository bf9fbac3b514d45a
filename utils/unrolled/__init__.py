"""Recurrent and recursive networks, derived and executed: the package behind the textbook *Unrolled*.

Importing `unrolled` imports neither torch nor matplotlib: take what you need from the subpackages.
"""

__version__ = "0.1.0"
