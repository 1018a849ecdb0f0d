"""Rows in partitions of Dask, without a cluster: the fit is that of the same rows in memory."""

import dask.array as da
import dask.dataframe as dd
import keras
import numpy as np
import pandas as pd
import pytest

import mlefit
from mlefit.densities import student_t
from mlefit.likelihood.partitions import PartitionedRows
from mlefit.routes import entry

N = 90_000
rng = np.random.default_rng(7)
X = rng.normal(size=(N, 2)) + np.array([0.0, 5.0])
T = rng.standard_t(4, size=N)
LINE = X @ [1.0, -1.0] + 5
FRAME = pd.DataFrame(
    {
        "a": X[:, 0],
        "b": X[:, 1],
        "yes": (rng.random(N) < 1 / (1 + np.exp(-LINE))).astype(int),
        "count": rng.poisson(np.exp(0.2 * X[:, 0])),
        "y": LINE + T,
        "t": T,
        "w": rng.integers(0, 4, N),
    }
)


class HeavyTails(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.m, self.s = self.parameter("m", 0.0), self.parameter("s", 1.0, support="positive")

    def log_prob(self, t):
        return student_t(t, self.m(), self.s(), 4.0)


def parted(partitions):
    return dd.from_pandas(FRAME, npartitions=partitions, sort=False)


CASES = {
    "gaussian": (mlefit.Gaussian, ["t"], {}),
    "gaussian, robust": (mlefit.Gaussian, ["t"], {"covariance": "robust"}),
    "line": (mlefit.LinearRegression, [["a", "b"], "y"], {}),
    "line, hc3, weights": (mlefit.LinearRegression, [["a", "b"], "y"], {"covariance": "hc3", "weights": "w"}),
    "logistic": (mlefit.LogisticRegression, [["a", "b"], "yes"], {}),
    "logistic, robust": (mlefit.LogisticRegression, [["a", "b"], "yes"], {"covariance": "robust"}),
    "poisson, weights": (mlefit.PoissonRegression, ["a", "count"], {"weights": "w"}),
    "poisson, expected, held": (
        mlefit.PoissonRegression,
        ["a", "count"],
        {"covariance": "expected", "fixed": {"intercept": 0.0}},
    ),
    "one's own": (HeavyTails, ["t"], {}),
    "one's own, robust, weights": (HeavyTails, ["t"], {"covariance": "robust", "weights": "w"}),
    "a line by Newton": (mlefit.LinearRegression, ["a", "y"], {"method": "newton"}),
    "Student's t": (mlefit.StudentT, ["t"], {}),
}


def fitted(case, frame):
    make, columns, options = CASES[case]
    options = {key: frame[value] if key == "weights" else value for key, value in options.items()}
    return mlefit.fit(make(), *(frame[column] for column in columns), **options)


def flat(values):
    return np.concatenate([np.ravel(value) for value in values.values()])


@pytest.mark.parametrize("case", CASES)
def test_the_fit_is_that_of_the_rows_in_memory_whatever_the_partitions(case):
    whole = fitted(case, FRAME)
    errors = flat(whole.standard_errors)
    free = np.isfinite(errors)
    for partitions in (1, 5):
        found = fitted(case, parted(partitions))
        assert found.converged and found.nobs == whole.nobs and found.names == whole.names
        away = (flat(found.estimates) - flat(whole.estimates))[free] / errors[free]
        assert np.abs(away).max() < 1e-10
        np.testing.assert_allclose(flat(found.standard_errors)[free], errors[free], rtol=1e-6)
        assert found.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)


def test_the_same_partitions_give_the_same_bits():
    first, second = (fitted("one's own, robust, weights", parted(5)) for _ in range(2))
    assert first.estimates == second.estimates and first.log_likelihood == second.log_likelihood
    np.testing.assert_array_equal(first.covariance, second.covariance)


def test_the_gaussian_is_its_closed_form():
    found = mlefit.fit(mlefit.Gaussian(), da.from_array(T, chunks=20_000))
    assert found.estimates["mean"] == pytest.approx(T.mean(), rel=1e-12)
    assert found.estimates["stddev"] == pytest.approx(T.std(), rel=1e-12)


