"""Bootstraps against closed forms, within their Monte Carlo error, and what they refuse."""

import math
import pickle

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.special
import scipy.stats

import mlefit

rng = np.random.default_rng(8)
X = rng.normal(size=40)
Y = 1 + 0.5 * X + rng.normal(size=40)
COUNTS = rng.poisson(2.0, 40)
MONTE_CARLO = 3.5 / math.sqrt(2 * 1000)  # relative, of a standard deviation of 1000 replicates


def test_the_error_of_a_mean_is_that_of_the_formula():
    x = Y[:25]
    expected = x.std() / 5
    by_rows = mlefit.bootstrap(mlefit.Gaussian(), x)
    result = mlefit.fit(mlefit.Gaussian(), x)
    for found in (by_rows, result.bootstrap()):
        assert found.failed == 0 and found.replicates.shape == (1000, 2)
        assert found.standard_errors["mean"] == pytest.approx(expected, rel=MONTE_CARLO)
        low, high = found.interval("mean", 0.9)
        spread = scipy.stats.norm.ppf(0.95) * expected
        assert [low, high] == pytest.approx([x.mean() - spread, x.mean() + spread], abs=0.25 * expected)
    # Each replicate is the mean and the stddev of a sample, so that their law is known.
    parametric = result.bootstrap()
    variances = 25 * (parametric.replicates[:, 1] / x.std()) ** 2
    assert scipy.stats.kstest(variances, scipy.stats.chi2(24).cdf).pvalue > 0.01


def test_rows_of_a_line_give_the_sandwich_and_a_simulation_the_curvature():
    noise = np.random.default_rng(3).normal(size=300)
    x = np.linspace(-1, 1, 300)
    y = x + np.abs(x) * noise  # the noise grows away from 0
    line = mlefit.fit(mlefit.LinearRegression(), x, y)
    robust = mlefit.fit(mlefit.LinearRegression(), x, y, covariance="robust")
    by_rows = mlefit.bootstrap(mlefit.LinearRegression(), x, y)
    assert robust.standard_errors["slope"] > 1.2 * line.standard_errors["slope"]
    tolerance = 1.3 * MONTE_CARLO
    for found, result in ((line.bootstrap(), line), (by_rows, robust)):
        assert found.standard_errors["slope"] == pytest.approx(result.standard_errors["slope"], rel=tolerance)


def test_intervals_cover_what_they_say():
    hits, draws = 0, np.random.default_rng(1).exponential(size=(100, 60))
    for x in draws:
        low, high = mlefit.bootstrap(mlefit.Gaussian(), x, n=120).interval("mean", 0.8)
        hits += low < 1.0 < high
    assert abs(hits / 100 - 0.78) < 3.5 * math.sqrt(0.8 * 0.2 / 100)  # of 60 skewed ones a little less


@pytest.mark.parametrize(
    ("model", "data"),
    [
        (mlefit.LogisticRegression, (X, Y > 1)),
        (mlefit.PoissonRegression, (X, rng.poisson(np.exp(0.5 * X)), 0.1 * X)),
        (lambda: mlefit.NonlinearRegression(lambda x, a, b: a + b * x, a=1.0, b=0.0), (X, Y)),
    ],
)
def test_regressions_agree_with_their_curvature(model, data):
    result = mlefit.fit(model(), *data)
    for found in (mlefit.bootstrap(model(), *data, n=200), result.bootstrap(200)):
        np.testing.assert_allclose(found.estimates, [np.ravel(v)[0] for v in result.estimates.values()])
        errors = np.array(list(found.standard_errors.values()))
        expected = np.array(list(result.standard_errors.values()))
        assert (np.abs(errors / expected - 1) < 0.35).all()
        again = found.replicates.mean(axis=0) - found.estimates
        assert (np.abs(again) < expected).all()


def test_a_curve_resamples_rows_whole():
    # Of points on a line without noise each resample finds the line; x and y of other rows would not.
    x = np.arange(30.0)
    y = 2 + 3 * x + 1e-3 * np.cos(np.arange(30))
    model = mlefit.NonlinearRegression(lambda x, a, b: a + b * x, a=1.0, b=1.0)
    found = mlefit.bootstrap(model, x, y, n=20)
    np.testing.assert_allclose(found.replicates[:, :2], [[2.0, 3.0]] * 20, atol=2e-3)


