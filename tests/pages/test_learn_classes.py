"""learn/classes.md against published digits, SciPy's distributions and searches, and fresh simulations."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize, special, stats

# Dalal, Fowlkes and Hoadley 1989; C. Bliss 1935; A. Agresti 2002, table 7.1: slope, intercept, deviance.
BEETLES = {
    "logit": (34.270326, -60.717455, 11.232231),
    "probit": (19.727931, -34.935254, 10.119758),
    "cloglog": (22.041170, -39.572310, 3.446439),
}
SCIPY_LINKS = {
    "logit": special.expit,
    "probit": special.ndtr,
    "cloglog": lambda a: -np.expm1(-np.exp(a)),
}
ALLIGATORS = [  # intercept, small, Hancock, Oklawaha, Trafford
    [-1.549019, 1.458205, -1.658359, 0.937219, 1.121985],
    [-3.314533, -0.351263, 1.242777, 2.458872, 2.935253],
    [-2.093077, -0.630660, 0.695118, -0.653208, 1.087767],
    [-1.904272, 0.331550, 0.826196, 0.005653, 1.516369],
]


@pytest.fixture
def names(page):
    return page("learn/classes.md")


def slope_error(nll, x, theta):
    """The error of the slope by differences, with the line at the mean of x as the other parameter."""
    centre, step = x.mean(), np.array([1e-3, 1e-3])
    step[0] /= x.std()
    at = np.array([theta[0], theta[1] + theta[0] * centre])

    def f(i, j):
        slope, height = at + step * [i, j]
        return nll([slope, height - slope * centre])

    bend = [f(1, 0) - 2 * f(0, 0) + f(-1, 0), f(0, 1) - 2 * f(0, 0) + f(0, -1)]
    mixed = (f(1, 1) - f(1, -1) - f(-1, 1) + f(-1, -1)) / 4
    return math.sqrt(np.linalg.inv([[bend[0], mixed], [mixed, bend[1]]])[0, 0]) * step[0]


def test_the_candidates_have_the_log_likelihoods_of_scipy(names):
    found = []
    for slope, intercept in names["candidates"].values():
        q = special.expit(intercept + slope * names["temperature"])
        ell = stats.bernoulli(q).logpmf(names["damaged"].astype(int)).sum()
        assert names["log_likelihood"](slope, intercept) == pytest.approx(ell, rel=1e-9)
        found.append(ell)
    assert max(found) == found[1] and min(found) == found[2]
    assert names["damaged"].sum() == 7 and len(names["damaged"]) == 23


def test_cross_entropies_are_log_probabilities(names):
    rng = np.random.default_rng(1)
    a, y = rng.normal(size=50) * 3, rng.integers(2, size=50)
    scores, classes = rng.normal(size=(50, 4)) * 3, rng.integers(4, size=50)
    binary = -stats.bernoulli(special.expit(a)).logpmf(y).mean()
    categorical = -np.log(special.softmax(scores, axis=1)[np.arange(50), classes]).mean()
    for who in ("formula", "keras"):
        assert float(names[f"binary_{who}"]) == pytest.approx(binary, rel=1e-9)
        assert float(names[f"categorical_{who}"]) == pytest.approx(categorical, rel=1e-9)
    assert names["losses"]["logits"] == pytest.approx(40, rel=1e-12)
    assert names["losses"]["probabilities"] == pytest.approx(-math.log(1e-7), rel=1e-6)
    assert names["gradients"]["logits"] == pytest.approx(-1, rel=1e-9)
    assert names["gradients"]["probabilities"] == 0


def test_the_shuttle_has_the_published_digits(names):
    x, y = names["temperature"], names["damaged"].astype(int)

    def nll(theta):
        return -stats.bernoulli(special.expit(theta[1] + theta[0] * x)).logpmf(y).sum()

    result, theta = names["result"], names["theta"]
    assert theta == pytest.approx([-0.2321627, 15.04290], rel=1e-6)
    assert result.estimates["slope"] == pytest.approx(-0.2321627, abs=6e-8)
    assert result.estimates["intercept"] == pytest.approx(15.04290, abs=6e-6)
    q = special.expit(theta[1] + theta[0] * x)
    X = np.column_stack([x, np.ones(23)])
    covariance = np.linalg.inv((X.T * q * (1 - q)) @ X)
    np.testing.assert_allclose(names["covariance"], covariance, rtol=1e-6)
    np.testing.assert_allclose(names["errors"], np.sqrt(np.diag(covariance)), rtol=1e-6)
    assert result.standard_errors["slope"] == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-6)
    assert slope_error(nll, x, theta) == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-4)
    assert math.exp(-theta[0]) == pytest.approx(1.26, abs=0.005)
    # at 31 degrees
    logit, place = theta @ [31.0, 1.0], np.array([31.0, 1.0])
    reach = stats.norm.ppf(0.975) * math.sqrt(place @ covariance @ place)
    ends = [names["low_31"], names["high_31"]]
    assert ends == pytest.approx(list(special.expit([logit - reach, logit + reach])), abs=1e-3)
    assert names["at_31"] == pytest.approx(names["by_hand_31"], rel=1e-8)
    assert names["at_31"] == pytest.approx(0.9996, abs=5e-5) and 0.45 < ends[0] < 0.55
    assert x.min() == 53


def test_six_rings_have_the_published_digits(names):
    x, rings = names["temperature"], names["rings"]

    def nll(theta):
        return -stats.binom(6, special.expit(theta[1] + theta[0] * x)).logpmf(rings).sum()

    fitted = names["rings_fit"]
    for slope, intercept in (names["ring_theta"], [fitted.estimates["slope"], fitted.estimates["intercept"]]):
        assert slope == pytest.approx(-0.1156012, abs=6e-8) and intercept == pytest.approx(5.084977, abs=6e-7)
    assert fitted.log_likelihood == pytest.approx(-nll(names["ring_theta"]), rel=1e-9)
    assert float(names["ring_nll"](names["ring_theta"])) == pytest.approx(nll(names["ring_theta"]), rel=1e-9)
    error = slope_error(nll, x, names["ring_theta"])
    assert fitted.standard_errors["slope"] == pytest.approx(error, rel=1e-4)
    assert names["ring_31"] == pytest.approx(special.expit(5.084977 - 0.1156012 * 31), rel=1e-6)


@pytest.mark.parametrize("link", BEETLES)
def test_beetles_have_the_published_digits(names, link):
    dose, exposed, killed = names["dose"], names["exposed"], names["killed"]
    slope, intercept, deviance = BEETLES[link]
    theta, covariance = names["beetle_fits"][link]
    fitted = names["beetle_results"][link]
    for found in (theta, [fitted.estimates["slope"], fitted.estimates["intercept"]]):
        assert list(found) == pytest.approx([slope, intercept], rel=3e-7)
    assert names["deviances"][link] == pytest.approx(deviance, abs=1e-6)

    def ell(at):
        return stats.binom(exposed, SCIPY_LINKS[link](at[1] + at[0] * dose)).logpmf(killed).sum()

    saturated = stats.binom(exposed, killed / exposed).logpmf(killed).sum()
    assert 2 * (saturated - ell(theta)) == pytest.approx(deviance, abs=1e-6)
    assert fitted.log_likelihood == pytest.approx(ell(theta), rel=1e-9)
    assert fitted.aic == pytest.approx(4 - 2 * ell(theta), rel=1e-9)
    error = slope_error(lambda at: -ell(at), dose, theta)
    assert math.sqrt(covariance[0, 0]) == pytest.approx(error, rel=1e-4)
    if link == "logit":  # C. Bliss's data, published
        assert np.sqrt(np.diag(covariance)) == pytest.approx([2.912140, 5.180711], rel=1e-6)
    assert fitted.standard_errors["slope"] == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-6)
    a = np.linspace(-3, 3, 7)
    log_yes, log_no = names["LINKS"][link](tf.constant(a))
    np.testing.assert_allclose(np.exp(log_yes), SCIPY_LINKS[link](a), rtol=1e-12)
    np.testing.assert_allclose(np.exp(log_yes) + np.exp(log_no), 1, rtol=1e-12)


def test_links_come_from_where_the_table_says():
    """A tolerance, and the first of Poisson-many hits."""
    rng, a = np.random.default_rng(0), 0.4
    assert np.mean(rng.normal(size=200_000) < a) == pytest.approx(SCIPY_LINKS["probit"](a), abs=0.005)
    hits = rng.poisson(math.exp(a), size=200_000)
    assert np.mean(hits > 0) == pytest.approx(SCIPY_LINKS["cloglog"](a), abs=0.005)


def test_deviance_is_chi_square_for_these_groups_and_explains(names):
    rng, exposed = np.random.default_rng(5), names["exposed"].astype(int)
    q = special.expit(names["beetle_design"] @ names["beetle_fits"]["logit"][0])
    X, found = names["beetle_design"] - [names["dose"].mean(), 0], []
    for killed in rng.binomial(exposed, q, size=(400, 8)):
        theta = np.zeros(2)
        for _ in range(12):
            p = special.expit(X @ theta)
            theta = theta + np.linalg.solve((X.T * exposed * p * (1 - p)) @ X, X.T @ (killed - exposed * p))
        best = stats.binom(exposed, special.expit(X @ theta)).logpmf(killed).sum()
        found.append(2 * (stats.binom(exposed, killed / exposed).logpmf(killed).sum() - best))
    assert np.mean(found) == pytest.approx(6, abs=0.7)
    assert np.mean(np.array(found) > stats.chi2(6).ppf(0.95)) < 0.1
    overall = names["killed"].sum() / exposed.sum()
    null = stats.binom(exposed, overall).logpmf(names["killed"]).sum()
    assert names["null_deviance"] == pytest.approx(2 * (names["saturated"] - null), rel=1e-12)
    assert min(1 - d / names["null_deviance"] for d in names["deviances"].values()) > 0.95
    # single yes and no: against the log-likelihood of the share 7 / 23
    flat = 7 * math.log(7 / 23) + 16 * math.log(16 / 23)
    assert names["shuttle_explained"] == pytest.approx(1 - names["result"].log_likelihood / flat, rel=1e-9)


def test_alligators_have_the_published_digits(names):
    expected = np.array(ALLIGATORS)
    np.testing.assert_allclose(names["gator_coefficients"].T, expected, atol=6e-7)
    fitted = names["gator_fit"]
    np.testing.assert_allclose(fitted.estimates["intercept"], expected[:, 0], atol=2e-6)
    np.testing.assert_allclose(fitted.estimates["slope"], expected[:, 1:], atol=2e-6)
    assert names["ell_gators"] == pytest.approx(-270.040139, abs=6e-7)
    assert fitted.log_likelihood == pytest.approx(-270.040139, abs=6e-7) and fitted.nobs == 219
    scores = np.column_stack([np.zeros(8), names["gator_design"] @ names["gator_coefficients"]])
    shares = special.softmax(scores, axis=1)
    ell = np.sum(names["eaten"] * np.log(shares))
    assert ell == pytest.approx(-270.040139, abs=6e-7)
    np.testing.assert_allclose(names["fitted_shares"], shares, rtol=1e-9)
    # the information in closed form, for the error of the odds ratio
    X, count = names["gator_design"], names["eaten"].sum(axis=1)
    q = shares[:, 1:]
    blocks = [[(X.T * (count * q[:, c] * ((c == d) - q[:, d]))) @ X for d in range(4)] for c in range(4)]
    errors = np.sqrt(np.diag(np.linalg.inv(np.block(blocks)))).reshape(4, 5)
    np.testing.assert_allclose(names["gator_errors"].T, errors, rtol=1e-6)
    np.testing.assert_allclose(fitted.standard_errors["slope"], errors[:, 1:], rtol=1e-5)
    assert names["ratio"] == pytest.approx(math.exp(1.458205), rel=1e-5)
    ends = np.exp(1.458205 + 1.96 * errors[0, 1] * np.array([-1, 1]))
    np.testing.assert_allclose(names["ratio_ends"], ends, rtol=1e-5)


def test_another_baseline_changes_coefficients_and_no_probability(names):
    scores = np.column_stack([np.zeros(8), names["gator_design"] @ names["gator_coefficients"]])
    moved = scores - scores[:, [2]]
    np.testing.assert_allclose(special.softmax(moved, axis=1), special.softmax(scores, axis=1), rtol=1e-12)


def test_the_eight_coldest_flights_are_separated(names):
    t, y = names["t_cold"], names["y_cold"]
    assert t[y == 1].max() == 63 and t[y == 0].min() == 66 and len(t) == 8
    assert np.all(np.diff(names["curve_cold"]) > 0) and names["curve_cold"][-1] > -0.05
    assert not names["separated"].converged and "separation" in names["separated"].message
    peak = names["curve_all"].argmax()
    assert names["steepness"][peak] == pytest.approx(0.232, abs=0.06) and 0 < peak < 19
    growth = np.array([*names["growth"].values()])
    assert np.all(np.diff(growth) > 0.3)  # "like the logarithm"
    assert 0.5 < (growth[3] - growth[2]) / (growth[2] - growth[1]) < 1.6


def test_the_network_of_the_aside_gains_by_scaling():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(60, 4))
    classes = scores.argmax(axis=1)
    nll = [-special.log_softmax(s * scores, axis=1)[np.arange(60), classes].mean() for s in (1, 10)]
    assert nll[1] < nll[0]


@pytest.mark.parametrize("stddev", [0.1, 0.5, 2.0])
def test_map_is_the_peak_of_the_product(names, stddev):
    t, y = names["t_cold"], names["y_cold"]

    def objective(at):
        a = at[1] + at[0] * (t - t.mean())
        return np.sum(np.logaddexp(0, a) - y * a) - stats.norm(0, stddev).logpdf(at[0])

    found = optimize.minimize(
        objective, [-0.1, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}
    )
    assert names["map_slopes"][stddev] == pytest.approx(found.x[0], rel=1e-5)
    if stddev == 0.5:
        peak = names["steepness"][names["with_prior"].argmax()]
        assert peak == pytest.approx(-found.x[0], abs=0.06)
        assert names["full"] == pytest.approx(-0.222, abs=5e-4)


def test_calibration_is_what_the_page_says(names):
    ml, ml_error = names["calibration"]["likelihood"]
    shrunk, _ = names["calibration"]["MAP"]
    assert ml == pytest.approx(0.5, abs=0.06) and ml + 10 * ml_error < 1  # "about twice too large"
    assert ml + 5 * ml_error < shrunk < 1
    # on other rows of the same kind, by a search of our own
    rng = np.random.default_rng(8)
    x = rng.normal(size=(20_000, 40))
    y = rng.uniform(size=20_000) < special.expit(x @ names["coefficients"])
    for fitted, slope in ((names["ml"], ml), (names["map_fit"], shrunk)):
        a = x @ fitted.estimates["slope"] + fitted.estimates["intercept"]

        def nll(at, a=a):
            return np.mean(np.logaddexp(0, at[0] * a + at[1]) - y * (at[0] * a + at[1]))

        assert optimize.minimize(nll, [1.0, 0.0]).x[0] == pytest.approx(slope, abs=0.08)
    # on its own rows the slope is 1, because the score is zero
    a = names["x_train"] @ names["ml"].estimates["slope"] + names["ml"].estimates["intercept"]
    left = names["y_train"] - special.expit(a)
    assert [left @ a, left.sum()] == pytest.approx([0, 0], abs=1e-6)


def test_exercises(names):
    for link, (value, error) in names["half"].items():
        theta, covariance = names["beetle_fits"][link]
        assert SCIPY_LINKS[link](theta[1] + theta[0] * value) == pytest.approx(0.5, abs=1e-9)
        draws = np.random.default_rng(0).multivariate_normal(theta, covariance, size=40_000)
        a_half = names["half"][link][0] * theta[0] + theta[1]
        assert np.std((a_half - draws[:, 1]) / draws[:, 0]) == pytest.approx(error, rel=0.05)
    values = [value for value, _ in names["half"].values()]
    assert (max(values) - min(values)) / 0.004 == pytest.approx(2, abs=0.4)
    # class weights are repeated rows, and the truth of a weighted world has the odds doubled
    doubled, result = names["doubled"], names["result"]
    assert doubled.nobs == 30
    assert doubled.standard_errors["slope"] < 0.8 * result.standard_errors["slope"]
    rng = np.random.default_rng(6)
    x = rng.normal(size=200_000)
    yes = rng.uniform(size=200_000) < special.expit(-1 + 0.8 * x)
    weight = 1 + yes

    def nll(at):
        a = at[1] + at[0] * x
        return np.average(np.logaddexp(0, a) - yes * a, weights=weight)

    assert optimize.minimize(nll, [0.0, 0.0]).x == pytest.approx([0.8, -1 + math.log(2)], abs=0.03)
    assert names["mean_shift"] == pytest.approx(math.log(2), abs=0.05)
    q = special.expit(5.084977 - 0.1156012 * names["temperature"])
    pearson = np.sum((names["rings"] - 6 * q) ** 2 / (6 * q * (1 - q))) / 21
    assert names["ring_dispersion"] == pytest.approx(pearson, rel=1e-5)
    assert 0.04 < names["ring_p"] < 0.12
