"""RNNsearch: an encoder that reads both ways, and a decoder that looks at its annotations before every step.

    annotations  h_j = [forward state; backward state] of the j-th word
    align        e_ij = v_a . tanh(W_a s_{i-1} + U_a h_j + b_a),  alpha_ij = softmax over j
    context      c_i = sum over j of alpha_ij h_j
    new state    s_i = GRU(s_{i-1}, [E y_{i-1}; c_i]), reset before the product, z = 1 takes the candidate
    output       p(y_i) = softmax(V [s_i; E y_{i-1}; c_i] + c)

This order is derived in chapter 15. `attend=False` gives the same decoder with one vector for all steps: c_i is the
state at the end of each direction, and v_a, W_a, U_a, b_a don't exist.

Source: Bahdanau, Cho & Bengio (2015), with a linear output in place of their layer of maxout units. Words are
time-major, (J, B) and (I, B); a state has the batch first, so that a search may pick rows of it.
"""

from typing import NamedTuple

import torch
from torch import nn

from unrolled.scratch import attention as scratch

__all__ = ["Additive", "AttentionDecoder", "AttentionState", "Encoder", "Search", "padding"]


class AttentionState(NamedTuple):
    """What the decoder carries from one step to the next, and what it looks at."""

    s: torch.Tensor  # (B, H)
    annotations: torch.Tensor  # (B, J, K)
    keys: torch.Tensor  # (B, J, A), U_a h_j + b_a; without attention the context (B, K)
    seen: torch.Tensor  # (B, J) of bool: False where there is padding
    alpha: torch.Tensor | None = None  # (B, I, J), the weights of the steps of the last call


def padding(lengths, J):
    """A mask (B, J) of bool, True for the first lengths[b] words of sequence b."""
    return torch.arange(J, device=lengths.device) < lengths[:, None]


class Additive(nn.Module):
    """The additive score between queries of Q numbers and keys of K, by A units."""

    def __init__(self, Q, K, A):
        super().__init__()
        self.of_query = nn.Linear(Q, A, bias=False)  # W_a
        self.of_keys = nn.Linear(K, A)  # U_a and b_a
        self.v = nn.Parameter(torch.empty(A).uniform_(-1, 1) / A**0.5)

    def weights(self, query, keys, seen):
        """Weights (B, J) for a query (B, Q); keys (B, J, A) are `of_keys` of the annotations; seen (B, J) of bool."""
        e = torch.tanh(self.of_query(query)[:, None] + keys) @ self.v  # (B, J)
        return e.masked_fill(~seen, -torch.inf).softmax(dim=1)

    def to_scratch(self):
        """The same parameters for `unrolled.scratch.attention`."""
        array = lambda x: x.detach().cpu().numpy()
        W, U, b, v = self.of_query.weight, self.of_keys.weight, self.of_keys.bias, self.v
        return scratch.AdditiveParams(*map(array, (W, U, b, v)))


class Encoder(nn.Module):
    """Annotations of K numbers by a GRU in each direction, K / 2 each, or by one that reads forward."""

    def __init__(self, words, E, K, both_ways=True):
        super().__init__()
        if both_ways and K % 2:
            raise ValueError(f"K is {K}, two directions need an even number")
        self.embed = nn.Embedding(words, E)
        self.gru = nn.GRU(E, K // 2 if both_ways else K, bidirectional=both_ways)

    def forward(self, x, lengths):
        """Annotations (J, B, K), zero where there is padding, and the state at the end of each direction (B, K).

        x (J, B) numbers of words; lengths (B,) words that count, in 1..J.
        """
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embed(x), lengths.cpu(), enforce_sorted=False
        )
        h, ends = self.gru(packed)
        h, _ = nn.utils.rnn.pad_packed_sequence(h, total_length=len(x))
        return h, torch.cat(list(ends), dim=1)


class AttentionDecoder(nn.Module):
    """A decoder of H units that writes `words` different words, each embedded in E numbers.

    K: size of an annotation; A: units of the alignment network; attend: False for one context for all steps.
    """

    def __init__(self, words, E, H, K, A, attend=True):
        super().__init__()
        self.embed = nn.Embedding(words, E)
        self.align = Additive(H, K, A) if attend else None
        self.start = nn.Linear(K, H)  # s_0 from the ends of the encoder
        self.of_word = nn.Linear(E, 3 * H)  # blocks r, z, n, with the bias
        self.of_context = nn.Linear(K, 3 * H, bias=False)
        self.of_state = nn.Linear(H, 3 * H, bias=False)
        self.out = nn.Linear(H + E + K, words)

    def initial_state(self, annotations, ends, lengths):
        """State before the first word. annotations (J, B, K) and ends (B, K) as `Encoder` gives them; lengths (B,)."""
        h = annotations.transpose(0, 1)
        keys = ends if self.align is None else self.align.of_keys(h)
        return AttentionState(torch.tanh(self.start(ends)), h, keys, padding(lengths, h.shape[1]))

    def look(self, state):
        """Context (B, K) and weights (B, J) of the next step, from the state before it; no weights without attention."""
        if self.align is None:
            return state.keys, None
        alpha = self.align.weights(state.s, state.keys, state.seen)
        return torch.einsum("bj,bjk->bk", alpha, state.annotations), alpha

    def move(self, s, word, context):
        """The new state (B, H). word (B, 3 H): `of_word` of the embedded word before."""
        given, H = word + self.of_context(context), s.shape[1]
        W_rz, W_n = self.of_state.weight[: 2 * H], self.of_state.weight[2 * H :]
        r, z = torch.sigmoid(given[:, : 2 * H] + s @ W_rz.T).chunk(2, dim=1)
        n = torch.tanh(given[:, 2 * H :] + (r * s) @ W_n.T)
        return (1 - z) * s + z * n

    def forward(self, y_read, state):
        """y_read (I, B) -> logits (I, B, words) of the words that follow, and the state with the weights in alpha."""
        embedded, s, found = self.embed(y_read), state.s, []
        for word in self.of_word(embedded):
            context, alpha = self.look(state._replace(s=s))
            s = self.move(s, word, context)
            found.append((s, context, alpha))
        states, contexts, alphas = zip(*found)
        o = self.out(torch.cat([torch.stack(states), embedded, torch.stack(contexts)], dim=2))
        return o, state._replace(s=s, alpha=self.align and torch.stack(alphas, dim=1))

    @torch.no_grad()
    def step(self, tokens, state):
        """One token (N,) for each row -> log-probabilities (N, words), state: what `unrolled.nets.decoding` asks for."""
        o, state = self(torch.as_tensor(tokens, dtype=torch.int64)[None], state)
        return o[0].log_softmax(dim=1), state


class Search(nn.Module):
    """RNNsearch: encoder and decoder. source, target: numbers of different words; annotations have 2 H numbers."""

    def __init__(self, source, target, E, H, A=None, attend=True, both_ways=True):
        super().__init__()
        self.encoder = Encoder(source, E, 2 * H, both_ways)
        self.decoder = AttentionDecoder(target, E, H, 2 * H, H if A is None else A, attend)

    def encode(self, x, lengths):
        """State of the decoder after a source x (J, B), of which lengths (B,) words count."""
        lengths = torch.as_tensor(lengths)
        return self.decoder.initial_state(*self.encoder(torch.as_tensor(x), lengths), lengths)

    def forward(self, x, lengths, y_read):
        """Logits (I, B, words) with the words y_read (I, B) before each, START first, and the state with the weights."""
        return self.decoder(torch.as_tensor(y_read), self.encode(x, lengths))
