"""What a fitted regression says of new x: the mean of y there, with a confidence band."""

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from mlefit import columns
from mlefit.checks import Data

if TYPE_CHECKING:
    from mlefit.inference.result import FitResult

# The mean of y as a function of the predictor, by the name of the link.
_MEANS = {
    "identity": lambda line: line,
    "logit": lambda line: np.exp(-np.logaddexp(0.0, -line)),
    "log": np.exp,
}


def band(
    result: "FitResult", x: Data, level: float, offset: Data | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the fitted mean of y at x and the two ends of its confidence band, three arrays `(m,)`.

    Args:
        result: a `FitResult` of a regression.
        x: predictors, as the fit had them: `(m,)` or `(m, k)`, or a frame with the same columns in any order.
        level: coverage at each x.
        offset: added to the predictor, `(m,)`; for Poisson the log of the exposure.
    """
    given = {"x": columns.by_name("x", x, result._columns)} | ({} if offset is None else {"offset": offset})
    data = columns.rows(**given)
    x = np.asarray(data["x"])
    if result._curve is not None:
        line, jacobian = result._curve(x)
    else:
        line, jacobian = _line(result, x)
    if offset is not None:
        if np.shape(data["offset"]) != line.shape:
            raise ValueError(f"offset must have shape {line.shape} as x has, got {np.shape(data['offset'])}")
        line = line + np.asarray(data["offset"])
    if result._free is not None:
        jacobian = jacobian[:, list(result._free)]
    quantile = result._exact.stretch(level) if result._exact else NormalDist().inv_cdf(0.5 + level / 2)
    reach = quantile * np.linalg.norm(jacobian @ result._root, axis=1)
    assert result._link is not None  # as `predict` has made sure
    mean = _MEANS[result._link]
    return mean(line), mean(line - reach), mean(line + reach)


def _line(result, x):
    """The linear predictor at x and its derivatives by the parameters."""
    slope = result.estimates["slope"]
    if np.shape(x)[1:] != np.shape(slope):
        raise ValueError(f"x must have shape {('n', *np.shape(slope))} as in the fit, got {x.shape}")
    X = x.reshape(len(x), -1)
    jacobian = np.zeros((len(x), sum(np.size(value) for value in result.estimates.values())))
    jacobian[:, : X.shape[1]] = X
    line = X @ np.ravel(slope)
    if "intercept" in result.estimates:
        jacobian[:, X.shape[1]] = 1.0
        line = line + result.estimates["intercept"]
    return line, jacobian
