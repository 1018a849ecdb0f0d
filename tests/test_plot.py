"""Figures: what is drawn against what should be, legibility against WCAG, and SVG that repeats."""

import io
import itertools

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import scipy.stats
import tensorflow as tf
from matplotlib.colors import to_rgb

from mlefit import Gaussian, fit, plot

rng = np.random.default_rng(2)
X = rng.normal(2.0, 0.5, 120)
Y = 3 * X - 1 + rng.normal(size=120)
FIT = fit(Gaussian(), X)
GROUNDS = ["#ffffff", "#1e2129"]

# One call of every function, on a new figure.
CALLS = {
    "data_and_line": lambda ax=None: plot.data_and_line(X, Y, 3.0, -1.0, ax=ax),
    "loss": lambda ax=None: plot.loss([3.0, 2.0, 1.5], floor=1.25, log=True, ax=ax),
    "histogram": lambda ax=None: plot.histogram(X, Gaussian(2.0, 0.5).log_prob, ax=ax),
    "normal_quantiles": lambda ax=None: plot.normal_quantiles(X, 2.0, 0.5, ax=ax),
    "likelihood_curve": lambda ax=None: plot.likelihood_curve([1.0, 2.0, 3.0], [-5.0, -1.0, -2.0], ax=ax),
    "profile": lambda ax=None: plot.profile(FIT, "mean", ax=ax),
    "contour": lambda ax=None: plot.contour(FIT, "mean", "stddev", ax=ax),
    "quantiles": lambda ax=None: plot.quantiles(FIT, ax=ax),
    "path": lambda ax=None: plot.path(lambda a, b: a**2 + b**2, [[2.0, 1.0], [1.0, 0.5]], ax=ax),
}


@pytest.fixture(autouse=True)
def _close_figures():
    with matplotlib.rc_context():
        yield
    plt.close("all")


def linear_light(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(colour, ground):
    """WCAG 2.2, relative luminance and contrast ratio."""
    dark, light = sorted(float(linear_light(c) @ [0.2126, 0.7152, 0.0722]) for c in (colour, ground))
    return (light + 0.05) / (dark + 0.05)


def lab(light):
    """CIELAB of linear sRGB."""
    to_xyz = "0.41246 0.35758 0.18044 0.21267 0.71515 0.07218 0.01933 0.11919 0.95030"
    xyz = np.array(to_xyz.split(), float).reshape(3, 3) @ light / [0.95047, 1.0, 1.08883]
    x, y, z = np.cbrt(np.clip(xyz, 1e-4, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the standard's own near miss


@pytest.mark.parametrize("ground", GROUNDS)
def test_ink_and_colours_are_legible_on_both_grounds(ground):
    inks = {value for key, value in plot.STYLE.items() if "color" in key and key.split(".")[0] != "figure"}
    for ink in inks - {"none"}:
        assert contrast(ink, ground) >= 3.5
    for colour in plot.COLOURS:
        assert contrast(colour, ground) >= 3.0


# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes (2009), severity 1: protanopia, deuteranopia, tritanopia.
@pytest.mark.parametrize(
    "vision",
    [
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ],
)
def test_colours_differ_to_the_colour_blind(vision):
    seen = [lab(np.clip(np.array(vision) @ linear_light(colour), 0, 1)) for colour in plot.COLOURS]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2)) > 15


def test_style_is_applied_and_transparent():
    plot.use_style()
    assert plt.rcParams["axes.prop_cycle"].by_key()["color"] == plot.COLOURS
    assert not plt.rcParams["axes.spines.top"] and plt.rcParams["figure.constrained_layout.use"]
    assert min(value for key, value in plot.STYLE.items() if "size" in key and "figsize" not in key) >= 10
    figure = plt.subplots()[0]
    figure.canvas.draw()
    assert np.asarray(figure.canvas.buffer_rgba())[0, 0, 3] == 0


@pytest.mark.parametrize("name", CALLS)
def test_a_new_figure_keeps_the_style_when_it_is_drawn_later(name):
    before = dict(matplotlib.rcParams)
    ax = CALLS[name]()
    assert dict(matplotlib.rcParams) == before
    ax.figure.canvas.draw()
    ticks = [*ax.xaxis.get_major_ticks(), *ax.yaxis.get_major_ticks(), *ax.yaxis.get_minor_ticks()]
    assert {tick.label1.get_color() for tick in ticks} == {plot.INK}
    assert {text.get_color() for text in ax.get_legend().get_texts()} == {plot.INK}
    assert ax.get_xlabel() and ax.get_ylabel() and not ax.spines["top"].get_visible()


@pytest.mark.parametrize("name", CALLS)
def test_draws_on_the_axes_given(name):
    ax = plt.subplots(1, 2)[1][1]
    assert CALLS[name](ax) is ax
    assert len(plt.get_fignums()) == 1 and ax.has_data()


@pytest.mark.parametrize("name", CALLS)
def test_svg_repeats_byte_for_byte(name):
    def svg():
        plot.use_style()
        buffer = io.BytesIO()
        CALLS[name]().figure.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()

    assert svg() == svg()


def test_data_and_line():
    ax = plot.data_and_line(X, Y, 3.0, -1.0, label="truth", xlabel="distance (Mpc)", ylabel="velocity (km/s)")
    points, line = ax.lines
    np.testing.assert_array_equal(points.get_xydata(), np.column_stack([X, Y]))
    ends = np.array([X.min(), X.max()])
    np.testing.assert_allclose(line.get_xydata(), np.column_stack([ends, 3 * ends - 1]), rtol=1e-15)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("distance (Mpc)", "velocity (km/s)")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["data", "truth"]
    assert plot.data_and_line([1], [2], -0.5, 2).lines[1].get_label() == "y = 2 - 0.5 x"


def test_loss():
    ax = plot.loss([4.0, 2.0, 1.0], floor=0.5, label="noise", ylabel="mse")
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[0, 4], [1, 2], [2, 1]])
    assert set(ax.lines[1].get_ydata()) == {0.5} and ax.lines[1].get_linestyle() == "--"
    assert ax.get_legend().get_texts()[0].get_text() == "noise: 0.5" and ax.get_yscale() == "linear"
    assert len(plot.loss([-1.0, -2.0]).lines) == 1
    assert plot.loss([1.0], log=True).lines[0].get_marker() == "o"  # one point has no line to show it


