"""Figures in one style, which reads on white and on dark pages; each function returns the axes it drew on."""

from collections.abc import Callable
from contextlib import contextmanager
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from mlefit import checks, columns
from mlefit.checks import Data

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Legible on both grounds: a grey half-way between them, and four of the colours of Okabe and Ito (2008).
INK = "#7b7f87"
BLUE, VERMILION, GREEN, PURPLE = COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
STYLE: dict[Any, Any] = {  # Any: Matplotlib's own type lists all keys there are.
    "figure.figsize": (6.4, 4.0),
    "svg.hashsalt": "mlefit",
    **dict.fromkeys(["figure.facecolor", "axes.facecolor", "savefig.facecolor"], "none"),
    **dict.fromkeys(["font.size", "axes.labelsize", "axes.titlesize"], 11.0),
    **dict.fromkeys(["xtick.labelsize", "ytick.labelsize", "legend.fontsize"], 10.0),
    **dict.fromkeys(["text.color", "axes.labelcolor", "axes.titlecolor", "axes.edgecolor"], INK),
    **dict.fromkeys(["xtick.color", "ytick.color", "grid.color"], INK),
    **dict.fromkeys(["axes.spines.top", "axes.spines.right", "legend.frameon"], False),
    **dict.fromkeys(["figure.constrained_layout.use", "savefig.transparent", "axes.grid"], True),
    "grid.alpha": 0.25,
    "lines.linewidth": 2.0,
    "axes.prop_cycle": f"cycler('color', {COLOURS})",
}


def use_style() -> None:
    """Make `STYLE` the style of every figure; an SVG saved with `metadata={"Date": None}` then repeats.

    Examples:
        >>> import matplotlib
        >>> with matplotlib.rc_context():
        ...     use_style()
    """
    import matplotlib

    matplotlib.rcParams.update(STYLE)


