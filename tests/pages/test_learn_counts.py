"""learn/counts.md against published digits, SciPy's distributions and searches, and fresh simulations."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

# C. Bliss and R. Fisher, Biometrics 9 (1953), 176: the fit of the 150 leaves, and Poisson's.
MEAN, SIZE, ELL, ELL_POISSON = 1.1466667, 1.0245924, -222.437154, -242.809941


@pytest.fixture
def names(page):
    return page("learn/counts.md")


@pytest.fixture
def leaves(names):
    """The 150 counts, one for each leaf."""
    return np.repeat(names["m"], names["leaves"].astype(int))


def search(nll, start):
    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    return optimize.minimize(nll, start, method="Nelder-Mead", options=options)


def test_horse_kicks_are_poisson_with_rate_061(names):
    assert names["rate"] == pytest.approx(0.61, abs=1e-12) and names["n"] == 200
    np.testing.assert_allclose(names["expected"], 200 * stats.poisson(0.61).pmf(range(5)), rtol=1e-12)
    # "strays by chance": in repeated tables the number of corps-years with x deaths is binomial
    tables = np.random.default_rng(0).poisson(0.61, size=(20_000, 200))
    spread = [np.std(np.sum(tables == x, axis=1)) for x in range(5)]
    np.testing.assert_allclose(names["scatter"], spread, rtol=0.03)
    assert np.all(np.abs(names["corps_years"] - names["expected"]) < 1.1 * names["scatter"])


def test_poisson_is_the_limit_of_the_binomial():
    x = np.arange(8)
    gaps = [
        np.abs(stats.binom(N, 0.61 / N).pmf(x) - stats.poisson(0.61).pmf(x)).max() for N in (10, 100, 1000)
    ]
    assert gaps[0] > 5 * gaps[1] > 25 * gaps[2]
    # with chances that differ too
    chances = np.random.default_rng(1).dirichlet(np.ones(4000)) * 0.61
    draws = np.random.default_rng(2).random((1000, 4000)) < chances
    assert draws.sum(axis=1).var() == pytest.approx(0.61, abs=0.12)


def test_rate_and_error_by_hand_and_by_fit_are_closed_form(names):
    ell = stats.poisson(0.61).logpmf(names["rows"]).sum()
    for fitted in (names["table_fit"], names["rows_fit"]):
        assert fitted.estimates["rate"] == pytest.approx(0.61, rel=1e-7) and fitted.nobs == 200
        assert fitted.standard_errors["rate"] == pytest.approx(math.sqrt(0.61 / 200), rel=1e-6)
        assert fitted.log_likelihood == pytest.approx(ell, rel=1e-10)
    assert names["rate_hand"] == pytest.approx(0.61, rel=1e-12)
    assert names["error_hand"] == pytest.approx(math.sqrt(0.61 / 200), rel=1e-12)
    assert float(names["loss_rows"]) == pytest.approx(float(names["loss"]), rel=1e-12)
    assert float(names["loss"]) == pytest.approx(-ell / 200, rel=1e-10)


def test_the_counter_is_fitted_as_scipy_does(names):
    x, y, t = names["thickness"], names["counts"], names["seconds"]

    def nll(theta):
        return -stats.poisson.logpmf(y, t * np.exp(theta[0] * x + theta[1])).sum()

    found = search(nll, [-0.1, 1.6]).x
    np.testing.assert_allclose(names["theta"], found, rtol=1e-5)
    mu = t * np.exp(found[0] * x + found[1])
    information = (names["design"].T * mu) @ names["design"]
    np.testing.assert_allclose(names["errors"], np.sqrt(np.diag(np.linalg.inv(information))), rtol=1e-5)
    for j, name in enumerate(["slope", "intercept"]):
        assert names["counter"].estimates[name] == pytest.approx(names["theta"][j], rel=1e-8)
        assert names["counter"].standard_errors[name] == pytest.approx(names["errors"][j], rel=1e-6)
    assert np.all(np.abs(names["theta"] - [-0.1, math.log(5)]) < 2 * names["errors"])
    error = names["no_offset"].standard_errors["slope"]
    assert names["no_offset"].estimates["slope"] + 0.1 > 10 * error and names["no_offset"].converged


def test_mites_vary_twice_as_much_as_poisson(names, leaves):
    assert names["variance"] == pytest.approx(leaves.var(), rel=1e-12)
    assert leaves.var() / leaves.mean() == pytest.approx(2, abs=0.05)
    assert names["poisson_samples"].var(axis=1).max() < leaves.var()
    assert names["kick_variance"] < names["rate"]


def test_pearsons_statistic_is_scipys_chi_square(names, leaves):
    statistic, p = stats.chisquare(leaves)  # 150 cells, equal expectations
    assert names["pearson"] == pytest.approx(statistic, rel=1e-12)
    assert names["pearson_p"] == pytest.approx(p, rel=1e-9)
    assert names["dispersion"] == pytest.approx(leaves.var(ddof=1) / leaves.mean(), rel=1e-12)
    rows = names["rows"]
    assert round(rows.var(ddof=1) / rows.mean(), 2) == 1.00
    assert leaves.sum() == 172 and names["above"] == pytest.approx(0.05, abs=0.015)
    assert names["null"].max() < statistic
    # "whatever the rate is": Poisson samples with this total have the same distribution of X2
    samples = np.random.default_rng(3).poisson(1.4, size=(40_000, 150))
    kept = samples[samples.sum(axis=1) == 210]
    x2 = np.sum((kept - 1.4) ** 2, axis=1) / 1.4
    thrown = np.random.default_rng(4).multinomial(210, np.full(150, 1 / 150), size=4000)
    again = np.sum((thrown - 1.4) ** 2, axis=1) / 1.4
    assert stats.ks_2samp(x2, again).pvalue > 0.01


def test_negative_binomial_is_scipys_and_the_mixture(names):
    for mu, k in ((1.2, 1.5), (3.0, 0.4)):
        distribution = stats.nbinom(k, k / (k + mu))
        found = [names["formula"](x, mu, k) for x in range(12)]
        np.testing.assert_allclose(found, distribution.pmf(range(12)), rtol=1e-9)
        assert distribution.var() == pytest.approx(mu + mu**2 / k, rel=1e-12)
    for x, (left, right) in enumerate(names["pairs"]):
        expected = integrate.quad(
            lambda r, x=x: stats.poisson.pmf(x, r) * stats.gamma.pdf(r, 1.5, scale=0.8), 0, np.inf
        )[0]
        assert [left, right] == pytest.approx([expected, expected], rel=1e-7)
    assert names["largest_gap"] < 1e-8


def test_mites_have_the_published_digits(names, leaves):
    by_hand = names["mu_hand"], names["k_hand"], names["ell_hand"]
    nb = names["nb"]
    by_fit = nb.estimates["mean"], nb.estimates["size"], nb.log_likelihood
    for mean, size, ell in (by_hand, by_fit):
        assert mean == pytest.approx(MEAN, abs=6e-8) and size == pytest.approx(SIZE, abs=6e-7)
        assert ell == pytest.approx(ELL, abs=6e-7)
    assert names["poisson"].log_likelihood == pytest.approx(ELL_POISSON, abs=6e-7)

    def nll(theta):
        mu, k = np.exp(theta)
        return -stats.nbinom(k, k / (k + mu)).logpmf(leaves).sum()

    found = search(nll, [0.0, 0.0])
    np.testing.assert_allclose(np.exp(found.x), [names["mu_hand"], names["k_hand"]], rtol=1e-5)
    step = np.array([0, 1e-3])
    bend = (nll(found.x + step) - 2 * found.fun + nll(found.x - step)) / 1e-6
    # both derivatives mixed are 0 at the estimate, so each parameter has a width of its own
    size_error = names["k_hand"] / math.sqrt(bend)
    assert nb.standard_errors["size"] == pytest.approx(size_error, rel=1e-4)
    assert names["k_hand"] * names["log_errors"][1] == pytest.approx(size_error, rel=1e-4)
    mean_error = math.sqrt((MEAN + MEAN**2 / SIZE) / 150)
    assert nb.standard_errors["mean"] == pytest.approx(mean_error, rel=1e-5)
    assert names["nb_expected"][0] == pytest.approx(69.5, abs=0.05) and names["leaves"][0] == 70
    assert names["poisson_expected"][0] == pytest.approx(150 * math.exp(-MEAN), rel=1e-6)


def test_the_likelihood_ratio_has_half_a_chi_square(names):
    assert names["statistic"] == pytest.approx(2 * (ELL - ELL_POISSON), abs=3e-6)
    assert names["edge_p"] == pytest.approx(stats.chi2(1).sf(2 * (ELL - ELL_POISSON)) / 2, rel=1e-5)
    # "needs 2.71": the point that half of chi-square(1) exceeds with probability 5 %
    assert stats.chi2(1).ppf(0.9) == pytest.approx(2.71, abs=0.01)
    assert names["rejected"][2.71] == pytest.approx(0.05, abs=0.02)
    assert names["rejected"][3.84] == pytest.approx(0.025, abs=0.012)
    assert 0.5 < names["at_edge"] < 0.6
    samples = names["poisson_samples"]
    below = samples.var(axis=1) <= samples.mean(axis=1)
    assert np.mean((names["simulated"] == 0) == below) > 0.995  # but for the width of the grid


@pytest.mark.parametrize("which", range(6))
def test_statistics_of_samples_are_those_of_a_search(names, which):
    sample = names["poisson_samples"][which]

    def gain(log_alpha):
        k = math.exp(-log_alpha)
        larger = stats.nbinom(k, k / (k + sample.mean())).logpmf(sample).sum()
        return 2 * (larger - stats.poisson(sample.mean()).logpmf(sample).sum())

    best = optimize.minimize_scalar(lambda a: -gain(a), bounds=(-12, 1), method="bounded")
    found = names["statistics"](sample[None])[0]
    assert found == pytest.approx(max(-best.fun, 0.0), abs=2e-3)


def test_slope_at_the_edge_is_the_variance_less_the_mean(leaves):
    def ell(alpha):
        k = 1 / alpha
        return stats.nbinom(k, k / (k + leaves.mean())).logpmf(leaves).sum()

    poisson = stats.poisson(leaves.mean()).logpmf(leaves).sum()
    slope = (ell(1e-5) - poisson) / 1e-5
    assert slope == pytest.approx(75 * (leaves.var() - leaves.mean()), rel=1e-3)


def test_poissons_error_is_too_small_and_the_sandwich_mends_it(names, leaves):
    errors = names["mean_errors"]
    assert errors["Poisson"] == pytest.approx(math.sqrt(leaves.mean() / 150), rel=1e-6)
    assert errors["Poisson, robust"] == pytest.approx(leaves.std() / math.sqrt(150), rel=1e-6)
    spread = names["truth"].std() / math.sqrt(150)
    assert names["means"].std() == pytest.approx(spread, rel=0.03)
    assert errors["Poisson"] / spread == pytest.approx(2 / 3, abs=0.03)  # "too small by a third"
    covered = 2 * stats.norm.cdf(1.96 * errors["Poisson"] / spread) - 1
    assert names["covers"] == pytest.approx(covered, abs=0.02)
    assert (1 - names["covers"]) / 0.05 == pytest.approx(4, abs=0.6)
    assert 0.92 < names["covers_robust"] < 0.955


def test_horse_kicks_have_no_size(names):
    ells = [stats.nbinom(k, k / (k + 0.61)).logpmf(names["rows"]).sum() for k in (1, 10, 100, 1e4, 1e6)]
    assert np.all(np.diff(ells) > 0) and ells[-1] < names["table_fit"].log_likelihood
    assert not names["runaway"].converged and "Poisson" in names["runaway"].message
    assert names["runaway"].log_likelihood == pytest.approx(names["table_fit"].log_likelihood, abs=1e-6)
    assert float(names["far_package"]) == pytest.approx(names["table_fit"].log_likelihood, abs=1e-6)
    assert abs(float(names["far_hand"]) - names["table_fit"].log_likelihood) > 1
    assert np.mean(names["deaths"]) == 2  # "taken once"


def test_kerass_loss_lacks_the_factorial(names, leaves):
    assert names["left_out"] == pytest.approx(special.gammaln(leaves + 1).mean(), rel=1e-12)
    # Keras adds 1e-7 to the rate, so the sum agrees to six digits
    assert names["keras_loss"] + names["left_out"] == pytest.approx(-ELL_POISSON / 150, abs=1e-6)
    assert names["keras_loss"] < names["nll_nb"] < names["nll_poisson"]


def test_exercises(names):
    low, high = names["garwood_low"], names["garwood_high"]
    assert stats.poisson(200 * low).sf(121) == pytest.approx(0.025, rel=1e-9)
    assert stats.poisson(200 * high).cdf(122) == pytest.approx(0.025, rel=1e-9)
    wald = 0.61 * np.exp(np.array([-1, 1]) * stats.norm.ppf(0.975) / math.sqrt(122))
    assert [names["wald_low"], names["wald_high"]] == pytest.approx(list(wald), rel=1e-6)
    assert high - low > wald[1] - wald[0]
    assert names["intercept_change"] == pytest.approx(math.log(60), abs=1e-8)
    assert abs(names["slope_change"]) < 1e-9 and abs(names["ell_change"]) < 1e-8
    assert np.mean(names["weak"] == 0) == pytest.approx(0.48, abs=0.03)
    off = names["ls_slopes"].mean() + 0.1
    assert off > 1.7 * names["ls_slopes"].std()
    ml = np.array(names["ml_slopes"])
    assert abs(ml.mean() + 0.1) < 3 * ml.std() / math.sqrt(len(ml)) + 0.004
