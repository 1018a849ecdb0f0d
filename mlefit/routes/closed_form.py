"""The Gaussian and the straight line, fitted by least squares: in closed form, errors and intervals too."""

import math
from dataclasses import dataclass

import numpy as np

from mlefit.inference import words
from mlefit.inference.intervals import Line
from mlefit.likelihood.by_block import pieces, rooted
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.gaussian import Gaussian
from mlefit.models.linear import LinearRegression
from mlefit.routes import sandwich
from mlefit.routes.outcome import Options, Outcome, Route, as_observed
from mlefit.solvers import qr
from mlefit.solvers.linear_least_squares import LinearSolution, solve_linear

_BLOCK = 262_144  # rows handed over at a time
_ROWS = 8192  # of which scores are held at a time
_ALONE = 1e-8  # one less a leverage: below it the line goes through the observation, wherever it lies


def fit(model: Gaussian | LinearRegression, rows: Rows, options: Options) -> Outcome:
    """Fit a model of a line with Gaussian noise; its last parameter is `stddev`.

    Args:
        model: has `design`, from a block of data to predictors `(m, k)` and responses `(m,)`, and
            `has_intercept`.
        rows: its data, `Rows`.
        options: `Options`; covariance `"expected"` is the same as `"observed"` here, and `"hc3"` divides each
            residual by one less its leverage.

    Returns:
        An `Outcome`.

    Source: G. Seber and A. Lee, Linear Regression Analysis (2003), chapters 3 and 4; for the sandwich, H.
        White, Econometrica 50 (1982), 1-25; for HC3, J. MacKinnon and H. White, J. Econometrics 29 (1985),
        305-325.
    """
    rows, n, intercept = rows.changed(model.design), rows.nobs, model.has_intercept
    solution = solve_linear(rows, intercept)
    names = flat.names(model)
    stddev = solution.residual_norm / math.sqrt(n)
    trouble = _trouble(solution, names)
    with np.errstate(divide="ignore"):
        log_stddev = np.log(stddev)
    log_likelihood = -n * (0.5 * math.log(2 * math.pi) + log_stddev + 0.5)
    p = len(names)
    root = np.zeros((p, p))
    root[:-1, :-1], root[-1, -1] = stddev * solution.factor, stddev / math.sqrt(2 * n)
    errors = np.linalg.norm(root[:-1], axis=1)
    if options.covariance in ("robust", "hc3") and trouble is None:
        root, trouble = _sandwich(solution, rows, stddev, intercept, options.covariance == "hc3")
    return Outcome(
        point=np.append(solution.coefficients, log_stddev),
        root=root,
        log_likelihood=float(log_likelihood),
        message=trouble or "solved in closed form",
        trusted=trouble is None,
        history=np.array([-log_likelihood / n]),
        method="least squares",
        free=options.free,
        profile=Line(solution.coefficients, errors, float(stddev), n).profile,
    )


def _trouble(solution, names):
    if solution.nobs < len(names):
        return words.too_few(solution.nobs, len(names))
    if solution.null_space.size:
        involved = [names[i] for i in np.flatnonzero(np.abs(solution.null_space).max(axis=1) > 1e-6)]
        return words.undetermined(involved)
    if solution.exact:
        return words.unbounded("stddev")
    return None


@dataclass(frozen=True)
class _Scores:
    """The scores of a block's observations, whitened: those of the coefficients by the factor, and stddev's.

    If `jackknifed`, residuals are those that would be left if the observation had not been fitted: HC3.
    """

    solution: LinearSolution
    stddev: float
    intercept: bool
    jackknifed: bool

    def __call__(self, weights: np.ndarray | None, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, bool]:
        """Return R, `(p, p)`, with `R' R` the sum of `s s'`, and whether a row decides its value alone."""
        parts = pieces(len(y), _ROWS)
        factor = qr.joined(
            qr.triangle([rooted(self.of(x[part], y[part]), weights, part).T]) for part in parts
        )
        return factor, self.jackknifed and any((self._apart(x[part]) < _ALONE).any() for part in parts)

    def of(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the scores, `(m, p)`."""
        residuals = self.solution.residuals(x, y)
        of_stddev = (residuals**2 / self.stddev - self.stddev) / (2 * self.solution.nobs)
        if self.jackknifed:
            residuals = residuals / np.maximum(self._apart(x), _ALONE)
        return np.column_stack([self._whitened(x) * residuals[:, None], of_stddev])

    def alone(self, weights: np.ndarray | None, x: np.ndarray, y: np.ndarray) -> tuple[int, float] | None:
        """Return the first row of a block that decides its fitted value alone, and one less its leverage."""
        apart = self._apart(x)
        where = np.flatnonzero(apart < _ALONE)
        return (int(where[0]), float(apart[where[0]])) if len(where) else None

    def _apart(self, x):
        """One less the leverage of each row."""
        return 1 - (self._whitened(x) ** 2).sum(axis=1)

    def _whitened(self, x):
        centred, k = self.solution.centred_factor, x.shape[1]
        return (x - self.solution.origin[0]) @ centred[:k] + (centred[k] if self.intercept else 0.0)


def _sandwich(solution, rows, stddev, intercept, jackknifed):
    """A root of the sandwich covariance of slopes, intercept and stddev; and what is wrong, if anything."""
    scores = _Scores(solution, stddev, intercept, jackknifed)
    p, alone = len(solution.factor), False
    if rows.clusters is None:
        factors, said = zip(*rows.map(scores, _BLOCK), strict=True)
        factor, alone = qr.joined(factors), any(said)
    else:
        factor = sandwich.middle((scores.of(x, y) for x, y in rows.blocks(_ROWS)), rows)
    back = np.zeros((p + 1, p + 1))
    back[:-1, :-1], back[-1, -1] = solution.factor, 1.0
    found = rows.first(scores.alone, _BLOCK) if alone else None
    return back @ factor.T, words.leverage(found[0]) if found else None


def _exact(outcome, nobs):
    """The exact intervals of a line, whichever way it was fitted; None if its noise is held."""
    if not outcome.free[-1]:
        return None
    free, errors = outcome.free[:-1], np.linalg.norm(outcome.root[:-1], axis=1)
    return Line(outcome.point[:-1][free], errors[free], float(np.exp(outcome.point[-1])), nobs)


ROUTE = Route(
    "closed form", "least-squares", fit, expected=as_observed, exact=_exact, holds=False, single=True
)
