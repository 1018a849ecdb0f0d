"""Any optimizer of Keras, on the parameters themselves; where it stops is judged as Newton's end is."""

import tensorflow as tf

from mlefit import checks, training
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.asking import has_prior, log_prior
from mlefit.models.model import Model, terms
from mlefit.routes.outcome import Options, Outcome, Route
from mlefit.routes.problem import Problem
from mlefit.solvers import newton


def fit(model: Model, rows: Rows, options: Options) -> Outcome:
    """Take an optimizer's steps, the mean negative log-likelihood of all rows as loss, and judge the end.

    Args:
        model: a built `Model`, at its start.
        rows: its data, `Rows`.
        options: `Options`, whose method is the optimizer.

    Returns:
        An `Outcome`.
    """
    optimizer, steps = options.method, checks.count("steps", options.steps)
    moved = [p for p, free in flat.parts(model, options.free) if free.any()]
    for parameter, free in flat.parts(model, options.free):
        if free.any() and not free.all():
            raise ValueError(
                f"an optimizer moves all entries of {parameter.name} or none: hold them with method='newton'"
            )
    named = {
        name: tf.convert_to_tensor(values) for name, values in zip(rows.names, rows.whole(), strict=True)
    }
    weights = 1.0 if rows.weights is None else tf.constant(rows.weights)

    def loss():
        value = tf.reduce_sum(weights * terms(model, named))
        return -(value + log_prior(model) if has_prior(model) else value) / rows.nobs

    history = training.train(
        loss,
        [parameter.variable for parameter in moved],
        optimizer,
        steps,
        progress=options.progress,
        checkpoint=options.checkpoint,
    )
    problem = Problem(model, rows, options.free)
    point = problem.inside(flat.point(model))

    def judged():
        return newton.judge(problem.objective, point, history, problem.objective.nobs)

    return problem.solved(judged, f"{type(optimizer).__name__}, {steps} steps", options.covariance)


ROUTE = Route("optimizer", "optimizer", fit, in_memory=True, meets_all=True)
