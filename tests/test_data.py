"""The simulators keep their word, and the famous data are what their sources printed."""

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


def test_michelson_has_the_certified_mean_and_deviation():
    michelson = data.load("michelson")
    speed = (michelson["speed"] + 299_000) / 1000
    assert speed.size == 100
    assert speed.mean() == pytest.approx(299.8524, rel=1e-15)
    assert speed.std(ddof=1) == pytest.approx(0.0790105478190518, rel=1e-9)
    experiments, runs = np.unique(michelson["experiment"], return_counts=True)
    assert experiments.tolist() == [1, 2, 3, 4, 5] and runs.tolist() == [20] * 5


def test_newcomb_has_its_outliers():
    deviation = data.load("newcomb")["deviation"]
    assert deviation.size == 66 and np.median(deviation) == 27
    assert np.sort(deviation)[:2].tolist() == [-44, -2]
    assert [deviation.mean(), deviation.std()] == pytest.approx([26.2121, 10.6636], abs=5e-5)


def test_hubble_has_the_known_line():
    hubble = data.load("hubble")
    line = np.polyfit(hubble["distance"], hubble["velocity"], 1)
    assert hubble["distance"].size == 24
    np.testing.assert_allclose(line, [454.15844, -40.78365], atol=5e-6)


def test_horsekicks_has_the_known_mean():
    kicks = data.load("horsekicks")
    assert kicks["corps_years"].sum() == 200
    assert np.average(kicks["deaths"], weights=kicks["corps_years"]) == pytest.approx(0.61, rel=1e-15)


def test_challenger_has_seven_flights_with_damage():
    challenger = data.load("challenger")
    assert challenger["flight"].size == 23 and challenger["flight"].dtype.kind == "U"
    assert (challenger["damaged_rings"] > 0).sum() == 7
    assert challenger["temperature"].min() == 53


def test_norris_has_the_certified_line():
    norris = data.load("norris")
    design = np.column_stack([np.ones(36), norris["x"]])
    estimate, residual, *_ = np.linalg.lstsq(design, norris["y"])
    stddev = np.sqrt(residual[0] / 34)
    errors = stddev * np.sqrt(np.diag(np.linalg.inv(design.T @ design)))
    np.testing.assert_allclose(estimate, [-0.262323073774029, 1.00211681802045], rtol=1e-10)
    np.testing.assert_allclose(errors, [0.232818234301152, 0.429796848199937e-3], rtol=1e-10)
    assert stddev == pytest.approx(0.884796396144373, rel=1e-10)


def test_schools_has_the_published_errors():
    """A. Zeileis, J. Stat. Software 11 (2004), issue 10, whose classical errors divide by n - 3."""
    schools = data.load("schools")
    income = schools["income"] / 1e4
    assert schools["state"].dtype.kind == "U" and "Wisconsin" not in schools["state"]
    design = np.column_stack([np.ones(50), income, income**2])
    estimate, residual, *_ = np.linalg.lstsq(design, schools["expenditure"])
    errors = np.sqrt(residual[0] / 47 * np.diag(np.linalg.inv(design.T @ design)))
    np.testing.assert_allclose(estimate, [832.914356, -1834.202946, 1587.042267], rtol=1e-8)
    np.testing.assert_allclose(errors, [327.2925, 828.9855, 519.0768], atol=1e-4)


TEXT = ("flight", "state")


@pytest.mark.parametrize(
    "name", ["challenger", "horsekicks", "hubble", "michelson", "newcomb", "norris", "schools"]
)
def test_columns_are_of_one_length_and_numbers_are_float64(name):
    columns = data.load(name)
    assert len({column.shape for column in columns.values()}) == 1
    assert all(column.dtype == np.float64 for key, column in columns.items() if key not in TEXT)
    key = list(columns)[-1]
    columns[key][0] = -1e9  # the reader's own copy
    assert data.load(name)[key][0] != -1e9


@pytest.mark.parametrize("name", ["iris", "", None, "../data/hubble"])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(
        ValueError, match="challenger, horsekicks, hubble, michelson, newcomb, norris, schools, got"
    ):
        data.load(name)
