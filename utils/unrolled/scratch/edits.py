"""How many symbols have to change to make one sequence of another."""

__all__ = ["distance", "error_rate"]


def distance(a, b):
    """The least number of symbols to insert, delete or replace that turns the sequence a into b.

    Source: Wagner & Fischer (1974), with cost 1 for each; equation (15.44).
    """
    row = list(range(len(b) + 1))  # of the empty beginning of a
    for i, symbol in enumerate(a, start=1):
        before, row = row, [i]
        for j, other in enumerate(b, start=1):
            replace = before[j - 1] + (symbol != other)
            row.append(min(replace, before[j] + 1, row[j - 1] + 1))
    return row[-1]


def error_rate(said, right):
    """The symbols to change in all of `said`, over the symbols of what is right; 0 if nothing is wrong.

    said: sequences; right: for each a tuple of the sequences that count as right, of which the nearest one is taken.
    Raises ValueError if there are not as many of both, or nothing is right.
    """
    if len(said) != len(right) or not said:
        raise ValueError(
            f"{len(said)} sequences and {len(right)} answers: expected as many, one or more"
        )
    wrong = total = 0
    for sequence, answers in zip(said, right):
        edits, length = min((distance(sequence, answer), len(answer)) for answer in answers)
        wrong, total = wrong + edits, total + length
    if not total:
        raise ValueError("all answers are empty")
    return wrong / total
