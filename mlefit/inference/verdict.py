"""Whether an optimum is one, and its curvature an error bar: where a search stopped, from all sides."""

from collections.abc import Sequence

import numpy as np

from mlefit.inference import derivatives, words
from mlefit.models.supports import Support
from mlefit.solvers import newton

_FEW = 4096  # observations that tell what is wrong with all of them
_END = 40.0  # where a logarithm or a logit is at its end, as far as float64 tells
_SINGULAR = 1e-10  # an eigenvalue of the scaled Hessian below this share of the largest is rounding


def verdict(
    objective: newton.Mean,
    minimum: newton.Minimum,
    names: Sequence[str],
    supports: Sequence[Support],
    data_alone: bool = True,
) -> str | None:
    """Return what is wrong where Newton's method stopped, in a sentence; None if nothing is.

    Args:
        objective: the mean negative log-likelihood that was minimised.
        minimum: the `newton.Minimum` of it.
        names, supports: of each scalar parameter.
        data_alone: whether nothing but the data determines them, no prior.
    """
    if data_alone and objective.nobs < len(names):
        return words.too_few(objective.nobs, len(names))
    if exact := _exact_fit(objective, minimum, names, supports):
        return exact
    positive = np.array([support == "positive" for support in supports])
    with np.errstate(invalid="ignore"):
        # A scale on its way to nothing: the log-density grows by a constant for each unit of its logarithm,
        # of all observations, or of the one on which a component of a mixture sits.
        steep = minimum.gradient > min(0.05, 0.5 / objective.nobs)
        shrinking = positive & (minimum.point < -12) & steep & ~np.isnan(minimum.point)
    if not minimum.converged and shrinking.any():
        return words.unbounded(words.listed(np.array(names)[shrinking]))
    if minimum.converged:
        flat = _null_directions(minimum.hessian, np.abs(np.diag(minimum.hessian)))
        trouble = _flat(objective, flat[:, 0], minimum, names, supports) if flat.size else None
        if ends := _levelled_off(minimum, names, supports):
            trouble = trouble or _for_ever(objective, ends, names, supports)
        elif vague := _vague(objective, minimum, names, supports):
            inside = all(_inside(objective, minimum, names.index(name)) for name in vague)
            said = words.vague(vague) if inside else _for_ever(objective, vague, names, supports)
            trouble = trouble or said
        trouble = trouble or _derivatives_fail(objective, minimum, names)
    else:
        trouble = _not_converged(objective, minimum, names, supports)
    return trouble and (_kinks(objective, minimum, names, supports) or trouble)


def _flat(objective, direction, minimum, names, supports):
    """What a direction without curvature means: a bounded parameter that went to its end, or one too many."""
    involved = _involved(direction, names)
    at_the_end = [n for n in involved if _far_out(minimum.point, names.index(n), supports)]
    curved = abs(np.diag(minimum.first_hessian)[[names.index(n) for n in at_the_end]]) > 1e-6
    if curved.any():
        return _for_ever(objective, at_the_end, names, supports)
    return words.undetermined(involved)


def _far_out(point, index, supports):
    return supports[index] != "real" and abs(point[index]) > 25


def _kinks(objective, minimum, names, supports):
    spread = np.mean(np.concatenate(list(objective.sample(_FEW).scores(minimum.point))) ** 2, axis=0)
    # The scores change sign across a kink, so that their mean is small there without any curvature.
    level = np.abs(minimum.gradient) < 0.7 * np.sqrt(spread)
    # Where a parameter no longer matters, its scores have gone with the curvature.
    kinked = (
        (np.sqrt(spread) * (1 + np.abs(minimum.point)) > 1e-9)
        & (np.abs(np.diag(minimum.hessian)) < 1e-8 * spread)
        & level
        & ~np.array([_far_out(minimum.point, i, supports) for i in range(len(names))])
    )
    if not kinked.any():
        return None
    return words.kinked(np.array(names)[kinked])


def _not_converged(objective, minimum, names, supports):
    first, last = minimum.first_hessian, minimum.hessian
    diagonal = np.maximum(np.abs(np.diag(first)), np.abs(np.diag(last)))
    for flat in _null_directions(last, diagonal).T:
        along = flat * newton.scale(diagonal)
        if abs(along @ first @ along) > 1e-6 or abs(along @ minimum.gradient) > 1e-6:
            return _for_ever(objective, _involved(flat, names), names, supports)
        return words.undetermined(_involved(flat, names))
    if minimum.reason == "runs away":
        step = np.linalg.lstsq(last, minimum.gradient, rcond=1e-12)[0]
        involved = _involved(step / (1 + np.abs(minimum.point)), names)
        return _for_ever(objective, involved, names, supports)
    ends = [
        n
        for n in _levelled_off(minimum, names, supports)
        if _far_out(minimum.point, names.index(n), supports)
    ]
    if ends:
        return _for_ever(objective, ends, names, supports)
    curvatures = newton.spectrum(last, diagonal)[1]
    # Newton's history has the start too.
    steps = len(minimum.history) - (minimum.reason != "all steps taken")
    if curvatures[0] < 0:
        return words.no_optimum(steps, minimum.reason, words.NO_MAXIMUM)
    if vague := _vague(objective, minimum, names, supports):
        return _for_ever(objective, vague, names, supports)
    return words.no_optimum(steps, minimum.reason)


