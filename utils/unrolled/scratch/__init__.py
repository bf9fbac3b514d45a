"""Layers, losses and optimisers from scratch: NumPy and gradients derived by hand.

A layer is a module with three pure functions, `init`, `forward` and `backward`; see `unrolled.scratch.rnn`.
"""
