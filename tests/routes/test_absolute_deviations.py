"""The line with Laplace noise: published digits, errors that cover, profiles by their definition, edges."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats

import mlefit
from mlefit.inference import profiles

rng = np.random.default_rng(41)
N = 300
X = rng.normal(size=(N, 2)) * [1.0, 30.0] + [0.0, 1000.0]
Y = 1 + X @ [2.0, 0.1] + rng.laplace(size=N)


def stackloss():
    data = mlefit.data.load("stackloss")
    names = ["air_flow", "water_temperature", "acid_concentration"]
    return pd.DataFrame({name: data[name] for name in names}), data["loss"]


def test_stackloss_is_the_published_fit():
    x, y = stackloss()
    result = mlefit.fit(mlefit.LaplaceRegression(), x, y)
    assert result.converged and result.names[0] == "slope[air_flow]"
    np.testing.assert_allclose(result.estimates["slope"], [0.831884, 0.573914, -0.060870], atol=1.1e-6)
    assert result.estimates["intercept"] == pytest.approx(-39.689860, abs=6e-6)
    assert result.estimates["scale"] == pytest.approx(2.003865, abs=6e-7)
    line = x.to_numpy() @ result.estimates["slope"] + result.estimates["intercept"]
    own = scipy.stats.laplace.logpdf(y, line, result.estimates["scale"]).sum()
    assert result.log_likelihood == pytest.approx(own, rel=1e-12)
    assert result.aic == pytest.approx(10 - 2 * own, rel=1e-12)


def test_expected_errors_are_those_of_laplace_noise():
    result = mlefit.fit(mlefit.LaplaceRegression(), X, Y, covariance="expected")
    design, scale = np.column_stack([X, np.ones(N)]), result.estimates["scale"]
    wanted = scale * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    found = [*result.standard_errors["slope"], result.standard_errors["intercept"]]
    np.testing.assert_allclose(found, wanted, rtol=1e-8)
    assert result.standard_errors["scale"] == pytest.approx(scale / math.sqrt(N), rel=1e-12)
    assert result.covariance_type == "expected"


@pytest.mark.parametrize("noise", ["laplace", "uniform", "changing"])
def test_the_default_errors_cover_whatever_the_noise(noise):
    draws, x, hits, runs = np.random.default_rng(6), np.linspace(-1, 1, 200), 0, 300
    for _ in range(runs):
        e = {
            "laplace": lambda: draws.laplace(size=200),
            "uniform": lambda: draws.uniform(-1, 1, 200),
            "changing": lambda: np.exp(x) * draws.standard_t(2, 200),
        }[noise]()
        low, high = mlefit.fit(mlefit.LaplaceRegression(), x, 1 + 2 * x + e).interval("slope")
        hits += low < 2 < high
    assert 0.91 < hits / runs <= 0.995


def test_the_error_of_the_scale_is_that_of_a_mean():
    result = mlefit.fit(mlefit.LaplaceRegression(), X, Y)
    sizes = np.abs(Y - X @ result.estimates["slope"] - result.estimates["intercept"])
    assert result.standard_errors["scale"] == pytest.approx(sizes.std() / math.sqrt(N), rel=1e-9)
    assert result.covariance_type == "robust"
    assert mlefit.fit(mlefit.LaplaceRegression(), X, Y, covariance="robust").standard_errors["scale"] == (
        pytest.approx(result.standard_errors["scale"], rel=1e-12)
    )


def test_profiles_fall_as_far_as_they_say():
    result = mlefit.fit(mlefit.LaplaceRegression(), X, Y)
    for name in ("slope[0]", "intercept", "scale"):
        for end in result.interval(name, method="profile"):
            held = mlefit.fit(mlefit.LaplaceRegression(), X, Y, fixed={name: end})
            fall = result.log_likelihood - held.log_likelihood
            assert fall == pytest.approx(scipy.stats.chi2.ppf(0.95, 1) / 2, rel=1e-4)


def test_its_figure_of_a_profile_is_that_of_the_interval():
    found = profiles.curve(mlefit.fit(mlefit.LaplaceRegression(), X, Y), "slope[0]")
    assert found.profile.max() == 0.0
    at_ends = np.interp([found.low, found.high], found.values, found.profile)
    np.testing.assert_allclose(at_ends, found.cut, atol=0.02)


def test_it_is_the_median_regression_of_statsmodels():
    draws = np.random.default_rng(5)
    x = draws.normal(size=(4000, 3))
    y = 1 + x @ [1.0, 2.0, 3.0] + draws.standard_t(3, 4000)
    result = mlefit.fit(mlefit.LaplaceRegression(), x, y)
    # statsmodels 0.15: QuantReg(y, [x, 1]).fit(q=0.5, vcov="iid", kernel="epa", bandwidth="hsheather"), which
    # iterates to about six digits and takes the density to be the same at all x.
    found = [*result.estimates["slope"], result.estimates["intercept"]]
    np.testing.assert_allclose(found, [1.00178958, 1.98589693, 2.993133, 0.99050708], atol=3e-5)
    assert 4000 * result.estimates["scale"] == pytest.approx(4413.234928, abs=2e-6)
    assert 4000 * result.estimates["scale"] <= 4413.234928018895
    errors = [*result.standard_errors["slope"], result.standard_errors["intercept"]]
    np.testing.assert_allclose(errors, [0.02152901, 0.02116783, 0.02133694, 0.02153578], rtol=0.1)


def test_rows_drawn_anew_have_its_errors():
    result = mlefit.fit(mlefit.LaplaceRegression(), X, Y)
    found = mlefit.bootstrap(mlefit.LaplaceRegression(), X, Y, n=200, seed=1)
    for name, index in (("slope[0]", 0), ("slope[1]", 1)):
        assert found.standard_errors[name] == pytest.approx(result.standard_errors["slope"][index], rel=0.25)


def test_weights_fixed_and_units():
    weights = rng.integers(0, 3, N)
    found = mlefit.fit(mlefit.LaplaceRegression(), X, Y, weights=weights)
    long = mlefit.fit(mlefit.LaplaceRegression(), *(np.repeat(part, weights, axis=0) for part in (X, Y)))
    np.testing.assert_allclose(found.estimates["slope"], long.estimates["slope"], rtol=1e-9)
    np.testing.assert_allclose(found.covariance, long.covariance, rtol=1e-6, atol=1e-12)
    assert found.log_likelihood == pytest.approx(long.log_likelihood, rel=1e-12)
    held = mlefit.fit(mlefit.LaplaceRegression(), X, Y, fixed={"slope[1]": 0.0})
    without = mlefit.fit(mlefit.LaplaceRegression(), X[:, 0], Y)
    assert held.estimates["slope"][0] == pytest.approx(without.estimates["slope"], rel=1e-9)
    assert held.standard_errors["slope"][0] == pytest.approx(without.standard_errors["slope"], rel=1e-7)
    known = mlefit.fit(mlefit.LaplaceRegression(), X, Y, fixed={"scale": 2.0})
    assert known.estimates["scale"] == 2.0 and known.names == ("slope[0]", "slope[1]", "intercept")
    units = np.array([1e6, 1e-6])
    other = mlefit.fit(mlefit.LaplaceRegression(), X * units, 1e5 * Y)
    plain = mlefit.fit(mlefit.LaplaceRegression(), X, Y)
    np.testing.assert_allclose(other.estimates["slope"] * units / 1e5, plain.estimates["slope"], rtol=1e-9)
    np.testing.assert_allclose(
        other.standard_errors["slope"] * units / 1e5, plain.standard_errors["slope"], rtol=1e-6
    )


def test_bands_and_simulation():
    model = mlefit.LaplaceRegression()
    result = mlefit.fit(model, X, Y)
    mean, low, high = result.predict(X[:5])
    np.testing.assert_allclose(
        mean, X[:5] @ result.estimates["slope"] + result.estimates["intercept"], rtol=1e-12
    )
    assert (low < mean).all() and (mean < high).all()
    _, drawn = model.simulate(np.random.default_rng(0), X, Y)
    below, at = model.cdf(X, drawn)
    assert (below == at).all() and scipy.stats.kstest(at, "uniform").pvalue > 0.01


def test_what_is_not_unique_exact_or_undetermined_is_said():
    even = mlefit.fit(mlefit.LaplaceRegression(intercept=False), np.ones(40), np.arange(40.0))
    assert even.converged and "it is not unique" in even.message
    assert 19 <= even.estimates["slope"] <= 20
    with pytest.warns(mlefit.FitWarning, match="unbounded"):
        mlefit.fit(mlefit.LaplaceRegression(), X, 1 + X @ [1.0, 2.0])
    twice = np.column_stack([X[:, 0], 2 * X[:, 0]])
    with pytest.warns(mlefit.FitWarning, match=r"do not determine slope\[0\] and slope\[1\]"):
        mlefit.fit(mlefit.LaplaceRegression(), twice, Y)
    with pytest.warns(mlefit.FitWarning, match="2 observations cannot determine 4"):
        mlefit.fit(mlefit.LaplaceRegression(), X[:2], Y[:2])


def test_responses_without_a_density_are_said():
    few = (np.arange(N) % 3 == 0).astype(float)
    rough = mlefit.fit(mlefit.LaplaceRegression(), X[:, 0], few)
    assert rough.converged and "of y lies on it" in rough.message
    with pytest.warns(mlefit.FitWarning, match="so many observations lie exactly on the line"):
        flat = mlefit.fit(mlefit.LaplaceRegression(), X[:, 0], (np.arange(N) % 9 == 0).astype(float))
    assert not flat.converged and np.isnan(flat.standard_errors["slope"])
    assert "lies on it" not in mlefit.fit(mlefit.LaplaceRegression(), *stackloss()).message


def test_the_newton_method_is_refused_honestly_and_methods_have_names():
    with pytest.warns(mlefit.FitWarning, match="not differentiable"):
        assert not mlefit.fit(mlefit.LaplaceRegression(), X, Y, method="newton").converged
    named = mlefit.fit(mlefit.LaplaceRegression(), X, Y, method="linear-programming")
    assert named.method == "linear programming"
    with pytest.raises(ValueError, match="is not for Gaussian"):
        mlefit.fit(mlefit.Gaussian(), Y, method="linear-programming")