def _derivatives_fail(objective, minimum, names):
    """What is wrong if the log-likelihood does not change as its derivatives say, along each parameter."""
    few = objective.sample(_FEW)
    scale = newton.scale(np.diag(minimum.hessian))
    for share in (0.1, 0.01, 0.001):  # of the distance over which it bends; less where it ends before
        there = minimum.point + share * _alternating(scale) * scale
        value, gradient, _ = few(there)
        if np.isfinite(value):
            break
    found = derivatives.unlike_values(lambda p: few(p)[0], gradient, there, scale, share / scale)
    if found is not None:
        return words.hides(names[found])
    hessian = few(minimum.point)[2]
    found = derivatives.unlike_values(few.gradient, hessian, minimum.point, scale, 1 / scale[:, None])
    return words.does_not_curve(names[found]) if found is not None else None


def _levelled_off(minimum, names, supports):
    """The parameters on their way to nowhere: hardly any curvature is left, and steps do not shrink."""
    first = np.diag(minimum.first_hessian)
    if not (np.isfinite(minimum.hessian).all() and np.isfinite(minimum.gradient).all()):
        return []
    fallen = np.diag(minimum.hessian) < 1e-6 * np.abs(first)
    step = np.linalg.lstsq(minimum.hessian, minimum.gradient)[0]
    moving = np.abs(step) > 1e-5 * (np.abs(minimum.point) + newton.scale(first))
    out = [_far_out(minimum.point, i, supports) for i in range(len(names))]
    return [name for name, gone in zip(names, fallen & (moving | out), strict=True) if gone]


def _vague(objective, minimum, names, supports):
    """The bounded parameters of which the data do not even tell the order of magnitude."""
    scale, curvatures, axes = newton.spectrum(minimum.hessian, np.diag(minimum.hessian))
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = scale * np.sqrt((axes**2 / curvatures).sum(axis=1) / objective.nobs)
    return [n for n, s, error in zip(names, supports, errors, strict=True) if s != "real" and not error < 10]


def _inside(objective, minimum, index):
    """Whether the likelihood is lower at both ends of a bounded parameter's range, whatever the others do."""
    free = np.arange(len(minimum.point)) != index

    def at_an_end(side):
        point = np.array(minimum.point)
        point[index] = side * _END

        def restricted(rest):
            point[free] = rest
            value, gradient, hessian = objective(point)
            return value, gradient[free], hessian[np.ix_(free, free)]

        value = restricted(point[free])[0]
        if free.any() and np.isfinite(value):
            with np.errstate(all="ignore"):
                value = newton.minimise(restricted, minimum.point[free], objective.nobs, 50, 1e-6).value
        return value

    rounding = 1e-13 * (1 + abs(minimum.value))
    return all(not at_an_end(side) <= minimum.value + rounding for side in (-1, 1))


def _exact_fit(objective, minimum, names, supports):
    """Return what is wrong if rounding decides the likelihood: a scale has shrunk to that of the data."""
    positive = [i for i, support in enumerate(supports) if support == "positive"]
    if not positive or _levelled_off(minimum, names, supports):
        return None
    # Whole numbers have no rounding, and may be names of classes, which a change would make others of.
    moved = [v if (v == np.floor(v)).all() else v * (1 + _alternating(v) * 4e-16) for v in objective.few]
    point = minimum.point * (1 - _alternating(minimum.point) * 4e-16)
    with np.errstate(all="ignore"):
        terms = objective.terms(minimum.point, objective.few)
        by_point = np.abs(objective.terms(point, objective.few) - terms)
        by_data = np.abs(objective.terms(minimum.point, moved) - terms)
    # Data at a limit, where they were censored, cross it as they move: rounding decides only about them.
    exact = np.isfinite(by_point).all() and np.mean(by_point) > 0.01
    if exact or (np.isfinite(by_data).all() and np.median(by_data) > 0.01):
        return words.unbounded(names[min(positive, key=lambda i: minimum.point[i])])
    return None


def _alternating(values):
    return np.where(np.arange(values.size).reshape(values.shape) % 2, 1.0, -1.0)


def _null_directions(hessian, diagonal):
    """The directions without curvature, in coordinates scaled by `diagonal`: `(p, d)`."""
    _, curvatures, axes = newton.spectrum(hessian, diagonal)
    return axes[:, np.abs(curvatures) <= _SINGULAR * max(np.abs(curvatures).max(), 1.0)]


def _for_ever(objective, involved, names, supports):
    """Say in what the likelihood grows for ever: the few columns that tell outcomes apart, where known."""
    direction = objective.separating()
    if direction is not None:
        involved = _involved(direction, names[: len(direction)], 1e-6) or ["intercept"]
    return words.for_ever(involved, names, supports)


def _involved(direction, names, share=0.05):
    """The names of what has a share in a direction, the largest first if they are many."""
    size = np.abs(direction)
    found = [i for i in range(len(names)) if size[i] > share * size.max()]
    if len(found) > words.NAMED:
        found.sort(key=lambda i: -size[i])
    return [names[i] for i in found]
