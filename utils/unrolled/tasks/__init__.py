"""Seeded generators of small sequence tasks: no files, no network, NumPy alone.

Each takes a `numpy.random.Generator` first and returns time-major arrays (x, y).
"""

from unrolled.tasks.accumulating import delayed_xor, odd_words, parity, running_sum
from unrolled.tasks.adding import adding
from unrolled.tasks.attaching import attachments
from unrolled.tasks.carrying import binary_sums
from unrolled.tasks.copying import associative_recall, copy, priority_sort, repeat_copy
from unrolled.tasks.counting import equal_runs
from unrolled.tasks.evaluating import formulas
from unrolled.tasks.gating import echoed_spikes, last_marked
from unrolled.tasks.grammars import REBER, is_reber, reber
from unrolled.tasks.keeping import cloakroom
from unrolled.tasks.latch import latch
from unrolled.tasks.moving import moving_dots
from unrolled.tasks.negating import judgements
from unrolled.tasks.numerals import number_lists
from unrolled.tasks.pointing import linked_lists
from unrolled.tasks.remembering import first_token, lag_copy
from unrolled.tasks.reviewing import reviews
from unrolled.tasks.rewinding import rewound_copy
from unrolled.tasks.shaping import detect, shaped
from unrolled.tasks.speaking import spoken
from unrolled.tasks.stories import nested, whereabouts

__all__ = [
    "REBER",
    "adding",
    "associative_recall",
    "attachments",
    "binary_sums",
    "cloakroom",
    "copy",
    "delayed_xor",
    "detect",
    "echoed_spikes",
    "equal_runs",
    "first_token",
    "formulas",
    "is_reber",
    "judgements",
    "lag_copy",
    "last_marked",
    "latch",
    "linked_lists",
    "moving_dots",
    "nested",
    "number_lists",
    "odd_words",
    "parity",
    "priority_sort",
    "reber",
    "repeat_copy",
    "reviews",
    "rewound_copy",
    "running_sum",
    "shaped",
    "spoken",
    "whereabouts",
]
