"""Names: of a frame's columns, which name coefficients, and of a model's own attributes."""

import copy
import decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import tensorflow as tf
import xarray as xr

import mlefit

rng = np.random.default_rng(3)
AGE, DOSE = rng.uniform(20, 60, 80), rng.uniform(0, 2, 80)
Y = 2 + 0.05 * AGE + 3 * DOSE + rng.normal(size=80)
FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}


@pytest.mark.parametrize("kind", FRAMES)
def test_columns_are_found_by_their_names(kind):
    make = FRAMES[kind]
    frame, new = make({"age": AGE, "dose": DOSE}), make({"dose": [1.5, 0.1], "age": [30.0, 50.0]})
    model = mlefit.LinearRegression()
    result = mlefit.fit(model, frame, Y)
    assert result.names == ("slope[age]", "slope[dose]", "intercept", "stddev") and "slope[dose]" in str(
        result
    )
    by_hand, *_ = np.linalg.lstsq(np.column_stack([AGE, DOSE, np.ones(80)]), Y)
    assert result.interval("slope[dose]", method="wald")[0] < by_hand[1]
    expected = [[30.0, 1.5, 1.0], [50.0, 0.1, 1.0]] @ by_hand
    np.testing.assert_allclose(result.predict(new)[0], expected, rtol=1e-10)
    np.testing.assert_allclose(model(new).numpy(), expected, rtol=1e-10)
    np.testing.assert_allclose(result.predict(np.array([[30.0, 1.5]]))[0], expected[:1], rtol=1e-10)
    again = mlefit.fit(model, frame[["dose", "age"]], Y)  # a model keeps to the order it has
    assert again.names == result.names
    np.testing.assert_allclose(again.estimates["slope"], by_hand[:2], rtol=1e-9)
    assert float(model.nll(frame[["dose", "age"]], Y)) == pytest.approx(float(model.nll(frame, Y)), rel=1e-12)


def test_other_columns_are_refused():
    frame = pd.DataFrame({"age": AGE, "dose": DOSE})
    for model in (mlefit.LinearRegression(), mlefit.LogisticRegression()):
        result = mlefit.fit(model, frame, Y.mean() < Y)
        with pytest.raises(ValueError, match="x lacks the column 'dose': it must have age, dose"):
            result.predict(pd.DataFrame({"age": [1.0], "weight": [2.0]}))
        with pytest.raises(ValueError, match="x has the column 'sex', which the fit had not: age, dose"):
            result.predict(pd.DataFrame({"age": [1.0], "dose": [2.0], "sex": [0.0]}))
        with pytest.raises(ValueError, match="x lacks the column 'age'"):
            mlefit.fit(model, frame.rename(columns={"age": "years"}), Y > 0)
    with pytest.raises(ValueError, match="x has two columns named 'age'"):
        mlefit.fit(mlefit.LinearRegression(), frame.set_axis(["age", "age"], axis=1), Y)


def test_a_curve_of_several_columns_finds_them_by_name():
    frame = pd.DataFrame({"age": AGE, "dose": DOSE})
    curve = mlefit.NonlinearRegression(lambda x, a, b: a * x[:, 0] + b * x[:, 1] ** 2, a=0.1, b=1.0)
    result = mlefit.fit(curve, frame, Y)
    expected = result.estimates["a"] * AGE + result.estimates["b"] * DOSE**2
    np.testing.assert_allclose(result.predict(frame[["dose", "age"]])[0], expected, rtol=1e-12)


def test_labelled_rows_that_are_crossed():
    x = xr.DataArray(np.arange(5.0), dims="i", coords={"i": range(5)})
    y = xr.DataArray(
        2 * np.arange(5.0)[::-1] + [0.1, -0.1, 0, 0.1, 0], dims="i", coords={"i": range(4, -1, -1)}
    )
    with pytest.raises(ValueError, match="x and y have different row labels, first at index 0: 0 against 4"):
        mlefit.fit(mlefit.LinearRegression(), x, y)
    aligned = mlefit.fit(mlefit.LinearRegression(), x, y.sortby("i"))
    assert aligned.estimates["slope"] == pytest.approx(2.0)  # by hand, 20 over 10
    bare = xr.DataArray(np.arange(5.0), dims="i")
    assert mlefit.fit(mlefit.LinearRegression(), bare, y.sortby("i")).estimates == pytest.approx(
        aligned.estimates
    )


def test_whole_numbers_in_decimals_and_tensors_are_kept_or_refused_too():
    large = 1_700_000_000_000_001_000
    for values in ([decimal.Decimal(large), decimal.Decimal(1)], tf.constant([large, 1], tf.int64)):
        for use in (mlefit.Gaussian().nll, lambda x: mlefit.fit(mlefit.Gaussian(), x)):
            with pytest.raises(ValueError, match=f"x has a whole number beyond .*{large} at index 0"):
                use(values)


