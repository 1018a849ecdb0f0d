"""Newton's method over very many observations: a sample shows the way, a few passes over all correct it.

Close to the minimum, the mean over all observations is that over a sample, but for the difference of two
quadratics: once that is known at one point, steps on the sample, which cost next to nothing, lead to the
minimum for all, to an error of the third order.
"""

from collections.abc import Sequence

import numpy as np

from mlefit.solvers import newton

_NEAR = 0.01  # standard errors of a sample, or a share of the way so far: near enough to go on from there
_ALMOST = 0.1  # standard errors of a sample: near enough for the next one to go on from
_SHRINKS = 0.03  # how much of the way a pass leaves, before one has told
_DOUBT = 1e-7  # standard errors, or a share of the curvature: what no digit worth printing shows
_PASSES = 12


def minimise(
    objective: newton.Mean, samples: Sequence[newton.Mean], start: np.ndarray, max_iterations: int
) -> newton.Minimum | None:
    """Minimise the mean of a function over very many observations.

    Args:
        objective: function from a point `(p,)` to value, gradient `(p,)` and Hessian `(p, p)`, with `nobs`,
            how many observations it is the mean of, and `gradient`, which returns the gradient alone.
        samples: the same function of some of the observations, typical of all; of fewer ones before of more.
        start: where to start, `(p,)`.
        max_iterations: the largest number of steps of each search on the sample.

    Returns:
        A `newton.Minimum`, of the corrected function; None if it was not found, because a sample has none or
        is not typical.

    Source: M. Jordan, J. Lee and Y. Yang, Communication-efficient distributed statistical inference, Journal
        of the American Statistical Association 114 (2019), 668-681.
    """
    sample = _Recalled(samples[-1])
    near, first_hessian = _pilot([*samples[:-1], sample], start, max_iterations)
    if not near.converged:
        return None
    exact, before = False, None
    for _ in range(_PASSES):
        point, own = near.point, sample(near.point)
        full = objective(point) if exact else (own[0], objective.gradient(point), own[2])
        if not all(np.isfinite(part).all() for part in full):
            return None
        away = _size(full[1], full[2]) * np.sqrt(objective.nobs)
        corrected = _Corrected(sample, point, own, full)
        near = newton.minimise(
            corrected,
            point,
            objective.nobs,
            max_iterations,
            tolerance=1e-12 if exact else _NEAR * away,
            first=full,
            leap=exact,
        )
        if not near.converged:
            return None
        added = _added(near, point, full, objective.nobs)
        if exact and _doubt(added, _share(corrected.gaps[2], full[2])) <= _DOUBT:
            near.history, near.first_hessian = np.array([full[0], near.value]), first_hessian
            return near
        # Would the next pass be the last? The sample is about as unlike all as the share that a pass leaves.
        shrinks = _SHRINKS if before is None else away / before
        exact, before = exact or _doubt(added * shrinks, shrinks) <= 0.5 * _DOUBT, away
    return None


def _pilot(samples, start, max_iterations):
    """The minimum of the last sample, sought from that of the one before, and the Hessian at the start."""
    point, hessians = start, []
    for sample in samples:
        found = newton.minimise(sample, point, sample.nobs, max_iterations, tolerance=_ALMOST)
        hessians.append(found.first_hessian)
        point = found.point if found.converged else start
    return found, hessians[0]


def _added(near, point, full, nobs):
    """What the sample adds to Newton's step, in standard errors, or to the Hessian before it, as a share."""
    _, gradient, hessian = full
    bend = _size(hessian @ (near.point - point) + gradient, hessian) * np.sqrt(nobs)
    return max(bend, _share(near.hessian - hessian, hessian))


def _doubt(added, unlike):
    """The error of a corrected step and of the Hessian after it: what a sample adds, which is unlike all."""
    return min(10 * unlike, 1.0) * added  # Third derivatives may be less alike than second ones.


def _share(change, hessian):
    scale = newton.scale(np.diag(hessian))
    return np.linalg.norm(change * np.outer(scale, scale), 2)


def _size(gradient, hessian):
    return np.linalg.norm(newton.scale(np.diag(hessian)) * gradient)


class _Recalled:
    """A function that knows what it returned last: a search ends where it has been."""

    def __init__(self, function):
        self.function, self.nobs, self.point, self.found = function, function.nobs, None, None

    def __call__(self, point):
        if self.point is None or (point != self.point).any():
            self.point, self.found = np.array(point), self.function(point)
        return self.found


class _Corrected:
    """A sample's function, plus the quadratic that makes it agree with that of all at one point."""

    def __init__(self, sample, point, own, full):
        self.sample, self.point = sample, point
        self.gaps = [a - b for a, b in zip(full, own, strict=True)]

    def __call__(self, point):
        value, gradient, hessian = self.sample(point)
        missing, tilt, curl = self.gaps
        away = point - self.point
        bent = tilt + 0.5 * curl @ away
        return value + missing + bent @ away, gradient + tilt + curl @ away, hessian + curl