def test_the_model_and_what_it_was_fitted_to_stay_as_they_were():
    model = mlefit.LinearRegression()
    result = mlefit.fit(model, X, Y)
    before, x = model.values, X.copy()
    result.bootstrap(20)
    assert model.values == before and (x == X).all()
    fresh = mlefit.Gaussian(3.0, 2.0)
    mlefit.bootstrap(fresh, Y, n=20)
    assert fresh.values == {"mean": 3.0, "stddev": 2.0}
    mlefit.fit(model, X + 5, Y)  # The model moves on, and the result stays.
    np.testing.assert_array_equal(result.bootstrap(20).replicates, result.bootstrap(20).replicates)


def test_a_seed_repeats_and_another_does_not():
    one, same, other = (mlefit.bootstrap(mlefit.Gaussian(), Y, n=20, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.replicates, same.replicates)
    assert (one.replicates != other.replicates).any()
    # Data from the same seed are not drawn a second time.
    x = np.random.default_rng(0).normal(size=50)
    y = 1 + np.random.default_rng(0).normal(size=50)
    assert mlefit.fit(mlefit.LinearRegression(), x, np.cos(7 * y)).bootstrap(20).failed == 0


def test_what_is_held_stays_and_weights_count():
    found = mlefit.bootstrap(mlefit.LinearRegression(), X, Y, n=50, fixed={"intercept": 1.0})
    assert found.names == ("slope", "stddev") and found.replicates.shape == (50, 2)
    result = mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"intercept": 1.0})
    assert found.standard_errors["slope"] == pytest.approx(result.standard_errors["slope"], rel=0.5)
    assert result.bootstrap(20).names == ("slope", "stddev")
    deaths, corps = np.arange(5.0), np.array([109.0, 65, 22, 3, 1])
    rate = mlefit.fit(Counts(), deaths, weights=corps)
    for drawn in (mlefit.bootstrap(Counts(), deaths, weights=corps, n=200), rate.bootstrap(200)):
        assert drawn.estimates[0] == pytest.approx(0.61)
        assert drawn.standard_errors["rate"] == pytest.approx(math.sqrt(0.61 / 200), rel=0.2)


