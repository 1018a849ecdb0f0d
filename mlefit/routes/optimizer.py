"""Any optimizer of Keras, on the parameters themselves; where it stops is judged as Newton's end is."""

import numpy as np
import tensorflow as tf

from mlefit import checks, training
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
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
    named = {
        name: tf.convert_to_tensor(values) for name, values in zip(rows.names, rows.whole(), strict=True)
    }
    history = training.train(
        lambda: -tf.reduce_mean(terms(model, named)),
        model.trainable_variables,
        optimizer,
        steps,
        progress=options.progress,
        checkpoint=options.checkpoint,
    )
    problem = Problem(model, rows)
    point = np.linalg.solve(problem.back, flat.point(model) - problem.origin)

    def judged():
        return newton.judge(problem.objective, point, history, problem.objective.nobs)

    return problem.solved(judged, f"{type(optimizer).__name__}, {steps} steps", options.covariance)


ROUTE = Route("optimizer", "optimizer", fit, meets_all=True)
