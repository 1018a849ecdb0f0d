"""Rows: where observations lie, and the only way to them."""

import math
import threading

import numpy as np
import pytest

import mlefit
from mlefit.likelihood.rows import Rows

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(1003, 2)), rng.normal(size=1003)


def rows():
    return Rows(x=X, y=Y)


@pytest.mark.parametrize("size", [1, 10, 1002, 1003, 5000])
def test_blocks_are_the_rows_in_order(size):
    blocks = list(rows().blocks(size))
    assert all(len(x) == len(y) <= size for x, y in blocks)
    np.testing.assert_array_equal(np.concatenate([x for x, _ in blocks]), X)
    np.testing.assert_array_equal(np.concatenate([y for _, y in blocks]), Y)
    mapped = list(rows().map(lambda weights, x, y: (x.sum(), len(y)), size))
    assert [n for _, n in mapped] == [len(y) for _, y in blocks]


def test_sums_have_the_same_bits_whatever_the_threads():
    sums = [rows().sum(lambda weights, x, y: [x.T @ y, y.sum()], 10) for _ in range(5)]
    for first, second in sums:
        np.testing.assert_array_equal(first, sums[0][0])
        assert second == sums[0][1] == pytest.approx(math.fsum(Y), abs=1e-12)
    total = 0.0
    for _, y in rows().blocks(10):
        total = total + y.sum()
    assert sums[0][1] == total


def test_an_error_in_a_block_is_that_of_the_first():
    def fails(weights, x, y):
        if len(y) == 3 or threading.current_thread() is threading.main_thread():
            raise KeyError("the last block")
        return 1

    with pytest.raises(KeyError, match="the last block"):
        rows().sum(fails, 10)


@pytest.mark.parametrize("size", [1, 100, 400, 501])
def test_a_sample_is_evenly_spaced_from_end_to_end(size):
    few = Rows(x=np.arange(1003.0)).sample(size)
    (places,) = few.whole()
    assert few.nobs == len(places) == size
    assert places[0] == 0 and places[-1] >= 1003 - 1003 / size - 1
    assert np.ptp(np.diff(places)) <= 1 if size > 1 else True


def test_a_sample_keeps_rows_together_and_is_itself_where_rows_are_few():
    x, y = rows().sample(100).whole()
    there = np.arange(100) * 1003 // 100
    np.testing.assert_array_equal(x, X[there])
    np.testing.assert_array_equal(y, Y[there])
    whole = rows()
    assert whole.sample(900) is whole and whole.sample(5000) is whole


def test_a_change_is_made_as_rows_are_handed_over():
    changed = rows().changed(lambda x, y: (x[:, 0], y, x[:, 1])).changed(lambda a, y, b: (a + b, 2 * y))
    assert changed.shapes == ((), ()) and changed.nobs == 1003
    a, y = changed.sample(50).whole()
    there = np.arange(50) * 1003 // 50
    np.testing.assert_array_equal(a, X[there].sum(axis=1))
    np.testing.assert_array_equal(y, 2 * Y[there])
    assert rows().shapes == ((2,), ())


def test_rows_are_named_and_told_apart():
    assert rows().names == ("x", "y")
    row = rows().row(7)
    assert list(row) == ["x", "y"] and row["y"] == Y[7] and (row["x"] == X[7]).all()
    assert rows().fingerprints() == Rows(x=X.copy(), y=Y.copy()).fingerprints()
    assert not rows().fingerprints() & Rows(x=X + 1, y=Y + 1).fingerprints()


def test_a_fit_leaves_its_data_alone():
    x, y = X.copy(), Y.copy()
    for array in (x, y):
        array.setflags(write=False)
    assert mlefit.fit(mlefit.LinearRegression(), x, y).converged
    assert mlefit.fit(mlefit.LinearRegression(), x, y, method="newton").converged