def test_histogram():
    density = scipy.stats.norm(2.0, 0.5)
    for log_density in (density.logpdf, Gaussian(2.0, 0.5).log_prob):
        ax = plot.histogram(X, log_density, bins=8, label="fitted")
        heights, edges = np.histogram(X, 8)
        drawn = ax.patches[0].get_data()
        np.testing.assert_allclose(drawn.values, heights / 120 / np.diff(edges), rtol=1e-12)
        np.testing.assert_allclose(drawn.edges, edges, rtol=1e-15)
        points, curve = ax.lines[0].get_data()
        np.testing.assert_allclose(curve, density.pdf(points), rtol=1e-12)
        assert (points[0], points[-1]) == (X.min(), X.max()) and ax.lines[0].get_label() == "fitted"
    with pytest.raises(ValueError, match=r"log_density must return shape \(401,\), got shape \(\)"):
        plot.histogram(X, lambda x: -(x @ x))
    assert plot.histogram([5.0]).patches[0].get_data().values.tolist() == [1.0]


@pytest.mark.parametrize("n", [1, 2, 3, 120])
def test_normal_quantiles_against_scipy(n):
    ax = plot.normal_quantiles(X[:n], 2.0, 0.5)
    (z, ordered), _ = scipy.stats.probplot(X[:n]) if n > 1 else (([0.0], X[:1]), None)
    np.testing.assert_allclose(ax.lines[0].get_xdata(), z, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), ordered)
    np.testing.assert_allclose(ax.lines[1].get_ydata(), 2 + 0.5 * ax.lines[1].get_xdata(), rtol=1e-15)


def test_likelihood_curve():
    ax = plot.likelihood_curve([3.0, 1.0, 2.0], [-2.0, -5.0, -1.0], xlabel="rate (1/s)")
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[1, -5], [2, -1], [3, -2]])
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[2, -1]])
    assert ax.get_legend().get_texts()[0].get_text() == "peak at 2" and ax.get_xlabel() == "rate (1/s)"


