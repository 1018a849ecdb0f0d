"""The page on the mean squared error, against closed forms, SciPy and simulations of the tests' own."""

import numpy as np
import pytest
from scipy import integrate, optimize, signal, stats

import mlefit


@pytest.fixture(scope="module")
def names(page):
    return page("learn/mse-is-likelihood.md")


def test_both_sides_of_the_identity_are_scipys_log_density(names):
    x, y = mlefit.data.line(slope=1.0, intercept=2.0, n=100, stddev=0.15, seed=0)
    for (slope, intercept), sigma, left, right in zip(
        names["thetas"], names["sigmas"], names["left"], names["right"], strict=True
    ):
        expected = -stats.norm.logpdf(y, loc=slope * x + intercept, scale=sigma).mean()
        assert [left, right] == pytest.approx([expected] * 2, abs=1e-12)
    assert len(names["left"]) == 1000
    expected = -stats.norm.logpdf(
        y, loc=0.0, scale=0.15
    ).mean()  # the package's model starts at a line of zeros
    by_hand = names["from_mse"]([0.0, 0.0], 0.15)
    assert [float(names["nll"]), by_hand] == pytest.approx([expected] * 2, rel=1e-12)
    assert float(names["loss"]) == pytest.approx(y.var() + y.mean() ** 2, rel=1e-12)


def test_one_curve_is_the_other_upside_down_with_the_peak_at_least_squares(names):
    fitted = stats.linregress(names["x"], names["y"])
    assert [*names["theta_hat"]] == pytest.approx([fitted.slope, fitted.intercept], abs=1e-12)
    shifted = names["ell_curve"] + 100 / (2 * 0.15**2) * names["mse_curve"]
    assert shifted == pytest.approx(-50 * np.log(2 * np.pi * 0.15**2), abs=1e-10)
    peak, floor = names["slopes"][[names["ell_curve"].argmax(), names["mse_curve"].argmin()]]
    assert peak == floor == pytest.approx(fitted.slope, abs=0.0005)


def test_profiled_nll_is_the_minimum_over_all_three_parameters(names):
    x, y = names["x"], names["y"]

    def nll(p):
        return -stats.norm.logpdf(y, loc=p[0] * x + p[1], scale=np.exp(p[2])).mean()

    best = optimize.minimize(nll, [0.5, 1.5, 0.0], method="BFGS", options={"gtol": 1e-9})
    assert names["profiled"] == pytest.approx(best.fun, abs=1e-9)
    assert names["at_estimates"] == pytest.approx(best.fun, abs=1e-9)
    assert [*names["theta_hat"], names["sigma_hat"]] == pytest.approx(
        [*best.x[:2], np.exp(best.x[2])], abs=1e-5
    )


def test_gradients_are_the_closed_form_and_its_multiple(names):
    X, y = names["design"], names["y"]
    expected = -2 * X.T @ y / len(y)  # at a line of zeros
    assert [*names["gradient_mse"]] == pytest.approx([*expected], rel=1e-12)
    assert [*names["gradient_nll"]] == pytest.approx([*expected / 0.045], rel=1e-12)


def test_weights_win_by_the_exact_ratio_of_variances(names):
    x, w = names["x"], 1 / names["sigma_i"] ** 2
    d = x - x.mean()
    ordinary = np.sum(d**2 / w) / np.sum(d**2) ** 2
    weighted = 1 / np.sum(w * (x - np.average(x, weights=w)) ** 2)
    assert names["weights_exact"] == pytest.approx(ordinary / weighted, rel=1e-10)
    assert abs(names["weights_ratio"] - names["weights_exact"]) < 4 * names["weights_error"]
    assert names["variances"] == pytest.approx([ordinary, weighted], rel=1e-10)
    for slopes, variance in ((names["slopes_o"], ordinary), (names["slopes_w"], weighted)):
        assert abs(slopes.mean() - 1.0) < 4 * np.sqrt(variance / len(slopes))


def test_unequal_variances_make_the_reported_errors_wrong_as_a_simulation_says(names):
    x, sigma = names["x"], 0.02 + 0.3 * names["x"]
    repetitions, rng = 4000, np.random.default_rng(7)
    slopes, intercepts, slope_errors, intercept_errors = np.transpose(
        [
            (fit.slope, fit.intercept, fit.stderr, fit.intercept_stderr)
            for fit in (stats.linregress(x, x + 2 + rng.normal(size=100) * sigma) for _ in range(repetitions))
        ]
    )
    spreads = [slopes.std(), intercepts.std()]
    reported = [np.sqrt(np.mean(errors**2)) for errors in (slope_errors, intercept_errors)]
    tolerance = 4 / np.sqrt(2 * repetitions)
    assert names["true"] == pytest.approx(spreads, rel=tolerance)
    assert names["reported"] == pytest.approx(reported, rel=0.02)
    assert [*names["true"] / names["reported"]] == pytest.approx([0.99, 0.59], abs=0.005)


