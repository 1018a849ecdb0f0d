"""Censored times: the published digits, SciPy, closed forms, and what cannot be."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mlefit
from by_scipy import gradient, maximum
from mlefit import SurvivalRegression

rng = np.random.default_rng(8)
N = 150
X = rng.normal(size=(N, 2))
EVENTS = np.exp(1.0 + X @ [0.4, -0.2]) * rng.weibull(1.5, N)
ENDS = rng.uniform(0.5, 6.0, N)
TIME, OBSERVED = np.minimum(EVENTS, ENDS), (EVENTS <= ENDS).astype(float)
REMISSION = mlefit.data.load("remission")
TREATED, WEEKS, RELAPSED = (REMISSION[name] for name in ("treated", "weeks", "relapsed"))


def by_hand(point, X=X, time=TIME, observed=OBSERVED):
    *slopes, intercept, log_shape = point
    law = stats.weibull_min(np.exp(log_shape), scale=np.exp(X @ slopes + intercept))
    return -np.where(observed == 1, law.logpdf(time), law.logsf(time)).sum()


def test_remission_has_the_published_digits():
    result = mlefit.fit(SurvivalRegression(), TREATED, WEEKS, RELAPSED)
    assert result.converged and result.names == ("slope", "intercept", "shape")
    shape, error = result.estimates["shape"], result.standard_errors["shape"]
    found = [result.estimates["intercept"], result.estimates["slope"], np.log(shape)]
    np.testing.assert_allclose(found, [2.248348, 1.267332, 0.311709], atol=5e-6)
    errors = [result.standard_errors["intercept"], result.standard_errors["slope"], error / shape]
    np.testing.assert_allclose(errors, [0.165972, 0.310638, 0.147292], atol=5e-6)
    assert result.log_likelihood == pytest.approx(-106.579492, abs=5e-7)


def test_one_exponential_group_is_events_over_time():
    on = TREATED == 1
    for model, x in (
        (SurvivalRegression("exponential", intercept=False), np.ones(21)),
        (SurvivalRegression("exponential", intercept=False), np.ones((21, 1))),
    ):
        result = mlefit.fit(model, x, WEEKS[on], RELAPSED[on])
        rate = result.derived(lambda p: np.exp(-p["slope"].sum() if np.ndim(p["slope"]) else -p["slope"]))
        assert rate.estimate == pytest.approx(9 / 359, rel=1e-10)
        assert rate.standard_error == pytest.approx(0.0083565, abs=5e-8)
        assert result.log_likelihood == pytest.approx(9 * np.log(9 / 359) - 9, rel=1e-12)
    both = mlefit.fit(SurvivalRegression("exponential"), TREATED, WEEKS, RELAPSED)
    rates = np.exp(-both.estimates["intercept"] - both.estimates["slope"] * np.array([0, 1]))
    np.testing.assert_allclose(rates, [21 / 182, 9 / 359], rtol=1e-10)
    # The difference of two logarithms of rates: 1 over the events of each.
    assert both.standard_errors["slope"] == pytest.approx(np.sqrt(1 / 21 + 1 / 9), rel=1e-9)


@pytest.mark.parametrize("covariance", ["observed", "robust"])
def test_the_weibull_against_scipy(covariance):
    point, inverse = maximum(by_hand, np.zeros(4))
    result = mlefit.fit(SurvivalRegression(), X, TIME, OBSERVED, covariance=covariance)
    shape = result.estimates["shape"]
    found = [*result.estimates["slope"], result.estimates["intercept"], np.log(shape)]
    np.testing.assert_allclose(found, point, atol=1e-8)
    if covariance == "robust":
        rows = np.arange(N)[:, None]
        scores = np.array(
            [gradient(lambda b, i=i: by_hand(b, X[i], TIME[i], OBSERVED[i]), point) for i in rows]
        )
        inverse = inverse @ scores.T @ scores @ inverse
    natural = np.diag([1, 1, 1, shape])
    np.testing.assert_allclose(result.covariance, natural @ inverse @ natural, rtol=1e-5, atol=1e-9)
    assert result.log_likelihood == pytest.approx(-by_hand(point), rel=1e-12)


def test_without_censoring_the_exponential_is_a_mean():
    model = SurvivalRegression("exponential")
    result = mlefit.fit(model, np.repeat([0.0, 1.0], 75), EVENTS, np.ones(N))
    means = [EVENTS[:75].mean(), EVENTS[75:].mean()]
    np.testing.assert_allclose(np.exp(model([0.0, 1.0]).numpy()), means, rtol=1e-10)
    assert list(result.estimates) == ["slope", "intercept"]


@pytest.mark.parametrize("unit", [1e9, 1e-9, 1e150])
def test_the_unit_of_time_moves_the_intercept_alone(unit):
    plain = mlefit.fit(SurvivalRegression(), X, TIME, OBSERVED)
    other = mlefit.fit(SurvivalRegression(), X, TIME * unit, OBSERVED)
    assert other.converged
    for name, moved in (("slope", 0.0), ("intercept", np.log(unit)), ("shape", 0.0)):
        np.testing.assert_allclose(other.estimates[name] - moved, plain.estimates[name], rtol=1e-8)
    np.testing.assert_allclose(other.covariance, plain.covariance, rtol=1e-7, atol=1e-12)
    assert other.log_likelihood + OBSERVED.sum() * np.log(unit) == pytest.approx(
        plain.log_likelihood, abs=1e-8
    )


@pytest.mark.parametrize(("factor", "centre"), [(1e6, 0.0), (1e-6, 0.0), (1.0, 2000.0), (1e6, 1e9)])
def test_units_and_origin_of_x_change_nothing_else(factor, centre):
    plain = mlefit.fit(SurvivalRegression(), X, TIME, OBSERVED)
    other = mlefit.fit(SurvivalRegression(), X * factor + centre, TIME, OBSERVED)
    assert other.converged and other.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    np.testing.assert_allclose(other.estimates["slope"] * factor, plain.estimates["slope"], rtol=1e-6)
    assert other.estimates["shape"] == pytest.approx(plain.estimates["shape"], rel=1e-6)


@pytest.mark.parametrize("distribution", ["weibull", "exponential"])
def test_the_prediction_is_the_median_with_a_band_on_the_log_scale(distribution):
    frame = pd.DataFrame(X, columns=["age", "dose"])
    result = mlefit.fit(SurvivalRegression(distribution), frame, TIME, OBSERVED)
    assert result.names[:2] == ("slope[age]", "slope[dose]")
    new = X[:3]

    def log_median(point):
        shape = point[3] if distribution == "weibull" else 1.0
        scale = np.exp(new @ point[:2] + point[2])
        return np.log(stats.weibull_min(shape, scale=scale).median())

    point = np.concatenate([np.ravel(part) for part in result.estimates.values()])
    slopes = gradient(log_median, point)
    reach = 1.959963984540054 * np.sqrt(np.einsum("pi,pq,qi->i", slopes, result.covariance, slopes))
    line = log_median(point)
    expected = np.exp([line, line - reach, line + reach])
    np.testing.assert_allclose(result.predict(frame.iloc[:3, ::-1]), expected, rtol=1e-7)


def test_the_density_of_censored_and_observed_rows():
    model = SurvivalRegression()
    model(X)
    model.slope.assign([0.5, -0.5])
    model.shape.assign(2.5)
    law = stats.weibull_min(2.5, scale=np.exp(X @ [0.5, -0.5]))
    expected = np.where(OBSERVED == 1, law.logpdf(TIME), law.logsf(TIME))
    np.testing.assert_allclose(model.log_prob(X, TIME, OBSERVED), expected, rtol=1e-12)
    far = model.log_prob(X[:2], [1e-300, 1e100], [1.0, 0.0]).numpy()
    assert np.isfinite(far).all()


@pytest.mark.filterwarnings("ignore::mlefit.FitWarning")
def test_what_cannot_be_fitted_is_said():
    with pytest.raises(ValueError, match="observed is 0 in all 150 rows"):
        mlefit.fit(SurvivalRegression(), X, TIME, 0 * OBSERVED)
    for distribution in ("weibull", "exponential"):
        for group in (0, 1):
            none = np.where(group == TREATED, 0.0, RELAPSED)
            for x, name in ((TREATED, "x at"), (np.column_stack([WEEKS % 3, TREATED]), "column 1 of x at")):
                result = mlefit.fit(SurvivalRegression(distribution), x, WEEKS, none)
                assert not result.converged and np.isnan(result.covariance).all()
                assert f"every observed event has {name} {1 - group}" in result.message
    same = mlefit.fit(SurvivalRegression(), TREATED, 0 * WEEKS + 3, np.ones(42))
    assert not same.converged and "as shape goes to infinity" in same.message
    twice = mlefit.fit(SurvivalRegression(), X[:, [0, 0]], TIME, OBSERVED)
    assert "do not determine slope[0] and slope[1]" in twice.message
    few = mlefit.fit(SurvivalRegression(), X[:3], TIME[:3], OBSERVED[:3])
    assert "3 observations cannot determine 4 parameters" in few.message


def test_wrong_data_is_refused_by_name():
    with pytest.raises(ValueError, match="distribution must be 'weibull' or 'exponential', got 'gamma'"):
        SurvivalRegression("gamma")
    fifth = np.arange(N) == 5
    for time, observed, words in [
        (np.where(fifth, 0.0, TIME), OBSERVED, "time = 0.0"),
        (np.where(fifth, -1.0, TIME), OBSERVED, "time = -1.0"),
        (TIME, np.where(fifth, 2.0, OBSERVED), "observed = 2.0"),
        (TIME, np.where(fifth, 0.5, OBSERVED), "observed = 0.5"),
    ]:
        with pytest.raises(ValueError, match=rf"at index 5 \(x = .*{words}"):
            mlefit.fit(SurvivalRegression(), X, time, observed)
    with pytest.raises(ValueError, match="time must be finite, got nan at index 5"):
        mlefit.fit(SurvivalRegression(), X, np.where(fifth, np.nan, TIME), OBSERVED)
    with pytest.raises(ValueError, match=r"observed must have shape \(n,\)"):
        mlefit.fit(SurvivalRegression(), X, TIME, OBSERVED[:, None])
    with pytest.raises(TypeError, match="observed"):
        mlefit.fit(SurvivalRegression(), X, TIME)


def test_simulated_studies_are_censored_as_the_study_was():
    model = SurvivalRegression()
    mlefit.fit(model, X, TIME, OBSERVED)
    source = np.random.default_rng(2)
    drawn = [model.simulate(source, X, TIME, OBSERVED) for _ in range(300)]
    observed = np.stack([each[2] for each in drawn])
    assert set(np.unique(observed)) == {0.0, 1.0} and all(each[0] is X for each in drawn)
    # About as many events as in the data, and no row outlives the end that is known of it.
    assert observed.mean() == pytest.approx(OBSERVED.mean(), abs=0.05)
    longest = np.max([each[1] for each in drawn], axis=0)
    assert (longest <= np.where(OBSERVED == 1, np.inf, TIME)).all()
    # Those whose end is far off have the distribution itself.
    many = np.tile([[0.5, 0.5]], (20_000, 1))
    _, time, observed = model.simulate(source, many, np.full(20_000, 1e9), np.zeros(20_000))
    law = stats.weibull_min(model.shape.numpy(), scale=np.exp(model(many[:1]).numpy()[0]))
    assert observed.all() and stats.kstest(time, law.cdf).pvalue > 1e-4


def test_the_distribution_leaves_a_censored_row_all_that_is_beyond():
    model = SurvivalRegression()
    mlefit.fit(model, X, TIME, OBSERVED)
    law = stats.weibull_min(model.shape.numpy(), scale=np.exp(model(X).numpy()))
    below, at = model.cdf(X, TIME, OBSERVED)
    np.testing.assert_allclose(below, law.cdf(TIME), rtol=1e-11)
    np.testing.assert_allclose(at, np.where(OBSERVED == 1, law.cdf(TIME), 1.0), rtol=1e-11)


def test_no_group_without_events_is_named_where_its_scale_is_held():
    group = np.repeat([0.0, 1.0], 20)
    time = np.exp(2 + group)  # the trouble is that shape goes to infinity
    held = {"slope": 1.0, "intercept": 2.0}
    with pytest.warns(mlefit.FitWarning, match="shape goes to infinity"):
        assert not mlefit.fit(SurvivalRegression(), group, time, group, fixed=held).converged


def test_far_out_a_time_is_infinite_or_nothing_without_a_word():
    result = mlefit.fit(SurvivalRegression(), X[:, 0], TIME, OBSERVED)
    median, low, high = result.predict([1e9, -1e9])
    assert median.tolist() == [np.inf, 0.0] and (low <= median).all() and (median <= high).all()
