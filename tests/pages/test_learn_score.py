"""learn/score.md against SciPy's integrals, distributions and finite differences."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats


@pytest.fixture
def names(page):
    return page("learn/score.md")


def test_scores_of_waiting_times_scatter_and_fall_by_the_information(names):
    """Score and slope by differences of SciPy's log-density, their moments by quadrature."""
    h = 1e-3

    def logpdf(x, theta):
        return stats.expon.logpdf(x, scale=theta)

    def score(x):
        return (logpdf(x, 2 + h) - logpdf(x, 2 - h)) / (2 * h)

    def curvature(x):
        return -(logpdf(x, 2 + h) - 2 * logpdf(x, 2) + logpdf(x, 2 - h)) / h**2

    def mean(f):
        return integrate.quad(lambda x: f(x) * stats.expon.pdf(x, scale=2), 0, 80)[0]

    assert mean(score) == pytest.approx(0, abs=1e-6)
    one = mean(lambda x: score(x) ** 2)
    assert one == pytest.approx(mean(curvature), rel=1e-5)
    assert names["information"] == pytest.approx(100 * one, rel=1e-5)
    # four Monte Carlo errors each: sqrt((2 + 6 / 100) / 20000), 2 * sqrt(n) / theta^2 / sqrt(20000), ...
    assert names["heights"].var() == pytest.approx(25, rel=0.041)
    assert names["slopes"].mean() == pytest.approx(-25, abs=0.15)
    assert names["many"].std() == pytest.approx(0.2, rel=0.021)
    x = np.random.default_rng(3).exponential(2, size=5)
    theta = 1.7
    by_hand = 5 * (x.mean() - theta) / theta**2
    assert by_hand == pytest.approx(np.sum(logpdf(x, theta + h) - logpdf(x, theta - h)) / (2 * h), rel=1e-5)


def test_both_sides_of_the_information_identity_are_the_integral(names):
    density = stats.norm(2.0, 0.5)

    def score(x):  # by differences of SciPy's log-density
        h = 1e-5
        by_mean = stats.norm.logpdf(x, 2.0 + h, 0.5) - stats.norm.logpdf(x, 2.0 - h, 0.5)
        by_stddev = stats.norm.logpdf(x, 2.0, 0.5 + h) - stats.norm.logpdf(x, 2.0, 0.5 - h)
        return np.array([by_mean, by_stddev]) / (2 * h)

    def mean(f):  # over the density, by the trapezoid rule
        x = np.linspace(-3.0, 7.0, 20_001)
        return np.trapezoid(f(x) * density.pdf(x), x)

    information = mean(lambda x: score(x)[:, None] * score(x))
    assert np.allclose(information, [[4, 0], [0, 8]], atol=1e-5)
    assert mean(score) == pytest.approx([0, 0], abs=1e-6)
    # 3.5 Monte Carlo errors of the worst entry, sqrt(56) / 0.5**2 / 1000
    assert np.allclose(names["score_variance"], information, atol=0.1)
    assert np.allclose(names["mean_curvature"], information, atol=0.1)


def test_the_mean_log_likelihood_comes_to_its_limit(names):
    for theta, drawn in zip(names["wide"][::40], names["limit"][::40], strict=True):
        expected = integrate.quad(
            lambda x, theta=theta: stats.expon.logpdf(x, scale=theta) * stats.expon.pdf(x, scale=2), 0, 80
        )[0]
        assert drawn == pytest.approx(expected, abs=1e-8)
    assert names["wide"][names["limit"].argmax()] == pytest.approx(2.0, abs=0.01)
    peaks = names["peaks"]
    assert peaks[10] > peaks[100] > peaks[1000]
    for size, farthest in peaks.items():
        assert farthest < 4 * 2 / math.sqrt(size)


def test_asymptotic_normality_is_drawn_from_the_exact_distribution(names):
    rng = np.random.default_rng(8)
    for size, within in names["gap"].items():
        z = math.sqrt(size) * (rng.exponential(2, size=(20_000, size)).mean(axis=1) / 2 - 1)
        assert within == pytest.approx(np.mean(np.abs(z) < 1.96), abs=4 * 0.0016)
        assert abs(within - 0.95) < 0.006  # as the page says, even for n = 2


def test_what_fails_without_each_condition(names):
    assert names["twice"] == pytest.approx(2 * stats.norm.cdf(1.96 / math.sqrt(2)) - 1, abs=4 * 0.0026)
    for n, spread in names["largest"].items():
        exact = stats.beta(n, 1).std()  # of the largest of n uniform draws
        assert spread == pytest.approx(exact, rel=0.06)
    assert names["largest"][100] / names["largest"][400] == pytest.approx(4, rel=0.08)
    assert float(names["kink"]) == 0.0

    def middle(u):  # the density of the median's rank among 101
        return stats.beta(51, 51).pdf(u)

    variance = integrate.quad(lambda u: stats.laplace.ppf(u) ** 2 * middle(u), 0, 1)[0]
    assert names["laplace_spread"] == pytest.approx(math.sqrt(variance), rel=0.02)
    assert round(names["laplace_spread"], 3) == 0.108  # quoted
    # The limit, minus the mean of |x - theta|, has the curvature 1.
    limit = [
        integrate.quad(lambda x, c=c: abs(x - c) * stats.laplace.pdf(x), -40, 40, points=[c, 0], limit=200)[0]
        for c in (-0.01, 0, 0.01)
    ]
    assert (limit[0] - 2 * limit[1] + limit[2]) / 0.01**2 == pytest.approx(1, abs=0.01)
    assert names["at_bound"] == pytest.approx(0.5, abs=4 * 0.0036)
    # The spread of the cube root of a Gaussian with stddev 0.1: its second moment is E|z|^(2/3).
    moment = 2 ** (1 / 3) * math.gamma(5 / 6) / math.sqrt(math.pi)
    assert names["cube"][100] == pytest.approx(math.sqrt(moment * 0.1 ** (2 / 3)), rel=0.02)
    assert names["cube"][100] / names["cube"][6400] == pytest.approx(2, rel=0.02)


def test_the_fit_of_the_waiting_times(names):
    x = names["x"]
    assert names["result"].estimates["theta"] == pytest.approx(x.mean(), rel=1e-6)
    assert [names["error_fit"], names["error_hand"]] == pytest.approx([x.mean() / 10] * 2, rel=1e-6)


def test_exercises(names):
    integral = integrate.quad(
        lambda z: 2 * (1 - z**2) / (1 + z**2) ** 2 / (math.pi * (1 + z**2)), -np.inf, np.inf
    )
    assert integral[0] == pytest.approx(0.5)
    sample = names["sample"]  # the last
    best = optimize.minimize_scalar(
        lambda m: -stats.cauchy.logpdf(sample, m).sum(),
        bounds=(names["peak"][0] - 0.1, names["peak"][0] + 0.1),
        method="bounded",
    ).x
    h = 1e-4
    second = -sum(w * stats.cauchy.logpdf(sample, best + k * h).sum() for k, w in ((-1, 1), (0, -2), (1, 1)))
    assert names["observed"][-1] == pytest.approx(second / h**2, rel=0.02)

    def squared(u):
        return stats.norm.ppf(u) ** 2 * stats.beta(51, 51).pdf(u)

    exact = 101 * integrate.quad(squared, 0, 1)[0]
    assert names["excess"] == pytest.approx(exact, rel=0.04)
    assert exact == pytest.approx(math.pi / 2, rel=0.02)
    assert [names["left"], names["right"]] == pytest.approx([1 / 3, 1 / 3], rel=1e-9)
