"""The formula sheet, against scipy's distributions, integrals and fits."""

import itertools

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

PAGE = "reference/formulas.md"
LOGIT = special.logit(0.35)
BESSELS = special.i1(0.8) / special.i0(0.8)
RATIO = (0.4 / 0.6) ** 0.5  # of the sides of the asymmetric Laplace, for the quantile 0.4
DENSITIES = {
    "gaussian": ([1.9, 0.8], stats.norm(1.9, 0.8)),
    "log_gaussian": ([1.9, np.log(0.8)], stats.norm(1.9, 0.8)),
    "laplace": ([1.9, 0.8], stats.laplace(1.9, 0.8)),
    "student": ([1.9, 0.8], stats.t(4, 1.9, 0.8)),
    "secant": ([1.9, 0.8], stats.hypsecant(1.9, 0.8)),
    "asymmetric": ([1.9, 0.8], stats.laplace_asymmetric(RATIO, 1.9, 0.8 * RATIO / 0.4)),
    "exponential": ([0.6], stats.expon(scale=1 / 0.6)),
    "log_exponential": ([np.log(0.6)], stats.expon(scale=1 / 0.6)),
    "binomial": ([0.35], stats.binom(6, 0.35)),
    "logit_binomial": ([LOGIT], stats.binom(6, 0.35)),
    "poisson": ([1.3], stats.poisson(1.3)),
    "log_poisson": ([np.log(1.3)], stats.poisson(1.3)),
    "gamma_nll": ([1.7, 0.6], stats.gamma(1.7, scale=1 / 0.6)),
    "weibull": ([1.7, 2.2], stats.weibull_min(1.7, scale=2.2)),
    "beta": ([1.7, 2.2], stats.beta(1.7, 2.2)),
    "von_mises": ([1.9, 0.8], stats.vonmises(0.8, 1.9)),
    "probit_binomial": ([special.ndtri(0.35)], stats.binom(6, 0.35)),
    "cloglog_binomial": ([np.log(-np.log(0.65))], stats.binom(6, 0.35)),
    "negative": ([1.3], stats.nbinom(3, 3 / 4.3)),
    "log_negative": ([np.log(1.3)], stats.nbinom(3, 3 / 4.3)),
}
INFORMATION = {
    "gaussian": [1 / 0.64, 2 / 0.64],
    "log_gaussian": [1 / 0.64, 2],
    "laplace": [1 / 0.64, 1 / 0.64],
    "student": [5 / 7 / 0.64, 8 / 7 / 0.64],
    "secant": [0.5 / 0.64, np.pi**2 / 8 / 0.64],
    "asymmetric": [0.24 / 0.64, 1 / 0.64],
    "exponential": [1 / 0.36],
    "log_exponential": [1],
    "binomial": [6 / 0.35 / 0.65],
    "logit_binomial": [6 * 0.35 * 0.65],
    "poisson": [1 / 1.3],
    "log_poisson": [1.3],
    "von_mises": [0.8 * BESSELS, 1 - BESSELS / 0.8 - BESSELS**2],
    "probit_binomial": [6 * stats.norm.pdf(special.ndtri(0.35)) ** 2 / 0.35 / 0.65],
    "cloglog_binomial": [6 * (0.65 * np.log(0.65)) ** 2 / 0.35 / 0.65],
    "negative": [1 / (1.3 + 1.3**2 / 3)],
    "log_negative": [1.3**2 / (1.3 + 1.3**2 / 3)],
}
FULL = {
    "gamma_nll": [[special.polygamma(1, 1.7), -1 / 0.6], [-1 / 0.6, 1.7 / 0.36]],
    "weibull": [
        [((1 - np.euler_gamma) ** 2 + np.pi**2 / 6) / 1.7**2, (np.euler_gamma - 1) / 2.2],
        [(np.euler_gamma - 1) / 2.2, (1.7 / 2.2) ** 2],
    ],
    "beta": np.diag(special.polygamma(1, [1.7, 2.2])) - special.polygamma(1, 3.9),
}
OUTCOMES = {"von_mises": "circle", "beta": "shares"}
DATA = {"beta": "u"}


@pytest.fixture
def names(page):
    return page(PAGE)