def test_profiles_intervals_and_predictions_hold():
    found, whole = fitted("one's own", parted(3)), fitted("one's own", FRAME)
    for name in ("m", "s"):
        np.testing.assert_allclose(
            found.interval(name, method="profile"), whole.interval(name, method="profile"), rtol=1e-7
        )
    found, whole = fitted("logistic", parted(3)), fitted("logistic", FRAME)
    new = pd.DataFrame({"b": [5.0, 4.0], "a": [0.0, 1.0]})
    np.testing.assert_allclose(found.predict(new), whole.predict(new), rtol=1e-9)
    smaller = mlefit.fit(mlefit.LogisticRegression(), parted(3)["a"], parted(3)["yes"])
    assert found.likelihood_ratio_test(smaller)[-1] < 1e-10


def test_arrays_of_several_kinds_of_chunks_are_brought_together():
    x = da.from_array(X, chunks=(30_000, 1))
    y = da.from_array(FRAME["y"].to_numpy(), chunks=45_000)
    found = mlefit.fit(mlefit.LinearRegression(), x, y)
    np.testing.assert_allclose(flat(found.estimates), flat(fitted("line", FRAME).estimates), rtol=1e-11)
    unknown = mlefit.fit(mlefit.LinearRegression(), parted(3)[["a", "b"]].values, parted(3)["y"].values)
    np.testing.assert_allclose(flat(unknown.estimates), flat(found.estimates), rtol=1e-11)


def test_few_rows_are_brought_home_so_that_all_methods_take_them():
    few = FRAME.iloc[:500]
    lazy = dd.from_pandas(few, npartitions=4)
    found = mlefit.fit(mlefit.LaplaceRegression(), lazy["a"], lazy["y"])
    whole = mlefit.fit(mlefit.LaplaceRegression(), few["a"], few["y"])
    assert found.estimates == whole.estimates
    assert found.bootstrap(20, seed=0).standard_errors == whole.bootstrap(20, seed=0).standard_errors


def test_rows_are_never_held_together():
    model = HeavyTails()
    rows = entry.observed(model, (parted(4)["t"],))
    assert isinstance(rows, PartitionedRows) and rows.size == N
    few = rows.sample(4096).whole()[0]
    assert 4096 <= len(few) < 2 * 4096
    places = np.flatnonzero(np.isin(T, few))
    assert len(places) == len(few)
    gaps = np.diff(places)
    assert gaps.max() <= 2 * N / len(few)  # spread evenly over all of them
    with pytest.raises(ValueError, match="partitions that are never held together"):
        rows.whole()


def test_an_empty_partition_adds_nothing():
    parts = [FRAME.iloc[:50_000], FRAME.iloc[:0], FRAME.iloc[50_000:]]
    lazy = dd.from_map(lambda i: parts[i], range(3), meta=FRAME.iloc[:0])
    found = mlefit.fit(HeavyTails(), lazy["t"])
    assert found.nobs == N and found.estimates == pytest.approx(
        fitted("one's own", FRAME).estimates, rel=1e-9
    )
    nothing = dd.from_map(lambda i: parts[1], range(2), meta=FRAME.iloc[:0])
    with pytest.raises(ValueError, match="t has no observations"):
        mlefit.fit(HeavyTails(), nothing["t"])


def broken(partition, change):
    """The frame in six partitions, one of them changed."""
    size = N // 6

    def part(i):
        found = FRAME.iloc[i * size : (i + 1) * size].copy()
        return change(found) if i == partition else found

    return dd.from_map(part, range(6), meta=FRAME.iloc[:0])


def spoiled(column, value, row=123):
    def change(frame):
        values = frame[column].astype(object if isinstance(value, str) else float).to_numpy(copy=True)
        values[row] = value
        return frame.assign(**{column: values})

    return change


