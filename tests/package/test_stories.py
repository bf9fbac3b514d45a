"""`tasks.stories` against somebody who reads the sentences as text and keeps track of who is where."""

import numpy as np
import pytest

from unrolled.tasks import nested, stories, whereabouts

KINDS = {
    "person": lambda rng, B: whereabouts(rng, B, "person"),
    "thing": lambda rng, B: whereabouts(rng, B, "thing"),
    "thing, short": lambda rng, B: whereabouts(rng, B, "thing", sentences=3),
    "thing, sent on": lambda rng, B: whereabouts(rng, B, "thing", sentences=14, sending=True),
    "nested, 1": lambda rng, B: nested(rng, B, 1),
    "nested, 2": lambda rng, B: nested(rng, B, 2),
    "nested, 1 of 2": lambda rng, B: nested(rng, B, 2, facts=1),
    "nested, 2 of 3": lambda rng, B: nested(rng, B, 3, facts=2),
    "nested, 3": lambda rng, B: nested(rng, B, 3, chains=2),
}


def understood(sentences, question):
    """The answer by the words alone, None if the story doesn't tell; sentences and question are text."""
    inside, held = {}, {}
    for sentence in sentences:
        words = [word for word in sentence.split() if word != "the"]
        if words[1] in ("went", "walked"):
            inside[words[0]] = words[3]
        elif words[1] in ("took", "fetched"):
            held[words[2]] = words[0]
        elif words[1] == "sent":
            assert held.get(words[2], words[0]) == words[0], "only who has a thing can send it"
            held[words[2]] = words[4]
        else:
            assert words[1:3] == ["is", "in"]
            inside[words[0]] = words[3]
    words = question.split()
    asked = words[-1] if words[0] == "where" else words[-2]
    at = held.get(asked) if asked in stories.THINGS and words[0] == "where" else asked
    while at is not None and at not in stories.PLACES:
        at = inside.get(at)
    return at


def as_text(drawn, b, kept=None):
    rows = range(drawn.sentences.shape[1]) if kept is None else kept
    told = [stories.text(drawn.sentences[b, s]) for s in rows]
    return [sentence for sentence in told if sentence], stories.text(drawn.question[b])


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_what_a_reader_understands(kind):
    drawn = KINDS[kind](np.random.default_rng(1), 300)
    for b, answer in enumerate(drawn.answer):
        assert understood(*as_text(drawn, b)) == stories.VOCABULARY[answer]


@pytest.mark.parametrize("kind", KINDS)
def test_the_supporting_facts_suffice(kind):
    drawn = KINDS[kind](np.random.default_rng(2), 300)
    for b, answer in enumerate(drawn.answer):
        kept = sorted(drawn.supports[b])
        assert understood(*as_text(drawn, b, kept)) == stories.VOCABULARY[answer]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "thing, sent on"])
def test_each_supporting_fact_is_needed(kind):
    drawn = KINDS[kind](np.random.default_rng(3), 300)
    for b, answer in enumerate(drawn.answer):
        for without in drawn.supports[b]:
            kept = [s for s in range(drawn.sentences.shape[1]) if s != without]
            assert understood(*as_text(drawn, b, kept)) != stories.VOCABULARY[answer]


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_fact_names_what_is_asked_and_the_last_one_the_answer(kind):
    drawn = KINDS[kind](np.random.default_rng(4), 300)
    nouns = {*stories.PEOPLE, *stories.THINGS, *stories.SMALL, *stories.LARGE}
    for b, answer in enumerate(drawn.answer):
        facts = [set(stories.text(drawn.sentences[b, s]).split()) for s in drawn.supports[b]]
        (asked,) = nouns & set(stories.text(drawn.question[b]).split())
        assert asked in facts[0] and stories.VOCABULARY[answer] in facts[-1]
        assert all(
            first & second - {"the", "is", "in", "to"} for first, second in zip(facts, facts[1:])
        )


@pytest.mark.parametrize("kind", KINDS)
def test_no_place_is_the_answer_much_more_often(kind):
    drawn = KINDS[kind](np.random.default_rng(5), 3000)
    shares = np.bincount(drawn.answer)[[stories.PLACE[place] for place in stories.PLACES]] / 3000
    assert np.isclose(shares.sum(), 1) and abs(shares - 1 / 6).max() < 0.03  # four standard errors


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_of_one_and_the_same_seed(kind):
    first, second = (KINDS[kind](np.random.default_rng(6), 1) for _ in range(2))
    assert all((a == b).all() and len(a) == 1 for a, b in zip(first, second))
    other = KINDS[kind](np.random.default_rng(7), 1)
    assert any((a != b).any() for a, b in zip(first, other))


def test_the_stories_are_alike_whatever_is_asked():
    """The kinds of sentences, counted: what is asked leaves its mark only through what can be asked."""
    shares = []
    for about in ("person", "thing"):
        told = whereabouts(np.random.default_rng(8), 2000, about).sentences
        shares.append((told == stories.PLACE["to"]).any(axis=2).mean())
    assert abs(shares[0] - shares[1]) < 0.03


def test_running_is_the_text_read_aloud():
    drawn = whereabouts(np.random.default_rng(9), 20, sending=True)
    drawn.sentences[0, 5:] = 0  # a story that ends early
    x, lengths = stories.running(drawn)
    for b, length in enumerate(lengths):
        told, question = as_text(drawn, b)
        assert stories.text(x[:length, b]) == " ".join([*told, question])
        assert (x[length:, b] == 0).all() and (x[:length, b] > 0).all()
    assert len(x) == lengths.max()


def test_what_cannot_be_drawn():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="about 'place', 10 sentences: expected person or thing"):
        whereabouts(rng, 2, "place")
    with pytest.raises(ValueError, match="1 sentences"):
        whereabouts(rng, 2, "person", sentences=1)
    with pytest.raises(ValueError, match="4 links, 4 chains"):
        nested(rng, 2, 4)
    with pytest.raises(ValueError, match="2 links, 5 chains"):
        nested(rng, 2, chains=5)
    with pytest.raises(ValueError, match="2 links, 4 chains, 3 facts: .* 1 to 2"):
        nested(rng, 2, facts=3)
