"""What linear least squares computes of one block of rows: functions of its weights and columns.

They hold no rows, so that they can travel to where those lie.
"""

from dataclasses import dataclass

import numpy as np

from mlefit.solvers import qr
from mlefit.solvers.compensated import Sum, two_product, two_sum


@dataclass(frozen=True)
class Centred:
    """Where the columns of x and, last, y are measured from, and in what units.

    Attributes:
        scale: powers of two, `(k + 1,)`.
        centre: of the scaled columns, `(k + 1,)`.
        intercept: whether the line has one.
    """

    scale: np.ndarray
    centre: np.ndarray
    intercept: bool

    def columns(self, x: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Return the scaled columns, each `(m,)`."""
        columns = zip([*x.T, y], self.scale, strict=True)
        return [column if scale == 1 else column * scale for column, scale in columns]


@dataclass(frozen=True)
class Factor:
    """The triangular factor of a block of the matrix (1, x, y), centred; (x, y) without an intercept.

    With weights its rows are multiplied by their roots.
    """

    centred: Centred

    def __call__(self, weights: np.ndarray | None, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        intercept, block = self.centred.intercept, self.centred.columns(x, y)
        first = int(intercept and weights is not None)
        matrix = np.empty((first + len(block), len(block[0])))
        for row, u, c in zip(matrix[first:], block, self.centred.centre, strict=True):
            np.subtract(u, c, out=np.asarray(row))
        if weights is not None:
            matrix[:first] = 1.0
            matrix *= np.sqrt(weights)
        return qr.triangle([matrix], ones=intercept and weights is None)


@dataclass(frozen=True)
class Gradient:
    """The sums over a block of X'Wr, and of r'Wr, r being the residuals: in twice the precision.

    They are an array `(q, 2)` of pairs, high and low: one for each slope, for the height if there is an
    intercept, and for the squares.

    Args:
        centred: `Centred`.
        high, low: the slopes and the height at the centre, as sums of two floats.
    """

    centred: Centred
    high: np.ndarray
    low: np.ndarray

    def __call__(self, weights: np.ndarray | None, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        products, squares, intercept = [Sum() for _ in self.high], Sum(), self.centred.intercept
        block = self.centred.columns(x, y)
        *columns, (r_high, r_low) = [two_sum(u, -c) for u, c in zip(block, self.centred.centre, strict=True)]
        for (z_high, z_low), b_high, b_low in zip(columns, self.high, self.low, strict=False):
            product, error = two_product(z_high, -b_high)
            r_high, rest = two_sum(r_high, product)
            r_low = r_low + (rest + error - z_high * b_low - z_low * b_high)
        if intercept:
            r_high, rest = two_sum(r_high, -self.high[-1])
            r_low = r_low + (rest - self.low[-1])
        r_high, r_low = two_sum(r_high, r_low)
        own_high, own_low = r_high, r_low
        if weights is not None:
            r_high, rest = two_product(weights, r_high)
            r_high, r_low = two_sum(r_high, rest + weights * r_low)
        for total, (z_high, z_low) in zip(products, columns, strict=False):
            product, error = two_product(z_high, r_high)
            total.add(product, error + z_high * r_low + z_low * r_high)
        if intercept:
            products[-1].add(r_high, r_low)
        square, error = two_product(own_high, r_high)
        squares.add(square, error + own_high * r_low + own_low * r_high)
        return np.array([total.pair() for total in (*products, squares)])
