"""A line with Laplace noise, by linear programming, with the errors of quantile regression."""

import functools
import math

import numpy as np
from scipy import special

from mlefit.inference import words
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.laplace import LaplaceRegression
from mlefit.models.standardised import middle
from mlefit.routes import sandwich
from mlefit.routes.outcome import Options, Outcome, Route, as_observed
from mlefit.solvers import absolute_deviations, qr, roots

_ON = 0.1  # of the observations on the line: then y has no density there, but is rounded or whole


def fit(model: LaplaceRegression, rows: Rows, options: Options) -> Outcome:
    """Fit a line by least absolute deviations; the model's last parameter is `scale`.

    Args:
        model: has `design` and `has_intercept`; what is held is where it is held.
        rows: x and y, `Rows`.
        options: `Options`.

    Returns:
        An `Outcome`; its errors hold whatever the noise, but for covariance `"expected"`.

    Source: R. Koenker, Quantile Regression (2005), sections 3.2, 3.4 and 6.2; P. Hall and S. Sheather, On the
        distribution of a Studentized quantile, J. R. Stat. Soc. B 50 (1988), 381-391.
    """
    point, n = flat.point(model), rows.nobs
    line, root = _Line(model, rows, options.free, point), np.full((len(point),) * 2, np.nan)
    trouble = words.too_few(n, options.free.sum()) if n < options.free.sum() else line.dependent()
    found = None
    if trouble is None:
        found = line.solve()
        point[:-1][options.free[:-1]] = line.back @ found.coefficients
        size = found.total / n
        if options.free[-1]:
            with np.errstate(divide="ignore"):
                point[-1] = np.log(size)
        if not found.optimal:
            trouble = words.NO_CORNER
        if options.free[-1] and size <= 64 * np.finfo(float).eps * line.height:
            trouble = words.unbounded("scale")
    scale = math.exp(point[-1])
    if trouble is None:
        root, trouble = _root(line, rows, found, scale, options)
    value = np.log(2 * scale) + found.total / n / scale if found and scale else np.nan
    unique = found is None or found.unique
    best = "no line has a smaller sum of absolute deviations"
    if not unique:
        best += ", but others have the same: it is not unique"
    if found is not None and (on := line.share_on(found)) > _ON:
        best += f"; {on:.0%} of y lies on it, and the errors, which suppose a density there, are rough"
    return Outcome(
        point=point,
        root=root,
        log_likelihood=float(-n * value),
        message=trouble or best,
        trusted=trouble is None,
        history=np.array([value]),
        method="linear programming",
        free=options.free,
        errors=None if options.covariance == "expected" else "robust",
        profile=functools.partial(_profile, model, rows, options.free, point, found),
    )


class _Line:
    """The data in columns that are centred and scaled; what is held is taken off y."""

    def __init__(self, model, rows, free, point):
        X, y = model.design(*rows.whole())
        self.weights = np.ones(rows.size) if rows.weights is None else rows.weights
        self.names = np.array(flat.names(model))[free]
        ones = np.ones((len(y), int(model.has_intercept)))
        held = ~free[:-1]
        y = y - np.hstack([X, ones])[:, held] @ point[:-1][held] if held.any() else y
        intercept = bool(model.has_intercept and free[-2])
        centre, scale = middle(X, intercept)
        columns = [(X - centre) / scale, ones] if intercept else [X / scale, ones]
        self.X, self.height = np.hstack(columns)[:, free[:-1]], np.abs(y).max()
        # Slopes and intercept for the data as given, of those for the new columns.
        back = np.diag([*(1 / scale), *np.ones(ones.shape[1])])
        if intercept:
            back[-1, :-1] = -centre / scale
        self.back = back[np.ix_(free[:-1], free[:-1])]
        # The middle of y, so that no digit of the residuals is lost.
        self.middle = np.median(y) if intercept else 0.0
        self.y = y - self.middle

    def dependent(self):
        """What is wrong if the columns do not determine the coefficients."""
        if not self.X.shape[1]:
            return None
        null = qr.analyse(qr.triangle([self.X.T])).null_space
        if not null.size:
            return None
        involved = np.flatnonzero(np.abs(null).max(axis=1) > 1e-6)
        return words.undetermined([self.names[i] for i in involved])

    def share_on(self, found):
        """Which share of the observations lies on the line, beyond those that a corner has anyway."""
        on = found.residuals == 0
        spare = max(np.sum(on) - self.X.shape[1], 0) / max(np.sum(on), 1)
        return spare * (self.weights @ on / self.weights.sum())

    def solve(self):
        """The smallest sum of absolute deviations, with the coefficients for these columns."""
        found = absolute_deviations.minimise(self.X, self.y, self.weights)
        if self.middle:
            found.coefficients[-1] += self.middle
        return found


