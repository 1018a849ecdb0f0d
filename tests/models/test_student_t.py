"""Student's t and the robust line against SciPy, published digits, changes of units, and their edges."""

import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.stats

import mlefit

rng = np.random.default_rng(21)
N = 400
X = rng.normal(size=(N, 2)) * [1.0, 40.0] + [0.0, 2000.0]
Y = 3 + X @ [2.0, -0.5] + 1.5 * rng.standard_t(3, N)


def stackloss():
    data = mlefit.data.load("stackloss")
    names = ["air_flow", "water_temperature", "acid_concentration"]
    return pd.DataFrame({name: data[name] for name in names}), data["loss"]


def test_student_t_is_scipy_s_optimum():
    x = 100 + 5 * np.random.default_rng(0).standard_t(4, 500)
    result = mlefit.fit(mlefit.StudentT(), x)

    def negative(p):
        return -scipy.stats.t.logpdf(x, np.exp(p[2]), p[0], np.exp(p[1])).sum()

    best = scipy.optimize.minimize(negative, [100, 1.6, 1.4], method="BFGS")
    assert result.converged and result.log_likelihood >= -best.fun - 1e-6
    assert result.estimates["df"] == pytest.approx(np.exp(best.x[2]), rel=1e-3)
    assert result.estimates["location"] == pytest.approx(best.x[0], rel=1e-5)
    own = scipy.stats.t.logpdf(x, *(result.estimates[name] for name in ("df", "location", "scale"))).sum()
    assert result.log_likelihood == pytest.approx(own, rel=1e-12)


def test_its_errors_are_the_finite_differences_hessian_s():
    x = 100 + 5 * np.random.default_rng(0).standard_t(4, 300)
    result = mlefit.fit(mlefit.StudentT(), x)
    best, steps = np.array(list(result.estimates.values())), np.array([0.02, 0.02, 0.02])

    def negative(p):
        return -scipy.stats.t.logpdf(x, p[2], p[0], p[1]).sum()

    hessian = np.empty((3, 3))
    for i, a in enumerate(np.diag(steps)):
        for j, b in enumerate(np.diag(steps)):
            corners = [negative(best + s * a + t * b) for s in (1, -1) for t in (1, -1)]
            hessian[i, j] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * steps[i] * steps[j])
    np.testing.assert_allclose(result.covariance, np.linalg.inv(hessian), rtol=2e-3, atol=1e-6)


def test_stackloss_is_the_published_maximum():
    x, y = stackloss()
    result = mlefit.fit(mlefit.RobustRegression(), x, y)
    assert result.converged and result.log_likelihood == pytest.approx(-49.56768, abs=5e-6)
    assert result.names[0] == "slope[air_flow]"
    np.testing.assert_allclose(result.estimates["slope"], [0.851990, 0.490247, -0.0705649], atol=5e-7)
    assert result.estimates["intercept"] == pytest.approx(-38.4827, abs=5e-5)
    assert result.estimates["scale"] == pytest.approx(0.914767, abs=5e-7)
    assert result.estimates["df"] == pytest.approx(1.076701, abs=5e-7)


def test_a_robust_line_is_scipy_s_optimum_and_units_change_nothing():
    result = mlefit.fit(mlefit.RobustRegression(), X, Y)

    def negative(p):
        line = (X - [0, 2000]) @ p[:2] + p[2]
        return -scipy.stats.t.logpdf(Y, np.exp(p[4]), line, np.exp(p[3])).sum()

    start = [*result.estimates["slope"], 3 - 1000, 0.0, 1.0]
    best = scipy.optimize.minimize(
        negative, start, method="Nelder-Mead", options={"maxiter": 4000, "fatol": 1e-10}
    )
    assert result.converged and result.log_likelihood >= -best.fun - 1e-6
    units, rise = np.array([1e6, 1e-6]), 1e-4
    other = mlefit.fit(mlefit.RobustRegression(), X * units, rise * Y)
    assert other.converged
    np.testing.assert_allclose(other.estimates["slope"] * units / rise, result.estimates["slope"], rtol=1e-8)
    assert other.estimates["df"] == pytest.approx(result.estimates["df"], rel=1e-8)
    assert other.log_likelihood == pytest.approx(result.log_likelihood - N * np.log(rise), rel=1e-10)


def test_gross_errors_do_not_move_it():
    y = Y.copy()
    y[:40] += 1e4
    result = mlefit.fit(mlefit.RobustRegression(), X, y, fixed={"df": 3.0})
    clean = mlefit.fit(mlefit.RobustRegression(), X[40:], y[40:], fixed={"df": 3.0})
    gap = (result.estimates["slope"] - clean.estimates["slope"]) / clean.standard_errors["slope"]
    assert result.converged and (np.abs(gap) < 1).all()


