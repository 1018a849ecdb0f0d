"""The noise's explorer fits what the package fits, and says how each point pulls."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from exploring import Explorer

# As on the page. At whole x whole intervals of lines may have the least absolute deviations.
X = np.array([1.0, 1.9, 3.2, 3.9, 5.2, 6.0, 6.8, 8.2, 8.9, 10.1, 11.2, 11.9])
PAGE = "learn/losses/"
STRAIGHT = 1 + 0.5 * X + np.array([0.31, -0.4, 0.42, -0.27, 0.13, 0.44, -0.42, 0.29, -0.33, 0.3, -0.06, 0.11])
FAR = np.where(X > 11.5, -1.0, STRAIGHT)
MIDDLE = np.where(X == 6.0, 8.5, STRAIGHT)
STATES = [(STRAIGHT, 4, 1.35), (FAR, 4, 1.35), (FAR, 3, 0.5), (MIDDLE, 10, 2.5), (MIDDLE, 2, 0.1)]
NAMES = ["Gaussian", "Laplace", "Student's t", "Huber"]


class HuberRegression(mlefit.LinearRegression):
    """The same line, with Huber's density."""

    def __init__(self, delta):
        super().__init__()
        self.delta = delta

    def log_prob(self, x, y):
        return mlefit.densities.huber(y, self(x), self.stddev(), self.delta)


class StudentRegression(mlefit.LinearRegression):
    """The same line, with Student's t of 4 degrees of freedom, by the density alone."""

    def log_prob(self, x, y):
        return mlefit.densities.student_t(y, self(x), self.stddev(), 4.0)


@pytest.fixture(scope="module")
def tab(browser):
    with browser.new_context() as context:
        yield context.new_page()


def opened(tab, home, y, df=4, delta=1.35, noise="gaussian"):
    points = ",".join(f"{value:.2f}" for value in y)
    link = f"#explore=noise&y={points}&df={df}&delta={delta}&noise={noise}"
    return Explorer(tab, home + PAGE + link, "noise")


def fitted(y, df, delta):
    y = y.round(2)
    return {
        "Gaussian": mlefit.fit(mlefit.LinearRegression(), X, y),
        "Laplace": mlefit.fit(mlefit.LaplaceRegression(), X, y),
        "Student's t": mlefit.fit(mlefit.RobustRegression(), X, y, fixed={"df": float(df)}),
        "Huber": mlefit.fit(HuberRegression(delta), X, y),
    }


@pytest.mark.parametrize(("y", "df", "delta"), STATES)
def test_the_fits_are_those_of_the_package(tab, home, y, df, delta):
    numbers = opened(tab, home, y, df, delta).numbers()
    for name, result in fitted(y, df, delta).items():
        estimates = result.estimates
        scale = estimates["scale"] if "scale" in estimates else estimates["stddev"]
        expected = [estimates["slope"], estimates["intercept"], scale]
        assert numbers[name][:3] == pytest.approx(expected, abs=2e-4), name
        assert numbers[name][3] == pytest.approx(result.log_likelihood, abs=1e-3), name


def pulls_shown(explorer, reach, most):
    """The ends of the bars, back from pixels: (residual, pull) of each point."""
    path = explorer.element.locator("figure").nth(2).locator("svg svg path.wide.grey")
    picture = explorer.element.locator("figure").nth(2).locator("svg svg")
    width, height = (float(picture.first.get_attribute(side)) for side in ("width", "height"))
    bars = [piece.split("L")[1].split() for piece in path.get_attribute("d").split("M")[1:]]
    at = np.array(bars, dtype=float)
    return (2 * at[:, 0] / width - 1) * reach, (1 - 2 * at[:, 1] / height) * most


@pytest.mark.parametrize("name", NAMES)
def test_the_bars_are_slopes_of_the_log_density(tab, home, name):
    kind = {"Student's t": "student"}.get(name, name.lower())
    explorer = opened(tab, home, FAR, noise=kind)
    tab.wait_for_timeout(100)
    axes = "(m => [m.x[1], m.y[1]])(document.querySelector('mle-noise').forces)"
    reach, most = tab.evaluate(axes)
    residuals, pulls = pulls_shown(explorer, reach, most)
    result = fitted(FAR, 4, 1.35)[name]
    line = result.estimates["slope"] * X + result.estimates["intercept"]
    y = tf.constant(FAR.round(2))
    places = tf.Variable(line)
    values = {key: value for key, value in result.estimates.items() if key not in ("slope", "intercept")}
    density = {
        "Gaussian": lambda at: mlefit.densities.gaussian(y, at, values["stddev"]),
        "Laplace": lambda at: mlefit.densities.laplace(y, at, values["scale"]),
        "Student's t": lambda at: mlefit.densities.student_t(y, at, values["scale"], 4.0),
        "Huber": lambda at: mlefit.densities.huber(y, at, values["stddev"], 1.35),
    }[name]
    with tf.GradientTape() as tape:
        total = keras.ops.sum(density(places))
    slopes = tape.gradient(total, places).numpy()
    off = np.abs(y - line) > 1e-6  # a Laplace density has no slope at 0
    assert off.sum() >= 10
    assert residuals == pytest.approx((y - line).numpy(), abs=0.01 * reach)
    assert pulls[off] == pytest.approx(slopes[off], abs=0.01 * most)
    # At the best line the pulls are in balance, and their moments about 0 as well.
    assert pulls.sum() == pytest.approx(0, abs=0.05 * most)
    assert pulls @ X == pytest.approx(0, abs=0.4 * most)


@pytest.mark.parametrize("name", NAMES)
def test_the_words_say_what_the_farthest_point_does(tab, home, name):
    explorer = opened(tab, home, FAR)
    explorer.choose(name)
    said = explorer.said()
    models = {
        "Gaussian": mlefit.LinearRegression(),
        "Laplace": mlefit.LaplaceRegression(),
        "Student's t": StudentRegression(),
        "Huber": HuberRegression(1.35),
    }
    y = FAR.round(2)
    every = mlefit.fit(models[name], X, y).estimates["slope"]
    without = mlefit.fit(models[name], X[:11], y[:11]).estimates["slope"]
    assert f"{name}: point 12 is the farthest from the line" in said
    assert f"Without it the slope would be {without:.2f} instead of {every:.2f}." in said


def test_an_outlier_that_is_dragged_moves_least_squares_most(tab, home):
    explorer = opened(tab, home, STRAIGHT)
    before = explorer.numbers()
    explorer.drag(11, across=0, up=-60)
    assert explorer.values()["y"][11] < STRAIGHT[11] - 1
    after = explorer.numbers()
    moved = {name: abs(after[name][0] - before[name][0]) for name in NAMES}
    assert moved["Gaussian"] > 2 * max(moved["Laplace"], moved["Student's t"], moved["Huber"])


def test_points_on_one_line_have_no_maximum(tab, home):
    assert "no maximum" in opened(tab, home, 1 + 0.5 * X).said()