def test_what_is_wrong_is_named_with_its_partition_and_place():
    with pytest.raises(ValueError, match="t must be finite, got nan at row 123 of partition 4"):
        mlefit.fit(HeavyTails(), broken(4, spoiled("t", np.nan))["t"])
    wide = spoiled("b", np.inf, 5)
    with pytest.raises(ValueError, match="x must be finite, got inf at row 5 of partition 1, column 1"):
        mlefit.fit(mlefit.LinearRegression(), broken(1, wide)[["a", "b"]], parted(6)["y"])
    with pytest.raises(TypeError, match="t must hold real numbers, got str at row 0 of partition 2"):
        mlefit.fit(HeavyTails(), broken(2, spoiled("t", "much", 0))["t"])
    with pytest.raises(ValueError, match=r"partition 5: it cannot be read: KeyError.*'t'"):
        mlefit.fit(HeavyTails(), broken(5, lambda frame: frame.drop(columns="t"))["t"])
    bad = broken(3, spoiled("w", 0.5, 7))
    with pytest.raises(ValueError, match=r"got 0\.5 at row 7 of partition 3: it says"):
        mlefit.fit(HeavyTails(), bad["t"], weights=bad["w"])
    bad = broken(1, spoiled("yes", 2, 40))
    with pytest.raises(ValueError, match=r"log_prob is .* for the observation at row 40 of partition 1"):
        mlefit.fit(mlefit.LogisticRegression(), bad["a"], bad["yes"])
    lengths = dd.from_map(lambda i: FRAME["t"].iloc[: 50_000 - i], range(2), meta=FRAME["t"].iloc[:0])
    with pytest.raises(ValueError, match=r"a has shape .* and t has shape .*same length, in partition 1"):
        mlefit.fit(Pairs(), dd.from_map(lambda i: FRAME["a"].iloc[:50_000], range(2)), lengths)


class Pairs(HeavyTails):
    def log_prob(self, a, t):
        return super().log_prob(t - a)


def test_files_that_dask_reads_together_are_named_by_their_own_numbers(tmp_path):
    for i in range(6):
        part = FRAME.iloc[i * 15_000 : (i + 1) * 15_000].reset_index(drop=True)
        if i == 4:
            part.loc[17, "t"] = np.inf
        part.to_parquet(tmp_path / f"{i}.parquet")
    with pytest.raises(
        ValueError, match="got inf at row 15017 of partitions 3 to 5, which Dask reads together"
    ):
        mlefit.fit(HeavyTails(), dd.read_parquet(tmp_path)["t"])


def test_a_support_that_a_row_leaves_is_named_with_its_place():
    class Positive(HeavyTails):
        def log_prob(self, t):
            return super().log_prob(keras.ops.sqrt(t + 100.0))

    bad = broken(2, spoiled("t", -101.0, 11))
    with pytest.raises(ValueError, match=r"log_prob is nan for the observation at row 11 of partition 2"):
        mlefit.fit(Positive(), bad["t"])


def test_what_looks_at_all_rows_is_refused_with_the_reason():
    lazy = parted(3)

    class Centred(HeavyTails):
        def log_prob(self, t):
            return super().log_prob(t - keras.ops.mean(t))

    with pytest.raises(ValueError, match="looks at several rows at once, or at how many"):
        mlefit.fit(Centred(), lazy["t"])
    with pytest.raises(ValueError, match="'linear-programming' looks at all rows at once"):
        mlefit.fit(mlefit.LaplaceRegression(), lazy["a"], lazy["y"])
    with pytest.raises(ValueError, match="'optimizer' looks at all rows at once"):
        mlefit.fit(HeavyTails(), lazy["t"], method=keras.optimizers.Adam(0.1), steps=2)
    with pytest.raises(ValueError, match="cluster is for rows in memory"):
        mlefit.fit(HeavyTails(), lazy["t"], covariance="robust", cluster=FRAME["w"])
    with pytest.raises(ValueError, match="never held together"):
        fitted("one's own", lazy).bootstrap(20)
    with pytest.raises(TypeError, match="x lies in partitions of Dask and y does not"):
        mlefit.fit(mlefit.LinearRegression(), lazy["a"], FRAME["y"])
    with pytest.raises(ValueError, match="x has 3 partitions and y has 4"):
        mlefit.fit(mlefit.LinearRegression(), lazy["a"], parted(4)["y"])
    with pytest.raises(TypeError, match="t must be a Dask array, series or frame, got Bag"):
        mlefit.fit(HeavyTails(), lazy["t"].to_bag())


def test_a_curve_goes_by_newton():
    def curve():
        return mlefit.NonlinearRegression(lambda a, rise: rise * a, rise=0.5)

    found = mlefit.fit(curve(), parted(3)["a"], parted(3)["y"])
    whole = mlefit.fit(curve(), FRAME["a"], FRAME["y"])
    assert found.method == "Newton" and found.estimates == pytest.approx(whole.estimates, rel=1e-9)


def test_progress_tells_of_each_pass(capsys):
    mlefit.fit(mlefit.LogisticRegression(), parted(3)["a"], parted(3)["yes"], progress=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [f"pass {i + 1}" for i in range(len(lines))]
    assert len(lines) >= 4 and all("90,000 rows in" in line and "rows/s" in line for line in lines)
