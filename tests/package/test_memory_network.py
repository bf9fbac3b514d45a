"""`nets.memory_network` and `scratch.memory_network` against the equations as loops."""

import numpy as np
import pytest
import torch
from torch import nn

from unrolled import recorded
from unrolled.nets.memory_network import DMN, MemN2N, Reader, hop, position_code
from unrolled.nets.training import train
from unrolled.recorded.experiments import memory_hops, memory_passes
from unrolled.scratch import memory_network as by_hand
from unrolled.tasks import nested, stories, whereabouts

EXACT = 1e-10
V, WIDTH, SLOTS = 9, 4, 5
SIZES = {"several": (3, 5), "one story": (1, 4), "one sentence": (2, 1)}  # B, S
MAKERS = {
    "one look": lambda: MemN2N(V, WIDTH, 1, slots=SLOTS),
    "three looks": lambda: MemN2N(V, WIDTH, 3, slots=SLOTS),
    "not chained": lambda: MemN2N(V, WIDTH, 2, slots=SLOTS, chained=False),
    "bags of words": lambda: MemN2N(V, WIDTH, 2, slots=SLOTS, order=False, times=False),
    "DMN, one pass": lambda: DMN(V, WIDTH, 1),
    "DMN, two passes": lambda: DMN(V, WIDTH, 2, embedding=3),
    "DMN, shared gates": lambda: DMN(V, WIDTH, 2, gates="softmax"),
    "reader": lambda: Reader(V, WIDTH),
}
MEMN2N = [name for name in MAKERS if "DMN" not in name and name != "reader"]
array = lambda x: x.detach().numpy()


