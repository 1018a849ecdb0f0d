"""Softmax regression: one class of several."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import checks, densities
from mlefit.checks import Array, Data
from mlefit.models.linear import LinearPredictor
from mlefit.models.standardised import Standardised, centred


class SoftmaxRegression(LinearPredictor, routes=("newton",), link="softmax"):
    """One class of several, `y_i = c` with probability `exp(logit_ic) / sum_j exp(logit_ij)`, where
    `logit_ic = intercept_c + slope_c . x_i`, and 0 for class 0, the baseline; call it for the logits.

    Parameters: `slope`, in log-odds against class 0 over units of x, shape `(K - 1,)` for x of shape `(n,)`
    and `(K - 1, k)` for x of shape `(n, k)`; and `intercept`, in log-odds, shape `(K - 1,)`. They start at 0.
    Names begin with the class: `slope[2, age]`, `intercept[2]`. With two classes it is `LogisticRegression`.

    Args:
        classes: how many there are, K, at least 2.
        intercept: whether there are intercepts.

    Source: A. Agresti, Categorical Data Analysis (2013), section 8.1, there with the last class as baseline.

    Examples:
        >>> model = SoftmaxRegression(classes=3)
        >>> model.log_prob([0.0, 1.0], [0, 2]).numpy().round(4).tolist()
        [-1.0986, -1.0986]
        >>> model([0.0, 1.0]).numpy().tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __init__(self, classes: int, intercept: bool = True) -> None:
        super().__init__(intercept)
        self.classes = checks.count("classes", classes, at_least=2)

    def build(self, input_shape: tuple[int | None, *tuple[int, ...]]) -> None:
        others = range(1, self.classes)
        self.slope = self.parameter("slope", np.zeros((len(others), *input_shape[1:])))
        self.slope.entries = self._entries(range(input_shape[1]) if len(input_shape) > 1 else None)
        if self.has_intercept:
            self.intercept = self.parameter("intercept", np.zeros(len(others)))
            self.intercept.entries = tuple(map(str, others))

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return the logits for x of shape `(n,)` or `(n, k)`: a float64 tensor `(n, K)`."""
        X = keras.ops.expand_dims(x, 1) if len(x.shape) == 1 else x
        slope = tf.reshape(self.slope(), (self.classes - 1, -1))
        logits = keras.ops.matmul(X, tf.transpose(tf.pad(slope, [[1, 0], [0, 0]])))
        return logits + tf.pad(self.intercept(), [[1, 0]]) if self.has_intercept else logits

    def standardised(self, sample: tuple[np.ndarray, ...]) -> Standardised:
        """Return x centred and scaled; the start is at slopes of 0, with the shares of the classes."""
        x, y = sample
        shares = np.bincount(y.astype(int)[self._known(y)], minlength=self.classes) + 0.5
        heights = np.log(shares[1:] / shares[0]) if self.has_intercept else []
        start = np.append(np.zeros(self.slope.variable.shape), heights)
        return centred(x, self.has_intercept, start, self.classes - 1, self._reason)

    def log_prob(self, x: Data, y: Data) -> tf.Tensor:
        """Return the log-probability of each class y_i given x_i: a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            y: numbers of the classes, 0 to K - 1, shape `(n,)`; others have probability 0.
        """
        x, y = self._paired(x=x, y=y)
        return densities.categorical(y, self(x))

    def simulate(self, rng: np.random.Generator, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
        up_to = np.cumsum(self._probabilities(x)[:, :-1], axis=1)
        return x, np.sum(rng.random((len(x), 1)) >= up_to, axis=1).astype(float)

    def cdf(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        up_to = np.cumsum(np.pad(self._probabilities(x), [(0, 0), (1, 0)]), axis=1)
        rows, classes = np.arange(len(x)), y.astype(int)
        return up_to[rows, classes], np.minimum(up_to[rows, classes + 1], 1.0)

    def _probabilities(self, x):
        return special.softmax(self(x).numpy(), axis=1)

    def _known(self, y):
        return (y >= 0) & (y < self.classes) & (y == np.floor(y))

    def _row(self):
        return tuple(self.slope.variable.shape)[1:]

    def _entries(self, names):
        others = range(1, self.classes)
        if names is None:
            return tuple(map(str, others))
        return tuple(f"{c}, {name}" for c in others for name in names)

    def _reason(self, values: Mapping[str, Array], x: np.ndarray, y: np.ndarray) -> str | None:
        """Why there is no estimate: classes that do not occur."""
        found = np.unique(y).astype(int)
        if len(found) == 1:
            return f"every y is {found[0]}: the likelihood grows for ever as the other classes vanish"
        missing = [str(c) for c in range(self.classes) if c not in found]
        if missing:
            which = f"class {missing[0]} does" if len(missing) == 1 else f"classes {', '.join(missing)} do"
            return (
                f"{which} not occur in y: the likelihood grows for ever as a probability goes to 0, so there "
                "is no estimate; number the classes that occur from 0 on"
            )
        return None
