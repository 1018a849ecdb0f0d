"""fit(model, data): estimates by maximum likelihood, with errors that can be defended."""

import functools
import math
import zlib

import keras
import numpy as np
import tensorflow as tf

from mlefit import checks
from mlefit.inference import prediction, words
from mlefit.inference.result import FitResult
from mlefit.models.model import Gaussian, Model
from mlefit.models.regression import (
    LinearRegression,
    LogisticRegression,
    NonlinearRegression,
    PoissonRegression,
)
from mlefit.routes.closed_form import fit_line
from mlefit.routes.curve import expected_root, fit_curve
from mlefit.routes.newton import NewtonFit
from mlefit.routes.outcome import natural, scalar_names, scalar_supports

_COVARIANCES = ("observed", "expected", "robust")
_SOME = 4096  # rows all of which may be asked about
_GLIMPSE = 64  # rows that show what a model makes of any
_LINES = (Gaussian, LinearRegression)
_CURVES = (NonlinearRegression,)
_EXPECTED = (*_LINES, LogisticRegression, PoissonRegression)  # where it is the observed one at the optimum


def fit(
    model,
    *data,
    method="auto",
    covariance="observed",
    max_iterations=None,
    steps=None,
    progress=False,
    checkpoint=None,
):
    """Fit a model by maximum likelihood and return estimates with their standard errors.

    Args:
        model: a `Model`. Its parameters are where the search starts, unless the likelihood is known to have
            one maximum, and hold the estimates afterwards.
        *data: what the model's `log_prob` takes: array-likes of shape `(n,)` or `(n, k)`, never modified.
        method: `"newton"`; `"least-squares"`, for `Gaussian`, `LinearRegression` (both in closed form) and
            `NonlinearRegression`; `"auto"`, least squares where it can; or a `keras.optimizers.Optimizer`,
            which takes `steps`.
        covariance: `"observed"`, the inverse of the Hessian of the negative log-likelihood; `"expected"`, of
            its mean, for `Gaussian` and the regressions; `"robust"`, the sandwich of Hessian and scores,
            which holds for a misspecified model too.
        max_iterations: the largest number of steps: 200 if None for Newton's method, 1000 for a curve.
        steps: how many steps the optimizer takes.
        progress: whether an optimizer shows a progress bar.
        checkpoint: path of a file from which an optimizer's run, stopped by Ctrl-C, a kill or an error, is
            taken up by the same call, as `train` does it.

    Returns:
        A `FitResult`.

    Raises:
        TypeError, ValueError: for data or arguments that cannot be used, and an observation whose log-density
            is not finite at the start.
        DivergenceError: if an optimizer diverges; the parameters are put back to the best point.

    Warns:
        FitWarning: where the result is not to be trusted: `converged` is false, the errors are nan, and
            `message` says why.

    Source: Y. Pawitan, In All Likelihood (2001), chapters 2, 3 and 8; for the sandwich, H. White,
        Econometrica 50 (1982), 1-25.

    Examples:
        >>> from mlefit import Gaussian
        >>> result = fit(Gaussian(), [1.0, 2.0, 4.0])
        >>> round(result.estimates["mean"], 6), round(result.estimates["stddev"], 6)
        (2.333333, 1.247219)
    """
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, such as Gaussian(), got {model!r}")
    if covariance not in _COVARIANCES:
        raise ValueError(
            f"covariance must be one of {', '.join(map(repr, _COVARIANCES))}, got {covariance!r}"
        )
    is_curve = _is_own(model, _CURVES) and method in ("auto", "least-squares")
    if covariance == "expected" and not _is_own(model, _CURVES + _EXPECTED):
        raise ValueError(
            f"covariance='expected' is not defined for {type(model).__name__}: take 'observed' or 'robust'"
        )
    if not data:
        raise TypeError("fit takes the data after the model: fit(model, x)")
    if max_iterations is not None:
        max_iterations = checks.count("max_iterations", max_iterations)
    is_optimizer = isinstance(method, keras.optimizers.Optimizer)
    if steps is not None and not is_optimizer:
        raise ValueError("steps is for a keras optimizer as method; for Newton's give max_iterations")
    if checkpoint is not None and not is_optimizer:
        raise ValueError("checkpoint is for a keras optimizer as method: the other methods keep no file")
    named = model.named(*data)
    is_line = _is_own(model, _LINES) and method in ("auto", "least-squares")
    # A line has no start; Newton's method meets all observations on its way, and most are few enough here.
    _show(model, named, is_optimizer or is_curve or (not is_line and _nobs(named) <= _SOME))
    if not model.parameters:
        raise ValueError("the model has no parameters to fit: make them in __init__ with self.parameter")
    _require_parameters_alone(model)
    own = _is_own(model, _EXPECTED)
    if is_optimizer:
        outcome = NewtonFit(model, named, own).first_order(
            method, checks.count("steps", steps), progress, covariance, checkpoint
        )
    elif method not in ("auto", "newton", "least-squares"):
        raise ValueError(
            f"method must be 'auto', 'newton', 'least-squares' or a keras optimizer, got {method!r}"
        )
    elif is_line:
        outcome = fit_line(model, tuple(map(np.asarray, named.values())), covariance)
    elif is_curve:
        outcome = fit_curve(model, named, covariance, max_iterations or 1000)
    elif method == "least-squares":
        raise ValueError(f"method='least-squares' is not for {type(model).__name__}: take 'newton'")
    else:
        outcome = NewtonFit(model, named, own).newton(covariance, max_iterations or 200)
    if covariance == "expected" and _is_own(model, _CURVES) and not is_curve and outcome.trusted:
        outcome.root = expected_root(model, np.asarray(named["x"]), outcome.point)
    _leave(model, outcome.point)
    if outcome.trusted and not _in_range(outcome.root):
        outcome.trusted, outcome.message = False, words.OUT_OF_RANGE
    if not outcome.trusted:
        words.warn(outcome.message)
    return _result(model, outcome, covariance, named)


