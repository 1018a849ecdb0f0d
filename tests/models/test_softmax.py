"""One class of several: published digits, SciPy, logistic regression with two classes, and bad classes."""

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import special

import mlefit
from by_scipy import gradient, maximum
from mlefit import SoftmaxRegression

rng = np.random.default_rng(5)
X = rng.normal(size=(240, 2))
TRUE = special.softmax(X @ [[0, 0.8, -0.5], [0, -0.4, 0.6]] + [0, 0.3, -0.2], axis=1)
Y = (rng.random((240, 1)) > np.cumsum(TRUE, axis=1)).sum(axis=1).astype(float)
FOODS = ("fish", "invertebrate", "reptile", "bird", "other")
# Against fish: intercept, then small, Hancock, Oklawaha, Trafford.
PUBLISHED = [
    [-1.549019, 1.458205, -1.658359, 0.937219, 1.121985],
    [-3.314533, -0.351263, 1.242777, 2.458872, 2.935253],
    [-2.093077, -0.630660, 0.695118, -0.653208, 1.087767],
    [-1.904272, 0.331550, 0.826196, 0.005653, 1.516369],
]


def logits(point, X=X):
    slopes, intercepts = point[:4].reshape(2, 2), point[4:]
    return np.column_stack([np.zeros(len(X)), X @ slopes.T + intercepts])


def by_hand(point, X=X, y=Y):
    return -special.log_softmax(logits(point, X), axis=1)[np.arange(len(X)), y.astype(int)].sum()


def flat(values):
    return np.concatenate([np.ravel(part) for part in values.values()])


def test_the_alligators_have_the_published_digits():
    alligators = mlefit.data.load("alligators")
    lakes = {lake: alligators["lake"] == lake for lake in ("Hancock", "Oklawaha", "Trafford")}
    frame = pd.DataFrame({"small": alligators["size"] == "small"} | lakes).astype(float)
    x = pd.concat([frame] * 5, ignore_index=True)
    food = np.repeat(np.arange(5.0), 8)
    counts = np.concatenate([alligators[name] for name in FOODS])
    weighted = mlefit.fit(SoftmaxRegression(5), x, food, weights=counts)
    every = np.repeat(np.arange(40), counts.astype(int))
    repeated = mlefit.fit(SoftmaxRegression(5), x.iloc[every].reset_index(drop=True), food[every])
    for result in (weighted, repeated):
        assert result.converged and result.nobs == 219
        found = np.column_stack([result.estimates["intercept"], result.estimates["slope"]])
        np.testing.assert_allclose(found, PUBLISHED, atol=2e-6)
        assert result.log_likelihood == pytest.approx(-270.040139, abs=5e-7)
    np.testing.assert_allclose(weighted.covariance, repeated.covariance, rtol=1e-9)
    assert weighted.names[0] == "slope[1, small]" and weighted.names[-1] == "intercept[4]"
    assert "slope[3, Trafford]" in str(weighted)
    mixed = frame.iloc[:2, ::-1]
    np.testing.assert_allclose(weighted.predict(mixed), weighted.predict(frame.iloc[:2]), rtol=1e-14)
    with pytest.raises(ValueError, match="x lacks the column 'Trafford'"):
        weighted.predict(frame.iloc[:, :3])


@pytest.mark.parametrize("covariance", ["observed", "robust"])
def test_three_classes_against_scipy(covariance):
    point, inverse = maximum(by_hand, np.zeros(6))
    result = mlefit.fit(SoftmaxRegression(3), X, Y, covariance=covariance)
    assert result.names == (
        *("slope[1, 0]", "slope[1, 1]", "slope[2, 0]", "slope[2, 1]"),
        *("intercept[1]", "intercept[2]"),
    )
    np.testing.assert_allclose(flat(result.estimates), point, atol=1e-8)
    if covariance == "robust":
        scores = np.array(
            [gradient(lambda b, i=i: by_hand(b, X[i], Y[i]), point) for i in np.arange(240)[:, None]]
        )
        inverse = inverse @ scores.T @ scores @ inverse
    np.testing.assert_allclose(result.covariance, inverse, rtol=1e-5, atol=1e-9)
    assert result.log_likelihood == pytest.approx(-by_hand(point), rel=1e-12)


@pytest.mark.parametrize("x", [X, X[:, 0], X[:, :1]], ids=["matrix", "row", "column"])
@pytest.mark.parametrize("intercept", [True, False])
def test_two_classes_are_logistic_regression(x, intercept):
    y = np.minimum(Y, 1)
    for covariance in ("observed", "robust"):
        two = mlefit.fit(SoftmaxRegression(2, intercept), x, y, covariance=covariance)
        one = mlefit.fit(mlefit.LogisticRegression(intercept), x, y, covariance=covariance)
        np.testing.assert_allclose(flat(two.estimates), flat(one.estimates), rtol=1e-9)
        np.testing.assert_allclose(two.covariance, one.covariance, rtol=1e-9)
        assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-13)
        for ours, theirs in zip(two.predict(x), one.predict(x), strict=True):
            np.testing.assert_allclose(ours[:, 1], theirs, rtol=1e-9)


def test_the_band_is_the_delta_method_on_the_log_odds():
    model = SoftmaxRegression(3)
    result = mlefit.fit(model, X, Y)
    new = np.array([[0.3, -1.0], [2.0, 2.0]])
    p, low, high = result.predict(new, level=0.9)
    np.testing.assert_allclose(p, special.softmax(model(new).numpy(), axis=1), rtol=1e-12)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-14)
    slopes = gradient(
        lambda b: special.logit(special.softmax(logits(b, new), axis=1)), flat(result.estimates)
    )
    reach = 1.6448536269514722 * np.sqrt(np.einsum("pij,pq,qij->ij", slopes, result.covariance, slopes))
    np.testing.assert_allclose(low, special.expit(special.logit(p) - reach), rtol=1e-7)
    np.testing.assert_allclose(high, special.expit(special.logit(p) + reach), rtol=1e-7)
    p, low, high = result.predict([[1e4, 1e4]])
    assert ((low >= 0) & (low <= p) & (p <= high) & (high <= 1)).all()
    for shape in (new[:, 0], new[:, [0, 1, 1]]):
        with pytest.raises(ValueError, match="x must have shape"):
            result.predict(shape)


