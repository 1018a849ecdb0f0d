"""One way to fit for each package, as its own documentation would do it, with defaults throughout.

A fitter takes a problem and returns a function that fits it anew, or None where the package has nothing for
the model. What fits may share, such as compiled code, is made outside that function but first used in it.
Packages are imported by their own fitter only: a measuring process must not pay for the others.
"""

import math
import warnings

import numpy as np

from benchmarks.minuit_fitters import iminuit, iminuit_cost, zfit
from benchmarks.problems import DF, Fit


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
    from mlefit.routes.newton import NewtonFit

    model = _model(problem)()
    model.nll(*problem.data)  # a regression makes its parameters when it first sees data
    prepared = NewtonFit(model, model.named(*problem.data))
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


def scipy_bfgs(problem):
    return _scipy(problem, "BFGS")


def scipy_lbfgs(problem):
    return _scipy(problem, "L-BFGS-B")


def _scipy(problem, method):
    """With the gradient by hand. The inverse Hessian that BFGS leaves is no error bar: none are given."""
    from scipy.optimize import minimize

    start = problem.unconstrained(problem.start)

    def fit():
        result = minimize(problem.value_and_gradient, start, jac=True, method=method)
        return Fit(problem.natural(result.x), None, bool(result.success))

    return fit


def statsmodels(problem):
    """GenericLikelihoodModel with its default, the simplex of Nelder and Mead.

    With eleven parameters that stops at its limit of 500 iterations far from the optimum, so the logistic
    regression is fitted by BFGS.
    """
    from statsmodels.base.model import GenericLikelihoodModel

    class Likelihood(GenericLikelihoodModel):
        def loglike(self, params):
            return -problem.nobs * problem.value(params)

    start, names = problem.unconstrained(problem.start), list(problem.names)
    method = {"method": "bfgs"} if problem.model == "logistic" else {}

    def fit():
        *x, y = problem.data
        model = Likelihood(y, x[0] if x else None, extra_params_names=names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of shows in the table
            result = model.fit(start, disp=0, **method)
            errors = problem.natural_errors(result.params, result.bse)
        return Fit(problem.natural(result.params), errors, bool(result.mle_retvals["converged"]))

    return fit


def statsmodels_own(problem):
    """The regressions that statsmodels has itself, OLS and Logit: shown for information."""
    import statsmodels.api as sm

    own = {"line": sm.OLS, "logistic": sm.Logit}.get(problem.model)

    def fit():
        x, y = problem.data
        result = own(y, sm.add_constant(x, prepend=False)).fit(**({"disp": 0} if own is sm.Logit else {}))
        converged = own is sm.OLS or bool(result.mle_retvals["converged"])
        return Fit(result.params, result.bse, converged)  # of slope and intercept; OLS divides by n - p

    return own and fit


FITTERS = {
    "mlefit": mlefit,
    "SciPy BFGS": scipy_bfgs,
    "SciPy L-BFGS-B": scipy_lbfgs,
    "statsmodels GenericLikelihoodModel": statsmodels,
    "iminuit + numba": iminuit,
    "iminuit UnbinnedNLL": iminuit_cost,
    "zfit": zfit,
    "statsmodels OLS, Logit": statsmodels_own,
}
