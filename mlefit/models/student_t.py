"""Student's t: measurements and lines among which some lie far off."""

import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import checks, densities
from mlefit.checks import Array, Data
from mlefit.models.linear import LinearPredictor
from mlefit.models.model import Model
from mlefit.models.standardised import Standardised, shifted

_DF = 5.0  # where a search starts
_GAUSSIAN = 1e3  # degrees of freedom from which no data tell Student's t from the Gaussian
_EXACT = 1e-12  # of the size of the data: a scale that is rounding
_TURNS = 30  # of reweighting, which lead to a start


class StudentT(Model, routes=("newton",)):
    """Independent observations of Student's t: like `Gaussian`, but an observation far off pulls little.

    Parameters: `location` (real) and `scale` (positive), in the units of x, and `df` (positive), the degrees
    of freedom: tails like the Cauchy's at 1, like the Gaussian's from about 30 on. A search starts at median
    and median absolute deviation, wherever the parameters are. With `df` free the likelihood has a spike at
    each observation: at a value that k of n share it is unbounded, as `scale` goes to 0 there and `df` is
    below k / (n - k). `fit` returns a maximum inside, or says that it found none. `fit(..., fixed={"df":
    5.0})` holds it.

    Source: K. Lange, R. Little and J. Taylor, Robust statistical modeling using the t distribution, J. Am.
        Stat. Assoc. 84 (1989), 881-896.

    Examples:
        >>> model = StudentT(location=1.0, scale=2.0, df=1.0)
        >>> model.log_prob([1.0, 3.0]).numpy().round(4).tolist()  # -log(2 pi), -log(4 pi)
        [-1.8379, -2.531]
    """

    def __init__(self, location: float = 0.0, scale: float = 1.0, df: float = _DF) -> None:
        super().__init__()
        self.location = self.parameter("location", checks.real_number("location", location))
        self.scale = self.parameter("scale", checks.real_number("scale", scale), support="positive")
        self.df = self.parameter("df", checks.real_number("df", df), support="positive")

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return the data from their median, in units of their spread, and the way back."""
        (x,) = sample
        centre = np.median(x)
        scale = _spread(x - centre)
        back, origin = np.diag([scale, 1.0, 1.0]), np.array([centre, math.log(scale), 0.0])
        start = np.array([0.0, 0.0, math.log(_DF)])
        return Standardised(lambda x: ((x - centre) / scale,), back, origin, start, origin[1], _reason)

    def log_prob(self, x: Data) -> tf.Tensor:
        """Return the log-density of each observation: x of shape `(n,)` to a float64 tensor `(n,)`."""
        return densities.student_t(x, self.location(), self.scale(), self.df())

    def simulate(self, rng: np.random.Generator, x: np.ndarray) -> tuple[np.ndarray]:
        return (self.location.numpy() + self.scale.numpy() * rng.standard_t(self.df.numpy(), len(x)),)

    def cdf(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = special.stdtr(self.df.numpy(), (x - self.location.numpy()) / self.scale.numpy())
        return found, found


class RobustRegression(LinearPredictor, routes=("newton",), link="identity"):
    """A straight line with Student's t noise, which observations far off the line pull only little; call it
    to predict.

    Parameters: `slope` and `intercept`, as `LinearRegression` has them, `scale` (positive), in units of y,
    and `df` (positive): see `StudentT`. It guards against y far off, not against x far off. With `df` free
    its likelihood is unbounded where `df` is near 0 and the line passes through as many points as it has
    coefficients; `fit` starts from a robust line and returns a maximum inside, or says that it found none.

    Args:
        intercept: whether there is one.

    Source: K. Lange, R. Little and J. Taylor, Robust statistical modeling using the t distribution, J. Am.
        Stat. Assoc. 84 (1989), 881-896.

    Examples:
        >>> import mlefit
        >>> x, y = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0.1, 0.9, 2.1, 2.9, 4.1, 50.0]
        >>> result = mlefit.fit(RobustRegression(), x, y, fixed={"df": 3.0})
        >>> round(result.estimates["slope"], 2)
        1.0
    """

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        super().build(input_shape)
        self.scale = self.parameter("scale", 1.0, support="positive")
        self.df = self.parameter("df", _DF, support="positive")

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return x centred and scaled and y from its median, in units of its spread; the start is robust."""
        x, y = sample
        height = np.median(y) if self.has_intercept else 0.0
        rise = _spread(y - height)
        change, back, origin = shifted(x, self.has_intercept, height, rise, 2)
        origin[-2] = math.log(rise)
        x, y = change(x, y)
        ones = np.ones((len(y), int(self.has_intercept)))
        start = _reweighted(np.hstack([x.reshape(len(y), -1), ones]), y)
        return Standardised(change, back, origin, start, origin[-2], _reason)

    def log_prob(self, x: Data, y: Data) -> tf.Tensor:
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`."""
        x, y = self._paired(x=x, y=y)
        return densities.student_t(y, self(x), self.scale(), self.df())

    def simulate(self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        return x, self(x).numpy() + self.scale.numpy() * rng.standard_t(self.df.numpy(), len(y))

    def cdf(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = special.stdtr(self.df.numpy(), (y - self(x).numpy()) / self.scale.numpy())
        return found, found


def _spread(deviations):
    """A scale of deviations that a few far ones do not change; 1 where there is none."""
    size = np.abs(deviations)
    return 1.4826 * np.median(size) or size.mean() or 1.0


def _reweighted(X, y):
    """Coefficients, log of the scale and of df to start from: a line that weighs what is far off less."""
    b = np.linalg.lstsq(X, y)[0]
    for _ in range(_TURNS):
        rest = y - X @ b
        scale = max(_spread(rest), 1e-8)
        root = np.sqrt((_DF + 1) / (_DF + (rest / scale) ** 2))
        b = np.linalg.lstsq(root[:, None] * X, root * y)[0]
    return np.array([*b, math.log(max(_spread(y - X @ b), 1e-8)), math.log(_DF)])


def _reason(named: Mapping[str, Array], *data: np.ndarray) -> str | None:
    """Why there is no estimate, where degrees of freedom ran away, and not because the fit is exact."""
    exact = named.get("scale", np.inf) <= _EXACT * np.abs(data[-1]).max()
    if named.get("df", 0.0) > _GAUSSIAN and not exact:
        return (
            "the likelihood increases as df goes to infinity, where Student's t is the Gaussian: the data "
            "have no heavier tails, so take a Gaussian model, or hold df by fixed="
        )
    return None
