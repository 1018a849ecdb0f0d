"""Counts that vary more than Poisson counts: SciPy, the published digits, the Poisson at the edge."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mlefit
from by_scipy import gradient, maximum

rng = np.random.default_rng(11)
X = rng.normal(size=(200, 2))
EXPOSURE = rng.uniform(0.5, 4.0, 200)
MEAN = EXPOSURE * np.exp(0.7 + X @ [0.5, -0.3])
COUNTS = rng.poisson(MEAN * rng.gamma(2.0, 0.5, 200)).astype(float)
EVEN = rng.binomial(10, 0.3, 200).astype(float)  # they vary less than Poisson counts
MITES = mlefit.data.load("mites")


def by_hand(point, X=X, y=COUNTS, offset=0.0):
    *slopes, intercept, log_size = point
    mean, size = np.exp(X @ slopes + intercept + offset), np.exp(log_size)
    return -stats.nbinom.logpmf(y, size, size / (size + mean)).sum()


def test_the_mites_have_the_published_digits():
    every = np.repeat(MITES["mites"], MITES["leaves"].astype(int))
    for result in (
        mlefit.fit(mlefit.NegativeBinomial(), every),
        mlefit.fit(mlefit.NegativeBinomial(), MITES["mites"], weights=MITES["leaves"]),
    ):
        assert result.converged and result.nobs == 150
        assert result.estimates["mean"] == pytest.approx(1.1466667, abs=5e-8)
        assert result.estimates["size"] == pytest.approx(1.0245924, abs=5e-7)
        assert result.log_likelihood == pytest.approx(-222.437154, abs=5e-7)
        # The mean's error is known: the variance of a count over their number.
        mean, size = result.estimates["mean"], result.estimates["size"]
        error = np.sqrt((mean + mean**2 / size) / 150)
        assert result.standard_errors["mean"] == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("with_offset", [False, True])
def test_the_regression_against_scipy(with_offset):
    offset = (np.log(EXPOSURE),) if with_offset else ()
    point, covariance = maximum(lambda b: by_hand(b, offset=sum(offset)), np.zeros(4))
    result = mlefit.fit(mlefit.NegativeBinomialRegression(), X, COUNTS, *offset)
    found = [*result.estimates["slope"], result.estimates["intercept"], np.log(result.estimates["size"])]
    np.testing.assert_allclose(found, point, atol=1e-8)
    natural = np.diag([1, 1, 1, result.estimates["size"]])
    np.testing.assert_allclose(result.covariance, natural @ covariance @ natural, rtol=1e-5, atol=1e-9)
    assert result.log_likelihood == pytest.approx(-by_hand(point, offset=sum(offset)), abs=1e-9)
    assert result.converged and result.names == ("slope[0]", "slope[1]", "intercept", "size")


def test_robust_errors_are_the_sandwich():
    result = mlefit.fit(mlefit.NegativeBinomialRegression(), X, COUNTS, covariance="robust")
    point, bread = maximum(by_hand, np.zeros(4))
    scores = np.array([_score(point, i) for i in range(200)])
    natural = np.diag([1, 1, 1, result.estimates["size"]])
    expected = natural @ bread @ scores.T @ scores @ bread @ natural
    np.testing.assert_allclose(result.covariance, expected, rtol=1e-5, atol=1e-8)


def _score(point, i):
    return gradient(lambda b: by_hand(b, X[i : i + 1], COUNTS[i : i + 1]), point)


@pytest.mark.parametrize(("factor", "centre"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 2000.0), (1e6, 1e9)])
def test_units_and_origin_of_x_change_nothing_else(factor, centre):
    plain = mlefit.fit(mlefit.NegativeBinomialRegression(), X, COUNTS)
    other = mlefit.fit(mlefit.NegativeBinomialRegression(), X * factor + centre, COUNTS)
    assert other.converged and other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(other.estimates["slope"] * factor, plain.estimates["slope"], rtol=1e-6)
    np.testing.assert_allclose(
        other.standard_errors["slope"] * factor, plain.standard_errors["slope"], rtol=1e-6
    )
    assert other.estimates["size"] == pytest.approx(plain.estimates["size"], rel=1e-6)


def test_shapes_and_names():
    flat = mlefit.fit(mlefit.NegativeBinomialRegression(), X[:, 0], COUNTS)
    column = mlefit.fit(mlefit.NegativeBinomialRegression(), X[:, :1], COUNTS)
    assert isinstance(flat.estimates["slope"], float) and column.estimates["slope"].shape == (1,)
    assert flat.log_likelihood == pytest.approx(column.log_likelihood, rel=1e-13)
    through = mlefit.fit(mlefit.NegativeBinomialRegression(intercept=False), X, COUNTS)
    assert through.converged and "intercept" not in through.estimates
    frame = pd.DataFrame(X, columns=["age", "dose"])
    named = mlefit.fit(mlefit.NegativeBinomialRegression(), frame, COUNTS)
    assert named.names[:2] == ("slope[age]", "slope[dose]")
    np.testing.assert_allclose(named.predict(frame[["dose", "age"]]), named.predict(X), rtol=1e-14)


def test_the_prediction_is_the_mean_with_a_band_on_the_log_scale():
    result = mlefit.fit(mlefit.NegativeBinomialRegression(), X, COUNTS, np.log(EXPOSURE))
    mean, low, high = result.predict(X[:3], offset=np.log([2.0, 2.0, 2.0]))
    Z = np.column_stack([X[:3], np.ones(3), np.zeros(3)])
    line = Z[:, :3] @ [*result.estimates["slope"], result.estimates["intercept"]] + np.log(2)
    reach = 1.959963984540054 * np.sqrt(np.einsum("ij,jk,ik->i", Z, result.covariance, Z))
    np.testing.assert_allclose([mean, low, high], np.exp([line, line - reach, line + reach]), rtol=1e-10)


@pytest.mark.filterwarnings("ignore::mlefit.FitWarning")
def test_at_the_edge_it_is_the_poisson_and_says_so():
    poisson = mlefit.fit(mlefit.PoissonRegression(), X, EVEN)
    result = mlefit.fit(mlefit.NegativeBinomialRegression(), X, EVEN)
    assert not result.converged and np.isnan(result.standard_errors["size"])
    assert result.log_likelihood == pytest.approx(poisson.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(result.estimates["slope"], poisson.estimates["slope"], atol=1e-8)
    for words in ("vary no more than Poisson counts", "at its edge", "PoissonRegression"):
        assert words in result.message
    alone = mlefit.fit(mlefit.NegativeBinomial(), EVEN)
    assert not alone.converged and "at its edge" in alone.message
    assert alone.log_likelihood == pytest.approx(stats.poisson.logpmf(EVEN, EVEN.mean()).sum(), abs=1e-8)


def test_near_the_edge_no_digits_are_lost():
    model = mlefit.NegativeBinomial(mean=4.0, size=1e13)
    np.testing.assert_allclose(model.log_prob(EVEN), stats.poisson.logpmf(EVEN, 4.0), rtol=1e-11)


@pytest.mark.filterwarnings("ignore::mlefit.FitWarning")
def test_what_cannot_be_fitted_is_said():
    for result in (
        mlefit.fit(mlefit.NegativeBinomialRegression(), X, 0 * COUNTS),
        mlefit.fit(mlefit.NegativeBinomial(), 0 * COUNTS),
    ):
        assert not result.converged and "every count is 0" in result.message
    twice = mlefit.fit(mlefit.NegativeBinomialRegression(), X[:, [0, 0]], COUNTS)
    assert "do not determine slope[0] and slope[1]" in twice.message
    few = mlefit.fit(mlefit.NegativeBinomialRegression(), X[:3], COUNTS[:3])
    assert "3 observations cannot determine 4 parameters" in few.message


@pytest.mark.parametrize("bad", [-1.0, 2.5])
def test_what_is_no_count_is_refused_by_name(bad):
    y = np.where(np.arange(200) == 7, bad, COUNTS)
    with pytest.raises(ValueError, match=rf"at index 7 \(x = .*, y = {bad}\)"):
        mlefit.fit(mlefit.NegativeBinomialRegression(), X, y)
    with pytest.raises(ValueError, match=rf"at index 7 \(x = {bad}\)"):
        mlefit.fit(mlefit.NegativeBinomial(), y)
    many = np.resize(y, 140_000)
    many[10:] = np.abs(np.ceil(many[10:]))
    with pytest.raises(ValueError, match=rf"at index 7 \(x = {bad}\)"):
        mlefit.fit(mlefit.NegativeBinomial(), many)


def test_starts_outside_the_support_are_refused():
    with pytest.raises(ValueError, match="size must be positive, got 0"):
        mlefit.NegativeBinomial(size=0.0)
    with pytest.raises(ValueError, match="covariance='expected' is not defined"):
        mlefit.fit(mlefit.NegativeBinomial(), COUNTS, covariance="expected")


def test_simulated_counts_have_the_moments_and_the_distribution():
    model = mlefit.NegativeBinomial(mean=3.0, size=1.5)
    below, at = model.cdf(COUNTS)
    truth = stats.nbinom(1.5, 1.5 / 4.5)
    np.testing.assert_allclose([below, at], [truth.cdf(COUNTS - 1), truth.cdf(COUNTS)], rtol=1e-10)
    (drawn,) = model.simulate(np.random.default_rng(0), np.zeros(40_000))
    assert drawn.mean() == pytest.approx(3.0, abs=5 * 3 / 200) and drawn.var() == pytest.approx(9.0, rel=0.1)
    regression = mlefit.NegativeBinomialRegression()
    mlefit.fit(regression, X, COUNTS, np.log(EXPOSURE))
    x, y, offset = regression.simulate(np.random.default_rng(0), X, COUNTS, np.log(EXPOSURE))
    assert x is X and y.shape == COUNTS.shape and (y == np.floor(y)).all()
    mean, size = np.exp(regression(X).numpy() + offset), regression.size.numpy()
    truth = stats.nbinom(size, size / (size + mean))
    np.testing.assert_allclose(
        regression.cdf(X, COUNTS, offset), [truth.cdf(COUNTS - 1), truth.cdf(COUNTS)], rtol=1e-10
    )


def test_a_size_held_far_out_is_the_poisson():
    held = mlefit.fit(mlefit.NegativeBinomialRegression(), X, COUNTS, fixed={"size": 1e13})
    poisson = mlefit.fit(mlefit.PoissonRegression(), X, COUNTS)
    assert held.converged and held.log_likelihood == pytest.approx(poisson.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(held.covariance[:3, :3], poisson.covariance, rtol=1e-7)


@pytest.mark.parametrize("log_exposure", [-800.0, 20.0])
def test_a_common_offset_moves_the_intercept_alone(log_exposure):
    plain = mlefit.fit(mlefit.NegativeBinomialRegression(), X, COUNTS)
    other = mlefit.fit(mlefit.NegativeBinomialRegression(), X, COUNTS, np.full(200, log_exposure))
    assert other.converged and other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    intercept = plain.estimates["intercept"] - log_exposure
    assert other.estimates["intercept"] == pytest.approx(intercept, rel=1e-10)


@pytest.mark.filterwarnings("ignore::mlefit.FitWarning")
def test_a_family_blames_no_parameter_that_is_held():
    result = mlefit.fit(mlefit.NegativeBinomialRegression(), X[:, [0, 0]], COUNTS, fixed={"size": 1e13})
    assert "do not determine slope[0] and slope[1]" in result.message


def test_no_counts_at_a_mean_that_is_held():
    with pytest.warns(mlefit.FitWarning, match="every count is 0.* as the size falls"):
        assert not mlefit.fit(mlefit.NegativeBinomial(), np.zeros(20), fixed={"mean": 2.0}).converged