def made(name):
    """A network in float64 with every parameter drawn: none is zero."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = MAKERS[name]().double()
        for parameter in net.parameters():
            nn.init.normal_(parameter, std=0.7)
    return net


def problem(size):
    """Sentences (B, S, 4) and questions (B, 3) of different lengths, stories of different lengths."""
    B, S = SIZES[size]
    rng = np.random.default_rng(2)
    sentences, question = rng.integers(1, V, size=(B, S, 4)), rng.integers(1, V, size=(B, 3))
    for b in range(B):
        for s in range(S):
            sentences[b, s, rng.integers(1, 5) :] = 0
        sentences[b, max(1, S - b) :] = 0
        question[b, 3 - b % 3 :] = 0
    return sentences, question


def code(j, J, k, d):
    return (1 - j / J) - (k / d) * (1 - 2 * j / J)


def summed(words, table, order):
    words, d = [w for w in words if w], table.shape[1]
    out = np.zeros(d)
    for j, w in enumerate(words, start=1):
        for k in range(1, d + 1):
            out[k - 1] += table[w, k - 1] * (code(j, len(words), k, d) if order else 1)
    return out


def softmax(a):
    e = np.exp(a - a.max())
    return e / e.sum()


def literal(net, sentences, question, linear):
    """Logits and weights of a MemN2N, story by story and slot by slot."""
    tables, ages = array(net.words), None if net.ages is None else array(net.ages)
    logits, weights = [], np.zeros((len(question), net.hops, sentences.shape[1]))
    for b, (story, asked) in enumerate(zip(sentences, question)):
        story = [words for words in story if words.any()]
        u = first = summed(asked, tables[0], net.order)
        for k in range(net.hops):
            m, c = (
                [
                    summed(words, tables[n], net.order)
                    + (0 if ages is None else ages[n, len(story) - 1 - i])
                    for i, words in enumerate(story)
                ]
                for n in (k, k + 1)
            )
            query = u if net.chained else first
            p = np.array([query @ each for each in m])
            p = p if linear else softmax(p)
            u = u + sum(weight * each for weight, each in zip(p, c))
            weights[b, k, : len(story)] = p
        logits.append(tables[-1] @ u)
    return np.array(logits), weights


@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", MEMN2N)
def test_memn2n_follows_the_equations(name, size, linear):
    net, (sentences, question) = made(name), problem(size)
    logits, weights = net(sentences, question, linear=linear)
    wanted = literal(net, sentences, question, linear)
    assert np.abs(array(logits) - wanted[0]).max() < EXACT
    assert np.abs(array(weights) - wanted[1]).max() < EXACT


def test_the_position_code_is_that_of_the_paper():
    words = torch.tensor([[3, 1, 4, 0], [5, 0, 0, 0], [0, 0, 0, 0]])
    found = position_code(words, 6)
    for row, J in enumerate((3, 1, 0)):
        for j in range(1, 5):
            for k in range(1, 7):
                wanted = code(j, J, k, 6) if j <= J else 0
                assert abs(found[row, j - 1, k - 1].item() - wanted) < 1e-6


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def gru(params, x, h):
    """One step of torch's GRU: z = 1 keeps the old state."""
    U, W, b, d = params
    (xr, xz, xn), (hr, hz, hn) = np.split(U @ x + b, 3), np.split(W @ h + d, 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return z * h + (1 - z) * np.tanh(xn + r * hn)


def literal_dmn(net, sentences, question):
    """Logits and gates of a DMN, story by story and fact by fact."""
    get = {name: array(value) for name, value in net.named_parameters()}
    cell = lambda name, end="": [
        get[f"{name}.{kind}_{of}{end}"] for kind in ("weight", "bias") for of in ("ih", "hh")
    ]
    facts, table = cell("facts.layers.0", "_l0"), get["embedding.weight"]
    logits, gates = [], np.zeros((len(question), net.passes, sentences.shape[1]))
    for b, (story, words) in enumerate(zip(sentences, question)):
        q, h, c = gru(facts, summed(words, table, True), np.zeros(WIDTH)), np.zeros(WIDTH), []
        for sentence in story[story.any(axis=1)]:
            h = gru(facts, summed(sentence, table, True), h)
            c.append(h)
        m = q
        for i in range(net.passes):
            scores = []
            for fact in c:
                z = [fact, m, q, fact * q, fact * m, abs(fact - q), abs(fact - m)]
                z += [[fact @ get["bilinear"] @ each] for each in (q, m)]
                hidden = np.tanh(get["gate.0.weight"] @ np.concatenate(z) + get["gate.0.bias"])
                scores.append((get["gate.2.weight"] @ hidden + get["gate.2.bias"])[0])
            g = (softmax if net.share else sigmoid)(np.array(scores))
            gates[b, i, : len(c)], h = g, np.zeros(WIDTH)
            for open_, fact in zip(g, c):
                h = open_ * gru(cell("along"), fact, h) + (1 - open_) * h
            m = gru(cell("update"), h, m)
        logits.append(get["readout.weight"] @ np.concatenate([m, q]) + get["readout.bias"])
    return np.array(logits), gates


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [name for name in MAKERS if "DMN" in name])
def test_dmn_follows_the_equations(name, size):
    net, (sentences, question) = made(name), problem(size)
    logits, gates = net(sentences, question)
    wanted = literal_dmn(net, sentences, question)
    assert np.abs(array(logits) - wanted[0]).max() < EXACT
    assert np.abs(array(gates) - wanted[1]).max() < EXACT


@pytest.mark.parametrize("name", MAKERS)
def test_gradients_are_those_of_central_differences(name):
    net, (sentences, question) = made(name), problem("several")
    names, values = zip(*net.named_parameters())

    def logits(*values):
        return torch.func.functional_call(net, dict(zip(names, values)), (sentences, question))[0]

    assert torch.autograd.gradcheck(logits, values, fast_mode=True)


@pytest.mark.parametrize("name", MAKERS)
def test_padding_changes_nothing(name):
    net, (sentences, question) = made(name), problem("several")
    wider = np.zeros((3, 7, 6), int)
    wider[:, :5, :4] = sentences
    longer = np.pad(question, [(0, 0), (0, 3)])
    if name in MEMN2N and net.ages is not None:
        wider = wider[:, :SLOTS]
    logits, weights = net(wider, longer)
    wanted, before = net(sentences, question)
    assert torch.allclose(logits, wanted, atol=EXACT)
    if weights is not None:
        assert torch.allclose(weights[:, :, :5], before, atol=EXACT)
        assert (weights[:, :, 5:] == 0).all() and (weights[1, :, 4:] == 0).all()
    alone, _ = net(sentences[1:2, :4], question[1:2])
    assert torch.allclose(alone[0], wanted[1], atol=EXACT)


