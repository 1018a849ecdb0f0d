"""What a fit found, as its reader uses it: intervals, tests, predictions, tables, pickles."""

import pickle

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats

import mlefit

rng = np.random.default_rng(2)
X = rng.normal(size=(80, 2))
Y = 1 + X @ [0.5, -1.0] + rng.normal(size=80)
GAUSSIAN = mlefit.fit(mlefit.Gaussian(), Y)
LINE = mlefit.fit(mlefit.LinearRegression(), X, Y)
LOGIT = mlefit.fit(mlefit.LogisticRegression(), X, Y > 1)
COUNTS = rng.poisson(np.exp(0.3 * X[:, 0]))
POISSON = mlefit.fit(mlefit.PoissonRegression(), X, COUNTS)


def test_wald_intervals():
    quantile = scipy.stats.norm.ppf(0.95)
    mean, error = GAUSSIAN.estimates["mean"], GAUSSIAN.standard_errors["mean"]
    np.testing.assert_allclose(
        GAUSSIAN.interval("mean", 0.9, "wald"), [mean - quantile * error, mean + quantile * error]
    )
    s, error = GAUSSIAN.estimates["stddev"], GAUSSIAN.standard_errors["stddev"]
    expected = s * np.exp(np.array([-1, 1]) * quantile * error / s)
    np.testing.assert_allclose(GAUSSIAN.interval("stddev", 0.9, "wald"), expected, rtol=1e-12)


def test_exact_intervals_are_those_of_the_textbook():
    t, chi2 = scipy.stats.t(79), scipy.stats.chi2(79)
    error = Y.std(ddof=1) / np.sqrt(80)
    expected = Y.mean() + np.array([-1, 1]) * t.ppf(0.95) * error
    np.testing.assert_allclose(GAUSSIAN.interval("mean", 0.9), expected, rtol=1e-12)
    expected = np.sqrt(79 * Y.var(ddof=1) / chi2.ppf([0.95, 0.05]))
    np.testing.assert_allclose(GAUSSIAN.interval("stddev", 0.9), expected, rtol=1e-12)
    design = np.column_stack([X, np.ones(80)])
    best, (rest,), *_ = np.linalg.lstsq(design, Y)
    errors = np.sqrt(rest / 77 * np.diag(np.linalg.inv(design.T @ design)))
    by_newton = mlefit.fit(mlefit.LinearRegression(), X, Y, method="newton")
    for result in (LINE, by_newton):
        for name, value, error in zip(result.names, best, errors, strict=False):
            reach = scipy.stats.t.ppf(0.975, 77) * error
            np.testing.assert_allclose(result.interval(name), [value - reach, value + reach], rtol=1e-8)
        expected = np.sqrt(rest / scipy.stats.chi2.ppf([0.975, 0.025], 77))
        np.testing.assert_allclose(result.interval("stddev"), expected, rtol=1e-8)
    assert "Student's t" in str(LINE) and "Wald" in str(LOGIT)
    # Robust errors have no exact interval, nor has another model.
    for result in (mlefit.fit(mlefit.LinearRegression(), X, Y, covariance="robust"), LOGIT):
        name = result.names[0]
        assert result.interval(name) == result.interval(name, method="wald")


def test_exact_intervals_cover_what_they_say():
    draws = np.random.default_rng(0).normal(2.0, 3.0, size=(200, 5))
    hits = 0
    for x in draws:
        low, high = mlefit.fit(mlefit.Gaussian(), x).interval("mean", 0.8)
        hits += low < 2.0 < high
    assert abs(hits / 200 - 0.8) < 3.5 * 0.0283  # 3.5 Monte Carlo errors


def test_vectors_have_a_name_for_each_entry():
    assert LINE.names == ("slope[0]", "slope[1]", "intercept", "stddev")
    assert LINE.estimates["slope"].shape == LINE.standard_errors["slope"].shape == (2,)
    assert isinstance(LINE.estimates["intercept"], float)
    low, high = LINE.interval("slope[1]")
    assert (low + high) / 2 == pytest.approx(LINE.estimates["slope"][1], rel=1e-12)
    np.testing.assert_allclose(
        np.sqrt(np.diag(LINE.covariance))[:2], LINE.standard_errors["slope"], rtol=1e-14
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("slope",), "name must be one of mean, stddev, got 'slope'"),
        (("mean", 1.0), "level must lie between 0 and 1, got 1.0"),
        (("mean", 0.9, "exact"), "method must be 'auto', 'wald' or 'profile', got 'exact'"),
    ],
)
def test_wrong_intervals_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        GAUSSIAN.interval(*arguments)


