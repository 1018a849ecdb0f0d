"""The intervals' explorer gives the intervals of `mlefit` and SciPy, and they miss as theory says."""

import math
import re

import numpy as np
import pytest
from scipy import special, stats

import mlefit
from exploring import Explorer

PAGE = "guides/intervals/"
RATE = 0.5  # the truth, on the page
Z = stats.norm.ppf(0.975)
KINDS = {
    "wald": "Wald on the rate",
    "log": "Wald on its logarithm",
    "profile": "profile",
    "exact": "exact",
}
STATES = [
    {"n": 5, "experiments": 1, "row": 1, "seed": 1, "kind": "wald"},
    {"n": 10, "experiments": 64, "row": 17, "seed": 2, "kind": "exact"},
    {"n": 41, "experiments": 1000, "row": 50, "seed": 99, "kind": "log"},
    {"n": 100, "experiments": 300, "row": 3, "seed": 7, "kind": "profile"},
]
SET = """async ([changes, read]) => {
    const element = document.querySelector("mle-intervals");
    const results = [];
    for (const change of changes) {
        element.set(change);
        await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        results.push(read === "looked" ? element.looked : element.querySelector("dl").innerText);
    }
    return results;
}"""


@pytest.fixture(scope="module")
def tab(browser):
    with browser.new_context() as context:
        yield context.new_page()


def opened(tab, home, state):
    link = "&".join(f"{name}={value}" for name, value in state.items())
    explorer = Explorer(tab, f"{home}{PAGE}#explore=intervals&{link}", "intervals")
    assert explorer.values() == state
    explorer.texts()  # waits until it is drawn
    return explorer


def looked(explorer):
    return explorer.element.evaluate("element => element.looked")


def each(explorer, changes, read):
    """What is looked at, or the numbers' text, after each of the changes."""
    return explorer.tab.evaluate(SET, [changes, read])


class Rate(mlefit.Model):
    """Exponential times. With `support="real"`, Wald's interval is formed on the rate itself."""

    def __init__(self, support):
        super().__init__()
        self.rate = self.parameter("rate", 1.0, support=support)

    def log_prob(self, x):
        return mlefit.densities.exponential(x, self.rate())


def ends(n, kind):
    """The ends over the estimate, by SciPy alone."""
    reach = Z / math.sqrt(n)
    if kind == "exact":
        return stats.chi2(2 * n).ppf([0.025, 0.975]) / (2 * n)
    if kind == "profile":  # r exp(-r) = exp(-1 - Z^2 / 2n)
        return [-special.lambertw(-math.exp(-1 - Z**2 / (2 * n)), branch).real for branch in (0, -1)]
    return {"wald": (1 - reach, 1 + reach), "log": (math.exp(-reach), math.exp(reach))}[kind]


def missed(n, kind):
    """The probabilities of an interval below the truth and of one above: truth / estimate is gamma(n) / n."""
    low, high = ends(n, kind)
    return stats.gamma(n).sf(n * high), stats.gamma(n).cdf(n * low)


@pytest.mark.parametrize("state", STATES)
def test_the_intervals_are_those_of_mlefit(tab, home, state):
    explorer = opened(tab, home, state)
    seen, numbers = looked(explorer), explorer.numbers()
    plain, positive = (mlefit.fit(Rate(support), seen["times"]) for support in ("real", "positive"))
    by_mlefit = {
        "wald": plain.interval("rate", method="wald"),
        "log": positive.interval("rate", method="wald"),
        "profile": positive.interval("rate", method="profile"),
        "exact": stats.chi2(2 * state["n"]).ppf([0.025, 0.975]) / (2 * np.sum(seen["times"])),
    }
    assert len(seen["times"]) == state["n"]
    assert seen["estimate"] == pytest.approx(positive.estimates["rate"], rel=1e-7)
    assert numbers["estimate"] == [pytest.approx(seen["estimate"], abs=6e-5), 1.0]  # and the 1 of 1/min
    for kind, interval in by_mlefit.items():
        assert seen["ends"][kind] == pytest.approx(interval, rel=1e-6), kind
        assert numbers[KINDS[kind]] == pytest.approx(interval, abs=6e-5), kind


