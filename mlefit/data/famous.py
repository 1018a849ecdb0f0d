"""Famous measurements, whose truth is not known: one file a set beside this one."""

import csv
from importlib import resources

import numpy as np

_NAMES = (
    "alligators",
    "beetles",
    "bioassay",
    "challenger",
    "geyser",
    "horsekicks",
    "hubble",
    "huron",
    "michelson",
    "mites",
    "newcomb",
    "norris",
    "remission",
    "schools",
    "stackloss",
    "stopping",
)


def load(name: str) -> dict[str, np.ndarray]:
    """Load a famous data set as a dict of columns.

    Single numbers and lines:

    - `"michelson"`, 100 rows: determinations of the speed of light in air, 1879. `experiment` (1 to 5), `run`
      (1 to 20), `speed` (km/s, minus 299 000).
    - `"newcomb"`, 66 rows: passage times of light over 7.44 km, 1882. `deviation` (ns, from 24 800 ns), with
      the outliers -44 and -2.
    - `"hubble"`, 24 rows: nebulae, by which the universe was found to expand, 1929. `distance` (10^6 parsec),
      `velocity` (radial, km/s).
    - `"norris"`, 36 rows: ozone concentrations, with certified answers for linear regression. `x` (read by
      the standard), `y` (read by the monitor under calibration).
    - `"schools"`, 50 rows: states of the USA and their capital without Wisconsin, whose value is missing,
      1979. `state` (text), `expenditure` (on public schools, dollars a head), `income` (dollars a head).
    - `"stackloss"`, 21 rows: days of a plant that oxidises ammonia to nitric acid. `air_flow` (how fast the
      plant runs), `water_temperature` (of the cooling water, degrees Celsius), `acid_concentration` (percent,
      minus 50, times 10), `loss` (of the ammonia, percent times 10).
    - `"stopping"`, 50 rows: cars of the 1920s. `speed` (miles an hour), `distance` (to stop, feet).

    Counts and choices:

    - `"horsekicks"`, 5 rows: deaths by horse kick in ten corps of the Prussian army, 1875 to 1894. `deaths`
      (in one corps in one year), `corps_years` (how many of the 200 had so many deaths).
    - `"mites"`, 9 rows: European red mites on apple leaves. `mites` (on one leaf), `leaves` (how many of the
      150 had so many mites).
    - `"challenger"`, 23 rows: shuttle flights before the loss of Challenger. `flight` (text), `temperature`
      (at launch, degrees Fahrenheit), `damaged_rings` (of 6 O-rings).
    - `"beetles"`, 8 rows: flour beetles in carbon disulphide gas for five hours. `log_dose` (log10 of the
      dose, mg/l), `exposed`, `killed` (numbers of beetles).
    - `"bioassay"`, 4 rows: groups of five animals. `log_dose` (natural logarithm of the dose, g/ml),
      `exposed`, `killed` (numbers of animals).
    - `"alligators"`, 8 rows: 219 alligators of four lakes in Florida, by the main food in their stomachs.
      `lake` (text), `size` (text: large is longer than 2.3 m), and how many ate `fish`, `invertebrate`,
      `reptile`, `bird`, `other`.

    Times:

    - `"remission"`, 42 rows: patients with acute leukaemia, in pairs, one of each on 6-mercaptopurine.
      `pair` (1 to 21), `treated` (1, or 0 for the placebo), `weeks` (seen in remission), `relapsed` (1, or 0
      where the study ended first).
    - `"geyser"`, 272 rows: eruptions of Old Faithful, October 1980, without the nights. `duration` (minutes),
      `waiting` (minutes to the next).
    - `"huron"`, 98 rows: level of Lake Huron. `year` (1875 to 1972), `level` (feet).

    Args:
        name: one of the names above.

    Returns:
        A dict from column name to a NumPy array of shape `(n,)`: float64 for numbers, text otherwise.

    Raises:
        ValueError: for any other name.

    Source:
        - alligators: A. Agresti (2002), Categorical Data Analysis, 2nd ed., table 7.1, from the Florida Game
          and Fresh Water Fish Commission.
        - beetles: C. I. Bliss (1935), Annals of Applied Biology 22, 134-167.
        - bioassay: A. Racine and others (1986), Applied Statistics 35, 93-150.
        - challenger: Dalal, Fowlkes and Hoadley (1989), JASA 84, 945-957; R `vcd::SpaceShuttle`.
        - geyser: R `faithful`; S. Weisberg (2014), Applied Linear Regression, 4th ed.; R `alr4::oldfaith`.
          A. Azzalini and A. W. Bowman (1990), Applied Statistics 39, 357-365, print other rows, of 1985.
        - horsekicks: L. von Bortkiewicz (1898), Das Gesetz der kleinen Zahlen; R `vcd::HorseKicks`.
        - hubble: E. Hubble (1929), PNAS 15, 168-173, table 1.
        - huron: P. J. Brockwell and R. A. Davis (1991), Time Series: Theory and Methods; R `LakeHuron`.
        - michelson: A. A. Michelson (1882), Astronomical Papers 1; R `morley`; NIST StRD "Michelso".
        - mites: C. I. Bliss and R. A. Fisher (1953), Biometrics 9, 176-200.
        - newcomb: S. M. Stigler (1977), Annals of Statistics 5, 1055-1098; R `MASS::newcomb`.
        - norris: NIST Statistical Reference Datasets, "Norris".
        - remission: E. J. Freireich and others (1963), Blood 21, 699-716; E. A. Gehan (1965), Biometrika 52,
          203-223; R `MASS::gehan`.
        - schools: W. Greene (1993), Econometric Analysis, table 14.1; R `sandwich::PublicSchools`.
        - stackloss: K. A. Brownlee (1965), Statistical Theory and Methodology, 2nd ed.; R `stackloss`.
        - stopping: M. Ezekiel (1930), Methods of Correlation Analysis; R `cars`.

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
