"""What must hold before a fit begins: usable arguments, real observations, a model that can be fitted."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import keras
import numpy as np

from mlefit import checks, columns, process
from mlefit.checks import Data
from mlefit.inference import words
from mlefit.likelihood import sources, survey
from mlefit.likelihood.rows import Rows
from mlefit.models.asking import declared_routes, has_prior, log_prior
from mlefit.models.model import Model, argument_names, arranged, terms
from mlefit.routes import held
from mlefit.routes.outcome import Options, Route

_WEIGHTS = "row weights"  # as no argument of a log_prob is called
_SOME = 4096  # rows all of which may be asked about
_GLIMPSE = 64  # rows that show what a model makes of any
_COVARIANCES = ("observed", "expected", "robust", "hc3")


def require_usable(model: object, data: Sequence[Data], options: Options, unknown: Iterable[str]) -> None:
    """Raise an error that names the argument of `fit` that cannot be used."""
    process.require_numbers()
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, such as Gaussian(), got {model!r}")
    for name in unknown:
        raise TypeError(
            f"fit has no argument {name!r}; the data are given by position, in the order of log_prob: "
            f"fit({', '.join(['model', *argument_names(model)])})"
        )
    if options.covariance not in _COVARIANCES:
        wanted = ", ".join(map(repr, _COVARIANCES))
        raise ValueError(f"covariance must be one of {wanted}, got {options.covariance!r}")
    if options.cluster is not None and options.covariance != "robust":
        raise ValueError(f"cluster is for covariance='robust', got covariance={options.covariance!r}")
    if not data:
        raise TypeError("fit takes the data after the model: fit(model, x)")
    if options.max_iterations is not None:
        checks.count("max_iterations", options.max_iterations)
    is_optimizer = isinstance(options.method, keras.optimizers.Optimizer)
    if options.starts is not None:
        checks.count("starts", options.starts)
    checks.count("seed", options.seed, at_least=0)
    if is_optimizer and (options.starts or 1) > 1:
        raise ValueError(
            "starts is for Newton's method and least squares: an optimizer goes on from one start"
        )
    if options.fixed is not None and not isinstance(options.fixed, Mapping):
        raise TypeError(f"fixed must be a dict such as {{'df': 5.0}}, got {options.fixed!r}")
    if options.steps is not None and not is_optimizer:
        raise ValueError("steps is for a keras optimizer as method; for Newton's give max_iterations")
    if options.batch_size is not None:
        checks.count("batch_size", options.batch_size)
        if not is_optimizer:
            raise ValueError(
                "batch_size is for a keras optimizer as method: the other methods take all rows at each step"
            )
    if options.checkpoint is not None and not is_optimizer:
        raise ValueError("checkpoint is for a keras optimizer as method: the other methods keep no file")


def observed(
    model: Model,
    data: Sequence[Data],
    weights: Data | None = None,
    options: Options | None = None,
) -> Rows:
    """Return the data of a model, checked, as `Rows` under the names that its `log_prob` gives them.

    Args:
        model: the model.
        data: as they were given.
        weights: how many observations each row stands for; None for one.
        options: how to fit, with `cluster`, a label for each row, and whether `progress` is told of.
    """
    options = options or Options()
    cluster = options.cluster
    named = dict(zip(argument_names(model, len(data)), arranged(model, data), strict=True))
    entries = {name: columns.names(name, values) for name, values in named.items()}
    source = sources.found(named if weights is None else {**named, _WEIGHTS: weights})
    if isinstance(source, sources.Mapped) and isinstance(options.method, keras.optimizers.Optimizer):
        # It picks rows here and there, and the file serves it as an array.
        if options.batch_size and weights is None and cluster is None:
            rows = Rows(**source.columns)
            rows.entries, rows.in_memory = entries, False
            return rows
        source = None
    if source is not None:
        if cluster is not None:
            raise ValueError("cluster is for rows in memory: here they lie in partitions")
        return survey.rows(source, tuple(named), entries, weights is not None, options.progress)
    arrays = {
        name: checks.real_array(name, values) if keras.ops.is_tensor(values) else values
        for name, values in named.items()
    }
    own = "weights" if "weights" not in arrays else _WEIGHTS
    checked = columns.rows(**arrays, **({} if weights is None else {own: weights}))
    counts = None if weights is None else np.asarray(checked.pop(own))
    rows = Rows(**checked)
    rows.entries = entries
    if cluster is not None:
        columns.require_one_index({**named, "cluster": cluster})
    codes = None if cluster is None else _codes(cluster, rows.size)
    rows = rows if counts is None else rows.weighted(survey.some(survey.counted(counts)))
    return rows if codes is None else rows.clustered(codes)


def _codes(cluster, size):
    """A whole number for each label, or an error that says why they are none."""
    labels = np.asarray(cluster)
    if labels.shape != (size,):
        raise ValueError(f"cluster must have a label for each row, shape {(size,)}, got shape {labels.shape}")
    missing = np.array([label is None or label != label for label in labels.tolist()])
    if missing.any():
        where = int(np.argmax(missing))
        raise ValueError(f"cluster must have a label for each row, got {labels[where]} at index {where}")
    try:
        return np.unique(labels, return_inverse=True)[1]
    except TypeError as error:
        raise TypeError(f"cluster must have labels of one kind, numbers or text: {error}") from None


def prepared(model: Model, rows: Rows, route: Route, options: Options) -> Options:
    """Let a model see data, so that it makes its parameters, and hold those that are fixed.

    Returns:
        The options, with which parameters are free.

    Raises:
        TypeError, ValueError: if the model cannot be fitted to these data, or a parameter not be held.
    """
    if options.fixed:
        _show(model, rows)
        held.hold(model, options.fixed)
    _require_fittable(model, rows, route)
    return dataclasses.replace(options, free=held.hold(model, options.fixed or {}))


def _require_fittable(model, rows, route):
    # A line has no start; Newton's method meets all observations on its way, and most are few enough here.
    if route.meets_all or (rows.size <= _SOME and "closed form" not in declared_routes(model)):
        words.require_finite_start(model, rows)
    else:
        _show(model, rows)
    if not model.parameters:
        raise ValueError("the model has no parameters to fit: make them in __init__ with self.parameter")
    _require_parameters_alone(model)
    if has_prior(model) and not np.isfinite(found := float(log_prior(model))):
        start = ", ".join(f"{name} = {value}" for name, value in model.values.items())
        raise ValueError(f"log_prior is {found} at the start ({start}): start inside its support")


def _show(model, rows):
    """Let a model see some of the rows, or all of them: it may hold an array with an entry for each."""
    if model.parameters and "closed form" in declared_routes(model) and rows.shapes == ((),):
        return  # It has its parameters, and nothing can be wrong.
    for few in (rows.sample(_GLIMPSE), rows):
        try:
            terms(model, dict(zip(rows.names, few.whole(), strict=True)))
            return
        except Exception:
            if few is rows or not rows.in_memory:
                raise


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