def test_the_ends_at_every_n(tab, home):
    explorer = opened(tab, home, STATES[1])
    sizes = range(5, 101)
    for n, seen in zip(sizes, each(explorer, [{"n": n} for n in sizes], "looked"), strict=True):
        assert seen["estimate"] == pytest.approx(1 / np.mean(seen["times"]), rel=1e-14)
        for kind in KINDS:
            over = np.array(seen["ends"][kind]) / seen["estimate"]
            # Near its branch point, at r = 1, SciPy's W is good to a few digits less.
            assert over == pytest.approx(ends(n, kind), rel=1e-8 if kind == "profile" else 1e-10), (n, kind)


def test_the_times_are_exponential_and_independent(tab, home):
    explorer = opened(tab, home, {"n": 100, "experiments": 20, "row": 1, "seed": 1, "kind": "wald"})
    changes = [{"seed": seed, "row": row} for seed in range(1, 11) for row in range(1, 21)]
    times = np.reshape([seen["times"] for seen in each(explorer, changes, "looked")], (10, 20, 100))
    assert stats.kstest(times.ravel(), stats.expon(scale=1 / RATE).cdf).pvalue > 0.01
    assert len(np.unique(times)) == times.size
    for axis in range(3):  # seeds, experiments and times that stand side by side
        one, other = (np.delete(times, end, axis).ravel() for end in (0, -1))
        correlation = stats.spearmanr(one, other).statistic
        assert abs(correlation) < 4 / math.sqrt(one.size), axis


def test_an_experiment_keeps_its_times(tab, home):
    explorer = opened(tab, home, STATES[1])
    few, more, later = each(explorer, [{}, {"n": 20}, {"n": 10, "experiments": 66, "row": 15}], "looked")
    assert more["times"][:10] == few["times"] == later["times"]


@pytest.mark.parametrize("n", [5, 30])
@pytest.mark.parametrize("kind", KINDS)
def test_the_counts_are_those_of_the_gamma_distribution(tab, home, kind, n):
    explorer = opened(tab, home, {"n": n, "experiments": 1000, "row": 1, "seed": 1, "kind": kind})
    below, above = missed(n, kind)
    expected = {"hold the truth": 1 - below - above, "lie below it": below, "lie above it": above}
    counted = dict.fromkeys(expected, 0)
    for text in each(explorer, [{"seed": seed} for seed in range(1, 21)], "numbers"):
        for name, chance in expected.items():
            count, said = re.search(rf"{name}\n(\d+), in the long run (\d+\.\d\d)%", text).groups()
            counted[name] += int(count)
            assert float(said) == pytest.approx(100 * chance, abs=0.0051)
    assert sum(counted.values()) == 20_000
    for name, chance in expected.items():
        error = math.sqrt(20_000 * chance * (1 - chance))
        assert abs(counted[name] - 20_000 * chance) < 3.5 * error, name


@pytest.mark.parametrize("state", STATES)
def test_the_words_say_the_count_and_its_error(tab, home, state):
    explorer = opened(tab, home, state)
    said, experiments = explorer.said(), state["experiments"]
    counted = rf"(\d+) of {experiments} intervals? holds? the truth"
    compared = r"\(([\d.]+)%, (about|outside) 95% ± ([\d.]+)\)\."
    hits, share, word, error = re.match(f"{counted} {compared}", said).groups()
    rounding = 0.51 if experiments < 200 else 0.051
    assert float(share) == pytest.approx(100 * int(hits) / experiments, abs=rounding)
    expected = 200 * math.sqrt(0.95 * 0.05 / experiments)  # two Monte Carlo errors
    assert float(error) == pytest.approx(expected, abs=rounding)
    assert (word == "outside") == (abs(100 * int(hits) / experiments - 95) > expected)
    below, above = re.search(r"(\d+) below it, (\d+) above", said).groups()
    assert int(hits) + int(below) + int(above) == experiments


