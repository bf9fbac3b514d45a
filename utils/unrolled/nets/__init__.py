"""Networks in PyTorch: what the book trains at size.

A module takes (x, state) -> (y, state) and offers initial_state(batch_size). Sequences are time-major, x (T, B, D) or
tokens (T, B). A state is a nested tuple of arrays, every one of which has the batch on its FIRST axis: a search may pick
rows of it without knowing what it holds. Nothing is imported here: `unrolled.nets.decoding` needs NumPy alone.
"""
