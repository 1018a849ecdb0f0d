"""Log-densities as pure functions: one float64 value for each observation, every constant kept.

Arguments are numbers, arrays, tensors, variables; all but single numbers have the shape of the observations.
Outside the support the log-density is minus infinity. JKB is Johnson, Kotz and Balakrishnan, Continuous
Univariate Distributions (1994-95); JKK is Johnson, Kemp and Kotz, Univariate Discrete Distributions (2005).
This room imports `columns` and `checks`.
"""

from mlefit.densities.bounded import beta, von_mises
from mlefit.densities.choices import bernoulli, binomial, binomial_cloglog, binomial_probit, categorical
from mlefit.densities.counts import negative_binomial, poisson
from mlefit.densities.locations import (
    asymmetric_laplace,
    gaussian,
    huber,
    hyperbolic_secant,
    laplace,
    student_t,
)
from mlefit.densities.positive import exponential, gamma, log_normal, weibull, weibull_survival

__all__ = [
    "asymmetric_laplace",
    "bernoulli",
    "beta",
    "binomial",
    "binomial_cloglog",
    "binomial_probit",
    "categorical",
    "exponential",
    "gamma",
    "gaussian",
    "huber",
    "hyperbolic_secant",
    "laplace",
    "log_normal",
    "negative_binomial",
    "poisson",
    "student_t",
    "von_mises",
    "weibull",
    "weibull_survival",
]
