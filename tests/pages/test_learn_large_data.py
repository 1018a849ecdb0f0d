"""learn/large-data.md: its fits against fits in memory, its laws against simulation and closed forms."""

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

import mlefit
from benchmarks import scale_page
from mlefit.likelihood import survey


@pytest.fixture
def names(page):
    return page("learn/large-data.md")


def test_the_slope_of_ten_million_rows_is_that_of_all_of_them_in_memory(names):
    x, y = np.array(names["rows"], dtype="float64").T
    assert len(x) == 10_000_000
    truth = np.cov(x, y, bias=True)[0, 1] / np.var(x)
    error = np.sqrt(np.var(y - truth * x) / len(x) / np.var(x))
    assert names["slopes"][-1] == pytest.approx(truth, abs=1e-6 * error)
    assert names["errors"][-1] == pytest.approx(error, rel=1e-6)
    assert names["result"].estimates["slope"] == pytest.approx(truth, abs=1e-6 * error)
    assert names["result"].standard_errors["slope"] == pytest.approx(error, rel=1e-6)


def test_the_band_is_as_wide_as_one_over_the_root_of_the_rows(names):
    rows = names["small"] * names["read"]
    np.testing.assert_allclose(names["errors"] * np.sqrt(rows), 1.0, rtol=0.03)
    inside = np.abs(names["slopes"] - 1) < 1.96 * names["errors"]
    assert inside[-1]
    assert inside.mean() > 0.8


def test_stacked_factors_keep_digits_that_sums_of_products_lose(names):
    assert names["slope_tsqr"] == pytest.approx(names["slope_exact"], abs=1e-6)
    assert abs(names["slope_sums"] - names["slope_exact"]) > 0.1
    whole = np.linalg.qr(names["table"], mode="r")
    np.testing.assert_allclose(np.abs(names["R"][0]), np.abs(whole[0]), rtol=1e-12)
    np.testing.assert_allclose(np.abs(names["R"][1:, 2]), np.abs(whole[1:, 2]), rtol=1e-5)


def test_three_places_give_one_result(names):
    places = names["places"]
    assert list(places) == ["arrays", "mapped", "Parquet"]
    x, y = names["million"].T.astype("float64")
    truth = stats.linregress(x, y)
    error = truth.stderr * np.sqrt(1 - 2 / len(x))  # maximum likelihood divides by n
    for result in places.values():
        off = result.estimates["slope"] - truth.slope
        assert abs(off) < 1e-10 * error
        assert result.standard_errors["slope"] == pytest.approx(error, rel=1e-10)


def test_two_runs_over_the_partitions_give_the_same_bits(names):
    ddf = names["ddf"]
    again = mlefit.fit(mlefit.LinearRegression(), ddf["x"], ddf["y"])
    assert again.estimates == names["places"]["Parquet"].estimates
    assert again.standard_errors == names["places"]["Parquet"].standard_errors


def test_few_passes_bring_a_sample_to_the_full_fit(names):
    sampled = names["sampled"]
    assert names["n_s"] == survey._FEW, "the page's sample is the package's"
    page = " ".join(scale_page.PAGE.read_text().split())
    assert f"one in {survey._SHARE}, and at most {survey._SAMPLE:,}.)" in page
    assert f"a sample of {10**7 // survey._SHARE:,} rows" in page
    expected = np.sqrt(names["N"] / names["n_s"] - 1)
    assert expected / 4 < sampled[0] < 3 * expected
    for before, after in pairwise(sampled):
        assert after < before / 30
    assert sampled[3] < 1e-5
    assert 0.005 < np.abs(names["unlike"]).max() < 0.02
    data = names["X"], names["yes"]
    three, four = (names["newton"](*names["on"](*data), np.zeros(3), steps) for steps in (3, 4))
    assert names["distance"](four) < 1e-6 < names["distance"](three)
    assert np.abs(names["gradient"](names["best"], names["X"], names["yes"])).max() < 1e-14


def test_the_package_takes_as_many_passes_as_the_page_says(names, capsys):
    mlefit.fit(mlefit.LogisticRegression(), names["columns"], names["answers"], progress=True)
    told = capsys.readouterr().out.strip().splitlines()
    assert len(told) == 4
    assert "Of the four passes" in scale_page.PAGE.read_text()
    assert all("300,000 rows" in line for line in told)
    estimates = names["logistic"].estimates
    point = np.array([estimates["intercept"], *estimates["slope"]])
    away = point - names["best"]
    assert np.sqrt(away @ names["information"] @ away / 3) < 1e-6


def test_a_batch_moves_by_the_root_of_n_over_its_rows(names):
    expected = np.sqrt(names["n_small"] / names["sizes"])
    np.testing.assert_allclose(names["moved"], expected, rtol=0.2)


def test_the_mean_of_random_batches_is_one_over_the_root_of_the_passes_away(names):
    done, averaged = names["done"], names["averaged"]
    for t in (1, 2, 4):
        k = round(t * names["per_pass"]) - 1
        assert done[k] == pytest.approx(t)
        assert averaged[k] * np.sqrt(t) == pytest.approx(1, abs=0.35)
        assert names["falling"][k] > 2 * averaged[k]
    last = slice(-names["per_pass"], None)
    earlier = slice(names["per_pass"], 2 * names["per_pass"])
    ratio = names["constant"][last].mean() / names["constant"][earlier].mean()
    assert 0.8 < ratio < 1.25


