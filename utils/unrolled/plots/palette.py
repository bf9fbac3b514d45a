"""One colour, one line style and one marker for each concept of the book.

The colours are those of Okabe & Ito (2008), https://jfly.uni-koeln.de/color/; the parts of the gated cells,
for which their eight do not suffice, are darker shades of them. A reader who sees no colour has the
line style in a curve, the marker at its points and the shape of the node in a drawing.
"""

COLOUR = {
    "input": "#0072B2",  # blue
    "state": "#009E73",  # bluish green
    "output": "#E69F00",  # orange
    "target": "#000000",  # black
    "loss": "#CC79A7",  # reddish purple
    "parameter": "#4D4D4D",
    "gradient": "#D55E00",  # vermilion
    "memory": "#56B4E9",  # sky blue
    "gate_i": "#00466E",
    "gate_f": "#8A6D00",
    "gate_o": "#7A3600",
    "gate_r": "#1F6A8C",
    "gate_z": "#00553E",
    "candidate": "#7C3A5E",
    "attention": "#5E3C99",  # violet of ColorBrewer's PuOr, which is safe for the colour-blind
    "muted": "#8C8C8C",
}

_DASHES = {"dots": (0, (1, 1.5)), "dashes": (0, (5, 2)), "mixed": (0, (5, 1.5, 1, 1.5))}
LINE = {
    "input": "-",
    "state": "-",
    "output": _DASHES["dashes"],
    "target": _DASHES["dots"],
    "loss": "-",
    "parameter": _DASHES["mixed"],
    "gradient": _DASHES["dashes"],
    "memory": "-",
    "gate_i": _DASHES["dashes"],
    "gate_f": _DASHES["mixed"],
    "gate_o": _DASHES["dots"],
    "gate_r": _DASHES["dashes"],
    "gate_z": _DASHES["mixed"],
    "candidate": "-",
    "attention": "-",
    "muted": _DASHES["dots"],
}

MARKER = {
    "input": "s",
    "state": "o",
    "output": "^",
    "target": "x",
    "loss": "D",
    "parameter": "P",
    "gradient": "v",
    "memory": "h",
    "gate_i": ">",
    "gate_f": "<",
    "gate_o": "d",
    "gate_r": "1",
    "gate_z": "2",
    "candidate": "*",
    "attention": "p",
    "muted": ".",
}

HEAT = "cividis"


def check(role):
    """Return `role` if the palette has it; raise ValueError with the roles it has if not."""
    if role not in COLOUR:
        raise ValueError(f"the palette has no role {role!r}; it has {', '.join(COLOUR)}")
    return role


def line(role, **changes):
    """Keyword arguments for `Axes.plot` that draw a curve of this role; `changes` override them."""
    check(role)
    return {"color": COLOUR[role], "linestyle": LINE[role], "marker": MARKER[role]} | changes
