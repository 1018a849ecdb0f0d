"""Derived quantities against the delta method by hand, and errors that are refused where there are none."""

import math
import warnings

import keras
import numpy as np
import pytest
import scipy.stats

import mlefit

rng = np.random.default_rng(5)
X = rng.normal(size=(60, 2))
Y = 2 + X @ [1.0, -0.5] + rng.normal(size=60)
LINE = mlefit.fit(mlefit.LinearRegression(), X, Y)
GAUSSIAN = mlefit.fit(mlefit.Gaussian(), Y)


def by_hand(result, gradient):
    return math.sqrt(gradient @ result.covariance @ gradient)


def test_a_ratio_has_the_error_of_the_delta_method():
    found = LINE.derived(lambda p: -p["intercept"] / p["slope"][0])
    slope, intercept = LINE.estimates["slope"][0], LINE.estimates["intercept"]
    gradient = np.array([intercept / slope**2, 0.0, -1 / slope, 0.0])
    assert found.estimate == pytest.approx(-intercept / slope, rel=1e-15)
    assert found.standard_error == pytest.approx(by_hand(LINE, gradient), rel=1e-6)
    reach = scipy.stats.norm.ppf(0.95) * found.standard_error
    assert found.interval(0.9) == pytest.approx((found.estimate - reach, found.estimate + reach))
    assert isinstance(found.estimate, float) and isinstance(found.standard_error, float)


@pytest.mark.parametrize("exp", [np.exp, math.exp, keras.ops.exp])
def test_numpy_math_and_keras_ops_all_serve(exp):
    found = GAUSSIAN.derived(lambda p: exp(p["mean"]) * p["stddev"])
    mean, stddev = GAUSSIAN.estimates["mean"], GAUSSIAN.estimates["stddev"]
    expected = by_hand(GAUSSIAN, math.exp(mean) * np.array([stddev, 1.0]))
    assert found.standard_error == pytest.approx(expected, rel=1e-4)
    assert found.estimate == pytest.approx(math.exp(mean) * stddev, rel=1e-14)


def test_a_parameter_has_its_own_error_exactly():
    for name in ("intercept", "stddev"):
        found = LINE.derived(lambda p, name=name: p[name])
        assert found.standard_error == pytest.approx(LINE.standard_errors[name], rel=1e-15)
    slopes = LINE.derived(lambda p: p["slope"])
    np.testing.assert_allclose(slopes.standard_error, LINE.standard_errors["slope"], rtol=1e-15)
    assert slopes.estimate.shape == slopes.interval()[0].shape == (2,)
    assert LINE.derived(lambda p: 3.0).standard_error == 0.0


def test_a_predicted_mean_has_the_error_of_its_band():
    new = rng.normal(size=(3, 2))
    model = mlefit.fit(mlefit.LogisticRegression(), X, Y > 2)
    found = model.derived(lambda p: new @ p["slope"] + p["intercept"])
    mean, low, high = model.predict(new)
    np.testing.assert_allclose(1 / (1 + np.exp(-found.estimate)), mean, rtol=1e-12)
    for end, expected in zip(found.interval(), (low, high), strict=True):
        np.testing.assert_allclose(1 / (1 + np.exp(-end)), expected, rtol=1e-9)


def test_a_large_mean_with_a_small_error_keeps_its_digits():
    result = mlefit.fit(mlefit.Gaussian(), 1e9 + Y)
    found = result.derived(lambda p: 2 * p["mean"])
    assert found.standard_error == pytest.approx(2 * result.standard_errors["mean"], rel=1e-6)


