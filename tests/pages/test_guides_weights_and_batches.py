"""guides/weights-and-batches.md against weighted least squares, replays in NumPy and exact fixed points."""

import numpy as np
import pytest
from scipy import stats


@pytest.fixture
def names(page):
    return page("guides/weights-and-batches.md")


def test_three_readings_are_a_long_list_known_variances_and_a_jackknife_s_limit(names):
    x, w = np.array([1.0, 2.0, 4.0, 5.0, 9.0]), np.array([9.0, 4.0, 6.0, 2.0, 2.0])
    readings = names["readings"]
    many = np.repeat(x, w.astype(int))
    assert names["mean"] == pytest.approx(many.mean(), rel=1e-12)
    assert readings["counts"] == pytest.approx(stats.norm.fit(many)[1] / np.sqrt(len(many)), rel=1e-12)
    X = np.ones((5, 1)) * np.sqrt(w)[:, None]
    bread = np.linalg.inv(X.T @ X)
    assert readings["precisions"] == pytest.approx(np.sqrt(bread[0, 0]), rel=1e-10)
    # The infinitesimal jackknife: the mean's derivative by each weight, by differences.
    slopes = [(np.average(x, weights=w + h) - np.average(x, weights=w - h)) / 2e-6 for h in 1e-6 * np.eye(5)]
    assert readings["inverse chances"] == pytest.approx(np.linalg.norm(slopes * w), rel=1e-7)


def test_counts_are_the_long_list(names):
    for result in (names["short"], names["long"]):
        assert result.nobs == 200
        assert result.estimates["rate"] == pytest.approx(0.61, rel=1e-10)
        assert result.standard_errors["rate"] == pytest.approx(np.sqrt(0.61 / 200), rel=1e-8)


def test_precisions_and_their_check(names):
    means, errors, combined = names["means"], names["errors"], names["combined"]
    assert len(means) == 5
    assert combined.estimates["mean"] == pytest.approx(np.average(means, weights=errors**-2.0), rel=1e-10)
    assert combined.standard_errors["mean"] == pytest.approx(np.sum(errors**-2.0) ** -0.5, rel=1e-8)
    assert stats.chi2.sf(names["misfit"], 4) == pytest.approx(0.014, abs=0.001)
    drawn = np.random.default_rng(3).normal(size=(50_000, 5, 20))  # experiments that agree
    at, variances = drawn.mean(axis=2), drawn.var(axis=2, ddof=1) / 20
    centre = np.average(at, axis=1, weights=1 / variances)[:, None]
    above = np.mean(np.sum((at - centre) ** 2 / variances, axis=1) > names["misfit"])
    assert above == pytest.approx(0.028, abs=0.004)
    assert names["inflated"].estimates["factor"] == pytest.approx(np.sqrt(names["misfit"] / 5), rel=1e-6)


def test_the_survey_s_robust_error_is_the_linearised_one_and_covers(names):
    survey = names["survey"]
    assert survey.standard_errors["mean"] == pytest.approx(names["linear"], rel=1e-5)
    error = np.sqrt(0.95 * 0.05 / 2000)
    assert abs(names["hits"]["robust"] / 2000 - 0.95) < 4 * error + 0.01
    assert names["hits"]["read as counts"] / 2000 < 0.3


def test_keras_divides_by_rows_and_its_metric_by_weights(names):
    w, rows = names["row_weights"], names["rows"]
    assert names["weighted"]["loss"] == pytest.approx(np.sum(w * rows**2) / 10, rel=1e-6)
    assert names["weighted"]["mse"] == pytest.approx(np.average(rows**2, weights=w), rel=1e-6)
    assert names["doubled"]["loss"] == pytest.approx(2 * names["weighted"]["loss"], rel=1e-6)
    assert names["epoch"](batch_size=4)["loss"] == pytest.approx(28.5, rel=1e-6)


def test_the_reported_loss_is_the_mean_over_moving_weights(names):
    """Gradient descent on batches of two, replayed in NumPy."""
    rows, y, b, reported, ends = np.arange(10.0), names["noisy"], 0.0, [], []
    for _ in range(6):
        losses = []
        for i in range(0, 10, 2):
            x, t = rows[i : i + 2], y[i : i + 2]
            losses.append(np.mean((b * x - t) ** 2))
            b -= 0.003 * np.mean(2 * x * (b * x - t))
        reported.append(np.mean(losses))
        ends.append(np.mean((b * rows - y) ** 2))
    np.testing.assert_allclose(names["reported"], reported, rtol=1e-4)
    np.testing.assert_allclose(names["kept"].ends, ends, rtol=1e-4)
    assert all(a > b for a, b in zip(reported[:2], ends[:2], strict=True))


def test_a_short_batch_that_stays_the_same_moves_the_end(names):
    """The fixed point of one epoch, an affine map of the level, in closed form."""
    slope, shift = 1.0, 0.0
    for mean in (0.0, 0.0, 1.0):
        slope, shift = slope * (1 - 0.04), shift * (1 - 0.04) + 0.04 * mean
    assert names["in_turn"] == pytest.approx(shift / (1 - slope), rel=1e-6)
    assert names["in_turn"] == pytest.approx(1 / 3, abs=0.02)
    ends = np.array(names["ends"])
    assert abs(ends.mean() - 0.2) < 4 * ends.std(ddof=1) / np.sqrt(20)