def pieces(explorer, classes):
    """The ends of the drawn pieces with these classes in the left picture, in pixels: `(m, 4)`."""
    path = explorer.element.locator("figure").first.locator(f"svg svg path[class='{classes}']")
    numbers = re.findall(r"-?[\d.]+", path.get_attribute("d"))
    return np.array(numbers, dtype=float).reshape(-1, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_misses_are_told_by_more_than_colour(tab, home, kind):
    explorer = opened(tab, home, {"n": 5, "experiments": 40, "row": 1, "seed": 3, "kind": kind})
    seen = each(explorer, [{"row": row} for row in range(1, 41)], "looked")
    intervals = np.array([one["ends"][kind] for one in seen])
    outside = (intervals[:, 1] < RATE) | (intervals[:, 0] > RATE)
    assert outside.any()
    thick, dots, thin = (pieces(explorer, classes) for classes in ("wide c2", "dot c2", "c1"))
    assert len(thick) == len(dots) == outside.sum() and len(thin) == (~outside).sum()
    (truth,) = pieces(explorer, "thin")
    assert ((thick[:, 2] < truth[0]) | (thick[:, 0] > truth[0])).all()
    assert ((thin[:, 0] < truth[0]) & (truth[0] < thin[:, 2])).all()
    np.testing.assert_allclose(thick[:, 1], dots[:, 1])
    # Where they stand: pixels are a straight line in the rate.
    per_rate = truth[0] / RATE
    drawn = intervals[outside] * per_rate
    np.testing.assert_allclose(thick[:, [0, 2]], drawn, atol=0.06)


def test_a_link_shows_the_same_picture(tab, browser, home):
    explorer = opened(tab, home, STATES[1])
    explorer.slide("seed", 5)
    explorer.slide("experiments", 200)
    explorer.choose("profile")
    link, numbers, drawn = explorer.hash(), explorer.texts(), pieces(explorer, "c1")
    with browser.new_context() as context:
        again = Explorer(context.new_page(), home + PAGE + link, "intervals")
        assert again.values() == explorer.values()
        assert again.texts() == numbers
        np.testing.assert_array_equal(pieces(again, "c1"), drawn)


def test_a_press_chooses_the_experiment_there(tab, home):
    explorer = opened(tab, home, {**STATES[1], "experiments": 200})
    picture = explorer.element.locator("figure > svg").first
    inner = explorer.element.locator("figure svg svg").first
    height = float(inner.get_attribute("height"))
    for row in (4, 50, 33):
        y = 10 + height * (1 - row / 51)
        picture.click(position={"x": 120, "y": y})
        assert explorer.values()["row"] == row
        assert explorer.numbers()["experiment"] == [150 + row]


def test_step_run_and_pause(tab, home):
    explorer = opened(tab, home, STATES[1])
    explorer.press("Step")
    assert explorer.values()["experiments"] == 65
    explorer.press("Run")
    tab.wait_for_function("document.querySelector('mle-intervals').values.experiments > 68")
    explorer.press("Pause")
    paused = explorer.values()["experiments"]
    tab.wait_for_timeout(400)
    assert explorer.values()["experiments"] == paused
    explorer.slide("experiments", 1000)
    explorer.press("Step")
    assert explorer.values()["experiments"] == 1000


def test_without_motion_there_are_leaps(browser, home):
    with browser.new_context(reduced_motion="reduce") as context:
        explorer = Explorer(context.new_page(), home + PAGE, "intervals")
        explorer.press("10 steps")
        assert explorer.values()["experiments"] == 60
        explorer.tab.wait_for_timeout(400)
        assert explorer.values()["experiments"] == 60