@pytest.mark.parametrize("kind", [np.int64, np.uint64, object])
def test_whole_numbers_that_float64_cannot_hold(kind):
    times = np.array([1_700_000_000_000_000_000 + 1000 * i for i in range(20)], dtype=kind)
    with pytest.raises(
        ValueError, match=r"x has a whole number beyond 2\^53 .*1700000000000001000 at index 1"
    ):
        mlefit.fit(mlefit.LinearRegression(), times, np.arange(20.0))
    noise = rng.normal(size=20)
    result = mlefit.fit(mlefit.LinearRegression(), times - times[0], np.arange(20.0) + noise)
    assert result.estimates["slope"] == pytest.approx(
        np.polyfit(np.arange(20.0), np.arange(20) + noise, 1)[0] / 1000
    )
    exact = np.array([2**60, 2**60 + 2**10, 2**60 + 2**11], dtype=kind)  # these it can
    assert mlefit.fit(mlefit.Gaussian(), exact).estimates["mean"] == float(2**60 + 2**10)


def model_with(name, value):
    def make(self):
        mlefit.Model.__init__(self)
        self.m = self.parameter("m", 0.0)

    def log_prob(self, x):
        return mlefit.densities.gaussian(x, self.m(), 1.0)

    return type("Named", (mlefit.Model,), {name: value, "__init__": make, "log_prob": log_prob})


@pytest.mark.parametrize(
    "name", ["values", "nll", "parameters", "parameter", "weights", "trainable_variables", "losses"]
)
def test_a_taken_name_is_refused_when_the_class_is_made(name):
    with pytest.raises(TypeError, match=f"class Named cannot have an attribute '{name}'"):
        model_with(name, lambda self: 3)
    if name in ("values", "nll", "parameters"):
        with pytest.raises(TypeError, match=f"Named cannot have an attribute '{name}'"):
            setattr(model_with("mine", 1)(), name, 3)


@pytest.mark.parametrize(
    "name",
    [
        "named",
        "terms",
        "design",
        "standardised",
        "link",
        "routes",
        "has_intercept",
        "derivatives",
        "rows",
    ],
)
def test_any_other_name_is_free(name):
    for value in (3, lambda self, *_: 3):
        result = mlefit.fit(model_with(name, value)(), [1.0, 2.0, 6.0])
        assert result.estimates["m"] == pytest.approx(3.0)
        with pytest.raises(ValueError, match="predict is for regressions"):
            result.predict([1.0])


def test_a_model_that_saw_an_array_first_learns_the_names_of_a_frame():
    frame, model = pd.DataFrame({"age": AGE, "dose": DOSE}), mlefit.LinearRegression()
    mlefit.fit(model, frame.to_numpy(), Y)
    result = mlefit.fit(model, frame[["dose", "age"]], Y)
    assert result.names[:2] == ("slope[dose]", "slope[age]")
    np.testing.assert_allclose(model(frame[:3]).numpy(), result.predict(frame[:3])[0], rtol=1e-12)


def test_annotations_are_no_attributes_of_model_and_a_mixin_hides_none_of_its():
    class Annotated(mlefit.Gaussian):
        shift: float = 1.0

    assert Annotated().shift == 1.0

    class Mixin:
        values = 3

    with pytest.raises(TypeError, match="Mixin, before a Model in Mixed, cannot have an attribute 'values'"):

        class Mixed(Mixin, mlefit.Gaussian):
            pass

    class Beside(mlefit.Gaussian, Mixin):  # Model comes first
        pass

    assert Beside().values == {"mean": 0.0, "stddev": 1.0}


def test_a_copy_of_a_model_keeps_the_names_of_classes_and_columns():
    frame = pd.DataFrame({"age": AGE, "dose": DOSE})
    model = mlefit.SoftmaxRegression(3)
    result = mlefit.fit(model, frame, np.arange(80) % 3)
    again = copy.deepcopy(model)
    assert again.slope.names() == model.slope.names() == list(result.names[:4])
    np.testing.assert_array_equal(again(frame[["dose", "age"]]), model(frame))
    with pytest.raises(ValueError, match="x lacks the column 'dose'"):
        again(frame[["age"]])
    binomial = copy.deepcopy(mlefit.BinomialRegression("cloglog"))
    answer = mlefit.fit(binomial, frame, np.arange(80) % 4, np.full(80, 5)).predict(frame[:2])
    assert (answer[0] > 0).all() and binomial.link == "cloglog"


@pytest.mark.parametrize("name", ["__firstlineno__", "__static_attributes__", "__annotate_func__"])
def test_what_later_pythons_write_into_every_class_is_no_name_taken(monkeypatch, name):
    monkeypatch.setattr(mlefit.Model, name, 1, raising=False)
    kind = type("Mine", (mlefit.Model,), {name: 2, "log_prob": lambda self, x: -x})
    assert vars(kind)[name] == 2
