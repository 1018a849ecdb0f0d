"""The ways to fit that are compared: who does it, for which models, and what the page says of how.

A fitter takes a problem and returns a function that fits it anew. What fits may share, such as compiled code,
is made outside that function but first used in it. Tolerances are each package's defaults. Packages are
imported by their own fitter only: a measuring process must not pay for the others.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks import minuit_fitters, scipy_fitters, statsmodels_fitters
from benchmarks.estimating_fitters import delicatessen, estimagic, estimagic_by_hand
from benchmarks.problems import DF, MODELS, Fit


class Way(NamedTuple):
    """A way to fit. The words stand in the page's table of methods."""

    make: Callable
    optimiser: str
    tolerance: str
    derivatives: str
    errors: str
    models: tuple = MODELS


def mlefit(problem):
    """fit, with the method that it picks itself."""
    import mlefit

    model = _model(problem)

    def fit():
        result = mlefit.fit(model(), *problem.data)
        return Fit(_flat(result.estimates), _flat(result.standard_errors), result.converged)

    return fit


def evaluation(problem):
    """A function that evaluates value, gradient and Hessian once, as mlefit does for any model."""
    from mlefit.routes.entry import observed
    from mlefit.routes.problem import Problem

    model = _model(problem)()
    model.nll(*problem.data)  # a regression makes its parameters when it first sees data
    prepared = Problem(model, observed(model, problem.data))
    objective = prepared.objective
    return lambda: objective(prepared.start)


def _model(problem):
    from keras import ops

    import mlefit

    class StudentT(mlefit.Model):  # as a user writes it
        def __init__(self):
            super().__init__()
            self.location = self.parameter("location", 0.0)
            self.scale = self.parameter("scale", 1.0, support="positive")

        def log_prob(self, x):
            z = (x - self.location()) / self.scale()
            constant = math.lgamma((DF + 1) / 2) - math.lgamma(DF / 2) - 0.5 * math.log(DF * math.pi)
            return constant - ops.log(self.scale()) - (DF + 1) / 2 * ops.log1p(z * z / DF)

    return {
        "gaussian": mlefit.Gaussian,
        "line": mlefit.LinearRegression,
        "logistic": mlefit.LogisticRegression,
        "student-t": StudentT,
    }[problem.model]


def _flat(by_name):
    return np.concatenate([np.ravel(part) for part in by_name.values()])


FITTERS = {
    "mlefit": Way(
        mlefit,
        "closed form (Gaussian, line); Newton in a trust region",
        "expected step, 10⁻¹² standard errors; led by a sample, 10⁻⁷",
        "in closed form; Student's t: automatic",
        "Hessian",
    ),
    "scipy.stats.norm.fit": Way(scipy_fitters.norm_fit, "closed form", "—", "—", "none", ("gaussian",)),
    "scipy.stats.linregress": Way(
        scipy_fitters.linregress, "closed form", "—", "—", "least squares, n - 2", ("line",)
    ),
    "scipy.stats.t.fit": Way(
        scipy_fitters.t_fit, "Nelder-Mead", "10⁻⁴ in point and value", "none", "none", ("student-t",)
    ),
    "SciPy BFGS": Way(
        scipy_fitters.bfgs, "BFGS", "gradient of the mean, 10⁻⁵", "gradient by hand", "`hess_inv`"
    ),
    "SciPy L-BFGS-B": Way(
        scipy_fitters.lbfgs,
        "L-BFGS-B",
        "value, 2·10⁻⁹; gradient of the mean, 10⁻⁵",
        "gradient by hand",
        "`hess_inv`",
    ),
    "SciPy trust-exact": Way(
        scipy_fitters.trust_exact,
        "Newton in a trust region",
        "gradient of the mean, 10⁻⁴",
        "gradient and Hessian by hand",
        "Hessian",
    ),
    "statsmodels OLS": Way(
        statsmodels_fitters.ols, "pseudo-inverse", "—", "—", "least squares, n - 2", ("line",)
    ),
    "statsmodels Logit": Way(
        statsmodels_fitters.logit, "Newton", "step, 10⁻⁸", "in closed form", "Hessian", ("logistic",)
    ),
    "statsmodels GenericLikelihoodModel": Way(
        statsmodels_fitters.generic,
        "Nelder-Mead; logistic: BFGS",
        "10⁻⁴ in point and value; gradient of the mean, 10⁻⁵",
        "differences",
        "Hessian by differences",
    ),
    "statsmodels, derivatives": Way(
        statsmodels_fitters.with_derivatives,
        "BFGS",
        "gradient of the mean, 10⁻⁵",
        "`score` and `hessian` by hand",
        "Hessian",
    ),
    "iminuit + numba": Way(
        minuit_fitters.iminuit, "MIGRAD", "EDM, 10⁻⁴", "differences", "HESSE, by differences"
    ),
    "iminuit + numba, gradient": Way(
        minuit_fitters.iminuit_gradient,
        "MIGRAD",
        "EDM, 10⁻⁴",
        "gradient by hand, compiled",
        "HESSE, by differences",
    ),
    "iminuit UnbinnedNLL": Way(
        minuit_fitters.iminuit_cost,
        "MIGRAD",
        "EDM, 10⁻⁴",
        "differences",
        "HESSE, by differences",
        ("gaussian", "student-t"),
    ),
    "zfit": Way(minuit_fitters.zfit, "MIGRAD", "EDM, 5·10⁻⁴", "differences", "HESSE, by differences"),
    "zfit, loss kept": Way(
        minuit_fitters.zfit_kept, "MIGRAD", "EDM, 5·10⁻⁴", "differences", "HESSE, by differences"
    ),
    "estimagic estimate_ml": Way(
        estimagic,
        "L-BFGS-B",
        "value, 2·10⁻⁹; gradient of the sum, 10⁻⁵",
        "differences",
        "Hessian by differences",
    ),
    "estimagic estimate_ml, derivatives": Way(
        estimagic_by_hand,
        "L-BFGS-B",
        "value, 2·10⁻⁹; gradient of the sum, 10⁻⁵",
        "gradient and Hessian by hand",
        "Hessian",
    ),
    "delicatessen MEstimator": Way(
        delicatessen,
        "Levenberg-Marquardt on the scores",
        "10⁻⁹",
        "scores by hand; theirs by differences",
        "sandwich",
    ),
}