def test_path():
    steps = np.array([[2.0, 1.0], [1.0, 0.5], [0.5, 0.5]])
    ax = plot.path(lambda a, b: tf.constant(a**2 + 4 * b**2), steps, optimum=(0.0, 0.0), xlabel="slope")
    drawn = {line.get_label(): line.get_xydata().tolist() for line in ax.lines}
    assert drawn == {"path": steps.tolist(), "start": [[2, 1]], "end": [[0.5, 0.5]], "optimum": [[0, 0]]}
    contours = ax.collections[0]
    for level, contour in zip(contours.levels, contours.get_paths(), strict=True):
        a, b = contour.vertices.T
        np.testing.assert_allclose(a**2 + 4 * b**2, level, atol=0.02)
    assert len(contours.levels) == 12
    with np.errstate(invalid="ignore", divide="ignore"):
        blank = plot.path(lambda a, b: np.log(a) + b**2, [[0.1, 0.0], [1.0, 1.0]])
    assert len(blank.collections) == 1 and len(plot.path(lambda a, b: 1.0, [[0.0, 0.0]]).collections) == 0


BAD = [
    ([], ValueError, "has no observations"),
    ([1.0, np.nan, 2.0], ValueError, "must be finite, got nan at index 1"),
    ([1.0, 2.0, -np.inf], ValueError, "must be finite, got -inf at index 2"),
    (["a", "b", "c"], TypeError, "must hold real numbers"),
    ([1j, 2.0, 3.0], TypeError, "must hold real numbers"),
    (np.ma.array([1.0, 2.0, 3.0], mask=[1, 0, 0]), ValueError, "masked entry at index 0"),
    (np.ones((3, 1)), ValueError, r"shape \(n,\)|broadcast"),
]


@pytest.mark.parametrize(("bad", "kind", "message"), BAD)
def test_wrong_data_is_refused_by_name_before_anything_is_drawn(bad, kind, message):
    good = np.arange(3.0)
    for name, call in [
        ("x", lambda: plot.data_and_line(bad, good, 1.0, 0.0)),
        ("y", lambda: plot.data_and_line(good, bad, 1.0, 0.0)),
        ("history", lambda: plot.loss(bad)),
        ("x", lambda: plot.histogram(bad)),
        ("x", lambda: plot.normal_quantiles(bad, 0.0, 1.0)),
        ("values", lambda: plot.likelihood_curve(bad, good)),
        ("log_likelihood", lambda: plot.likelihood_curve(good, bad)),
    ]:
        with pytest.raises(kind, match=f"{name} .*{message}"):
            call()
    assert plt.get_fignums() == []


def test_other_wrong_arguments_are_refused():
    shifted = pd.Series([1.0, 2.0], index=[1, 2])
    for message, call in [
        ("stddev must be positive, got -1", lambda: plot.normal_quantiles(X, 0.0, -1.0)),
        ("slope must be finite", lambda: plot.data_and_line(X, Y, np.nan, 0.0)),
        ("same length", lambda: plot.data_and_line(X, Y[1:], 1.0, 0.0)),
        ("pandas indexes", lambda: plot.likelihood_curve(pd.Series([1.0, 2.0]), shifted)),
        ("history must be positive, got -1.0 at index 1", lambda: plot.loss([1.0, -1.0], log=True)),
        ("floor must be positive, got 0", lambda: plot.loss([1.0, 2.0], floor=0.0, log=True)),
        (r"path must have shape \(steps, 2\), got shape \(3,\)", lambda: plot.path(max, [1.0, 2.0, 3.0])),
        (r"optimum must have shape \(2,\)", lambda: plot.path(max, [[1.0, 2.0]], optimum=3.0)),
        (
            r"loss must return one number, got shape \(2,\)",
            lambda: plot.path(lambda a, b: [a, b], [[1.0, 2.0]]),
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    assert plt.get_fignums() == []


def test_input_is_cast_up_and_left_alone():
    x = np.array([3, 1, 2], np.int16)
    x.flags.writeable = False
    for given in (x, x.astype(np.float32), pd.Series(x), tf.constant(x), [3, 1, 2]):
        ax = plot.normal_quantiles(given, 2, 1)
        assert ax.lines[0].get_ydata().dtype == np.float64
    assert x.tolist() == [3, 1, 2]
