"""The two packages that search by Minuit: iminuit with sums that numba compiles, and zfit with TensorFlow's.

The sums are plain loops, as numba likes them; they stand here as Python, and the fitter compiles them with
numba's defaults: serial, without fastmath.
"""

import math
import warnings

import numpy as np

from benchmarks.problems import DF, Fit

_GAUSSIAN = 0.5 * math.log(2 * math.pi)
_STUDENT = -math.lgamma((DF + 1) / 2) + math.lgamma(DF / 2) + 0.5 * math.log(DF * math.pi)


def gaussian_sum(values, x):
    mean, stddev = values
    total = 0.0
    for i in range(len(x)):
        z = (x[i] - mean) / stddev
        total += z * z
    return 0.5 * total + len(x) * (math.log(stddev) + _GAUSSIAN)


def line_sum(values, x, y):
    slope, intercept, stddev = values
    total = 0.0
    for i in range(len(x)):
        z = (y[i] - slope * x[i] - intercept) / stddev
        total += z * z
    return 0.5 * total + len(x) * (math.log(stddev) + _GAUSSIAN)


def logistic_sum(values, x, y):
    total = 0.0
    for i in range(len(x)):
        logit = values[-1]
        for j in range(x.shape[1]):
            logit += values[j] * x[i, j]
        total += max(logit, 0.0) + math.log1p(math.exp(-abs(logit))) - y[i] * logit
    return total


def student_sum(values, x):
    location, scale = values
    total = 0.0
    for i in range(len(x)):
        z = (x[i] - location) / scale
        total += math.log1p(z * z / DF)
    return (DF + 1) / 2 * total + len(x) * (math.log(scale) + _STUDENT)


def gaussian_log_density(x, mean, stddev):
    return -0.5 * ((x - mean) / stddev) ** 2 - (math.log(stddev) + _GAUSSIAN)


def student_log_density(x, location, scale):
    return -(DF + 1) / 2 * np.log1p(((x - location) / scale) ** 2 / DF) - (math.log(scale) + _STUDENT)


def gaussian_slopes(values, x):
    mean, stddev = values
    along = square = 0.0
    for i in range(len(x)):
        z = (x[i] - mean) / stddev
        along += z
        square += z * z
    return np.array([-along, len(x) - square]) / stddev


def line_slopes(values, x, y):
    slope, intercept, stddev = values
    steep = along = square = 0.0
    for i in range(len(x)):
        z = (y[i] - slope * x[i] - intercept) / stddev
        steep += z * x[i]
        along += z
        square += z * z
    return np.array([-steep, -along, len(x) - square]) / stddev


def logistic_slopes(values, x, y):
    total = np.zeros(len(values))
    for i in range(len(x)):
        logit = values[-1]
        for j in range(x.shape[1]):
            logit += values[j] * x[i, j]
        excess = 1 / (1 + math.exp(-logit)) - y[i]
        for j in range(x.shape[1]):
            total[j] += excess * x[i, j]
        total[-1] += excess
    return total


def student_slopes(values, x):
    location, scale = values
    along = square = 0.0
    for i in range(len(x)):
        z = (x[i] - location) / scale
        pull = z / (1 + z * z / DF)
        along += pull
        square += pull * z
    factor = (DF + 1) / DF
    return np.array([-factor * along, len(x) - factor * square]) / scale


_SUMS = {"gaussian": gaussian_sum, "line": line_sum, "logistic": logistic_sum, "student-t": student_sum}
_SLOPES = {
    "gaussian": gaussian_slopes,
    "line": line_slopes,
    "logistic": logistic_slopes,
    "student-t": student_slopes,
}
_LOG_DENSITIES = {"gaussian": gaussian_log_density, "student-t": student_log_density}


def iminuit(problem):
    """Migrad and Hesse with a compiled sum."""
    return _compiled(problem)


