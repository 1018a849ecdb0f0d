"""learn/gaussian.md against SciPy, NIST's certified digits, and gradient descent in plain NumPy."""

import math

import numpy as np
import pytest
from scipy import optimize, stats


@pytest.fixture
def names(page):
    return page("learn/gaussian.md")


def descend(x, mean, stddev, rate, steps):
    """Gradient descent on the mean NLL in (mean, stddev); row k is the state before step k."""
    path = []
    for _ in range(steps):
        path.append((mean, stddev))
        squares = np.mean((x - mean) ** 2)
        mean, stddev = (
            mean - rate * (mean - x.mean()) / stddev**2,
            stddev - rate * (1 / stddev - squares / stddev**3),
        )
    return np.array(path)


def test_loop_reaches_the_fit_and_the_floor_of_scipy(names):
    mean, stddev = stats.norm.fit(names["data"])
    assert names["fitted_mean"] == pytest.approx(mean, rel=1e-9)
    assert names["fitted_stddev"] == pytest.approx(stddev, rel=1e-9)
    floor = -stats.norm.logpdf(names["data"], mean, stddev).mean()
    assert names["floor"] == pytest.approx(floor, rel=1e-12)
    assert names["record"][-1, 0] == pytest.approx(floor, rel=1e-12)
    start = -stats.norm.logpdf(names["data"], 0.7 * mean, 1.3 * stddev).mean()
    assert names["record"][0, 0] == pytest.approx(start, rel=1e-12)


def test_standard_errors_are_those_of_the_numerical_hessian(names):
    def log_likelihood(theta):
        return stats.norm.logpdf(names["data"], theta[0], theta[1]).sum()

    best = np.array(stats.norm.fit(names["data"]))
    hessian = optimize.approx_fprime(
        best, lambda theta: optimize.approx_fprime(theta, log_likelihood, 1e-4), 1e-4
    )
    errors = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    assert [names["mean_error"], names["stddev_error"]] == pytest.approx(errors, rel=1e-3)


def test_summed_loss_settles_oscillates_and_leaves(names):
    limits = {}
    for n, path in names["summed"].items():
        x = np.random.default_rng(0).normal(2.0, 1.0, size=n)
        expected = descend(x, 0.7 * x.mean(), 1.3 * x.std(), 0.0005 * n, len(path))
        assert path[:, 1:] == pytest.approx(expected, rel=1e-6)
        limits[n] = x.var() / n
    assert limits[1000] > 0.0005 > limits[2500] > limits[10000]
    assert np.ptp(names["summed"][1000][-20:, 2]) < 1e-6
    assert np.ptp(names["summed"][2500][-20:, 2]) > 0.3
    assert names["summed"][10000][2, 1:] == pytest.approx([-16.2, 62.4], abs=0.05)


def test_free_stddev_jumps_and_its_logarithm_comes_back(names):
    x = names["data"]
    expected = descend(x, 0.7 * x.mean(), 0.35, 0.5, 240)
    assert names["free_record"][:, 1:] == pytest.approx(expected, rel=1e-6)
    assert names["free_record"][1, 2] == pytest.approx(0.35 - 0.5 * names["slope"])
    first = np.argmax((np.abs(expected - [x.mean(), x.std()]) < 1e-3).all(axis=1))
    assert names["free_epochs"] == first == 214
    assert names["log_epochs"] == 23
    rho = math.log(0.35) - 0.5 * (1 - np.mean((x - 0.7 * x.mean()) ** 2) / 0.35**2)
    assert names["cured_record"][1, 2] == pytest.approx(math.exp(rho))
    assert names["cured_record"][-1, 1:] == pytest.approx(stats.norm.fit(x), rel=1e-9)


def test_a_fit_that_has_not_settled_says_so(names):
    settled, record = names["settled"], names["free_record"]
    assert settled(record[:214]) is None
    assert settled(record[:215]) == 214
    assert settled(np.vstack([record, record[:1]])) is None  # there, and away again
    assert settled(record[-1:]) == 0


