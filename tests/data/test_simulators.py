"""The simulators keep their word."""

import numpy as np
import pytest

from mlefit import data

BAD_ARGUMENTS = [
    ({"n": 0}, ValueError, "^n must be at least 1, got 0"),
    ({"n": 10.0}, TypeError, "^n must be a whole number"),
    ({"n": True}, TypeError, "^n must be a whole number"),
    ({"seed": -1}, ValueError, "^seed must be at least 0, got -1"),
    ({"seed": None}, TypeError, "^seed must be a whole number"),
    ({"stddev": 0.0}, ValueError, "^stddev must be positive"),
    ({"stddev": -1.0}, ValueError, "^stddev must be positive, got -1.0"),
    ({"stddev": np.inf}, ValueError, "^stddev must be finite"),
    ({"stddev": [1.0, 2.0]}, ValueError, "^stddev must be a single number"),
    ({"stddev": "1"}, TypeError, "^stddev must hold real numbers"),
]


@pytest.mark.parametrize("simulate", [data.line, data.gaussian])
@pytest.mark.parametrize(("arguments", "error", "message"), BAD_ARGUMENTS)
def test_bad_arguments_are_refused_by_name(simulate, arguments, error, message):
    with pytest.raises(error, match=message):
        simulate(**arguments)


def test_bad_centres_are_refused_by_name():
    for simulate, name in [(data.line, "slope"), (data.line, "intercept"), (data.gaussian, "mean")]:
        with pytest.raises(ValueError, match=f"^{name} must be finite, got nan"):
            simulate(**{name: np.nan})


@pytest.mark.parametrize("simulate", [data.line, data.gaussian])
def test_a_seed_repeats_and_another_differs(simulate):
    first, again, other = (np.stack([simulate(seed=seed)]) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert first.dtype == np.float64 and not np.isclose(first, other).any()


def test_line_has_the_truth_it_was_given():
    n, truth = 100_000, np.array([-3.0, 0.5])
    x, y = data.line(slope=truth[0], intercept=truth[1], n=n, stddev=0.2, seed=1)
    design = np.column_stack([x, np.ones(n)])
    estimate, residual, *_ = np.linalg.lstsq(design, y)
    errors = 0.2 * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    assert (np.abs(estimate - truth) < 4 * errors).all()
    assert np.sqrt(residual[0] / n) == pytest.approx(0.2, abs=4 * 0.2 / np.sqrt(2 * n))


def test_line_by_default_has_the_curvature_that_it_promises():
    x, y = data.line()
    assert x.shape == y.shape == (100,) and x.min() >= 0 and x.max() < 1
    hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
    smallest, largest = np.linalg.eigvalsh(hessian)
    assert abs(smallest - 0.13) < 0.02 and abs(largest - 2.54) < 0.2


def test_gaussian_has_the_truth_it_was_given():
    x = data.gaussian(mean=-1.0, stddev=3.0, n=100_000, seed=1)
    assert x.mean() == pytest.approx(-1.0, abs=4 * 3.0 / np.sqrt(x.size))
    assert x.std() == pytest.approx(3.0, abs=4 * 3.0 / np.sqrt(2 * x.size))
