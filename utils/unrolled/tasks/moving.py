"""Short clips of a moving dot, and sentences that say what it does."""

import numpy as np

STEPS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}  # rows, columns a frame


def moving_dots(rng, B, *, frames=4, size=8, noise=0.1):
    """Draw B clips in which one bright pixel moves straight on, and what happens in them.

    Direction and speed, one or two pixels a frame, are drawn evenly, and the start so that the dot stays inside.
    Returns x (frames, B, size * size), 0 and 1 plus normal noise, and a tuple of B captions: "the dot moves left" at
    one pixel a frame, "the dot moves left fast" at two; each a tuple of words.
    Raises ValueError for fewer than two frames or a picture that a fast dot would leave.
    """
    if frames < 2 or 2 * (frames - 1) >= size:
        raise ValueError(f"{frames} frames of size {size}: expected 2 frames or more that fit")
    x = noise * rng.normal(size=(frames, B, size, size))
    names, captions = list(STEPS), []
    for b in range(B):
        direction, speed = names[rng.integers(4)], int(rng.integers(1, 3))
        step = speed * np.array(STEPS[direction])
        way = step * (frames - 1)
        first = rng.integers(np.maximum(0, -way), size - np.maximum(0, way))
        for t in range(frames):
            row, column = first + t * step
            x[t, b, row, column] += 1
        captions.append(("the", "dot", "moves", direction, *(["fast"] if speed == 2 else [])))
    return x.reshape(frames, B, -1), tuple(captions)