def is_discrete(name):
    return any(word in name for word in ("binomial", "poisson", "negative"))


@pytest.mark.parametrize("name", DENSITIES)
def test_each_negative_log_likelihood_is_that_of_scipy(names, name):
    theta, distribution = DENSITIES[name]
    data = names[DATA.get(name, "counts" if is_discrete(name) else "x")]
    expected = distribution.logpmf(data) if is_discrete(name) else distribution.logpdf(data)
    np.testing.assert_allclose(names[name](np.array(theta)), -expected, rtol=1e-12)


@pytest.mark.parametrize("name", DENSITIES)
def test_information_is_the_closed_form_away_from_the_estimate_too(names, name):
    theta, distribution = DENSITIES[name]
    if is_discrete(name):
        outcomes = names["whole"]
    elif name in OUTCOMES:
        outcomes = names[OUTCOMES[name]]
    else:
        outcomes = names["reals"](0 if distribution.support()[0] == 0 else theta[0])
    expected = FULL[name] if name in FULL else np.diag(INFORMATION[name])
    found = names["information"](names[name], theta, *outcomes)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_huber_is_the_normalised_loss_and_its_information_an_integral(names):
    def loss(x, mu, sigma, delta=1.0):
        z = abs((x - mu) / sigma)
        return np.where(z <= delta, z**2 / 2, delta * z - delta**2 / 2)

    mu, sigma = 1.9, 0.8
    edges = [mu + sigma * z for z in (-30, -1, 1, 30)]

    def integral(f):
        return sum(integrate.quad(f, a, b, epsabs=1e-12)[0] for a, b in itertools.pairwise(edges))

    mass = integral(lambda x: np.exp(-loss(x, mu, sigma)))
    np.testing.assert_allclose(
        names["huber"](np.array([mu, sigma])), loss(names["x"], mu, sigma) + np.log(mass), rtol=1e-9
    )
    e, h = np.sqrt(2 * np.pi) * special.erf(2**-0.5), 2 * np.exp(-0.5)
    closed = np.array([e, 2 * e + h - h]) / (e + h)  # with delta = 1

    def squared_score(x, place):
        step = 1e-5 * np.eye(2)[place]
        up, down = (
            -loss(x, *(np.array([mu, sigma]) + s * step)) - np.log(sigma + s * step[1]) for s in (1, -1)
        )
        return ((up - down) / 2e-5) ** 2 * np.exp(-loss(x, mu, sigma)) / mass

    for place, expected in enumerate(closed):
        assert integral(lambda x, place=place: squared_score(x, place)) == pytest.approx(
            expected / sigma**2, rel=1e-5
        )
    np.testing.assert_allclose(names["huber_se"], names["huber_hat"][1] / np.sqrt(closed * 5), rtol=1e-10)


def test_estimates_by_weights_are_those_of_a_search(names):
    x = names["x"]

    def huber(at):
        z = abs((x - at[0]) / np.exp(at[1]))
        return np.where(z <= 1, z**2 / 2, z - 0.5).sum() + len(x) * at[1]

    def secant(at):
        return -stats.hypsecant.logpdf(x, at[0], np.exp(at[1])).sum()

    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 4000}
    for name, nll in (("huber", huber), ("secant", secant)):
        found = optimize.minimize(nll, [2.0, 0.5], method="Nelder-Mead", options=options).x
        np.testing.assert_allclose(names[f"{name}_hat"], [found[0], np.exp(found[1])], rtol=1e-6)


def test_a_shared_value_leaves_students_t_without_a_maximum():
    """The likelihood at the shared value, for its share just below nu / (nu + 1) and just above."""
    for nu, share in ((1, 1 / 2), (4, 4 / 5)):
        for copies, climbs in ((round(100 * share) - 1, False), (round(100 * share) + 1, True)):
            data = np.append(np.zeros(copies), np.linspace(1, 2, 100 - copies))
            heights = [stats.t.logpdf(data, nu, 0, s).sum() for s in (1e-4, 1e-6, 1e-8)]
            assert (np.diff(heights) > 0).all() == climbs


