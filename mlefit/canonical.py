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
    """Log-probability of a count, less the constant `-log y!`, y less its mean, and its variance."""
    mean = np.exp(line)
    return y * line - mean, y - mean, mean


LINKS = {"logit": _logit, "log": _log}
_SUPPORTS = {"logit": lambda y: (y == 0) | (y == 1), "log": lambda y: (y >= 0) & (y == np.floor(y))}


class CanonicalObjective:
    """The mean negative log-likelihood of a regression, with its gradient and Hessian.

    It is a function of the slopes by columns centred (if there is an intercept) and scaled, and of the height
    of the line in their middle: `back @ point` are the slopes and the intercept by the data as given.

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

    def __init__(self, link, x, y, offset=None, intercept=True):
        self.link, self.y, self.offset, self.intercept = link, y, offset, intercept
        self.nobs = len(y)
        self.x = x.reshape(self.nobs, -1)
        self.centre, self.scale = self._middle()
        slopes = np.diag(1 / self.scale)
        self.back = np.pad(slopes, (0, int(intercept)))
        if intercept:
            self.back[-1] = *(-self.centre / self.scale), 1.0
        self.constant = self._mean_log_factorial() if link == "log" else 0.0

    def __call__(self, point):
        """Return the mean negative log-likelihood, its gradient `(p,)` and its Hessian `(p, p)`."""
        value, gradient, hessian = 0.0, np.zeros(len(point)), np.zeros((len(point),) * 2)
        with np.errstate(over="ignore", invalid="ignore"):
            for X, y, line in self._lines(point):
                terms, residual, variance = LINKS[self.link](y, line)
                value -= terms.sum()
                gradient -= X.T @ residual
                hessian += X.T @ (X * variance[:, None])
        return value / self.nobs + self.constant, gradient / self.nobs, hessian / self.nobs

    def in_support(self):
        """Whether all y can occur: 0 or 1, or counts."""
        return all(_SUPPORTS[self.link](self.y[part]).all() for part in self._blocks())

    def scores(self, point):
        """Yield the gradients of the log-probabilities of observations, block by block, each `(m, p)`."""
        for X, y, line in self._lines(point):
            yield X * LINKS[self.link](y, line)[1][:, None]

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

    def _blocks(self):
        for low in range(0, self.nobs, ROWS):
            yield slice(low, low + ROWS)

    def _lines(self, point):
        """Yield the design `(m, p)`, y and the linear predictor, block by block."""
        for part in self._blocks():
            X = np.empty((len(self.y[part]), len(point)))
            columns = X[:, : self.x.shape[1]]
            np.subtract(self.x[part], self.centre, out=columns)
            columns /= self.scale
            X[:, self.x.shape[1] :] = 1.0
            line = X @ point
            yield X, self.y[part], line if self.offset is None else line + self.offset[part]

    def _middle(self):
        """The middle and the spread of each column; without an intercept, 0 and its size."""
        centre = np.zeros(self.x.shape[1])
        if self.intercept:
            centre = self.x.mean(axis=0)
            centre = centre + sum((self.x[part] - centre).sum(axis=0) for part in self._blocks()) / self.nobs
        squares = sum(((self.x[part] - centre) ** 2).sum(axis=0) for part in self._blocks())
        scale = np.sqrt(squares / self.nobs)
        scale[scale <= 1e-14 * np.abs(centre)] = 1.0
        return centre, scale

    def _mean_log_factorial(self):
        logs = (tf.math.lgamma(tf.constant(self.y[part] + 1)) for part in self._blocks())
        return sum(float(tf.reduce_sum(part)) for part in logs) / self.nobs
