"""Fits of the same data side by side: log-likelihood, parameters, AIC and BIC."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlefit.inference import frames
from mlefit.inference.result import FitResult

_COLUMNS = ("log-likelihood", "parameters", "AIC", "difference", "BIC")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Fits of the same data side by side, as `compare` returns it: print it for the table.

    Attributes:
        labels: what each fit is called, in the order given.
        log_likelihood: of each, `(m,)`, in nats.
        parameters: how many each has fitted, `(m,)`.
        aic, bic: the criteria, `(m,)`.
        difference: of each AIC to the lowest, `(m,)`: 0 for the best.
    """

    labels: tuple[str, ...]
    log_likelihood: np.ndarray
    parameters: np.ndarray
    aic: np.ndarray
    bic: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        return self.aic - self.aic.min()

    def to_frame(self) -> Any:
        """Return the table as a pandas `DataFrame`, a row a fit; an ImportError if there is no pandas."""
        return frames.frame(("model", *_COLUMNS), self._rows())

    def _rows(self) -> Iterator[tuple]:
        columns = self.log_likelihood, self.parameters, self.aic, self.difference, self.bic
        return zip(self.labels, *(column.tolist() for column in columns), strict=True)

    def __str__(self) -> str:
        table = [("model", *_COLUMNS)]
        table += [(label, *map(_written, numbers)) for label, *numbers in self._rows()]
        first, *widths = (max(map(len, column)) for column in zip(*table, strict=True))
        lines = []
        for label, *texts in table:
            cells = (f"{text:>{width}}" for text, width in zip(texts, widths, strict=True))
            lines.append("  ".join([f"{label:{first}}", *cells]))
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        titles = "".join(f"<th>{title}</th>" for title in ("model", *_COLUMNS))
        body = "".join(
            f"<tr><th>{html.escape(label)}</th>"
            + "".join(f"<td>{_written(number)}</td>" for number in numbers)
            + "</tr>"
            for label, *numbers in self._rows()
        )
        return f"<table><tr>{titles}</tr>{body}</table>"


def compare(*fits: FitResult, **labelled: FitResult) -> Comparison:
    """Lay fits of the same data side by side: log-likelihood, number of parameters, AIC and BIC.

    A lower AIC is better: it estimates by how much a model would miss new data of the same kind. Differences
    below about 2 decide nothing. The models need not be nested, but must be of the same data, on the same
    scale: densities of y and of log y cannot be compared.

    Args:
        *fits: results of `fit`, called by the names of their models.
        **labelled: more of them, called by their keywords.

    Returns:
        A `Comparison`, in the order given.

    Raises:
        TypeError: for what is no `FitResult`.
        ValueError: for fewer than two, for fits of different data or not converged, and for a MAP fit, whose
            likelihood is not at its maximum.

    Source: H. Akaike, IEEE Trans. Automatic Control 19 (1974), 716-723; G. Schwarz, Ann. Stat. 6 (1978),
        461-464.

    Examples:
        >>> import mlefit
        >>> x, y = [0.0, 1.0, 2.0, 3.0], [1.0, 2.9, 5.2, 6.9]
        >>> line = mlefit.fit(mlefit.LinearRegression(), x, y)
        >>> mlefit.compare(line=line, constant=mlefit.fit(mlefit.Gaussian(), y)).difference.round(2).tolist()
        [0.0, 21.25]
    """
    results = {**dict(zip(_labels(fits, labelled), fits, strict=True)), **labelled}
    if len(results) < 2:
        raise ValueError(f"compare takes two fits or more, got {len(results)}")
    for label, result in results.items():
        _require_comparable(label, result)
    (first, one), *others = results.items()
    for label, other in others:
        _require_same_data(first, one, label, other)
    found = list(results.values())
    return Comparison(
        labels=tuple(results),
        log_likelihood=np.array([result.log_likelihood for result in found]),
        parameters=np.array([len(result.names) for result in found]),
        aic=np.array([result.aic for result in found]),
        bic=np.array([result.bic for result in found]),
    )


def _labels(fits, taken) -> Sequence[str]:
    """The names of the models, numbered where one stands twice."""
    names = [fit.model if isinstance(fit, FitResult) else f"argument {i + 1}" for i, fit in enumerate(fits)]
    labels = [
        f"{name} {names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]
    return [f"{label} (unnamed)" if label in taken else label for label in labels]


def _require_comparable(label, result):
    if not isinstance(result, FitResult):
        raise TypeError(f"compare takes results of fit, got {result!r} for {label}")
    if not result.converged:
        raise ValueError(f"{label} did not converge, so its likelihood is no maximum: {result.message}")
    if result.log_prior is not None:
        raise ValueError(f"{label} is a MAP fit, whose likelihood is not at its maximum: AIC is not defined")


def _require_same_data(first, one, label, other):
    if one.nobs != other.nobs:
        raise ValueError(
            f"{first} and {label} were fitted to different data: {one.nobs} and {other.nobs} observations"
        )
    if one._response is not None and other._response is not None and one._response != other._response:
        raise ValueError(
            f"{first} and {label} were fitted to different y: densities of different things, such as y and "
            "log y, cannot be compared"
        )
    if not one._data & other._data:
        raise ValueError(f"{first} and {label} were fitted to different data: not one column is the same")


def _written(number):
    return f"{number}" if isinstance(number, int) else f"{number:.4f}"
