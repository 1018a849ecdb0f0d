"""Parameters held fixed: the optimum of the others, by closed forms and by fits of smaller models."""

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.stats
from keras import ops

import mlefit
from mlefit.densities import student_t

rng = np.random.default_rng(8)
N = 80
X = rng.normal(size=(N, 2)) * [1.0, 30.0] + [0.0, 500.0]
Y = 1 + X @ [2.0, 0.1] + 1.5 * rng.normal(size=N)
YES = (rng.random(N) < 1 / (1 + np.exp(-X[:, 0]))).astype(float)
COUNTS = rng.poisson(np.exp(0.5 + 0.3 * X[:, 0])).astype(float)


class Heavy(mlefit.Model):
    def __init__(self, df=4.0):
        super().__init__()
        self.location = self.parameter("location", 0.0)
        self.scale = self.parameter("scale", 1.0, support="positive")
        self.df = self.parameter("df", df, support="positive")

    def log_prob(self, x):
        return student_t(x, self.location(), self.scale(), self.df())


def same_covariance(result, other, tolerance):
    errors = np.sqrt(np.diag(other.covariance))
    assert (np.abs(result.covariance - other.covariance) <= tolerance * np.outer(errors, errors)).all()


def test_a_gaussian_with_a_known_spread():
    result = mlefit.fit(mlefit.Gaussian(), Y, fixed={"stddev": 2.0})
    assert result.names == ("mean",) and result.fixed == {"stddev": 2.0}
    assert result.estimates["mean"] == pytest.approx(Y.mean(), rel=1e-12)
    assert result.estimates["stddev"] == 2.0 and np.isnan(result.standard_errors["stddev"])
    assert result.standard_errors["mean"] == pytest.approx(2 / np.sqrt(N), rel=1e-12)
    assert result.log_likelihood == pytest.approx(scipy.stats.norm.logpdf(Y, Y.mean(), 2.0).sum(), rel=1e-13)
    assert result.aic == pytest.approx(2 - 2 * result.log_likelihood, rel=1e-14)
    reach = scipy.stats.norm.ppf(0.975) * 2 / np.sqrt(N)
    for method in ("auto", "wald", "profile"):
        ends = result.interval("mean", method=method)
        np.testing.assert_allclose(ends, [Y.mean() - reach, Y.mean() + reach], rtol=1e-9)
    with pytest.raises(ValueError, match="name must be one of mean, got 'stddev'"):
        result.interval("stddev")
    assert "held fixed      stddev = 2\n" in str(result)


def test_a_gaussian_with_a_known_mean_has_its_exact_interval():
    result = mlefit.fit(mlefit.Gaussian(), Y, fixed={"mean": 50.0})
    stddev = np.sqrt(np.mean((Y - 50.0) ** 2))
    assert result.estimates["stddev"] == pytest.approx(stddev, rel=1e-11)
    assert result.standard_errors["stddev"] == pytest.approx(stddev / np.sqrt(2 * N), rel=1e-9)
    tails = scipy.stats.chi2.ppf([0.975, 0.025], N)
    np.testing.assert_allclose(result.interval("stddev"), stddev * np.sqrt(N / tails), rtol=1e-9)


@pytest.mark.parametrize(
    "make", [mlefit.LinearRegression, mlefit.LogisticRegression, mlefit.PoissonRegression]
)
def test_a_slope_of_zero_leaves_its_column_out(make):
    y = {"LinearRegression": Y, "LogisticRegression": YES, "PoissonRegression": COUNTS}[make.__name__]
    result = mlefit.fit(make(), X, y, fixed={"slope[1]": 0.0})
    without = mlefit.fit(make(), X[:, 0], y)
    assert "slope[1]" not in result.names and len(result.names) == len(without.names)
    assert result.estimates["slope"][0] == pytest.approx(without.estimates["slope"], rel=1e-9)
    same_covariance(result, without, 1e-7)
    assert result.log_likelihood == pytest.approx(without.log_likelihood, rel=1e-12)
    statistic, freedom, _ = mlefit.fit(make(), X, y).likelihood_ratio_test(result)
    assert freedom == 1 and statistic >= 0
    for name, other in zip(result.names, without.names, strict=True):
        for method in ("auto", "profile"):
            ends = result.interval(name, method=method)
            np.testing.assert_allclose(ends, without.interval(other, method=method), rtol=1e-6)
    for found, alone in zip(result.predict(X[:5]), without.predict(X[:5, 0]), strict=True):
        np.testing.assert_allclose(found, alone, rtol=1e-8)


