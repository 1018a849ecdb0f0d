"""Figures of a fit against closed forms: profiles, contours, and residuals that are normal if it holds."""

import pickle

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import mlefit
from mlefit import plot
from mlefit.inference import profiles, residuals

rng = np.random.default_rng(7)
X = rng.normal(5.0, 2.0, 15)
N, MEAN, STDDEV = len(X), X.mean(), X.std()
GAUSSIAN = mlefit.fit(mlefit.Gaussian(), X)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


class Own(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.mean = self.parameter("mean", 4.0)
        self.stddev = self.parameter("stddev", 1.0, support="positive")

    def log_prob(self, x):
        return mlefit.densities.gaussian(x, self.mean(), self.stddev())


@pytest.mark.parametrize("model", [mlefit.Gaussian, Own])
def test_the_profile_of_a_mean_is_the_closed_form(model):
    ax = plot.profile(mlefit.fit(model(), X), "mean", xlabel="mean (s)")
    curve, wald, cut, ends = ax.lines
    values, fall = curve.get_data()
    np.testing.assert_allclose(fall, -0.5 * N * np.log1p(((values - MEAN) / STDDEV) ** 2), atol=1e-7)
    np.testing.assert_allclose(wald.get_ydata(), -0.5 * N * ((values - MEAN) / STDDEV) ** 2, atol=1e-7)
    reach = STDDEV * np.sqrt(np.expm1(scipy.stats.chi2(1).ppf(0.95) / N))
    np.testing.assert_allclose(ends.get_xdata(), [MEAN - reach, MEAN + reach], rtol=1e-6)
    np.testing.assert_allclose([*cut.get_ydata(), *ends.get_ydata()], -1.920729, rtol=1e-6)
    assert values[0] < MEAN - reach < MEAN + reach < values[-1] and ax.get_xlabel() == "mean (s)"


def test_the_profile_of_a_stddev_stays_in_its_support_and_knows_its_level():
    found = profiles.curve(GAUSSIAN, "stddev", 0.8)
    ratio = found.values / STDDEV
    np.testing.assert_allclose(
        found.profile, -N * (np.log(ratio) + 0.5 * (1 / ratio**2 - 1)), rtol=1e-6, atol=1e-7
    )
    assert found.cut == pytest.approx(-scipy.stats.chi2(1).ppf(0.8) / 2)
    assert (found.values > 0).all() and (found.low, found.high) == GAUSSIAN.interval("stddev", 0.8, "profile")


@pytest.mark.parametrize("held", [{}, {"intercept": 1.0}])
def test_the_profile_of_a_slope_beside_what_is_held(held):
    x = np.column_stack([X - MEAN, np.cos(X)])
    y = x @ [1.0, 2.0] + rng.normal(size=N)
    result = mlefit.fit(mlefit.LinearRegression(), x, y, fixed=held)
    found = profiles.curve(result, "slope[1]")
    others = np.column_stack([x[:, 0], np.ones(N)]) if not held else x[:, :1]
    shifted = y - sum(held.values())
    rest = [np.linalg.lstsq(others, shifted - b * x[:, 1])[1][0] for b in found.values]
    least = np.linalg.lstsq(np.column_stack([others, x[:, 1]]), shifted)[1][0]
    np.testing.assert_allclose(found.profile, -0.5 * N * np.log(rest / least), atol=1e-6)


def joint(mean, stddev):
    """The log-likelihood of a Gaussian less its maximum."""
    return -N * (np.log(stddev / STDDEV) + 0.5 * (STDDEV**2 + (mean - MEAN) ** 2) / stddev**2 - 0.5)


def test_the_profile_of_a_function_with_corners():
    """Over the other coefficient the sum of absolute deviations is least at one of its corners."""
    x = rng.normal(size=40)
    y = 0.5 + x + rng.laplace(size=40)
    result = mlefit.fit(mlefit.LaplaceRegression(), x, y)
    found = profiles.curve(result, "slope")
    rest = y - found.values[:, None] * x
    sums = np.abs(rest - np.median(rest, axis=1)[:, None]).sum(axis=1)
    np.testing.assert_allclose(found.profile, -40 * np.log(sums / sums.min()), rtol=1e-9, atol=1e-9)
    ends = np.interp([found.low, found.high], found.values, found.profile)
    np.testing.assert_allclose(ends, found.cut, atol=0.01)


@pytest.mark.parametrize("model", [mlefit.Gaussian, Own])
def test_contours_are_the_level_sets_of_the_closed_form(model):
    ax = plot.contour(mlefit.fit(model(), X), "mean", "stddev", ylabel="stddev (s)")
    assert ax.get_xlabel() == "mean" and ax.get_ylabel() == "stddev (s)"
    for level, drawn in zip((0.3934693, 0.6827, 0.95), ax.collections, strict=True):
        fall = scipy.stats.chi2(2).ppf(level) / 2
        means, stddevs = np.vstack([path.vertices for path in drawn.get_paths()]).T
        np.testing.assert_allclose(joint(means, stddevs), -fall, atol=0.02 * fall + 0.005)
        # It closes, and its highest point is where the closed form has it.
        top = scipy.optimize.brentq(lambda s, fall=fall: joint(MEAN, s) + fall, STDDEV, 5 * STDDEV)
        assert stddevs.max() == pytest.approx(top, rel=0.01)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["39%", "68%", "95%", "estimate"]
    (best,) = [line for line in ax.lines if line.get_label() == "estimate"]
    np.testing.assert_allclose(np.ravel(best.get_data()), [MEAN, STDDEV], rtol=1e-6)


class Wide(mlefit.Model):
    """Student's t about 0: its likelihood hardly falls as the degrees of freedom grow."""

    def __init__(self):
        super().__init__()
        self.scale = self.parameter("scale", 1.0, support="positive")
        self.df = self.parameter("df", 5.0, support="positive")

    def log_prob(self, x):
        return mlefit.densities.student_t(x, 0.0, self.scale(), self.df())


@pytest.mark.parametrize("seed", [2, 6, 9])
def test_a_surface_that_never_falls_on_one_side_is_right_all_the_same(seed):
    x = np.random.default_rng(seed).standard_t(6, size=60)
    result = mlefit.fit(Wide(), x)
    found = profiles.surface(result, "df", "scale")
    rows = (slice(None, None, 3),) * 2
    df, scale, drawn = found.a[rows], found.b[rows], found.profile[rows]
    df = np.minimum(df, 1e6)  # beyond, SciPy's density loses digits, and it no longer changes
    truth = scipy.stats.t(df[..., None], 0.0, scale[..., None]).logpdf(x).sum(axis=-1) - result.log_likelihood
    near = truth > -3.5
    assert near.sum() > 30
    np.testing.assert_allclose(drawn[near], truth[near], rtol=0.05, atol=0.01)


def test_the_one_sigma_ellipse_has_the_interval_of_each_parameter_as_its_shadow():
    x = np.column_stack([X, X**2])
    counts = rng.poisson(np.exp(0.1 * X))
    result = mlefit.fit(mlefit.PoissonRegression(), x, counts)
    found = profiles.surface(result, "slope[0]", "slope[1]")
    inside = found.a[found.profile >= -0.5]
    low, high = result.interval("slope[0]", 0.6826895, "profile")
    assert [inside.min(), inside.max()] == pytest.approx([low, high], abs=0.05 * (high - low))


def test_quantile_residuals_are_normal_for_the_right_model_and_not_for_another():
    x = rng.normal(size=2000)
    rates = np.exp(0.5 + 0.4 * x)
    right = mlefit.fit(mlefit.PoissonRegression(), x, rng.poisson(rates))
    wrong = mlefit.fit(mlefit.PoissonRegression(), x, rng.negative_binomial(2, 2 / (2 + rates)))
    assert scipy.stats.kstest(residuals.quantile_residuals(right), "norm").pvalue > 0.05
    assert scipy.stats.kstest(residuals.quantile_residuals(wrong), "norm").pvalue < 1e-6
    drawn = plot.quantiles(right, seed=3).lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, np.sort(residuals.quantile_residuals(right, seed=3)))
    assert (drawn != np.sort(residuals.quantile_residuals(right, seed=4))).any()


