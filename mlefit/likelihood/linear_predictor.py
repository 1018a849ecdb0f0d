"""Logistic and Poisson regression as functions of their coefficients, in closed form and block by block.

With the canonical link the derivatives of a log-density by its linear predictor are `y - mean` and minus the
variance, so the gradient is `X'(y - mean)` and the Hessian `-X' diag(variance) X`: nothing need be traced.
"""

import copy

import numpy as np
import tensorflow as tf

ROWS = 8192  # in a block: it stays in the processor's cache


def _logit(y, line):
    """Log-probability of yes or no, y less its mean, and its variance, of what is small: `exp(-|line|)`."""
    small, above = np.exp(-np.abs(line)), line > 0
    rest = small / (1 + small)
    # Of a mean near 1 only its distance from 1 has digits.
    residual = np.where(above, y - 1 + rest, y - rest)
    return y * line - np.maximum(line, 0.0) - np.log1p(small), residual, rest / (1 + small)


def _log(y, line):
    """Log-probability of a count, less that at mean y, y less its mean, and its variance."""
    mean = np.exp(line)
    # Of the two large terms only the difference counts, and where counts are large, only this has its digits.
    away = line - np.log(np.maximum(y, 1.0))
    return np.where(y > 0, y * (away - np.expm1(away)), -mean), y - mean, mean


LINKS = {"logit": _logit, "log": _log}
_SUPPORTS = {"logit": lambda y: (y == 0) | (y == 1), "log": lambda y: (y >= 0) & (y == np.floor(y))}


