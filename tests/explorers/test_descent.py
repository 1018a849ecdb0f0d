"""The descent's explorer takes the steps of `mlefit.train` with Keras' SGD."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import mlefit
from exploring import Explorer

X, Y = mlefit.data.line(slope=1.0, intercept=2.0, n=100, stddev=0.15, seed=0)
PAGE = "learn/line/"
STATES = [
    {"slope": 0.0, "intercept": 0.0, "rate": 0.05, "momentum": 0.0, "steps": 30, "scale": "raw"},
    {"slope": -0.6, "intercept": 3.1, "rate": 0.7, "momentum": 0.0, "steps": 12, "scale": "centred"},
    {"slope": 2.0, "intercept": 4.0, "rate": 0.5, "momentum": 0.0, "steps": 1, "scale": "standardised"},
    {"slope": 0.5, "intercept": 1.0, "rate": 1.2, "momentum": 0.8, "steps": 25, "scale": "raw"},
    {"slope": 0.0, "intercept": 0.0, "rate": 0.8, "momentum": 0.0, "steps": 20, "scale": "raw"},  # diverges
]


@pytest.fixture(scope="module")
def tab(browser):
    with browser.new_context() as context:
        yield context.new_page()


def scaled(scale):
    centred = X - X.mean()
    return {"raw": X, "centred": centred, "standardised": centred / X.std()}[scale]


def trained(state):
    """Slope, intercept and MSE after the steps of `state`."""
    inputs, targets = tf.constant(scaled(state["scale"])), tf.constant(Y)
    slope = keras.Variable(state["slope"], dtype="float64")
    intercept = keras.Variable(state["intercept"], dtype="float64")

    def loss():
        return mlefit.losses.mse(targets, slope * inputs + intercept)

    sgd = keras.optimizers.SGD(float(state["rate"]), momentum=float(state["momentum"]))
    mlefit.train(loss, [slope, intercept], sgd, steps=state["steps"])
    return float(slope.numpy()), float(intercept.numpy()), float(loss())


def opened(tab, home, state):
    link = "&".join(f"{name}={value}" for name, value in state.items())
    explorer = Explorer(tab, f"{home}{PAGE}#explore=descent&{link}", "descent")
    assert explorer.values() == pytest.approx(state)
    return explorer


@pytest.mark.parametrize("state", STATES)
def test_the_iterates_are_those_of_train(tab, home, state):
    numbers = opened(tab, home, state).numbers()
    slope, intercept, mse = trained(state)
    assert numbers["slope"] == [pytest.approx(slope, abs=6e-4, rel=1e-5)]
    assert numbers["intercept"] == [pytest.approx(intercept, abs=6e-4, rel=1e-5)]
    assert numbers["MSE"] == [pytest.approx(mse, abs=6e-5, rel=1e-5)]


@pytest.mark.parametrize("state", STATES)
def test_the_least_squares_line_and_the_eigenvalues(tab, home, state):
    numbers = opened(tab, home, state).numbers()
    x = scaled(state["scale"])
    fit = mlefit.fit(mlefit.LinearRegression(), x, Y)
    slope, intercept, mse = numbers["least squares (Newton)"]
    line = np.polyfit(x, Y, 1)
    assert [slope, intercept] == pytest.approx(line, abs=6e-4)
    assert mse == pytest.approx(np.mean((Y - np.polyval(line, x)) ** 2), abs=6e-5)
    assert fit.estimates["intercept"] == pytest.approx(line[1])
    curvatures = np.linalg.eigvalsh(2 * np.array([[np.mean(x**2), x.mean()], [x.mean(), 1.0]]))
    assert numbers["eigenvalues"] == pytest.approx(curvatures, abs=6e-4)
    assert numbers["condition number"] == [pytest.approx(curvatures[1] / curvatures[0], abs=0.06)]


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("scale", ["raw", "standardised"])
def test_the_bound_divides_what_shrinks_from_what_grows(tab, home, scale, momentum):
    start = {"slope": 0.0, "intercept": 0.0, "rate": 0.5, "momentum": momentum, "steps": 0, "scale": scale}
    explorer = opened(tab, home, start)
    mark = explorer.element.locator(".bound")
    bound = float(mark.inner_text().removeprefix("bound "))
    for factor, side in ((0.97, "below"), (1.03, "not below")):
        explorer.tab.evaluate(
            "rate => document.querySelector('mle-descent').set({ rate, steps: 0 })", factor * bound
        )
        errors = []
        for steps in (60, 100):
            explorer.slide("steps", steps)
            slope, intercept = explorer.numbers()["slope"][0], explorer.numbers()["intercept"][0]
            best = explorer.numbers()["least squares (Newton)"][:2]
            errors.append(np.hypot(slope - best[0], intercept - best[1]))
        assert (errors[1] > errors[0]) == (side == "not below")
        assert f"The rate is {side} its bound, " in explorer.said()


def test_the_bound_stands_where_the_thumb_would(tab, home):
    explorer = opened(tab, home, STATES[0])
    bound = 2 / np.linalg.eigvalsh(2 * np.array([[np.mean(X**2), X.mean()], [X.mean(), 1.0]]))[1]
    line, slider = explorer.element.locator(".bound").bounding_box(), explorer.slider("learning rate")
    low, high = float(slider.get_attribute("min")), float(slider.get_attribute("max"))
    track = slider.bounding_box()
    thumb = track["x"] + 12 + (bound - low) / (high - low) * (track["width"] - 24)
    assert line["x"] == pytest.approx(thumb, abs=1.5)


def test_a_descent_that_runs_away_stays_in_the_picture(tab, home):
    explorer = opened(tab, home, {**STATES[-1], "steps": 60})
    path = explorer.element.locator("figure svg svg path.line.c1").first.get_attribute("d")
    places = np.array([pair.split() for pair in path[1:].replace("L", "\n").split("\n")], dtype=float)
    picture = explorer.element.locator("figure svg svg").first
    sides = [float(picture.get_attribute(side)) for side in ("width", "height")]
    assert len(places) == 61
    assert (places >= 0).all() and (places <= sides).all()
    assert np.ptp(places, axis=0).max() > 0.4 * sides[0]


def test_step_run_and_pause(tab, home):
    explorer = opened(tab, home, STATES[0])
    explorer.press("Start over")
    explorer.press("Step")
    explorer.press("Step")
    assert explorer.values()["steps"] == 2
    explorer.press("Run")
    tab.wait_for_function("document.querySelector('mle-descent').values.steps > 4")
    explorer.press("Pause")
    paused = explorer.values()["steps"]
    tab.wait_for_timeout(400)
    assert explorer.values()["steps"] == paused < 100


def test_without_motion_there_are_leaps(browser, home):
    with browser.new_context(reduced_motion="reduce") as context:
        explorer = Explorer(context.new_page(), home + PAGE, "descent")
        explorer.press("10 steps")
        assert explorer.values()["steps"] == 10
        explorer.tab.wait_for_timeout(400)
        assert explorer.values()["steps"] == 10


def test_the_start_is_where_it_is_put(tab, home):
    explorer = opened(tab, home, STATES[0])
    explorer.drag(0, across=40, up=50)
    values = explorer.values()
    assert values["slope"] > 0.2 and values["intercept"] > 0.2
    slope, intercept, _ = trained(values)
    numbers = explorer.numbers()
    assert numbers["slope"] == [pytest.approx(slope, abs=6e-4)]
    assert numbers["intercept"] == [pytest.approx(intercept, abs=6e-4)]
