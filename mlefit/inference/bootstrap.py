"""The bootstrap: fit data drawn anew many times over, and read errors and intervals off the estimates."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlefit import checks
from mlefit.inference import words

_FAILED = 0.05  # the share of refits that may fail and the rest still tell of all
_STREAM = 1979  # any number: it tells our stream from that of the seed alone
_FIRST = 20  # refits, if all of which fail the others need not be tried


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Estimates from data drawn anew, as `FitResult.bootstrap` and `mlefit.bootstrap` return them.

    Print it for the table. Where more than one refit in twenty failed, errors and intervals are nan, for
    those that failed are not like the others.

    Attributes:
        names: one name for each scalar that was fitted: the columns of `replicates`.
        estimates: of the fit itself, `(p,)`.
        replicates: of the refits, natural scale, `(n, p)`; a row of nan for one that failed.
        failed: how many did.
        message: how the data were drawn, and what became of the refits.
        standard_errors: by name, the standard deviation of the replicates.

    Examples:
        >>> import mlefit
        >>> found = mlefit.bootstrap(mlefit.Gaussian(), [1.0, 2.0, 4.0, 5.0, 8.0], n=200)
        >>> found.replicates.shape, found.failed
        ((200, 2), 0)
    """

    names: tuple[str, ...]
    estimates: np.ndarray
    replicates: np.ndarray
    failed: int
    message: str

    @property
    def standard_errors(self) -> dict[str, float]:
        errors = np.std(self._good(), axis=0, ddof=1)
        return dict(zip(self.names, errors.tolist(), strict=True))

    def interval(self, name: str, level: float = 0.95) -> tuple[float, float]:
        """Return the percentile interval: the quantiles of the replicates, `(low, high)`.

        It follows the shape of their distribution, and stays inside the support. Of few observations it
        covers less than it says, as those of `interval` by the profile or an exact one do not.

        Args:
            name: one of `names`.
            level: the coverage it aims at, between 0 and 1.

        Raises:
            TypeError, ValueError: for an unknown name, and a level that is no number between 0 and 1.

        Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
        """
        level = checks.level(level)
        if name not in self.names:
            raise ValueError(f"name must be one of {', '.join(self.names)}, got {name!r}")
        tails = [(1 - level) / 2, (1 + level) / 2]
        low, high = np.quantile(self._good()[:, self.names.index(name)], tails).tolist()
        return low, high

    def _good(self):
        """The replicates that did not fail; nan if too many did."""
        if self.failed > _FAILED * len(self.replicates):
            return np.full((2, len(self.names)), np.nan)
        return self.replicates[~np.isnan(self.replicates).any(axis=1)]

    def _rows(self):
        for name, estimate in zip(self.names, self.estimates, strict=True):
            yield name, estimate, self.standard_errors[name], *self.interval(name)

    def __str__(self) -> str:
        width = max(12, *map(len, self.names))
        titles = f"{'':{width}}{'estimate':>14}{'std. error':>14}{'95% low':>14}{'95% high':>14}"
        rows = (
            f"{name:{width}}" + "".join(f"{number:>14.6g}" for number in numbers)
            for name, *numbers in self._rows()
        )
        return "\n".join([f"bootstrap: {self.message}", "", titles, *rows])

    __repr__ = __str__

    def _repr_html_(self):
        titles = "".join(
            f"<th>{title}</th>" for title in ("", "estimate", "std. error", "95% low", "95% high")
        )
        body = "".join(
            f"<tr><th>{html.escape(name)}</th>"
            + "".join(f"<td>{number:.6g}</td>" for number in numbers)
            + "</tr>"
            for name, *numbers in self._rows()
        )
        return f"<p>bootstrap: {html.escape(self.message)}</p><table><tr>{titles}</tr>{body}</table>"


def generator(seed: int) -> np.random.Generator:
    """Return a source of random numbers that are others than those of `default_rng(seed)`.

    With those the data themselves may have been drawn, and what is drawn again must not repeat them.
    """
    return np.random.default_rng([checks.count("seed", seed, at_least=0), _STREAM])


def bootstrap(
    draw: Callable[[np.random.Generator], Any],
    refit: Callable[[Any], tuple[np.ndarray, str | None]],
    names: Sequence[str],
    estimates: np.ndarray,
    how: str,
    n: int,
    seed: int,
) -> Bootstrap:
    """Draw data and fit them, n times over.

    Args:
        draw: function from a random generator to data.
        refit: function from data to estimates `(p,)` and what is wrong with them, or None.
        names, estimates: of the fit itself, `(p,)`.
        how: the data were drawn, in words.
        n: number of refits, at least 2.
        seed: of the random numbers.
    """
    n, rng = checks.count("n", n, at_least=2), generator(seed)
    replicates, failures = np.empty((n, len(names))), []
    for i in range(n):
        replicates[i], trouble = refit(draw(rng))
        if trouble is not None:
            replicates[i] = np.nan
            failures.append(trouble)
        if len(failures) == min(_FIRST, n) == i + 1:
            raise ValueError(f"the first {i + 1} refits of the bootstrap failed: {failures[0]}")
    message = words.refits(how, n, failures)
    if len(failures) > _FAILED * n:
        words.warn(message)
    return Bootstrap(tuple(names), estimates, replicates, len(failures), message)
