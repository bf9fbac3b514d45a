"""Words as sound: every letter is a glide between two places of a small spectrum, longer or shorter each time."""

import numpy as np

CHANNELS = 8  # numbers in a frame
SOUNDS = 10  # different letters, 0 to 9


def spoken(rng, B, letters=(2, 6), frames=(4, 8), noise=0.3):
    """Words of random letters, said frame by frame.

    Each letter is a peak that moves from one channel to another, the same two for the letter in every word; how many
    frames that takes is drawn for every letter. letters, frames: the least and the largest number, both included.
    noise: standard deviation of what is added to every channel of every frame.
    Returns x (T, B, CHANNELS), zero after a word's end, its lengths (B,), the letters as B tuples of integers in
    0..SOUNDS-1, and for each word the frame at which each letter ends (B arrays). Two neighbours never are the same
    letter. Raises ValueError if a range is empty or starts below 1.
    """
    for name, (low, high) in (("letters", letters), ("frames", frames)):
        if not 1 <= low <= high:
            raise ValueError(f"{name} is {(low, high)}, expected 1 <= least <= largest")
    said, ends, pieces = [], [], []
    for _ in range(B):
        word = _word(rng, rng.integers(letters[0], letters[1] + 1))
        counts = rng.integers(frames[0], frames[1] + 1, size=len(word))
        said.append(tuple(word))
        ends.append(np.cumsum(counts))
        pieces.append(np.concatenate([glide(letter, n) for letter, n in zip(word, counts)]))
    lengths = np.array([len(piece) for piece in pieces])
    x = np.zeros((lengths.max(), B, CHANNELS))
    for b, piece in enumerate(pieces):
        x[: len(piece), b] = piece + noise * rng.normal(size=piece.shape)
    return x, lengths, said, ends


def glide(letter, n):
    """A letter's n frames (n, CHANNELS): a peak of height 1 that moves evenly between the letter's two channels."""
    start, end = _PLACES[letter]
    centre = np.linspace(start, end, n)[:, None]
    return np.exp(-0.5 * ((np.arange(CHANNELS) - centre) / 0.8) ** 2)


_PLACES = ((0, 3), (3, 0), (1, 6), (6, 1), (2, 4), (4, 2), (5, 7), (7, 5), (3, 7), (7, 3))


def _word(rng, n):
    """n letters, no two neighbours the same."""
    word = [int(rng.integers(SOUNDS))]
    while len(word) < n:
        word.append(int((word[-1] + rng.integers(1, SOUNDS)) % SOUNDS))
    return word
