"""A curve with Gaussian noise, fitted by nonlinear least squares, with its errors and profiles."""

import dataclasses
import functools
import math

import numpy as np
import tensorflow as tf

from mlefit.inference import derivatives, words
from mlefit.likelihood import curve as curves
from mlefit.likelihood.program import differences
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.nonlinear import NonlinearRegression
from mlefit.routes import newton as newton_route
from mlefit.routes import sandwich
from mlefit.routes.outcome import Options, Outcome, Route
from mlefit.routes.problem import Problem
from mlefit.solvers import least_squares, newton, qr

_ITERATIONS = 1000


def fit(model: NonlinearRegression, rows: Rows, options: Options) -> Outcome:
    """Fit a model with a curve; its last parameter is `stddev`.

    Args:
        model: has `call`, from x to the curve; at its start.
        rows: x and y, `Rows`.
        options: `Options`; covariance `"expected"` leaves the curve's second derivatives out.

    Returns:
        An `Outcome`.

    Source: G. Seber and C. Wild, Nonlinear Regression (1989), chapters 2 and 5; for the sandwich, H. White,
        Econometrica 50 (1982), 1-25.
    """
    names, x = flat.names(model), rows.whole()[0]
    curve = curves.traced(model, flat.point(model), x, options.programs)
    free = options.free
    if not free.all():
        return _with_some_held(model, rows, curve, options)
    solution = _solution(model, rows, curve, options)
    stddev = solution.residual_norm / math.sqrt(rows.nobs)
    with np.errstate(divide="ignore"):
        point = np.append(solution.point, np.log(stddev))
        history = 0.5 * np.log(2 * np.pi * solution.history * solution.nobs / rows.nobs) + 0.5
    trouble = _trouble(solution, rows.nobs, names) or _hidden(model, rows, curve, point, solution, names)
    root = np.full((len(names), len(names)), np.nan)
    if trouble is None:
        root, trouble = _root(model, rows, curve, point, solution, options.covariance)
    return Outcome(
        point=point,
        root=root,
        log_likelihood=float(-rows.nobs * (0.5 * math.log(2 * math.pi) + point[-1] + 0.5)),
        message=trouble or "the residuals are orthogonal to the curve's derivatives",
        trusted=trouble is None,
        history=history,
        method=f"least squares, {len(history) - 1} steps",
        free=free,
        profile=functools.partial(_profile, model, rows, point, history[-1]),
    )


def expected_root(model: NonlinearRegression, rows: Rows, outcome: Outcome) -> np.ndarray:
    """Return a root of the covariance from the expected information, `(p, p)`, wherever a search stopped."""
    point = outcome.point
    stddev, root = math.exp(point[-1]), np.zeros((len(point), len(point)))
    free = np.flatnonzero(outcome.free[:-1])
    jacobian = curves.jacobian(model, point, rows.whole()[0])[1][:, free] * _roots(rows)[:, None]
    root[np.ix_(free, free)] = stddev * qr.analyse(qr.triangle([jacobian.T])).inverse
    root[-1, -1] = stddev / math.sqrt(2 * rows.nobs) * outcome.free[-1]
    return root


def _solution(model, rows, curve, options):
    """The least-squares solution in the coefficients that are free."""
    start, free, roots = flat.point(model), options.free[:-1], _roots(rows)
    if options.start is not None:
        start[options.free] = options.start
    _, y = rows.whole()

    def residuals(b):
        point = np.array(start)
        point[:-1][free] = b
        line, jacobian = curve(point)
        return roots * (line - y), roots[:, None] * jacobian[:, :-1][:, free]

    rounding = 2.0**-52 * np.linalg.norm(roots * y)
    try:
        return least_squares.minimise(
            residuals, start[:-1][free], options.max_iterations or _ITERATIONS, rounding
        )
    except ValueError as error:
        words.require_finite_curve(model, rows, *curve(start))
        raise error


def _with_some_held(model, rows, curve, options):
    """What Newton's method makes of the least-squares solution: it knows how to hold parameters."""
    point = flat.point(model)
    if options.free[:-1].any():
        point[:-1][options.free[:-1]] = _solution(model, rows, curve, options).point
    if options.free[-1]:
        x, y = rows.whole()
        line = curves.values(model, point, x)
        point[-1] = np.log(np.linalg.norm(_roots(rows) * (line - y)) / math.sqrt(rows.nobs) or 1.0)
    flat.put(model, point)
    outcome = newton_route.fit(model, rows, dataclasses.replace(options, start=None))
    if outcome.trusted and options.covariance == "expected":
        outcome.root = expected_root(model, rows, outcome)
    return outcome


