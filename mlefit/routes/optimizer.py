"""Any optimizer of Keras, on the parameters themselves; where it stops is judged as Newton's end is."""

import tensorflow as tf

from mlefit import checks, training
from mlefit.descent.batches import Batches
from mlefit.descent.history import History
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
    loss, data = _in_batches(model, rows, options) if options.batch_size else _of_all(model, rows)
    history = training.train(
        loss,
        [parameter.variable for parameter in moved],
        optimizer,
        steps,
        progress=options.progress,
        checkpoint=options.checkpoint,
        data=data,
    )
    if isinstance(history, History):
        history = history.steps
    problem = Problem(model, rows, options.free)
    point = problem.inside(flat.point(model))

    def judged():
        return newton.judge(problem.objective, point, history, problem.objective.nobs)

    batches = f" on batches of {options.batch_size}" if options.batch_size else ""
    return problem.solved(judged, f"{type(optimizer).__name__}, {steps} steps{batches}", options.covariance)


def _of_all(model, rows):
    """The mean negative log-likelihood of all rows, and no data for it."""
    named = {
        name: tf.convert_to_tensor(values) for name, values in zip(rows.names, rows.whole(), strict=True)
    }
    weights = 1.0 if rows.weights is None else tf.constant(rows.weights)
    return lambda: _loss(model, rows, tf.reduce_sum(weights * terms(model, named))), None


def _in_batches(model, rows, options):
    """The same as a batch knows it, and the batches: its mean over the rows of an epoch is that of all rows.

    A row counts by its weight, whatever those beside it weigh; the prior is in each batch, as it is in each
    mean over rows.
    """
    columns = rows.columns if rows.weights is None else (*rows.columns, rows.weights)

    def loss(*batch):
        batch = [tf.cast(values, tf.float64) for values in batch]  # Mapped files may hold another type.
        named = dict(zip(rows.names, batch, strict=False))
        weights = 1.0 if rows.weights is None else batch[-1]
        return _loss(model, rows, rows.size * tf.reduce_mean(weights * terms(model, named)))

    return loss, Batches(columns, options.batch_size, options.seed)


def _loss(model, rows, total):
    """The mean negative log-likelihood of the total log-likelihood, with the prior where there is one."""
    return -(total + log_prior(model) if has_prior(model) else total) / rows.nobs


ROUTE = Route("optimizer", "optimizer", fit, in_memory=True, meets_all=True)
