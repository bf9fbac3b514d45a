"""Figures that several chapters share. Each takes an `ax`, draws on it and returns it."""

import numpy as np

from unrolled.plots import palette


def gradient_norms(norms, ax, *, role="gradient", label=None, first=1):
    """Draw the norm of dL/dh_t against t on a log axis. norms (T,), positive; `first` is the first t."""
    norms = _positive(norms, "norms")
    ax.plot(
        np.arange(first, first + len(norms)), norms, label=label, **palette.line(role, markersize=4)
    )
    ax.set(xlabel="time step $t$", ylabel=r"$\|\partial L/\partial h_t\|$", yscale="log")
    return ax


def trajectory(points, ax, *, role="state", start=True, label=None):
    """Draw the path of a 2-D state. points (T, 2), in order; the first is an open ring, later ones lie darker."""
    points = np.asarray(points, float)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"points has shape {points.shape}, a trajectory is (T, 2)")
    ax.plot(*points.T, color=palette.COLOUR[palette.check(role)], linewidth=1.0, label=label)
    ax.scatter(*points.T, c=np.arange(len(points)), cmap=palette.HEAT + "_r", s=16, zorder=3)
    if start:
        ax.plot(
            *points[0],
            marker="o",
            markersize=11,
            markerfacecolor="none",
            color="black",
            linestyle="none",
        )
    ax.set(xlabel="$h_1$", ylabel="$h_2$", aspect="equal")
    return ax


def impulse_response(response, ax, *, role="state", label=None, theory=None):
    """Draw the response to a unit pulse at k = 0. response (T,); theory (T,) is drawn as a line behind the points."""
    steps = np.arange(len(response))
    if theory is not None:
        ax.plot(steps, theory, label="theory", **palette.line("target", marker=""))
    ax.plot(steps, response, label=label, **palette.line(role, linestyle="none"))
    ax.set(xlabel="steps $k$ after the pulse", ylabel="response")
    return ax


def series(y, ax, *, role="target", label=None, x=None):
    """Draw a time series y (T,) against x (T,) or against 1..T, without markers."""
    x = np.arange(1, len(y) + 1) if x is None else x
    ax.plot(x, y, label=label, **palette.line(role, marker=""))
    ax.set(xlabel="time step $t$")
    return ax


def learning_curves(curves, ax, *, ylabel="loss (nats)", every=1, log=False):
    """Draw one curve a name. curves {name: (steps,)} or {name: (runs, steps)}: the median with the range of the runs."""
    for name, values in curves.items():
        values = np.atleast_2d(np.asarray(values, float))
        steps = np.arange(values.shape[1]) * every
        (curve,) = ax.plot(steps, np.median(values, axis=0), label=name)
        if len(values) > 1:
            ax.fill_between(
                steps,
                values.min(axis=0),
                values.max(axis=0),
                color=curve.get_color(),
                alpha=0.18,
                linewidth=0,
            )
    ax.set(xlabel="training step", ylabel=ylabel, yscale="log" if log else "linear")
    if len(curves) > 1:
        ax.legend()
    return ax


def heat(matrix, ax, *, label=None, symmetric=False, numbers=False):
    """Draw a matrix (rows, columns) as colours, row 0 on top, with a colour bar named `label`.

    `symmetric` centres the scale on 0; `numbers` writes the entries, for matrices of up to 12 columns.
    """
    matrix = np.asarray(matrix, float)
    if matrix.ndim != 2:
        raise ValueError(f"matrix has shape {matrix.shape}, a heat map is (rows, columns)")
    reach = np.abs(matrix).max() if symmetric else None
    limits = {"vmin": -reach, "vmax": reach} if symmetric else {}
    image = ax.imshow(matrix, cmap=palette.HEAT, interpolation="none", aspect="auto", **limits)
    ax.grid(visible=False)
    ax.figure.colorbar(image, ax=ax, label=label or "")
    if numbers:
        _write_entries(matrix, image, ax)
    return ax


def spectrum(matrix, ax, *, role="parameter"):
    """Draw the eigenvalues of a square matrix in the complex plane with the unit circle."""
    eigenvalues = np.linalg.eigvals(matrix)
    angle = np.linspace(0, 2 * np.pi, 181)
    ax.plot(np.cos(angle), np.sin(angle), **palette.line("muted", marker=""))
    ax.plot(eigenvalues.real, eigenvalues.imag, **palette.line(role, linestyle="none"))
    ax.set(xlabel="real part", ylabel="imaginary part", aspect="equal")
    return ax


def bars(heights, ax, *, role="output", ylabel="", form="{:.2f}"):
    """Draw one bar a name with its height written on top. heights {name: number}."""
    drawn = ax.bar(
        list(heights), list(heights.values()), color=palette.COLOUR[palette.check(role)], width=0.6
    )
    ax.bar_label(drawn, labels=[form.format(h) for h in heights.values()], padding=2)
    ax.set(ylabel=ylabel)
    ax.grid(visible=False, axis="x")
    return ax


def _write_entries(matrix, image, ax):
    if matrix.shape[1] > 12:
        raise ValueError(
            f"numbers are readable in up to 12 columns, the matrix has {matrix.shape[1]}"
        )
    for (row, column), value in np.ndenumerate(matrix):
        dark = image.norm(value) < 0.5
        ax.text(
            column,
            row,
            f"{value:.2g}",
            ha="center",
            va="center",
            fontsize=10,
            color="white" if dark else "black",
        )


def _positive(values, name):
    values = np.asarray(values, float)
    if not (values > 0).all():
        raise ValueError(f"{name} must be positive for a log axis, the smallest is {values.min()}")
    return values