def test_information_of_students_t_is_the_integral_of_scipy():
    def squared_score(x, place):
        step = 1e-5 * np.eye(2)[place]
        up, down = (stats.t.logpdf(x, 4, *(np.array([0, 1.0]) + sign * step)) for sign in (1, -1))
        return ((up - down) / 2e-5) ** 2 * stats.t.pdf(x, 4)

    for place, closed in enumerate([5 / 7, 8 / 7]):
        assert 2 * integrate.quad(squared_score, 0, 200, args=(place,))[0] == pytest.approx(closed, rel=1e-6)


def test_estimates_are_those_of_scipy(names):
    x = names["x"]
    np.testing.assert_allclose(names["gaussian_hat"], stats.norm.fit(x), rtol=1e-12)
    np.testing.assert_allclose(names["laplace_hat"], stats.laplace.fit(x), rtol=1e-12)
    found = optimize.minimize(
        lambda at: -stats.t.logpdf(x, 4, at[0], np.exp(at[1])).sum(), [2.0, 0.5], tol=1e-10
    )
    np.testing.assert_allclose(names["student_hat"], [found.x[0], np.exp(found.x[1])], rtol=1e-5)
    np.testing.assert_allclose(names["hat"], 1 / stats.expon.fit(x, floc=0)[1], rtol=1e-12)


def test_estimates_of_two_shapes_are_those_of_scipy(names):
    x, u = names["x"], names["u"]
    shape, _, scale = stats.gamma.fit(x, floc=0)
    np.testing.assert_allclose(names["gamma_hat"], [shape, 1 / scale], rtol=1e-6)
    shape, _, scale = stats.weibull_min.fit(x, floc=0)
    np.testing.assert_allclose(names["weibull_hat"], [shape, scale], rtol=1e-4)
    np.testing.assert_allclose(names["beta_hat"], stats.beta.fit(u, floc=0, fscale=1)[:2], rtol=1e-6)
    kappa, mu, _ = stats.vonmises.fit(x, fscale=1)
    np.testing.assert_allclose(names["von_mises_hat"], [mu, kappa], rtol=1e-6)


def test_shares_and_mites_are_the_published_ones(names):
    shares = np.array([1, 3, 1]) / 5  # of classes 0, 1, 2 among 0, 2, 1, 1, 1
    np.testing.assert_allclose(
        names["categorical_hat"], np.log(shares[1:] / shares[0]), rtol=1e-12, atol=1e-15
    )
    logits = np.append(0, names["categorical_hat"])
    expected = -special.log_softmax(logits)[[0, 2, 1, 1, 1]]
    np.testing.assert_allclose(names["categorical"](names["categorical_hat"]), expected, rtol=1e-12)
    np.testing.assert_allclose(names["mites_hat"], [np.log(172 / 150), 1.0245924], atol=1e-6)


@pytest.mark.parametrize(("counts", "exists"), [([0, 3, 1, 2, 5], True), ([0, 3, 1, 2, 4], False)])
def test_a_size_exists_only_if_counts_vary_more_than_poisson_counts(counts, exists):
    mean, sizes = np.mean(counts), np.geomspace(0.1, 1e4, 300)
    heights = [stats.nbinom.logpmf(counts, k, k / (k + mean)).sum() for k in sizes]
    assert (np.var(counts) > mean) == exists
    assert (np.argmax(heights) < 299) == exists


def test_line_and_its_errors_are_those_of_linregress(names):
    x, y, n = names["x"], names["y"], names["n"]
    fit = stats.linregress(x, y)
    sigma = np.std(y - fit.slope * x - fit.intercept)
    np.testing.assert_allclose(names["line_hat"], [fit.slope, fit.intercept, sigma], rtol=1e-12)
    to_ml = np.sqrt((n - 2) / n)  # linregress divides by n - 2
    expected = [fit.stderr * to_ml, fit.intercept_stderr * to_ml, sigma / np.sqrt(2 * n)]
    np.testing.assert_allclose(names["line_se"], expected, rtol=1e-12)


