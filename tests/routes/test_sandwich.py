"""HC3 and clustered errors against published digits, the textbook's formula, and statsmodels."""

import keras
import numpy as np
import pandas as pd
import pytest

import mlefit

rng = np.random.default_rng(6)
X = rng.normal(size=60)
Y = 1 + X + np.abs(X) * rng.normal(size=60)
LABELS = np.repeat(np.arange(20), 3)


def schools():
    table = mlefit.data.load("schools")
    spending, income = (np.asarray(table[name], float) for name in ("expenditure", "income"))
    there = np.isfinite(spending)
    income = income[there] / 1e4
    return np.column_stack([income, income**2]), spending[there]


def sandwich(design, y, scores_of):
    """The covariance of the coefficients of least squares, from a function of rows times residuals."""
    inverse = np.linalg.inv(design.T @ design)
    residuals = y - design @ (inverse @ design.T @ y)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    scores = scores_of(design * residuals[:, None], leverage)
    return np.sqrt(np.diag(inverse @ scores.T @ scores @ inverse))


@pytest.mark.parametrize(
    ("covariance", "published"),
    [
        ("robust", [1243.0430, 829.9927, 460.8917]),  # HC0
        ("hc3", [2975.4114, 1995.2420, 1095.0006]),
    ],
)
def test_the_schools_have_the_published_errors(covariance, published):
    x, y = schools()
    result = mlefit.fit(mlefit.LinearRegression(), x, y, covariance=covariance)
    errors = [*result.standard_errors["slope"], result.standard_errors["intercept"]]
    np.testing.assert_allclose(errors, published, rtol=2e-7)
    assert result.covariance_type == covariance and "robust" in str(result)
    low, high = result.interval("intercept")
    assert (high - low) / 2 == pytest.approx(1.959963985 * published[-1], rel=1e-6)


def test_hc3_is_the_formula_with_and_without_an_intercept_and_with_weights():
    for intercept in (True, False):
        design = np.column_stack([X, np.ones(60)]) if intercept else X[:, None]
        expected = sandwich(design, Y, lambda s, h: s / (1 - h)[:, None])
        result = mlefit.fit(mlefit.LinearRegression(intercept=intercept), X, Y, covariance="hc3")
        found = [result.standard_errors[name] for name in result.names[:-1]]
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    mean = mlefit.fit(mlefit.Gaussian(), Y, covariance="hc3")
    assert mean.standard_errors["mean"] == pytest.approx(Y.std() * 60 / 59 / np.sqrt(60), rel=1e-12)
    weights = rng.integers(0, 4, 60)
    one = mlefit.fit(mlefit.LinearRegression(), X, Y, covariance="hc3", weights=weights)
    other = mlefit.fit(
        mlefit.LinearRegression(), np.repeat(X, weights), np.repeat(Y, weights), covariance="hc3"
    )
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-9)


def test_an_observation_that_alone_decides_its_column_is_named():
    x = np.column_stack([X, np.arange(60) == 17])
    with pytest.warns(mlefit.FitWarning, match="the observation at index 17 has leverage 1"):
        result = mlefit.fit(mlefit.LinearRegression(), x, Y, covariance="hc3")
    assert np.isnan(result.covariance).all() and np.isfinite(result.estimates["slope"]).all()


@pytest.mark.parametrize("labels", [LABELS, [f"school {i}" for i in LABELS], pd.Series(LABELS * 1.5)])
def test_clusters_are_the_formula_whatever_their_labels(labels):
    expected = sandwich(
        np.column_stack([X, np.ones(60)]),
        Y,
        lambda s, h: np.array([s[g == LABELS].sum(0) for g in range(20)]),
    )
    result = mlefit.fit(mlefit.LinearRegression(), X, Y, covariance="robust", cluster=labels)
    found = [result.standard_errors["slope"], result.standard_errors["intercept"]]
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert result.covariance_type == "cluster" and "by cluster" in str(result)


class Line(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.slope, self.height = self.parameter("slope", 0.0), self.parameter("height", 0.0)
        self.stddev = self.parameter("stddev", 1.0, support="positive")

    def log_prob(self, x, y):
        return mlefit.densities.gaussian(y, self.slope() * x + self.height(), self.stddev())


def test_each_route_has_the_same_clusters():
    curve = mlefit.NonlinearRegression(lambda x, a, b: a * x + b, a=0.0, b=0.0)
    shuffled = rng.permutation(60)
    reference = mlefit.fit(mlefit.LinearRegression(), X, Y, covariance="robust", cluster=LABELS).covariance
    for model, method in [
        (mlefit.LinearRegression(), "newton"),
        (Line(), "auto"),
        (curve, "auto"),
        (mlefit.LinearRegression(), "auto"),
    ]:
        x, y, labels = X[shuffled], Y[shuffled], LABELS[shuffled]
        result = mlefit.fit(model, x, y, covariance="robust", cluster=labels, method=method)
        np.testing.assert_allclose(result.covariance, reference, rtol=1e-6, atol=1e-9)


def test_clusters_of_one_change_nothing_and_those_of_weighted_rows_are_of_repeated_ones():
    plain = mlefit.fit(mlefit.LogisticRegression(), X, Y > 1, covariance="robust")
    single = mlefit.fit(mlefit.LogisticRegression(), X, Y > 1, covariance="robust", cluster=np.arange(60))
    np.testing.assert_allclose(single.covariance, plain.covariance, rtol=1e-9)
    weights = np.arange(60) % 3
    one = mlefit.fit(
        mlefit.PoissonRegression(), X, LABELS, covariance="robust", weights=weights, cluster=LABELS
    )
    x, y, labels = (np.repeat(values, weights) for values in (X, LABELS, LABELS))
    other = mlefit.fit(mlefit.PoissonRegression(), x, y, covariance="robust", cluster=labels)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=1e-7)


