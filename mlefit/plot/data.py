"""Pictures of data, and of a model over them."""

from collections.abc import Callable
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mlefit import checks
from mlefit.checks import Data
from mlefit.plot.style import BLUE, VERMILION, drawing, single_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    x, y = single_columns(x=x, y=y)
    slope, intercept = checks.real_number("slope", slope), checks.real_number("intercept", intercept)
    ends = np.array([x.min(), x.max()])
    equation = f"y = {intercept:.4g} {'-' if slope < 0 else '+'} {abs(slope):.4g} x"
    with drawing(ax, xlabel, ylabel) as ax:
        ax.plot(x, y, "o", color=BLUE, label="data")
        ax.plot(ends, intercept + slope * ends, color=VERMILION, label=label or equation)
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
    (x,) = single_columns(x=x)
    heights, edges = np.histogram(x, bins=bins, density=True)
    with drawing(ax, xlabel, ylabel) as ax:
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
    (x,) = single_columns(x=x)
    mean, stddev = checks.real_number("mean", mean), checks.real_number("stddev", stddev, positive=True)
    z = np.array([NormalDist().inv_cdf(p) for p in normal_medians(len(x))])
    with drawing(ax, xlabel, ylabel) as ax:
        ax.plot(z, np.sort(x), "o", color=BLUE, label="data")
        ax.plot(z[[0, -1]], mean + stddev * z[[0, -1]], color=VERMILION, label="fitted Gaussian")
        ax.legend()
    return ax


def normal_medians(n: int) -> np.ndarray:
    """Return the probability below the median of each of n sorted observations, `(n,)`, about."""
    medians = (np.arange(1, n + 1) - 0.3175) / (n + 0.365)
    medians[[0, -1]] = 1 - 0.5 ** (1 / n), 0.5 ** (1 / n)
    return medians