def data_and_line(
    x: Data,
    y: Data,
    slope: float,
    intercept: float,
    *,
    label: str | None = None,
    xlabel: str = "x",
    ylabel: str = "y",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw data as points, and the line `intercept + slope x` through them.

    Args:
        x, y: observations, shape `(n,)`.
        slope, intercept: of the line, in units of y over units of x, and of y.
        label: what the legend calls the line; its equation if None.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None.

    Raises:
        TypeError, ValueError: for data not real, not finite, or not both of shape `(n,)`.

    Examples:
        >>> ax = data_and_line([0.0, 1.0, 2.0], [1.1, 2.9, 5.0], slope=2.0, intercept=1.0)
        >>> ax.get_legend_handles_labels()[1]
        ['data', 'y = 1 + 2 x']
    """
    x, y = _columns(x=x, y=y)
    slope, intercept = checks.real_number("slope", slope), checks.real_number("intercept", intercept)
    ends = np.array([x.min(), x.max()])
    equation = f"y = {intercept:.4g} {'-' if slope < 0 else '+'} {abs(slope):.4g} x"
    with _drawing(ax, xlabel, ylabel) as ax:
        ax.plot(x, y, "o", color=BLUE, label="data")
        ax.plot(ends, intercept + slope * ends, color=VERMILION, label=label or equation)
        ax.legend()
    return ax


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
    (history,) = _columns(history=history)
    columns.tensors({"history": "positive"} if log else {}, history=history)
    if floor is not None:
        floor = checks.real_number("floor", floor, positive=log)
    with _drawing(ax, xlabel, ylabel) as ax:
        ax.set_yscale("log" if log else "linear")
        ax.plot(np.arange(len(history)), history, "-" if len(history) > 1 else "o", color=BLUE)
        if floor is not None:
            ax.axhline(floor, color=VERMILION, linestyle="--", label=f"{label}: {floor:.4g}")
            ax.legend()
    return ax


def histogram(
    x: Data,
    log_density: Callable[[np.ndarray], Data] | None = None,
    *,
    bins: int | str | ArrayLike = "auto",
    label: str = "fit",
    xlabel: str = "x",
    ylabel: str = "density",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw a histogram whose area is one and, over it, a fitted density.

    Args:
        x: observations, shape `(n,)`.
        log_density: function from points `(m,)` to log-densities `(m,)`, such as `model.log_prob`, or None.
        bins: their number, their edges or a rule, as in `numpy.histogram_bin_edges`.
        label: what the legend calls the density.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None.

    Raises:
        TypeError, ValueError: for x not real, not finite or not `(n,)`, and a `log_density` of other shape.

    Examples:
        >>> ax = histogram([1.0, 2.0, 2.5, 4.0], bins=3, xlabel="speed (km/s)")
        >>> ax.patches[0].get_data().values.tolist()
        [0.25, 0.5, 0.25]
    """
    (x,) = _columns(x=x)
    heights, edges = np.histogram(x, bins=bins, density=True)
    with _drawing(ax, xlabel, ylabel) as ax:
        ax.stairs(heights, edges, fill=True, fc=(BLUE, 0.35), ec=BLUE, linewidth=1, label="data")
        if log_density is not None:
            points = np.linspace(edges[0], edges[-1], 401)
            density = np.exp(np.asarray(log_density(points)))
            if density.shape != points.shape:
                raise ValueError(f"log_density must return shape {points.shape}, got shape {density.shape}")
            ax.plot(points, density, color=VERMILION, label=label)
            ax.legend()
    return ax


def normal_quantiles(
    x: Data,
    mean: float,
    stddev: float,
    *,
    xlabel: str = "standard normal quantile",
    ylabel: str = "x",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the sorted observations against normal quantiles z, and the line `mean + stddev z` of a fit.

    Args:
        x: observations, shape `(n,)`.
        mean, stddev: of the fitted Gaussian, in the units of x; `stddev` positive.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None.

    Raises:
        TypeError, ValueError: for x not real, not finite or not `(n,)`, and a `stddev` not positive.

    Source: J. J. Filliben, Technometrics 17 (1975), 111-117, for the medians of the order statistics.

    Examples:
        >>> ax = normal_quantiles([3.0, 1.0, 2.0], mean=2.0, stddev=1.0)
        >>> ax.lines[0].get_xdata().round(4).tolist()
        [-0.8193, 0.0, 0.8193]
    """
    (x,) = _columns(x=x)
    mean, stddev = checks.real_number("mean", mean), checks.real_number("stddev", stddev, positive=True)
    n = len(x)
    medians = (np.arange(1, n + 1) - 0.3175) / (n + 0.365)
    medians[[0, -1]] = 1 - 0.5 ** (1 / n), 0.5 ** (1 / n)
    z = np.array([NormalDist().inv_cdf(p) for p in medians])
    with _drawing(ax, xlabel, ylabel) as ax:
        ax.plot(z, np.sort(x), "o", color=BLUE, label="data")
        ax.plot(z[[0, -1]], mean + stddev * z[[0, -1]], color=VERMILION, label="fitted Gaussian")
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
    values, log_likelihood = _columns(values=values, log_likelihood=log_likelihood)
    order = np.argsort(values)
    peak = np.argmax(log_likelihood)
    with _drawing(ax, xlabel, ylabel) as ax:
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
    with _drawing(ax, xlabel, ylabel) as ax:
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


@contextmanager
def _drawing(ax, xlabel, ylabel):
    import matplotlib.pyplot as plt

    with plt.rc_context(STYLE):
        ax = plt.subplots()[1] if ax is None else ax
        ax.set(xlabel=xlabel, ylabel=ylabel)
        yield ax


def _columns(**named):
    found = columns.observations(**named)
    for name, column in zip(named, found, strict=True):
        if column.ndim != 1:
            raise ValueError(f"{name} must have shape (n,), got shape {column.shape}")
    return found