def test_a_logistic_regression_has_the_clusters_of_statsmodels():
    x = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0])
    y = np.array([0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1])
    result = mlefit.fit(mlefit.LogisticRegression(), x, y, covariance="robust", cluster=list("aabbccddeeff"))
    # statsmodels 0.15: Logit(...).fit(cov_type="cluster", cov_kwds={"use_correction": False, ...})
    assert result.standard_errors == pytest.approx({"slope": 0.32641717, "intercept": 1.11983647}, rel=1e-6)


def test_few_clusters_are_refused_and_the_estimates_stand():
    labels = np.arange(60) % 3
    with pytest.warns(mlefit.FitWarning, match="3 clusters cannot tell the errors of 3 parameters"):
        result = mlefit.fit(mlefit.LinearRegression(), X, Y, covariance="robust", cluster=labels)
    assert np.isnan(result.standard_errors["slope"]) and np.isfinite(result.estimates["slope"])
    assert np.isnan(result.interval("slope")).all()
    assert mlefit.fit(
        mlefit.LinearRegression(), X, Y, covariance="robust", cluster=np.arange(60) % 4
    ).converged


def test_a_bootstrap_draws_whole_clusters():
    effects = np.random.default_rng(1).normal(size=40)
    labels = np.repeat(np.arange(40), 5)
    y = effects[labels] + 0.1 * np.random.default_rng(2).normal(size=200)
    found = mlefit.bootstrap(mlefit.Gaussian(), y, n=400, covariance="robust", cluster=labels)
    means = y.reshape(40, 5).mean(axis=1)
    assert found.standard_errors["mean"] == pytest.approx(means.std() / np.sqrt(40), rel=3.5 / np.sqrt(800))


@pytest.mark.parametrize(
    ("kind", "message", "model", "options"),
    [
        (ValueError, "covariance must be one of .*'hc3', got 'hc2'", mlefit.Gaussian, {"covariance": "hc2"}),
        (ValueError, "covariance='hc3' is for Gaussian", Line, {"covariance": "hc3"}),
        (
            ValueError,
            "covariance='hc3' is for Gaussian",
            mlefit.LinearRegression,
            {"covariance": "hc3", "method": "newton"},
        ),
        (
            ValueError,
            "with no parameter held",
            mlefit.LinearRegression,
            {"covariance": "hc3", "fixed": {"stddev": 1.0}},
        ),
        (
            ValueError,
            "covariance='hc3' is for Gaussian",
            mlefit.LinearRegression,
            {"covariance": "hc3", "method": keras.optimizers.SGD(0.1), "steps": 3},
        ),
        (
            ValueError,
            "cluster is for covariance='robust', got covariance='observed'",
            Line,
            {"cluster": LABELS},
        ),
        (
            ValueError,
            r"shape \(60,\), got shape \(59,\)",
            Line,
            {"cluster": LABELS[1:], "covariance": "robust"},
        ),
        (ValueError, r"got shape \(\)", Line, {"cluster": "school", "covariance": "robust"}),
        (
            ValueError,
            "got nan at index 3",
            Line,
            {"cluster": np.where(np.arange(60) == 3, np.nan, 1.0), "covariance": "robust"},
        ),
        (
            ValueError,
            "got None at index 0",
            Line,
            {"cluster": np.array([None, *"abc"] * 15, object), "covariance": "robust"},
        ),
        (
            TypeError,
            "cluster must have labels of one kind",
            Line,
            {"cluster": np.array([1, "b"] * 30, object), "covariance": "robust"},
        ),
    ],
)
def test_bad_input_is_refused(kind, message, model, options):
    with pytest.raises(kind, match=message):
        mlefit.fit(model(), X, Y, **options) if model is not mlefit.Gaussian else mlefit.fit(
            model(), X, **options
        )


def test_labels_of_rows_in_another_order_are_refused():
    x, y = pd.Series(X), pd.Series(Y)
    with pytest.raises(ValueError, match="y and cluster have different pandas indexes"):
        labels = pd.Series(LABELS, index=np.arange(60)[::-1])
        mlefit.fit(mlefit.LinearRegression(), x, y, covariance="robust", cluster=labels)
