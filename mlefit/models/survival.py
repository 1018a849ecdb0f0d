"""Survival regression: times until an event, some of them cut short."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from mlefit.checks import Array, Data
from mlefit.models.linear import LinearPredictor
from mlefit.models.standardised import Standardised, centred

_DISTRIBUTIONS = ("weibull", "exponential")
_EXACT = 1e6  # a shape that leaves a millionth of a time to chance


class SurvivalRegression(LinearPredictor, routes=("newton",), link="log time"):
    """Times until an event, some of them right-censored: `P(T_i > t) = exp(-(t / scale_i) ** shape)`, with
    `scale_i = exp(intercept + slope . x_i)`; call it for the log of the scale.

    A row that is censored says only that its event came later than `time`. Parameters: `slope`, in log-time
    over units of x, and `intercept`, in log-time, which start at 0; for the Weibull distribution `shape`
    (positive), which starts at 1: above 1 the risk rises with time, below 1 it falls. `predict` gives the
    median time.

    For one group without predictors, give a column of ones as x and `intercept=False`: `slope` is then the
    log of its scale.

    Args:
        distribution: `"weibull"`, or `"exponential"`, which is the Weibull with `shape` 1: a constant risk of
            `1 / scale`.
        intercept: whether there is one.

    Source: J. Kalbfleisch and R. Prentice, The Statistical Analysis of Failure Time Data (2002), section 2.3,
        where the logarithm of `scale` is the location of log-time, and `1 / shape` its scale.

    Examples:
        >>> model = SurvivalRegression("exponential")
        >>> model.log_prob([0.0, 0.0], time=[1.0, 2.0], observed=[1, 0]).numpy().tolist()
        [-1.0, -2.0]
    """

    def __init__(self, distribution: str = "weibull", intercept: bool = True) -> None:
        super().__init__(intercept)
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(f"distribution must be 'weibull' or 'exponential', got {distribution!r}")
        self.distribution = distribution

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        super().build(input_shape)
        if self.distribution == "weibull":
            self.shape = self.parameter("shape", 1.0, support="positive")

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return x centred and scaled; the start is the exponential distribution that suits all rows."""
        x, time, observed = sample
        # In parts of the longest time, whose sum cannot overflow; half an event where there is none.
        log_scale = np.log(time.max()) + np.log(np.sum(time / time.max()) / max(observed.sum(), 0.5))
        start = np.zeros(sum(p.variable.numpy().size for p in self.parameters.values()))
        if self.has_intercept:
            start[self.slope.variable.numpy().size] = log_scale
        return centred(x, self.has_intercept, start, reason=_reason)

    def log_prob(self, x: Data, time: Data, observed: Data) -> tf.Tensor:
        """Return the log-density of each time that ended in the event, and the log-probability that the event
        comes later for each that is censored: a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            time: until the event or the censoring, positive, shape `(n,)`; 0 and below cannot be.
            observed: 1 where the event was observed, 0 where the time is censored, shape `(n,)`.
        """
        x, time, observed = self._paired(x=x, time=time, observed=observed)
        line = self(x)
        possible = (time > 0) & ((observed == 0) | (observed == 1))
        log_time = keras.ops.log(keras.ops.where(time > 0, time, 1.0))
        shape = self.shape() if self.distribution == "weibull" else tf.ones((), tf.float64)
        log_hazard = shape * (log_time - line)  # summed up to the time
        density = keras.ops.log(shape) + log_hazard - log_time
        value = observed * density - keras.ops.exp(log_hazard)
        return keras.ops.where(possible, value, -np.inf)

    def simulate(
        self, rng: np.random.Generator, x: np.ndarray, time: np.ndarray, observed: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Return the data with times drawn anew, censored as the study would have done.

        A censored row keeps the time of its censoring. Of another row it is known only that censoring would
        have come after the event: its time is drawn from the Kaplan-Meier curve of the censored times beyond,
        and there is none beyond the last.

        Source: A. Davison and D. Hinkley, Bootstrap Methods and their Application (1997), algorithm 3.1.
        """
        ends = np.where(observed == 1, _censoring(rng, time, observed), time)
        drawn = np.exp(self(x).numpy()) * rng.exponential(size=len(time)) ** (1 / self._shape())
        return x, np.minimum(drawn, ends), (drawn <= ends).astype(float)

    def cdf(self, x: np.ndarray, time: np.ndarray, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities of an event before each time and up to it; for a censored row up to 1, for
        the event may come anywhere beyond."""
        before = -np.expm1(-np.exp(self._shape() * (np.log(time) - self(x).numpy())))
        return before, np.where(observed == 1, before, 1.0)

    def _shape(self):
        return self.shape.numpy() if self.distribution == "weibull" else 1.0


def _censoring(rng, time, observed):
    """For each row, a time of censoring beyond its own, from the Kaplan-Meier curve of the censored times."""
    order = np.lexsort((1 - observed, time))  # events before censored times at the same time
    at_risk = np.arange(len(time), 0, -1)
    left = np.cumprod(1 - (1 - observed[order]) / at_risk)
    rank = np.argsort(order)
    target = rng.random(len(time)) * left[rank]
    return np.append(time[order], np.inf)[np.searchsorted(-left, -target)]


def _reason(values: Mapping[str, Array], x: np.ndarray, time: np.ndarray, observed: np.ndarray) -> str | None:
    """Why there is no estimate; a ValueError if no time was observed."""
    if not observed.any():
        raise ValueError(
            f"observed is 0 in all {len(observed)} rows: without an event the likelihood grows for ever with "
            "the scale of time"
        )
    if values.get("shape", 1.0) > _EXACT:
        return (
            "the likelihood is unbounded: the times are as predicted, and it grows as shape goes to infinity"
        )
    X = x.reshape(len(x), -1)
    events, least, most = X[observed == 1], X.min(axis=0), X.max(axis=0)
    same = (least < most) & ((events == least).all(axis=0) | (events == most).all(axis=0))
    # Without an intercept that moves, the slope leaves events alone only where x is 0.
    same &= "slope" in values and ("intercept" in values or events[0] == 0)
    if same.any():
        j = int(np.argmax(same))
        name = "x" if x.ndim == 1 else f"column {j} of x"
        return (
            f"every observed event has {name} at {events[0, j]:g}, and all other rows are censored: their "
            "scale, and with it the likelihood, grows for ever, so there is no finite estimate"
        )
    return None
