"""guides/porting.md: its table against what its old lines met, its cures against closed forms."""

import re

import keras
import numpy as np
import pytest

from conftest import DOCS

PAGE = "guides/porting.md"


@pytest.fixture(scope="module")
def names(page):
    return page(PAGE)


@pytest.fixture(scope="module")
def least_squares(names):
    return np.polyfit(names["x"], names["y"], 1)


def rows():
    """Old code and claim of each row of the page's table that names an error or a warning."""
    lines = [line for line in (DOCS / PAGE).read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]
    return [(old, now) for old, now, _ in cells if not now.startswith("no error")]


# Where the table does not quote the line that the page runs.
RUN_AS = {
    "compiled_metrics": "old_losses = reported(old_model)",
    "optimizer for two models": "optimizer.apply_gradients(of_another_model)",
    "optimizer.lr": "optimizer.lr",
}


def test_the_table_has_its_rows():
    assert len(rows()) == 19


@pytest.mark.parametrize(("old", "now"), rows())
def test_table_quotes_what_the_page_met(names, old, now):
    (run,) = [
        code for code in names["messages"] if code == RUN_AS.get(old) or (old in code and old not in RUN_AS)
    ]
    message = names["messages"][run].replace("`", "")
    claimed = now.split(";")[0]
    kind, _, text = claimed.partition(": ")
    assert message.startswith(f"{kind}: ")
    assert re.search(re.escape(text).replace(r"\.\.\.", ".*").strip(), message)


def test_setting_lr_changes_nothing(names):
    assert names["messages"]["optimizer.lr = 0.01"] == "no error"
    assert names["rate_after_old"] == pytest.approx(0.1)
    assert names["rate_after_new"] == pytest.approx(0.01)
    assert names["rate_at_100"] == pytest.approx(0.1 / (1 + 0.01 * 100))


def test_tf_variable_is_not_trained(names):
    assert (names["trained_old"], names["trained_new"]) == (0, 2)


def test_reported_losses(names):
    """Three steps by hand: the new model reports the loss, the old one the mean of the predictions."""
    x, y = names["x"], names["y"]
    m = b = 0.0
    losses, means = [], []
    for _ in range(3):
        r = y - m * x - b
        losses.append(np.mean(r**2))
        means.append(np.mean(m * x + b))
        m, b = m + 0.1 * 2 * np.mean(r * x), b + 0.1 * 2 * np.mean(r)
    np.testing.assert_allclose(names["new_losses"], losses, rtol=1e-5)
    np.testing.assert_allclose(names["old_losses"], means, rtol=1e-5)
    for model in (names["old_model"], names["new_model"]):
        np.testing.assert_allclose(model.get_weights(), [m, b], rtol=1e-5)


def test_cures_take_the_path_of_gradient_descent(names, least_squares):
    """60 steps from zero: what is left is the error at the start, times (I - eta H)^60."""
    x = names["x"]
    rate = float(np.float32(0.6))  # as Keras keeps it
    step = np.eye(2) - rate * 2 / len(x) * np.array([[x @ x, x.sum()], [x.sum(), len(x)]])
    expected = least_squares - np.linalg.matrix_power(step, 60) @ least_squares
    np.testing.assert_allclose(names["by_tape"], expected, rtol=1e-9)
    np.testing.assert_allclose(names["by_package"], expected, rtol=1e-9)
    assert names["loss_dtype"] == "float32"
    assert names["slope_of_total"] == pytest.approx(names["grid"].sum())


def test_an_array_on_the_left_loses_the_gradient(names):
    assert names["messages"]["grid * layer.m"] == "no error"
    lost, kept = names["gradients"]
    assert lost is None
    assert float(kept) == pytest.approx(np.linspace(0.0, 1.0, 5).sum())


def test_an_old_folder_predicts(names):
    np.testing.assert_allclose(names["predicted"][:, 0], np.linspace(0.0, 1.0, 5) + 2.0, rtol=1e-6)
    assert "TFSMLayer" in names["messages"]['keras.models.load_model("line")']


def test_reloaded_model_predicts_the_line(names):
    m, b = (float(value) for value in names["reloaded"].get_weights())
    x = names["x"].astype("float32")
    np.testing.assert_allclose(names["reloaded"](x[:, None])[:, 0], m * x + b, rtol=1e-6)
    assert names["same_predictions"]


def test_the_way_back_is_named(names):
    assert "TF_USE_LEGACY_KERAS" in names["messages"]["keras.optimizers.legacy.SGD(0.1)"]
    assert keras.__version__.startswith("3.")


def test_exercises(names, least_squares):
    np.testing.assert_allclose(names["ported_values"], (names["y"] - names["x"]) ** 2, rtol=1e-12)
    assert names["unseen"](names["OldLayer"]()) == ["m"]
    x, y = names["x"], names["y"]
    m = b = 0.0
    for k in range(30):
        r, rate = y - m * x - b, 0.5 / (1 + 0.01 * k)
        m, b = m + rate * 2 * np.mean(r * x), b + rate * 2 * np.mean(r)
    np.testing.assert_allclose(names["by_hand"], [m, b], rtol=1e-6)
    np.testing.assert_allclose(names["by_schedule"], [m, b], rtol=1e-6)
    assert abs(names["constant"][0] - least_squares[0]) < abs(m - least_squares[0])