def test_regressions_are_those_of_a_search_by_scipy(names):
    design, yes, counts, exposure = names["X"], names["yes"], names["counts"], names["t"]

    def logistic(theta):
        return -stats.bernoulli.logpmf(yes, special.expit(design @ theta)).sum()

    def poisson(theta):
        return -stats.poisson.logpmf(counts, exposure * np.exp(design @ theta)).sum()

    found = optimize.minimize(logistic, [0.0, 0.0], tol=1e-10).x
    np.testing.assert_allclose(names["logistic_hat"], found, rtol=1e-4)
    best = optimize.minimize(poisson, [0.0, 0.0], tol=1e-10).x
    np.testing.assert_allclose(names["poisson_hat"], best, rtol=1e-4)
    rate = exposure * np.exp(design @ best)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ (rate[:, None] * design))))
    np.testing.assert_allclose(names["poisson_se"], errors, rtol=1e-4)
    weight = special.expit(design @ found) * special.expit(-design @ found)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ (weight[:, None] * design))))
    np.testing.assert_allclose(names["logistic_se"], errors, rtol=1e-4)
    for theta in ([0.3, -0.2], [-0.1, 0.4]):
        slope = names["gradient"](names["poisson_line"], theta)
        np.testing.assert_allclose(slope, optimize.approx_fprime(theta, poisson), rtol=1e-5)


def test_steep_counts_need_a_start_or_a_safeguard(names):
    y, x = np.array([0, 0, 1, 20, 400]), np.arange(5)

    def slopes(theta):
        left = y - np.exp(theta[0] * x + theta[1])
        return [left @ x, left.sum()]

    best = optimize.root(slopes, [3.0, -6.0], tol=1e-12).x
    np.testing.assert_allclose(names["steep_hat"], best, rtol=1e-8)
    np.testing.assert_allclose(names["one"], np.polyfit(x, y - 1.0, 1), rtol=1e-9)  # all weights are 1
    with pytest.raises(np.linalg.LinAlgError):
        names["search"](names["steep"], names["one"], safeguard=False)


def test_errors_of_an_exponential_rate(names):
    x, n = names["x"], names["n"]
    rate = 1 / x.mean()
    top = stats.expon.logpdf(x, scale=x.mean()).sum()
    quantile = stats.norm.ppf(0.975)
    np.testing.assert_allclose(
        names["wald"], rate * (1 + quantile * np.array([-1, 1]) / np.sqrt(n)), rtol=1e-3
    )
    np.testing.assert_allclose(
        names["log_wald"], rate * np.exp(quantile * np.array([-1, 1]) / np.sqrt(n)), rtol=1e-3
    )
    np.testing.assert_allclose(names["sandwich"], rate**4 * x.var() / n, rtol=1e-12)
    assert [names["aic"], names["bic"]] == pytest.approx([2 - 2 * top, np.log(n) - 2 * top], rel=1e-12)
    other = stats.expon.logpdf(x).sum()
    assert names["ratio"] == pytest.approx(2 * (top - other), rel=1e-12)


@pytest.mark.parametrize("place", ["p", "nll", "slope", "info", "se"])
def test_check_sees_a_difference_of_one_in_a_million(names, place):
    x, n = names["x"], names["n"]
    mu, s = x.mean(), x.std()
    z = (x - mu) / s
    rows = {
        "p": stats.norm.pdf(x, mu, s),
        "nll": -stats.norm.logpdf(x, mu, s),
        "slope": np.array([-z, 1 - z**2]) / s,
        "info": np.array([1, 2]) / s**2,
        "se": np.array([1, 0.5**0.5]) * s / n**0.5,
    }
    assert names["check"](names["gaussian"], [mu, s], names["reals"](mu), **rows)
    rows[place] = rows[place] * (1 + 1e-6)
    assert not names["check"](names["gaussian"], [mu, s], names["reals"](mu), **rows)


def test_check_sees_parameters_that_are_no_estimate(names):
    x, n = names["x"], names["n"]
    mu, s = x.mean() + 1e-6, x.std()
    z = (x - mu) / s
    assert not names["check"](
        names["gaussian"],
        [mu, s],
        names["reals"](mu),
        stats.norm.pdf(x, mu, s),
        -stats.norm.logpdf(x, mu, s),
        np.array([-z, 1 - z**2]) / s,
        np.array([1, 2]) / s**2,
        np.array([1, 0.5**0.5]) * s / n**0.5,
    )