@pytest.mark.parametrize(("factor", "centre"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 2000.0), (1e-3, 1e4)])
def test_units_and_origin_of_x_change_nothing_else(factor, centre):
    plain = mlefit.fit(SoftmaxRegression(3), X, Y)
    other = mlefit.fit(SoftmaxRegression(3), X * factor + centre, Y)
    assert other.converged and other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(other.estimates["slope"] * factor, plain.estimates["slope"], rtol=1e-6)
    np.testing.assert_allclose(
        other.standard_errors["slope"] * factor, plain.standard_errors["slope"], rtol=1e-6
    )


def test_any_start_and_an_optimizer_lead_to_the_same_place():
    best = flat(mlefit.fit(SoftmaxRegression(3), X, Y).estimates)
    model = SoftmaxRegression(3)
    model(X)
    model.slope.assign(50 * rng.normal(size=(2, 2)))
    np.testing.assert_allclose(flat(mlefit.fit(model, X, Y).estimates), best, atol=1e-9)
    steps = mlefit.fit(SoftmaxRegression(3), X, Y, method=keras.optimizers.Adam(0.1), steps=400)
    np.testing.assert_allclose(flat(steps.estimates), best, atol=1e-3)


def test_logits_of_a_thousand_overflow_nothing():
    model = SoftmaxRegression(3)
    model([0.0])
    model.slope.assign([1000.0, -1000.0])
    np.testing.assert_allclose(model.log_prob([1.0] * 3, [0, 1, 2]), [-1000, 0, -2000], rtol=1e-15)
    assert model([1.0]).shape == (1, 3)


@pytest.mark.filterwarnings("ignore::mlefit.FitWarning")
def test_classes_that_do_not_occur_and_separation_are_said():
    for classes, y, words in [
        (4, Y, "class 3 does not occur in y"),
        (6, Y, "classes 3, 4, 5 do not occur in y"),
        (3, 0 * Y + 1, "every y is 1"),
        (3, np.digitize(X[:, 0], [-0.5, 0.5]), "this is separation"),
        (3, np.where(X[:, 0] > 0, 1.0 + (Y > 1), 0.0), "this is separation"),
    ]:
        result = mlefit.fit(SoftmaxRegression(classes), X, y)
        assert not result.converged and words in result.message
        assert np.isnan(result.covariance).all() and np.isnan(result.predict(X[:1])[1]).all()
    twice = mlefit.fit(SoftmaxRegression(3), X[:, [0, 0]], Y)
    assert "do not determine slope[1, 0]" in twice.message
    few = mlefit.fit(SoftmaxRegression(3), X[:4], Y[:4])
    assert "4 observations cannot determine 6 parameters" in few.message


def test_wrong_classes_are_refused_by_name():
    for classes, kind in ((1, ValueError), (0, ValueError), (2.5, TypeError), ("three", TypeError)):
        with pytest.raises(kind, match="classes must be"):
            SoftmaxRegression(classes)
    for bad in (-1.0, 0.5, 3.0):
        with pytest.raises(ValueError, match=rf"at index 9 \(x = .*, y = {bad}\)"):
            mlefit.fit(SoftmaxRegression(3), X, np.where(np.arange(240) == 9, bad, Y))
    with pytest.raises(ValueError, match=r"y must have shape \(n,\)"):
        mlefit.fit(SoftmaxRegression(3), X, Y[:, None])
    with pytest.raises(ValueError, match="covariance='expected' is not defined"):
        mlefit.fit(SoftmaxRegression(3), X, Y, covariance="expected")
    model = SoftmaxRegression(3)
    model(X)
    with pytest.raises(ValueError, match=r"x must have shape \(n, 2\) as at the first call"):
        model(X[:, 0])


def test_simulated_classes_have_the_probabilities():
    model = SoftmaxRegression(3)
    mlefit.fit(model, X, Y)
    p = special.softmax(model(X).numpy(), axis=1)
    below, at = model.cdf(X, Y)
    np.testing.assert_allclose(at - below, p[np.arange(240), Y.astype(int)], rtol=1e-9)
    np.testing.assert_allclose(below, [p[i, : int(y)].sum() for i, y in enumerate(Y)], atol=1e-14)
    source = np.random.default_rng(1)
    drawn = np.stack([model.simulate(source, X, Y)[1] for _ in range(400)])
    shares = np.stack([(drawn == c).mean(axis=0) for c in range(3)], axis=1)
    assert np.abs(shares - p).max() < 5 * 0.5 / 20
    assert np.abs(shares.mean(axis=0) - p.mean(axis=0)).max() < 0.01


def test_a_rare_class_among_many_rows_is_found():
    n = 150_000
    x, y = rng.normal(size=n), rng.integers(0, 2, n).astype(float)
    y[[5, 777, 9001, 80_000]] = 2
    result = mlefit.fit(SoftmaxRegression(3), x, y)
    assert result.converged
    # At the optimum the mean of each probability is the share of its class, and it balances x.
    p, *_ = result.predict(x)
    np.testing.assert_allclose(p.mean(axis=0), [np.mean(y == c) for c in range(3)], rtol=1e-7)
    np.testing.assert_allclose(x @ p[:, 2], x[y == 2].sum(), rtol=1e-6)
