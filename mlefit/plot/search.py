"""Pictures of a search: the loss, the likelihood, the way on its contours."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from mlefit import checks, columns
from mlefit.checks import Data
from mlefit.plot.style import BLUE, GREEN, INK, PURPLE, VERMILION, drawing, single_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss(
    history: Data,
    *,
    floor: float | None = None,
    label: str = "floor",
    log: bool = False,
    xlabel: str = "step",
    ylabel: str = "loss",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the loss against the step, and the floor below which it cannot go.

    Args:
        history: the loss before each step, shape `(steps,)`, as `train` returns it.
        floor: the lowest value the loss can take: a dashed line, labelled with the value; None for no line.
        label: what the legend calls the floor.
        log: whether the scale is logarithmic.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None.

    Raises:
        TypeError, ValueError: for losses not real, not finite, or not positive on a logarithmic scale.

    Examples:
        >>> ax = loss([1.0, 0.5, 0.3], floor=0.25, log=True)
        >>> ax.get_legend_handles_labels()[1], ax.get_yscale()
        (['floor: 0.25'], 'log')
    """
    (history,) = single_columns(history=history)
    columns.tensors({"history": "positive"} if log else {}, history=history)
    if floor is not None:
        floor = checks.real_number("floor", floor, positive=log)
    with drawing(ax, xlabel, ylabel) as ax:
        ax.set_yscale("log" if log else "linear")
        ax.plot(np.arange(len(history)), history, "-" if len(history) > 1 else "o", color=BLUE)
        if floor is not None:
            ax.axhline(floor, color=VERMILION, linestyle="--", label=f"{label}: {floor:.4g}")
            ax.legend()
    return ax


def likelihood_curve(
    values: Data,
    log_likelihood: Data,
    *,
    xlabel: str = "parameter",
    ylabel: str = "log-likelihood",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the log-likelihood of one parameter, with the highest value marked.

    Args:
        values: of the parameter, shape `(m,)`.
        log_likelihood: at those values, shape `(m,)`, in nats.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None.

    Raises:
        TypeError, ValueError: for input not real, not finite, or not both of shape `(m,)`.

    Examples:
        >>> ax = likelihood_curve([0.0, 1.0, 2.0], [-3.0, -1.0, -2.0], xlabel="rate (1/s)")
        >>> ax.get_legend_handles_labels()[1]
        ['peak at 1']
    """
    values, log_likelihood = single_columns(values=values, log_likelihood=log_likelihood)
    order = np.argsort(values)
    peak = np.argmax(log_likelihood)
    with drawing(ax, xlabel, ylabel) as ax:
        ax.plot(values[order], log_likelihood[order], color=BLUE)
        ax.plot(values[peak], log_likelihood[peak], "o", color=VERMILION, label=f"peak at {values[peak]:.4g}")
        ax.legend()
    return ax


def path(
    loss: Callable[[float, float], Data],
    path: Data,
    *,
    optimum: Data | None = None,
    xlabel: str = "a",
    ylabel: str = "b",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the contours of a loss of two parameters, and the path of a minimiser over them.

    Args:
        loss: function of two floats `(a, b)` to one number, called at 50 x 50 points; blank where not finite.
        path: iterates, shape `(steps, 2)`, columns a and b.
        optimum: the pair `(a, b)` to mark as the optimum, or None.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None.

    Raises:
        TypeError, ValueError: for input not real, not finite or of another shape, a loss not one number.

    Examples:
        >>> ax = path(lambda a, b: a**2 + b**2, [[2.0, 1.0], [1.0, 0.5]], optimum=(0.0, 0.0))
        >>> ax.get_legend_handles_labels()[1]
        ['path', 'start', 'end', 'optimum']
    """
    (path,) = columns.observations(path=path)
    if path.shape[1:] != (2,):
        raise ValueError(f"path must have shape (steps, 2), got shape {path.shape}")
    marked = path[-1] if optimum is None else checks.real_array("optimum", optimum)
    if marked.shape != (2,):
        raise ValueError(f"optimum must have shape (2,), got shape {marked.shape}")
    shown = np.vstack([path, marked])
    low, span = shown.min(axis=0), np.ptp(shown, axis=0)
    span[span == 0] = 1.0
    a, b = np.linspace(low - 0.2 * span, low + 1.2 * span, 50).T
    heights = np.array([[np.asarray(loss(i, j), dtype=float) for i in a] for j in b])
    if heights.ndim != 2:
        raise ValueError(f"loss must return one number, got shape {heights.shape[2:]}")
    finite = heights[np.isfinite(heights)]
    with drawing(ax, xlabel, ylabel) as ax:
        if finite.size and np.ptp(finite) > 0:
            # Squares, so that a parabola's contours are evenly apart.
            levels = finite.min() + np.ptp(finite) * np.linspace(0, 1, 13)[1:] ** 2
            ax.contour(a, b, heights, levels=levels, colors=INK, linewidths=0.8)
        ax.plot(*path.T, ".-", color=BLUE, linewidth=1.2, label="path")
        ax.plot(*path[0], "o", color=GREEN, markersize=8, label="start")
        ax.plot(*path[-1], "s", color=VERMILION, markersize=6, label="end")
        if optimum is not None:
            ax.plot(*marked, "*", color=PURPLE, markersize=18, zorder=1.9, label="optimum")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
    return ax
