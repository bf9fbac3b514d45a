"""Training of torch modules by a number of steps."""

import torch

from unrolled.training.loop import fit

__all__ = ["drawn", "train"]


def drawn(make, seed):
    """make(), a module, with the parameters that torch draws for this seed; torch's own generator stays as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def train(module, loss, steps, *, lr, clip=1.0, hold=0.6, label="training", **adam):
    """Adam on loss(k), a scalar tensor, for k = 0..steps-1, the norm of the gradient clipped at `clip`.

    The rate is `lr` for the share `hold` of the steps, then it falls to 0 in a straight line. `adam`: more options of
    torch's Adam, such as betas and eps. Returns the losses (steps,) as an array.
    """
    optimiser = torch.optim.Adam(module.parameters(), lr=lr, **adam)

    def step(k):
        for group in optimiser.param_groups:
            group["lr"] = lr * min(1.0, (1 - k / steps) / (1 - hold)) if hold < 1 else lr
        optimiser.zero_grad()
        value = loss(k)
        value.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
        optimiser.step()
        return value.item()

    return fit(step, steps, label=label)
