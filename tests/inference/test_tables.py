"""Tables of results: frames in broom's columns, and fits of the same data side by side."""

import sys

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.optimize
import scipy.stats

import mlefit

rng = np.random.default_rng(3)
X = rng.normal(size=50)
Y = 1 + 0.4 * X + rng.normal(size=50)
COUNTS = rng.poisson(np.exp(0.5 * X))
LINE = mlefit.fit(mlefit.LinearRegression(), X, Y)
CONSTANT = mlefit.fit(mlefit.Gaussian(), Y)


def test_a_frame_has_the_columns_of_broom_and_the_numbers_of_the_result():
    frame = LINE.to_frame(level=0.9)
    assert list(frame.columns) == ["term", "estimate", "std.error", "conf.low", "conf.high"]
    assert frame["term"].tolist() == list(LINE.names)
    for _, row in frame.iterrows():
        assert row["estimate"] == LINE.estimates[row["term"]]
        assert row["std.error"] == pytest.approx(LINE.standard_errors[row["term"]], rel=1e-14)
        assert (row["conf.low"], row["conf.high"]) == LINE.interval(row["term"], 0.9)
    several = mlefit.fit(mlefit.LinearRegression(), pd.DataFrame({"age": X, "dose": X**2}), Y)
    assert several.to_frame()["term"].tolist() == ["slope[age]", "slope[dose]", "intercept", "stddev"]


def test_without_pandas_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    for table in (LINE, mlefit.compare(LINE, CONSTANT)):
        with pytest.raises(ImportError, match="to_frame needs pandas"):
            table.to_frame()


class Ridge(mlefit.LogisticRegression):
    def log_prior(self):
        return -0.5 * keras.ops.square(self.slope())


def highest(design):
    """The highest Poisson log-likelihood, found without derivatives by SciPy."""
    found = scipy.optimize.minimize(
        lambda b: -scipy.stats.poisson.logpmf(COUNTS, np.exp(design @ b)).sum(),
        np.zeros(design.shape[1]),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000},
    )
    return -found.fun


def test_criteria_are_those_of_an_independent_fit():
    designs = [np.column_stack([np.ones(50), X]), np.column_stack([np.ones(50), X, X**2])]
    line, bent = (mlefit.fit(mlefit.PoissonRegression(), design[:, 1:], COUNTS) for design in designs)
    table = mlefit.compare(line=line, bent=bent)
    heights = np.array([highest(design) for design in designs])
    np.testing.assert_allclose(table.log_likelihood, heights, rtol=1e-9)
    np.testing.assert_allclose(table.aic, [4, 6] - 2 * heights, rtol=1e-9)
    np.testing.assert_allclose(table.bic, np.log(50) * np.array([2, 3]) - 2 * heights, rtol=1e-9)
    np.testing.assert_allclose(table.difference, table.aic - min([4, 6] - 2 * heights), atol=1e-6)
    assert table.parameters.tolist() == [2, 3] and table.labels == ("line", "bent")


def test_the_table_as_text_page_and_frame():
    table = mlefit.compare(LINE, constant=CONSTANT)
    text, page, frame = str(table), table._repr_html_(), table.to_frame()
    assert table.labels == ("LinearRegression", "constant")
    for word in ("LinearRegression", "constant", "log-likelihood", "AIC", "BIC", "difference"):
        assert word in text and word in page
    assert f"{LINE.aic:.4f}" in text and f"{CONSTANT.bic:.4f}" in page
    assert frame["AIC"].tolist() == [LINE.aic, CONSTANT.aic]
    assert page.count("<tr>") == page.count("</tr>") == 3 and len(text.splitlines()) == 3


def test_names_that_stand_twice_are_numbered():
    bent = mlefit.fit(mlefit.LinearRegression(), np.column_stack([X, X**2]), Y)
    assert mlefit.compare(LINE, bent, CONSTANT).labels == (
        "LinearRegression 1",
        "LinearRegression 2",
        "Gaussian",
    )
    assert mlefit.compare(LINE, LinearRegression=bent).labels == (
        "LinearRegression (unnamed)",
        "LinearRegression",
    )


def test_what_cannot_be_compared_is_refused_with_the_reason():
    with pytest.warns(mlefit.FitWarning):
        failed = mlefit.fit(mlefit.Gaussian(), np.ones(50))
    fewer = mlefit.fit(mlefit.Gaussian(), Y[:-1])
    elsewhere = mlefit.fit(mlefit.Gaussian(), Y + 1)
    logged = mlefit.fit(mlefit.LinearRegression(), X, np.exp(Y))
    for arguments, labelled, message in [
        ((LINE,), {}, "compare takes two fits or more, got 1"),
        ((), {}, "compare takes two fits or more, got 0"),
        ((LINE,), {"short": fewer}, "different data: 50 and 49 observations"),
        ((CONSTANT,), {"moved": elsewhere}, "Gaussian and moved .* not one column is the same"),
        ((LINE,), {"logged": logged}, "different y: .* log y"),
        ((LINE,), {"ridge": mlefit.fit(Ridge(), X, Y > 1)}, "ridge is a MAP fit"),
        ((LINE,), {"failed": failed}, "failed did not converge.*unbounded"),
    ]:
        with pytest.raises(ValueError, match=message):
            mlefit.compare(*arguments, **labelled)
    with pytest.raises(TypeError, match=r"compare takes results of fit, got 3\.0 for other"):
        mlefit.compare(LINE, other=3.0)
    with pytest.raises(TypeError, match="for argument 2"):
        mlefit.compare(LINE, mlefit.Gaussian())
