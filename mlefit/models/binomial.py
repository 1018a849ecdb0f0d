"""Binomial regression: how many of how many, with three links."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from scipy import special

from mlefit import densities
from mlefit.checks import Data
from mlefit.models.linear import LinearPredictor
from mlefit.models.model import set_link


class BinomialRegression(LinearPredictor, routes=("linear predictor",)):
    """How many of how many: `successes_i ~ Binomial(trials_i, p_i)`, where a function of p_i, the link, is
    `intercept + slope . x_i`; call it for that line.

    Parameters: `slope`, in units of the line over units of x, and `intercept`; they start at 0. With one
    trial in each row and the logit it is `LogisticRegression`.

    Args:
        link: `"logit"`, `log(p / (1 - p))`; `"probit"`, the Gaussian quantile of p; or `"cloglog"`, the
            complementary log-log `log(-log(1 - p))`, for events whose number in a row is Poisson.
        intercept: whether there is one.

    Source: C. Bliss, The calculation of the dosage-mortality curve, Ann. Appl. Biol. 22 (1935), 134-167; P.
        McCullagh and J. Nelder, Generalized Linear Models (1989), section 4.3.

    Examples:
        >>> model = BinomialRegression()
        >>> model.log_prob([0.0, 1.0], successes=[1, 6], trials=[6, 6]).numpy().round(4).tolist()
        [-2.3671, -4.1589]
    """

    def __init__(self, link: str = "logit", intercept: bool = True) -> None:
        super().__init__(intercept)
        if link not in _LINKS:
            raise ValueError(f"link must be one of {', '.join(map(repr, _LINKS))}, got {link!r}")
        set_link(self, link)
        self.link = link

    def log_prob(self, x: Data, successes: Data, trials: Data) -> tf.Tensor:
        """Return the log-probability of each count of successes given x_i: a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            successes: counts, 0 to trials, shape `(n,)`.
            trials: numbers of trials, whole, shape `(n,)`.
        """
        x, successes, trials = self._paired(x=x, successes=successes, trials=trials)
        value = _LINKS[self.link].density(successes, trials, self(x))
        return tf.where(trials == tf.floor(trials), value, tf.constant(-np.inf, tf.float64))

    def simulate(
        self, rng: np.random.Generator, x: np.ndarray, successes: np.ndarray, trials: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        return x, rng.binomial(trials.astype(int), self._probability(x)).astype(float), trials

    def cdf(self, x: np.ndarray, successes: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        p = self._probability(x)
        below = np.where(
            successes > 0, special.bdtr(np.maximum(successes - 1, 0), trials.astype(int), p), 0.0
        )
        return below, special.bdtr(successes, trials.astype(int), p)

    def design(self, x: np.ndarray, *data: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return a block's columns of predictors, `(m, k)`, and its successes and failures, `(m, 2)`."""
        successes, trials = data
        return x.reshape(len(x), -1), np.column_stack([successes, trials - successes])

    def derivatives(self, y: np.ndarray, line: np.ndarray) -> tuple[np.ndarray, ...]:
        """Log-probability less `constant`, its derivative, and minus its second one, from both tails."""
        yes, no = y.T
        pairs = zip(*_LINKS[self.link].tails(line), strict=True)
        return tuple(_times(yes, of_yes) + _times(no, of_no) for of_yes, of_no in pairs)

    def information(self, y: np.ndarray, line: np.ndarray) -> np.ndarray:
        """What `derivatives` has last, in the mean over the counts that the predictor makes likely."""
        tails = _LINKS[self.link].tails(line)
        return y.sum(axis=1) * sum(np.exp(log_p) * slope**2 for log_p, slope, _ in tails)

    @staticmethod
    def constant(y: np.ndarray) -> np.ndarray:
        """The logarithm of the number of ways to choose the successes."""
        return special.gammaln(y.sum(axis=1) + 1) - special.gammaln(y + 1).sum(axis=1)

    @staticmethod
    def possible(y: np.ndarray) -> np.ndarray:
        return ((y >= 0) & (y == np.floor(y))).all(axis=1)

    @staticmethod
    def receding(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far the predictor may move down and up for ever so that no log-probability falls."""
        yes, no = y.T
        return np.where((yes == 0) & (no > 0), -np.inf, 0.0), np.where((no == 0) & (yes > 0), np.inf, 0.0)

    def height(self, y: np.ndarray, offset: np.ndarray) -> float | None:
        yes, no = y.sum(axis=0)
        return float(_LINKS[self.link].line(yes / (yes + no))) if yes > 0 and no > 0 else None

    def _probability(self, x):
        (log_yes, *_), _ = _LINKS[self.link].tails(self(x).numpy())
        return np.exp(log_yes)


class _Link(NamedTuple):
    """The log-density; the line of a probability; and, for yes and no, the logarithm of the probability as a
    function of the line, its derivative, and minus its second one."""

    density: Callable
    line: Callable
    tails: Callable


def _times(count, part):
    """A product in which no count makes nothing of infinity."""
    return np.where(count > 0, count * part, 0.0)


def _logit(line):
    yes, no = special.expit(line), special.expit(-line)
    return (special.log_expit(line), no, yes * no), (special.log_expit(-line), -yes, yes * no)


def _probit(line):
    def tail(a):
        slope = np.sqrt(2 / np.pi) / special.erfcx(-a / np.sqrt(2))
        return special.log_ndtr(a), slope, np.maximum(slope * (a + slope), 0.0)

    log_no, slope, curvature = tail(-line)
    return tail(line), (log_no, -slope, curvature)


def _cloglog(line):
    hazard = np.exp(np.minimum(line, 700.0))  # beyond, nothing is left of no
    share, low = 1 / special.exprel(hazard), line < -2
    log_yes = np.where(low, line, 0.0) + np.log(
        np.where(low, special.exprel(-hazard), -np.expm1(-np.maximum(hazard, 0.1)))
    )
    # hazard + share - 1, by its series where the three cancel.
    series = hazard / 2 + hazard**2 / 12 - hazard**4 / 720
    bend = np.where(hazard < 0.01, series, hazard + share - 1)
    return (log_yes, share, share * bend), (-hazard, -hazard, hazard)


_LINKS = {
    "logit": _Link(densities.binomial, special.logit, _logit),
    "probit": _Link(densities.binomial_probit, special.ndtri, _probit),
    "cloglog": _Link(densities.binomial_cloglog, lambda p: np.log(-np.log1p(-p)), _cloglog),
}
