"""Lecture 15b: letters captioned by their Unicode names, with attention and without.

Training sees 428 letters in four fonts and three sizes, moved by up to a pixel. A hundred letters with marks are held
out in all fonts; every mark of theirs is on at least four letters of the training. The networks of the first seed are
kept beside the record.
"""

from collections import Counter

import numpy as np
import torch

from unrolled import recorded
from unrolled.data import letters
from unrolled.nets.decoding import STOP
from unrolled.nets.looking import Captioner
from unrolled.nets.seq2seq import taught
from unrolled.nets.training import drawn, train
from unrolled.training import checkpoint

CONFIG = {
    "side": 8,  # pixels of a window
    "every": 4,  # pixels from window to window
    "batch": 64,
    "sizes": [20, 22, 24],  # pixels of an em, in training; the test has 22
    "steps": 1600,
    "lr": 0.004,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "moved": 1,  # pixels at most, up or down and left or right
    "early": 40,  # the step at which the loss is recorded for the first time
    "held_out": 100,
}
SEEDS = [1, 2, 3]
KINDS = {"attention": True, "mean": False}
ALWAYS_HELD_OUT = "ḝéş"


def run(seed):
    """For each kind what it reads right and where it looks, and its losses."""
    found = {}
    for kind, attend in KINDS.items():
        net, curve = learn(seed, attend)
        if seed == SEEDS[0]:
            save(net, kind)
        found[kind] = {"curve": curve.reshape(-1, 20).mean(axis=1).round(4)} | measure(net)
    return found


def split():
    """The letters for training and the held-out ones; the same for all seeds."""
    everything = letters.letters()
    left = Counter(mark for letter in everything for mark in letter.marks)
    order = np.random.default_rng(0).permutation(len(everything))
    order = sorted(order, key=lambda n: everything[n].text not in ALWAYS_HELD_OUT)
    test = []
    for n in order:
        marks = everything[n].marks
        if marks and min(left[mark] for mark in marks) > 4 and len(test) < CONFIG["held_out"]:
            test.append(int(n))
            left.subtract(marks)
    train_on = sorted(set(range(len(everything))) - set(test))
    return [everything[n] for n in train_on], [everything[n] for n in sorted(test)]


def vocabulary():
    """All words of all names; the number of a word is its place."""
    words = {word for letter in letters.letters() for word in letter.words}
    return ("<START>", "<STOP>", *sorted(words))


def numbered(letter):
    """The numbers of the words of a letter's name."""
    number = {word: n for n, word in enumerate(vocabulary())}
    return tuple(number[word] for word in letter.words)


def draw(seed, attend):
    """The network before training."""
    size = {"side": CONFIG["side"], "every": CONFIG["every"], "attend": attend}
    make = lambda: Captioner(letters.HEIGHT, letters.WIDTH, len(vocabulary()), **size)
    return drawn(make, seed)


def learn(seed, attend, steps=None):
    """The network after so many of CONFIG["steps"] steps, all if None, and its losses."""
    net, rng = draw(seed, attend), np.random.default_rng(seed)
    known = split()[0]
    styles = [(font, size) for font in letters.FONTS for size in CONFIG["sizes"]]
    pictures = np.stack([_pictures(known, *style) for style in styles])
    names = [numbered(letter) for letter in known]

    def loss(k):
        chosen = rng.integers(len(known), size=CONFIG["batch"])
        style = rng.integers(len(styles), size=CONFIG["batch"])
        x = moved(rng, pictures[style, chosen], CONFIG["moved"])
        return net.loss(x, *taught([names[n] for n in chosen]))

    if steps is None:
        curve = train(net, loss, CONFIG["steps"], lr=CONFIG["lr"])
    else:  # the rate has not begun to fall
        curve = train(net, loss, steps, lr=CONFIG["lr"], hold=1.0)
    return net.eval(), curve


def moved(rng, pictures, most):
    """Each picture (B, height, width) moved by 0 to `most` pixels in each direction; what leaves comes in opposite."""
    by = rng.integers(-most, most + 1, size=(len(pictures), 2))
    return np.stack([np.roll(x, tuple(d), axis=(0, 1)) for x, d in zip(pictures, by)])


def names(net, some):
    """The words (tuple of str) that the network writes about letters, and its weights (words and STOP, J) or None."""
    found, alpha, _ = net.write(_pictures(some), most=12)
    words = vocabulary()
    named = [tuple(words[n] for n in column if n > STOP) for column in found.T]
    looks = [None if alpha is None else alpha[b, : len(named[b]) + 1] for b in range(len(some))]
    return named, looks


