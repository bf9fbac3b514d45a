"""Neural GPU: a convolutional GRU (CGRU) that rewrites a picture as many times as its input is long.

    picture     s_0[k, 0] = E x_k for place k of row 0; the other rows are 0
    gates       u, r = cut(sigmoid(U * s + b)),  cut(g) = min(1, max(0, 1.2 g - 0.1));  * is a convolution
    new         s' = u . s + (1 - u) . tanh(V * (r . s) + c)
    output      o_k = O s_T[k, 0] + d, after T steps for T places

Every place changes at once and reads places near it only, two to each side with kernels of three (r . s at a neighbour
has read its own neighbours): a step costs the same time on parallel hardware however long the input is. The gate u keeps
the old state where it is 1, as in the paper, unlike this book's GRU.
Source: Kaiser & Sutskever (2016), Neural GPUs learn algorithms, sections 2 and 3.
"""

import torch
from torch import nn

__all__ = ["CGRU", "NeuralGPU", "cut"]


def cut(g):
    """min(1, max(0, 1.2 g - 0.1)): a gate reaches 0 and 1 exactly, so that a kept state stays what it is for ever."""
    return (1.2 * g - 0.1).clamp(0.0, 1.0)


class CGRU(nn.Module):
    """One step of rewriting a picture (B, m, rows, T) with kernels of 2 reach + 1 places.

    hard: gates with `cut`; otherwise plain sigmoids.
    """

    def __init__(self, m, *, rows=1, reach=1, hard=True):
        super().__init__()
        size = (2 * reach + 1 if rows > 1 else 1, 2 * reach + 1)
        padding = tuple(n // 2 for n in size)
        self.gates = nn.Conv2d(m, 2 * m, size, padding=padding)  # u, r
        self.candidate = nn.Conv2d(m, m, size, padding=padding)
        self.hard = hard
        nn.init.ones_(self.gates.bias)  # both gates start open: the state is kept, and read

    def forward(self, s):
        """The picture s (B, m, rows, T) -> the next one, of the same shape."""
        g = torch.sigmoid(self.gates(s))
        u, r = (cut(g) if self.hard else g).chunk(2, dim=1)
        return torch.lerp(torch.tanh(self.candidate(r * s)), s, u)


class NeuralGPU(nn.Module):
    """Tokens (T, B) in, one answer for every place out; all of the input lies in the picture before the first step.

    tokens, K: how many there are to read and to answer; m: numbers in a cell; rows: of the picture;
    layers: CGRUs that follow each other in one step; dropout: share of the picture set to 0 in a step while training.
    """

    def __init__(self, tokens, K, m=24, *, rows=1, layers=1, reach=1, hard=True, dropout=0.0):
        super().__init__()
        self.embed = nn.Embedding(tokens, m)
        self.layers = nn.ModuleList(
            CGRU(m, rows=rows, reach=reach, hard=hard) for _ in range(layers)
        )
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(m, K)
        self.m, self.rows = m, rows

    def initial_state(self, x):
        """The picture (B, m, rows, T) in which the tokens x (T, B) lie in row 0: this machine's state is its input."""
        row = self.embed(torch.as_tensor(x)).permute(1, 2, 0)[:, :, None]
        return nn.functional.pad(row, (0, 0, 0, self.rows - 1))

    def step(self, s):
        """The picture after one step of all layers."""
        for layer in self.layers:
            s = layer(s)
        return self.dropout(s)

    def read(self, s):
        """Logits (T, B, K) from row 0 of a picture."""
        return self.out(s[:, :, 0].permute(2, 0, 1))

    def forward(self, x, state=None, steps=None):
        """Tokens x (T, B) -> logits (T, B, K) after `steps` steps, T if None, and the picture then.

        state: a picture to go on from, in place of that of x.
        """
        s = self.initial_state(x) if state is None else state
        for _ in range(s.shape[3] if steps is None else steps):
            s = self.step(s)
        return self.read(s), s

    @torch.no_grad()
    def watch(self, x):
        """The pictures before, between and after the T steps: (T + 1, B, m, rows, T)."""
        pictures = [self.initial_state(x)]
        for _ in range(len(x)):
            pictures.append(self.step(pictures[-1]))
        return torch.stack(pictures)
