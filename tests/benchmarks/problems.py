"""What is fitted: four models with their data, written out in NumPy for the peers that need it by hand.

The last parameter of three of them is positive. The functions here take its logarithm, as whoever writes a
gradient by hand would; names, starts and estimates are on the natural scale. Data lie near enough to the
starts (0, slopes 0, stddev 1) that everybody arrives.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

DF = 5.0  # of Student's t, known
_GAUSSIAN = 0.5 * math.log(2 * math.pi)
_STUDENT = -math.lgamma((DF + 1) / 2) + math.lgamma(DF / 2) + 0.5 * math.log(DF * math.pi)


class Fit(NamedTuple):
    """What a fitter found, on the natural scale; errors are None where the package gives none.

    `kind` says which errors it gives: from the "observed" information, the "sandwich", or with the residual
    variance "unbiased", divided by n less the coefficients.
    """

    estimates: np.ndarray
    errors: np.ndarray | None
    converged: bool
    kind: str = "observed"


@dataclass
class Problem:
    """One model with its data."""

    model: str
    names: tuple
    data: tuple
    truth: np.ndarray  # on the natural scale, as are the starts
    positive: bool = True  # whether the last parameter is

    @property
    def nobs(self):
        return len(self.data[0])

    @property
    def start(self):
        return np.array([0.0] * (len(self.names) - 1) + [1.0 if self.positive else 0.0])

    def unconstrained(self, values):
        return np.array([*values[:-1], math.log(values[-1])]) if self.positive else np.array(values)

    def natural(self, point):
        return np.array([*point[:-1], math.exp(point[-1])]) if self.positive else np.array(point)

    def natural_errors(self, point, errors):
        """Standard errors on the natural scale from those of `point`: the delta method."""
        return np.array([*errors[:-1], errors[-1] * (math.exp(point[-1]) if self.positive else 1.0)])

    def value(self, point):
        """The mean negative log-likelihood at an unconstrained point."""
        return _VALUES[self.model](point, *self.data)

    def value_and_gradient(self, point):
        return _GRADIENTS[self.model](point, *self.data)

    def curvature(self, point):
        """The Hessian of the mean negative log-likelihood."""
        return _CURVATURES[self.model](point, *self.data)

    def log_densities(self, point):
        """The log-density of each observation, (n,)."""
        return _LOG_DENSITIES[self.model](point, *self.data)

    def scores(self, point):
        """The gradient of the log-density of each observation, (p, n)."""
        return _SCORES[self.model](point, *self.data)

    def errors(self, point, covariance):
        """Standard errors on the natural scale from a covariance of `point`."""
        with np.errstate(invalid="ignore"):
            return self.natural_errors(point, np.sqrt(np.diag(covariance)))

    def reference(self):
        """Estimates, and standard errors by kind, to some twelve digits: Newton's method from the truth."""
        point = self.unconstrained(self.truth)
        for _ in range(30):
            gradient = self.value_and_gradient(point)[1]
            inverse = np.linalg.inv(self.curvature(point))
            step = inverse @ gradient
            point = point - step
            if gradient @ step * self.nobs < 1e-22:
                break
        scores = self.scores(point)
        observed = self.errors(point, inverse / self.nobs)
        errors = {
            "observed": observed,
            "sandwich": self.errors(point, inverse @ (scores @ scores.T) @ inverse / self.nobs**2),
            "unbiased": observed * math.sqrt(self.nobs / (self.nobs - len(point) + 1)),
        }
        return self.natural(point), errors


def load(model, n):
    """The problem of a name in `MODELS` with n observations."""
    rng = np.random.default_rng(0)
    if model == "gaussian":
        return Problem(model, ("mean", "stddev"), (rng.normal(2.0, 1.0, n),), np.array([2.0, 1.0]))
    if model == "student-t":
        x = 2.0 + 1.5 * rng.standard_t(DF, n)
        return Problem(model, ("location", "scale"), (x,), np.array([2.0, 1.5]))
    if model == "line":
        x = rng.uniform(size=n)
        y = x + 2.0 + rng.normal(scale=0.15, size=n)
        return Problem(model, ("slope", "intercept", "stddev"), (x, y), np.array([1.0, 2.0, 0.15]))
    x = rng.normal(size=(n, 10))
    truth = np.array([*np.linspace(-1.0, 1.0, 10), 0.5])
    y = (rng.uniform(size=n) < 1 / (1 + np.exp(-(x @ truth[:-1] + truth[-1])))).astype(float)
    names = (*(f"slope[{j}]" for j in range(10)), "intercept")
    return Problem(model, names, (x, y), truth, positive=False)


def gaussian(point, x):
    z = (x - point[0]) / math.exp(point[1])
    return 0.5 * (z @ z) / len(x) + point[1] + _GAUSSIAN


def gaussian_gradient(point, x):
    stddev = math.exp(point[1])
    z = (x - point[0]) / stddev
    square = z @ z / len(x)
    return 0.5 * square + point[1] + _GAUSSIAN, np.array([-z.mean() / stddev, 1 - square])


def gaussian_curvature(point, x):
    stddev = math.exp(point[1])
    z = (x - point[0]) / stddev
    cross = 2 * z.mean() / stddev
    return np.array([[1 / stddev**2, cross], [cross, 2 * (z @ z) / len(x)]])


