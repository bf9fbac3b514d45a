"""An encoder reads a sequence, a decoder writes another: sequence to sequence, with one vector between them.

Tokens are integers, time-major (T, B). A state is a tuple with one entry a layer: h (B, H) for "rnn" and "gru", (h, c)
for "lstm". The cells are torch's; its GRU keeps the old state where z = 1, this book's where z = 0.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from unrolled.data.batches import padded
from unrolled.nets.decoding import START, STOP

__all__ = [
    "CELLS",
    "Decoder",
    "DecoderState",
    "Encoder",
    "Seq2Seq",
    "Stack",
    "reversed_within",
    "taught",
]

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Stack(nn.Module):
    """Recurrent layers on top of each other.

    residual: a layer's output is the sum of what it reads and its state, wherever both have one size.
    Source: Wu et al. (2016), section 3.1, for the residual connections.
    """

    def __init__(self, input_size, hidden_size, *, cell="gru", layers=1, residual=False):
        super().__init__()
        if cell not in CELLS or layers < 1:
            raise ValueError(
                f"cell is {cell!r}, layers {layers}: expected {sorted(CELLS)}, 1 or more"
            )
        sizes = [input_size, *[hidden_size] * (layers - 1)]
        self.layers = nn.ModuleList(CELLS[cell](size, hidden_size) for size in sizes)
        self.cell, self.hidden_size, self.residual = cell, hidden_size, residual

    def initial_state(self, batch_size):
        """Zeros, a tuple with one entry a layer."""
        zero = next(self.parameters()).new_zeros(batch_size, self.hidden_size)
        return tuple((zero, zero) if self.cell == "lstm" else zero for _ in self.layers)

    def forward(self, x, state=None, lengths=None):
        """x (T, B, D) -> y (T, B, H) and the state after each sequence's last step.

        lengths (B,): how many steps count, all if None; y is zero at the others, the state stays as it was.
        Raises ValueError if `state` has not one entry a layer, or a length is not in 1..T.
        """
        state = self.initial_state(x.shape[1]) if state is None else state
        if len(state) != len(self.layers):
            raise ValueError(f"state has {len(state)} layers, the stack has {len(self.layers)}")
        ends = []
        for layer, before in zip(self.layers, state):
            y, end = _run(layer, x, before, lengths)
            ends.append(end)
            x = x + y if self.residual and x.shape == y.shape else y
        return x, tuple(ends)


class Encoder(nn.Module):
    """Reads a sequence; its final state is the thought vector.

    vocabulary: how many tokens there are; None: the input is vectors (T, B, input_size), not tokens.
    """

    def __init__(
        self, vocabulary, hidden_size, *, input_size=None, cell="gru", layers=1, residual=False
    ):
        super().__init__()
        input_size = hidden_size if input_size is None else input_size
        self.embedding = None if vocabulary is None else nn.Embedding(vocabulary, input_size)
        self.stack = Stack(input_size, hidden_size, cell=cell, layers=layers, residual=residual)

    def initial_state(self, batch_size):
        """Zeros."""
        return self.stack.initial_state(batch_size)

    def forward(self, x, state=None, lengths=None):
        """x (T, B) tokens, or (T, B, D) -> states of the top layer h (T, B, H), and the final state of every layer."""
        vectors = x if self.embedding is None else self.embedding(_integers(x))
        return self.stack(vectors, state, lengths)


class DecoderState(NamedTuple):
    """What a decoder carries from step to step."""

    layers: tuple  # as in `Stack`
    context: torch.Tensor | None = None  # (B, C), read again at every step


class Decoder(nn.Module):
    """Reads the token before and its state, and gives the logits of the next token.

    context_size: size C of a vector in the state that every step reads besides the token; 0: there is none.
    Source: Sutskever, Vinyals & Le (2014); with a context Cho et al. (2014), whose output also reads it.
    """

    def __init__(
        self,
        vocabulary,
        hidden_size,
        *,
        input_size=None,
        context_size=0,
        cell="gru",
        layers=1,
        residual=False,
    ):
        super().__init__()
        input_size = hidden_size if input_size is None else input_size
        self.embedding = nn.Embedding(vocabulary, input_size)
        self.context_size = context_size
        self.stack = Stack(
            input_size + context_size, hidden_size, cell=cell, layers=layers, residual=residual
        )
        self.readout = nn.Linear(hidden_size, vocabulary)

    def initial_state(self, batch_size):
        """Zeros: nothing was encoded."""
        context = next(self.parameters()).new_zeros(batch_size, self.context_size)
        layers = self.stack.initial_state(batch_size)
        return DecoderState(layers, context if self.context_size else None)

    def forward(self, y_read, state=None):
        """y_read (T, B) tokens -> logits (T, B, K) of the tokens that follow, and the state after the last step."""
        state = self.initial_state(y_read.shape[1]) if state is None else state
        x = self.embedding(_integers(y_read))
        if self.context_size:
            x = torch.cat([x, state.context.expand(len(x), -1, -1)], dim=-1)
        s, layers = self.stack(x, state.layers)
        return self.readout(s), state._replace(layers=layers)

    @torch.no_grad()
    def step(self, tokens, state):
        """One token (N,) for each row -> log-probabilities (N, K), state: what `unrolled.nets.decoding` asks for."""
        logits, state = self(_integers(tokens)[None], state)
        return logits[0].log_softmax(dim=-1), state


class Seq2Seq(nn.Module):
    """An encoder and a decoder of one shape: the encoder's final state is the state the decoder starts from.

    context: the decoder also reads the thought vector, the top layer's final h, at every step.
    shared: encoder and decoder are one network with one embedding; only the readout is the decoder's own.
    Raises ValueError if shared and the vocabularies differ or there is a context.
    """

    def __init__(self, source, target, hidden_size, *, context=False, shared=False, **options):
        super().__init__()
        if shared and (source != target or context):
            raise ValueError("a shared network has one vocabulary and reads no context")
        context_size = hidden_size if context else 0
        self.encoder = Encoder(source, hidden_size, **options)
        if source is None:
            options = {**options, "input_size": None}
        self.decoder = Decoder(target, hidden_size, context_size=context_size, **options)
        if shared:
            self.decoder.embedding, self.decoder.stack = self.encoder.embedding, self.encoder.stack

    def initial_state(self, batch_size):
        """The decoder's state when nothing was encoded."""
        return self.decoder.initial_state(batch_size)

    def encode(self, x, lengths=None):
        """The state that the decoder starts from, after a source x (T, B) or (T, B, D)."""
        _, layers = self.encoder(x, None, lengths)
        top = layers[-1][0] if isinstance(layers[-1], tuple) else layers[-1]
        return DecoderState(layers, top if self.decoder.context_size else None)

    def forward(self, x, y_read, lengths=None):
        """Source x and what the decoder reads, y_read (I, B), START first -> logits (I, B, K)."""
        return self.decoder(y_read, self.encode(x, lengths))[0]

    def loss(self, x, y_read, y, lengths=None, y_lengths=None):
        """Mean cross-entropy in nats of the targets y (I, B), STOP included, over the steps that count."""
        losses = nn.functional.cross_entropy(
            self(x, y_read, lengths).flatten(0, 1), _integers(y).flatten(), reduction="none"
        ).view(y.shape)
        if y_lengths is None:
            return losses.mean()
        counted = torch.arange(len(y))[:, None] < torch.as_tensor(y_lengths)
        return losses[counted].mean()