class Counts(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.rate = self.parameter("rate", 1.0, support="positive")

    def log_prob(self, y):
        return mlefit.densities.poisson(y, keras.ops.log(self.rate()))

    def simulate(self, rng, y):
        return (rng.poisson(self.rate.numpy(), len(y)).astype(float),)


def test_columns_of_a_frame_keep_their_names():
    frame = pd.DataFrame({"age": X, "dose": X**2})
    for found in (
        mlefit.bootstrap(mlefit.LinearRegression(), frame, Y, n=20),
        mlefit.fit(mlefit.LinearRegression(), frame, Y).bootstrap(20),
    ):
        assert found.names[:2] == ("slope[age]", "slope[dose]")
        low, high = found.interval("slope[age]")
        assert low < found.estimates[0] < high


class Negative(Counts):
    def simulate(self, rng, y):
        return (-1 - y,)


class Laplace(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.location = self.parameter("location", 0.0)
        self.scale = self.parameter("scale", 1.0, support="positive")

    def log_prob(self, x):
        return mlefit.densities.laplace(x, self.location(), self.scale())


def test_where_the_log_density_has_a_corner_the_bootstrap_finds_the_median():
    x = Y[:31]
    with pytest.warns(mlefit.FitWarning, match=r"mlefit\.bootstrap\(model, \*data\)"):
        mlefit.fit(Laplace(), x)
    found = mlefit.bootstrap(Laplace(), x, n=40)
    assert found.failed == 0
    median = np.median(x)
    assert found.estimates == pytest.approx([median, np.abs(x - median).mean()], abs=2e-3)
    generator = np.random.default_rng(4)
    samples = generator.choice(x, (4000, 31))
    medians = np.median(samples, axis=1)
    scales = np.abs(samples - medians[:, None]).mean(axis=1)
    for j, expected in enumerate((medians.std(), scales.std())):
        assert found.replicates[:, j].std() == pytest.approx(expected, rel=3.5 / math.sqrt(80))


def test_failures_are_counted_and_many_are_not_survived():
    # Of eight, a resample is often separated: all yes on one side.
    x, y = np.arange(8.0), np.array([0, 0, 0, 1, 0, 1, 1, 1])
    with pytest.warns(mlefit.FitWarning, match=r"of which failed, the first: .*separation"):
        found = mlefit.bootstrap(mlefit.LogisticRegression(), x, y, n=100)
    assert found.failed > 5 and np.isnan(found.replicates).any(axis=1).sum() == found.failed
    assert np.isnan(found.standard_errors["slope"]) and np.isnan(found.interval("slope")).all()
    assert f"{found.failed} of which failed" in str(found)
    # A few are said, and the others tell.
    x, y = np.arange(40.0), np.cos(np.arange(40)) > 0.3 - np.arange(40) / 60
    few = mlefit.bootstrap(mlefit.LogisticRegression(), x, y, n=50)
    assert few.failed == 0 and np.isfinite(few.standard_errors["slope"])


def test_the_table():
    found = mlefit.bootstrap(mlefit.Gaussian(), Y, n=50)
    text, page = str(found), found._repr_html_()
    assert repr(found) == text
    for word in ("50 fits of rows drawn with replacement", "mean", "stddev", "std. error", "95% low"):
        assert word in text and word in page
    assert f"{found.standard_errors['mean']:.6g}" in text


def test_a_result_pickles_without_its_data():
    result = mlefit.fit(mlefit.Gaussian(), np.arange(10_000.0))
    kept = pickle.dumps(result)
    assert len(kept) < 20_000
    with pytest.raises(ValueError, match="a bootstrap needs the model and the data: call fit again"):
        pickle.loads(kept).bootstrap(10)
    found = mlefit.bootstrap(mlefit.Gaussian(), Y, n=10)
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


class Silent(Laplace):
    def log_prob(self, x):
        return mlefit.densities.gaussian(x, self.location(), self.scale())


class Child(mlefit.Gaussian):
    def log_prob(self, x):
        return mlefit.densities.student_t(x, self.mean(), self.stddev(), 4.0)


class Wrong(Silent):
    def simulate(self, rng, x):
        return rng.normal(size=len(x))


class Short(Silent):
    def simulate(self, rng, x):
        return (rng.normal(size=3),)


@pytest.mark.parametrize(
    ("model", "kind", "message"),
    [
        (Silent, NotImplementedError, r"Silent must define simulate\(rng, \*data\)"),
        (Child, NotImplementedError, r"Child must define simulate\(rng, \*data\)"),  # not the Gaussian's
        (Wrong, TypeError, "simulate must return a tuple of 1: x"),
        (Short, ValueError, r"simulate must return finite x of shape \(40,\), got shape \(3,\)"),
    ],
)
def test_a_model_that_cannot_simulate_is_told_what_to_define(model, kind, message):
    result = mlefit.fit(model(), Y)
    with pytest.raises(kind, match=message):
        result.bootstrap(10)
    assert mlefit.bootstrap(model(), Y, n=10).failed == 0  # rows can be drawn all the same


def test_other_bad_input_is_refused():
    result, data = mlefit.fit(mlefit.Gaussian(), Y), Y.copy()
    changed = mlefit.fit(mlefit.Gaussian(), data)
    data[:] = 3.0
    with pytest.warns(mlefit.FitWarning):
        failed = mlefit.fit(mlefit.Gaussian(), np.ones(5))
    found = result.bootstrap(10)
    for kind, message, call in [
        (TypeError, "n must be a whole number, got 10.5", lambda: result.bootstrap(10.5)),
        (ValueError, "n must be at least 2, got 1", lambda: result.bootstrap(1)),
        (TypeError, "seed must be a whole number, got None", lambda: result.bootstrap(10, seed=None)),
        (ValueError, "seed must be at least 0, got -1", lambda: result.bootstrap(10, -1)),
        (ValueError, "have changed since the fit", lambda: changed.bootstrap(10)),
        (ValueError, "needs a fit that found its optimum: .*unbounded", lambda: failed.bootstrap(10)),
        (ValueError, "found no estimate", lambda: mlefit.bootstrap(mlefit.Gaussian(), np.ones(5))),
        (TypeError, "model must be a Model", lambda: mlefit.bootstrap("gaussian", Y)),
        (
            TypeError,
            "fit has no argument 'method_'",
            lambda: mlefit.bootstrap(mlefit.Gaussian(), Y, method_=1),
        ),
        (ValueError, "name must be one of mean, stddev, got 'm'", lambda: found.interval("m")),
        (TypeError, "level must be a number", lambda: found.interval("mean", "0.9")),
        (ValueError, "level must lie between 0 and 1", lambda: found.interval("mean", 1.0)),
        (
            ValueError,
            "first 20 refits of the bootstrap failed",
            lambda: mlefit.fit(Negative(), COUNTS).bootstrap(500),
        ),
    ]:
        with pytest.raises(kind, match=message):
            call()