@pytest.mark.parametrize(
    ("model", "data", "law"),
    [
        (mlefit.Gaussian, (X,), lambda p: scipy.stats.norm(p["mean"], p["stddev"])),
        (
            mlefit.LinearRegression,
            (X, 2 * X + rng.normal(size=N)),
            lambda p: scipy.stats.norm(p["slope"] * X + p["intercept"], p["stddev"]),
        ),
        (
            mlefit.LogisticRegression,
            (X, rng.random(N) < 0.5),
            lambda p: scipy.stats.bernoulli(1 / (1 + np.exp(-p["slope"] * X - p["intercept"]))),
        ),
        (
            mlefit.PoissonRegression,
            (X, rng.poisson(3.0, N), 0.1 * X),
            lambda p: scipy.stats.poisson(np.exp(p["slope"] * X + p["intercept"] + 0.1 * X)),
        ),
        (
            lambda: mlefit.NonlinearRegression(lambda x, a: keras.ops.exp(a * x), a=0.1),
            (X, np.exp(0.2 * X) + rng.normal(size=N)),
            lambda p: scipy.stats.norm(np.exp(p["a"] * X), p["stddev"]),
        ),
    ],
)
def test_cdf_and_simulate_are_those_of_scipy(model, data, law):
    fitted = model()
    mlefit.fit(fitted, *data)
    law = law(fitted.values)
    response = np.asarray(data[min(1, len(data) - 1)], float)
    arrays = [np.asarray(values, float) for values in data]
    below, at = fitted.cdf(*arrays)
    np.testing.assert_allclose(at, law.cdf(response), rtol=1e-10)
    discrete = not hasattr(law.dist, "pdf")
    np.testing.assert_allclose(below, law.cdf(response - 1) if discrete else law.cdf(response), rtol=1e-10)
    generator = np.random.default_rng(0)
    draws = [fitted.simulate(generator, *arrays) for _ in range(400)]
    assert all(len(drawn) == len(data) for drawn in draws)
    drawn = np.array([d[min(1, len(data) - 1)] for d in draws])
    assert (np.abs(drawn.mean(axis=0) - law.mean()) < 4.5 * law.std() / 20).all()
    np.testing.assert_allclose(drawn.std(axis=0), law.std() * np.ones(N), rtol=0.35, atol=0.06)
    if len(data) > 1:
        assert (draws[0][0] == arrays[0]).all() and (draws[0][2:] == tuple(arrays[2:]) or len(data) == 3)