@pytest.mark.parametrize("covariance", ["observed", "robust"])
def test_fixed_df_bands_and_weights(covariance):
    weights = np.random.default_rng(1).integers(0, 3, N)
    found = mlefit.fit(
        mlefit.RobustRegression(), X, Y, weights=weights, fixed={"df": 4.0}, covariance=covariance
    )
    long = [np.repeat(part, weights, axis=0) for part in (X, Y)]
    again = mlefit.fit(mlefit.RobustRegression(), *long, fixed={"df": 4.0}, covariance=covariance)
    for one, other in zip(found.predict(X[:4]), again.predict(X[:4]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7)
    mean, low, high = found.predict(X[:4])
    assert (low < mean).all() and (mean < high).all()


def test_through_the_origin_and_one_column_without_an_axis():
    x = X[:, 0]
    result = mlefit.fit(mlefit.RobustRegression(intercept=False), x, 2 * x + rng.standard_t(5, N))
    assert result.converged and result.estimates["slope"] == pytest.approx(2.0, abs=0.3)
    two = mlefit.fit(mlefit.RobustRegression(), x[:, None], Y)
    one = mlefit.fit(mlefit.RobustRegression(), x, Y)
    assert two.estimates["slope"][0] == pytest.approx(one.estimates["slope"], rel=1e-9)


def test_simulated_data_have_the_model_s_quantiles():
    model = mlefit.RobustRegression()
    mlefit.fit(model, X, Y)
    _, drawn = model.simulate(np.random.default_rng(3), X, Y)
    below, at = model.cdf(X, drawn)
    assert (below == at).all() and scipy.stats.kstest(at, "uniform").pvalue > 0.01
    alone = mlefit.StudentT(location=4.0, scale=2.0, df=3.0)
    (drawn,) = alone.simulate(np.random.default_rng(3), np.zeros(2000))
    assert scipy.stats.kstest(alone.cdf(drawn)[1], "uniform").pvalue > 0.01


def test_light_tails_are_a_gaussian_and_said_so():
    x = np.random.default_rng(0).uniform(size=100)
    with pytest.warns(mlefit.FitWarning, match="df goes to infinity, where Student's t is the Gaussian"):
        result = mlefit.fit(mlefit.StudentT(), x)
    assert not result.converged
    assert result.log_likelihood == pytest.approx(mlefit.fit(mlefit.Gaussian(), x).log_likelihood, abs=0.05)
    line = X[:, 0] + x[:1] + np.random.default_rng(2).uniform(size=N)
    with pytest.warns(mlefit.FitWarning, match="df goes to infinity"):
        mlefit.fit(mlefit.RobustRegression(), X[:, 0], line)


def test_repeated_values_are_a_spike_and_said_so():
    # Where the search ends on its way to the spike, rounding decides: at one of two honest messages.
    with pytest.warns(mlefit.FitWarning, match="unbounded|towards the boundary of scale"):
        mlefit.fit(mlefit.StudentT(), [1.0, 1, 1, 1, 1, 1, 2, 3, 50])
    with pytest.warns(mlefit.FitWarning, match="unbounded"):
        mlefit.fit(mlefit.RobustRegression(), X, 1 + X @ [1.0, 2.0])


@pytest.mark.parametrize(
    ("fit", "kind", "message"),
    [
        (lambda: mlefit.StudentT(df=-1.0), ValueError, "df must be positive, got -1.0"),
        (lambda: mlefit.StudentT(location="a"), TypeError, "location must hold real numbers"),
        (lambda: mlefit.fit(mlefit.StudentT(), [1.0, np.inf, 2.0, 3.0]), ValueError, "x must be finite"),
        (lambda: mlefit.fit(mlefit.RobustRegression(), X, Y[:, None]), ValueError, "y"),
        (lambda: mlefit.fit(mlefit.RobustRegression(), X, Y[:-1]), ValueError, "same length"),
        (
            lambda: mlefit.fit(mlefit.RobustRegression(), X, Y, covariance="expected"),
            ValueError,
            "covariance='expected' is not defined for RobustRegression",
        ),
    ],
)
def test_wrong_input_is_refused(fit, kind, message):
    with pytest.raises(kind, match=message):
        fit()


@pytest.mark.parametrize("held", [{"df": 1.0}, {"scale": 2.0}])
def test_a_search_that_fails_with_a_parameter_held_says_why(held):
    ties = [3.0] * 6 + [4.0, 5.0, 6.0, 7.0] if "df" in held else scipy.stats.norm.ppf(np.arange(1, 40) / 40)
    with pytest.warns(mlefit.FitWarning, match="unbounded" if "df" in held else "as df goes to infinity"):
        result = mlefit.fit(mlefit.StudentT(), ties, fixed=held)
    assert not result.converged
    with pytest.warns(mlefit.FitWarning):
        assert not mlefit.fit(mlefit.RobustRegression(), np.arange(9.0), np.arange(9.0), fixed=held).converged


def test_the_profile_of_df_has_no_end_where_the_gaussian_is_not_rejected():
    """Far out, at a df beyond all reach, the density has no second derivatives in float64."""
    draws = np.random.default_rng(5)
    x = draws.standard_t(6.0, 90)
    result = mlefit.fit(mlefit.StudentT(), x)
    gaussian = mlefit.fit(mlefit.Gaussian(), x)
    fall = result.log_likelihood - gaussian.log_likelihood
    assert result.converged and 0 < fall < scipy.stats.chi2.ppf(0.95, 1) / 2
    low, high = result.interval("df", method="profile")
    assert 0 < low < result.estimates["df"] and high == np.inf