def test_likelihood_ratio_test():
    statistic, freedom, p = LINE.likelihood_ratio_test(GAUSSIAN)
    assert freedom == 2
    assert statistic == pytest.approx(
        80 * 2 * np.log(GAUSSIAN.estimates["stddev"] / LINE.estimates["stddev"]), 1e-10
    )
    assert p == pytest.approx(scipy.stats.chi2.sf(statistic, 2), rel=1e-9)
    with pytest.raises(ValueError, match="smaller must have fewer parameters"):
        GAUSSIAN.likelihood_ratio_test(LINE)
    with pytest.raises(TypeError, match="smaller must be a FitResult"):
        LINE.likelihood_ratio_test(3.0)
    with pytest.raises(ValueError, match="smaller was fitted to other data"):
        LOGIT.likelihood_ratio_test(mlefit.fit(mlefit.Gaussian(0.0, 1e-3), 1e-3 * Y))
    with pytest.raises(ValueError, match="smaller was fitted to other data"):
        LINE.likelihood_ratio_test(mlefit.fit(mlefit.Gaussian(), Y + 1.0))
    noise = np.random.default_rng(1).normal(size=80)
    worse = mlefit.fit(mlefit.LinearRegression(), np.column_stack([noise, noise**2, noise**3]), Y)
    with pytest.raises(ValueError, match="not nested"):
        worse.likelihood_ratio_test(LINE)


def test_a_likelihood_ratio_of_different_responses_is_refused():
    x, y = np.arange(1.0, 9.0), np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0, 8.0, 7.0])
    larger = mlefit.fit(mlefit.LinearRegression(), x, y)
    of_logs = mlefit.fit(mlefit.LinearRegression(intercept=False), x, np.log(y))
    with pytest.raises(ValueError, match="smaller was fitted to another y"):
        larger.likelihood_ratio_test(of_logs)


def test_information_criteria_count_every_parameter():
    assert LINE.aic == pytest.approx(8 - 2 * LINE.log_likelihood, rel=1e-15)
    assert LINE.bic == pytest.approx(4 * np.log(80) - 2 * LINE.log_likelihood, rel=1e-15)


@pytest.mark.parametrize(
    ("result", "mean"), [(LINE, lambda v: v), (LOGIT, scipy.special.expit), (POISSON, np.exp)]
)
def test_predictions_and_their_band(result, mean):
    new = rng.normal(size=(7, 2))
    Z = np.column_stack([new, np.ones(7)])
    line = Z @ [*result.estimates["slope"], result.estimates["intercept"]]
    error = np.sqrt(np.einsum("ij,jk,ik->i", Z, result.covariance[:3, :3], Z))
    quantile = scipy.stats.norm.ppf(0.9)
    if result is LINE:  # exact: Student's t, and the residual variance divided by n - 3
        quantile = scipy.stats.t.ppf(0.9, 77) * np.sqrt(80 / 77)
    expected = [mean(line), mean(line - quantile * error), mean(line + quantile * error)]
    np.testing.assert_allclose(result.predict(new, level=0.8), expected, rtol=1e-10)
    with pytest.raises(ValueError, match="x must have shape"):
        result.predict(new[:, 0])


def test_a_prediction_with_an_offset_and_of_a_curve():
    offset = np.full(80, np.log(2.0))
    np.testing.assert_allclose(
        POISSON.predict(X, offset=offset), 2 * np.array(POISSON.predict(X)), rtol=1e-12
    )
    with pytest.raises(ValueError, match="offset is for models of counts"):
        LINE.predict(X, offset=offset)
    with pytest.raises(ValueError, match=r"offset must have shape \(80,\)"):
        POISSON.predict(X, offset=offset[:, None])
    curve = mlefit.NonlinearRegression(lambda x, a, b: a + keras.ops.exp(b * x), a=0.0, b=0.1)
    x = X[:, 0]
    result = mlefit.fit(curve, x, 1 + np.exp(0.5 * x) + 0.1 * Y)
    a, b = result.estimates["a"], result.estimates["b"]
    mean, low, high = result.predict(x)
    np.testing.assert_allclose(mean, a + np.exp(b * x), rtol=1e-12)
    J = np.column_stack([np.ones(80), x * np.exp(b * x)])
    error = np.sqrt(np.einsum("ij,jk,ik->i", J, result.covariance[:2, :2], J))
    np.testing.assert_allclose(high - low, 2 * scipy.stats.norm.ppf(0.975) * error, rtol=1e-8)
    curve.parameters["a"].assign(99.0)
    np.testing.assert_allclose(result.predict(x)[0], mean, rtol=1e-15)
    again = pickle.loads(pickle.dumps(result))
    assert str(again) == str(result)
    with pytest.raises(ValueError, match="call fit again"):
        again.predict(x)
    with pytest.raises(ValueError, match="call fit again"):
        again.interval("a", method="profile")
    with pytest.raises(ValueError, match="predict is for regressions, and Gaussian is none"):
        GAUSSIAN.predict(x)