def taught(targets, start=START, stop=STOP):
    """What a decoder reads and what it should say, for target sequences of integers.

    Returns y_read (I, B), START and then the target, y (I, B), the target and then STOP, and the lengths (B,) of both;
    padded with STOP.
    """
    y_read, lengths = padded([(start, *target) for target in targets], fill=stop)
    y, _ = padded([(*target, stop) for target in targets], fill=stop)
    return y_read, y, lengths


def reversed_within(x, lengths):
    """x (T, B, ...) with the leading lengths[b] steps of each sequence in reverse order, the padding in its place.

    An array in, an array out. Source: Sutskever, Vinyals & Le (2014), section 3.3.
    """
    t = np.arange(len(x))[:, None]
    at = np.where(t < np.asarray(lengths), np.asarray(lengths) - 1 - t, t)  # (T, B)
    return x[at, np.arange(x.shape[1])]


def _run(layer, x, before, lengths):
    """One layer of torch's over x (T, B, D) from a state of rows -> y (T, B, H), state of rows."""
    is_pair = isinstance(before, tuple)
    before = (
        tuple(each[None].contiguous() for each in before) if is_pair else before[None].contiguous()
    )
    if lengths is None:
        y, end = layer(x, before)
    else:
        lengths = torch.as_tensor(lengths, dtype=torch.int64, device="cpu")
        if lengths.shape != (x.shape[1],) or lengths.min() < 1 or lengths.max() > len(x):
            raise ValueError(
                f"lengths are {lengths.tolist()}, expected {x.shape[1]} in 1..{len(x)}"
            )
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        packed, end = layer(packed, before)
        y, _ = nn.utils.rnn.pad_packed_sequence(packed, total_length=len(x))
    return y, tuple(each[0] for each in end) if is_pair else end[0]


def _integers(tokens):
    return torch.as_tensor(tokens, dtype=torch.int64)
