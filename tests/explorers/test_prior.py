"""The prior's explorer shows the MAP fit of the package, and curves whose product it is."""

import numpy as np
import pytest
from keras import ops
from scipy import stats

import mlefit
from exploring import Explorer

PAGE, SIGMA = "learn/priors/", 0.2
STATES = [(0.5, 11, 3), (0.05, 11, 1), (20.0, 8, 8), (2.0, 3, 0), (0.2, 1, 0)]


class Polynomial(mlefit.LinearRegression):
    """Weights with the prior that the slider sets."""

    def __init__(self, tau):
        super().__init__(intercept=False)
        self.tau = tau

    def log_prior(self):
        return ops.sum(mlefit.densities.gaussian(self.slope(), 0.0, self.tau))


@pytest.fixture(scope="module")
def tab(browser):
    with browser.new_context() as context:
        yield context.new_page()


def data():
    """The points, made once more as the page says that it makes them."""
    rng = np.random.default_rng(1)
    u = np.sort(rng.uniform(-1, 1, 14))
    return u, np.sin(3 * u) + SIGMA * rng.normal(size=14)


def opened(tab, home, tau=0.5, degree=11, weight=3):
    link = f"#explore=prior&tau={tau}&degree={degree}&weight={weight}"
    return Explorer(tab, home + PAGE + link, "prior")


@pytest.mark.parametrize(("tau", "degree", "weight"), STATES)
def test_the_numbers_are_those_of_the_map_fit(tab, home, tau, degree, weight):
    numbers = opened(tab, home, tau, degree, weight).numbers()
    u, y = data()
    X = np.polynomial.legendre.legvander(u, degree)
    result = mlefit.fit(Polynomial(tau), X, y, fixed={"stddev": SIGMA})
    mean, stddev = result.estimates["slope"], result.standard_errors["slope"]
    assert numbers["this weight"] == pytest.approx([mean[weight], stddev[weight]], abs=2e-4)
    assert numbers["log-likelihood"] == [pytest.approx(result.log_likelihood, abs=2e-3)]
    assert numbers["log-prior"] == [pytest.approx(result.log_prior, abs=2e-3)]
    assert numbers["by least squares"] == [pytest.approx(np.linalg.lstsq(X, y)[0][weight], abs=2e-4)]
    covariance = SIGMA**2 * np.eye(14) + tau**2 * X @ X.T
    marginal = stats.multivariate_normal(cov=covariance).logpdf(y)
    assert numbers["log marginal likelihood"] == [pytest.approx(marginal, abs=2e-3)]
    penalty = SIGMA**2 / tau**2
    hat = X @ np.linalg.solve(X.T @ X + penalty * np.eye(degree + 1), X.T)
    assert numbers["free weights"] == pytest.approx([np.trace(hat), degree + 1], abs=0.01)
    assert numbers["λ = σ²/τ²"] == [pytest.approx(penalty, abs=1e-5, rel=1e-4)]


def drawn(explorer, figure, classes):
    """A mark's points, from pixels to parts of the picture's width and height."""
    picture = explorer.element.locator("figure").nth(figure).locator("svg svg")
    sides = [float(picture.get_attribute(side)) for side in ("width", "height")]
    path = picture.locator(f"path[class='{classes}']").first.get_attribute("d")
    pixels = np.array([pair.split() for pair in path[1:].replace("M", "L").split("L")], dtype=float)
    return pixels[:, 0] / sides[0], 1 - pixels[:, 1] / sides[1]


@pytest.mark.parametrize(("tau", "degree", "weight"), STATES)
def test_the_posterior_is_prior_times_likelihood(tab, home, tau, degree, weight):
    explorer = opened(tab, home, tau, degree, weight)
    explorer.tab.wait_for_timeout(100)
    looks = {"prior": "line grey", "likelihood": "line c3 dashed", "posterior": "line c1"}
    heights = {name: 1.1 * drawn(explorer, 1, look)[1] for name, look in looks.items()}
    product = heights["prior"] * heights["likelihood"]
    clear = heights["posterior"] > 0.05
    ratio = product[clear] / heights["posterior"][clear]
    assert clear.sum() >= 3
    assert ratio == pytest.approx(np.full(clear.sum(), ratio.mean()), rel=0.15)
    assert heights["posterior"].max() <= 1.01


def test_the_band_is_two_posterior_standard_deviations(tab, home):
    explorer = opened(tab, home)
    explorer.tab.wait_for_timeout(100)
    end = tab.evaluate("document.querySelector('mle-prior').curves.y[1]")
    across, up = drawn(explorer, 0, "area c1")
    grid, half = 2 * across[:161] - 1, len(up) // 2
    upper, lower = (end * (2 * side - 1) for side in (up[:half], up[half:][::-1]))
    u, y = data()
    X, P = (np.polynomial.legendre.legvander(at, 11) for at in (u, grid))
    covariance = np.linalg.inv(X.T @ X / SIGMA**2 + np.eye(12) / 0.5**2)
    height = P @ covariance @ X.T @ y / SIGMA**2
    spread = np.sqrt(np.sum(P @ covariance * P, axis=1))
    assert upper == pytest.approx(height + 2 * spread, abs=0.02 * end)
    assert lower == pytest.approx(height - 2 * spread, abs=0.02 * end)


def test_words_and_a_dragged_point(tab, home):
    explorer = opened(tab, home, tau=0.05)
    said = explorer.said()
    stddev = explorer.numbers()["this weight"][1]
    assert f"{100 * (1 - stddev**2 / 0.05**2):.0f}% comes from the data" in said
    before = explorer.values()["y"]
    explorer.drag(13, across=0, up=-40)
    after = explorer.values()["y"]
    assert after[13] < before[13] - 0.2 and after[:13] == before[:13]
