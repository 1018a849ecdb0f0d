"""How many of how many: published digits for three links, SciPy, both tails, and counts that cannot be."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy import special, stats

import mlefit
from by_scipy import gradient, maximum
from mlefit import BinomialRegression

LINKS = {
    "logit": special.expit,
    "probit": special.ndtr,
    "cloglog": lambda line: -np.expm1(-np.exp(line)),
}
BEETLES = mlefit.data.load("beetles")
DOSE, KILLED, EXPOSED = (BEETLES[name] for name in ("log_dose", "killed", "exposed"))
rng = np.random.default_rng(6)
X = rng.normal(size=(120, 2))
TRIALS = rng.integers(1, 9, 120).astype(float)
SUCCESSES = rng.binomial(TRIALS.astype(int), special.expit(X @ [0.7, -0.4] - 0.3)).astype(float)


def by_hand(point, link, X=X, successes=SUCCESSES, trials=TRIALS):
    p = LINKS[link](X @ point[:-1] + point[-1])
    return -stats.binom.logpmf(successes, trials, p).sum()


@pytest.mark.parametrize(
    ("link", "intercept", "slope", "deviance"),
    [
        ("logit", -60.717455, 34.270326, 11.232231),
        ("probit", -34.935254, 19.727931, 10.119758),
        ("cloglog", -39.572310, 22.041170, 3.446439),
    ],
)
def test_the_beetles_have_the_published_digits(link, intercept, slope, deviance):
    result = mlefit.fit(BinomialRegression(link), DOSE, KILLED, EXPOSED)
    assert result.converged and result.method == "Newton"
    # The published ones stopped some 1e-7 of themselves before the optimum.
    assert result.estimates["intercept"] == pytest.approx(intercept, rel=2e-7)
    assert result.estimates["slope"] == pytest.approx(slope, rel=2e-7)
    full = stats.binom.logpmf(KILLED, EXPOSED, KILLED / EXPOSED).sum()
    assert 2 * (full - result.log_likelihood) == pytest.approx(deviance, abs=6e-7)
    if link == "logit":
        errors = [result.standard_errors["intercept"], result.standard_errors["slope"]]
        assert errors == pytest.approx([5.180711, 2.912140], abs=1e-6)


def test_the_bioassay_has_the_published_digits():
    bioassay = mlefit.data.load("bioassay")
    result = mlefit.fit(BinomialRegression(), *(bioassay[name] for name in ("log_dose", "killed", "exposed")))
    estimates, errors = result.estimates, result.standard_errors
    found = [estimates["intercept"], errors["intercept"], estimates["slope"], errors["slope"]]
    assert found == pytest.approx([0.846580, 1.019085, 7.748817, 4.872768], abs=6e-7)


@pytest.mark.parametrize("link", LINKS)
def test_each_link_against_scipy(link):
    point, inverse = maximum(lambda b: by_hand(b, link), np.zeros(3))
    result = mlefit.fit(BinomialRegression(link), X, SUCCESSES, TRIALS)
    np.testing.assert_allclose([*result.estimates["slope"], result.estimates["intercept"]], point, atol=1e-8)
    np.testing.assert_allclose(result.covariance, inverse, rtol=1e-5, atol=1e-9)
    assert result.log_likelihood == pytest.approx(-by_hand(point, link), rel=1e-12)
    rows = np.arange(120)[:, None]
    scores = np.array(
        [gradient(lambda b, i=i: by_hand(b, link, X[i], SUCCESSES[i], TRIALS[i]), point) for i in rows]
    )
    robust = mlefit.fit(BinomialRegression(link), X, SUCCESSES, TRIALS, covariance="robust")
    np.testing.assert_allclose(robust.covariance, inverse @ scores.T @ scores @ inverse, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("centre", [0.0, 1000.0])
def test_the_expected_information(link, centre):
    """That of McCullagh and Nelder: the weights `n p'^2 / (p (1 - p))`; with the logit, the observed one."""
    result = mlefit.fit(BinomialRegression(link), X + centre, SUCCESSES, TRIALS, covariance="expected")
    point = np.append(result.estimates["slope"], result.estimates["intercept"])
    Z = np.column_stack([X + centre, np.ones(120)])
    line = Z @ point
    p = LINKS[link](line)
    slope = (LINKS[link](line + 1e-6) - LINKS[link](line - 1e-6)) / 2e-6
    weight = TRIALS * slope**2 / (p * (1 - p))
    expected = np.linalg.inv(Z.T @ (Z * weight[:, None]))
    np.testing.assert_allclose(result.covariance, expected, rtol=1e-5, atol=1e-8 * np.abs(expected).max())
    observed = mlefit.fit(BinomialRegression(link), X + centre, SUCCESSES, TRIALS)
    near = np.allclose(observed.covariance, result.covariance, rtol=1e-6)
    assert near == (link == "logit")
    held = {"intercept": result.estimates["intercept"]}
    fixed = mlefit.fit(
        BinomialRegression(link), X + centre, SUCCESSES, TRIALS, fixed=held, covariance="expected"
    )
    expected = np.linalg.inv(Z[:, :2].T @ (Z[:, :2] * weight[:, None]))
    np.testing.assert_allclose(fixed.covariance[:2, :2], expected, rtol=1e-4)


def test_weights_and_a_prior_count_in_the_expected_information():
    class Ridge(BinomialRegression):
        def log_prior(self):
            return -0.5 * 4.0 * keras.ops.sum(self.slope() ** 2)

    weights = rng.integers(1, 4, 120).astype(float)
    arguments = X, SUCCESSES, TRIALS
    result = mlefit.fit(Ridge("probit"), *arguments, weights=weights, covariance="expected")
    line = X @ result.estimates["slope"] + result.estimates["intercept"]
    p = special.ndtr(line)
    weight = weights * TRIALS * stats.norm.pdf(line) ** 2 / (p * (1 - p))
    Z = np.column_stack([X, np.ones(120)])
    information = Z.T @ (Z * weight[:, None]) + np.diag([4.0, 4.0, 0.0])
    np.testing.assert_allclose(result.covariance, np.linalg.inv(information), rtol=1e-7)


def test_one_trial_a_row_is_logistic_regression():
    rows = np.repeat(np.arange(120), TRIALS.astype(int))
    single = np.concatenate([np.arange(n) < k for n, k in zip(TRIALS, SUCCESSES, strict=True)]).astype(float)
    logistic = mlefit.fit(mlefit.LogisticRegression(), X[rows], single)
    for result in (
        mlefit.fit(BinomialRegression(), X, SUCCESSES, TRIALS),
        mlefit.fit(BinomialRegression(), X[rows], single, np.ones(len(rows))),
    ):
        np.testing.assert_allclose(result.estimates["slope"], logistic.estimates["slope"], rtol=1e-9)
        np.testing.assert_allclose(result.covariance, logistic.covariance, rtol=1e-9)
    assert result.log_likelihood == pytest.approx(logistic.log_likelihood, rel=1e-12)
    # Grouped, it counts the ways to choose the successes as well.
    ways = np.log(special.comb(TRIALS, SUCCESSES)).sum()
    grouped = mlefit.fit(BinomialRegression(), X, SUCCESSES, TRIALS).log_likelihood
    assert grouped == pytest.approx(logistic.log_likelihood + ways, rel=1e-12)


@pytest.mark.parametrize("link", LINKS)
def test_the_closed_form_is_that_of_the_density_in_both_tails(link):
    """Against automatic differentiation of `log_prob`, which shares none of its formulas."""
    line = np.array([-300.0, -40.0, -8.0, -2.001, -1.999, -0.5, -1e-9, 0.0, 0.5, 3.0, 6.0])
    model = BinomialRegression(link, intercept=False)
    model([0.0])
    model.slope.assign(1.0)
    for successes, failures in ((3.0, 2.0), (0.0, 5.0), (5.0, 0.0)):
        y = np.tile([successes, failures], (len(line), 1))
        value, slope, curvature = model.derivatives(y, line)
        x = tf.constant(line)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                terms = model.log_prob(x, tf.constant(y[:, 0]), tf.constant(y.sum(axis=1)))
            first = inner.gradient(terms, x)
        second = outer.gradient(first, x)
        np.testing.assert_allclose(value + model.constant(y), terms, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(slope, first, rtol=1e-9, atol=1e-100)
        np.testing.assert_allclose(curvature, -second.numpy(), rtol=1e-7, atol=1e-9)
        assert (curvature >= 0).all()


@pytest.mark.parametrize("link", LINKS)
def test_far_lines_stay_finite_or_impossible(link):
    line = np.array([-1e5, -800.0, 800.0, 1e5])
    for y in ([1.0, 0.0], [0.0, 1.0]):
        with np.errstate(all="ignore"):
            value, *_ = BinomialRegression(link).derivatives(np.tile(y, (4, 1)), line)
        assert not np.isnan(value).any() and (value <= 0).all()


@pytest.mark.parametrize("link", LINKS)
def test_prediction_and_distribution(link):
    model = BinomialRegression(link)
    frame = pd.DataFrame(X, columns=["age", "dose"])
    result = mlefit.fit(model, frame, SUCCESSES, TRIALS)
    assert result.names == ("slope[age]", "slope[dose]", "intercept")
    Z = np.column_stack([X, np.ones(120)])
    line = Z @ [*result.estimates["slope"], result.estimates["intercept"]]
    reach = 1.959963984540054 * np.sqrt(np.einsum("ij,jk,ik->i", Z, result.covariance, Z))
    expected = LINKS[link](np.array([line, line - reach, line + reach]))
    np.testing.assert_allclose(result.predict(frame[["dose", "age"]]), expected, rtol=1e-9)
    law = stats.binom(TRIALS, LINKS[link](line))
    np.testing.assert_allclose(
        model.cdf(X, SUCCESSES, TRIALS), [law.cdf(SUCCESSES - 1), law.cdf(SUCCESSES)], rtol=1e-9
    )
    drawn = np.stack([model.simulate(np.random.default_rng(i), X, SUCCESSES, TRIALS)[1] for i in range(300)])
    assert np.abs(drawn.mean(axis=0) - law.mean()).max() < 5 * law.std().max() / np.sqrt(300)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(("factor", "centre"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 2000.0), (1e6, 1e9)])
def test_units_and_origin_of_x_change_nothing_else(link, factor, centre):
    plain = mlefit.fit(BinomialRegression(link), X, SUCCESSES, TRIALS)
    other = mlefit.fit(BinomialRegression(link), X * factor + centre, SUCCESSES, TRIALS)
    assert other.converged and other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-9)
    np.testing.assert_allclose(other.estimates["slope"] * factor, plain.estimates["slope"], rtol=1e-6)


@pytest.mark.filterwarnings("ignore::mlefit.FitWarning")
@pytest.mark.parametrize("link", LINKS)
def test_separation_is_said(link):
    for successes, words in [
        (np.where(DOSE > 1.8, EXPOSED, 0.0), "direction of slope"),
        (EXPOSED, "direction of intercept"),
        (0 * EXPOSED, "direction of intercept"),
    ]:
        result = mlefit.fit(BinomialRegression(link), DOSE, successes, EXPOSED)
        assert not result.converged and words in result.message and "separation" in result.message
    twice = mlefit.fit(BinomialRegression(link), X[:, [0, 0]], SUCCESSES, TRIALS)
    assert "do not determine slope[0] and slope[1]" in twice.message


def test_wrong_counts_are_refused_by_name():
    with pytest.raises(ValueError, match="link must be one of 'logit', 'probit', 'cloglog', got 'log'"):
        BinomialRegression("log")
    third = np.arange(8) == 3
    for killed, exposed, words in [
        (np.where(third, 99.0, KILLED), EXPOSED, "successes = 99.0"),
        (np.where(third, -1.0, KILLED), EXPOSED, "successes = -1.0"),
        (np.where(third, 1.5, KILLED), EXPOSED, "successes = 1.5"),
        (KILLED, np.where(third, 60.5, EXPOSED), "trials = 60.5"),
        (KILLED, np.where(third, -60.0, EXPOSED), "trials = -60.0"),
    ]:
        with pytest.raises(ValueError, match=rf"at index 3 \(x = .*{words}"):
            mlefit.fit(BinomialRegression(), DOSE, killed, exposed)
    with pytest.raises(ValueError, match=r"trials must have shape \(n,\)"):
        mlefit.fit(BinomialRegression(), DOSE, KILLED, EXPOSED[:, None])
    with pytest.raises(TypeError, match="trials"):
        mlefit.fit(BinomialRegression(), DOSE, KILLED)


def test_rows_without_a_trial_say_nothing():
    plain = mlefit.fit(BinomialRegression(), DOSE, KILLED, EXPOSED)
    empty = np.append(DOSE, 1.8), np.append(KILLED, 0.0), np.append(EXPOSED, 0.0)
    more = mlefit.fit(BinomialRegression(), *empty)
    assert more.converged and more.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-13)
    np.testing.assert_allclose(more.covariance, plain.covariance, rtol=1e-9)
