"""What a fitted regression says of new x: the mean of y there, with a confidence band."""

from statistics import NormalDist

import numpy as np
import tensorflow as tf

from mlefit import checks
from mlefit.likelihood.program import parameters_at

_MEANS = {
    "identity": lambda line: line,
    "logit": lambda line: np.exp(-np.logaddexp(0.0, -line)),
    "log": np.exp,
}


def band(result, x, level, offset=None):
    """Return the fitted mean of y at x and the two ends of its confidence band, three arrays `(m,)`.

    Args:
        result: a `FitResult` of a regression.
        x: predictors, as the fit had them: `(m,)` or `(m, k)`.
        level: coverage at each x.
        offset: for Poisson: log of the exposure, `(m,)`.
    """
    quantile = NormalDist().inv_cdf(0.5 + level / 2)
    data = checks.rows(x=x) if offset is None else checks.rows(x=x, offset=offset)
    x = np.asarray(data["x"])
    slope = result.estimates.get("slope")
    if result._curve is not None:
        line, jacobian = result._curve(x)
    else:
        if np.shape(x)[1:] != np.shape(slope):
            raise ValueError(f"x must have shape {('n', *np.shape(slope))} as in the fit, got {x.shape}")
        columns = x.reshape(len(x), -1)
        jacobian = np.zeros((len(x), len(result.names)))
        jacobian[:, : columns.shape[1]] = columns
        line = columns @ np.ravel(slope)
        if "intercept" in result.estimates:
            jacobian[:, columns.shape[1]] = 1.0
            line = line + result.estimates["intercept"]
    if offset is not None:
        if np.shape(data["offset"]) != line.shape:
            raise ValueError(f"offset must have shape {line.shape} as x has, got {np.shape(data['offset'])}")
        line = line + np.asarray(data["offset"])
    reach = quantile * np.linalg.norm(jacobian @ result._root, axis=1)
    mean = _MEANS[result._link]
    return mean(line), mean(line - reach), mean(line + reach)


def curve(model, point, x):
    """Return a nonlinear regression's curve at x, `(m,)`, and its derivatives by the flat point, `(m, p)`."""
    columns, x = [], tf.constant(x)
    for direction in np.eye(len(point)):
        flat = tf.constant(point)
        tangent = tf.constant(direction)
        with tf.autodiff.ForwardAccumulator(flat, tangent) as forward, parameters_at(model, flat):
            line = model.call(x)
        columns.append(forward.jvp(line, unconnected_gradients="zero").numpy())
    return line.numpy(), np.stack(columns, axis=1)
