"""Sums and products that keep their rounding errors: twice the working precision, on any machine.

A number is held as an unevaluated sum of two floats, high and low. NumPy's `longdouble` would be simpler, but
on some platforms it has no more digits than a float, on few as many as this, and it is no faster.

Source: T. J. Dekker, A floating-point technique for extending the available precision, Numerische Mathematik
18 (1971), 224-242; T. Ogita, S. M. Rump and S. Oishi, Accurate sum and dot product, SIAM Journal on
Scientific Computing 26 (2005), 1955-1988.
"""

import math
from typing import Any

import numpy as np

type Number = float | np.ndarray  # what comes of two of them is an array if one is

_FEW = 32  # numbers that need not be added by halves
_SPLITTER = 2.0**27 + 1


def two_sum(a: Number, b: Number) -> tuple[Any, Any]:
    """Return the rounded sum and its rounding error: together they are exactly `a + b`.

    Examples:
        >>> two_sum(1.0, 1e-20)
        (1.0, 1e-20)
    """
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Number, b: Number) -> tuple[Any, Any]:
    """Return the rounded product and its rounding error: together they are exactly `a * b`.

    Exact unless a number is beyond 1e299, or a product beyond 1e308 or below 1e-290.

    Examples:
        >>> product, error = two_product(1 + 2.0**-30, 1 - 2.0**-30)
        >>> product, error == -(2.0**-60)
        (1.0, True)
    """
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    return product, error


def _split(a):
    scaled = _SPLITTER * a
    high = scaled - (scaled - a)
    return high, a - high


class Sum:
    """A running sum over blocks of numbers, each one high or high and low.

    Examples:
        >>> total = Sum()
        >>> for block in ([1e16, 1.0], [1.0, -1e16]):
        ...     total.add(np.array(block))
        >>> total.value()
        2.0
    """

    def __init__(self) -> None:
        self.high, self.low = np.zeros(0), np.zeros(0)

    def add(self, high: np.ndarray, low: np.ndarray | float = 0.0) -> None:
        """Add a block, `(m,)`, no longer than the first one."""
        if len(self.high) == 0:
            self.high, self.low = np.zeros(len(high)), np.zeros(len(high))
        m = len(high)
        self.high[:m], error = two_sum(self.high[:m], high)
        self.low[:m] += error + low

    def pair(self) -> tuple[float, float]:
        """Return the sum as two numbers, high and low."""
        high, low = self.high, self.low
        while len(high) > _FEW:
            half = len(high) // 2
            rest = high[2 * half :], low[2 * half :]
            total, error = two_sum(high[:half], high[half : 2 * half])
            low = np.concatenate([low[:half] + low[half : 2 * half] + error, rest[1]])
            high = np.concatenate([total, rest[0]])
        numbers = np.concatenate([high, low]).tolist()
        total = math.fsum(numbers)
        return total, math.fsum([*numbers, -total])

    def value(self) -> float:
        """Return the sum, rounded once."""
        return math.fsum(np.concatenate([self.high, self.low]).tolist())
