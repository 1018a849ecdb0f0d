"""Which route a model takes, and what is made of the outcome: errors, warnings, exact intervals."""

import keras
import numpy as np

from mlefit.inference import words
from mlefit.inference.intervals import Line
from mlefit.likelihood.rows import Rows
from mlefit.models.asking import declared_routes
from mlefit.models.model import Model
from mlefit.routes import absolute_deviations, closed_form, curve, newton, optimizer
from mlefit.routes.outcome import Options, Outcome, Route

_ALL = closed_form.ROUTE, curve.ROUTE, absolute_deviations.ROUTE, newton.LINEAR_PREDICTOR, newton.ROUTE
ROUTES = {route.name: route for route in _ALL}


def declared(model: Model) -> list[Route]:
    """Return the routes that a model's class names."""
    return [ROUTES[name] for name in declared_routes(model)]


def choose(model: Model, options: Options, in_memory: bool = True) -> Route:
    """Return the first route of a model that is the method asked for; a ValueError if it has none.

    Args:
        model: the model.
        options: `Options`.
        in_memory: whether all rows can be looked at at once.
    """
    by_optimizer = isinstance(options.method, keras.optimizers.Optimizer)
    if options.covariance == "expected" and not any(route.expected for route in declared(model)):
        raise ValueError(
            f"covariance='expected' is not defined for {type(model).__name__}: take 'observed' or 'robust'"
        )
    closed = closed_form.ROUTE in declared(model) and not (by_optimizer or options.method == "newton")
    if options.covariance == "hc3" and (options.fixed or not closed):
        raise ValueError(
            "covariance='hc3' is for Gaussian and LinearRegression, by least squares and with no parameter "
            "held: take 'robust'"
        )
    if by_optimizer:
        _require_in_memory(optimizer.ROUTE, in_memory or options.batch_size)
        return optimizer.ROUTE
    methods = {route.method for route in ROUTES.values()}
    if options.method not in ("auto", *methods):
        raise ValueError(
            "method must be 'auto', 'newton', 'least-squares', 'linear-programming' or a keras optimizer, "
            f"got {options.method!r}"
        )
    taken = [*declared(model), newton.ROUTE]
    for route in taken:
        if options.method in ("auto", route.method) and (route.holds or not options.fixed):
            if options.method == "auto" and route.smooth and route.in_memory and not in_memory:
                continue
            _require_in_memory(route, in_memory)
            return route
    if any(route.method == options.method for route in taken):
        raise ValueError(f"method={options.method!r} cannot hold parameters fixed here: leave method out")
    raise ValueError(
        f"method={options.method!r} is not for {type(model).__name__}: take {taken[-1].method!r}"
    )


def _require_in_memory(route, in_memory):
    if route.in_memory and not in_memory:
        raise ValueError(
            f"the method {route.method!r} looks at all rows at once, and they lie in partitions or in a "
            "mapped file: take 'newton' where the likelihood is smooth, or a sample of the rows in memory"
        )


def judge(model: Model, rows: Rows, options: Options, route: Route, outcome: Outcome) -> None:
    """Complete an outcome's errors, distrust them out of range, and warn of one that is not to be trusted."""
    if outcome.trusted and options.covariance == "expected" and not route.expected:
        (expected, *_) = [route.expected for route in declared(model) if route.expected]
        outcome.root = expected(model, rows, outcome)
    errors = np.linalg.norm(outcome.root[outcome.free], axis=1)
    if outcome.trusted and rows.clusters is not None:
        count = len(np.unique(rows.clusters))
        if count <= len(errors):
            outcome.trusted, outcome.message = False, words.few_clusters(count, len(errors))
    if outcome.trusted and not (np.isfinite(errors) & (errors > 0)).all():
        outcome.trusted, outcome.message = False, words.OUT_OF_RANGE
    if not outcome.trusted:
        words.warn(outcome.message)


def exact(model: Model, rows: Rows, options: Options, outcome: Outcome) -> Line | None:
    """Return the exact intervals of an outcome; None where the model has none, or errors are to be robust."""
    known = [route.exact for route in declared(model) if route.exact]
    if not (known and outcome.trusted) or options.covariance in ("robust", "hc3"):
        return None
    return known[0](outcome, rows.nobs)