def gaussian_log_densities(point, x):
    return -0.5 * ((x - point[0]) / math.exp(point[1])) ** 2 - (point[1] + _GAUSSIAN)


def gaussian_scores(point, x):
    stddev = math.exp(point[1])
    z = (x - point[0]) / stddev
    return np.stack([z / stddev, z * z - 1])


def line(point, x, y):
    return gaussian((0.0, point[2]), y - (point[0] * x + point[1]))


def line_gradient(point, x, y):
    stddev = math.exp(point[2])
    z = (y - (point[0] * x + point[1])) / stddev
    square = z @ z / len(x)
    gradient = np.array([-(z @ x) / len(x) / stddev, -z.mean() / stddev, 1 - square])
    return 0.5 * square + point[2] + _GAUSSIAN, gradient


def line_curvature(point, x, y):
    stddev, n = math.exp(point[2]), len(x)
    z = (y - (point[0] * x + point[1])) / stddev
    mean, along, cross = x.mean() / stddev, 2 * (z @ x) / n, 2 * z.mean()
    corner = 2 * (z @ z) / n * stddev
    rows = [[x @ x / n / stddev, mean, along], [mean, 1 / stddev, cross], [along, cross, corner]]
    return np.array(rows) / stddev


def line_log_densities(point, x, y):
    return gaussian_log_densities((0.0, point[2]), y - (point[0] * x + point[1]))


def line_scores(point, x, y):
    stddev = math.exp(point[2])
    z = (y - (point[0] * x + point[1])) / stddev
    return np.stack([z * x / stddev, z / stddev, z * z - 1])


def logistic(point, x, y):
    logit = x @ point[:-1] + point[-1]
    return (np.maximum(logit, 0) + np.log1p(np.exp(-np.abs(logit)))).mean() - y @ logit / len(y)


def logistic_gradient(point, x, y):
    logit = x @ point[:-1] + point[-1]
    small = np.exp(-np.abs(logit))  # one exponential for both
    value = (np.maximum(logit, 0) + np.log1p(small)).mean() - y @ logit / len(y)
    excess = np.where(logit >= 0, 1.0, small) / (1 + small) - y
    return value, np.array([*(excess @ x / len(y)), excess.mean()])


def logistic_curvature(point, x, y):
    chance = 1 / (1 + np.exp(-(x @ point[:-1] + point[-1])))
    weight = chance * (1 - chance)
    cross = weight @ x
    corner = np.array([[weight.sum()]])
    return np.block([[x.T @ (x * weight[:, None]), cross[:, None]], [cross[None], corner]]) / len(y)


def logistic_log_densities(point, x, y):
    logit = x @ point[:-1] + point[-1]
    return y * logit - (np.maximum(logit, 0) + np.log1p(np.exp(-np.abs(logit))))


def logistic_scores(point, x, y):
    excess = y - 1 / (1 + np.exp(-(x @ point[:-1] + point[-1])))
    return np.vstack([x.T * excess, excess])


def student(point, x):
    z = (x - point[0]) / math.exp(point[1])
    return (DF + 1) / 2 * np.log1p(z * z / DF).mean() + point[1] + _STUDENT


def student_gradient(point, x):
    scale = math.exp(point[1])
    z = (x - point[0]) / scale
    square = z * z / DF
    pull = z / (1 + square)
    gradient = (DF + 1) / DF * np.array([-pull.mean() / scale, -(pull @ z) / len(x)]) + np.array([0.0, 1.0])
    return (DF + 1) / 2 * np.log1p(square).mean() + point[1] + _STUDENT, gradient


def student_curvature(point, x):
    scale = math.exp(point[1])
    z = (x - point[0]) / scale
    weight = 1 / (1 + z * z / DF)
    turn = weight * (2 * weight - 1)  # the derivative of z * weight
    cross = (z * weight * weight).mean() * 2 / scale
    corner = 2 * (z * z * weight * weight).mean()
    return (DF + 1) / DF * np.array([[turn.mean() / scale**2, cross], [cross, corner]])


def student_log_densities(point, x):
    z = (x - point[0]) / math.exp(point[1])
    return -(DF + 1) / 2 * np.log1p(z * z / DF) - (point[1] + _STUDENT)


def student_scores(point, x):
    scale = math.exp(point[1])
    z = (x - point[0]) / scale
    pull = (DF + 1) / DF * z / (1 + z * z / DF)
    return np.stack([pull / scale, pull * z - 1])


_VALUES = {"gaussian": gaussian, "line": line, "logistic": logistic, "student-t": student}
_GRADIENTS = {
    "gaussian": gaussian_gradient,
    "line": line_gradient,
    "logistic": logistic_gradient,
    "student-t": student_gradient,
}
_CURVATURES = {
    "gaussian": gaussian_curvature,
    "line": line_curvature,
    "logistic": logistic_curvature,
    "student-t": student_curvature,
}
_LOG_DENSITIES = {
    "gaussian": gaussian_log_densities,
    "line": line_log_densities,
    "logistic": logistic_log_densities,
    "student-t": student_log_densities,
}
_SCORES = {
    "gaussian": gaussian_scores,
    "line": line_scores,
    "logistic": logistic_scores,
    "student-t": student_scores,
}
MODELS = tuple(_VALUES)
