"""The architectures of the book, each a function that returns its `Graph`."""

from unrolled.plots.networks.cells import gru_cell, lstm_cell
from unrolled.plots.networks.memory import memory_flow, memory_machine
from unrolled.plots.networks.sequences import (
    PLACES,
    SHAPES,
    bidirectional,
    deep,
    feedback,
    folded,
    output_recurrence,
    shape,
    unfolded,
)
from unrolled.plots.networks.translation import attention, encoder_decoder
from unrolled.plots.networks.trees import chain, tree

__all__ = [
    "PLACES",
    "SHAPES",
    "attention",
    "bidirectional",
    "chain",
    "deep",
    "encoder_decoder",
    "feedback",
    "folded",
    "gru_cell",
    "lstm_cell",
    "memory_flow",
    "memory_machine",
    "output_recurrence",
    "shape",
    "tree",
    "unfolded",
]
