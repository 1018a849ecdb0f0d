"""Each log-density with an independent truth, and arguments that reach far into its tails."""

import math

import numpy as np
from scipy import integrate, special, stats

Z = np.array([-1e3, -40.0, -3.0, -1.0, -0.4, 0.1, 0.5, 1.0, 2.5, 40.0, 1e3])
COUNTS = np.array([0.0, 1.0, 2.0, 7.0, 30.0, 1000.0])
LOGITS = np.array([-1e3, -40.0, -2.0, 0.0, 0.3, 40.0, 1e3])
PROPORTIONS = np.array([1e-3, 0.1, 0.3, 0.5, 0.9, 0.99])
M, S, D = np.float64(3), np.float64(0.7), np.float64(1.345)
X = M + S * Z


def huber(x, location, scale, delta):
    def loss(z):
        return np.where(np.abs(z) <= delta, z**2 / 2, delta * np.abs(z) - delta**2 / 2)

    halves = ((0, delta), (delta, np.inf))
    mass = 2 * sum(integrate.quad(lambda z: np.exp(-loss(z)), *ends, epsabs=0)[0] for ends in halves)
    return -loss((x - location) / scale) - np.log(mass * scale)


def asymmetric_laplace(x, location, scale, quantile):
    kappa = np.sqrt(quantile / (1 - quantile))
    return stats.laplace_asymmetric.logpdf(x, kappa, location, scale * kappa / quantile)


def hyperbolic_secant(x, location, scale):
    z = (x - location) / scale
    return math.log(2 / math.pi) - np.logaddexp(z, -z) - np.log(scale)


def choose(x, trials):
    return np.log(special.comb(trials, x))


def binomial(x, trials, logit):
    return choose(x, trials) + x * special.log_expit(logit) + (trials - x) * special.log_expit(-logit)


def binomial_probit(x, trials, probit):
    return choose(x, trials) + x * special.log_ndtr(probit) + (trials - x) * special.log_ndtr(-probit)


def binomial_cloglog(x, trials, cloglog):
    hazard = np.exp(cloglog)
    log_yes = np.where(cloglog < -20, cloglog - hazard / 2, np.log(-np.expm1(-np.maximum(hazard, 1e-9))))
    return choose(x, trials) + x * log_yes - (trials - x) * hazard


def negative_binomial(x, log_mean, size):
    ratio = np.exp(log_mean) / size
    gammas = special.gammaln(x + size) - special.gammaln(size) - special.gammaln(x + 1)
    return gammas - size * np.log1p(ratio) - x * np.log1p(1 / ratio)


def von_mises(x, mean, concentration):
    constant = np.log(2 * np.pi * special.i0e(concentration))
    return concentration * special.cosm1(x - mean) - constant


def student_t(x, location, scale, df):
    return stats.t.logpdf(x, df, location, scale)


def laplace(x, location, scale):
    return -np.abs(x - location) / scale - np.log(2 * scale)


def some_of_twelve(values):
    """None and all of twelve successes, of fifteen trials, at each of the values."""
    return [np.repeat([0.0, 12.0], len(values)), np.float64(15), np.tile(values, 2)]


CASES = {
    "gaussian": (stats.norm.logpdf, [X, M, S]),
    "laplace": (laplace, [X, M, S]),
    "student_t": (student_t, [X, Z / 1e3, S, 1 + Z**2]),
    "huber": (np.vectorize(huber), [X, M, S, D]),
    "asymmetric_laplace": (asymmetric_laplace, [X, M, S, np.float64(0.2)]),
    "hyperbolic_secant": (hyperbolic_secant, [X, M, S]),
    "exponential": (lambda x, rate: stats.expon.logpdf(x, scale=1 / rate), [Z**2, D]),
    "gamma": (
        lambda x, shape, rate: stats.gamma.logpdf(x, shape, scale=1 / rate),
        [np.abs(Z), np.geomspace(0.2, 50, 11)[::-1], D],
    ),
    "weibull": (
        lambda x, shape, scale: stats.weibull_min.logpdf(x, shape, scale=scale),
        [Z**2, np.linspace(2.5, 0.5, 11), D],
    ),
    "weibull_survival": (
        lambda x, shape, scale: stats.weibull_min.logsf(x, shape, scale=scale),
        [Z**2, np.linspace(2.5, 0.5, 11), D],
    ),
    "log_normal": (
        lambda x, mean, stddev: stats.lognorm.logpdf(x, stddev, scale=np.exp(mean)),
        [Z**2, Z / 1e3, S],
    ),
    "beta": (stats.beta.logpdf, [PROPORTIONS, np.geomspace(0.1, 50, 6), np.geomspace(40, 0.5, 6)]),
    "von_mises": (von_mises, [np.linspace(-9, 9, 11), np.float64(0.3), np.geomspace(0.01, 50, 11)]),
    "bernoulli": (
        lambda x, logit: special.log_expit((2 * x - 1) * logit),
        [np.repeat([0.0, 1.0], 7), np.tile(LOGITS, 2)],
    ),
    "binomial": (binomial, some_of_twelve(LOGITS)),
    "binomial_probit": (binomial_probit, some_of_twelve([-1e3, -40.0, -6.0, -4.0, 0.0, 0.3, 7.0, 40.0])),
    "binomial_cloglog": (binomial_cloglog, some_of_twelve([-1e3, -40.0, -3.0, -1.5, 0.0, 0.3, 3.0, 40.0])),
    "poisson": (lambda x, t: stats.poisson.logpmf(x, np.exp(t)), [COUNTS, np.linspace(-9, 7, 6)]),
    "negative_binomial": (
        negative_binomial,
        [COUNTS, np.linspace(-9, 7, 6), np.array([0.3, 700.0, 1.0, 19.0, 5.0, 40.0])],
    ),
}
# Arguments of these, all but the last few, do not vary smoothly.
DISCRETE = {
    "bernoulli": 1,
    "binomial": 1,
    "binomial_probit": 1,
    "binomial_cloglog": 1,
    "poisson": 1,
    "negative_binomial": 2,
}
