"""Lecture 16b: a cloakroom with more coats over time than hooks, for a memory that can free its slots and one that can't."""

import numpy as np
import torch
from torch.nn import functional as F

from unrolled import tasks
from unrolled.nets import dnc
from unrolled.nets.training import drawn, train

CONFIG = {
    "hooks": 4,  # the most coats kept at a time
    "ticket": 8,  # bits
    "coat": 4,
    "steps_of_a_day": 20,  # of a sequence in training: about 11 coats come in, at most 12
    "hidden": 48,
    "batch": 32,
    "start": {"inputs": 2, "interface": 3, "strength": 3, "gates": 2, "content": 2},  # see `opened`
    "steps": 400,
    "lr": 0.01,  # for the first 60 % of the steps, then falling to 0 in a straight line
    "measured": [20, 40, 80, 160],  # steps of a sequence, on 200 new ones each
}
SEEDS = [1, 2, 3, 4, 5]
KINDS = {  # slots, and whether one can be freed
    "freeing": (4, True),
    "not freeing": (4, False),
    "not freeing, 12 slots": (12, False),  # one for every coat that comes in training
}
STRONG = 1e3  # sharpness of a look by hand


def run(seed):
    """For each kind the loss, at every tenth step, and the share of coats with a wrong bit, by length."""
    found = {}
    for kind in KINDS:
        net, curve = learn(seed, kind)
        found[kind] = {"curve": curve.reshape(-1, 10).mean(axis=1).round(4), "wrong": measure(net)}
    return found


def learn(seed, kind):
    """A network of KINDS after training, and its losses."""
    rng, T, B = np.random.default_rng(seed), CONFIG["steps_of_a_day"], CONFIG["batch"]
    net = drawn(lambda: network(*KINDS[kind]), seed)
    return net, train(net, lambda k: loss(net, *day(rng, T, B)), CONFIG["steps"], lr=CONFIG["lr"])


def network(slots, free):
    """A DNC for the cloakroom."""
    width = CONFIG["ticket"] + CONFIG["coat"]
    net = dnc.DNC(
        2 + width, CONFIG["coat"], N=slots, width=width, hidden=CONFIG["hidden"], free=free
    )
    return opened(net, **CONFIG["start"])


@torch.no_grad()
def opened(net, *, inputs, interface, strength, gates, content):
    """The network with larger weights to the controller and the interface, and with what it asks for at the start:
    sharper looks, writing to free slots, and reading by content. The last three are added to the biases."""
    net.of_x.weight *= inputs
    net.interface.weight *= interface
    _, beta, _, beta_w, _, _, _, allocate, gate, modes = net.interface.bias.split(net.parts)
    for part, more in ((beta, strength), (beta_w, strength), (allocate, gates), (gate, gates)):
        part += more
    modes.view(-1, 3)[:, 1] += content
    return net


def day(rng, T, B):
    """Tensors x, y, counted of `tasks.cloakroom`."""
    sizes = {"hooks": CONFIG["hooks"], "ticket": CONFIG["ticket"], "coat": CONFIG["coat"]}
    return map(torch.from_numpy, tasks.cloakroom(rng, T, B, **sizes, dtype=np.float32))


def loss(net, x, y, counted):
    """Mean cross-entropy in nats of a bit, over the coats that go out."""
    o, _ = net(x)
    return F.binary_cross_entropy_with_logits(o[counted], y[counted].to(o.dtype))


def measure(net):
    """The share of coats given back with a wrong bit, for each length of CONFIG."""
    rng, shares = np.random.default_rng(10_000), []
    for T in CONFIG["measured"]:
        x, y, counted = day(rng, T, 200)
        with torch.no_grad():
            wrong = ((net(x)[0] > 0) != y.bool()).any(dim=2)
        shares.append(round(wrong[counted].float().mean().item(), 4))
    return shares


def attendant(x, N, ticket, free=True):
    """A cloakroom run by hand: what a controller should ask for at every step, with nothing learned.

    x (T, B, 2 + ticket + coat) of `tasks.cloakroom`, float64. A coat that comes in is written to a free slot, ticket
    and coat together; one that goes out is read by its ticket, and its slot freed at the step after.
    Returns what was read of the coat (T, B, coat) and the memory after each step, a list of T.
    """
    x = torch.as_tensor(x)
    T, B, D = x.shape
    memory, memories = dnc.empty(B, N, D - 2), []
    out = torch.zeros(B, 1, 1, dtype=x.dtype)  # 1 if a coat went out at the step before
    for x_t in x:
        asked = dnc.idle(B, D - 2)._replace(
            write=x_t[:, :1],
            add=x_t[:, 2:],
            read_key=F.pad(x_t[:, 2 : 2 + ticket], (0, D - 2 - ticket))[:, None],
            read_strength=torch.full_like(out, STRONG),
            free=out * free,
        )
        memory, out = dnc.move(memory, asked), x_t[:, 1:2, None]
        memories.append(memory)
    return torch.stack([each.r[:, 0, ticket:] for each in memories]), memories
