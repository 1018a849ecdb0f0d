"""mlefit.fit against closed forms, SciPy, hand-written NumPy, and published results."""

import warnings

import keras
import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats

import mlefit

TEN = np.array([78, 95.5, 100.3, 100.6, 102.8, 107.8, 109.1, 110.8, 113.9, 125])
rng = np.random.default_rng(1)
DESIGN = rng.normal(size=(200, 3)) * [1.0, 30.0, 0.01] + [0.0, 500.0, 0.0]
COUNTS = rng.poisson(np.exp(0.5 + 0.4 * DESIGN[:, 0]))
LINE = 3 + DESIGN @ [1.0, -0.1, 20.0] + rng.normal(size=200) * (1 + np.abs(DESIGN[:, 0]))


@pytest.fixture(autouse=True)
def loud():
    """A warning that a test does not expect is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", mlefit.FitWarning)
        yield


class StudentT(mlefit.Model):
    def __init__(self, location=0.0, scale=1.0):
        super().__init__()
        self.location = self.parameter("location", location)
        self.scale = self.parameter("scale", scale, support="positive")

    def log_prob(self, x):
        return mlefit.densities.student_t(x, self.location(), self.scale(), 4.0)


class Bell(mlefit.Model):
    """A Gaussian as a reader would write it."""

    def __init__(self, mean=0.0, stddev=1.0):
        super().__init__()
        self.mean, self.stddev = self.parameter("mean", mean), self.parameter("stddev", stddev, "positive")

    def log_prob(self, x):
        return mlefit.densities.gaussian(x, self.mean(), self.stddev())


def sandwich(scores, hessian):
    inverse = np.linalg.inv(hessian)
    return inverse @ scores.T @ scores @ inverse


FITS = [
    (lambda: mlefit.Gaussian(), "auto"),
    (lambda: mlefit.Gaussian(), "newton"),
    (lambda: Bell(90.0, 20.0), "auto"),
    (lambda: Bell(140.0, 3.0), "newton"),
]


@pytest.mark.parametrize(("make", "method"), FITS)
def test_the_published_ten_values(make, method):
    model = make()
    result = mlefit.fit(model, TEN, method=method)
    assert result.converged and result.names == ("mean", "stddev") and result.nobs == 10
    found = [result.estimates["mean"], result.estimates["stddev"] ** 2, result.log_likelihood]
    np.testing.assert_allclose(found, [104.38, 139.9196, -38.894725], rtol=1e-8)
    errors = [result.standard_errors["mean"], result.standard_errors["stddev"]]
    np.testing.assert_allclose(errors, np.sqrt([13.99196, 6.99598]), rtol=1e-9)
    np.testing.assert_allclose(result.interval("stddev", method="wald"), [7.63, 18.33], atol=0.006)
    np.testing.assert_allclose(result.interval("stddev", method="profile"), [8.07, 19.75], atol=0.006)
    reach = np.sqrt(139.9196 * np.expm1(scipy.stats.norm.ppf(0.975) ** 2 / 10))
    profile = result.interval("mean", method="profile")
    np.testing.assert_allclose(profile, [104.38 - reach, 104.38 + reach], rtol=1e-8)
    assert model.values == pytest.approx(result.estimates, rel=1e-14)
    np.testing.assert_allclose([result.aic, result.bic], [81.78945, 81.78945 - 4 + 2 * np.log(10)], rtol=1e-7)


@pytest.mark.parametrize(("make", "method"), FITS)
def test_the_robust_covariance_of_a_gaussian(make, method):
    found = mlefit.fit(make(), TEN, method=method, covariance="robust").covariance
    d, s = TEN - TEN.mean(), TEN.std()
    scores = np.column_stack([d / s**2, d**2 / s**3 - 1 / s])
    np.testing.assert_allclose(found, sandwich(scores, np.diag([10 / s**2, 20 / s**2])), rtol=1e-7, atol=1e-9)


def test_a_students_t_against_scipy():
    x = scipy.stats.t.rvs(4, 3.0, 2.0, size=500, random_state=0)

    def nll(point):
        return -scipy.stats.t.logpdf(x, 4, point[0], np.exp(point[1])).sum()

    best = scipy.optimize.minimize(
        nll, [3.0, 0.7], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11}
    )
    result = mlefit.fit(StudentT(), x)
    values = np.array([result.estimates["location"], result.estimates["scale"]])
    np.testing.assert_allclose(values, [best.x[0], np.exp(best.x[1])], rtol=1e-6)
    assert result.log_likelihood == pytest.approx(-best.fun, rel=1e-12)
    hessian = np.empty((2, 2))
    h, at = 1e-4, lambda i, j: -scipy.stats.t.logpdf(x, 4, values[0] + i, values[1] + j).sum()
    hessian[0, 0] = (at(h, 0) - 2 * at(0, 0) + at(-h, 0)) / h**2
    hessian[1, 1] = (at(0, h) - 2 * at(0, 0) + at(0, -h)) / h**2
    hessian[0, 1] = hessian[1, 0] = (at(h, h) - at(h, -h) - at(-h, h) + at(-h, -h)) / (4 * h**2)
    np.testing.assert_allclose(result.covariance, np.linalg.inv(hessian), rtol=1e-3, atol=1e-6)
    low, high = result.interval("location", method="profile")
    for end in (low, high):
        best = scipy.optimize.minimize_scalar(
            lambda v, end=end: -scipy.stats.t.logpdf(x, 4, end, np.exp(v)).sum(), tol=1e-10
        )
        fall = best.fun + result.log_likelihood
        assert fall == pytest.approx(scipy.stats.chi2.ppf(0.95, 1) / 2, rel=1e-6)


@pytest.mark.parametrize("covariance", ["observed", "expected", "robust"])
@pytest.mark.parametrize("method", ["auto", "newton"])
@pytest.mark.parametrize("intercept", [True, False])
def test_a_plane_against_least_squares(covariance, method, intercept):
    X = np.column_stack([DESIGN, np.ones(200)]) if intercept else DESIGN
    b, *_ = np.linalg.lstsq(X, LINE)
    r = LINE - X @ b
    s = np.sqrt(np.mean(r**2))
    result = mlefit.fit(
        mlefit.LinearRegression(intercept), DESIGN, LINE, method=method, covariance=covariance
    )
    np.testing.assert_allclose(result.estimates["slope"], b[:3], rtol=1e-8)
    assert result.names == ("slope[0]", "slope[1]", "slope[2]", *["intercept"] * intercept, "stddev")
    assert result.method == ("least squares" if method == "auto" else "Newton")
    assert result.log_likelihood == pytest.approx(scipy.stats.norm.logpdf(r, scale=s).sum(), rel=1e-11)
    hessian = np.zeros((len(b) + 1, len(b) + 1))
    hessian[:-1, :-1], hessian[-1, -1] = X.T @ X / s**2, 400 / s**2
    expected = np.linalg.inv(hessian)
    if covariance == "robust":
        expected = sandwich(np.column_stack([X * r[:, None] / s**2, r**2 / s**3 - 1 / s]), hessian)
    size = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(result.covariance / size, expected / size, atol=1e-6)


def test_profiles_of_a_line_agree_with_those_by_newton():
    closed, found = (
        mlefit.fit(mlefit.LinearRegression(), DESIGN, LINE, method=method) for method in ("auto", "newton")
    )
    for name in closed.names:
        ends = closed.interval(name, method="profile")
        np.testing.assert_allclose(found.interval(name, method="profile"), ends, rtol=1e-6)


def test_the_challenger():
    flights = mlefit.data.load("challenger")
    x, y = flights["temperature"], flights["damaged_rings"] > 0
    result = mlefit.fit(mlefit.LogisticRegression(), x, y)
    found = [*result.estimates.values(), *result.standard_errors.values()]
    np.testing.assert_allclose(found, [-0.2322, 15.0429, 0.1082, 7.3786], atol=6e-5)
    robust = mlefit.fit(mlefit.LogisticRegression(), x, y, covariance="robust")
    X = np.column_stack([x, np.ones(len(x))])
    p = scipy.special.expit(X @ [*result.estimates.values()])
    expected = sandwich(X * (y - p)[:, None], X.T @ (X * (p * (1 - p))[:, None]))
    np.testing.assert_allclose(robust.covariance, expected, rtol=1e-6)
    for end in result.interval("intercept", method="profile"):
        rest = scipy.optimize.minimize_scalar(
            lambda b, end=end: np.sum(np.logaddexp(0, end + b * x) - y * (end + b * x)),
            (-0.3, -0.2),
            tol=1e-12,
        )
        fall = rest.fun + result.log_likelihood
        assert fall == pytest.approx(scipy.stats.chi2.ppf(0.95, 1) / 2, rel=1e-5)


@pytest.mark.parametrize("with_offset", [True, False])
def test_poisson_regression_against_scipy(with_offset):
    offset = np.log(np.linspace(0.5, 2.0, 200)) * with_offset
    X = np.column_stack([DESIGN, np.ones(200)])
    scaled = (X - [*X[:, :3].mean(axis=0), 0]) / [*X[:, :3].std(axis=0), 1]

    def nll(b):
        eta = scaled @ b + offset
        return np.sum(np.exp(eta) - COUNTS * eta), scaled.T @ (np.exp(eta) - COUNTS)

    best = scipy.optimize.minimize(nll, np.zeros(4), jac=True, method="BFGS", options={"gtol": 1e-9})
    data = (DESIGN, COUNTS, offset) if with_offset else (DESIGN, COUNTS)
    result = mlefit.fit(mlefit.PoissonRegression(), *data)
    np.testing.assert_allclose(result.estimates["slope"], best.x[:3] / X[:, :3].std(axis=0), rtol=1e-6)
    mean = np.exp(scaled @ best.x + offset)
    assert result.log_likelihood == pytest.approx(scipy.stats.poisson.logpmf(COUNTS, mean).sum(), rel=1e-10)
    error = np.sqrt(np.diag(np.linalg.inv(X.T @ (X * mean[:, None]))))
    np.testing.assert_allclose(
        [*result.standard_errors["slope"], result.standard_errors["intercept"]], error, 1e-6
    )


def test_a_curve_against_certified_values():
    x = np.array(
        [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760]
    )
    y = np.array(
        [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78]
    )
    for method in ("auto", "newton"):
        start = {"b1": 500.0, "b2": 1e-4} if method == "auto" else {"b1": 240.0, "b2": 5.5e-4, "stddev": 0.1}
        model = mlefit.NonlinearRegression(lambda x, b1, b2: b1 * (1 - keras.ops.exp(-b2 * x)), **start)
        result = mlefit.fit(model, x, y, method=method)
        certified = [2.3894212918e2, 5.5015643181e-4]
        np.testing.assert_allclose([result.estimates["b1"], result.estimates["b2"]], certified, rtol=1e-9)
        assert 14 * result.estimates["stddev"] ** 2 == pytest.approx(1.2455138894e-1, rel=1e-9)
        if method == "auto":
            assert result.method.startswith("least squares")
            closed = result
    np.testing.assert_allclose(result.covariance, closed.covariance, rtol=1e-6, atol=1e-10)
    ends = [each.interval("b1", method="profile") for each in (closed, result)]
    np.testing.assert_allclose(*ends, rtol=1e-6)
    errors = np.array([2.7070075241, 7.2668688436e-6]) * np.sqrt(12 / 14)
    for method, start in (("newton", 240.0), ("auto", 500.0)):
        model.parameters["b1"].assign(start)
        expected = mlefit.fit(model, x, y, method=method, covariance="expected").standard_errors
        np.testing.assert_allclose([expected["b1"], expected["b2"]], errors, rtol=1e-8)
    robust = mlefit.fit(model, x, y, covariance="robust").covariance
    model.parameters["b1"].assign(240.0)
    again = mlefit.fit(model, x, y, covariance="robust", method="newton").covariance
    np.testing.assert_allclose(robust, again, rtol=1e-5, atol=1e-10)