def _root(line, rows, found, scale, options):
    """A root of the covariance, `(p, p)`, and what is wrong with it, if anything.

    Each row moves the estimates by its influence, over n: the coefficients by `x sign(r) / (2 f)`, f being
    the density of the residuals at 0, in the mean over `x x'`; the scale by `|r| - scale`.
    """
    n, free = rows.nobs, np.flatnonzero(options.free[:-1])
    residuals, w = found.residuals, line.weights
    root = np.zeros((len(options.free),) * 2)
    if options.covariance == "expected":
        root[np.ix_(free, free)] = scale * (line.back @ _inverse(line.X, w).inverse)
        root[-1, -1] = scale / math.sqrt(n) * options.free[-1]
        return root, None
    width = _bandwidth(residuals, w, n)
    if width == 0:
        return root, words.ON_THE_LINE
    density = 0.75 * np.clip(1 - (residuals / width) ** 2, 0.0, None) / width  # Epanechnikov's kernel
    triangle = _inverse(line.X, w * density)
    if triangle.null_space.size:
        return root, words.NO_DENSITY
    moves = np.zeros((len(residuals), len(root)))
    bread = triangle.inverse @ triangle.inverse.T @ line.back.T
    moves[:, free] = 0.5 * (np.where(residuals < 0, -1.0, 1.0)[:, None] * line.X) @ bread
    moves[:, -1] = (np.abs(residuals) - scale) / n * options.free[-1]
    return sandwich.middle([moves], rows).T, None


def _inverse(X, weights):
    """What the triangular factor of X, its rows weighted, says."""
    return qr.analyse(qr.triangle([(np.sqrt(weights)[:, None] * X).T]) if X.shape[1] else np.zeros((0, 0)))


def _bandwidth(residuals, weights, n):
    """How near to 0 residuals tell of their density there: Hall and Sheather's share of them, as a length."""
    share = n ** (-1 / 3) * special.ndtri(0.975) ** (2 / 3) * (1.5 / (2 * np.pi)) ** (1 / 3)
    share = min(share, 0.45)
    order = np.argsort(residuals)
    below = np.cumsum(weights[order])
    low, high = (residuals[order][np.searchsorted(below, part * n)] for part in (0.25, 0.75))
    unit = np.abs(residuals).max()
    stddev = unit * np.sqrt(weights @ ((residuals - weights @ residuals / n) / unit) ** 2 / n)
    return min(stddev, (high - low) / 1.349) * 2 * special.ndtri(0.5 + share)


def _profile(model, rows, free, point, found, index, quantile):
    """Return the ends of a profile interval: where the log-likelihood has fallen by `quantile^2 / 2`."""
    n, scale = rows.nobs, math.exp(point[-1])
    if index == len(point) - 1:
        low, high = (
            roots.bracketed(
                lambda t: n * (t + math.expm1(-t)) - quantile**2 / 2, 0.0, side * quantile / n**0.5
            )
            for side in (-1, 1)
        )
        return scale * math.exp(low), scale * math.exp(high)
    held = free.copy()
    held[index] = False

    def excess(away):
        there = np.array(point)
        there[index] += away
        total = _Line(model, rows, held, there).solve().total
        fall = n * math.log(total / found.total) if free[-1] else (total - found.total) / scale
        return fall - quantile**2 / 2

    line, place = _Line(model, rows, free, point), int(np.sum(free[:index]))
    reach = quantile * scale * np.linalg.norm(line.back[place] @ _inverse(line.X, line.weights).inverse)
    low, high = (roots.bracketed(excess, 0.0, side * reach, tolerance=1e-9) for side in (-1, 1))
    return point[index] + low, point[index] + high


# The root at hand is what was asked for: `fit` sees to it.
ROUTE = Route(
    "absolute deviations",
    "linear-programming",
    fit,
    expected=as_observed,
    single=True,
    smooth=False,
    in_memory=True,
)
