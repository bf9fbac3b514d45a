"""The training loop with its progress bar, and checkpoints."""

from unrolled.training.checkpoint import load, save
from unrolled.training.loop import fit

__all__ = ["fit", "load", "save"]
