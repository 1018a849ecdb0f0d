"""Newton's method in a trust region: any smooth function, from poor starts, out of saddles."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

type Evaluated = tuple[float, np.ndarray, np.ndarray]  # a value, its gradient `(p,)` and its Hessian `(p, p)`

_ACCEPT = 1e-4  # the least share of the predicted decrease that a step must bring
_ROUNDING = 100 * np.finfo(float).eps
# Decrements, in standard errors: one whose square is nothing, and one that no digit worth printing shows.
_LEAP, _SMALL = 1e-6, 1e-8


class Mean(Protocol):
    """The mean of a function over observations, as a function of a point `(p,)`, with its derivatives."""

    nobs: int

    def __call__(self, point: np.ndarray) -> Evaluated: ...

    def gradient(self, point: np.ndarray) -> np.ndarray: ...


@dataclass
class Minimum:
    """Where a minimiser stopped: the point, the function there, and how it went."""

    point: np.ndarray
    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    history: np.ndarray
    converged: bool
    # "converged", "runs away", "iteration limit", "no descent", "not finite" where it starts, or, of a judge,
    # "all steps taken"
    reason: str
    first_hessian: np.ndarray


def minimise(
    evaluate: Callable[[np.ndarray], Evaluated],
    start: np.ndarray,
    weight: float = 1.0,
    max_iterations: int = 200,
    tolerance: float = 1e-12,
    first: Evaluated | None = None,
    leap: bool = False,
) -> Minimum:
    """Minimise a function of a vector by its gradient and Hessian.

    Each step minimises the quadratic model exactly within a ball, in coordinates scaled by the Hessian's
    diagonal: it is Newton's step where that is safe, a shorter one where the model is not to be trusted, and
    along a direction of negative curvature at a saddle or a maximum.

    Args:
        evaluate: function from a point `(p,)` to the value, gradient `(p,)` and Hessian `(p, p)` there; the
            value may be infinite or NaN outside the domain.
        start: the first point, shape `(p,)`, where the value must be finite.
        weight: what the function is the mean of: with n observations, `weight=n` measures the Newton
            decrement in standard errors.
        max_iterations: the largest number of steps.
        tolerance: stop when the Newton decrement, `sqrt(weight * g' H^-1 g)`, is below it and the step is
            small beside the point; below 1e-8 also where it does not halve, for rounding, or at the start.
        first: what `evaluate` returns at the start, if that is known.
        leap: whether to take a last step whose decrement is below 1e-6 without evaluating where it leads. It
            squares the error; with many observations the curvature there is the same.

    Returns:
        A `Minimum`; `converged` is false at the iteration limit, where no step brings the function down,
        where the Hessian is not positive definite, and if value or derivatives are not finite at the start.

    Source: J. Nocedal and S. Wright, Numerical Optimization (2006), chapter 4, algorithms 4.1 and 4.3.

    Examples:
        >>> def bowl(x):
        ...     return float(np.sum((x - 3) ** 4)), 4 * (x - 3) ** 3, np.diag(12 * (x - 3) ** 2)
        >>> minimise(bowl, np.array([0.0])).point.round(2)
        array([3.])
    """
    point = np.array(start, dtype=float)
    value, gradient, hessian = evaluate(point) if first is None else first
    history, radius, steps, largest, first_hessian = [value], 1.0, 0, np.zeros(len(point)), hessian
    before = -np.inf

    def stopped(converged, reason):
        return Minimum(point, value, gradient, hessian, np.array(history), converged, reason, first_hessian)

    if not all(np.isfinite(part).all() for part in (value, gradient, hessian)):
        return stopped(False, "not finite")
    while True:
        largest = np.maximum(largest, np.abs(np.diag(hessian)))
        quadratic = _Quadratic(gradient, hessian, largest)
        newton = quadratic.newton_step()
        if newton is not None:
            decrement = np.sqrt(max(weight * -gradient @ newton, 0.0))
            # Where the function levels off for ever, as under separation, the steps do not shrink.
            small = bool(np.all(np.abs(newton) <= max(1e-5, tolerance) * (1 + np.abs(point))))
            if leap and small and decrement <= _LEAP:
                point = point + newton
                return stopped(True, "converged")
            if decrement <= tolerance or (decrement <= _SMALL and not decrement < before / 2):
                return stopped(small, "converged" if small else "runs away")
        if steps == max_iterations:
            return stopped(False, "iteration limit")
        step, predicted, length = quadratic.step(radius)
        trial = point + step
        tried = evaluate(trial)
        gain = value - tried[0] if all(np.isfinite(part).all() for part in tried) else -np.inf
        if not np.isfinite(gain):
            ratio = -np.inf
        elif predicted <= _ROUNDING * (1 + abs(value)):
            # The value no longer tells two points apart; the gradient still does.
            good = quadratic.size(tried[1]) < quadratic.size(gradient)
            ratio = 1.0 if good else 0.0
        else:
            ratio = gain / predicted
        if ratio > 0.75:
            radius = max(radius, 2 * length)
        elif ratio < 0.25:
            radius = length / 4
        if ratio > _ACCEPT:
            point, (value, gradient, hessian) = trial, tried
            before = decrement if newton is not None else np.inf
            history.append(value)
        elif radius < 1e-14:
            return stopped(newton is not None and decrement <= 1e-4, "no descent")
        else:
            before = 0.0
        steps += 1


def judge(
    evaluate: Callable[[np.ndarray], Evaluated],
    point: np.ndarray,
    history: Sequence[float] | np.ndarray,
    weight: float = 1.0,
    tolerance: float = 0.01,
) -> Minimum:
    """Return where another minimiser stopped: converged if the decrement is below `tolerance`."""
    value, gradient, hessian = evaluate(point)
    newton = _Quadratic(gradient, hessian, np.abs(np.diag(hessian))).newton_step()
    near = newton is not None and weight * -gradient @ newton <= tolerance**2
    reason = "converged" if near else "all steps taken"
    return Minimum(point, value, gradient, hessian, np.array(history), bool(near), reason, hessian)


def scale(diagonal: np.ndarray) -> np.ndarray:
    """Return one over the root of the size of each entry of a Hessian's diagonal; 1 where it is 0."""
    diagonal = np.abs(diagonal)
    return 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))


