"""From a film to a sentence: one pair of recurrent layers reads the frames and then writes the words (S2VT)."""

from typing import NamedTuple

import torch
from torch import nn

from unrolled.nets.seq2seq import Stack

__all__ = ["S2VT", "State"]


class State(NamedTuple):
    """What the network carries from step to step."""

    lower: tuple  # of the layer that reads frames
    upper: tuple  # of the layer that reads words and the lower layer


class S2VT(nn.Module):
    """Two layers run through both phases. Where there is no word yet, or no frame any more, they read zeros.

    The lower layer reads a frame; the upper one reads the lower layer's output and a word. There is no second pair of
    layers for writing: reading and writing share all weights.
    Source: Venugopalan et al. (2015), section 3.
    """

    def __init__(self, frame_size, vocabulary, hidden_size, *, cell="lstm"):
        super().__init__()
        self.frame_size = frame_size
        self.embedding = nn.Embedding(vocabulary, hidden_size)
        self.lower = Stack(frame_size, hidden_size, cell=cell)
        self.upper = Stack(2 * hidden_size, hidden_size, cell=cell)
        self.readout = nn.Linear(hidden_size, vocabulary)

    def initial_state(self, batch_size):
        """Zeros: nothing was seen."""
        return State(self.lower.initial_state(batch_size), self.upper.initial_state(batch_size))

    def encode(self, frames, state=None):
        """frames (T, B, D) -> the state after them."""
        return self._run(frames, frames.new_zeros(*frames.shape[:2], self._word_size), state)[1]

    def forward(self, y_read, state):
        """y_read (I, B) tokens -> logits (I, B, K) of the tokens that follow, and the state."""
        words = self.embedding(torch.as_tensor(y_read, dtype=torch.int64))
        s, state = self._run(words.new_zeros(*words.shape[:2], self.frame_size), words, state)
        return self.readout(s), state

    @torch.no_grad()
    def step(self, tokens, state):
        """One token (N,) for each row -> log-probabilities (N, K), state: what `decoding` asks for."""
        logits, state = self(torch.as_tensor(tokens)[None], state)
        return logits[0].log_softmax(dim=-1), state

    @property
    def _word_size(self):
        return self.embedding.embedding_dim

    def _run(self, frames, words, state):
        state = self.initial_state(frames.shape[1]) if state is None else state
        seen, lower = self.lower(frames, state.lower)
        s, upper = self.upper(torch.cat([seen, words], dim=-1), state.upper)
        return s, State(lower, upper)