class CanonicalObjective:
    """The mean negative log-likelihood of a regression, with its gradient and Hessian.

    It is a function of slopes and the height of the line in the middle, for columns of x that are scaled and,
    if they lie far from 0 and there is an intercept, centred. `back @ point` are slopes and intercept for the
    data as given.

    Args:
        link: `"logit"` or `"log"`.
        x: predictors, `(n,)` or `(n, k)`.
        y: responses, `(n,)`.
        offset: added to the linear predictor, `(n,)`; None for 0.
        intercept: whether there is one, the last coefficient.

    Source: P. McCullagh and J. Nelder, Generalized Linear Models (1989), sections 2.2.4 and 2.5.

    Examples:
        >>> objective = CanonicalObjective("logit", np.array([-1.0, 1.0]), np.array([0.0, 1.0]))
        >>> value, gradient, hessian = objective(np.zeros(2))
        >>> round(float(value), 4), gradient.tolist(), hessian.tolist()
        (0.6931, [-0.5, 0.0], [[0.25, 0.0], [0.0, 0.25]])
    """

    exact = True
    many = 4 * ROWS  # observations beyond which samples lead the way sooner
    sizes = ROWS // 4, ROWS  # of those

    def __init__(self, link, x, y, offset=None, intercept=True):
        self.link, self.y, self.offset, self.intercept = link, y, offset, intercept
        self.nobs = len(y)
        self.x = x.reshape(self.nobs, -1)
        self.centre, self.scale = self._middle()
        slopes = np.diag(1 / self.scale)
        self.back = np.pad(slopes, (0, int(intercept)))
        if intercept:
            self.back[-1] = *(-self.centre / self.scale), 1.0
        self.constant = self._mean_constant() if link == "log" else 0.0

    def __call__(self, point):
        """Return the mean negative log-likelihood, its gradient `(p,)` and its Hessian `(p, p)`."""
        k = len(self.scale)
        sums, slope_pull, border, curvature = np.zeros(3), np.zeros(k), np.zeros(k), np.zeros((k, k))
        with np.errstate(over="ignore", invalid="ignore"):
            for X, terms, residual, variance in self._derivatives(point):
                sums += terms.sum(), residual.sum(), variance.sum()
                slope_pull += residual @ X
                border += variance @ X
                curvature += X.T @ (X * variance[:, None])
        value, pull, weight = sums / self.nobs
        gradient = slope_pull / self.scale / self.nobs
        hessian = curvature / np.outer(self.scale, self.scale) / self.nobs
        if self.intercept:
            border = border / self.scale / self.nobs
            gradient = np.append(gradient, pull)
            hessian = np.block([[hessian, border[:, None]], [border, weight]])
        return self.constant - value, 0.0 - gradient, hessian

    def gradient(self, point):
        """Return the gradient `(p,)` alone."""
        slope_pull, pull = np.zeros(len(self.scale)), 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            for X, _, residual, _ in self._derivatives(point):
                slope_pull, pull = slope_pull + residual @ X, pull + residual.sum()
        pulls = np.append(slope_pull / self.scale, [pull] * self.intercept)
        return 0.0 - pulls / self.nobs

    def start(self):
        """Return the point of slopes 0, at the height that is best with them, where there is one."""
        point, mean = np.zeros(len(self.back)), self.y.mean()
        if self.intercept and self.link == "logit" and 0 < mean < 1:
            point[-1] = np.log(mean) - np.log1p(-mean)
        if self.intercept and self.link == "log" and mean > 0:
            offset = np.zeros(1) if self.offset is None else self.offset
            highest = offset.max()
            point[-1] = np.log(mean) - highest - np.log(np.mean(np.exp(offset - highest)))
        return point

    def in_support(self):
        """Whether all y can occur: 0 or 1, or counts."""
        return all(_SUPPORTS[self.link](self.y[part]).all() for part in self._parts())

    def scores(self, point):
        """Yield the gradients of the log-probabilities of observations, block by block, each `(m, p)`."""
        for X, _, residual, _ in self._derivatives(point):
            column = residual[:, None]
            yield np.hstack([X / self.scale * column, *[column] * self.intercept])

    def sample(self, size=ROWS):
        """Return the same function of `size` observations, evenly spaced, or itself if it has few more."""
        step = self.nobs // size
        if step < 4:
            return self
        few = copy.copy(self)
        few.x, few.y, few.nobs = self.x[::step][:size], self.y[::step][:size], size
        few.offset = None if self.offset is None else self.offset[::step][:size]
        return few

    def confirmed(self, point, spread):
        """Whether what was computed is what the model means: it is, for nothing was traced."""
        return True

    def _parts(self):
        return [slice(low, low + ROWS) for low in range(0, self.nobs, ROWS)]

    def _derivatives(self, point):
        """Yield, block by block, the centred columns, and what `LINKS` makes of y and the line at a point."""
        slopes = point[: len(self.scale)] / self.scale  # by the columns centred but not scaled
        height = point[-1] if self.intercept else 0.0
        for part in self._parts():
            X = self.x[part] - self.centre if self.centre.any() else self.x[part]
            line = X @ slopes + height
            line = line if self.offset is None else line + self.offset[part]
            yield X, *LINKS[self.link](self.y[part], line)

    def _middle(self):
        """About the middle and spread of each column, by a sample; without an intercept, 0 and its size."""
        few = np.ascontiguousarray(self.x[:: max(1, self.nobs // ROWS)])
        centre = few.mean(axis=0) if self.intercept else np.zeros(few.shape[1])
        centre = centre + (few - centre).mean(axis=0) * self.intercept
        scale = np.sqrt(np.mean((few - centre) ** 2, axis=0))
        scale[scale <= 1e-14 * np.abs(centre)] = 1.0
        # Near 0 no digits are lost, and time is won.
        near = np.abs(centre) < 3 * scale
        return np.where(near.all(), 0.0, centre), scale

    def _mean_constant(self):
        """The mean of `-log p(y)` for a count whose mean is y, `log y! - y log y + y`."""

        def logs(y):
            y = np.maximum(y, 1.0)
            # Of large terms that cancel, Stirling's series has what is left.
            series = 0.5 * np.log(2 * np.pi * y) + (1 - 1 / (30 * y**2)) / (12 * y)
            exact = tf.math.lgamma(tf.constant(np.minimum(y, 100.0) + 1)).numpy() - y * np.log(y) + y
            return np.where(y < 100, exact, series)

        return sum(float(logs(self.y[part]) @ (self.y[part] > 0)) for part in self._parts()) / self.nobs