def test_weights_repeat_residuals():
    counts, weights = np.arange(5.0), np.array([109.0, 65, 22, 3, 1])
    result = mlefit.fit(mlefit.PoissonRegression(), np.cos(counts), counts, weights=weights)
    assert len(plot.quantiles(result).lines[0].get_ydata()) == 200


class Wrong(Own):
    def cdf(self, x):
        return x, x


class Short(Own):
    def cdf(self, x):
        return np.zeros(3), np.ones(3)


def test_bad_input_is_refused():
    own, unpickled = mlefit.fit(Own(), X), pickle.loads(pickle.dumps(GAUSSIAN))
    with pytest.warns(mlefit.FitWarning):
        failed = mlefit.fit(mlefit.Gaussian(), np.ones(5))
    for kind, message, call in [
        (NotImplementedError, r"Own must define cdf\(\*data\)", lambda: plot.quantiles(own)),
        (ValueError, "cdf must return probabilities", lambda: plot.quantiles(mlefit.fit(Wrong(), X))),
        (
            ValueError,
            r"shape \(15,\), got shapes \(3,\), \(3,\)",
            lambda: plot.quantiles(mlefit.fit(Short(), X)),
        ),
        (TypeError, "seed must be a whole number", lambda: plot.quantiles(GAUSSIAN, seed=0.5)),
        (ValueError, "name must be one of mean, stddev, got 'm'", lambda: plot.profile(GAUSSIAN, "m")),
        (TypeError, "level must be a number", lambda: plot.profile(GAUSSIAN, "mean", level="0.9")),
        (ValueError, "got 'b'", lambda: plot.contour(GAUSSIAN, "mean", "b")),
        (ValueError, "two parameters, got 'mean' twice", lambda: plot.contour(GAUSSIAN, "mean", "mean")),
        (ValueError, "call fit again", lambda: plot.contour(unpickled, "mean", "stddev")),
        (ValueError, "call fit again", lambda: plot.profile(unpickled, "mean")),
        (ValueError, "fit that is to be trusted: .*unbounded", lambda: plot.profile(failed, "mean")),
    ]:
        with pytest.raises(kind, match=message):
            call()
    assert plt.get_fignums() == []
