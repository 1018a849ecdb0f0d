"""Seeded simulators, whose truth is known: what cannot find it there will not find it in real data."""

import numpy as np

from mlefit import checks


def line(
    slope: float = 1.0, intercept: float = 2.0, n: int = 100, stddev: float = 0.15, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate a straight line with Gaussian noise: `y = slope * x + intercept + noise`.

    The `x` are uniform on [0, 1). There the Hessian of the mean squared error,
    `2 * [[mean(x**2), mean(x)], [mean(x), 1]]`, has eigenvalues near 0.13 and 2.54, so gradient descent is
    about nineteen times slower along one direction than along the other.

    Args:
        slope: rise of the line for one unit of `x`, in units of `y`.
        intercept: height of the line at `x = 0`, in units of `y`.
        n: number of points.
        stddev: standard deviation of the noise, in units of `y`, positive.
        seed: whole number; the same seed gives the same data.

    Returns:
        `(x, y)`: two float64 arrays of shape `(n,)`.

    Raises:
        TypeError: for arguments that are not numbers, or an `n` or `seed` that is not whole.
        ValueError: for NaN, infinity, a `stddev` that is not positive, `n` below 1 or a negative `seed`.

    Source:
        C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 3.1.1, for the model.

    Examples:
        >>> x, y = line(slope=1.0, intercept=2.0, n=100, stddev=0.15, seed=0)
        >>> x.shape, y.shape
        ((100,), (100,))
        >>> bool((0 <= x).all() and (x < 1).all())
        True
    """
    slope, intercept = checks.real_number("slope", slope), checks.real_number("intercept", intercept)
    stddev = checks.real_number("stddev", stddev, positive=True)
    n, seed = checks.count("n", n), checks.count("seed", seed, at_least=0)
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=n)
    return x, slope * x + intercept + rng.normal(scale=stddev, size=n)


def gaussian(mean: float = 2.0, stddev: float = 1.0, n: int = 1000, seed: int = 0) -> np.ndarray:
    """Simulate independent draws from a Gaussian.

    Args:
        mean: centre of the distribution, in units of `x`.
        stddev: standard deviation, in units of `x`, positive.
        n: number of draws.
        seed: whole number; the same seed gives the same data.

    Returns:
        `x`: a float64 array of shape `(n,)`.

    Raises:
        TypeError: for arguments that are not numbers, or an `n` or `seed` that is not whole.
        ValueError: for NaN, infinity, a `stddev` that is not positive, `n` below 1 or a negative `seed`.

    Source:
        C. M. Bishop, Pattern Recognition and Machine Learning (2006), section 1.2.4, for the model.

    Examples:
        >>> x = gaussian(mean=2.0, stddev=1.0, n=1000, seed=0)
        >>> x.shape, bool(abs(x.mean() - 2.0) < 4 / 1000**0.5)
        ((1000,), True)
    """
    mean, stddev = checks.real_number("mean", mean), checks.real_number("stddev", stddev, positive=True)
    n, seed = checks.count("n", n), checks.count("seed", seed, at_least=0)
    return np.random.default_rng(seed).normal(mean, stddev, size=n)
