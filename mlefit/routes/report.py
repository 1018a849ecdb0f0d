"""From an outcome to what a fit returns."""

import functools
import inspect

import numpy as np

from mlefit.inference.intervals import Line
from mlefit.inference.result import FitResult
from mlefit.likelihood import curve
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.asking import is_curve, keeps_its_line, link_of
from mlefit.models.model import Model
from mlefit.routes.again import Again
from mlefit.routes.outcome import Options, Outcome


def result(
    model: Model, rows: Rows, options: Options, outcome: Outcome, exact: Line | None = None
) -> FitResult:
    """Return the `FitResult` of an outcome.

    Args:
        model: the model that was fitted.
        rows: its data, `Rows`.
        options: how it was fitted, `routes.outcome.Options`.
        outcome: what was found, `routes.outcome.Outcome`.
        exact: its exact intervals, an `intervals.Line`; None if there are none.
    """
    supports, free = flat.supports(model), np.flatnonzero(outcome.free)
    root = outcome.root if outcome.trusted else np.full_like(outcome.root, np.nan)
    covariance = (root @ root.T)[np.ix_(free, free)]
    covariance.setflags(write=False)

    def by_parameter(values):
        values.setflags(write=False)
        return {p.name: part if part.ndim else float(part) for p, part in flat.parts(model, values)}

    with np.errstate(over="ignore", invalid="ignore"):
        values = flat.natural(outcome.point, supports)
    errors = np.where(outcome.free, np.linalg.norm(root, axis=1), np.nan)
    curved = is_curve(model)
    return FitResult(
        model=type(model).__name__,
        names=tuple(flat.names(model)[i] for i in free),
        estimates=by_parameter(values),
        standard_errors=by_parameter(errors),
        covariance=covariance,
        log_likelihood=outcome.log_likelihood,
        nobs=rows.nobs,
        converged=outcome.trusted,
        message=outcome.message,
        history=outcome.history,
        method=outcome.method if outcome.log_prior is None else f"MAP, {outcome.method}",
        covariance_type="cluster" if rows.clusters is not None else outcome.errors or options.covariance,
        supports=tuple(supports[i] for i in free),
        fixed={name: float(values[i]) for i, name in enumerate(flat.names(model)) if not outcome.free[i]},
        log_prior=outcome.log_prior,
        _link=link_of(model) if curved or keeps_its_line(model) else None,
        _curve=_curve(model, outcome.point) if curved else None,
        _root=root[free],
        _free=tuple(free.tolist()),
        _profile=_profile(outcome) if outcome.trusted else None,
        _again=Again(model, rows, options, outcome),
        _data=rows.fingerprints(),
        _response=_response(rows) if link_of(model) else None,
        _exact=exact,
        _columns=rows.entries.get("x"),
        _takes_offset="offset" in inspect.signature(model.log_prob).parameters,
    )


def _response(rows):
    """The fingerprint of what the density of a regression is of: y, or time and observed."""
    responses = [name for name in rows.names[1:] if name != "offset"]
    found = [rows.fingerprint(name) for name in responses]
    return found[0] if len(found) == 1 else hash(tuple(found))


def _profile(outcome):
    """The outcome's profile, as a function of the index among what is free."""
    if outcome.free.all():
        return outcome.profile
    return functools.partial(_profile_of_free, outcome.profile, np.flatnonzero(outcome.free))


def _profile_of_free(profile, free, index, quantile):
    return profile(free[index], quantile)


def _curve(model, point):
    return functools.partial(curve.jacobian, model, point)
