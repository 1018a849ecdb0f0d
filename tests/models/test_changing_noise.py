"""A line whose noise changes: published digits, SciPy's optimum, closed forms of its errors, its edges."""

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.stats

import mlefit

rng = np.random.default_rng(31)
N = 500
X = rng.normal(size=(N, 2)) * [1.0, 30.0] + [0.0, 1000.0]
LOG_STDDEV = 0.5 * X[:, 0] + 0.01 * (X[:, 1] - 1000)
Y = 1 + X @ [2.0, 0.1] + np.exp(LOG_STDDEV) * rng.normal(size=N)


def test_stopping_distances_are_the_published_fit():
    data = mlefit.data.load("stopping")
    x, y = data["speed"], data["distance"]
    result = mlefit.fit(mlefit.ChangingNoiseRegression(), x, y)
    line = mlefit.fit(mlefit.LinearRegression(), x, y)
    assert result.log_likelihood == pytest.approx(-203.074158, abs=5e-7)
    assert line.log_likelihood == pytest.approx(-206.578432, abs=5e-7)
    assert result.estimates["intercept"] == pytest.approx(-11.91917, abs=5e-6)
    assert result.estimates["slope"] == pytest.approx(3.522028, abs=5e-7)
    assert result.estimates["log_stddev_intercept"] == pytest.approx(1.695438, abs=5e-7)
    assert result.estimates["log_stddev_slope"] == pytest.approx(0.0615004, abs=5e-8)
    same = mlefit.fit(mlefit.ChangingNoiseRegression(), x, y, fixed={"log_stddev_slope": 0.0})
    assert same.log_likelihood == pytest.approx(line.log_likelihood, rel=1e-11)
    statistic, freedom, _ = result.likelihood_ratio_test(same)
    assert freedom == 1 and statistic == pytest.approx(2 * (206.578432 - 203.074158), abs=1e-5)


def test_it_is_scipy_s_optimum_and_its_slopes_those_of_weighted_least_squares():
    result = mlefit.fit(mlefit.ChangingNoiseRegression(), X, Y)
    centred = np.column_stack([X - [0, 1000], np.ones(N)])

    def negative(p):
        log_stddev = centred @ p[3:]
        return (0.5 * ((Y - centred @ p[:3]) / np.exp(log_stddev)) ** 2 + log_stddev).sum()

    best = scipy.optimize.minimize(negative, [2, 0.1, 101, 0.5, 0.01, 0], method="BFGS")
    assert result.converged
    assert result.log_likelihood == pytest.approx(-best.fun - N / 2 * np.log(2 * np.pi), abs=1e-5)
    np.testing.assert_allclose(result.estimates["log_stddev_slope"], best.x[3:5], rtol=1e-3)
    # Given its own noise the line is the weighted least-squares line.
    weights = np.exp(-X @ result.estimates["log_stddev_slope"] - result.estimates["log_stddev_intercept"])
    b = np.linalg.lstsq(centred * weights[:, None], Y * weights)[0]
    np.testing.assert_allclose(result.estimates["slope"], b[:2], rtol=1e-8)


def test_its_errors_are_near_the_expected_information_in_closed_form():
    result = mlefit.fit(mlefit.ChangingNoiseRegression(), X, Y)
    design = np.column_stack([X, np.ones(N)])
    weights = np.exp(
        -design @ [*result.estimates["log_stddev_slope"], result.estimates["log_stddev_intercept"]]
    )
    of_line = np.linalg.inv((design * weights[:, None] ** 2).T @ design)
    of_noise = np.linalg.inv(2 * design.T @ design)
    expected = np.sqrt(np.concatenate([np.diag(of_line), np.diag(of_noise)]))
    np.testing.assert_allclose(np.sqrt(np.diag(result.covariance)), expected, rtol=0.15)


def test_units_change_nothing_and_frames_name_both_lines():
    result = mlefit.fit(mlefit.ChangingNoiseRegression(), X, Y)
    units, rise = np.array([1e6, 1e-5]), 1e7
    other = mlefit.fit(mlefit.ChangingNoiseRegression(), X * units, rise * Y)
    np.testing.assert_allclose(other.estimates["slope"] * units / rise, result.estimates["slope"], rtol=1e-7)
    noise = other.estimates["log_stddev_slope"] * units
    np.testing.assert_allclose(noise, result.estimates["log_stddev_slope"], rtol=1e-6)
    frame = pd.DataFrame(X, columns=["dose", "age"])
    named = mlefit.fit(mlefit.ChangingNoiseRegression(), frame, Y)
    assert named.names[3] == "log_stddev_slope[dose]" and named.names[1] == "slope[age]"
    for one, two in zip(named.predict(frame[["age", "dose"]]), result.predict(X), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-10)


def test_the_line_s_interval_covers_where_the_noise_changes():
    hits, x = 0, np.linspace(0, 1, 120)
    draws = np.random.default_rng(5)
    for _ in range(200):
        y = 1 + 2 * x + np.exp(-1 + 2 * x) * draws.normal(size=120)
        low, high = mlefit.fit(mlefit.ChangingNoiseRegression(), x, y).interval("slope")
        hits += low < 2 < high
    assert abs(hits / 200 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 200)


def test_without_an_intercept_simulated_and_judged():
    model = mlefit.ChangingNoiseRegression(intercept=False)
    result = mlefit.fit(model, X[:, 0], Y - 1 - 0.1 * X[:, 1])
    assert result.converged and result.estimates["slope"] == pytest.approx(2.0, abs=0.3)
    x = X[:, 0]
    _, drawn = model.simulate(np.random.default_rng(0), x, Y)
    below, at = model.cdf(x, drawn)
    assert (below == at).all() and scipy.stats.kstest(at, "uniform").pvalue > 0.01


def test_a_line_through_all_points_and_noise_that_vanishes_are_said():
    with pytest.warns(mlefit.FitWarning, match="the line passes through every observation"):
        assert not mlefit.fit(mlefit.ChangingNoiseRegression(), X[:, 0], 1 + 2 * X[:, 0]).converged
    held = {"log_stddev_slope": 0.5}
    with pytest.warns(mlefit.FitWarning):
        assert not mlefit.fit(mlefit.ChangingNoiseRegression(), X[:, 0], 2 * X[:, 0], fixed=held).converged
    x = np.append(np.linspace(0, 1, 20), 50.0)
    y = np.append(np.random.default_rng(0).normal(size=20), 3.0)
    with pytest.warns(mlefit.FitWarning, match="unbounded: the line passes through"):
        assert not mlefit.fit(mlefit.ChangingNoiseRegression(), x, y).converged