def test_an_intercept_of_zero_is_a_fit_without():
    for make, y in [(mlefit.LinearRegression, Y), (mlefit.LogisticRegression, YES)]:
        result = mlefit.fit(make(), X, y, fixed={"intercept": 0.0})
        without = mlefit.fit(make(intercept=False), X, y)
        np.testing.assert_allclose(result.estimates["slope"], without.estimates["slope"], rtol=1e-8)
        same_covariance(result, without, 1e-6)


def test_a_slope_held_elsewhere_is_an_offset():
    result = mlefit.fit(mlefit.PoissonRegression(), X, COUNTS, fixed={"slope[0]": 0.7})
    offset = mlefit.fit(mlefit.PoissonRegression(), X[:, 1], COUNTS, 0.7 * X[:, 0])
    assert result.estimates["slope"][1] == pytest.approx(offset.estimates["slope"], rel=1e-8)
    assert result.log_likelihood == pytest.approx(offset.log_likelihood, rel=1e-11)
    far = mlefit.fit(mlefit.PoissonRegression(), X, COUNTS, fixed={"slope": [0.3, 1.0]})
    assert far.converged and far.names == ("intercept",)
    mean = np.log(COUNTS.mean()) - np.log(np.mean(np.exp(X @ [0.3, 1.0] - 500))) - 500
    assert far.estimates["intercept"] == pytest.approx(mean, rel=1e-9)


@pytest.mark.parametrize("covariance", ["observed", "robust"])
def test_a_user_s_model_with_one_held_is_the_smaller_model(covariance):
    class Known(mlefit.Model):
        def __init__(self):
            super().__init__()
            self.location = self.parameter("location", 0.0)
            self.scale = self.parameter("scale", 1.0, support="positive")

        def log_prob(self, x):
            return student_t(x, self.location(), self.scale(), 5.0)

    x = 3 + 2 * np.random.default_rng(1).standard_t(5, 300)
    model = Heavy()
    result = mlefit.fit(model, x, fixed={"df": 5.0}, covariance=covariance)
    smaller = mlefit.fit(Known(), x, covariance=covariance)
    for name in smaller.names:
        assert result.estimates[name] == pytest.approx(smaller.estimates[name], rel=1e-9)
        assert result.standard_errors[name] == pytest.approx(smaller.standard_errors[name], rel=1e-8)
    same_covariance(result, smaller, 1e-7)
    assert result.interval("scale", method="profile") == pytest.approx(
        smaller.interval("scale", method="profile"), rel=1e-8
    )
    assert model.values["df"] == pytest.approx(5.0, rel=1e-15)
    _, freedom, p = mlefit.fit(Heavy(), x).likelihood_ratio_test(mlefit.fit(Heavy(), x, fixed={"df": 5}))
    assert freedom == 1 and 0 < p < 1


def test_many_rows_with_one_held():
    x = 3 + 2 * np.random.default_rng(2).standard_t(5, 150_000)
    result = mlefit.fit(Heavy(), x, fixed={"df": 5.0})
    best = scipy.optimize.minimize(
        lambda p: -scipy.stats.t.logpdf(x, 5.0, p[0], np.exp(p[1])).mean(), [3, 0.7], tol=1e-12
    ).x
    assert result.converged
    errors = [result.standard_errors[name] for name in result.names]
    found = [result.estimates["location"], result.estimates["scale"]]
    assert (np.abs(found - np.array([best[0], np.exp(best[1])])) < 1e-3 * np.array(errors)).all()


@pytest.mark.parametrize("covariance", ["observed", "expected", "robust"])
def test_a_curve_with_a_held_coefficient_is_the_curve_with_a_number(covariance):
    x = np.linspace(0, 4, 40)
    y = 5 * np.exp(-0.7 * x) + 1 + 0.1 * np.random.default_rng(0).normal(size=40)
    curve = mlefit.NonlinearRegression(lambda x, a, k, c: a * ops.exp(-k * x) + c, a=3.0, k=1.0, c=0.0)
    result = mlefit.fit(curve, x, y, fixed={"c": 1.0}, covariance=covariance)
    number = mlefit.NonlinearRegression(lambda x, a, k: a * ops.exp(-k * x) + 1.0, a=3.0, k=1.0)
    other = mlefit.fit(number, x, y, covariance=covariance)
    for name in other.names:
        assert result.estimates[name] == pytest.approx(other.estimates[name], rel=1e-8)
    same_covariance(result, other, 1e-6)
    for found, alone in zip(result.predict(x), other.predict(x), strict=True):
        np.testing.assert_allclose(found, alone, rtol=1e-7)
    noise = mlefit.fit(curve, x, y, fixed={"stddev": 0.2})
    free = mlefit.fit(curve, x, y)
    assert noise.estimates["k"] == pytest.approx(free.estimates["k"], rel=1e-6)
    scale = 0.2 / free.estimates["stddev"]
    expected = mlefit.fit(curve, x, y, covariance="expected").standard_errors["k"] * scale
    held = mlefit.fit(curve, x, y, fixed={"stddev": 0.2}, covariance="expected").standard_errors["k"]
    assert held == pytest.approx(expected, rel=1e-5)