def test_without_times_the_order_of_sentences_does_not_matter():
    net, (sentences, question) = made("bags of words"), problem("one story")
    order = np.array([2, 0, 3, 1])
    logits, weights = net(sentences, question)
    shuffled, moved = net(sentences[:, order], question)
    assert torch.allclose(shuffled, logits, atol=EXACT)
    assert torch.allclose(moved, weights[:, :, order], atol=EXACT)
    for other in ("one look", "DMN, one pass", "reader"):
        net = made(other)
        gap = net(sentences[:, order], question)[0] - net(sentences, question)[0]
        assert gap.abs().max() > 1e-3


def test_the_order_of_words_matters_only_with_the_position_code():
    sentences, question = np.array([[[1, 2, 3], [4, 5, 6]]]), np.array([[7, 8]])
    turned = sentences[:, :, ::-1].copy()
    for name, matters in [("bags of words", False), ("one look", True)]:
        net = made(name)
        gap = (net(turned, question)[0] - net(sentences, question)[0]).abs().max()
        assert (gap > 1e-3) == matters


def test_looks_that_are_not_chained_ask_the_question_alone():
    net, (sentences, question) = made("not chained"), problem("several")
    _, weights = net(sentences, question)
    u, told = net.initial_state(question), torch.as_tensor(sentences > 0).any(dim=-1)
    words = torch.as_tensor(sentences)
    for k in range(2):
        _, p = hop(u, net.memory(words, k), net.memory(words, k + 1), told)
        assert torch.allclose(p, weights[:, k], atol=EXACT)
    net.chained = True
    _, chained = net(sentences, question)
    assert torch.allclose(chained[:, 0], weights[:, 0], atol=EXACT)
    assert (chained[:, 1] - weights[:, 1]).abs().max() > 1e-3


def test_a_closed_gate_leaves_the_state_as_it_was():
    net, (sentences, _) = made("DMN, one pass"), problem("one story")
    c = net.read(torch.as_tensor(sentences))
    g = torch.tensor([[0.0, 1.0, 0.0, 0.0]]).double()
    h = torch.zeros(1, WIDTH).double()
    assert torch.allclose(net.episode(c, g), net.along(c[:, 1], h), atol=EXACT)
    assert (net.episode(c, 0 * g) == 0).all()


@pytest.mark.parametrize("name", ["DMN, one pass", "DMN, two passes", "DMN, shared gates"])
def test_the_loss_may_show_the_gates(name):
    net = made(name)
    drawn = nested(np.random.default_rng(10), 3, chains=2)
    drawn = drawn._replace(
        sentences=drawn.sentences % V, question=drawn.question % V, answer=drawn.answer % V
    )
    logits, gates = net(drawn.sentences, drawn.question)
    wanted = [-logits[b].log_softmax(dim=0)[answer].item() for b, answer in enumerate(drawn.answer)]
    assert abs(net.loss(drawn).item() - np.mean(wanted)) < EXACT
    pairs = [(0, 1)] if net.passes == 1 else [(0, 0), (1, 1)]  # a pass and the fact it should find
    hidden = [
        -np.log(gates[b, i, drawn.supports[b, fact]].item()) for b in range(3) for i, fact in pairs
    ]
    shown = np.mean(wanted) + 0.5 * np.mean(hidden)
    assert abs(net.loss(drawn, shown=0.5).item() - shown) < EXACT


@pytest.mark.parametrize("name", ["one look", "DMN, one pass", "reader"])
def test_the_answers_of_one_batch_are_learned(name):
    """The loss starts above that of a guess among six places and falls far below it."""
    net = made(name).float()
    batch = whereabouts(np.random.default_rng(3), 8, "person", sentences=SLOTS)
    kept = np.unique(np.concatenate([each.ravel() for each in batch[:3]]))
    renamed = batch._replace(
        **{key: np.searchsorted(kept, getattr(batch, key)) for key in batch._fields[:3]}
    )
    with torch.random.fork_rng():
        torch.manual_seed(4)
        net = type(net)(len(kept), 16, **({"slots": SLOTS} if name == "one look" else {}))
    losses = train(net, lambda k: net.loss(renamed), 150, lr=0.02)
    assert losses[0] > np.log(6) and losses[-1] < 0.3


