"""What a user of statsmodels would call: its own regressions, and GenericLikelihoodModel for the rest."""

import warnings

from benchmarks.problems import Fit


def ols(problem):
    import statsmodels.api as sm

    def fit():
        x, y = problem.data
        result = sm.OLS(y, sm.add_constant(x, prepend=False)).fit()
        return Fit(result.params, result.bse, True, "unbiased")

    return fit


def logit(problem):
    import statsmodels.api as sm

    def fit():
        x, y = problem.data
        result = sm.Logit(y, sm.add_constant(x, prepend=False)).fit(disp=0)
        return Fit(result.params, result.bse, bool(result.mle_retvals["converged"]))

    return fit


def generic(problem):
    """With its default, the simplex of Nelder and Mead, and derivatives by differences.

    With eleven parameters that stops at its limit of 500 iterations far from the optimum, so the logistic
    regression is fitted by BFGS.
    """
    return _generic(problem, {}, {"method": "bfgs"} if problem.model == "logistic" else {})


def with_derivatives(problem):
    """With score and Hessian by hand, and BFGS: statsmodels' Newton has no safeguard far from the optimum."""
    n = problem.nobs
    derivatives = {
        "score": lambda self, params: -n * problem.value_and_gradient(params)[1],
        "hessian": lambda self, params: -n * problem.curvature(params),
    }
    return _generic(problem, derivatives, {"method": "bfgs"})


def _generic(problem, derivatives, method):
    from statsmodels.base.model import GenericLikelihoodModel

    class Likelihood(GenericLikelihoodModel):
        def loglike(self, params):
            return -problem.nobs * problem.value(params)

    for name, derivative in derivatives.items():
        setattr(Likelihood, name, derivative)
    start, names = problem.unconstrained(problem.start), list(problem.names)

    def fit():
        *x, y = problem.data
        model = Likelihood(y, x[0] if x else None, extra_params_names=names)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of shows in the table
            result = model.fit(start, disp=0, **method)
            errors = problem.natural_errors(result.params, result.bse)
        return Fit(problem.natural(result.params), errors, bool(result.mle_retvals["converged"]))

    return fit
