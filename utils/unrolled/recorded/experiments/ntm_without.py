"""Lecture 16a: the copy task of `ntm_copy`, by an LSTM without a memory: in the same steps, and in more of them."""

from unrolled.recorded.experiments import ntm_copy

CONFIG = ntm_copy.CONFIG | {"more steps": 4500}  # about the seconds of a machine with a memory
SEEDS = [1, 2, 3]


def run(seed):
    """As `ntm_copy.member` says; under "longer" the same with more steps, without the losses."""
    net, _, first = ntm_copy.learn(seed, "alone", CONFIG["more steps"])
    return ntm_copy.member(seed, "alone") | {"longer": {"first": first} | ntm_copy.measure(net)}
