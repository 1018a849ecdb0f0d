"""estimagic (in the package optimagic) and delicatessen: from what one observation adds to the whole."""

import warnings

import numpy as np

from benchmarks.problems import Fit


def estimagic(problem):
    """From the log-densities alone, errors from the Hessian: its default is the Jacobian's product."""
    return _estimate_ml(problem, {}, {"jacobian": False})


def estimagic_by_hand(problem):
    """With all derivatives by hand; without a Jacobian it would make one by differences."""
    n = problem.nobs
    gradient = {"jac": lambda point: -n * problem.value_and_gradient(point)[1]}
    return _estimate_ml(
        problem, gradient, {"jacobian": False, "hessian": lambda p: -n * problem.curvature(p)}
    )


def _estimate_ml(problem, for_optimiser, derivatives):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import estimagic

    start = problem.unconstrained(problem.start)

    def fit():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = estimagic.estimate_ml(
                problem.log_densities, start, {"algorithm": "scipy_lbfgsb", **for_optimiser}, **derivatives
            )
            errors = problem.natural_errors(result.params, result.se(method="hessian"))
        return Fit(problem.natural(result.params), errors, bool(result.optimize_result.success))

    return fit


def delicatessen(problem):
    """Its own estimating equations where it has them, scores by hand for Student's t; sandwich errors."""
    from delicatessen import MEstimator
    from delicatessen.estimating_equations import ee_mean_variance, ee_regression

    start = problem.unconstrained(problem.start)
    if problem.model == "gaussian":
        start = np.array([0.0, 1.0])

        def equations(theta):
            return ee_mean_variance(theta, *problem.data)

    elif problem.model == "student-t":

        def equations(theta):
            return problem.scores(theta)

    else:
        x, y = problem.data
        design = np.column_stack([x, np.ones(len(x))])
        kind = "linear" if problem.model == "line" else "logistic"
        start = np.zeros(design.shape[1])

        def equations(theta):
            return ee_regression(theta, design, y, kind)

    def fit():
        found = MEstimator(equations, init=start)
        found.estimate()
        point, errors = found.theta, np.sqrt(np.diag(found.variance))
        if problem.model == "gaussian":  # the variance comes, the standard deviation is asked for
            stddev = np.sqrt(point[1])
            return Fit(np.array([point[0], stddev]), errors / [1, 2 * stddev], True, "sandwich")
        if problem.model == "student-t":
            point, errors = problem.natural(point), problem.natural_errors(point, errors)
        return Fit(point, errors, True, "sandwich")

    return fit
