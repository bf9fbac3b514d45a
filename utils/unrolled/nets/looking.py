"""A picture as a row of annotations, one for each window, and a decoder that writes words while it looks at them.

    annotations  a_j = tanh(P relu(Q x_j + b) + p_j)    of the pixels x_j of window j, with p_j for the place itself
    start        s_0 from the mean of the annotations
    the rest     as in `unrolled.nets.attention`: align, context, new state, output

Source: Xu et al. (2015), with windows of the picture in place of the features of a network trained before.
"""

import numpy as np
import torch
from torch import nn

from unrolled.nets.attention import AttentionDecoder
from unrolled.nets.decoding import START, STOP

__all__ = ["Captioner", "Windows"]


class Windows(nn.Module):
    """Annotations of K numbers from square windows of `side` pixels that overlap, one every `every` pixels.

    height, width: of a picture, multiples of `every`; units: of the hidden layer that reads a window.
    """

    def __init__(self, height, width, K, *, side=8, every=4, units=64):
        super().__init__()
        if height % every or width % every or (side - every) % 2:
            raise ValueError(
                f"windows of {side} pixels every {every} don't fit a picture of {height} x {width}"
            )
        self.grid = height // every, width // every
        self.read = nn.Conv2d(1, units, side, stride=every, padding=(side - every) // 2)  # Q, b
        self.norm = nn.BatchNorm2d(units)
        self.write = nn.Conv2d(units, K, 1)  # P
        places = self.grid[0] * self.grid[1]
        self.place = nn.Parameter(torch.randn(places, 1, K) / 2)  # p_j

    def forward(self, x):
        """Pictures (B, height, width), 0 to 1 -> annotations (J, B, K), row by row from the top, and their mean (B, K)."""
        seen = self.write(torch.relu(self.norm(self.read(x[:, None]))))
        annotations = torch.tanh(seen.flatten(2).permute(2, 0, 1) + self.place)
        return annotations, annotations.mean(dim=0)


class Captioner(nn.Module):
    """Writes words about pictures. attend=False: every word is written from the mean of the annotations."""

    def __init__(self, height, width, words, *, K=48, H=64, E=16, A=48, attend=True, **windows):
        super().__init__()
        self.windows = Windows(height, width, K, **windows)
        self.decoder = AttentionDecoder(words, E, H, K, A, attend)

    def encode(self, x):
        """The decoder's state after a look at the pictures x (B, height, width)."""
        annotations, mean = self.windows(torch.as_tensor(x))
        lengths = torch.full((annotations.shape[1],), len(annotations))
        return self.decoder.initial_state(annotations, mean, lengths)

    def forward(self, x, y_read):
        """Logits (I, B, words) with the words y_read (I, B) before each, START first, and the state with the weights."""
        return self.decoder(torch.as_tensor(y_read), self.encode(x))

    def loss(self, x, y_read, y, lengths):
        """Mean cross-entropy in nats of the words y (I, B), of which lengths (B,) count."""
        o, _ = self(x, y_read)
        y, counted = torch.as_tensor(y), np.arange(len(y))[:, None] < lengths
        losses = nn.functional.cross_entropy(o.flatten(0, 1), y.flatten(), reduction="none")
        return losses.view(y.shape)[torch.as_tensor(counted)].mean()

    @torch.no_grad()
    def write(self, x, most):
        """The most probable word at every step, fed back until STOP or `most` words, in evaluation mode.

        Returns words (I, B), STOP after the first STOP, the weights (B, I, J) or None, and log-probabilities (I, B).
        """
        training, B = self.training, len(x)
        self.eval()
        state, tokens = self.encode(x), torch.full((B,), START)
        ended, words, looks, sure = torch.zeros(B, dtype=torch.bool), [], [], []
        while len(words) < most and not ended.all():
            log_p, state = self.decoder.step(tokens, state)
            tokens = log_p.argmax(dim=1).masked_fill(ended, STOP)
            ended |= tokens == STOP
            words.append(tokens)
            sure.append(log_p.gather(1, tokens[:, None])[:, 0])
            looks.append(state.alpha)
        self.train(training)
        alpha = None if looks[0] is None else torch.cat(looks, dim=1).numpy()
        return torch.stack(words).numpy(), alpha, torch.stack(sure).numpy()
