"""learn/network.md against a network in NumPy, SciPy's densities and searches, and closed forms."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import integrate, optimize, special, stats


@pytest.fixture(scope="module")
def names(page):
    return page("learn/network.md")


def outputs(weights, x):
    """Mean and log stddev by a network of two hidden layers, in NumPy; and the layers on the way."""
    w1, b1, w2, b2, w3, b3 = weights
    first = np.tanh(x @ w1 + b1)
    second = np.tanh(first @ w2 + b2)
    return second @ w3 + b3, first, second


def gradients(weights, x, y):
    """Of the summed NLL, by the derivatives of the page and the chain rule."""
    out, first, second = outputs(weights, x)
    stddev = np.exp(out[:, 1])
    z = (y - out[:, 0]) / stddev
    last = np.stack([-z / stddev, 1 - z**2], axis=1)
    middle = last @ weights[4].T * (1 - second**2)
    front = middle @ weights[2].T * (1 - first**2)
    pairs = ((x, front), (first, middle), (second, last))
    return [part for a, b in pairs for part in (a.T @ b, b.sum(axis=0))]


def scipy_nll(weights, x, y):
    out = outputs(weights, x)[0]
    return -stats.norm(out[:, 0], np.exp(out[:, 1])).logpdf(y)


def test_the_floor_is_the_mean_entropy_of_the_truth(names):
    entropy, _ = integrate.quad(lambda x: stats.norm(0, np.exp(0.5 * x - 1.5)).entropy() / 4, -2, 2)
    assert names["floor"] == pytest.approx(entropy, rel=1e-9)
    (x, y), n = names["fresh"], 10_000
    nll = -stats.norm(np.sin(2 * x[:, 0]), np.exp(0.5 * x[:, 0] - 1.5)).logpdf(y)
    assert nll.mean() == pytest.approx(entropy, abs=4 * nll.std() / math.sqrt(n))


def test_the_network_starts_as_one_gaussian(names):
    y = names["rows"][1]
    assert names["at_start"] == pytest.approx(-stats.norm(*stats.norm.fit(y)).logpdf(y).mean(), rel=1e-9)
    assert names["one_gaussian"] == pytest.approx(names["at_start"], rel=1e-9)
    assert sum(w.size for w in names["weights"][0]) == names["network"].count_params() == 346


def test_the_loop_is_adam_on_the_derivatives_of_the_page(names):
    """Five epochs in NumPy: back-propagation by hand, D. Kingma and J. Ba's Adam (2015), the same batches.

    Keras takes the learning rate, and both decays in the correction for the start, from float32.
    """
    x, y = names["rows"]
    theta = [w.copy() for w in names["weights"][0]]
    m, v, k = [0 * w for w in theta], [0 * w for w in theta], 0
    rate, one, two = (float(np.float32(value)) for value in (0.005, 0.9, 0.999))
    for epoch in range(5):
        order = np.random.default_rng([0, epoch]).permutation(60)
        for batch in (order[:32], order[32:]):
            k += 1
            for j, g in enumerate(gradients(theta, x[batch], y[batch])):
                g = g / 32  # the short batch too
                m[j] = 0.9 * m[j] + 0.1 * g
                v[j] = 0.999 * v[j] + 0.001 * g**2
                step = rate * math.sqrt(1 - two**k) / (1 - one**k)
                theta[j] = theta[j] - step * m[j] / (np.sqrt(v[j]) + 1e-7)
    for mine, page in zip(theta, names["weights"][5], strict=True):
        np.testing.assert_allclose(mine, page, atol=1e-9)
    assert np.abs(theta[0] - names["weights"][0][0]).max() > 0.01


def test_the_package_takes_the_same_path(names):
    assert all(names["same"])
    best = names["best"]
    for a, b in zip(names["again"].get_weights(), names["weights"][best], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)
    np.testing.assert_allclose(names["history"].epochs, names["train_nll"][1 : best + 1], atol=1e-9)
    assert names["history"].steps.shape == (2 * best,)


def test_the_losses_are_scipys_and_turn(names):
    best, train, new, rmse = (names[k] for k in ("best", "train_nll", "new_nll", "new_rmse"))
    for e in (0, best, 150):
        assert train[e] == pytest.approx(scipy_nll(names["weights"][e], *names["rows"]).mean(), rel=1e-9)
        assert new[e] == pytest.approx(scipy_nll(names["weights"][e], *names["held_out"]).mean(), rel=1e-9)
        residual = names["held_out"][1] - outputs(names["weights"][e], names["held_out"][0])[0][:, 0]
        assert rmse[e] == pytest.approx(math.sqrt(np.mean(residual**2)), rel=1e-9)
    assert new.argmin() == best and 20 < best < 100
    assert new[150] == pytest.approx(new[0], abs=0.1) and train[150] < train[best] - 0.2
    assert abs(rmse[150] / rmse[best] - 1) < 0.05  # "sees almost nothing"
    for e, near in ((best, 0.15), (150, 0.05)):
        assert np.mean(names["z_seen"][e] ** 2) == pytest.approx(1, abs=near)
    assert np.mean(names["z_new"][150] ** 2) == pytest.approx(4, abs=0.2)


def test_coverage_and_pit_are_those_of_scipy(names):
    places = names["fresh"], names["beyond"]
    for e in (names["best"], 150):
        for (x, y), shares in zip(places, names["coverage"][f"epoch {e}"], strict=True):
            out = outputs(names["weights"][e], x)[0]
            for level, share in zip((0.5, 0.9, 0.95), shares, strict=True):
                low, high = stats.norm(out[:, 0], np.exp(out[:, 1])).interval(level)
                assert share == pytest.approx(np.mean((low < y) & (y < high)), abs=1e-9)
    within, beyond = names["coverage"][f"epoch {names['best']}"]
    assert within[2] == pytest.approx(0.89, abs=0.005) and beyond[2] == pytest.approx(0.66, abs=0.005)
    stopped = scipy_nll(names["weights"][names["best"]], *names["fresh"])
    assert stopped.mean() == pytest.approx(0.20, abs=0.005)
    assert stopped.mean() - names["floor"] == pytest.approx(0.28, abs=0.005)
    (x, y), out = names["fresh"], outputs(names["weights"][150], names["fresh"][0])[0]
    assert names["coverage"]["epoch 150"][0][2] == pytest.approx(0.78, abs=0.005)
    u = stats.norm(out[:, 0], np.exp(out[:, 1])).cdf(y)
    np.testing.assert_allclose(names["pit"], u, atol=1e-9)
    assert names["heights"][0] > 3 and names["heights"][-1] > 2 and names["heights"][5:15].max() < 1


def test_weights_have_no_information_matrix_to_invert(names):
    w1, b1, w2, b2, w3, b3 = names["weights"][names["best"]]
    swap = [1, 0, *range(2, 32)]
    swapped = scipy_nll([w1[:, swap], b1[swap], w2[swap], b2, w3, b3], *names["rows"]).mean()
    assert swapped == pytest.approx(names["train_nll"][names["best"]], rel=1e-12)
    names["network"].set_weights(names["weights"][names["best"]])
    with tf.GradientTape(persistent=True) as tape:
        out = names["network"](names["rows"][0])
    parts = tape.jacobian(out, names["network"].trainable_variables, experimental_use_pfor=False)
    jacobian = np.concatenate([np.reshape(part, (120, -1)) for part in parts], axis=1)
    scale = np.stack([np.exp(-out[:, 1]), np.full(60, math.sqrt(2))], axis=1).ravel()
    information = (jacobian * scale[:, None]).T @ (jacobian * scale[:, None])
    eigenvalues = np.linalg.eigvalsh(information)
    assert information.shape == (346, 346)
    assert np.sum(eigenvalues > 1e-10 * eigenvalues[-1]) <= 120


def test_a_member_of_the_ensemble_is_trained_as_if_alone(names):
    five = names["make_ensemble"](5, seed=0)
    begin, end = [w[2] for w in five.get_weights()], [w[2] for w in names["five"].get_weights()]
    alone = names["start"](seed=0)
    alone.set_weights([*begin[:5], names["weights"][0][5]])
    run = names["train_by_hand"](
        alone, names["gaussian_nll"], names["rows"], names["held_out"][0], names["best"], seed=0
    )
    for a, b in zip(run[2][-1], end, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert np.abs(begin[0] - names["weights"][0][0]).max() > 1  # another start than the first network's


def test_the_variance_together_is_that_of_the_mixture(names):
    x = np.array([[-1.0], [2.8]])
    parts = [outputs([w[j] for w in names["five"].get_weights()], x)[0] for j in range(5)]
    mean, log_stddev = names["together"](x).T
    y = np.linspace(-12, 12, 200_001)
    for i in range(2):
        density = np.mean([stats.norm(p[i, 0], np.exp(p[i, 1])).pdf(y) for p in parts], axis=0)
        first, second = (integrate.trapezoid(y**k * density, y) for k in (1, 2))
        assert mean[i] == pytest.approx(first, abs=1e-8)
        assert math.exp(2 * log_stddev[i]) == pytest.approx(second - first**2, rel=1e-8)
    together = names["coverage"]["five together"]
    members = list(zip(*names["five"].get_weights(), strict=True))
    for place, shares in zip(("fresh", "beyond"), together, strict=True):
        x, y = names[place]
        covered, nll = names["alone"]["within" if place == "fresh" else "beyond"]
        assert nll == pytest.approx(np.mean([scipy_nll(w, x, y).mean() for w in members]), rel=1e-6)
        mean, log_stddev = names["together"](x).T
        assert -stats.norm(mean, np.exp(log_stddev)).logpdf(y).mean() < nll
        assert covered + 0.02 == pytest.approx(shares[2], abs=0.005) and shares[2] < 0.9
    assert [shares[2] for shares in together] == pytest.approx([0.86, 0.85], abs=0.005)
    assert together[0][2] < names["coverage"][f"epoch {names['best']}"][0][2]


def test_the_last_layer_is_weighted_least_squares(names):
    out, _, second = outputs(names["weights"][names["best"]], names["rows"][0])
    weight = np.exp(-2 * out[:, 1])
    design = np.column_stack([np.ones(60), second])
    normal = design.T @ (weight[:, None] * design)
    b = np.linalg.solve(normal, design.T @ (weight * names["rows"][1]))
    squares = np.sum(weight * (names["rows"][1] - design @ b) ** 2)
    assert names["last"].estimates["stddev"] == pytest.approx(math.sqrt(squares / 60), rel=1e-6)
    h = outputs(names["weights"][names["best"]], names["wide"][:, None])[2]
    place = np.column_stack([np.ones(len(h)), h])
    error = np.sqrt(squares / 51 * np.einsum("ij,jk,ik->i", place, np.linalg.inv(normal), place))
    np.testing.assert_allclose(names["line"], place @ b, atol=1e-6)
    np.testing.assert_allclose(names["high"] - names["line"], stats.t(51).ppf(0.975) * error, rtol=1e-5)
    truth, inside = np.sin(2 * names["wide"]), names["wide"] <= 2
    held = (names["low"] < truth) & (truth < names["high"])
    assert 0.8 < held[inside].mean() < 0.9 and not held[-10:].any()


def test_classes_grow_too_sure(names):
    x, y = names["points_fresh"]
    for e, (nll, right, sure) in names["verdict"].items():
        logits = outputs(names["softmax_weights"][e], x)[0]
        q = special.softmax(logits, axis=1)
        log_q = special.log_softmax(logits, axis=1)[np.arange(10_000), y]
        assert nll == pytest.approx(-log_q.mean(), rel=1e-9)
        assert right == np.mean(q.argmax(axis=1) == y) and sure == pytest.approx(q.max(axis=1).mean())
    stopped, last = (names["verdict"][e] for e in (names["softmax_best"], 75))
    assert last[0] - stopped[0] == pytest.approx(0.1, abs=0.03)
    assert 0 < stopped[1] - last[1] < 0.015 and last[2] - stopped[2] == pytest.approx(0.07, abs=0.01)
    assert names["true_nll"] < stopped[0] and names["true_right"] > stopped[1]
    np.testing.assert_allclose(names["true_q"].sum(axis=1), 1)
    counts = np.bincount(y, minlength=3)
    spread = np.sqrt(np.sum(names["true_q"] * (1 - names["true_q"]), axis=0))
    assert np.all(np.abs(counts - names["true_q"].sum(axis=0)) < 4 * spread)


def test_exercises(names):
    out, y = names["new"][150], names["held_out"][1]

    def nll(log_c):
        return -stats.norm(out[:, 0], np.exp(out[:, 1] + log_c)).logpdf(y).sum()

    best = optimize.minimize_scalar(nll, bounds=(-3, 3), method="bounded")
    assert math.log(names["factor"]) == pytest.approx(best.x, abs=1e-4)
    within = names["coverage"]["last, times c"][0]
    assert within[2] == pytest.approx(0.95, abs=0.01) and within[0] == pytest.approx(0.62, abs=0.01)
    (x, y), halves = names["fresh"], []
    for half in (x[:, 0] < 0, x[:, 0] >= 0):
        out = outputs(names["weights"][names["best"]], x[half])[0]
        low, high = stats.norm(out[:, 0], np.exp(out[:, 1])).interval(0.5)
        halves.append(np.mean((low < y[half]) & (y[half] < high)))
    assert names["half_shares"] == pytest.approx(halves, abs=1e-9)
    assert halves[0] > 0.55 and halves[1] < 0.40
    assert names["coverage"][f"epoch {names['best']}"][0][0] == pytest.approx(0.475, abs=0.001)
    within, beyond = names["shares"]["within"], names["shares"]["beyond"]
    assert 0.035 < 0.95 - within.mean() < 0.055
    assert np.quantile(beyond, 0.05) < 0.55 and np.quantile(beyond, 0.95) > 0.92
    optimism = names["optimism"]["within"]
    assert optimism.mean() == pytest.approx(0.05, abs=0.01)
    assert optimism.mean() > 2 * optimism.std() / math.sqrt(40)
    first_set = names["new_nll"][names["best"]]
    assert first_set == pytest.approx(0.34, abs=0.01) and first_set > 0.25  # above the fresh rows' 0.20


def test_rounding_does_not_grow(names):
    """A start that differs by 1e-12 ends at the same printed numbers: so does another processor."""
    moved = names["start"](seed=0)
    moved.set_weights([w + 1e-12 for w in moved.get_weights()])
    seen, new, _ = names["train_by_hand"](
        moved, names["gaussian_nll"], names["rows"], names["held_out"][0], 150, seed=0
    )
    np.testing.assert_allclose(seen, names["seen"], atol=1e-8)
    np.testing.assert_allclose(new, names["new"], atol=1e-8)
