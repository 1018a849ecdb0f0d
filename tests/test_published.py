"""Fits of famous data that others have published, met to the digits that they printed."""

import csv

import numpy as np

import mlefit
import nist


def columns(name):
    """The rows of one of statsmodels' data sets, in float32 as the published fits had the regressors."""
    text = nist.read("statsmodels==0.14.6", f"statsmodels/datasets/{name}/{name}.csv", kind="--only-binary")
    rows = csv.reader(text.splitlines()[1:], delimiter="," if "," in text else " ")
    return np.array(list(rows), dtype=np.float32).astype(float).T


def agree(found, printed):
    """Whether numbers agree to those printed, text, to less than half a unit of the last digit."""
    for value, text in zip(found, printed.split(), strict=True):
        assert abs(value - float(text)) <= 0.5 * 10.0 ** -len(text.partition(".")[2]), (value, text)


def test_a_new_way_of_teaching_economics():
    """Spector and Mazzeo (1980), as Greene's Econometric Analysis, table 17.1, and Stata fit it."""
    _, *x, grade = columns("spector")
    result = mlefit.fit(mlefit.LogisticRegression(), np.column_stack(x), grade)
    assert result.converged and result.nobs == 32
    agree(result.estimates["slope"], "2.826113 0.0951577 2.378688")
    agree([result.estimates["intercept"], result.log_likelihood], "-13.021348 -12.889633")
    agree(result.covariance[0, :], "1.59502034 -0.03692057 0.42761573 -4.57347950")


def test_visits_to_the_doctor():
    """The RAND health insurance experiment, as Stata 11 fits it."""
    visits, *x = columns("randhie")
    result = mlefit.fit(mlefit.PoissonRegression(), np.column_stack(x), visits)
    assert result.converged and result.nobs == 20190
    agree([result.log_likelihood], "-62419.588535")
    printed = "-0.052535115 -0.247086798 0.035290202 -0.034577506 0.271713974 0.033941474 -0.012635036"
    agree(result.estimates["slope"], printed + " 0.054056327 0.206115122")
    agree([result.estimates["intercept"]], "0.700352877")
    printed = "0.002883989 0.010617252 0.001828337 0.001612849 0.012239138 0.000564765 0.009250611"
    agree(result.standard_errors["slope"], printed + " 0.015309871 0.026279283")
    agree([result.standard_errors["intercept"]], "0.011162667")