def test_an_optimizer_leaves_what_is_held():
    model = mlefit.Gaussian()
    with pytest.warns(mlefit.FitWarning):
        mlefit.fit(model, Y, method=keras.optimizers.Adam(0.1), steps=5, fixed={"stddev": 3.0})
    assert model.values["stddev"] == pytest.approx(3.0, rel=1e-15) and model.values["mean"] != 0.0
    with pytest.raises(ValueError, match="moves all entries of slope or none"):
        adam = keras.optimizers.Adam(0.1)
        mlefit.fit(mlefit.LinearRegression(), X, Y, method=adam, steps=5, fixed={"slope[0]": 0.0})


def test_a_frame_s_names_hold_too_and_separation_looks_at_what_is_free():
    frame = pd.DataFrame({"age": X[:, 0], "tells": np.where(YES == 1, 1.0, -1.0)})
    held = mlefit.fit(mlefit.LogisticRegression(), frame, YES, fixed={"slope[tells]": 0.5})
    assert held.converged and held.names == ("slope[age]", "intercept")
    with pytest.warns(mlefit.FitWarning, match=r"direction of slope\[tells\]"):
        mlefit.fit(mlefit.LogisticRegression(), frame, YES, fixed={"slope[age]": 0.5})


@pytest.mark.parametrize(
    ("fixed", "kind", "message"),
    [
        (
            {"rate": 1.0},
            ValueError,
            "fixed has 'rate', which is no parameter: the model has location, scale, df",
        ),
        ({"df": -1.0}, ValueError, "df must be positive, got -1.0"),
        ({"df": np.nan}, ValueError, r"fixed\['df'\] must be finite, got nan"),
        ({"df": "five"}, TypeError, r"fixed\['df'\] must hold real numbers"),
        ({"df": [1.0, 2.0]}, ValueError, r"fixed\['df'\] must have shape \(\), got shape \(2,\)"),
        ({"location": 0, "scale": 1, "df": 3}, ValueError, "fixed holds all parameters"),
        (["df"], TypeError, "fixed must be a dict"),
        ("df", TypeError, "fixed must be a dict"),
    ],
)
def test_what_cannot_be_held_is_refused(fixed, kind, message):
    with pytest.raises(kind, match=message):
        mlefit.fit(Heavy(), Y, fixed=fixed)


def test_a_vector_and_an_entry_of_it_cannot_both_be_held():
    with pytest.raises(ValueError, match=r"fixed holds slope\[0\] twice"):
        mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope": 0.0, "slope[0]": 1.0})
    with pytest.raises(ValueError, match=r"fixed\['slope'\] must have shape \(2,\), got shape \(3,\)"):
        mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope": [0.0, 1.0, 2.0]})
    with pytest.raises(ValueError, match="cannot hold parameters fixed"):
        mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope": 0.0}, method="least-squares")


def test_a_fit_that_frees_or_moves_what_the_larger_holds_is_not_nested():
    larger = mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope[0]": 1.5})
    moved = mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope[0]": 0.0, "slope[1]": 0.0})
    freed = mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope[1]": 0.0, "intercept": 0.0})
    nested = mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope[0]": 1.5, "slope[1]": 0.0})
    with pytest.raises(
        ValueError, match=r"not nested: slope\[0\] is held at 1.5 here, and is held at 0 there"
    ):
        larger.likelihood_ratio_test(moved)
    with pytest.raises(ValueError, match=r"not nested: slope\[0\] is held at 1.5 here, and is free there"):
        larger.likelihood_ratio_test(freed)
    statistic, freedom, _ = larger.likelihood_ratio_test(nested)
    assert freedom == 1 and statistic > 0