def marked(letter, mark):
    """The windows (J,) of bool that see some of a mark, or None if its place isn't known."""
    if letters.without(letter, mark) is None:
        return None
    ink = np.pad(letters.place(letter, mark) > 0.5, (CONFIG["side"] - CONFIG["every"]) // 2)
    views = np.lib.stride_tricks.sliding_window_view(ink, (CONFIG["side"],) * 2)
    return views[:: CONFIG["every"], :: CONFIG["every"]].any(axis=(2, 3)).ravel()


def looks(net, some):
    """Where the network looks for each mark whose place is known, the words before being true.

    Returns dicts: the letter, the mark, the share of the windows that see it; the share of the weights on these while the
    mark's first word is written and while the word before it is, WITH or AND ("share", "before"); and the mean rows of
    the weights in both steps, 0 at the top ("row", "row_before").
    """
    y_read, _, _ = taught([numbered(letter) for letter in some])
    with torch.no_grad():
        _, state = net(_pictures(some), y_read)
    rows = np.arange(state.alpha.shape[2]) // net.windows.grid[1]
    found = []
    for letter, alpha in zip(some, state.alpha.numpy()):
        for mark in letter.marks:
            seen = marked(letter, mark)
            if seen is not None:
                before, now = alpha[word_of(letter, mark) - 1 : word_of(letter, mark) + 1]
                found.append(
                    {
                        "letter": letter.text,
                        "mark": mark,
                        "windows": round(float(seen.mean()), 4),
                        "share": round(float(now[seen].sum()), 4),
                        "before": round(float(before[seen].sum()), 4),
                        "row": round(float(now @ rows), 3),
                        "row_before": round(float(before @ rows), 3),
                    }
                )
    return found


def word_of(letter, mark):
    """The place in a letter's name of the first word of a mark, such as DOT of DOT BELOW."""
    before = [word for other in letter.marks[: letter.marks.index(mark)] for word in other.split()]
    return letter.words.index("WITH") + 1 + len(before) + letter.marks.index(mark)


def hidden(net, some):
    """How much hiding each window costs the word of each mark: like `looks`, but with windows painted white.

    The cost is the fall of the log-probability of the mark's first word, 0 where it rises. Returns dicts with the letter,
    the mark and the share of the cost at the windows that see it; and the costs (J,) of each, as a list of arrays.
    """
    found, costs = [], []
    side, every = CONFIG["side"], CONFIG["every"]
    for letter in some:
        picture = _pictures([letter])[0]
        J = net.windows.grid[0] * net.windows.grid[1]
        views = np.repeat(picture[None], J + 1, axis=0)
        for j in range(J):
            row, column = (every * n - (side - every) // 2 for n in divmod(j, net.windows.grid[1]))
            views[j, max(row, 0) : row + side, max(column, 0) : column + side] = 0
        y_read, y, _ = taught([numbered(letter)])
        with torch.no_grad():
            o, _ = net(views, np.repeat(y_read, J + 1, axis=1))
        log_p = o.log_softmax(dim=2).numpy()
        for mark in letter.marks:
            seen, i = marked(letter, mark), word_of(letter, mark)
            if seen is not None:
                said = log_p[i, :, y[i, 0]]
                cost = np.maximum(said[J] - said[:J], 0)
                share = float(cost[seen].sum() / max(cost.sum(), 1e-12))
                found.append({"letter": letter.text, "mark": mark, "share": round(share, 4)})
                costs.append(cost)
    return found, costs


def measure(net):
    """Shares of the names that are right in every word, and where the network looks, on held-out letters."""
    known, test = split()
    right = lambda some: float(np.mean([a == b.words for a, b in zip(names(net, some)[0], some)]))
    found = {"known": right(known), "held_out": right(test), "hidden": hidden(net, test)[0]}
    return found | ({"on_mark": looks(net, test)} if net.decoder.align is not None else {})


def save(net, kind):
    """Keep the parameters beside the record."""
    checkpoint.save(recorded.FOLDER / f"looking_letters_{kind}.npz", _tree(net))


def load(kind):
    """The network of the first seed as it was recorded."""
    net = draw(SEEDS[0], KINDS[kind])
    stored = checkpoint.load(recorded.FOLDER / f"looking_letters_{kind}.npz", _tree(net))
    net.load_state_dict({name: torch.as_tensor(value) for name, value in stored.items()})
    return net.eval()


def _tree(net):
    return {name: value.numpy() for name, value in net.state_dict().items()}


def _pictures(some, font=letters.FONTS[0], size=letters.SIZE):
    return letters.draw([letter.text for letter in some], font, size)
