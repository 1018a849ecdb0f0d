"""The likelihood's explorer shows what `mlefit` computes."""

import numpy as np
import pytest
from scipy import stats

import mlefit
from exploring import Explorer

STATES = [
    "mean=0.68&stddev=0.44",
    "mean=1.5&stddev=0.9&x=0.5,2,1.4",
    "mean=0.2&stddev=1.61&x=0.9,1.8,1.25",
]
WITHIN = stats.chi2.cdf([1, 4, 9], 1)  # what 1, 2 and 3 standard errors are for one parameter


@pytest.fixture(scope="module")
def tab(browser):
    with browser.new_context() as context:
        yield context.new_page()


def log_likelihood(data, mean, stddev):
    return -len(data) * float(mlefit.Gaussian(mean=mean, stddev=stddev).nll(np.asarray(data)))


@pytest.mark.parametrize("state", STATES)
def test_heights_and_maximum(tab, home, state):
    explorer = Explorer(tab, f"{home}learn/likelihood/#explore=likelihood&{state}", "likelihood")
    values, numbers = explorer.values(), explorer.numbers()
    fit = mlefit.fit(mlefit.Gaussian(), np.array(values["x"]))
    here = log_likelihood(values["x"], values["mean"], values["stddev"])
    assert numbers["log-likelihood"] == [pytest.approx(here, abs=6e-4)]
    assert numbers["below the maximum"] == [pytest.approx(fit.log_likelihood - here, abs=6e-4)]
    assert numbers["maximum at"] == pytest.approx(list(fit.estimates.values()), abs=6e-4)


def test_to_the_maximum(tab, home):
    explorer = Explorer(tab, f"{home}learn/likelihood/#explore=likelihood&{STATES[1]}", "likelihood")
    explorer.press("To the maximum")
    values = explorer.values()
    fit = mlefit.fit(mlefit.Gaussian(), np.array(values["x"]))
    assert [values["mean"], values["stddev"]] == pytest.approx(list(fit.estimates.values()), rel=1e-6)
    assert explorer.numbers()["below the maximum"] == [0.0]


def test_equal_observations_have_no_maximum(tab, home):
    explorer = Explorer(tab, f"{home}learn/likelihood/#explore=likelihood&x=1,1,1", "likelihood")
    assert "without a maximum" in explorer.said()
    assert explorer.complaints == []


@pytest.mark.parametrize(
    ("drop", "region"), [(0.49, 1), (0.51, 2), (1.99, 2), (2.01, 3), (4.49, 3), (4.6, None)]
)
def test_the_regions_are_drops_of_a_half_two_and_four_and_a_half_nats(tab, home, drop, region):
    # Along the mean, with the other parameter at its best value for three lengths, the fall is n z^2 / 2.
    mean = 7 / 6 - np.sqrt(2 * drop / 3) * np.sqrt(7 / 18)
    link = f"{home}learn/likelihood/#explore=likelihood&mean={mean}&stddev={np.sqrt(7 / 18)}"
    explorer = Explorer(tab, link, "likelihood")
    assert explorer.numbers()["below the maximum"] == [pytest.approx(drop, abs=1e-3)]
    inside = 100 * stats.chi2.cdf(2 * np.array([0.5, 2.0, 4.5]), 2)
    said = (
        f"in region {region}. With many observations, {inside[region - 1]:.1f}%"
        if region
        else "outside region 3"
    )
    assert said in explorer.said()


def test_a_narrow_bell_is_outside(tab, home):
    explorer = Explorer(tab, f"{home}learn/likelihood/#explore=likelihood&mean=1.17&stddev=0.2", "likelihood")
    assert explorer.numbers()["below the maximum"][0] > 4.5
    assert "outside region 3" in explorer.said()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("region", "method"), [("ratio", "profile"), ("wald", "wald")])
def test_two_standard_errors(tab, home, state, region, method):
    link = f"{home}learn/likelihood/#explore=likelihood&{state}&region={region}"
    explorer = Explorer(tab, link, "likelihood")
    fit = mlefit.fit(mlefit.Gaussian(), np.array(explorer.values()["x"]))
    numbers = explorer.numbers()
    for name in ("mean", "stddev"):
        interval = fit.interval(name, level=WITHIN[1], method=method)
        assert numbers[f"2 standard errors, {name}"] == pytest.approx(list(interval), abs=6e-3)
