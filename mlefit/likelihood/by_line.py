"""What is computed of one block of rows of a regression through a linear predictor, from closed forms.

The derivatives of a log-density by its predictor are numbers, so with the columns X the gradient is `X' u`
and the Hessian `-X' diag(w) X`, u being the first derivative and w minus the second: nothing need be traced.
Each is a function of the weights and columns of a block that can travel to where the rows lie.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlefit.likelihood.by_block import pieces, rooted
from mlefit.models.linear import LinearPredictor
from mlefit.solvers import qr

ROWS = 8192  # computed at a time: they stay in the processor's cache
type Weights = np.ndarray | None


@dataclass(frozen=True)
class Line:
    """The linear predictor at a point, for columns of x less `centre`, over `scale`.

    Attributes:
        family: the model, or its class: it has what `models.linear.LinearPredictor` says.
        centre, scale: of the columns, `(k,)`.
        intercept: whether the point's last entry is the height of the line in the middle.
        point: `(p,)`.
    """

    family: LinearPredictor | type[LinearPredictor]
    centre: np.ndarray
    scale: np.ndarray
    intercept: bool
    point: np.ndarray

    def pieces(self, weights: Weights, *columns: np.ndarray) -> Iterator[tuple]:
        """Yield, piece by piece, the weights, the centred columns, the responses and the line."""
        slopes = self.point[: len(self.scale)] / self.scale  # by the columns centred but not scaled
        height = self.point[-1] if self.intercept else 0.0
        for part in pieces(len(columns[0]), ROWS):
            X, y, *offset = (values[part] for values in columns)
            X = X - self.centre if self.centre.any() else X
            yield (None if weights is None else weights[part]), X, y, sum(offset, X @ slopes + height)

    def derivatives(self, weights: Weights, *columns: np.ndarray, weigh: bool = True) -> Iterator[tuple]:
        """Yield, piece by piece, the centred columns, and the family's derivatives by the line: each times
        the weight of its row, if they are to be weighed."""
        for w, X, y, line in self.pieces(weights, *columns):
            parts = self.family.derivatives(y, line)
            yield X, *(parts if w is None or not weigh else (w * part for part in parts))


@dataclass(frozen=True)
class LineSums:
    """The sums over a block that make value, gradient and Hessian: a list of four arrays."""

    line: Line

    def __call__(self, weights: Weights, *columns: np.ndarray) -> list[np.ndarray]:
        k = len(self.line.scale)
        sums, slope_pull, border, curvature = np.zeros(3), np.zeros(k), np.zeros(k), np.zeros((k, k))
        with np.errstate(over="ignore", invalid="ignore"):
            for X, terms, pull, weight in self.line.derivatives(weights, *columns):
                sums += terms.sum(), pull.sum(), weight.sum()
                slope_pull += pull @ X
                border += weight @ X
                curvature += X.T @ (X * weight[:, None])
        return [sums, slope_pull, border, curvature]


@dataclass(frozen=True)
class LinePull:
    """The sums over a block that make the gradient: of each column times u, and of u."""

    line: Line

    def __call__(self, weights: Weights, *columns: np.ndarray) -> list[Any]:
        slope_pull, total = np.zeros(len(self.line.scale)), 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            for X, _, pull, _ in self.line.derivatives(weights, *columns):
                slope_pull, total = slope_pull + pull @ X, total + pull.sum()
        return [slope_pull, total]


@dataclass(frozen=True)
class LineScores:
    """The scores of a block's observations: R, `(p, p)`, with `R' R` the sum of `s s'`."""

    line: Line

    def __call__(self, weights: Weights, *columns: np.ndarray) -> np.ndarray:
        parts = pieces(len(columns[0]), ROWS)
        return qr.triangle(
            rooted(block, weights, part).T for block, part in zip(self.scores(*columns), parts, strict=True)
        )

    def scores(self, *columns: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the scores s, piece by piece, each `(m, p)`."""
        line = self.line
        for X, _, pull, _ in line.derivatives(None, *columns):
            with np.errstate(over="ignore", invalid="ignore"):
                found = X / line.scale * pull[:, None]
            yield np.hstack([found, *[pull[:, None]] * line.intercept])


@dataclass(frozen=True)
class LineInformation:
    """The sum over a block of what minus the Hessian is in the mean over responses, `(p, p)`."""

    line: Line

    def __call__(self, weights: Weights, *columns: np.ndarray) -> np.ndarray:
        line, p = self.line, len(self.line.point)
        total = np.zeros((p, p))
        for w, X, y, height in line.pieces(weights, *columns):
            scaled = np.hstack([X / line.scale, *[np.ones((len(X), 1))] * line.intercept])
            weight = line.family.information(y, height) * (1.0 if w is None else w)
            total += scaled.T @ (scaled * weight[:, None])
        return total


@dataclass(frozen=True)
class Constants:
    """Of a block: the sum of the part of the log-densities that no coefficient changes, and how many y cannot
    occur."""

    family: LinearPredictor | type[LinearPredictor]

    def __call__(self, weights: Weights, X: np.ndarray, y: np.ndarray, *offset: np.ndarray) -> np.ndarray:
        found = np.zeros(2)
        for part in pieces(len(y), ROWS):
            constant = self.family.constant(y[part])
            constant = constant if weights is None else constant * weights[part]
            found += np.sum(constant), np.sum(~self.family.possible(y[part]))
        return found