def test_a_constant_rate_stays_where_theory_says(names):
    """Its points scatter about the optimum with the covariance rate / (2 B) times the identity."""
    trace = np.trace(names["n_small"] * names["curvature"]) * 0.5 / (2 * names["B"])
    last = names["constant"][-names["per_pass"] :]
    assert np.sqrt(np.mean(last**2)) == pytest.approx(np.sqrt(trace / 3), rel=0.2)


def test_the_mean_at_a_constant_rate_settles_beside_the_optimum(names):
    Xs, ys, best, B, passes = names["Xs"], names["ys"], names["best_s"], names["B"], 20
    beside = []
    for rate in (1.0, 2.0):
        rng = np.random.default_rng(4)
        points, total = np.tile(best, (16, 1)), np.zeros((16, 3))
        for _ in range(passes * names["per_pass"]):
            batch = rng.integers(len(Xs), size=(16, B))
            off = 1 / (1 + np.exp(-np.einsum("rbp,rp->rb", Xs[batch], points))) - ys[batch]
            points = points - rate * np.einsum("rbp,rb->rp", Xs[batch], off) / B
            total += points
        mean = total.mean(axis=0) / (
            passes * names["per_pass"]
        )  # of all runs: their noise is 1 / sqrt(16 * 20)
        beside.append(names["distance_s"](mean))
    assert beside[0] > 0.2
    assert beside[1] > 1.5 * beside[0]


def test_an_interval_that_ignores_the_batches_covers_less(names):
    """Drawn anew: estimate and mean of a pass each have an error of 1."""
    rng = np.random.default_rng(0)
    away = rng.standard_normal(200_000) + rng.standard_normal(200_000)
    assert names["covers"] == pytest.approx(np.mean(np.abs(away) < 1.96), abs=0.005)


def test_adam_stops_short_of_the_estimate_and_its_loss_hides_it(names):
    away, n = names["adam_away"], names["N"]
    assert 1 < away < 15
    assert names["excess"] == pytest.approx(3 * away**2 / (2 * n), rel=0.05)
    z = names["X"] @ names["best"]
    scatter = np.std(np.logaddexp(0, z) - names["yes"] * z) / np.sqrt(1000)
    assert scatter == pytest.approx(0.014, abs=0.001)
    assert 100 * names["excess"] < scatter
    assert len(names["history"].steps) == 300
    assert len(names["history"].epochs) == 1


def test_cut_readings_bias_the_slope_by_their_share(names):
    """Stein's lemma: the slope of a function of a Gaussian is the mean of its derivative."""
    share = np.mean(np.array(names["rows"][:, 1]) < 6)
    assert names["expected"] == pytest.approx(share, abs=1e-4)
    error = names["cut_errors"][-1]
    assert abs(names["cut_slopes"][-1] - names["expected"]) < 3 * error
    assert names["bias_in_errors"] > 5
    smallest = 1.96 * names["errors"][-1]
    assert smallest == pytest.approx(6e-4, rel=0.05)
    assert smallest**2 / 2 == pytest.approx(2e-7, rel=0.1)


def test_the_median_by_counting_is_the_median(names):
    truth = np.median(names["million"][:, 1])
    assert names["low"] <= truth <= names["high"]
    assert names["high"] - names["low"] < 1e-4


def test_shuffled_passes_end_nearer_than_random_ones(names):
    assert names["each_pass"][0] < 0.5
    assert names["each_pass"][-1] < names["averaged"][-1]
    assert 2 < min(names["last_points"]) < max(names["last_points"]) < 3.5


def test_first_rows_of_a_sorted_file_mislead(names):
    assert names["paths"]["spread"][-1] < 1e-4
    assert min(names["paths"]["first"]) > 1
    assert names["paths"]["first"][1] > 5 * names["paths"]["first"][0]


def test_the_tables_are_those_of_the_last_runs():
    run, peers = (json.loads(saved.read_text()) for saved in (scale_page.SAVED, scale_page.SAVED_PEERS))
    page = scale_page.PAGE.read_text()
    assert scale_page.written(page, run, peers) == page, "uv run python tests/benchmarks/scale_page.py"
    rows = [row for row in run["rows"] if row["where"] == "workers"]
    assert all(row["converged"] for row in rows)
    assert all(row["estimates_off"] < 1e-9 for row in rows if "estimates_off" in row)


def test_what_the_page_says_of_other_packages_is_what_was_measured():
    rows = json.loads(scale_page.SAVED_PEERS.read_text())["rows"]
    found = {(row["way"], row["n"]): row for row in rows}
    for n in (10**6, 10**7):
        assert found["mlefit", n]["estimates_off"] < 1e-9
        assert found["dask-ml, newton", n]["estimates_off"] < 1e-3
        assert "iprint" in found["dask-ml, lbfgs, no penalty", n]["failed"]
        mean = found["statsmodels, mean of the partitions' fits", n]
        assert mean["estimates_off"] < 0.1
        assert mean["passes"] == 1
    means = [found["statsmodels, mean of the partitions' fits", n]["estimates_off"] for n in (10**6, 10**7)]
    assert [float(f"{off:.1g}") for off in means] == [0.005, 0.01]
    off = [found["dask-ml, admm and l2, its defaults", n]["estimates_off"] for n in (10**6, 10**7)]
    said = f"at 10⁶ rows they end {off[0]:.1f} standard errors away, and at 10⁷ rows {off[1]:.2f}."
    assert said in " ".join(scale_page.PAGE.read_text().split())
