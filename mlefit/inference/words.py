"""What can be wrong with a fit, in words."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlefit.likelihood.rows import Rows
from mlefit.models.model import Model, terms
from mlefit.models.supports import Support
from mlefit.solvers import newton

_PACKAGE = (str(Path(__file__).parents[1]) + os.sep,)
_BLOCK = 65_536  # rows asked about at a time, where not all of them are
NAMED = 5  # names that a sentence can hold
OUT_OF_RANGE = "the standard errors, or their squares, leave the range of float64: change the units"


class FitWarning(UserWarning):
    """A fit is not to be trusted as it stands; its message says why, and what to do."""


def require_finite_start(model: Model, rows: Rows) -> None:
    """Raise a ValueError that names the first observation whose log-density is not finite at the start."""
    bad = rows.first(_NotFinite(model, rows.names), rows.size if rows.in_memory else _BLOCK)
    if bad is not None:
        place, (value, row) = bad
        parameters = ", ".join(f"{name} = {value}" for name, value in model.values.items())
        raise ValueError(
            f"log_prob is {value} for the observation at {place} ({row}) at the start "
            f"({parameters}): it lies outside the support, or the start does"
        )


@dataclass(frozen=True)
class _NotFinite:
    """Finds the first row of a block whose log-density is not finite, with its value and those of the row."""

    model: Model
    names: tuple[str, ...]

    def __call__(
        self, weights: np.ndarray | None, *block: np.ndarray
    ) -> tuple[int, tuple[float, str]] | None:
        found = terms(self.model, dict(zip(self.names, block, strict=True))).numpy()
        where = np.flatnonzero(~np.isfinite(found))
        if not len(where):
            return None
        row = {name: values[where[0]] for name, values in zip(self.names, block, strict=True)}
        return int(where[0]), (found[where[0]], _said(row))


def require_finite_derivatives(
    evaluated: newton.Evaluated,
    scores: Callable[[np.ndarray], Iterable[np.ndarray]],
    start: np.ndarray,
    names: Sequence[str],
    rows: Rows,
) -> None:
    """Raise a ValueError that names the first parameter by which a derivative at the start is not finite.

    Args:
        evaluated: value, gradient and Hessian at the start.
        scores: function from a point to the derivatives of each log-density there, in blocks.
        start: the point, `(p,)`.
        names: of the parameters.
        rows: the data.
    """
    _, gradient, hessian = evaluated
    for j, (slope, row) in enumerate(zip(gradient, hessian, strict=True)):
        if np.isfinite(slope) and np.isfinite(row).all():
            continue
        place = ""
        # The start, and where a second derivative would be seen.
        for point in (start, *(start - 1e-5 * np.eye(len(start)))) if rows.in_memory else ():
            bad = ~np.isfinite(np.concatenate(list(scores(point)))).all(axis=1)
            if bad.any():
                place = f", first for the observation at {_observed(rows, int(np.argmax(bad)))}"
                break
        raise ValueError(
            f"the derivatives of log_prob by {names[j]} are not finite at the start, though its values "
            f"are{place}: start elsewhere, or look for a square root of 0, a power of 0, or a branch of "
            "ops.where that is nan"
        )


def require_finite_curve(model: Model, rows: Rows, line: np.ndarray, jacobian: np.ndarray) -> None:
    """Raise a ValueError that names the first observation where a curve or a slope of it is not finite."""
    good = np.isfinite(line)
    if not good.all():
        raise ValueError(
            f"f is {line[np.argmin(good)]} for the observation at {_observed(rows, int(np.argmin(good)))} at "
            "the start: x lies outside its domain, or the start does"
        )
    good = np.isfinite(jacobian)
    if not good.all():
        where, j = np.argwhere(~good)[0]
        raise ValueError(
            f"the derivative of f by {list(model.parameters)[j]} is {jacobian[where, j]} for the observation "
            f"at {_observed(rows, int(where))} at the start, though f is finite: start elsewhere, or write f "
            "so that its derivative is finite there"
        )


def _observed(rows, where):
    return f"{rows.place(where)} ({_said(rows.row(where))})"


def _said(row):
    return ", ".join(f"{name} = {value}" for name, value in row.items())


def too_few(nobs: int, size: int) -> str:
    """Say that there are fewer observations than parameters."""
    return f"{nobs} observations cannot determine {size} parameters"


def undetermined(names: Iterable[str]) -> str:
    """Say that the likelihood is flat in a combination of parameters."""
    return (
        f"the data do not determine {listed(names)}: the likelihood is flat there; leave something out or, "
        "if x lies far from 0, centre it"
    )


_UNBOUNDED = "the likelihood is unbounded"


def unbounded(name: str) -> str:
    """Say that the fit is exact, so that a scale shrinks to nothing."""
    return (
        f"{_UNBOUNDED}: the model fits the data to rounding, and the likelihood grows "
        f"without limit as {name} goes to 0"
    )


def is_unbounded(message: str) -> bool:
    """Whether a message says that the likelihood grows without limit as a scale shrinks."""
    return message.startswith(_UNBOUNDED)


def with_prior(trouble: str) -> str:
    """Say where else to look if a search for a mode fails."""
    return (
        f"{trouble}. The model has a prior: where log_prior has a corner, as an absolute value has at 0, no "
        "search by derivatives can end, and where it grows for ever there is no mode"
    )


def agreed(message: str, found: int, lower: int, unbounded: int, failed: int) -> str:
    """Say how many of many starts found the same optimum, and what became of the others."""
    total = found + lower + unbounded + failed
    said = f"{message}; {found} of {total} starts found it"
    for count, fate in (
        (lower, "ended lower"),
        (unbounded, "ran to where the likelihood is unbounded, so that this is the best local maximum"),
        (failed, "could not be searched from"),
    ):
        said += f", {count} {fate}" if count else ""
    return said


ONE_MAXIMUM = "the likelihood has one maximum, so that other starts would find the same"


def for_ever(involved: Sequence[str], names: Sequence[str], supports: Sequence[Support]) -> str:
    """Say that the likelihood grows without end, or towards the end of a range."""
    bounded = [name for name in involved if supports[names.index(name)] != "real"]
    if bounded:
        return f"the likelihood increases towards the boundary of {listed(bounded)}: no estimate inside it"
    return (
        f"the likelihood increases for ever in the direction of {listed(involved)}: no finite estimate. "
        "Where y is yes or no, or a count, this is separation: x tells some outcomes apart without error"
    )


def vague(names: Iterable[str]) -> str:
    """Say that there is a maximum inside, but that the data hardly place it."""
    return (
        f"the likelihood has its maximum inside the range of {listed(names)}, but is so flat on the way to "
        "an end of it that the curvature gives no error: the estimate is vague; look at the likelihood at "
        "the end itself"
    )


def hides(name: str) -> str:
    """Say that the values change along a parameter otherwise than the gradient says."""
    return (
        f"the log-likelihood does not change along {name} as its gradient says: the model hides part of its "
        "gradient (stop_gradient, NumPy or float() inside, or an operation without one), so this is no "
        "optimum"
    )


def does_not_curve(name: str) -> str:
    """Say that the gradient changes along a parameter otherwise than the Hessian says."""
    return (
        f"the log-likelihood does not curve along {name} as its second derivative says: log_prob is not "
        "smooth, or hides part of its second derivative, so the curvature is no error bar; use a bootstrap, "
        "mlefit.bootstrap(model, *data)"
    )


def kinked(names: Iterable[str]) -> str:
    """Say that a log-density has a corner where the search stopped."""
    return (
        "the search could not go on: where it stopped, the log-density is not differentiable in "
        f"{listed(names)}. Its curvature is no error bar there, nor is the sandwich, which needs it; use a "
        "bootstrap, mlefit.bootstrap(model, *data)"
    )


def has_estimate(message: str) -> bool:
    """Whether a fit that is not to be trusted lacks its errors alone, so that a bootstrap is the advice."""
    return "mlefit.bootstrap(" in message


def leverage(place: str) -> str:
    """Say that an observation decides a fitted value alone, so that nothing is known of its noise."""
    return (
        f"the observation at {place} has leverage 1: the line goes through it wherever it lies, so "
        "covariance='hc3' cannot tell its noise; take 'robust', or leave it out with the column that it "
        "alone determines"
    )


def few_clusters(count: int, size: int) -> str:
    """Say that there are too few clusters for the sandwich."""
    return (
        f"{count} clusters cannot tell the errors of {size} parameters: the estimates stand, but take more "
        "clusters, or a model with an effect for each"
    )


def refits(how: str, count: int, failures: Sequence[str]) -> str:
    """Say how many of a bootstrap's refits failed, and why the first did."""
    said = f"{count} fits of {how}"
    return f"{said}, {len(failures)} of which failed, the first: {failures[0]}" if failures else said