def _roots(rows):
    """The roots of the weights of rows, by which residuals count."""
    return np.ones(rows.size) if rows.weights is None else np.sqrt(rows.weights)


def _trouble(solution, nobs, names):
    if nobs < len(names):
        return words.too_few(nobs, len(names))
    if solution.exact:
        return words.unbounded("stddev")
    if solution.null_space.size:
        weights = np.abs(solution.null_space).max(axis=1)
        return words.undetermined([names[i] for i in np.flatnonzero(weights > 0.05 * weights.max())])
    if not solution.converged:
        return words.no_optimum(len(solution.history) - 1, solution.reason)
    return None


def _hidden(model, rows, curve, point, solution, names):
    """What is wrong if the curve of the caller's own model, as it is now, is not what was fitted."""
    (x, y), roots = rows.whole(), _roots(rows)
    own = np.linalg.norm(roots * (curves.values(model, point, x) - y))
    if not abs(own - solution.residual_norm) <= 1e-9 * own + 2.0**-44 * np.linalg.norm(roots * y):
        return words.disagrees(solution.residual_norm, own)
    errors = np.linalg.norm(solution.factor, axis=1) * solution.residual_norm / math.sqrt(rows.nobs)
    there = point + np.append(errors * np.where(np.arange(len(errors)) % 2, -1.0, 1.0), 0.0)
    scale = np.maximum(errors, 1e-3 * np.abs(there[:-1]))

    def line(b):
        return curve(np.append(b, point[-1]))[0]

    found = derivatives.unlike_values(line, curve(there)[1][:, :-1], there[:-1], scale)
    return words.hides(names[found]) if found is not None else None


def _root(model, rows, curve, point, solution, covariance):
    """A root of the covariance, `(p, p)`, and what is wrong with it, if anything."""
    factor, (x, y) = solution.factor, rows.whole()
    stddev = math.exp(point[-1])
    root = np.zeros((len(point), len(point)))
    root[-1, -1] = stddev / math.sqrt(2 * rows.nobs)
    line, jacobian = curve(point)
    r, jacobian = y - line, jacobian[:, :-1]
    bent = np.eye(len(factor))
    if covariance != "expected":
        pull = r * _roots(rows) ** 2
        bent -= factor.T @ _second_derivatives(model, curve, x, pull, point)[:-1, :-1] @ factor
    curvatures, axes = np.linalg.eigh(bent)
    if not curvatures[0] > 1e-8:
        return root, words.NO_MAXIMUM
    root[:-1, :-1] = stddev * (factor @ axes) / np.sqrt(curvatures)
    if covariance == "robust":
        scores = np.column_stack([jacobian * r[:, None] / stddev**2, r**2 / stddev**3 - 1 / stddev])
        root = root @ sandwich.middle([scores @ root], rows).T
    return root, None


def _second_derivatives(model, curve, x, weights, point):
    """The Hessian of the weighted sum of the curve's values, `(p, p)`."""
    here = tf.constant(point)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(here)
        with tf.GradientTape() as inner:
            inner.watch(here)
            with flat.parameters_at(model, here):
                total = tf.reduce_sum(tf.constant(weights) * model.call(tf.constant(x)))
        slopes = tf.unstack(inner.gradient(total, here, unconnected_gradients="zero"))
    try:
        found = np.array([outer.gradient(s, here, unconnected_gradients="zero").numpy() for s in slopes])
    except LookupError as error:
        raise ValueError(
            f"f has no second derivative in TensorFlow: take covariance='expected' ({error})"
        ) from None
    # A second derivative may be 0 * inf where the first is 0, or be hidden in part where the first is whole.
    other = np.array(differences(lambda there: weights @ curve(there)[1], point))
    scale = np.sqrt(np.abs(np.outer(np.diag(other), np.diag(other)))) + np.abs(other)
    if not (np.abs(found - other) <= 1e-3 * scale + 1e-6 * np.abs(other).max()).all():
        found = other
    return 0.5 * (found + found.T)


def _profile(model, rows, point, value, index, quantile):
    problem = Problem(model, rows, np.ones(len(point), bool))
    minimum = newton.judge(problem.objective, point, [], rows.nobs)
    minimum.value = value
    return problem.profile(minimum, index, quantile)


ROUTE = Route("curve", "least-squares", fit, expected=expected_root, in_memory=True, meets_all=True)
