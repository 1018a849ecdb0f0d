"""guides/when-it-fails.md: each message comes where the page says, and each remedy gives the right number."""

import ast
import math
import re

import dask.array as da
import numpy as np
import pytest
from markdown.extensions.toc import slugify
from scipy import optimize, stats

import mlefit
from conftest import DOCS, ROOT

URI = "guides/when-it-fails.md"
HOLE = "\N{HORIZONTAL ELLIPSIS}"
# Rooms that say nothing of a fit, or of their own arguments alone.
OTHERS = (
    "data/",
    "solvers/",
    "plot",
    "densities/",
    "losses.py",
    "training.py",
    "descent/checkpoints.py",
    "descent/steps.py",
)
SPEAK_OF_FITS = ("inference/words.py", "inference/verdict.py")  # in their room alone
WARNED = ("constant", "separated", "nothing", "ridge", "few", "kink", "deceived", "stopped", "early")


@pytest.fixture(scope="module")
def names(page):
    return page(URI)


@pytest.fixture
def said(names, capsys):
    """Return a function: what the page's `try_fit` prints, in one line."""

    def run(*arguments, **options):
        names["try_fit"](*arguments, **options)
        return " ".join(capsys.readouterr().out.split())

    return run


def second_differences(f, point, step=1e-3):
    axes = np.eye(len(point)) * step
    rows = [
        [f(point + a + b) - f(point + a - b) - f(point - a + b) + f(point - a - b) for b in axes]
        for a in axes
    ]
    return np.array(rows) / (4 * step**2)


def text(node):
    """The words of a string in source, `HOLE` for a value put in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else HOLE for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [text(node.left), text(node.right)]
        return None if parts == [None, None] else "".join(part or HOLE for part in parts)
    return None


def messages(source):
    """The sentences that source raises, returns, or keeps as a message."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            said = node.exc.args
        elif isinstance(node, ast.Return):
            said = [node.value]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            said = [node.value] if name.isupper() or name == "message" else []
        else:
            continue
        for words in filter(None, map(text, said)):
            if len(re.findall("[A-Za-z]{2,}", words)) >= 3 and not words.startswith("<"):
                yield words


def all_messages():
    """What the package can say of a fit, with the file that says it."""
    for path in sorted((ROOT / "mlefit").rglob("*.py")):
        place = path.relative_to(ROOT / "mlefit").as_posix()
        if place.startswith(OTHERS) or (place.startswith("inference/") and place not in SPEAK_OF_FITS):
            continue
        for words in messages(path.read_text()):
            yield place, words


def rows():
    """The page's table: the anchor of a section, and the phrases that lead to it."""
    table = re.findall(r"^\| (.*) \| \[.*\]\(#(.*)\) \|$", (DOCS / URI).read_text(), re.MULTILINE)
    return [(anchor, re.findall("`(.*?)`", phrases)) for phrases, anchor in table]


def sections_for(message):
    return {anchor for anchor, phrases in rows() if any(phrase in message for phrase in phrases)}


def test_the_table_leads_to_sections_that_are_there():
    headings = re.findall("^##+ (.*)$", (DOCS / URI).read_text(), re.MULTILINE)
    assert {anchor for anchor, _ in rows()} <= {slugify(title.replace("`", ""), "-") for title in headings}


def test_each_message_in_the_source_is_found_by_the_table():
    lost = [f"{place}: {words}" for place, words in all_messages() if not sections_for(words)]
    assert not lost, "\n".join(lost)


def test_each_phrase_of_the_table_is_in_a_message():
    said = {words for _, words in all_messages()}
    assert len(said) > 40
    phrases = [phrase for _, some in rows() for phrase in some]
    assert len(phrases) == len(set(phrases))
    assert not [phrase for phrase in phrases if not any(phrase in words for words in said)]


def test_messages_are_read_from_source():
    source = """
def f(x):
    if x:
        raise ValueError(f"{x} must be so, " + g(x))
    message = "this went wrong"
    return "a plain sentence" if x > 1 else "auto"
"""
    assert sorted(messages(source)) == ["this went wrong", f"{HOLE} must be so, {HOLE}"]
    assert list(messages("def f(): return 'so very plain'")) == ["so very plain"]


