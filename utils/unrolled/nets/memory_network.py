"""Memory networks: every sentence of a story is a slot, and a question is answered by looks at the slots.

`MemN2N` looks `hops` times, each time with a query to which the look before has added what it read; `DMN` goes `passes`
times through the sentences, in order, with a gate for each sentence; `Reader` is an LSTM that reads all words and has no
slots. All of them learn from questions and answers; a DMN may be told as well which sentences matter.

Words are integers with the batch first, sentences (B, S, L) and question (B, L), 0 is padding, as in `tasks.stories`.
Sources: Sukhbaatar et al. (2015); Kumar et al. (2016); Xiong, Merity & Socher (2016).
"""

import numpy as np
import torch
from torch import nn

from unrolled.nets.seq2seq import Stack

__all__ = ["DMN", "MemN2N", "Reader", "hop", "position_code"]


def position_code(words, width, dtype=torch.float32):
    """The factors (..., L, width) by which word vectors are multiplied before they are added up, 0 for padding.

    Word j of J: 1 - j/J - (k/width)(1 - 2j/J) at the number k = 1..width: a sum that knows the order of the words.
    Source: Sukhbaatar et al. (2015), section 4.1.
    """
    said = words > 0
    j = torch.arange(1, words.shape[-1] + 1, dtype=dtype)
    j = (j / said.sum(dim=-1, keepdim=True).clamp(min=1))[..., None]  # (..., L, 1), in units of J
    k = torch.arange(1, width + 1, dtype=dtype) / width
    return ((1 - j) - k * (1 - 2 * j)) * said[..., None]


def hop(u, m, c, told=None, linear=False):
    """One look: u (B, m) the query, m and c (B, S, m) what is compared with it and what is read.

    told (B, S): which slots there are, all if None; linear: the scores themselves weigh the slots, without softmax.
    Returns what is read o (B, m) and the weights p (B, S).
    Source: Sukhbaatar et al. (2015), equations 1 and 2.
    """
    scores = torch.einsum("bm,bsm->bs", u, m)
    if told is not None:
        scores = scores.masked_fill(~told, 0.0 if linear else -torch.inf)
    p = scores if linear else scores.softmax(dim=1)
    return torch.einsum("bs,bsm->bm", p, c), p


class MemN2N(nn.Module):
    """An end-to-end memory network: word vectors, times, and nothing else is learned.

    hops: how often it looks. slots: the largest number of sentences. order: the words of a sentence are weighed by
    `position_code`; False: they are added up. times: each slot has a vector for its age, the last sentence is 0.
    chained: a look's query holds what the looks before have read; False: every look asks the question alone (the answer
    still reads the sum of all looks), to see what the chain is for.
    What look k reads is what look k + 1 compares with (adjacent tying): hops + 1 tables of vectors, the first also embeds
    the question, the last also names the answers.
    Source: Sukhbaatar et al. (2015), sections 2 and 4.1.
    """

    def __init__(self, words, width, hops=2, *, slots, order=True, times=True, chained=True):
        super().__init__()
        if hops < 1:
            raise ValueError(f"hops is {hops}, expected 1 or more")
        self.words = nn.Parameter(torch.randn(hops + 1, words, width) / 10)
        self.ages = nn.Parameter(torch.randn(hops + 1, slots, width) / 10) if times else None
        self.hops, self.order, self.chained = hops, order, chained

    def embed(self, words, table):
        """(..., L) -> (..., width): the sentences as sums of the vectors of one table."""
        vectors = self.words[table][words]
        if self.order:
            code = position_code(words, vectors.shape[-1], vectors.dtype)
        else:
            code = (words > 0)[..., None]
        return (code * vectors).sum(dim=-2)

    def initial_state(self, question):
        """The query of the first look (B, width)."""
        return self.embed(_integers(question), 0)

    def memory(self, sentences, table):
        """The slots (B, S, width) as one table writes them."""
        slots = self.embed(sentences, table)
        if self.ages is None:
            return slots
        told = (sentences > 0).any(dim=-1)
        age = (told.sum(dim=1, keepdim=True) - 1 - torch.arange(told.shape[1])).clamp(min=0)
        return slots + self.ages[table][age]

    def forward(self, sentences, question, *, linear=False):
        """-> logits (B, words) of the answer, and the weights of every look (B, hops, S).

        linear: looks without softmax, as in the first part of a training with "linear start".
        Raises ValueError if a story has more sentences than there are slots.
        """
        sentences = _integers(sentences)
        if self.ages is not None and sentences.shape[1] > self.ages.shape[1]:
            raise ValueError(f"{sentences.shape[1]} sentences, {self.ages.shape[1]} slots")
        told = (sentences > 0).any(dim=-1)
        slots = [self.memory(sentences, table) for table in range(self.hops + 1)]
        u = asked = self.initial_state(question)
        weights = []
        for m, c in zip(slots, slots[1:]):
            o, p = hop(u if self.chained else asked, m, c, told, linear)
            u = u + o
            weights.append(p)
        return u @ self.words[-1].T, torch.stack(weights, dim=1)

    def loss(self, stories, linear=False):
        """Mean cross-entropy of the answers in nats; stories: a `tasks.stories.Stories`."""
        return _cross_entropy(self(stories.sentences, stories.question, linear=linear), stories)


