"""Confidence intervals: Wald's, from the curvature at the optimum; the profile likelihood's; exact ones."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from mlefit.models.supports import Support, transform
from mlefit.solvers import newton, roots

_FAR = 1e6  # standard errors


def wald(value: float, error: float, support: Support, quantile: float) -> tuple[float, float]:
    """Return `value -+ quantile * error`, formed on the unconstrained scale and mapped back.

    Examples:
        >>> low, high = wald(2.0, 0.5, "positive", 1.96)
        >>> round(low, 4), round(high, 4)
        (1.2253, 3.2646)
    """
    maps = transform(support)
    if not np.isfinite(error):
        return np.nan, np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = maps.unconstrained(np.float64(value))
        reach = quantile * error / maps.slope(np.float64(value))
    return float(maps.in_numpy(centre - reach)), float(maps.in_numpy(centre + reach))


def profile(
    objective: newton.Mean, optimum: newton.Minimum, direction: np.ndarray, quantile: float
) -> tuple[float, float]:
    """Return where the profile log-likelihood of `direction @ point` has fallen by `quantile^2 / 2`.

    Args:
        objective: function from a point to the mean negative log-likelihood, gradient and Hessian, with
            `nobs`.
        optimum: the `newton.Minimum` of it.
        direction: `(p,)`: a unit vector for a parameter, other weights for a combination of them.
        quantile: of the standard Gaussian: 1.96 for 95%.

    Returns:
        `(low, high)`; infinite where the likelihood never falls that far.

    Source: D. Venzon and S. Moolgavkar, A method for computing profile-likelihood-based confidence intervals,
        Applied Statistics 37 (1988), 87-94.
    """
    nobs, direction = objective.nobs, np.asarray(direction, dtype=float)
    spread = np.linalg.solve(optimum.hessian, direction)
    error = np.sqrt(direction @ spread / nobs)
    fixed = int(np.argmax(np.abs(direction * spread)))
    free = np.arange(len(direction)) != fixed
    # The fixed coordinate as a function of the combination's value and of the free ones.
    tilt = np.eye(len(direction))[:, free]
    tilt[fixed] = -direction[free] / direction[fixed]
    starts = {-1.0: optimum.point[free], 1.0: optimum.point[free]}
    centre = direction @ optimum.point

    def excess(away):
        """How far the profile has fallen, less the target, at `centre + away`."""
        side = 1.0 if away > 0 else -1.0

        def whole(rest):
            point = np.array(optimum.point)
            point[free] = rest
            shift = direction[free] @ (rest - optimum.point[free])
            point[fixed] = optimum.point[fixed] + (away - shift) / direction[fixed]
            return point

        def restricted(rest):
            value, gradient, hessian = objective(whole(rest))
            with np.errstate(all="ignore"):  # Far out they may not be finite, which the search sees.
                return value, tilt.T @ gradient, tilt.T @ hessian @ tilt

        if not free.any():
            value = objective(whole(np.zeros(0)))[0]
        else:
            best = newton.minimise(restricted, starts[side], weight=nobs, tolerance=1e-6)
            value, starts[side] = best.value, best.point
        return nobs * (value - optimum.value) - quantile**2 / 2

    # Where the likelihood levels off, it is rounding that would end the search, far away.
    low, high = (
        roots.bracketed(excess, 0.0, side * quantile * error, tolerance=1e-10, farthest=_FAR * error)
        for side in (-1.0, 1.0)
    )
    return float(centre + low), float(centre + high)


@dataclass(frozen=True)
class Line:
    """A mean or a line with Gaussian noise: its profiles and exact intervals in closed form.

    Attributes:
        coefficients, errors: estimates and their maximum-likelihood standard errors, `(p,)`.
        stddev: of the noise, by maximum likelihood; its index is the one after the coefficients'.
        nobs: number of observations.

    Source: G. Seber and A. Lee, Linear Regression Analysis (2003), sections 3.4 and 5.1.

    Examples:
        >>> line = Line(np.array([2.0]), np.array([0.5]), stddev=1.0, nobs=4)
        >>> low, high = line.exact(0, 0.95)
        >>> round(low, 4), round(high, 4)
        (0.1626, 3.8374)
    """

    coefficients: np.ndarray
    errors: np.ndarray
    stddev: float
    nobs: int

    def stretch(self, level: float) -> float:
        """Return by how many maximum-likelihood errors a mean's exact interval reaches to either side."""
        freedom = self.nobs - len(self.coefficients)
        return -float(special.stdtrit(freedom, (1 - level) / 2)) * math.sqrt(self.nobs / freedom)

    def exact(self, index: int, level: float) -> tuple[float, float]:
        """Return the ends of Student's t interval, or those by chi-square for the standard deviation."""
        if index < len(self.coefficients):
            reach = self.stretch(level) * self.errors[index]
            return float(self.coefficients[index] - reach), float(self.coefficients[index] + reach)
        tails = special.chdtri(self.nobs - len(self.coefficients), [(1 - level) / 2, (1 + level) / 2])
        return tuple((self.stddev * np.sqrt(self.nobs / tails)).tolist())

    def profile(self, index: int, quantile: float) -> tuple[float, float]:
        """Return the ends of the profile interval: exact, for a parameter acts through one sum of squares."""
        fall = quantile**2 / self.nobs
        if index < len(self.coefficients):
            reach = self.errors[index] * math.sqrt(self.nobs * math.expm1(fall))
            return self.coefficients[index] - reach, self.coefficients[index] + reach

        def excess(log_ratio):
            return 2 * log_ratio + math.expm1(-2 * log_ratio) - fall

        low, high = (roots.bracketed(excess, 0.0, side * math.sqrt(fall)) for side in (-1, 1))
        return self.stddev * math.exp(low), self.stddev * math.exp(high)
