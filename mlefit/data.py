"""Data to learn from: seeded simulators, whose truth is known, and famous measurements, whose truth is not.

Simulators come first on every page: a method that cannot find the truth in simulated data will not find it
in real data either.
"""

import csv
from importlib import resources

import numpy as np

from mlefit import checks

_NAMES = ("challenger", "horsekicks", "hubble", "michelson", "newcomb", "norris", "schools")


def line(slope=1.0, intercept=2.0, n=100, stddev=0.15, seed=0):
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


def gaussian(mean=2.0, stddev=1.0, n=1000, seed=0):
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


def load(name):
    """Load a famous data set as a dict of columns.

    - `"michelson"`, 100 rows: determinations of the speed of light in air, 1879. `experiment` (1 to 5), `run`
      (1 to 20), `speed` (km/s, minus 299 000).
    - `"newcomb"`, 66 rows: passage times of light over 7.44 km, 1882. `deviation` (ns, from 24 800 ns), with
      the outliers -44 and -2.
    - `"hubble"`, 24 rows: nebulae, by which the universe was found to expand, 1929. `distance` (10^6 parsec),
      `velocity` (radial, km/s).
    - `"horsekicks"`, 5 rows: deaths by horse kick in ten corps of the Prussian army, 1875 to 1894. `deaths`
      (in one corps in one year), `corps_years` (how many of the 200 had so many deaths).
    - `"challenger"`, 23 rows: shuttle flights before the loss of Challenger. `flight` (text), `temperature`
      (at launch, degrees Fahrenheit), `damaged_rings` (of 6 O-rings).
    - `"norris"`, 36 rows: ozone concentrations, with certified answers for linear regression. `x` (read by
      the standard), `y` (read by the monitor under calibration).
    - `"schools"`, 50 rows: states of the USA and their capital without Wisconsin, whose value is missing,
      1979. `state` (text), `expenditure` (on public schools, dollars a head), `income` (dollars a head).

    Args:
        name: one of the names above.

    Returns:
        A dict from column name to a NumPy array of shape `(n,)`: float64 for numbers, text otherwise.

    Raises:
        ValueError: for any other name.

    Source:
        - michelson: A. A. Michelson (1882), Astronomical Papers 1; R `morley`; NIST StRD "Michelso".
        - newcomb: S. M. Stigler (1977), Annals of Statistics 5, 1055-1098; R `MASS::newcomb`.
        - hubble: E. Hubble (1929), PNAS 15, 168-173, table 1.
        - horsekicks: L. von Bortkiewicz (1898), Das Gesetz der kleinen Zahlen; R `vcd::HorseKicks`.
        - challenger: Dalal, Fowlkes and Hoadley (1989), JASA 84, 945-957; R `vcd::SpaceShuttle`.
        - norris: NIST Statistical Reference Datasets, "Norris".
        - schools: W. Greene (1993), Econometric Analysis, table 14.1; R `sandwich::PublicSchools`.

    Examples:
        >>> michelson = load("michelson")
        >>> list(michelson), michelson["speed"].shape
        (['experiment', 'run', 'speed'], (100,))
        >>> round(float(299_000 + michelson["speed"].mean()), 1)
        299852.4
    """
    if name not in _NAMES:
        raise ValueError(f"name must be one of {', '.join(_NAMES)}, got {name!r}")
    file = resources.files("mlefit").joinpath("datasets", f"{name}.csv")
    with file.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    return {column: _column(cells) for column, cells in zip(header, zip(*rows, strict=True), strict=True)}


def _column(cells):
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        return np.array(cells)
