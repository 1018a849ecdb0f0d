"""The famous data are what their sources printed: each gives the published answers, without `mlefit.fit`."""

import numpy as np
import pytest
from scipy import optimize, special, stats

from mlefit import data


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


def test_mites_are_fitted_by_the_published_negative_binomial():
    sample = data.load("mites")
    mites, leaves = sample["mites"], sample["leaves"]
    mean = np.average(mites, weights=leaves)
    assert leaves.sum() == 150 and mean == pytest.approx(172 / 150, rel=1e-15)
    assert leaves @ stats.poisson.logpmf(mites, mean) == pytest.approx(-242.809941, abs=1e-6)

    def nll(size):
        return -leaves @ stats.nbinom.logpmf(mites, size, size / (size + mean))

    best = optimize.minimize_scalar(nll, bounds=(0.1, 10), options={"xatol": 1e-8})
    assert best.x == pytest.approx(1.0245924, abs=1e-6)
    assert -best.fun == pytest.approx(-222.437154, abs=1e-6)


LINKS = {
    "logit": (stats.logistic, [-60.717455, 34.270326], 11.232231),
    "probit": (stats.norm, [-34.935254, 19.727931], 10.119758),
    "cloglog": (stats.gumbel_l, [-39.572310, 22.041170], 3.446439),
}


@pytest.mark.parametrize("link", LINKS)
def test_beetles_die_along_the_published_curves(link):
    beetles = data.load("beetles")
    distribution, published, deviance = LINKS[link]
    dose, exposed, killed = beetles["log_dose"], beetles["exposed"], beetles["killed"]

    def nll(line):
        a = line[0] + line[1] * (dose - dose.mean())
        return -(killed @ distribution.logcdf(a) + (exposed - killed) @ distribution.logsf(a))

    best = optimize.minimize(nll, [0.0, 20.0], tol=1e-9)
    intercept, slope = best.x[0] - best.x[1] * dose.mean(), best.x[1]
    np.testing.assert_allclose([intercept, slope], published, rtol=1e-5)
    rate = killed / exposed
    saturated = (special.xlogy(killed, rate) + special.xlogy(exposed - killed, 1 - rate)).sum()
    assert 2 * (saturated + best.fun) == pytest.approx(deviance, abs=1e-6)


def test_bioassay_has_the_published_line():
    animals = data.load("bioassay")
    design = np.column_stack([np.ones(4), animals["log_dose"]])
    assert animals["exposed"].tolist() == [5.0] * 4

    def left(line):
        return design.T @ (animals["killed"] - 5 * special.expit(design @ line))

    line = optimize.root(left, [0.0, 1.0], tol=1e-13).x
    weight = 5 * special.expit(design @ line) * special.expit(-design @ line)
    errors = np.sqrt(np.diag(np.linalg.inv(design.T * weight @ design)))
    np.testing.assert_allclose(line, [0.846580, 7.748817], atol=1e-6)
    np.testing.assert_allclose(errors, [1.019085, 4.872768], atol=1e-6)


ALLIGATORS = {  # against fish: intercept, small, Hancock, Oklawaha, Trafford
    "fish": [0.0] * 5,
    "invertebrate": [-1.549019, 1.458205, -1.658359, 0.937219, 1.121985],
    "reptile": [-3.314533, -0.351263, 1.242777, 2.458872, 2.935253],
    "bird": [-2.093077, -0.630660, 0.695118, -0.653208, 1.087767],
    "other": [-1.904272, 0.331550, 0.826196, 0.005653, 1.516369],
}


def test_alligators_choose_as_published():
    alligators = data.load("alligators")
    counts = np.column_stack([alligators[food] for food in ALLIGATORS])
    dummies = [alligators["lake"] == lake for lake in ("Hancock", "Oklawaha", "Trafford")]
    design = np.column_stack([np.ones(8), alligators["size"] == "small", *dummies])
    logs = special.log_softmax(design @ np.array(list(ALLIGATORS.values())).T, axis=1)
    assert counts.sum() == 219
    assert (counts * logs).sum() == pytest.approx(-270.040139, abs=1e-6)
    # At the maximum the expected counts have the sums of the observed ones, along each column of the design.
    expected = counts.sum(axis=1, keepdims=True) * np.exp(logs)
    np.testing.assert_allclose(design.T @ expected, design.T @ counts, atol=1e-4)


def gaussian_log_likelihood(residual):
    return stats.norm.logpdf(residual, scale=np.sqrt(np.mean(residual**2))).sum()