class DMN(nn.Module):
    """A dynamic memory network: a GRU through the facts, then passes through them, each led by question and memory.

        facts     c_s = GRU(x_s, c_{s-1}), with x_s the sum of the sentence's word vectors by `position_code`
        question  q = GRU(x, 0), read as if it were the only sentence of a story
        gate      g_s = G(c_s, m, q), a small network with one number
        pass      h_s = g_s GRU(c_s, h_{s-1}) + (1 - g_s) h_{s-1},  e = h_S
        memory    m = GRU(e, m), from m = q

    The answer is a readout of [m, q]. gates: "softmax" lets the gates of a pass share 1, as Xiong, Merity & Socher (2016)
    do; with "sigmoid" they may all be open. Source: Kumar et al. (2016), section 2, but for the sentence vectors (there one GRU
    reads all words of the story) and the readout (there a GRU that can answer with several words).
    """

    def __init__(self, words, width, passes=2, *, embedding=None, gates="sigmoid"):
        super().__init__()
        if passes < 1 or gates not in ("sigmoid", "softmax"):
            raise ValueError(f"passes is {passes}, gates {gates!r}: 1 or more, sigmoid or softmax")
        embedding = width if embedding is None else embedding
        self.embedding = nn.Embedding(words, embedding)
        self.facts = Stack(embedding, width)
        self.along = nn.GRUCell(width, width)  # the GRU of a pass
        self.update = nn.GRUCell(width, width)  # the GRU of the memory
        self.bilinear = nn.Parameter(torch.randn(width, width) / width)
        self.gate = nn.Sequential(nn.Linear(7 * width + 2, width), nn.Tanh(), nn.Linear(width, 1))
        self.readout = nn.Linear(2 * width, words)
        self.passes, self.share = passes, gates == "softmax"
        # Glorot's range, block by block
        for name, weight in self.named_parameters():
            if "weight" in name and name != "embedding.weight":
                for block in weight.chunk(3 if "_ih" in name or "_hh" in name else 1):  # r, z, n
                    nn.init.xavier_uniform_(block)

    def initial_state(self, question):
        """The memory before the first pass (B, width): the question itself."""
        return self.read(_integers(question)[:, None])[:, 0]

    def read(self, sentences):
        """The facts c (B, S, width), zero where nothing is told."""
        vectors = self.embedding(sentences)
        x = (position_code(sentences, vectors.shape[-1], vectors.dtype) * vectors).sum(dim=2)
        lengths = (sentences > 0).any(dim=-1).sum(dim=1)
        return self.facts(x.transpose(0, 1), None, lengths)[0].transpose(0, 1)

    def gates(self, c, m, q, told):
        """G: c (B, S, width), m and q (B, width), told (B, S) -> g (B, S) in (0, 1), 0 where nothing is told."""
        m, q = m[:, None].expand_as(c), q[:, None].expand_as(c)
        to_question, to_memory = (
            torch.einsum("bsi,ij,bsj->bs", c, self.bilinear, each)[..., None] for each in (q, m)
        )
        z = [c, m, q, c * q, c * m, (c - q).abs(), (c - m).abs(), to_question, to_memory]
        scores = self.gate(torch.cat(z, dim=2))[..., 0].masked_fill(~told, -torch.inf)
        return scores.softmax(dim=1) if self.share else scores.sigmoid()

    def episode(self, c, g):
        """The last state of a pass through the facts c (B, S, width) with the gates g (B, S)."""
        h = torch.zeros_like(c[:, 0])
        for s in range(c.shape[1]):
            h = g[:, s, None] * self.along(c[:, s], h) + (1 - g[:, s, None]) * h
        return h

    def forward(self, sentences, question):
        """-> logits (B, words) of the answer, and the gates of every pass (B, passes, S)."""
        sentences = _integers(sentences)
        c, m = self.read(sentences), self.initial_state(question)
        q, told, opened = m, (sentences > 0).any(dim=-1), []
        for _ in range(self.passes):
            g = self.gates(c, m, q, told)
            m = self.update(self.episode(c, g), m)
            opened.append(g)
        return self.readout(torch.cat([m, q], dim=1)), torch.stack(opened, dim=1)

    def loss(self, stories, shown=0.0):
        """Mean cross-entropy of the answers in nats; stories: a `tasks.stories.Stories`.

        shown: the weight of a second term, the mean of -log g at the fact that each pass should find, the last pass the
        last one: with it the network is told which facts matter, without it the answers alone teach it.
        """
        found = self(stories.sentences, stories.question)
        loss = _cross_entropy(found, stories)
        if shown:
            passes = min(self.passes, stories.supports.shape[1])
            at = _integers(stories.supports[:, -passes:])[..., None]
            loss = loss - shown * found[1][:, -passes:].gather(2, at).log().mean()
        return loss


class Reader(nn.Module):
    """The network without slots: an LSTM reads the story and then the question, word by word, and answers at the end."""

    def __init__(self, words, width, *, embedding=None):
        super().__init__()
        embedding = width if embedding is None else embedding
        self.embedding = nn.Embedding(words, embedding)
        self.stack, self.readout = Stack(embedding, width, cell="lstm"), nn.Linear(width, words)

    def initial_state(self, batch_size):
        """Zeros: nothing was read."""
        return self.stack.initial_state(batch_size)

    def forward(self, sentences, question):
        """-> logits (B, words) of the answer, and None: there are no weights to look at."""
        words = _integers(sentences).flatten(1)
        words = torch.cat([words, _integers(question)], dim=1)
        said = words > 0
        kept = (~said).to(torch.int8).argsort(dim=1, stable=True)[:, : int(said.sum(dim=1).max())]
        x = self.embedding(words.gather(1, kept).T)
        _, ((h, _),) = self.stack(x, None, said.sum(dim=1))
        return self.readout(h), None

    def loss(self, stories):
        """Mean cross-entropy of the answers in nats; stories: a `tasks.stories.Stories`."""
        return _cross_entropy(self(stories.sentences, stories.question), stories)


def _cross_entropy(found, stories):
    return nn.functional.cross_entropy(found[0], _integers(stories.answer))


def _integers(words):
    return torch.as_tensor(np.asarray(words), dtype=torch.int64)