def spectrum(hessian: np.ndarray, diagonal: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `scale(diagonal)`, and the curvatures and axes of a Hessian in coordinates scaled by it."""
    unit = scale(diagonal)
    return unit, *np.linalg.eigh(hessian * np.outer(unit, unit))


def inverse_root(hessian: np.ndarray) -> np.ndarray:
    """Return a matrix whose product with its transpose is the inverse of a positive definite Hessian."""
    unit, curvatures, axes = spectrum(hessian, np.diag(hessian))
    return unit[:, None] * axes / np.sqrt(curvatures)


class _Quadratic:
    """The second-order model around a point, in coordinates where the Hessian's diagonal is one."""

    def __init__(self, gradient, hessian, largest):
        # Against the largest curvature that the same coordinate has had, so that units do not matter.
        # Nor of a slope so steep that a step of that length would be absurd.
        diagonal = np.maximum(np.abs(np.diag(hessian)), 1e-8 * np.maximum(largest, gradient**2))
        self.scale, self.curvatures, self.axes = spectrum(hessian, diagonal)
        self.slopes = self.axes.T @ (self.scale * gradient)

    def newton_step(self):
        """The unrestricted step, or None where the Hessian is not positive definite to rounding."""
        if self.curvatures[0] <= 1e-13 * self.curvatures[-1]:
            return None
        return -self.scale * (self.axes @ (self.slopes / self.curvatures))

    def size(self, gradient):
        return np.linalg.norm(self.scale * gradient)

    def step(self, radius):
        """The step within `radius`, the decrease it promises, and its scaled length."""
        lowest = self.curvatures[0]
        shift = max(0.0, -lowest)
        if lowest > 0 and np.linalg.norm(self.slopes / self.curvatures) <= radius:
            move = -self.slopes / self.curvatures
        else:
            move = self._on_the_sphere(radius, shift)
        predicted = -(self.slopes @ move + 0.5 * move @ (self.curvatures * move))
        return self.scale * (self.axes @ move), predicted, np.linalg.norm(move)

    def _on_the_sphere(self, radius, low):
        def move(shift):
            return -self.slopes / np.maximum(self.curvatures + shift, 1e-300)

        edge = self.curvatures + low > 1e-12 * max(1.0, abs(self.curvatures[-1]))
        inside = np.where(edge, -self.slopes / np.where(edge, self.curvatures + low, 1.0), 0.0)
        flat = np.abs(self.slopes[~edge]).max(initial=0.0)
        steepest = max(np.linalg.norm(self.slopes), np.abs(self.curvatures).max() * radius)
        if not edge.all() and flat <= 1e-14 * steepest:
            # The hard case: no slope along the most curved way down, so either direction along it will do.
            rest = radius**2 - inside @ inside
            if rest > 0:
                inside[0] = np.copysign(np.sqrt(rest), -self.slopes[0])
                return inside
        high = low + np.linalg.norm(self.slopes) / radius + 1e-300
        low_shift, high_shift = low, high
        for _ in range(200):
            middle = 0.5 * (low_shift + high_shift)
            if np.linalg.norm(move(middle)) > radius:
                low_shift = middle
            else:
                high_shift = middle
            if high_shift - low_shift <= 1e-10 * high_shift:
                break
        return move(high_shift)
