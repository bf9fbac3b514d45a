"""Binary addition: two numbers, lowest bits first, and their sum."""

import numpy as np


def binary_sums(rng, bits, B, *, carries=False):
    """Two numbers of `bits` bits side by side and their sum of bits + 1, lowest bits first.

    carries: one number is 2^bits - 1 and the other 1, which is which at random: a carry runs through all places.
    Returns x (T, B), a_k + 2 b_k at place k, with T = bits + 1 and 0 at the last place, and y (T, B), the sum's bits.
    Both are integers.
    Source: the task of Kaiser & Sutskever (2016), where the numbers stand one after the other; side by side their digits
    need not be brought together.
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
    return np.concatenate([a + 2 * b, np.zeros((1, B), int)]), total
