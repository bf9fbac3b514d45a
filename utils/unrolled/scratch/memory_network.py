"""A memory network in its first form: I, G, O, R, with hard choices and scores set by hand.

    I  a sentence becomes counts of its words, phi
    G  the counts are stored in the next free slot
    O  o_1 = argmax_i s(q, m_i), then o_2 = argmax_i s([q, m_{o_1}], m_i), ...
    R  the answer is the word with the largest score, given the last slot chosen

A score is a sum over pairs of words, phi(what is asked)^T A phi(m_i), and a little more for what was told later.
Source: Weston, Chopra & Bordes (2015), section 2 and 3.1, where the scores are learned, from the supporting facts too.
"""

from typing import NamedTuple

import numpy as np

__all__ = ["Scores", "answer", "by_hand", "counts", "look"]


class Scores(NamedTuple):
    """What a pair of words is worth; V words."""

    asked: np.ndarray  # (V, V): a word of the question with a word of the slot
    found: np.ndarray  # (V, V): a word of a slot that was chosen before with a word of the slot
    reply: np.ndarray  # (V, V): a word of the slot chosen last with a word as the answer
    later: float  # for each sentence later


def counts(words, V):
    """I: words (..., L), 0 for padding -> phi (..., V), how often each word occurs."""
    words = np.asarray(words)
    return ((words[..., None] == np.arange(V)) & (words[..., None] > 0)).sum(axis=-2)


def look(scores, question, memory, chosen=()):
    """O, once: phi of the question (V,), memory (S, V), the slots chosen before -> scores of the slots (S,)."""
    value = question @ scores.asked @ memory.T + scores.later * np.arange(len(memory))
    for o in chosen:
        value = value + memory[o] @ scores.found @ memory.T
    return value


def answer(scores, sentences, question, looks=2):
    """One story, sentences (S, L), and a question (L,) -> the word that answers, and the slots chosen, in order.

    Raises ValueError if there is nothing in memory.
    """
    V = len(scores.asked)
    memory = [counts(words, V) for words in np.asarray(sentences) if words.any()]  # I, G
    if not memory:
        raise ValueError("no sentence is in memory")
    memory = np.array(memory)
    phi, chosen = counts(question, V), []
    for _ in range(looks):
        chosen.append(int(look(scores, phi, memory, chosen).argmax()))  # O
    return int((memory[chosen[-1]] @ scores.reply).argmax()), tuple(chosen)  # R


def by_hand(vocabulary, people, things, places, moves):
    """Scores that answer where a person or a thing is, in stories in which people move and take things along.

    vocabulary: all words, in order; people, things, places, moves (verbs that tell of a move): words of each kind.
    A thing in the question counts 3, a person 1, and "where" with a move a half: so the first look finds who took the
    thing, or the person's last move. The second asks for the person that was found, and the thing no longer counts.
    """
    at = {word: n for n, word in enumerate(vocabulary)}
    asked, found, reply = np.zeros((3, len(at), len(at)))
    for table, words, value in [
        (asked, people, 1),
        (asked, things, 3),
        (found, people, 1),
        (found, things, -3),
        (reply, places, 1),
    ]:
        for word in words:
            table[at[word], at[word]] = value
    for word in moves:
        asked[at["where"], at[word]] = 0.5
    return Scores(asked, found, reply, later=0.01)
