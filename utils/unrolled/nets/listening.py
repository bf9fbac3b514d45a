"""Listen, attend and spell: layers in both directions that halve the rate, and a decoder that looks at their top.

Source: Chan, Jaitly, Le & Vinyals (2016), with GRUs in place of LSTMs.
"""

import numpy as np
import torch
from torch import nn

from unrolled.nets.attention import AttentionDecoder

__all__ = ["Listener", "Speller"]


class Listener(nn.Module):
    """GRUs of H units in each direction; above the first, each reads the one below in pairs of steps if `pyramid`."""

    def __init__(self, D, H, layers=3, pyramid=True):
        super().__init__()
        above = 4 * H if pyramid else 2 * H
        sizes = [D, *[above] * (layers - 1)]
        self.layers = nn.ModuleList(nn.GRU(size, H, bidirectional=True) for size in sizes)
        self.pyramid = pyramid

    def forward(self, x, lengths):
        """x (T, B, D), lengths (B,) steps that count -> annotations (T', B, 2 H), the ends (B, 2 H) of both directions
        at the top, and the annotations that count (B,)."""
        lengths = torch.as_tensor(lengths)
        for k, layer in enumerate(self.layers):
            if k and self.pyramid:
                x, lengths = _pair(x, lengths)
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
            h, ends = layer(packed)
            x, _ = nn.utils.rnn.pad_packed_sequence(h, total_length=len(x))
        return x, torch.cat(list(ends), dim=1), lengths


class Speller(nn.Module):
    """A Listener and a decoder with attention that writes `symbols` different symbols."""

    def __init__(self, D, symbols, *, H=32, E=16, layers=3, pyramid=True):
        super().__init__()
        self.listener = Listener(D, H, layers, pyramid)
        self.decoder = AttentionDecoder(symbols, E, 2 * H, 2 * H, 2 * H)

    def encode(self, x, lengths):
        """The decoder's state after listening to x (T, B, D), of which lengths (B,) steps count."""
        return self.decoder.initial_state(*self.listener(torch.as_tensor(x), lengths))

    def forward(self, x, lengths, y_read):
        """Logits (I, B, symbols) with the symbols y_read (I, B) before each, START first, and the state with the weights."""
        return self.decoder(torch.as_tensor(y_read), self.encode(x, lengths))

    def loss(self, x, lengths, y_read, y, y_lengths):
        """Mean cross-entropy in nats of the symbols y (I, B), of which y_lengths (B,) count."""
        o, _ = self(x, lengths, y_read)
        y, counted = torch.as_tensor(y), np.arange(len(y))[:, None] < y_lengths
        losses = nn.functional.cross_entropy(o.flatten(0, 1), y.flatten(), reduction="none")
        return losses.view(y.shape)[torch.as_tensor(counted)].mean()


def _pair(x, lengths):
    """Steps side by side, two by two, and half as many that count; zeros follow a last odd step."""
    if len(x) % 2:
        x = torch.cat([x, x.new_zeros(1, *x.shape[1:])])
    return torch.cat([x[0::2], x[1::2]], dim=2), (lengths + 1) // 2
