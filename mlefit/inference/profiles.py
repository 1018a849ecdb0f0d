"""The profile likelihood as a curve or a surface: parameters are held, and the others at their best there."""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from scipy import interpolate

from mlefit import checks
from mlefit.inference.result import FitResult
from mlefit.models.supports import ends, transform

_POINTS = 61  # of a curve
_REACH = 1.35  # how far a curve is drawn beyond the interval's ends, relative to their distance
_SIDE = 17  # points of a surface along each parameter
_ERRORS = 2.8  # how far it reaches at first, in standard errors
_DEEP = 3.2  # nats: where it has not fallen as far at its edge, it is made wider
_WIDER = 4  # times at most
_STEPS = np.array([0.16, 0.33, 0.5])  # of points beyond an edge, relative to how far out that is
_FINE = 5  # points drawn for each that was computed


class Curve(NamedTuple):
    """The profile log-likelihood of one parameter, less its maximum.

    Attributes:
        values: of the parameter, `(m,)`.
        profile: there, `(m,)`.
        parabola: that of the Wald interval, `(m,)`: with the optimum's curvature all along.
        cut: how low an interval reaches.
        low, high: the ends of the interval, infinite where the profile never falls so far.
    """

    values: np.ndarray
    profile: np.ndarray
    parabola: np.ndarray
    cut: float
    low: float
    high: float


class Surface(NamedTuple):
    """The profile log-likelihood of two parameters, less its maximum.

    Attributes:
        a, b: values of each, `(m, m)`: a grid along the axes of their errors.
        profile: there, `(m, m)`.
        estimates: of the two.
    """

    a: np.ndarray
    b: np.ndarray
    profile: np.ndarray
    estimates: np.ndarray


def curve(result: FitResult, name: str, level: float = 0.95) -> Curve:
    """Return the profile of one parameter, somewhat beyond the ends of its interval.

    Args:
        result: of a fit in this process.
        name: one of `result.names`.
        level: of the interval, between 0 and 1.

    Examples:
        >>> import mlefit
        >>> found = curve(mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0]), "mean")
        >>> round(found.cut, 4), found.profile.max().round(6) + 0.0
        (-1.9207, np.float64(0.0))
    """
    quantile = NormalDist().inv_cdf(0.5 + checks.level(level) / 2)
    (index,), (value,), (error,) = _places(result, (name,))
    low, high = result.interval(name, level, "profile")
    falls = result._fitted_again().falls([index])
    edges = [
        value + _REACH * (end - value if np.isfinite(end) else side * 1.5 * quantile * error)
        for side, end in ((-1, low), (1, high))
    ]
    values = np.unique(np.append(np.linspace(*_inside(edges, value, result.supports[index]), _POINTS), value))
    profile = np.array([-falls([v]) for v in values])
    return Curve(values, profile, -0.5 * ((values - value) / error) ** 2, -(quantile**2) / 2, low, high)


def surface(result: FitResult, a: str, b: str) -> Surface:
    """Return the profile of two parameters, as far around the estimates as the contour of 95% reaches.

    Args:
        result: of a fit in this process.
        a, b: two of `result.names`.
    """
    places, values, _ = _places(result, (a, b))
    if a == b:
        raise ValueError(f"a and b must be two parameters, got {a!r} twice")
    falls, maps = result._fitted_again().falls(places), [transform(result.supports[i]) for i in places]
    centre = np.array([m.unconstrained(np.float64(v)) for m, v in zip(maps, values, strict=True)])
    slopes = np.array([m.slope(np.float64(v)) for m, v in zip(maps, values, strict=True)])
    # Where the parameters hang together, a grid along them would see little of a narrow ellipse.
    axes = np.linalg.cholesky(result.covariance[np.ix_(places, places)] / np.outer(slopes, slopes))

    def natural(u, v):
        theta = centre + np.stack([u, v], axis=-1) @ axes.T
        return [m.in_numpy(theta[..., i]) for i, m in enumerate(maps)]

    def profile(u, v):
        one, other = natural(*np.broadcast_arrays(u, v))
        found = [-falls(pair) for pair in zip(one.flat, other.flat, strict=True)]
        return np.reshape(found, one.shape)

    lines = [np.linspace(-_ERRORS, _ERRORS, _SIDE)] * 2
    for _ in range(_WIDER):
        first, second = lines
        edges = [(profile(u, second) for u in first[[0, -1]]), (profile(first, v) for v in second[[0, -1]])]
        near = [[bool(np.nanmax(edge) > -_DEEP) for edge in both] for both in edges]
        if not np.any(near):
            break
        lines = [_widened(line, *sides) for line, sides in zip(lines, near, strict=True)]
    computed = profile(*np.meshgrid(*lines))
    if not np.isfinite(computed).all():
        one, other = natural(*np.meshgrid(*lines))
        return Surface(one, other, np.where(np.isfinite(computed), computed, -np.inf), values)
    fine = [_finer(line) for line in lines]
    smooth = interpolate.RectBivariateSpline(*lines[::-1], computed)
    return Surface(*natural(*np.meshgrid(*fine)), smooth(*fine[::-1]), values)


def _widened(line, below, above):
    """A line with points beyond its ends, half as far again: ever wider apart, for it falls slowly there."""
    left, right = (end + side * _STEPS * abs(end) for end, side in ((line[0], -1), (line[-1], 1)))
    return np.concatenate([left[::-1]] * below + [line] + [right] * above)


def _finer(line):
    """A line with points between its points, evenly spaced between two of them."""
    places = np.arange(len(line))
    return np.interp(np.linspace(0, places[-1], _FINE * places[-1] + 1), places, line)


def _places(result, names):
    """The indexes, estimates and errors of some parameters; an error if there is no error to go by."""
    places = [result._index(name) for name in names]
    errors = np.sqrt(np.diag(result.covariance))[places]
    if not np.isfinite(errors).all():
        raise ValueError(f"a profile needs a fit that is to be trusted: {result.message}")
    return places, result._flat()[places], errors


def _inside(edges, value, support):
    """The edges, drawn in where they would leave the support."""
    low, high = ends(support)
    first, last = edges
    return max(first, value - 0.98 * (value - low)), min(last, value + 0.98 * (high - value))
