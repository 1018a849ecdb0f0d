"""Logistic and Poisson regression in closed form, against automatic differentiation of their densities."""

import numpy as np
import pytest

import mlefit
from mlefit.likelihood.linear_predictor import ROWS, LinearPredictorObjective
from mlefit.likelihood.objective import Objective
from mlefit.likelihood.rows import Rows

rng = np.random.default_rng(5)
N = ROWS + 100  # two blocks
X = rng.normal([1.0, -20.0], [0.5, 3.0], (N, 2))
OFFSET = rng.normal(size=N)
YES, COUNTS = (rng.random(N) < 0.3).astype(float), rng.poisson(2.0, N).astype(float)
CASES = [
    (mlefit.LogisticRegression, (X, YES)),
    (mlefit.LogisticRegression, (X[:, 0], YES)),
    (mlefit.PoissonRegression, (X, COUNTS)),
    (mlefit.PoissonRegression, (X, COUNTS, OFFSET)),
]


def closed_form(family, x, y, *offset, intercept=True):
    columns = dict(zip(["x", "y", "offset"], [x.reshape(len(y), -1), y, *offset], strict=False))
    return LinearPredictorObjective(family, Rows(**columns), intercept)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(("make", "data"), CASES)
def test_value_gradient_hessian_and_scores(make, data, intercept):
    model = make(intercept=intercept)
    model.nll(*data)
    closed = closed_form(model, *data, intercept=intercept)
    point = 0.3 * rng.normal(size=len(closed.back))
    outer = closed.back @ point
    traced = Objective(
        model, Rows(**dict(zip(["x", "y", "offset"], data, strict=False))), np.zeros(len(outer))
    )
    value, gradient, hessian = traced(outer)
    found, slopes, curvature = closed(point)
    assert found == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(slopes, closed.back.T @ gradient, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(curvature, closed.back.T @ hessian @ closed.back, rtol=1e-9, atol=1e-12)
    scores = np.concatenate(list(traced.scores(outer)))
    np.testing.assert_allclose(
        np.concatenate(list(closed.scores(point))), scores @ closed.back, rtol=1e-9, atol=1e-12
    )


@pytest.mark.parametrize("line", [-800.0, -40.0, 40.0, 800.0])
def test_far_from_the_middle_no_digit_is_lost(line):
    y, x = np.array([0.0, 1.0]), np.ones(2)
    value, gradient, hessian = closed_form(mlefit.LogisticRegression, x, y, intercept=False)(np.array([line]))
    near, far = np.exp(-abs(line)), abs(line)
    assert value == pytest.approx(0.5 * far, rel=1e-15)
    residuals = np.array([-1.0, near]) if line > 0 else np.array([-near, 1.0])
    assert gradient[0] == -0.5 * residuals.sum() and hessian[0, 0] == pytest.approx(near, rel=1e-14)


@pytest.mark.parametrize(
    ("family", "bad"),
    [
        (mlefit.LogisticRegression, 0.5),
        (mlefit.LogisticRegression, 2.0),
        (mlefit.PoissonRegression, -1.0),
        (mlefit.PoissonRegression, 1.5),
    ],
)
def test_what_cannot_occur(family, bad):
    y = np.ones(2 * ROWS)
    assert closed_form(family, y, y).possible()
    y[-1] = bad
    assert not closed_form(family, y, y).possible()


def test_a_sample_is_spread_over_the_data():
    n = 5 * ROWS
    x, y = np.arange(n, dtype=float), np.arange(n) % 2.0
    whole = closed_form(mlefit.LogisticRegression, x, y)
    assert whole.sample(n // 2) is whole
    few = whole.sample(ROWS)
    seen, answers = few.rows.whole()
    assert few.nobs == len(seen) == len(answers) == ROWS
    assert seen[-1, 0] > 0.9 * n and whole.nobs == n


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_many_observations_from_a_sample(scale):
    """The estimates are those of all observations, not of the sample that shows the way."""
    n = 10 * ROWS
    x = rng.normal(size=n)
    y = rng.poisson(np.exp(0.5 + 0.3 * x)).astype(float)
    result = mlefit.fit(mlefit.PoissonRegression(), x * scale, y)
    rate = np.exp(result.estimates["intercept"] + result.estimates["slope"] * scale * x)
    errors = np.sqrt(np.diag(np.linalg.inv(np.array([[rate @ x**2, rate @ x], [rate @ x, rate.sum()]]))))
    assert np.abs([(y - rate) @ x, (y - rate).sum()] * errors).max() < 1e-6
    found = [result.standard_errors["slope"] * scale, result.standard_errors["intercept"]]
    np.testing.assert_allclose(found, errors, rtol=5e-6)
