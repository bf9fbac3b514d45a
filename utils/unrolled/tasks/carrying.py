"""Binary addition: two numbers, lowest bits first, and their sum."""

import numpy as np

PLUS, EMPTY = 2, 3  # tokens of a row a + b, besides 0 and 1


def binary_sums(rng, bits, B, *, carries=False, in_a_row=False):
    """Two numbers of `bits` bits and their sum of bits + 1, lowest bits first.

    x (T, B): a_k + 2 b_k at place k, the bits of both numbers; T = bits + 1, and the last place has none (0).
    in_a_row: the bits of a, PLUS, the bits of b, EMPTY: T = 2 bits + 2 and each token is one of 0, 1, PLUS, EMPTY.
    carries: the second number is 1 and the first 2^bits - 1, with the two exchanged at random: a carry through all places.
    Returns x, y (T, B): the sum's bits, 0 after them. Both are integers.
    Source: Kaiser & Sutskever (2016) for the row; Price, Zaremba & Sutskever (2016) for the numbers side by side.
    Raises ValueError if bits < 1.
    """
    if bits < 1:
        raise ValueError(f"bits is {bits}, expected at least 1")
    numbers = rng.integers(2, size=(2, bits, B))
    if carries:
        numbers[0], numbers[1] = 1, np.arange(bits)[:, None] == 0
        numbers = np.where(rng.integers(2, size=B), numbers, numbers[::-1])
    a, b = numbers
    total, carry = np.zeros((bits + 1, B), int), np.zeros(B, int)
    for k in range(bits):
        carry = carry + a[k] + b[k]
        total[k], carry = carry % 2, carry // 2
    total[bits] = carry
    row = lambda token: np.full((1, B), token)
    if not in_a_row:
        return np.concatenate([a + 2 * b, row(0)]), total
    x = np.concatenate([a, row(PLUS), b, row(EMPTY)])
    return x, np.concatenate([total, np.zeros((bits + 1, B), int)])