def test_heavy_tails_leave_the_reported_error_of_the_mean_right(names):
    squares = np.random.default_rng(8).laplace(size=(20_000, 101)).var(axis=1, ddof=1) / 101
    assert abs(squares.mean() - 2 / 101) < 4 * squares.std() / np.sqrt(20_000)
    assert abs(names["medians"].mean()) < 4 * names["medians"].std() / np.sqrt(20_000)


def test_the_bells_are_scipys_density_around_the_line(names):
    assert [*names["bell"]] == pytest.approx([*stats.norm.pdf(names["up"], scale=0.15)], rel=1e-12)
    residuals = names["y"] - 2 - names["x"]
    assert stats.kstest(residuals, stats.norm(scale=0.15).cdf).pvalue > 0.01


def test_median_against_mean_as_order_statistics_and_scipys_fits_of_newcomb_say(names):
    def variance(density):
        middle = stats.beta(51, 51)  # of the median of 101 uniforms
        return integrate.quad(lambda u: density.ppf(u) ** 2 * middle.pdf(u), 0, 1, points=[0.5])[0]

    tails, premium = 2 / 101 / variance(stats.laplace), 101 * variance(stats.norm)
    assert names["tails_exact"] == pytest.approx(tails, rel=1e-5)
    assert names["premium_exact"] == pytest.approx(premium, rel=1e-5)
    assert abs(names["tails_ratio"] - tails) < 4 * names["tails_error"]
    assert abs(names["premium"] - premium) < 4 * names["premium_error"]

    time = mlefit.data.load("newcomb")["deviation"]
    for fitted, density, nll in (
        (("mean", "sigma_gaussian"), stats.norm, "nll_gaussian"),
        (("median", "s"), stats.laplace, "nll_laplace"),
    ):
        location, scale = density.fit(time)
        assert [names[name] for name in fitted] == pytest.approx([location, scale], abs=1e-12)
        assert names[nll] == pytest.approx(-density.logpdf(time, location, scale).mean(), abs=1e-12)
    assert names["mean"] == pytest.approx(26.2121, abs=5e-5)
    assert names["median"] == 27
    assert len(names["kept"]) == 64
    moves = [names["kept"].mean() - names["mean"], np.median(names["kept"]) - names["median"]]
    assert moves[0] / moves[1] == pytest.approx(3, abs=0.1)  # "three times as far"


def test_ar1_noise_by_another_simulation(names):
    rng = np.random.default_rng(12345)
    repetitions, burn_in = 5000, 100
    u = 0.15 * np.sqrt(1 - 0.7**2) * rng.normal(size=(repetitions, burn_in + 100))
    y = signal.lfilter([1.0], [1.0, -0.7], u)[:, burn_in:]
    t = np.arange(100) / 100
    d = t - t.mean()
    slopes = y @ d / np.sum(d**2)
    residuals = y - y.mean(axis=1, keepdims=True) - np.outer(slopes, d)
    errors = np.sqrt(np.sum(residuals**2, axis=1) / 98 / np.sum(d**2))
    assert slopes.std() == pytest.approx(names["true_error"], rel=4 / np.sqrt(2 * repetitions))
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(names["usual_error"], rel=0.02)
    covered = np.mean(np.abs(slopes) < stats.t.ppf(0.975, 98) * errors)
    assert abs(covered - names["covered"]) < 4 * np.sqrt(0.25 * (1 / repetitions + 1 / names["R"]))
    assert names["covered"] + 4 * names["covered_error"] < 0.6
    assert names["error_factor"] == pytest.approx(np.sqrt(1.7 / 0.3), rel=0.01)


def test_hubbles_slope_from_both_losses(names):
    hubble = mlefit.data.load("hubble")
    fitted = stats.linregress(hubble["distance"], hubble["velocity"])
    assert fitted.slope == pytest.approx(454.15844, abs=5e-6)
    for name in ("hubble_slope", "slope_mse", "slope_nll"):
        assert names[name] == pytest.approx(fitted.slope, rel=1e-10)
    assert names["hubble_error"] == pytest.approx(fitted.stderr, rel=1e-10)
    residuals = hubble["velocity"] - fitted.intercept - fitted.slope * hubble["distance"]
    assert names["sigma_nll"] == pytest.approx(residuals.std(), rel=1e-10)
    peak = stats.norm.logpdf(residuals, scale=residuals.std()).sum()
    result = names["result"]
    assert result.log_likelihood == pytest.approx(peak, abs=1e-10)
    assert result.estimates["slope"] == pytest.approx(fitted.slope, rel=1e-10)
    assert result.estimates["stddev"] == pytest.approx(residuals.std(), rel=1e-10)
    assert names["metres_slope"] / fitted.slope == pytest.approx(1000, rel=1e-10)
    assert names["metres_mse"] / names["lowest"] == pytest.approx(1e6, rel=1e-10)
    assert names["nll_change"] == pytest.approx(np.log(1000), abs=1e-10)
