"""Writing a sequence with a network that gives the next symbol's probabilities: greedy, sampled, or with a beam.

A network comes in as a function `step(tokens, state) -> (log_p, state)`: it reads one token for each of N rows, an array
of integers (N,), and returns the log-probabilities (N, K) in nats of the token that follows, an array or a tensor. The
state is a nested tuple (dict, list) of arrays or tensors whose first axis is the row; None stands for nothing. What is
in it is the network's affair: a thought vector, or the memory that an attention reads.

A sequence begins with START, which is read and never written, and ends with STOP, which is written once.
"""

from typing import NamedTuple

import numpy as np

from unrolled.scratch.nested import leaves, tree_map

START, STOP = 0, 1  # their numbers, unless a caller says otherwise

__all__ = ["START", "STOP", "Hypothesis", "beam", "greedy", "rows", "sampled", "size", "tokens_of"]


class Hypothesis(NamedTuple):
    """A sequence that a search has written."""

    tokens: tuple  # of int; the last is STOP if it is finished
    log_probability: float  # nats, of all tokens, STOP included
    finished: bool

    def score(self, penalty=0.0):
        """log P / length**penalty: 0 leaves the log-probability, 1 takes the mean over the tokens."""
        return self.log_probability / max(len(self.tokens), 1) ** penalty


def greedy(step, state, *, most, start=START, stop=STOP):
    """Write the most probable next token, step by step, until STOP or `most` tokens; ties go to the lower number.

    state: of B rows. Returns B Hypotheses. Raises ValueError if most < 1.
    """
    return _write(step, state, lambda log_p: log_p.argmax(axis=1), most, start, stop)


def sampled(step, state, rng, *, most, temperature=1.0, start=START, stop=STOP):
    """Draw the next token from its distribution, step by step, until STOP or `most` tokens.

    temperature: log-probabilities are divided by it before the draw; the hypotheses' log-probabilities are the
    network's own. state: of B rows. Returns B Hypotheses. Raises ValueError if most < 1 or temperature <= 0.
    """
    if not temperature > 0:
        raise ValueError(f"temperature is {temperature}, expected more than 0")
    choose = lambda log_p: (log_p / temperature + rng.gumbel(size=log_p.shape)).argmax(axis=1)
    return _write(step, state, choose, most, start, stop)


def beam(step, state, *, width, most, penalty=0.0, start=START, stop=STOP):
    """Keep the `width` most probable beginnings of each input, and extend them all at once.

    One step extends each beginning by every token and keeps the `width` most probable results of each input; those that
    end in STOP are finished, the others are extended again. The search for an input ends when no beginning can yield a
    sequence that is more probable than the `width` best finished ones, or after `most` tokens. With a width that never
    throws a beginning away it finds the `width` most probable sequences of at most `most` tokens.
    penalty: orders what was found by `Hypothesis.score(penalty)`; the search itself goes by log-probability.
    state: of B rows. Returns for each row a list of at most `width` Hypotheses, best first: finished ones, or, where
    none has finished, unfinished ones. Raises ValueError if width < 1 or most < 1.
    """
    if width < 1 or most < 1:
        raise ValueError(f"width is {width}, most is {most}: both must be at least 1")
    B = size(state)
    finished = [[] for _ in range(B)]
    live = [(row, Hypothesis((), 0.0, False)) for row in range(B)]
    tokens = np.full(B, start)
    for _ in range(most):
        log_p, state = _step(step, tokens, state)
        kept = _best_extensions(live, log_p, width)
        for _, row, found in kept:
            if found.tokens[-1] == stop:
                finished[row].append(found._replace(finished=True))
        kept = [each for each in kept if each[2].tokens[-1] != stop]
        kept = [each for each in kept if not _beaten(each[2], finished[each[1]], width)]
        live = [(row, found) for _, row, found in kept]
        if not live:
            break
        tokens = np.array([found.tokens[-1] for _, found in live])
        state = rows(state, np.array([parent for parent, _, _ in kept]))
    for row in range(B):
        if not finished[row]:
            finished[row] = [found for owner, found in live if owner == row]
    order = lambda found: -found.score(penalty)
    likely = lambda found: -found.log_probability
    return [sorted(sorted(each, key=likely)[:width], key=order) for each in finished]


def rows(state, numbers):
    """The rows of a state with these numbers (n,), in this order; None stays None."""
    return tree_map(lambda leaf: leaf if leaf is None else leaf[numbers], state)


def size(state):
    """How many rows a state has. Raises ValueError if it has no array, or its arrays don't agree."""
    found = {len(leaf) for leaf in leaves(state) if leaf is not None}
    if len(found) != 1:
        raise ValueError(f"the arrays of the state have {sorted(found)} rows, expected one number")
    return found.pop()


def tokens_of(hypothesis):
    """The tokens of a hypothesis (tuple), without the STOP at its end."""
    return hypothesis.tokens[:-1] if hypothesis.finished else hypothesis.tokens


def _write(step, state, choose, most, start, stop):
    """Write B sequences at once with the tokens that `choose` makes of log_p (B, K)."""
    if most < 1:
        raise ValueError(f"most is {most}, expected at least 1")
    B = size(state)
    read, log_probability, written = np.full(B, start), np.zeros(B), []
    ended = np.zeros(B, bool)
    while len(written) < most and not ended.all():
        log_p, state = _step(step, read, state)
        read = choose(log_p)
        log_probability += np.where(ended, 0.0, log_p[np.arange(B), read])
        written.append(np.where(ended, stop, read))
        ended |= read == stop
    found = []
    for row, column in enumerate(np.array(written).T.tolist()):
        finished = stop in column
        tokens = column[: column.index(stop) + 1] if finished else column
        found.append(Hypothesis(tuple(tokens), float(log_probability[row]), finished))
    return found


def _step(step, tokens, state):
    """One step of the network; log_p (N, K) as a float64 array."""
    log_p, state = step(tokens, state)
    if hasattr(log_p, "detach"):
        log_p = log_p.detach().cpu().numpy()
    return np.asarray(log_p, np.float64), state


def _best_extensions(live, log_p, width):
    """The `width` most probable extensions of each input's beginnings: a list of (place in live, input, Hypothesis)."""
    by_input = {}
    for place, (row, _) in enumerate(live):
        by_input.setdefault(row, []).append(place)
    best = []
    for row, places in by_input.items():
        total = np.array([live[place][1].log_probability for place in places])[:, None]
        total = total + log_p[places]  # (beginnings, K)
        for flat in _largest(total.ravel(), width):
            which, token = divmod(int(flat), log_p.shape[1])
            before = live[places[which]][1].tokens
            found = Hypothesis((*before, token), float(total[which, token]), False)
            best.append((places[which], row, found))
    return best


def _largest(values, n):
    """Places of the n largest values, -inf left out; among equal ones the first."""
    order = np.argsort(-values, kind="stable")[:n]
    return order[np.isfinite(values[order])]


def _beaten(hypothesis, finished, width):
    """Whether no extension of a hypothesis can enter the `width` best finished ones: log-probabilities only fall."""
    if len(finished) < width:
        return False
    last = sorted((each.log_probability for each in finished), reverse=True)[width - 1]
    return hypothesis.log_probability <= last
