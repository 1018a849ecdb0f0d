"""Famous measurements, whose truth is not known: one file a set beside this one."""

import csv
from importlib import resources

import numpy as np

_NAMES = ("challenger", "horsekicks", "hubble", "michelson", "newcomb", "norris", "schools")


def load(name: str) -> dict[str, np.ndarray]:
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
    file = resources.files("mlefit.data").joinpath(f"{name}.csv")
    header, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
    return {column: _column(cells) for column, cells in zip(header, zip(*rows, strict=True), strict=True)}


def _column(cells):
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        return np.array(cells)