def test_what_a_network_does_not_take():
    with pytest.raises(ValueError, match="hops is 0"):
        MemN2N(V, WIDTH, 0, slots=SLOTS)
    with pytest.raises(ValueError, match="passes is 0"):
        DMN(V, WIDTH, 0)
    with pytest.raises(ValueError, match="gates 'hard': 1 or more, sigmoid or softmax"):
        DMN(V, WIDTH, 2, gates="hard")
    with pytest.raises(ValueError, match="6 sentences, 5 slots"):
        made("one look")(np.ones((2, 6, 3), int), np.ones((2, 2), int))


def scores():
    kinds = stories.PEOPLE, stories.THINGS, stories.PLACES, stories.MOVES
    return by_hand.by_hand(stories.VOCABULARY, *kinds)


@pytest.mark.parametrize("about, looks", [("person", 1), ("thing", 2)])
def test_scores_set_by_hand_answer_every_question(about, looks):
    drawn = whereabouts(np.random.default_rng(5), 300, about, sentences=20)
    for sentences, question, answer, supports in zip(*drawn):
        found, chosen = by_hand.answer(scores(), sentences, question, looks)
        assert found == answer and chosen == tuple(supports)


def test_one_hard_look_finds_who_has_the_thing_but_not_where():
    drawn = whereabouts(np.random.default_rng(6), 300)
    for sentences, question, answer, supports in zip(*drawn):
        found, chosen = by_hand.answer(scores(), sentences, question, looks=1)
        assert chosen == (supports[0],) and found != answer


def test_a_look_is_a_sum_over_pairs_of_words():
    rng = np.random.default_rng(7)
    drawn = by_hand.Scores(*rng.standard_normal((3, V, V)), later=0.1)
    sentences, question = rng.integers(1, V, size=(4, 3)), np.array([2, 2, 0])
    memory = by_hand.counts(sentences, V)
    found = by_hand.look(drawn, by_hand.counts(question, V), memory, chosen=[3, 1])
    for i, words in enumerate(sentences):
        wanted = 0.1 * i + 2 * sum(drawn.asked[2, w] for w in words)
        wanted += sum(drawn.found[v, w] for o in (3, 1) for v in sentences[o] for w in words)
        assert abs(found[i] - wanted) < EXACT


def test_an_empty_memory_has_no_answer():
    with pytest.raises(ValueError, match="no sentence is in memory"):
        by_hand.answer(scores(), np.zeros((3, 6), int), np.ones(6, int))


def test_the_last_place_is_read_off_the_text():
    drawn = whereabouts(np.random.default_rng(8), 50)
    for sentences, found in zip(drawn.sentences, memory_hops.last_place(drawn)):
        words = stories.text(sentences).split()
        assert [w for w in words if w in stories.PLACES][-1] == stories.VOCABULARY[found]


def test_two_looks_are_needed_where_two_facts_are():
    runs = recorded.load("memory_hops")["results"]
    right = {kind: np.array([run[kind]["right"] for run in runs]) for kind in memory_hops.KINDS}
    assert right["person, 1 look"].min() > 0.99 and right["thing, 2 looks"].min() > 0.99
    assert right["thing, 1 look"].max() < 0.6 and right["thing, not chained"].max() < 0.6
    for run in runs:
        weights = np.array(run["thing, 2 looks"]["on facts"])
        assert weights.diagonal().min() > 0.8


def test_two_passes_find_a_fact_that_leads_to_another_when_they_are_shown():
    runs = recorded.load("memory_passes")["results"]
    right = {kind: np.array([run[kind]["right"] for run in runs]) for kind in memory_passes.KINDS}
    assert right.pop("2 passes, shown").min() > 0.95
    assert all(values.max() < 0.6 for values in right.values())


def test_a_reader_without_slots_answers_worse():
    reader, looks = (recorded.load(name)["results"] for name in ("memory_reader", "memory_hops"))
    for about, kind in [("person", "person, 1 look"), ("thing", "thing, 2 looks")]:
        best = max(run[about]["right"] for run in reader)
        assert best < 0.7 < min(run[kind]["right"] for run in looks)