def rough(names: Iterable[str]) -> str:
    """Say that a derived quantity has no derivative to be trusted."""
    return (
        f"the derived quantity is not smooth in {listed(names)} within a tenth of a standard error, or not "
        "in float64, so that its error is nan: look for a corner, abs, a maximum, or a rounded number"
    )


def disagrees(found: float, own: float) -> str:
    """Say that what was minimised is not what the model computes when it is called on all rows."""
    return (
        f"the search found {found:.10g} where the model itself, called on all observations, gives "
        f"{own:.10g}: log_prob depends on more than its arguments and parameters, or changes from call to "
        "call"
    )


NO_DENSITY = (
    "too few residuals lie near 0 to tell their density there, which the errors of a median line need: use "
    "mlefit.bootstrap(model, *data)"
)
ON_THE_LINE = (
    "so many observations lie exactly on the line that y has no density there, which the errors of a median "
    "line need: use mlefit.bootstrap(model, *data)"
)
NO_CORNER = "no line could be shown to be the best, for the linear program lost its digits: rescale x or y"
NO_MAXIMUM = "the Hessian is not positive definite where the search stopped: this is no maximum"


def no_optimum(steps: int, reason: str, advice: str = "allow more, or start elsewhere") -> str:
    """Say that a search ended before an optimum."""
    return f"no optimum found in {steps} steps ({reason}): {advice}"


def warn(message: str) -> None:
    """Issue a `FitWarning` at the line that called the package."""
    warnings.warn(message, FitWarning, skip_file_prefixes=_PACKAGE)


def listed(names: Iterable[str]) -> str:
    """Return names as a phrase: at most five, and how many more."""
    names = list(names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return (", ".join(names[:NAMED]) if more else " and ".join(names)) + more
