"""learn/losses.md against SciPy's densities and fits, published digits, order statistics and closed forms."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats


@pytest.fixture
def names(page):
    return page("learn/losses.md")


def test_areas_are_the_closed_forms(names):
    half = math.sqrt(2 * math.pi) * math.erf(1 / math.sqrt(2)) + 2 * math.exp(-0.5)
    truth = {
        "squared": math.sqrt(math.pi),
        "absolute": 2.0,
        "Huber": half,
        "log-cosh": math.pi,
        "quantile 0.75": 1 / (0.75 * 0.25),
    }
    assert names["areas"] == pytest.approx(truth, rel=1e-7)


def test_the_best_constants_of_pure_powers_are_mean_median_quantile(names):
    values = np.random.default_rng(3).normal(size=41) / 2
    loss = names["losses"]
    assert names["best_constant"](loss["squared"], values) == pytest.approx(values.mean(), abs=0.003)
    assert names["best_constant"](loss["absolute"], values) == pytest.approx(np.median(values), abs=0.003)
    ninth = np.sort(values)[30]  # 41 * 0.75 = 30.75: the 31st
    assert names["best_constant"](loss["quantile 0.75"], values) == pytest.approx(ninth, abs=0.003)


def test_the_scale_is_where_the_density_expects_the_mean_loss(names):
    """Step 4, with the expectation by an integral of its own."""
    light, losses = names["light"], names["losses"]
    grid = np.linspace(-600, 600, 400_001)
    for name, (best, least, s, ell) in names["newcomb"].items():
        cost = losses[name](grid).numpy()
        density = np.exp(-cost / s)
        area = np.sum(density) * (grid[1] - grid[0])
        assert np.sum(density * cost) / np.sum(density) == pytest.approx(least, rel=1e-4)
        assert ell == pytest.approx(-66 * (least / s + math.log(area)), abs=0.01)
        assert float(np.mean(losses[name](light - best))) == pytest.approx(least, rel=1e-9)


def test_newcomb_by_hand_is_what_scipy_fits(names):
    light = names["light"]
    best, _, s, ell = names["newcomb"]["squared"]
    mean, stddev = stats.norm.fit(light)
    assert (best, s) == pytest.approx((mean, 2 * stddev**2), rel=1e-6)
    assert ell == pytest.approx(stats.norm.logpdf(light, mean, stddev).sum(), rel=1e-8)
    median, deviation = stats.laplace.fit(light)
    best, _, s, ell = names["newcomb"]["absolute"]
    assert (best, s) == pytest.approx((median, deviation), rel=1e-6)
    assert ell == pytest.approx(stats.laplace.logpdf(light, median, deviation).sum(), rel=1e-8)
    assert light.mean() == pytest.approx(26.2121, abs=5e-5) and light.std() == pytest.approx(
        10.6636, abs=5e-5
    )
    df, location, scale = stats.t.fit(light)
    found = names["student_light"]
    assert found.log_likelihood == pytest.approx(stats.t.logpdf(light, df, location, scale).sum(), abs=1e-4)
    assert [found.estimates[k] for k in ("location", "scale", "df")] == pytest.approx(
        [location, scale, df], rel=2e-3
    )


def test_what_keras_leaves_out_is_the_constant(names):
    assert len(names["gaps"]) == 8
    for name, (difference, formula) in names["gaps"].items():
        assert difference == pytest.approx(formula, abs=1e-6), name
    y, guess = names["y"], names["guess"]
    nll = {name: -float(np.mean(log_p)) for name, log_p in names["log_densities"].items()}
    assert nll["MSE"] == pytest.approx(-stats.norm.logpdf(y, guess, math.sqrt(0.5)).mean(), rel=1e-12)
    assert nll["MAE"] == pytest.approx(-stats.laplace.logpdf(y, guess).mean(), rel=1e-12)
    # SciPy's hyperbolic secant is 1 / (pi cosh x), as here.
    assert nll["log-cosh"] == pytest.approx(-stats.hypsecant.logpdf(y - guess).mean(), rel=1e-12)
    rates, counts = np.exp(names["log_rates"]), names["counts"]
    assert nll["Poisson"] == pytest.approx(-stats.poisson.logpmf(counts, rates).mean(), rel=1e-12)
    chance = 1 / (1 + np.exp(-names["logits"]))
    assert nll["binary"] == pytest.approx(-stats.bernoulli.logpmf(names["yes"], chance).mean(), rel=1e-12)
    scores = names["scores"] - np.log(np.exp(names["scores"]).sum(axis=1, keepdims=True))
    picked = scores[np.arange(200), names["classes"]]
    assert nll["categorical"] == pytest.approx(-picked.mean(), rel=1e-12)
    assert float(names["keras_losses"]["Poisson"]) < 0  # "can be negative"


def test_the_pull_is_the_slope(names):
    r, pulls = names["r"], names["pulls"]
    off = np.abs(r) > 1e-9
    np.testing.assert_allclose(pulls["squared"], 2 * r)
    np.testing.assert_allclose(pulls["absolute"][off], np.sign(r)[off])
    np.testing.assert_allclose(pulls["log-cosh"], np.tanh(r), atol=1e-12)
    np.testing.assert_allclose(pulls["Huber"], np.clip(r, -1, 1), atol=1e-12)
    np.testing.assert_allclose(pulls["Student's t, df 2"], 3 * r / (2 + r**2), atol=1e-12)
    far = names["dragged"]
    assert far["squared"][[0, -1]] == pytest.approx([-10 / 9, 10 / 9], abs=0.003)
    assert far["absolute"][[0, -1]] == pytest.approx([-0.2, 0.2], abs=0.003)
    for name in ("absolute", "Huber", "log-cosh", "quantile 0.75"):  # bounded: it no longer moves
        assert far[name][-1] == pytest.approx(far[name][-20], abs=0.006), name
    student = np.abs(far["Student's t, df 2"])
    assert student[-1] < 0.5 * student.max()  # it returns
    assert names["slopes"]["Poisson", 100] == -99.0 and names["slopes"]["Bernoulli", 1] == -0.5


def test_hubers_estimate_runs_from_the_median_to_the_mean(names):
    small, large = names["centres"]
    assert small == pytest.approx(27.0, abs=0.02)
    assert large == pytest.approx(names["light"].mean(), abs=1e-5)


def test_errors_need_the_scale(names):
    light, errors = names["light"], names["errors"]
    assert errors["squared"]["with s"] == pytest.approx(light.std() / math.sqrt(66), rel=1e-6)
    assert errors["squared"]["loss taken as it is"] == pytest.approx(1 / math.sqrt(132), rel=1e-12)
    assert errors["squared"]["sandwich"] == pytest.approx(light.std() / math.sqrt(66), rel=1e-9)
    for error in errors.values():
        assert error["loss taken as it is"] < 0.25 * error["bootstrap"]
        assert error["with s"] == pytest.approx(error["bootstrap"], rel=0.2)
        assert error["sandwich"] == pytest.approx(error["bootstrap"], rel=0.1)
    # The Huber estimate itself, by a root of the summed pull.
    root = optimize.brentq(lambda at: np.clip(light - at, -5, 5).sum(), 20, 35)
    assert names["hubers"](light) == pytest.approx(root, abs=1e-6)


def test_stack_loss_has_the_published_digits(names):
    """By least squares, least absolute deviations and Student's t, as published for these data."""
    fits = names["fits"]
    published = {
        "Gaussian": [-39.919674, 0.715640, 1.295286, -0.152123],
        "Laplace": [-39.689860, 0.831884, 0.573914, -0.060870],
        "Student's t": [-38.4827, 0.851990, 0.490247, -0.0705649],
    }
    by_hand = {
        "Gaussian": names["least_squares"],
        "Laplace": names["least_absolute"],
        "Student's t": names["student"][:4],
    }
    for name, digits in published.items():
        # the published least absolute deviations carry rounding of 1e-5
        np.testing.assert_allclose(by_hand[name], digits, atol=2e-5 if name != "Student's t" else 6e-5)
        estimates = fits[name].estimates
        np.testing.assert_allclose([estimates["intercept"], *estimates["slope"]], digits, atol=6e-5)
        assert names["agree"][name]
    assert names["mae"] == pytest.approx(2.003865, abs=1e-6)
    assert names["ell_squares"] == pytest.approx(-52.287796, abs=1e-6)
    assert np.exp(names["student"][4:]) == pytest.approx([0.914767, 1.076701], abs=1e-5)
    assert float(names["ell"]) == pytest.approx(-49.56768, abs=1e-5)
    assert fits["Student's t"].log_likelihood == pytest.approx(-49.56768, abs=1e-5)
    assert fits["Laplace"].log_likelihood == pytest.approx(-21 * (math.log(2 * 2.0038647) + 1), abs=1e-5)
    assert names["curved"] and names["largest_slope"] < 1e-8
    low = [day for day, weight in zip(names["days"], names["weights"], strict=True) if weight < 0.1]
    assert low == [1, 3, 4, 21]