def test_stackloss_has_the_published_plane():
    plant = data.load("stackloss")
    design = np.column_stack([np.ones(21), *list(plant.values())[:3]])
    plane, *_ = np.linalg.lstsq(design, plant["loss"])
    np.testing.assert_allclose(plane, [-39.919674, 0.715640, 1.295286, -0.152123], atol=1e-6)
    residual = plant["loss"] - design @ plane
    assert gaussian_log_likelihood(residual) == pytest.approx(-52.287796, abs=1e-6)
    median = np.abs(plant["loss"] - design @ [-39.689860, 0.831884, 0.573914, -0.060870])
    assert median.mean() == pytest.approx(2.003865, abs=5e-6)
    assert (median < 1e-4).sum() == 4  # least absolute deviations go through as many points as parameters


def test_stopping_distances_have_the_published_lines():
    cars = data.load("stopping")
    speed, distance = cars["speed"], cars["distance"]
    slope, intercept = np.polyfit(speed, distance, 1)
    assert [intercept, slope] == pytest.approx([-17.579095, 3.932409], abs=1e-6)
    residual = distance - intercept - slope * speed
    assert gaussian_log_likelihood(residual) == pytest.approx(-206.578432, abs=1e-6)
    changing = stats.norm(-11.91917 + 3.522028 * speed, np.exp(1.695438 + 0.0615004 * speed))
    assert changing.logpdf(distance).sum() == pytest.approx(-203.074158, abs=1e-6)


def test_remission_has_the_published_rates():
    patients = data.load("remission")
    treated, weeks, relapsed = (patients[name] for name in ("treated", "weeks", "relapsed"))
    sums = [[column[treated == group].sum() for column in (relapsed, weeks)] for group in (0, 1)]
    assert sums == [[21, 182], [9, 359]]
    pairs, members = np.unique(patients["pair"], return_counts=True)
    assert pairs.tolist() == list(range(1, 22)) and (members == 2).all() and treated.sum() == 21
    scale, shape = np.exp(2.248348 + 1.267332 * treated), np.exp(0.311709)
    log_hazard = np.log(shape / scale) + (shape - 1) * np.log(weeks / scale)
    total = (relapsed * log_hazard - (weeks / scale) ** shape).sum()
    assert total == pytest.approx(-106.579492, abs=1e-6)


def test_geyser_waits_as_two_gaussians():
    waiting = data.load("geyser")["waiting"]
    short = 0.360886 * stats.norm.pdf(waiting, 54.61486, 5.87122)
    long = (1 - 0.360886) * stats.norm.pdf(waiting, 80.09107, 5.86773)
    assert waiting.size == 272
    assert np.log(short + long).sum() == pytest.approx(-1034.001750, abs=1e-6)
    share = short / (short + long)  # at the maximum, the shares give back the weight and the means
    found = [share.mean(), np.average(waiting, weights=share), np.average(waiting, weights=1 - share)]
    assert found == pytest.approx([0.360886, 54.61486, 80.09107], rel=1e-5)


def test_huron_depends_on_its_last_level_as_published():
    lake = data.load("huron")
    level = lake["level"]
    assert lake["year"].tolist() == list(range(1875, 1973))
    coefficient, constant = np.polyfit(level[:-1], level[1:], 1)
    residual = level[1:] - constant - coefficient * level[:-1]
    assert [constant, coefficient] == pytest.approx([94.712574, 0.836411], abs=1e-6)
    assert np.mean(residual**2) == pytest.approx(0.509037, abs=1e-6)
    assert gaussian_log_likelihood(residual) == pytest.approx(-104.888118, abs=1e-6)
    mean, coefficient, variance = 579.115103, 0.837555, 0.509284
    noise = np.diff(level - mean) + (1 - coefficient) * (level[:-1] - mean)
    first = stats.norm.logpdf(level[0], mean, np.sqrt(variance / (1 - coefficient**2)))
    exact = first + stats.norm.logpdf(noise, scale=np.sqrt(variance)).sum()
    assert exact == pytest.approx(-106.597975, abs=1e-6)


NAMES = [
    "alligators",
    "beetles",
    "bioassay",
    "challenger",
    "geyser",
    "horsekicks",
    "hubble",
    "huron",
    "michelson",
    "mites",
    "newcomb",
    "norris",
    "remission",
    "schools",
    "stackloss",
    "stopping",
]
TEXT = ("flight", "lake", "size", "state")


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_of_one_length_and_numbers_are_float64(name):
    columns = data.load(name)
    assert len({column.shape for column in columns.values()}) == 1
    assert all(column.dtype == np.float64 for key, column in columns.items() if key not in TEXT)
    key = list(columns)[-1]
    columns[key][0] = -1e9  # the reader's own copy
    assert data.load(name)[key][0] != -1e9


@pytest.mark.parametrize("name", ["iris", "", None, "../data/hubble"])
def test_an_unknown_name_is_answered_with_the_known_ones(name):
    with pytest.raises(ValueError, match=f"^name must be one of {', '.join(NAMES)}, got"):
        data.load(name)
