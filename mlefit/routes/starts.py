"""Many starts: a likelihood may have several maxima, and a search finds the one that it starts near."""

import dataclasses

import numpy as np

from mlefit.inference import words
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.asking import has_prior
from mlefit.models.model import Model
from mlefit.routes.outcome import Options, Outcome, Route
from mlefit.routes.problem import Problem

_TRIES = 10  # for a start where the likelihood is finite, each half as far from the first as the one before
_SAME = 1e-6  # in nats: what tells two optima apart, beside rounding of the log-likelihood


def searched(model: Model, rows: Rows, options: Options, route: Route) -> Outcome:
    """Return the outcome of a route, the best of those from many starts if many are asked for.

    The starts are where the model stands and points drawn around it: on the unconstrained scale from a
    Gaussian. For a real parameter its spread is twice what one observation leaves open there (one over the
    root of the curvature); for a bounded one it is 1, a factor of e for a positive one.
    """
    count = options.starts or 1
    if count == 1:
        return route.fit(model, rows, options)
    if route.single and not has_prior(model):
        outcome = route.fit(model, rows, options)
        outcome.message += f"; {words.ONE_MAXIMUM}" if outcome.trusted else ""
        return outcome
    start, outcomes, failure = flat.point(model), [], None
    for point in [None, *_drawn(model, rows, options, count - 1)]:
        flat.put(model, start)
        try:
            outcomes.append(route.fit(model, rows, dataclasses.replace(options, start=point)))
        except ValueError as error:  # The density, or a derivative, is not finite there.
            failure = failure or error
    if failure is not None and not outcomes:
        raise failure
    return _best(outcomes, count)


def _drawn(model, rows, options, count):
    """Points about the start at which the likelihood is finite, as far as they can be found."""
    problem = Problem(model, rows, options.free)
    objective, start, rng = problem.objective, problem.start, np.random.default_rng(options.seed)
    curvature = np.abs(np.diag(objective(start)[2]))
    flat_there = ~(np.isfinite(curvature) & (curvature > 1e-12))
    spread = np.where(flat_there, 1 + np.abs(start), 2 / np.sqrt(np.where(flat_there, 1.0, curvature)))
    supports = np.array([s != "real" for s, free in zip(problem.supports, options.free, strict=True) if free])
    spread = np.where(supports, 1.0, spread)
    for _ in range(count):
        away = spread * rng.standard_normal(len(start))
        for _ in range(_TRIES):
            if np.isfinite(objective(start + away)[0]):
                break
            away = away / 2
        yield start + away


def _best(outcomes, count):
    """The highest outcome that is no spike, the trusted one of equals, with what became of the others."""
    spikes = [o for o in outcomes if words.is_unbounded(o.message)]
    usable = [o for o in outcomes if o not in spikes and np.isfinite(_height(o))]
    if not usable:
        return outcomes[0]
    top = max(map(_height, usable))
    close = _SAME * (1 + 1e-6 * abs(top))
    found = [o for o in usable if _height(o) >= top - close]
    best = next((o for o in found if o.trusted), found[0])
    lower, failed = len(usable) - len(found), count - len(usable) - len(spikes)
    best.message = words.agreed(best.message, len(found), lower, len(spikes), failed)
    return best


def _height(outcome):
    return outcome.log_likelihood + (outcome.log_prior or 0.0)
