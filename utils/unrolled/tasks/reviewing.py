"""Short reviews with negation, and whether they are favourable: generated, since no free corpus ships with a package."""

from typing import NamedTuple

import numpy as np

SUBJECTS = "plot cast music ending dialogue pace camera script".split()
PRAISE = "good great clever moving fresh lively".split()
BLAME = "bad dull weak silly stale slow".split()
DEGREES = "very really quite".split()
VOCABULARY = tuple(sorted({"the", "was", "not", "and", ".", *SUBJECTS, *PRAISE, *BLAME, *DEGREES}))
PLACE = {word: place for place, word in enumerate(VOCABULARY)}
WORDS_OF_A_CLAUSE = 7  # at most: "the plot was not very good" and a link or the full stop


class Reviews(NamedTuple):
    """A batch of reviews of T words at most."""

    words: np.ndarray  # (T, B) integers, places in VOCABULARY; 0 in the padding
    lengths: np.ndarray  # (B,)
    favourable: np.ndarray  # (B,) integers 0 or 1


def reviews(rng, B, clauses=(1, 3)):
    """Draw B reviews such as "the plot was not very good and the cast was great and the pace was slow ."

    clauses: the numbers of clauses that a review may have, odd, at most 7; one is drawn for each review. Each clause
    praises or blames, and "not" turns its own clause round; a review is favourable if most of its clauses are. "not"
    and the polarity of the adjective are fair coins, drawn independently.
    Raises ValueError for a number of clauses that is even or leaves 1..7.
    """
    if not all(n in (1, 3, 5, 7) for n in clauses):
        raise ValueError(f"clauses is {clauses}, expected odd numbers from 1 to 7")
    drawn = [_review(rng, n) for n in rng.choice(clauses, B)]
    lengths = np.array([len(words) for words, _ in drawn])
    padded = np.zeros((WORDS_OF_A_CLAUSE * max(clauses), B), dtype=int)
    for n, (words, _) in enumerate(drawn):
        padded[: len(words), n] = [PLACE[word] for word in words]
    return Reviews(padded, lengths, np.array([favourable for _, favourable in drawn]))


def text(words, length):
    """The first `length` of the words (T,), as text."""
    return " ".join(VOCABULARY[place] for place in words[:length])


def _review(rng, clauses):
    words, score = [], 0
    for subject in rng.permutation(SUBJECTS)[:clauses]:
        negated, praises, has_degree = rng.integers(2, size=3)
        adjectives = PRAISE if praises else BLAME
        words += ["and"] * bool(words) + ["the", subject, "was"] + ["not"] * negated
        words += [DEGREES[rng.integers(len(DEGREES))]] * has_degree
        words.append(adjectives[rng.integers(len(adjectives))])
        score += 1 if praises != negated else -1
    return [*words, "."], int(score > 0)
