"""Experiments that `python -m unrolled.recorded NAME` runs: one module each, with CONFIG, SEEDS and run(seed) -> dict."""
