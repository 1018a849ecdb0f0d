"""learn/censored.md against published digits, SciPy's censored fits and closed forms."""

import math

import numpy as np
import pytest
from scipy import integrate, optimize, stats


@pytest.fixture
def names(page):
    return page("learn/censored.md")


def test_the_rates_are_events_over_time(names):
    assert names["rates"]["placebo"][0] == pytest.approx(21 / 182, rel=1e-12)
    assert names["rates"]["treated"] == pytest.approx((9 / 359, 0.0083565), rel=1e-5)
    assert names["rate"].estimate == pytest.approx(9 / 359, rel=1e-7)
    assert names["rate"].standard_error == pytest.approx(3 / 359, rel=1e-5)
    treated = names["treated"] == 1
    data = stats.CensoredData.right_censored(names["weeks"][treated], names["relapsed"][treated] == 0)
    assert 1 / stats.expon.fit(data, floc=0)[1] == pytest.approx(9 / 359, rel=1e-4)
    error = names["ratio"] * math.hypot(1 / math.sqrt(21), 1 / 3)
    assert names["ratio_error"] == pytest.approx(error, rel=1e-12)
    assert 4 < names["ratio"] < 5


def test_the_weibull_has_the_published_digits(names):
    published = [2.248348, 1.267332, 0.311709]
    errors = [0.165972, 0.310638, 0.147292]
    np.testing.assert_allclose(names["by_hand"], published, atol=1e-5)
    np.testing.assert_allclose(names["errors_by_hand"], errors, atol=5e-6)
    np.testing.assert_allclose(names["package"], published, atol=1e-5)
    np.testing.assert_allclose(names["package_errors"], errors, atol=2e-5)
    assert names["weibull"].log_likelihood == pytest.approx(-106.579492, abs=1e-6)


def test_the_likelihood_is_scipys(names):
    b, m, log_shape = names["by_hand"]
    weeks, event = names["weeks"], names["relapsed"] == 1
    weibull = stats.weibull_min(math.exp(log_shape), scale=np.exp(b + m * names["treated"]))
    total = np.where(event, weibull.logpdf(weeks), weibull.logsf(weeks)).sum()
    assert total == pytest.approx(-106.579492, abs=1e-6)


@pytest.mark.parametrize("k", range(4))
def test_the_two_mistakes_have_the_bias_of_the_formulas(names, k):
    share = names["simulated_shares"][k]
    end = -math.log(share) / 0.1
    within = integrate.quad(lambda t: t * 0.1 * math.exp(-0.1 * t), 0, end)[0]
    counted = 1 / (within + share * end) / 0.1
    dropped = 1 / (within / (1 - share)) / 0.1
    np.testing.assert_allclose(names["simulated"][k], [1, counted, dropped], rtol=0.04)
    for curve, value in ((names["counted_limit"], counted), (names["dropped_limit"], dropped)):
        assert np.interp(share, names["shares"], curve) == pytest.approx(value, rel=2e-3)
    assert 2 < names["wrong_count"] * 359 / 9 < names["wrong_drop"] * 359 / 9
    assert names["wrong_drop"] * 359 / 9 > 3


def test_the_steps_are_those_of_kaplan_and_meier(names):
    for group, title in ((0, "placebo"), (1, "treated")):
        of_group = names["treated"] == group
        data = stats.CensoredData.right_censored(names["weeks"][of_group], names["relapsed"][of_group] == 0)
        sf = stats.ecdf(data).sf
        at, survival = names["steps"][title]
        np.testing.assert_allclose(survival, sf.evaluate(at), rtol=1e-12)
    assert 0.44 < names["steps"]["treated"][1].min() < 0.45
    for group, title in ((0, "placebo"), (1, "treated")):
        of_group = (names["treated"] == group) & (names["relapsed"] == 1)
        at, survival = names["steps"][title]
        assert set(at) == set(names["weeks"][of_group])
        b, m, log_shape = names["by_hand"]
        weibull = stats.weibull_min(math.exp(log_shape), scale=math.exp(b + m * group)).sf(at)
        exponential = stats.expon(scale=1 / names["rates"][title][0]).sf(at)
        for name, curve in (("Weibull", weibull), ("exponential", exponential)):
            just_before = np.append(1, survival[:-1])
            gap = max(np.abs(survival - curve).max(), np.abs(just_before - curve).max())
            assert names["largest_gap"][title, name] == pytest.approx(gap, rel=1e-9)
        assert names["largest_gap"][title, "Weibull"] < names["largest_gap"][title, "exponential"]


def test_the_shape_and_the_median(names):
    # Closed form of the exponential: d log(rate) - d in each group.
    exponential = 21 * math.log(21 / 182) + 9 * math.log(9 / 359) - 30
    assert names["statistic"] == pytest.approx(2 * (-106.579492 - exponential), abs=1e-5)
    assert names["p_value"] == pytest.approx(stats.chi2(1).sf(names["statistic"]), rel=1e-9)
    change = names["exponential"].estimates["slope"] - names["by_hand"][1]
    assert 0 < change < names["errors_by_hand"][1]
    b, m, log_shape = names["by_hand"]
    for group, title in ((0, "placebo"), (1, "treated")):
        weibull = stats.weibull_min(math.exp(log_shape), scale=math.exp(b + m * group))
        assert names["medians"][title][0] == pytest.approx(weibull.median(), rel=1e-5)
    # The error of the log median, from the covariance of (b, m, log shape), by hand.
    covariance = np.linalg.inv(names["hessian"])
    slope = np.array([1, 1, -math.log(math.log(2)) * math.exp(-log_shape)])
    error = math.sqrt(slope @ covariance @ slope) * names["medians"]["treated"][0]
    assert names["medians"]["treated"][1] == pytest.approx(error, rel=1e-3)


def test_exercises(names):
    weeks, event = names["weeks"], names["relapsed"]

    def minus(t):
        time = np.where(event == 1, weeks, weeks + 1)
        scale = np.exp(t[0] + t[1] * names["treated"])
        return -stats.weibull_min(math.exp(t[2]), scale=scale).logpdf(time).sum()

    best = optimize.minimize(minus, [2, 1, 0.2], method="BFGS")
    assert names["worst"].estimates["slope"] == pytest.approx(best.x[1], abs=1e-4)
    assert names["low"] > 1  # "yes"
    assert names["informative_rate"] / names["complete_rate"] == pytest.approx(0.5, abs=0.04)