@pytest.mark.parametrize("result", [GAUSSIAN, LINE, LOGIT])
def test_a_result_pickles(result):
    again = pickle.loads(pickle.dumps(result))
    assert str(again) == str(result)
    assert again.covariance.tobytes() == result.covariance.tobytes()
    name = result.names[-1]
    assert again.interval(name) == result.interval(name)
    if result is LOGIT:
        with pytest.raises(ValueError, match="call fit again"):
            again.interval(name, method="profile")
        np.testing.assert_array_equal(again.predict(X), result.predict(X))
    else:
        assert again.interval(name, method="profile") == result.interval(name, method="profile")


def test_the_table():
    text, page = str(LINE), LINE._repr_html_()
    for word in (
        "LinearRegression",
        "least squares",
        "80",
        "AIC",
        "BIC",
        "slope[1]",
        "std. error",
        "95% low",
    ):
        assert word in text and word in page
    assert f"{LINE.estimates['intercept']:.6g}" in text
    assert page.count("<tr>") == page.count("</tr>") and page.startswith("<table>")
    assert repr(LINE) == text


def test_a_profile_that_levels_off_has_no_end():
    x = np.linspace(0, 4, 15)  # Nearly a straight line: a large a and a small k say the same.
    y = 2 - 0.5 * x + 0.05 * x**2 + 0.2 * np.cos(7 * x)
    curve = mlefit.NonlinearRegression(lambda x, a, k, c: a * keras.ops.exp(-k * x) + c, a=4.0, k=0.2, c=-2.0)
    result = mlefit.fit(curve, x, y)
    assert result.converged and result.interval("a", method="profile")[1] == np.inf


def test_a_line_of_ones_own_is_not_predicted_by_that_of_the_parent():
    class Later(mlefit.SurvivalRegression):
        def call(self, x):
            return super().call(x) + 0.5

    class Squared(mlefit.LinearRegression):
        def call(self, x):
            return super().call(x) ** 2

    x, draws = np.linspace(0.0, 2.0, 40), np.random.default_rng(0)
    time = draws.weibull(1.5, 40) * np.exp(x)
    for result in (
        mlefit.fit(Later(), x, time, np.ones(40)),
        mlefit.fit(Squared(), x, (1 + x) ** 2 + 0.1 * draws.normal(size=40)),
    ):
        with pytest.raises(ValueError, match=f"{result.model} is none that it knows"):
            result.predict(x)


def test_censored_times_and_counts_of_successes_are_responses_too():
    draws = np.random.default_rng(0)
    x, time, observed = np.linspace(0, 1, 40), draws.weibull(1.5, 40), draws.integers(0, 2, 40)
    weibull = mlefit.fit(mlefit.SurvivalRegression(), x, time, observed)
    for other in ((x, 2 * time, observed), (x, time, 1 - observed)):
        exponential = mlefit.fit(mlefit.SurvivalRegression("exponential"), *other)
        with pytest.raises(ValueError, match="different y"):
            mlefit.compare(weibull, exponential)
        with pytest.raises(ValueError, match="another y"):
            weibull.likelihood_ratio_test(exponential)
    exponential = mlefit.fit(mlefit.SurvivalRegression("exponential"), x, time, observed)
    assert weibull.likelihood_ratio_test(exponential)[1] == 1
    successes, trials = draws.binomial(5, 0.4, 40), np.full(40, 5)
    logit, probit = mlefit.BinomialRegression(), mlefit.BinomialRegression("probit")
    with pytest.raises(ValueError, match="different y"):
        mlefit.compare(mlefit.fit(logit, x, successes, trials), mlefit.fit(probit, x, 5 - successes, trials))
    assert (
        len(
            mlefit.compare(
                mlefit.fit(logit, x, successes, trials), mlefit.fit(probit, x, successes, trials)
            ).aic
        )
        == 2
    )
