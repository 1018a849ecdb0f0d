"""Newton's method, for any model: the derivatives from a traced program, or in closed form from the model."""

import functools

import numpy as np

from mlefit.inference import words
from mlefit.likelihood.linear_predictor import LinearPredictorObjective
from mlefit.likelihood.rows import Rows
from mlefit.models.linear import LinearPredictor
from mlefit.models.model import Model
from mlefit.routes.outcome import Options, Outcome, Route
from mlefit.routes.problem import Problem
from mlefit.solvers import newton, sampled_newton

_ITERATIONS = 200


def fit(model: Model, rows: Rows, options: Options) -> Outcome:
    """Fit a model by Newton's method in a trust region; with many observations, a sample leads the way.

    Args:
        model: a built `Model`, at its start.
        rows: its data, `Rows`.
        options: `Options`.

    Returns:
        An `Outcome`.

    Source: J. Nocedal and S. Wright, Numerical Optimization (2006), chapter 4.
    """
    problem = Problem(model, rows, options.free, options.start)
    search = functools.partial(_search, problem, rows, options.max_iterations or _ITERATIONS)
    return problem.solved(search, "Newton", options.covariance)


def _search(problem, rows, max_iterations):
    objective = problem.objective
    if objective.nobs > objective.many and not objective.whole:
        samples = [objective.sample(size) for size in objective.sizes]
        minimum = sampled_newton.minimise(objective, samples, problem.start, max_iterations)
        if minimum is not None:
            return minimum
    first = objective(problem.start)
    if not np.isfinite(first[0]):
        words.require_finite_start(problem.model, rows)
    if objective.exact and np.isfinite(first[1]).all() and not np.isfinite(first[2]).all():
        objective.difference()
        first = objective(problem.start)
    words.require_finite_derivatives(first, objective.scores, problem.start, problem.names, rows)
    leap = objective.sample() is not objective
    return newton.minimise(objective, problem.start, objective.nobs, max_iterations, first=first, leap=leap)


def fit_line(model: LinearPredictor, rows: Rows, options: Options) -> Outcome:
    """Fit a model of a linear predictor in the same way, its errors by the expected information if asked."""
    outcome = fit(model, rows, options)
    if outcome.trusted and options.covariance == "expected":
        outcome.root = expected_root(model, rows, outcome)
    return outcome


def expected_root(model: LinearPredictor, rows: Rows, outcome: Outcome) -> np.ndarray:
    """Return a root of the covariance by the expected information: with a canonical link, that at hand."""
    if not hasattr(model, "information"):
        return outcome.root
    problem = Problem(model, rows, outcome.free)
    plain = LinearPredictorObjective(model, rows.changed(model.design), model.has_intercept)
    point, spread = (np.linalg.solve(plain.back, part) for part in (outcome.point, problem.back))
    # What is observed of the likelihood gives way to what is expected of it; a prior stays as it is.
    change = spread.T @ (plain.information(point) - plain(point)[2]) @ spread
    hessian = problem.objective(problem.inside(outcome.point))[2] + change
    return problem.back @ newton.inverse_root(hessian) / np.sqrt(rows.nobs)


ROUTE = Route("newton", "newton", fit)
# The same, with the derivatives of a `LinearPredictor`: `Problem` sees to it.
LINEAR_PREDICTOR = Route("linear predictor", "newton", fit_line, expected=expected_root, single=True)
