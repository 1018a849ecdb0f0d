"""Pictures of a fit: the profile likelihood, and how well the model's distribution holds."""

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from mlefit.inference import profiles, residuals
from mlefit.inference.result import FitResult
from mlefit.plot.data import normal_medians
from mlefit.plot.style import BLUE, GREEN, INK, VERMILION, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = {"39%": 0.5, "68%": -np.log1p(-0.6827), "95%": -np.log1p(-0.95)}  # nats, chi-square with 2 freedoms


def profile(
    result: FitResult,
    name: str,
    *,
    level: float = 0.95,
    xlabel: str | None = None,
    ylabel: str = "log-likelihood less its maximum",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the profile log-likelihood of a parameter, the others at their best, beside Wald's parabola.

    The cut is where the interval ends: 1.92 nats below the maximum for 95%. Where the two curves cross it
    at other places, the Wald interval is not to be trusted.

    Args:
        result: of `fit`, in this process.
        name: one of `result.names`.
        level: of the interval, between 0 and 1.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None. The
            parameter's name stands for a missing label.

    Raises:
        TypeError, ValueError: for an unknown name, a wrong level, a fit without errors, a result unpickled,
            and data that have changed since.

    Examples:
        >>> import mlefit
        >>> ax = profile(mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0]), "mean", xlabel="mean (s)")
        >>> ax.get_legend_handles_labels()[1]
        ['profile', 'Wald', '95%: 0.323 to 4.34']
    """
    found = profiles.curve(result, name, level)
    ends = f"{100 * level:.4g}%: {found.low:.3g} to {found.high:.3g}"
    with drawing(ax, name if xlabel is None else xlabel, ylabel) as ax:
        ax.plot(found.values, found.profile, color=BLUE, label="profile")
        ax.plot(found.values, found.parabola, color=VERMILION, linestyle="--", label="Wald")
        ax.axhline(found.cut, color=INK, linewidth=1)
        here = [end for end in (found.low, found.high) if np.isfinite(end)]
        ax.plot(here, [found.cut] * len(here), "o", color=GREEN, label=ends)
        ax.set_ylim(min(2.2 * found.cut, -0.1), -0.06 * found.cut)
        ax.legend()
    return ax


def contour(
    result: FitResult,
    a: str,
    b: str,
    *,
    xlabel: str | None = None,
    ylabel: str | None = None,
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the contours of the profile likelihood of two parameters, the others at their best.

    The contours hold the pair with 39, 68 and 95% (joint coverage, by chi-square with two degrees of
    freedom): the log-likelihood has fallen by 0.5, 1.15 and 3.00 nats. The one of 39.3% is the "one sigma
    ellipse": its shadow on either axis is the 68% interval of that parameter alone.

    Args:
        result: of `fit`, in this process.
        a, b: two of `result.names`.
        xlabel, ylabel, ax: labels with their units, and the axes to draw on: a new figure if None. The
            parameters' names stand for missing labels.

    Raises:
        TypeError, ValueError: for an unknown name, one name twice, a fit without errors, a result unpickled,
            and data that have changed since.

    Examples:
        >>> import mlefit
        >>> ax = contour(mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0, 5.0]), "mean", "stddev")
        >>> ax.get_legend_handles_labels()[1]
        ['39%', '68%', '95%', 'estimate']
    """
    found = profiles.surface(result, a, b)
    with drawing(ax, a if xlabel is None else xlabel, b if ylabel is None else ylabel) as ax:
        for (label, fall), colour in zip(_LEVELS.items(), (VERMILION, BLUE, INK), strict=True):
            ax.contour(found.a, found.b, found.profile, levels=[-fall], colors=[colour], linestyles="solid")
            ax.plot([], [], color=colour, label=label)
        ax.plot(*found.estimates, "o", color=GREEN, label="estimate")
        ax.legend()
    return ax


def quantiles(
    result: FitResult,
    *,
    seed: int = 0,
    xlabel: str = "standard normal quantile",
    ylabel: str = "quantile residual",
    ax: "Axes | None" = None,
) -> "Axes":
    """Draw the sorted quantile residuals of a fit against normal quantiles: a straight line if it holds.

    A residual is the normal quantile of the probability that the model gave to what was observed or less.
    Where that jumps, for counts, a random number picks a place within the jump.

    Args:
        result: of `fit`, in this process, of a model that has `cdf`: those of mlefit, or your own.
        seed: of the random numbers.
        xlabel, ylabel, ax: labels, and the axes to draw on: a new figure if None.

    Raises:
        NotImplementedError: if the model has no `cdf`.
        TypeError, ValueError: for a `cdf` that returns no probabilities, a wrong seed, a fit that found no
            optimum, a result unpickled, and data that have changed since.

    Source: P. Dunn and G. Smyth, J. Comp. Graph. Stat. 5 (1996), 236-244.

    Examples:
        >>> import mlefit
        >>> ax = quantiles(mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0, 5.0]))
        >>> ax.lines[0].get_ydata().round(4).tolist()
        [-1.2649, -0.6325, 0.6325, 1.2649]
    """
    found = np.sort(residuals.quantile_residuals(result, seed))
    z = special.ndtri(normal_medians(len(found)))
    with drawing(ax, xlabel, ylabel) as ax:
        ax.plot(z, found, "o", color=BLUE, label="residuals")
        ax.plot(z[[0, -1]], z[[0, -1]], color=VERMILION, label="if the model holds")
        ax.legend()
    return ax
