"""A curve with Gaussian noise, fitted by nonlinear least squares, with its errors and profiles."""

import functools
import math

import numpy as np
import tensorflow as tf

from mlefit.inference import prediction, words
from mlefit.likelihood.program import parameters_at
from mlefit.routes.newton import NewtonFit
from mlefit.routes.outcome import Outcome, scalar_names
from mlefit.solvers import least_squares, newton, qr


def fit_curve(model, named, covariance, max_iterations):
    """Fit a `NonlinearRegression`; its last parameter is `stddev`.

    Args:
        model: the model, at its start.
        named: x and y, as `Model.named` returns them.
        covariance: `"observed"`, `"expected"`, which leaves the curve's second derivatives out, or
            `"robust"`.
        max_iterations: the largest number of steps.

    Returns:
        An `Outcome`.

    Source: G. Seber and C. Wild, Nonlinear Regression (1989), chapters 2 and 5; for the sandwich, H. White,
        Econometrica 50 (1982), 1-25.
    """
    newton_fit = NewtonFit(model, named)  # It traces nothing until a profile asks for it.
    x, y = newton_fit.data
    start, n = newton_fit.start, len(y)

    curve = _traced(model, start, x)

    def residuals(b):
        line, jacobian = curve(np.append(b, start[-1]))
        return line - y, jacobian[:, :-1]

    rounding = 2.0**-52 * np.linalg.norm(y)
    solution = least_squares.minimise(residuals, start[:-1], max_iterations, rounding)
    stddev = solution.residual_norm / math.sqrt(n)
    with np.errstate(divide="ignore"):
        point = np.append(solution.point, np.log(stddev))
        history = 0.5 * np.log(2 * np.pi * solution.history) + 0.5
    names = scalar_names(model.parameters.values())
    trouble = _trouble(solution, names)
    root = np.full((len(names), len(names)), np.nan)
    if trouble is None:
        root, trouble = _root(model, curve, x, y, point, solution, covariance)
    return Outcome(
        point=point,
        root=root,
        log_likelihood=float(-n * (0.5 * math.log(2 * math.pi) + point[-1] + 0.5)),
        converged=trouble is None,
        message=trouble or "the residuals are orthogonal to the curve's derivatives",
        trusted=trouble is None,
        history=history,
        method=f"least squares, {len(history) - 1} steps",
        profile=functools.partial(_profile, newton_fit, point, history[-1]),
    )


def expected_root(model, x, point):
    """A root of the covariance from the expected information, `(p, p)`, wherever another search stopped."""
    stddev, root = math.exp(point[-1]), np.zeros((len(point), len(point)))
    jacobian = prediction.curve(model, point, x)[1][:, :-1]
    root[:-1, :-1] = stddev * qr.analyse(qr.triangle([jacobian.T])).inverse
    root[-1, -1] = stddev / math.sqrt(2 * len(x))
    return root


def _traced(model, start, x):
    """Return the curve at x and its derivatives as a function of the flat point.

    One program for all directions: a first call takes no longer than operation by operation, the others a
    twentieth. Where f cannot be traced, or gives other values then, it is called operation by operation.
    """
    rows = tf.constant(x)

    def along(flat, direction):
        with tf.autodiff.ForwardAccumulator(flat, direction) as forward, parameters_at(model, flat):
            line = model.call(rows)
        return line, forward.jvp(line, unconnected_gradients="zero")

    directions = [tf.constant(direction) for direction in np.eye(len(start))]

    def curve(point):
        flat = tf.constant(point)
        lines, columns = zip(*(program(flat, direction) for direction in directions), strict=True)
        return lines[0].numpy(), np.stack([column.numpy() for column in columns], axis=1)

    with parameters_at(model, tf.constant(start)):
        line = model.call(rows).numpy()
    specs = [tf.TensorSpec(start.shape, tf.float64)] * 2
    try:
        program = tf.function(along, autograph=False).get_concrete_function(*specs)
        same = np.allclose(curve(start)[0], line, rtol=1e-6, atol=0, equal_nan=True)
    except Exception:
        same = False
    return curve if same else functools.partial(prediction.curve, model, x=x)


def _trouble(solution, names):
    if solution.nobs < len(names):
        return words.too_few(solution.nobs, len(names))
    if solution.exact:
        return words.unbounded("stddev")
    if solution.null_space.size:
        weights = np.abs(solution.null_space).max(axis=1)
        return words.undetermined([names[i] for i in np.flatnonzero(weights > 0.05 * weights.max())])
    if not solution.converged:
        steps = len(solution.history) - 1
        return f"no optimum found in {steps} steps ({solution.reason}): allow more, or start elsewhere"
    return None


def _root(model, curve, x, y, point, solution, covariance):
    """A root of the covariance, `(p, p)`, and what is wrong with it, if anything."""
    n, factor = solution.nobs, solution.factor
    stddev = math.exp(point[-1])
    root = np.zeros((len(point), len(point)))
    root[-1, -1] = stddev / math.sqrt(2 * n)
    line, jacobian = curve(point)
    r, jacobian = y - line, jacobian[:, :-1]
    bent = np.eye(len(factor))
    if covariance != "expected":
        bent -= factor.T @ _second_derivatives(model, x, r, point)[:-1, :-1] @ factor
    curvatures, axes = np.linalg.eigh(bent)
    if not curvatures[0] > 1e-8:
        return root, "the Hessian is not positive definite where the search stopped: this is no maximum"
    root[:-1, :-1] = stddev * (factor @ axes) / np.sqrt(curvatures)
    if covariance == "robust":
        scores = np.column_stack([jacobian * r[:, None] / stddev**2, r**2 / stddev**3 - 1 / stddev])
        root = root @ (np.linalg.qr(scores @ root, mode="r").T)
    return root, None


def _second_derivatives(model, x, weights, point):
    """The Hessian of the weighted sum of the curve's values, `(p, p)`."""
    flat = tf.constant(point)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(flat)
        with tf.GradientTape() as inner:
            inner.watch(flat)
            with parameters_at(model, flat):
                total = tf.reduce_sum(tf.constant(weights) * model.call(tf.constant(x)))
        slopes = tf.unstack(inner.gradient(total, flat, unconnected_gradients="zero"))
    try:
        rows = [outer.gradient(slope, flat, unconnected_gradients="zero").numpy() for slope in slopes]
    except LookupError as error:
        raise ValueError(
            f"f has no second derivative in TensorFlow: take covariance='expected' ({error})"
        ) from None
    return 0.5 * (np.array(rows) + np.array(rows).T)


def _profile(newton_fit, point, value, index, quantile):
    minimum = newton.judge(newton_fit.objective, point, [], newton_fit.objective.nobs)
    minimum.value = value
    return newton_fit.profile(minimum, index, quantile)
