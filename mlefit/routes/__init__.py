"""Ways of fitting: each takes a model, its rows and the options, and returns an `Outcome`.

A model's class names the routes that it can take, the best first; every model can take Newton's method and an
optimizer. This room joins models, likelihood and solvers.
"""

import keras
import numpy as np

from mlefit.inference import words
from mlefit.inference.intervals import Line
from mlefit.likelihood.rows import Rows
from mlefit.models.model import Model, declared_routes
from mlefit.routes import closed_form, curve, newton, optimizer
from mlefit.routes.outcome import Options, Outcome, Route

ROUTES = {
    route.name: route for route in (closed_form.ROUTE, curve.ROUTE, newton.LINEAR_PREDICTOR, newton.ROUTE)
}


def declared(model: Model) -> list[Route]:
    """Return the routes that a model's class names."""
    return [ROUTES[name] for name in declared_routes(model)]


def choose(model: Model, options: Options) -> Route:
    """Return the first route of a model that is the method asked for; a ValueError if it has none."""
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
        return optimizer.ROUTE
    methods = {route.method for route in ROUTES.values()}
    if options.method not in ("auto", *methods):
        raise ValueError(
            f"method must be 'auto', 'newton', 'least-squares' or a keras optimizer, got {options.method!r}"
        )
    taken = [*declared(model), newton.ROUTE]
    for route in taken:
        if options.method in ("auto", route.method) and (route.holds or not options.fixed):
            return route
    if any(route.method == options.method for route in taken):
        raise ValueError(f"method={options.method!r} cannot hold parameters fixed here: leave method out")
    raise ValueError(
        f"method={options.method!r} is not for {type(model).__name__}: take {taken[-1].method!r}"
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