def test_student_t_is_unbounded_on_a_line_through_four_points(names):
    on_line, heights = names["on_line"], names["heights"]
    assert np.sum(on_line == 0) == names["met"] == 4
    for (df, scale), height in heights.items():
        assert height == pytest.approx(stats.t.logpdf(on_line, df, 0, scale).sum(), rel=1e-8)
    for df, sign in ((0.1, 1), (0.3, -1)):  # to either side of 4 / 17
        per_step = (4 - 17 * df) * math.log(1e3)
        assert heights[df, 1e-9] - heights[df, 1e-6] == pytest.approx(per_step, rel=0.01)
        assert sign * per_step > 0
    assert heights[0.1, 1e-9] > -49.56768


def test_a_working_likelihood_does_not_cover(names):
    """The errors by the formulas, with the true quantile loss of a Gaussian, phi at its quantile."""
    z = stats.norm.ppf(0.9)
    assert names["true_quantile"] == pytest.approx(z, rel=1e-12)
    working, truth = stats.norm.pdf(z) / 0.3, 0.3 / stats.norm.pdf(z)
    ratio = working / truth
    simulated = names["working"].mean() / names["by_sandwich"]
    assert simulated == pytest.approx(ratio, rel=0.02) and ratio == pytest.approx(1 / 3, abs=0.02)
    assert names["covered"]["working"] == pytest.approx(2 * stats.norm.cdf(1.96 * ratio) - 1, abs=0.03)
    assert names["covered"]["sandwich"] == pytest.approx(0.95, abs=0.015)
    # The 181st of 201 is the quantile: its distribution is that of a beta order statistic.
    u = stats.beta(181, 21)
    second = integrate.quad(lambda p: stats.norm.ppf(p) ** 2 * u.pdf(p), 0, 1)[0]
    first = integrate.quad(lambda p: stats.norm.ppf(p) * u.pdf(p), 0, 1)[0]
    assert names["quantiles"].std() == pytest.approx(math.sqrt(second - first**2), rel=0.05)


def test_exercises(names):
    assert names["msle_area"] == pytest.approx(1, abs=1e-6)
    assert np.ptp(names["msle_left_over"]) < 1e-10
    value = names["positive"]
    truth = -stats.lognorm.logpdf(1 + value, 0.5, scale=3.0).mean()
    loss = np.mean((np.log1p(value) - math.log(3.0)) ** 2)
    assert names["msle_left_over"][1] == pytest.approx(truth - loss / 0.5, rel=1e-10)
    deaths = names["deaths"]
    log_likelihood = stats.poisson.logpmf(deaths, deaths.mean()).sum()
    assert names["kick_aic"] == pytest.approx(2 - 2 * log_likelihood, abs=1e-3)
    assert names["kick_loss"] == pytest.approx(0.9115, abs=5e-5)
    plain, weighed = names["two_heads"]
    assert plain == pytest.approx(math.sqrt(25.25 / 40), rel=0.07)
    assert weighed == pytest.approx(1 / math.sqrt(40 * 1.01), rel=0.08)