class Absolute(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.m = self.parameter("m", 0.1)

    def log_prob(self, x):
        return mlefit.densities.gaussian(x, self.m(), 1.0)


CENTRED = mlefit.fit(Absolute(), Y - Y.mean())


@pytest.mark.parametrize(
    "function",
    [
        lambda p: abs(p["m"]),
        lambda p: np.maximum(p["m"], 0.0),
        lambda p: np.round(p["m"] + 1.3, 1),
        lambda p: float(np.float32(p["m"] + 1e6)),
        lambda p: math.sqrt(abs(p["m"])),
    ],
)
def test_what_is_not_smooth_has_no_error_and_says_so(function):
    with pytest.warns(mlefit.FitWarning, match="not smooth in m"):
        found = CENTRED.derived(function)
    assert np.isnan(found.standard_error) and np.isfinite(found.estimate)


def test_the_warning_stands_at_the_line_of_the_caller():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        CENTRED.derived(lambda p: abs(p["m"]))
    assert caught[0].filename == __file__


def test_smooth_functions_pass_however_they_bend():
    for function, slope in [
        (lambda p: p["m"] ** 2, 0.0),
        (lambda p: math.cos(3 * p["m"]), 0.0),
        (lambda p: math.sin(3 * p["m"]), 3.0),
        (lambda p: 1e3 + p["m"] ** 3, 0.0),
    ]:
        found = CENTRED.derived(function)
        expected = slope * CENTRED.standard_errors["m"]
        assert found.standard_error == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_what_is_held_fixed_has_no_error_of_its_own():
    result = mlefit.fit(mlefit.LinearRegression(), X, Y, fixed={"slope[0]": 1.0})
    found = result.derived(lambda p: p["intercept"] / p["slope"][0] + p["slope"][1])
    gradient = np.array([1.0, 1.0, 0.0])  # by slope[1], intercept and stddev
    assert found.standard_error == pytest.approx(by_hand(result, gradient), rel=1e-9)
    assert result.derived(lambda p: p["slope"][0]).standard_error == 0.0


def test_a_quantity_that_is_not_finite_far_away_has_an_error():
    found = GAUSSIAN.derived(lambda p: math.log(p["mean"] - GAUSSIAN.estimates["mean"] + 0.05))
    assert found.standard_error == pytest.approx(GAUSSIAN.standard_errors["mean"] / 0.05, rel=2e-3)


def test_where_errors_are_nan_so_is_the_derived_one():
    with pytest.warns(mlefit.FitWarning):
        result = mlefit.fit(mlefit.Gaussian(), [2.0, 2.0, 2.0])
    found = result.derived(lambda p: p["mean"] + 1)
    assert found.estimate == 3.0 and np.isnan(found.standard_error)
    assert np.isnan(found.interval()).all()


@pytest.mark.parametrize(
    ("function", "kind", "message"),
    [
        ("mean", TypeError, "function must take a dict of the parameters, got 'mean'"),
        (lambda p: "a", TypeError, "what the function returns must hold real numbers"),
        (lambda p: 1j, TypeError, "what the function returns must hold real numbers, got complex"),
        (lambda p: math.inf, ValueError, "what the function returns must be finite, got inf"),
        (lambda p: p["nothing"], KeyError, "nothing"),
    ],
)
def test_wrong_functions_are_refused(function, kind, message):
    with pytest.raises(kind, match=message):
        GAUSSIAN.derived(function)


def test_a_changing_shape_is_refused():
    mean = GAUSSIAN.estimates["mean"]
    with pytest.raises(ValueError, match=r"one shape whatever the values, got \(2,\) and \(3,\)"):
        GAUSSIAN.derived(lambda p: np.ones(2 if p["mean"] == mean else 3))


@pytest.mark.parametrize(
    ("level", "kind", "message"),
    [
        ("0.9", TypeError, "level must be a number between 0 and 1, got '0.9'"),
        (None, TypeError, "level must be a number between 0 and 1, got None"),
        (True, TypeError, "level must be a number between 0 and 1, got True"),
        (95, ValueError, "level must lie between 0 and 1, got 95"),
        (math.nan, ValueError, "level must lie between 0 and 1, got nan"),
    ],
)
def test_wrong_levels_are_refused_wherever_one_is_given(level, kind, message):
    for call in (
        lambda: GAUSSIAN.interval("mean", level),
        lambda: LINE.predict(X, level=level),
        lambda: GAUSSIAN.derived(lambda p: p["mean"]).interval(level),
        lambda: GAUSSIAN.to_frame(level),
    ):
        with pytest.raises(kind, match=message):
            call()
