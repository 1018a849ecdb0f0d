"""What a fitted regression says of new x: the mean of y there, or a median or probabilities, with a band."""

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from mlefit import columns
from mlefit.checks import Data

if TYPE_CHECKING:
    from mlefit.inference.result import FitResult

# The mean of y as a function of what the band is formed on, by the name of the link.
_MEANS = {
    "identity": lambda line: line,
    "logit": special.expit,
    "probit": special.ndtr,
    "cloglog": lambda line: -np.expm1(-np.exp(line)),
    "log": np.exp,
    "log time": np.exp,
    "softmax": special.expit,
}


def band(
    result: "FitResult", x: Data, level: float, offset: Data | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the fitted mean of y at x and the two ends of its confidence band, three arrays `(m,)`.

    For times it is the median; for K classes it is their probabilities, `(m, K)`.

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
        line, jacobian = _READ.get(result._link, _line)(result, x)
    if offset is not None:
        if np.shape(data["offset"]) != line.shape:
            raise ValueError(f"offset must have shape {line.shape} as x has, got {np.shape(data['offset'])}")
        line = line + np.asarray(data["offset"])
    if result._free is not None:
        jacobian = jacobian[..., list(result._free)]
    quantile = result._exact.stretch(level) if result._exact else NormalDist().inv_cdf(0.5 + level / 2)
    reach = quantile * np.linalg.norm(jacobian @ result._root, axis=-1)
    assert result._link is not None  # as `predict` has made sure
    mean = _MEANS[result._link]
    with np.errstate(over="ignore"):  # Far out a rate is infinite.
        return mean(line), mean(line - reach), mean(line + reach)


def _line(result, x):
    """The linear predictor at x and its derivatives by the parameters."""
    X = _rows(x, np.shape(result.estimates["slope"]))
    jacobian = np.zeros((len(x), sum(np.size(value) for value in result.estimates.values())))
    jacobian[:, : X.shape[1]] = X
    line = X @ np.ravel(result.estimates["slope"])
    if "intercept" in result.estimates:
        jacobian[:, X.shape[1]] = 1.0
        line = line + result.estimates["intercept"]
    return line, jacobian


def _median(result, x):
    """The logarithm of the median time, `scale * log(2) ** (1 / shape)`, and its derivatives."""
    line, jacobian = _line(result, x)
    shape = result.estimates.get("shape")
    if shape is None:
        return line + np.log(np.log(2)), jacobian
    jacobian[:, -1] = -np.log(np.log(2)) / shape**2
    return line + np.log(np.log(2)) / shape, jacobian


def _log_odds(result, x):
    """The log-odds of each class against all others together, `(m, K)`, and derivatives `(m, K, p)`.

    With `share` the probabilities of the others among themselves, they change by 1 for the class's own logit
    and by minus its share for that of another.
    """
    slope = result.estimates["slope"]
    X, others = _rows(x, np.shape(slope)[1:]), len(slope)
    # The columns of the parameters: slopes, class by class, then the intercepts.
    by_slope = np.kron(np.eye(others), X[:, None, :]).reshape(len(x), others, -1)
    by_logit, logits = by_slope, X @ np.reshape(slope, (others, -1)).T
    if "intercept" in result.estimates:
        logits = logits + result.estimates["intercept"]
        ones = np.broadcast_to(np.eye(others), (len(x), others, others))
        by_logit = np.concatenate([by_slope, ones], axis=2)
    logits = np.pad(logits, [(0, 0), (1, 0)])
    odds, jacobian = np.empty(logits.shape), np.empty((*logits.shape, by_logit.shape[2]))
    for j in range(others + 1):
        rest = np.where(np.arange(others + 1) == j, -np.inf, logits)
        odds[:, j] = logits[:, j] - special.logsumexp(rest, axis=1)
        change = (np.arange(others + 1) == j) - special.softmax(rest, axis=1)
        jacobian[:, j] = np.einsum("mc,mcp->mp", change[:, 1:], by_logit)
    return odds, jacobian


def _rows(x, shape):
    if np.shape(x)[1:] != shape:
        raise ValueError(f"x must have shape {('n', *shape)} as in the fit, got {x.shape}")
    return x.reshape(len(x), -1)


# What the band is formed on, where that is not the linear predictor itself, by the name of the link.
_READ = {"log time": _median, "softmax": _log_odds}