def test_each_case_leads_to_the_section_that_shows_it(names, said):
    cases = {
        "a-scale-shrinks-to-nothing": ["constant"],
        "separation": ["separated"],
        "on-the-boundary": ["nothing", "edge"],
        "undetermined": ["ridge", "few"],
        "a-kink": ["kink"],
        "the-derivatives-deceive": ["deceived"],
        "the-search-stopped": ["stopped", "early"],
    }
    for anchor, found in cases.items():
        for name in found:
            assert anchor in sections_for(names[name].message), name
    line, x, y = mlefit.LinearRegression, names["distance"], names["velocity"]
    own, start = names["FromFunction"], {"mean": (0.0, "real")}
    layered = own(lambda x, mean: mlefit.densities.gaussian(x, mean, 10.0), **start)
    layered.inner = mlefit.Gaussian()
    tf, gaussian = names["tf"], mlefit.densities.gaussian
    sloped = own(lambda x, mean: gaussian(x, mean, 10.0) + 0.01 * tf.stop_gradient(mean), **start)
    optimizer = names["keras"].optimizers.SGD(1e9)
    printed = {
        "data-it-cannot-take": [
            said(line(), x, names["gap"]),
            said(line(), x, y[:, None]),
            said(line(), x, ["170", "290"]),
            said(line(), x, y[1:]),
            said(line(), x, np.ma.array(y, mask=y < 0)),
            said(mlefit.Gaussian(), [2**53 + 1, 2**53 + 3]),
        ],
        "rows-in-partitions": [
            said(line(), da.from_array(x, chunks=8), y),
            said(line(), da.from_array(x, chunks=8), da.from_array(y[1:], chunks=8)),
        ],
        "a-log_prob-it-cannot-use": [
            said(layered, x),
            *(said(own(names[f], **start), x) for f in ("averaged", "in_numpy", "root", "narrow")),
        ],
        "outside-the-support": [said(mlefit.PoissonRegression(), names["years"], names["counts"])],
        "the-call-itself": [said(mlefit.Gaussian, x), said(mlefit.Gaussian(), x, steps=100)],
        "the-derivatives-deceive": [said(sloped, x)],
        "an-optimizer-diverged": [said(mlefit.Gaussian(), 1000 * x, method=optimizer, steps=3)],
    }
    for anchor, found in printed.items():
        for message in found:
            assert message and anchor in sections_for(message), (anchor, message)


def test_a_warned_fit_has_no_errors(names):
    for name in (*WARNED, "collapsed", "edge"):
        result = names[name]
        assert not result.converged, name
        assert np.isnan(result.covariance).all(), name


def test_remedies_before_the_fit(names):
    kept = np.arange(24) != 7
    slope, _ = np.polyfit(names["distance"][kept], names["velocity"][kept], 1)
    assert names["line"].estimates["slope"] == pytest.approx(slope, rel=1e-9)
    assert names["rate"].estimates["rate"] == pytest.approx(5 / 3, rel=1e-7)
    assert names["rate"].standard_errors["rate"] == pytest.approx(math.sqrt(5) / 3, rel=1e-7)
    assert names["silent"].estimates["slope"] == pytest.approx(
        np.polyfit(names["years"], names["counts"], 1)[0], rel=1e-9
    )
    assert names["silent"].converged


def test_penalised_slope(names):
    x, y = names["centred"], names["damaged"]

    def loss(theta):
        return np.sum(np.logaddexp(0, (1 - 2 * y) * (theta[0] * x + theta[1]))) + 0.5 * theta[0] ** 2

    best = optimize.minimize(
        loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13}
    ).x
    q = 1 / (1 + np.exp(-(best[0] * x + best[1])))
    X = np.column_stack([x, np.ones_like(x)])
    covariance = np.linalg.inv(X.T * (q * (1 - q)) @ X + np.diag([1.0, 0.0]))
    assert names["penalised"].estimates["slope"] == pytest.approx(best[0], rel=1e-6)
    assert names["penalised"].standard_errors["slope"] == pytest.approx(math.sqrt(covariance[0, 0]), rel=1e-5)


def test_limit_and_group_means(names):
    assert stats.poisson.pmf(0, names["limit"]) ** 20 == pytest.approx(0.05)
    y = names["velocity"]
    expected = [y[1::2].mean(), y[::2].mean()]
    np.testing.assert_allclose(names["levels"].estimates["slope"], expected, rtol=1e-9)


