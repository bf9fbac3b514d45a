"""Short stories in words and a question about each: one fact answers it, or several together do.

Made after the idea of the bAbI tasks of Weston et al. (2016), with sentences of our own. Nothing says which facts a
question needs but `Stories.supports`, which is there to look at, not to train with.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["PLACE", "VOCABULARY", "WORDS", "Stories", "nested", "running", "text", "whereabouts"]

PEOPLE = "ada ben cleo dan".split()
PLACES = "attic cellar garden hall kitchen yard".split()
THINGS = "book cup key lamp".split()
SMALL = "bag box case tin".split()
LARGE = "chest crate drawer trunk".split()
MOVES, TAKES = ["went", "walked"], ["took", "fetched"]
OTHERS = "in is room sent the to where which".split()
WORDS = 6  # of a sentence or a question, at most: "ada sent the lamp to ben"
VOCABULARY = (
    "",  # padding
    *sorted([*PEOPLE, *PLACES, *THINGS, *SMALL, *LARGE, *MOVES, *TAKES, *OTHERS]),
)
PLACE = {word: place for place, word in enumerate(VOCABULARY)}


class Stories(NamedTuple):
    """B stories of S sentences, in the order in which they are told, each with a question that has one word as answer."""

    sentences: np.ndarray  # (B, S, WORDS) integers, places in VOCABULARY; 0 is padding
    question: np.ndarray  # (B, WORDS)
    answer: np.ndarray  # (B,)
    supports: (
        np.ndarray
    )  # (B, F): which sentences it takes, in the order in which one must look for them


def whereabouts(rng, B, about="thing", sentences=10, sending=False):
    """People walk from place to place and take things along; where is one of the things, or one of the people?

    about: "person", "where is ada": one fact, her last move, tells; "thing", "where is the lamp": two facts do, who has
    it and that person's last move. The stories are drawn alike for both. sending: what somebody has may be sent on, "ada
    sent the lamp to ben"; then the order of the words matters too.
    Raises ValueError for anything else than "person" or "thing", or less than 2 sentences.
    """
    if about not in ("person", "thing") or sentences < 2:
        raise ValueError(f"about {about!r}, {sentences} sentences: expected person or thing, >= 2")
    parts, found = [], 0
    while found < B:
        drawn, answerable = _walks(rng, B, about, sentences, sending)
        parts.append(Stories(*(each[answerable][: B - found] for each in drawn)))
        found += len(parts[-1].answer)
    return Stories(*(np.concatenate(each) for each in zip(*parts)))


def nested(rng, B, links=2, chains=4, facts=None):
    """Things lie in something that lies in a room: "the key is in the box", "the box is in the hall", in any order.

    links: the facts that lead from a thing to its room, 1 to 3; chains: how many things there are, 1 to 4, each in a room
    of its own. The story has links * chains sentences, shuffled. facts: how many of them it takes to answer, links if
    None; with fewer, the question is about what the thing lies in, "which room is the box in".
    Raises ValueError for numbers outside these ranges.
    """
    facts = links if facts is None else facts
    if links not in (1, 2, 3) or chains not in (1, 2, 3, 4) or not 1 <= facts <= links:
        raise ValueError(
            f"{links} links, {chains} chains, {facts} facts: expected 1 to 3, 1 to 4, 1 to {links}"
        )
    levels = [THINGS, SMALL, LARGE][:links] + [PLACES]
    drawn = [rng.permuted(np.tile(_places(names), (B, 1)), axis=1)[:, :chains] for names in levels]
    chain = np.stack(drawn, axis=2)  # (B, chains, links + 1)
    told = [
        _sentence(B, "the", chain[:, n, k], "is", "in", "the", chain[:, n, k + 1])
        for n in range(chains)
        for k in range(links)
    ]
    order = rng.permuted(np.tile(np.arange(links * chains), (B, 1)), axis=1)  # (B, S)
    asked, every = rng.integers(chains, size=B), np.arange(B)
    needed = asked[:, None] * links + np.arange(links - facts, links)  # (B, facts)
    return Stories(
        np.take_along_axis(np.stack(told, axis=1), order[:, :, None], axis=1),
        _sentence(B, "which", "room", "is", "the", chain[every, asked, links - facts], "in"),
        chain[every, asked, -1],
        np.take_along_axis(np.argsort(order, axis=1), needed, axis=1),
    )


def running(stories):
    """Each story and its question as one row of words: x (T, B) padded with 0, and the lengths (B,)."""
    B = len(stories.answer)
    words = np.concatenate([stories.sentences.reshape(B, -1), stories.question], axis=1)
    said = words > 0
    lengths = said.sum(axis=1)
    kept = np.argsort(~said, axis=1, kind="stable")[:, : lengths.max()]
    return np.take_along_axis(words, kept, axis=1).T, lengths


def text(words):
    """Words (..., L) as text, without the padding."""
    return " ".join(VOCABULARY[place] for place in np.ravel(words) if place)


def _walks(rng, B, about, S, sending):
    """B stories of the kind `whereabouts`, and which of them have something to ask (B,)."""
    people, places, things = (_places(names) for names in (PEOPLE, PLACES, THINGS))
    every, told = np.arange(B), []
    where = rng.integers(len(places), size=(B, len(people)))
    moved = np.full((B, len(people)), -1)  # the sentence that tells of each person's last move
    holder, handled = (np.full((B, len(things)), -1) for _ in range(2))
    for s in range(S):
        who, thing = rng.integers(len(people), size=B), rng.integers(len(things), size=B)
        handles, held = rng.random(B) < 0.4, holder[every, thing] >= 0
        takes, sends = handles & ~held, handles & held & sending
        who = np.where(sends, holder[every, thing], who)
        receiver = (who + rng.integers(1, len(people), size=B)) % len(people)
        moves = ~takes & ~sends
        place = (where[every, who] + rng.integers(1, len(places), size=B)) % len(places)
        went, took = (_places(names)[rng.integers(2, size=B)] for names in (MOVES, TAKES))
        told.append(
            np.where(
                moves[:, None],
                _sentence(B, people[who], went, "to", "the", places[place]),
                np.where(
                    takes[:, None],
                    _sentence(B, people[who], took, "the", things[thing]),
                    _sentence(B, people[who], "sent", "the", things[thing], "to", people[receiver]),
                ),
            )
        )
        where[every[moves], who[moves]] = place[moves]
        moved[every[moves], who[moves]] = s
        holder[every, thing] = np.where(takes, who, np.where(sends, receiver, holder[every, thing]))
        handled[every[~moves], thing[~moves]] = s
    of_holder = np.where(holder >= 0, np.take_along_axis(moved, holder, axis=1), -1)  # (B, things)
    known = (moved if about == "person" else of_holder) >= 0
    asked = (rng.random(known.shape) * known).argmax(axis=1)
    if about == "person":
        question, person = _sentence(B, "where", "is", people[asked]), asked
        supports = moved[every, asked][:, None]
    else:
        question, person = _sentence(B, "where", "is", "the", things[asked]), holder[every, asked]
        supports = np.stack([handled[every, asked], of_holder[every, asked]], axis=1)
    answer = places[where[every, person]]
    return Stories(np.stack(told, axis=1), question, answer, supports), known.any(axis=1)


def _sentence(B, *words):
    """(B, WORDS): each word is given as text, or as an array (B,) of places in VOCABULARY."""
    out = np.zeros((B, WORDS), dtype=int)
    for n, word in enumerate(words):
        out[:, n] = PLACE[word] if isinstance(word, str) else word
    return out


def _places(words):
    return np.array([PLACE[word] for word in words])