def iminuit_gradient(problem):
    """The same with a gradient by hand, compiled too."""
    import numba

    slopes = numba.njit(_SLOPES[problem.model])
    return _compiled(problem, grad=lambda values: slopes(values, *problem.data))


def _compiled(problem, **gradient):
    import numba
    from iminuit import Minuit

    compiled = numba.njit(_SUMS[problem.model])

    def fit():
        search = Minuit(
            lambda values: compiled(values, *problem.data), problem.start, name=problem.names, **gradient
        )
        search.errordef = Minuit.LIKELIHOOD
        return _minuit(search, problem)

    return fit


def iminuit_cost(problem):
    """iminuit's own UnbinnedNLL with a compiled log-density, as its tutorials have it; for densities only."""
    import numba
    from iminuit import Minuit
    from iminuit.cost import UnbinnedNLL

    compiled = numba.njit(_LOG_DENSITIES[problem.model])

    def fit():
        cost = UnbinnedNLL(*problem.data, compiled, log=True)
        return _minuit(Minuit(cost, *problem.start), problem)

    return fit


def _minuit(search, problem):
    if problem.positive:
        search.limits[-1] = (0, None)
    search.migrad()
    search.hesse()
    return Fit(np.array(search.values), np.array(search.errors), bool(search.valid))


def zfit(problem):
    """UnbinnedNLL with zfit's own density; it has no regressions, so those are a SimpleLoss in TensorFlow.

    Its default leaves derivatives to Minuit; with `gradient="zfit"` these fits take about as long.
    """
    zfit = _zfit()
    return lambda: _zfit_fit(zfit, problem, *_zfit_made(zfit, problem))


def zfit_kept(problem):
    """The same with the loss, and what TensorFlow traces of it, made once and kept between fits."""
    zfit = _zfit()
    made = []

    def fit():
        if not made:
            made.extend(_zfit_made(zfit, problem))
        zfit.param.set_values(made[0], problem.start)
        return _zfit_fit(zfit, problem, *made)

    return fit


def _zfit():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that it switches TensorFlow's warnings off
        import zfit
    return zfit


def _zfit_made(zfit, problem):
    """Parameters at their starts, and the loss."""
    bounds = [(None, None)] * len(problem.names)
    if problem.positive:
        bounds[-1] = (1e-9, None)
    names = (name.translate({ord("["): "_", ord("]"): None}) for name in problem.names)
    parameters = [
        zfit.Parameter(name, value, *bound)
        for name, value, bound in zip(names, problem.start, bounds, strict=True)
    ]
    return parameters, _zfit_loss(zfit, problem, parameters)


def _zfit_fit(zfit, problem, parameters, loss):
    result = zfit.minimize.Minuit().minimize(loss)
    errors = result.hesse()
    return Fit(
        np.array([result.params[p]["value"] for p in parameters]),
        np.array([errors[p]["error"] for p in parameters]),
        bool(result.valid),
    )


def _zfit_loss(zfit, problem, parameters):
    import tensorflow as tf

    if problem.model in ("gaussian", "student-t"):
        space = zfit.Space("x", -1e6, 1e6)  # of infinity it warns
        if problem.model == "gaussian":
            density = zfit.pdf.Gauss(*parameters, obs=space)
        else:
            density = zfit.pdf.StudentT(DF, *parameters, obs=space)
        return zfit.loss.UnbinnedNLL(density, zfit.Data(*problem.data, obs=space))
    x, y = map(tf.constant, problem.data)

    def line(values):
        slope, intercept, stddev = values
        z = (y - slope * x - intercept) / stddev
        return 0.5 * tf.reduce_sum(z * z) + problem.nobs * (tf.math.log(stddev) + _GAUSSIAN)

    def logistic(values):
        logit = tf.linalg.matvec(x, tf.stack(values[:-1])) + values[-1]
        return tf.reduce_sum(tf.nn.softplus(logit) - y * logit)

    function = line if problem.model == "line" else logistic
    return zfit.loss.SimpleLoss(function, parameters, errordef=0.5)