def test_far_from_zero_an_own_line_must_be_centred(said):
    """The page's sentence on seconds since 1970, for a model of one's own and for the package's."""

    class Line(mlefit.Model):
        def __init__(self):
            super().__init__()
            for name in ("a", "b"):
                self.parameter(name, 0.0)
            self.parameter("s", 1.0, support="positive")

        def log_prob(self, x, y):
            a, b, s = (self.parameters[name]() for name in "abs")
            return mlefit.densities.gaussian(y, a + b * x, s)

    x = 1.7e9 + np.linspace(0.0, 3600.0, 50)
    y = 1e-3 * x + 0.1 * np.random.default_rng(0).normal(size=50)
    assert "do not determine a and b" in said(Line(), x, y)
    centred = mlefit.fit(Line(), x - x.mean(), y)
    package = mlefit.fit(mlefit.LinearRegression(), x, y)
    assert package.estimates["slope"] == pytest.approx(centred.estimates["b"], rel=1e-7)


def test_bootstrap_of_the_median(names):
    x = names["deviation"]
    assert names["kink"].estimates["location"] == pytest.approx(np.median(x), abs=1e-6)
    again = np.median(np.random.default_rng(7).choice(x, (20_000, 66)), axis=1)
    assert names["bootstrap_error"] == pytest.approx(again.std(), rel=0.07)


def test_searches_that_go_on(names):
    x = names["deviation"]
    assert names["reached"].converged
    assert names["reached"].estimates["location"] == pytest.approx(x.mean(), rel=1e-9)
    assert names["reached"].standard_errors["location"] == pytest.approx(x.std() / math.sqrt(66), rel=1e-9)
    assert names["descended"].converged
    assert 25 + 10 * names["descended"].estimates["mean"] == pytest.approx(x.mean(), abs=0.005)


def test_two_hills(names):
    time, signal = names["time"], names["signal"]

    def curve(t, amplitude, frequency):
        return amplitude * np.sin(frequency * t)

    for start, fitted in names["waves"].items():
        tight = {"ftol": 1e-14, "xtol": 1e-14, "gtol": 1e-14}
        best, _ = optimize.curve_fit(curve, time, signal, [1.0, start], **tight)
        assert fitted.converged
        assert fitted.estimates["frequency"] == pytest.approx(best[1], abs=1e-5)
        rss = np.mean((signal - curve(time, *best)) ** 2)
        assert fitted.log_likelihood == pytest.approx(-30 * (math.log(2 * math.pi * rss) + 1), abs=1e-5)
    assert names["waves"][1.0].log_likelihood > names["waves"][0.5].log_likelihood + 100


def test_exercise_mixtures(names):
    x = names["deviation"]
    assert names["collapsed"].estimates["other"] == pytest.approx(-44, abs=1e-3)
    assert names["collapsed"].estimates["spread"] < 1e-3

    def loss(theta):
        share, stddev = 1 / (1 + math.exp(-theta[2])), math.exp(theta[1])
        wide = stats.norm.pdf(x, theta[0], 10 * stddev)
        return -np.sum(np.log((1 - share) * stats.norm.pdf(x, theta[0], stddev) + share * wide))

    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 5000, "maxfev": 5000}
    best = optimize.minimize(loss, [27.0, 1.6, -2.2], method="Nelder-Mead", options=options).x
    share = 1 / (1 + math.exp(-best[2]))
    expected = [best[0], math.exp(best[1]), share]
    np.testing.assert_allclose(list(names["mixed"].estimates.values()), expected, rtol=1e-5)
    errors = np.sqrt(np.diag(np.linalg.inv(second_differences(loss, best))))
    errors = errors * [1.0, expected[1], share * (1 - share)]
    np.testing.assert_allclose(list(names["mixed"].standard_errors.values()), errors, rtol=1e-3)


def test_exercise_extra_scatter(names):
    x = names["readings"]
    assert x.var() < 1

    def fall(tau):
        ends = [np.sum(stats.norm.logpdf(x, x.mean(), math.sqrt(1 + t**2))) for t in (0.0, tau)]
        return ends[0] - ends[1] - 1.92

    assert names["tau_limit"] == pytest.approx(optimize.brentq(fall, 0.01, 3.0), abs=0.001)
    assert names["edge"].estimates["tau"] < 1e-3
