"""Sums and products in twice the precision against exact fractions."""

from fractions import Fraction

import numpy as np
import pytest

from mlefit.solvers.compensated import Sum, two_product, two_sum

rng = np.random.default_rng(0)
A, B = (rng.normal(size=200) * 10.0 ** rng.integers(-20, 20, 200) for _ in range(2))


def exact(values):
    return [Fraction(float(value)) for value in values]


@pytest.mark.parametrize(
    ("pair", "operation"), [(two_sum, Fraction.__add__), (two_product, Fraction.__mul__)]
)
def test_nothing_is_lost(pair, operation):
    high, low = pair(A, B)
    for h, e, a, b in zip(*map(exact, (high, low, A, B)), strict=True):
        assert h + e == operation(a, b)


def test_a_sum_over_blocks_is_rounded_once():
    total = Sum()
    for low in range(0, 200, 30):
        product, error = two_product(A[low : low + 30], B[low : low + 30])
        total.add(product, error)
    truth = sum(a * b for a, b in zip(exact(A), exact(B), strict=True))
    assert total.value() == float(truth)


def test_a_dot_product_that_cancels():
    total = Sum()
    a, b = np.array([1e10, 1.0, -1e10]), np.array([1e10 + 1, 1e-10, 1e10 + 1])
    total.add(*two_product(a, b))
    assert total.value() == 1e-10


def test_an_empty_sum_is_zero():
    assert Sum().value() == 0.0
