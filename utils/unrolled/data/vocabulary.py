"""Tokens and their numbers."""

from typing import NamedTuple

import numpy as np


class Vocabulary(NamedTuple):
    """Tokens in the order of their numbers, and the number of each."""

    tokens: tuple
    numbers: dict

    @classmethod
    def of(cls, sequence):
        """The vocabulary of all tokens in a sequence (of all characters, if it is a string), sorted."""
        tokens = tuple(sorted(set(sequence)))
        return cls(tokens, {token: number for number, token in enumerate(tokens)})

    @property
    def size(self):
        """The number of tokens."""
        return len(self.tokens)

    def encode(self, sequence):
        """The numbers (n,) of the tokens in a sequence. Raises ValueError that names a token not in the vocabulary."""
        try:
            return np.array([self.numbers[token] for token in sequence], dtype=np.int64)
        except KeyError as unknown:
            raise ValueError(
                f"{unknown} is none of the {self.size} tokens of the vocabulary"
            ) from None

    def decode(self, ids):
        """The tokens with these numbers (n,): a string if all tokens are strings, else a list.

        Raises ValueError if a number is not in 0..size-1.
        """
        ids = np.asarray(ids)
        if ids.size and (ids.min() < 0 or ids.max() >= self.size):
            raise ValueError(
                f"numbers range from {ids.min()} to {ids.max()}, the vocabulary has 0 to {self.size - 1}"
            )
        found = [self.tokens[number] for number in ids.tolist()]
        return "".join(found) if all(isinstance(token, str) for token in self.tokens) else found
