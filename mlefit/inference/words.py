"""What can be wrong with a fit, in words."""

import warnings

import numpy as np

OUT_OF_RANGE = "the standard errors, or their squares, leave the range of float64: change the units"


class FitWarning(UserWarning):
    """A fit is not to be trusted as it stands; its message says why, and what to do."""


def require_finite_start(model, named):
    """Raise a ValueError that names the first observation whose log-density is not finite at the start."""
    terms = model.terms(named).numpy()
    if not np.isfinite(terms).all():
        where = int(np.argmax(~np.isfinite(terms)))
        observed = ", ".join(f"{name} = {np.asarray(values)[where]}" for name, values in named.items())
        parameters = ", ".join(f"{name} = {value}" for name, value in model.values.items())
        raise ValueError(
            f"log_prob is {terms[where]} for the observation at index {where} ({observed}) at the start "
            f"({parameters}): it lies outside the support, or the start does"
        )


def require_finite_derivatives(evaluated, names):
    """Raise a ValueError that names the first parameter by which a derivative at the start is not finite."""
    _, gradient, hessian = evaluated
    for name, slope, row in zip(names, gradient, hessian, strict=True):
        if not (np.isfinite(slope) and np.isfinite(row).all()):
            raise ValueError(
                f"the derivatives of log_prob by {name} are not finite at the start, though its values are: "
                "start elsewhere, or look for a square root of 0 or a branch of ops.where that is nan"
            )


def too_few(nobs, size):
    """Say that there are fewer observations than parameters."""
    return f"{nobs} observations cannot determine {size} parameters"


def undetermined(names):
    """Say that the likelihood is flat in a combination of parameters."""
    return (
        f"the data do not determine {listed(names)}: the likelihood is flat there; leave something out or, "
        "if x lies far from 0, centre it"
    )


def unbounded(name):
    """Say that the fit is exact, so that a scale shrinks to nothing."""
    return (
        f"the likelihood is unbounded: the model fits the data to rounding, and the likelihood grows "
        f"without limit as {name} goes to 0"
    )


def for_ever(involved, names, supports):
    """Say that the likelihood grows without end, or towards the end of a range."""
    bounded = [name for name in involved if supports[names.index(name)] != "real"]
    if bounded:
        return f"the likelihood increases towards the boundary of {listed(bounded)}: no estimate inside it"
    return (
        f"the likelihood increases for ever in the direction of {listed(involved)}: no finite estimate. "
        "Where y is yes or no, or a count, this is separation: x tells some outcomes apart without error"
    )


def warn(message):
    """Issue a `FitWarning` at the caller of `fit`."""
    warnings.warn(message, FitWarning, stacklevel=3)


def listed(names):
    """Return names as a phrase."""
    return " and ".join(names)
