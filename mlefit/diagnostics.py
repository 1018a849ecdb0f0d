"""What can be wrong with data, start or optimum, and the words for it."""

import warnings

import numpy as np

_SINGULAR = 1e-10  # an eigenvalue of the scaled Hessian below this share of the largest is rounding


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
    return f"the data do not determine {_listed(names)}: the likelihood is flat there; leave something out"


def unbounded(name):
    """Say that the fit is exact, so that a scale shrinks to nothing."""
    return (
        f"the likelihood is unbounded: the model fits the data to rounding, and the likelihood grows "
        f"without limit as {name} goes to 0"
    )


def verdict(objective, minimum, names, supports):
    """Return what is wrong where Newton's method stopped, in a sentence; None if nothing is.

    Args:
        objective: the mean negative log-likelihood that was minimised.
        minimum: the `newton.Minimum` of it.
        names, supports: of each scalar parameter.
    """
    if objective.nobs < len(names):
        return too_few(objective.nobs, len(names))
    positive = np.array([support == "positive" for support in supports])
    with np.errstate(invalid="ignore"):
        # A scale on its way to nothing: the log-density grows by a constant for each unit of its logarithm.
        shrinking = positive & (minimum.point < -12) & (minimum.gradient > 0.05) & ~np.isnan(minimum.point)
    if not minimum.converged and shrinking.any():
        return unbounded(_listed(np.array(names)[shrinking]))
    if minimum.converged:
        flat = _null_directions(minimum.hessian, np.abs(np.diag(minimum.hessian)))
        trouble = undetermined(_involved(flat[:, 0], names)) if flat.size else None
        trouble = trouble or _curvature_fails(objective, minimum)
    else:
        trouble = _not_converged(minimum, names, supports)
    return trouble and (_kinks(objective, minimum, names) or trouble)


def _kinks(objective, minimum, names):
    spread = np.mean(np.concatenate(list(objective.sample(4096).scores(minimum.point))) ** 2, axis=0)
    # The scores change sign across a kink, so that their mean is small there without any curvature.
    level = np.abs(minimum.gradient) < 0.7 * np.sqrt(spread)
    kinked = (spread > 0) & (np.abs(np.diag(minimum.hessian)) < 1e-8 * spread) & level
    if not kinked.any():
        return None
    return (
        f"the log-density is not differentiable in {_listed(np.array(names)[kinked])} at the optimum: "
        "its curvature is no error bar, nor is the sandwich, which needs it; use a bootstrap"
    )


def _not_converged(minimum, names, supports):
    first, last = minimum.first_hessian, minimum.hessian
    diagonal = np.maximum(np.abs(np.diag(first)), np.abs(np.diag(last)))
    for flat in _null_directions(last, diagonal).T:
        along = flat * _scale(diagonal)
        if abs(along @ first @ along) > 1e-6 or abs(along @ minimum.gradient) > 1e-6:
            return _for_ever(_involved(flat, names), names, supports)
        return undetermined(_involved(flat, names))
    if minimum.reason == "runs away":
        step = np.linalg.lstsq(last, minimum.gradient, rcond=1e-12)[0]
        return _for_ever(_involved(step / (1 + np.abs(minimum.point)), names), names, supports)
    curvatures = np.linalg.eigvalsh(last * np.outer(_scale(diagonal), _scale(diagonal)))
    steps = len(minimum.history) - 1
    if curvatures[0] < 0:
        return (
            f"no optimum found in {steps} steps ({minimum.reason}): the Hessian is not positive definite, "
            "so it is no maximum of the likelihood"
        )
    return f"no optimum found in {steps} steps ({minimum.reason}): allow more, or start elsewhere"


def _for_ever(involved, names, supports):
    bounded = [name for name in involved if supports[names.index(name)] != "real"]
    if bounded:
        return f"the likelihood increases towards the boundary of {_listed(bounded)}: no estimate inside it"
    return (
        f"the likelihood increases for ever in the direction of {_listed(involved)}: no finite estimate. "
        "Where y is yes or no, or a count, this is separation: x tells some outcomes apart without error"
    )


def _curvature_fails(objective, minimum):
    """Return what is wrong if the log-likelihood itself does not curve as its Hessian says; else None."""
    scale = _scale(np.diag(minimum.hessian))
    curvatures, axes = np.linalg.eigh(minimum.hessian * np.outer(scale, scale))
    if curvatures[0] <= 0:
        return None
    signs = np.where(np.arange(len(scale)) % 2, -1.0, 1.0) / np.sqrt(len(scale))
    few = objective.sample()
    value, _, hessian = few(minimum.point)
    step = 0.1 * scale * (axes @ (signs / np.sqrt(curvatures))) / np.sqrt(few.nobs)
    rise = sum(few(minimum.point + side * step)[0] - value for side in (-1, 1))
    expected = step @ hessian @ step
    found = rise / expected
    if np.isfinite(found) and abs(found - 1) <= 0.2 + 1e-15 * (1 + abs(value)) / expected:
        return None
    return (
        "the log-likelihood does not curve at the optimum as its second derivative says "
        f"({found:.3g} times it): log_prob is not smooth, or hides part of its gradient; use a bootstrap"
    )


def exact_fit(objective, minimum, names, supports):
    """Return what is wrong if rounding of the data decides the likelihood: a scale has shrunk to it."""
    positive = [i for i, support in enumerate(supports) if support == "positive"]
    if not positive:
        return None
    signs = [np.where(np.arange(v.size).reshape(v.shape) % 2, 1.0, -1.0) for v in objective.few]
    moved = [v * (1 + s * 4e-16) for v, s in zip(objective.few, signs, strict=True)]
    with np.errstate(all="ignore"):
        change = objective.terms(minimum.point, moved) - objective.terms(minimum.point, objective.few)
    if np.isfinite(change).all() and np.mean(np.abs(change)) > 0.01:
        return unbounded(names[min(positive, key=lambda i: minimum.point[i])])
    return None


def warn(message):
    """Issue a `FitWarning` at the caller of `fit`."""
    warnings.warn(message, FitWarning, stacklevel=3)


def _scale(diagonal):
    diagonal = np.abs(diagonal)
    return 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def _null_directions(hessian, diagonal):
    """The directions without curvature, in coordinates scaled by `diagonal`: `(p, d)`."""
    scale = _scale(diagonal)
    curvatures, axes = np.linalg.eigh(hessian * np.outer(scale, scale))
    return axes[:, np.abs(curvatures) <= _SINGULAR * max(np.abs(curvatures).max(), 1.0)]


def _involved(direction, names):
    size = np.abs(direction)
    return [name for name, part in zip(names, size, strict=True) if part > 0.05 * size.max()]


def _listed(names):
    return " and ".join(names)