def _is_own(model, classes):
    """Whether a model is of one of our classes itself: a child may have another log-density."""
    return type(model) in classes and "log_prob" not in vars(model)


def _show(model, named, finite):
    """Let a model see data, so that it makes its parameters, and check what `log_prob` makes of them."""
    if finite:
        words.require_finite_start(model, named)
        return
    if _is_own(model, (Gaussian,)) and [len(values.shape) for values in named.values()] == [1]:
        return  # It has its parameters, and nothing can be wrong.
    step = max(1, _nobs(named) // (1 if _is_own(model, _LINES) else _GLIMPSE))
    try:
        model.terms({name: values[::step] for name, values in named.items()})
    except Exception:  # It may hold an array with one entry for each observation.
        model.terms(named)


def _require_parameters_alone(model):
    """Raise a ValueError if the model has variables that only an optimizer would move, or only Newton's."""
    known = {id(parameter.variable): name for name, parameter in model.parameters.items()}
    for variable in model.trainable_variables:
        if id(variable) not in known:
            raise ValueError(
                f"the model trains a variable that is none of its parameters, {variable.name!r}, perhaps of "
                "a layer or a model inside it: make all of them with self.parameter"
            )
    moving = {id(variable) for variable in model.trainable_variables}
    for key, name in known.items():
        if key not in moving:
            raise ValueError(f"the parameter {name} is not trainable: to hold it fixed, make it a number")


def _nobs(named):
    return len(next(iter(named.values())))


def _in_range(root):
    errors = np.linalg.norm(root, axis=1)
    return bool((np.isfinite(errors) & (errors > 0)).all())


def _fingerprint(values):
    """A number that tells one column of data from another, by a few of its entries."""
    return zlib.crc32(np.ascontiguousarray(values[:: max(1, len(values) // 64)]))


def _parts(parameters, flat):
    """Each parameter with its share of a flat vector, in its own shape."""
    low = 0
    for parameter in parameters:
        shape = tuple(parameter.variable.shape)
        high = low + math.prod(shape)
        yield parameter, flat[low:high].reshape(shape)
        low = high


def _leave(model, point):
    for parameter, part in _parts(model.parameters.values(), point):
        # Through Keras it would be read back, which is half of what this costs.
        parameter.variable.value.assign(tf.constant(part), read_value=False)


def _result(model, outcome, covariance, named):
    parameters = list(model.parameters.values())
    supports = scalar_supports(parameters)
    root = outcome.root if outcome.trusted else np.full_like(outcome.root, np.nan)
    covariance_matrix = root @ root.T
    covariance_matrix.setflags(write=False)

    def by_parameter(flat):
        flat.setflags(write=False)
        parts = _parts(parameters, flat)
        return {p.name: part if part.ndim else float(part) for p, part in parts}

    with np.errstate(over="ignore", invalid="ignore"):
        values = natural(outcome.point, supports)
    return FitResult(
        model=type(model).__name__,
        names=scalar_names(parameters),
        estimates=by_parameter(values),
        standard_errors=by_parameter(np.linalg.norm(root, axis=1)),
        covariance=covariance_matrix,
        log_likelihood=outcome.log_likelihood,
        nobs=_nobs(named),
        converged=outcome.converged,
        message=outcome.message,
        history=outcome.history,
        method=outcome.method,
        covariance_type=covariance,
        supports=supports,
        _link=getattr(model, "link", None),
        _curve=functools.partial(prediction.curve, model, outcome.point) if _is_own(model, _CURVES) else None,
        _root=root,
        _profile=outcome.profile if outcome.trusted else None,
        _data=frozenset(map(_fingerprint, named.values())),
    )
