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