def test_the_band_holds_gaussian_samples_wholly(names):
    n, repetitions = 1000, 1500
    samples = np.sort(np.random.default_rng(99).normal(size=(repetitions, n)), axis=1)
    samples -= samples.mean(axis=1, keepdims=True)
    samples /= samples.std(axis=1, keepdims=True)
    low, high = (
        (edge - names["fitted_mean"]) / names["fitted_stddev"] for edge in (names["low"], names["high"])
    )
    covered = np.mean(((low <= samples) & (samples <= high)).all(axis=1))
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 * (1 / repetitions + 1 / 1000)))
    assert names["inside"]


def test_michelson_in_raw_units_goes_negative_without_an_error(names):
    raw = names["raw_record"]
    assert raw[1, 2] < 0
    assert np.isnan(raw[1:, 0]).all()
    assert np.isfinite(raw[:, 1:]).all()


def test_michelson_agrees_with_the_certified_digits(names):
    assert names["light_mean"] == pytest.approx(299.8524, abs=1e-11)
    assert names["light_stddev"] == pytest.approx(0.0790105478190518 * math.sqrt(99 / 100), abs=1e-12)
    assert names["light_mean_error"] == pytest.approx(0.0079, abs=5e-5)
    assert list(names["result"].estimates.values()) == pytest.approx(
        [299.8524, 0.0790105478190518 * math.sqrt(99 / 100)], rel=1e-11
    )


def test_todays_speed_is_eighteen_standard_errors_below_or_nine(names):
    def index(celsius):  # Ciddor's standard dry air for 0.58 micrometres, in proportion to the density
        squared = 1 / 0.58**2
        standard = 1e-8 * (5792105 / (238.0185 - squared) + 167917 / (57.362 - squared))
        return 1 + standard * (273.15 + 15) / (273.15 + celsius)

    assert names["index"] == pytest.approx(index(27), abs=5e-7)
    assert names["index"] == pytest.approx(1.00027, abs=5e-6)
    gap = 299.8524 - 299.792458 / index(27)
    assert names["gap"] == pytest.approx(gap, abs=2e-4)
    assert round(gap / (0.0790105478190518 * math.sqrt(0.99) / 10)) == 18
    means = names["speed"].reshape(5, 20).mean(axis=1)
    assert names["group_error"] == pytest.approx(stats.sem(means), rel=1e-10)
    assert round(gap / stats.sem(means)) == 9
    for celsius in (22, 32):  # 72 to 90 degrees Fahrenheit
        assert round((299.8524 - 299.792458 / index(celsius)) / stats.sem(means)) == 9


def test_package_takes_the_same_path(names):
    z = names["z"]
    assert names["history"] == pytest.approx(names["light_record"][:, 0], rel=1e-12)
    assert list(names["model"].values.values()) == pytest.approx(stats.norm.fit(z), rel=1e-12)


def test_exercises_agree_with_theory(names):
    michelson = names["michelson"]
    for k in range(5):
        group = names["speed"][michelson["experiment"] == k + 1]
        assert names["group_means"][k] == pytest.approx(group.mean(), rel=1e-12)
    assert names["tail"] == pytest.approx(stats.chi2.sf(names["chi_square"], df=4), rel=1e-9)
    assert names["free_steps"] == pytest.approx(30**2, rel=0.02)
    for sigma in (names["sigma_low"], names["sigma_high"]):
        step = descend(names["speed"], names["speed"].mean(), sigma, 0.5, 2)
        assert step[1, 1] == pytest.approx(0.0, abs=1e-12)


def test_the_curves_of_twenty_are_drops_of_the_log_likelihood(names):
    few, here = names["few"], (30, 50)
    mean, stddev = names["means"][here], names["stddevs"][here]
    top = stats.norm.logpdf(few, *stats.norm.fit(few)).sum()
    fall = top - stats.norm.logpdf(few, mean, stddev).sum()
    assert names["fall"][here] == pytest.approx(fall, rel=1e-10)
    assert top - stats.norm.logpdf(few, 2.0, 1.0).sum() < 2.0  # the truth is inside the second curve
