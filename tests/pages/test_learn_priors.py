"""learn/priors.md against closed forms, SciPy's optima, integrals, Keras's own loss and published digits."""

import keras
import numpy as np
import pytest
from scipy import integrate, optimize, special, stats


@pytest.fixture
def names(page):
    return page("learn/priors.md")


def test_ridge_is_the_peak_of_the_posterior(names):
    X, y = names["X"], names["y"]

    def minus_log_posterior(w):
        likelihood = stats.norm(X @ w, 0.2).logpdf(y).sum()
        return -likelihood - stats.norm(0, 0.5).logpdf(w).sum()

    found = optimize.minimize(minus_log_posterior, np.zeros(12), method="BFGS", options={"gtol": 1e-8})
    for w in (names["calm"], names["calm_closed"], names["calm_fit"]):
        np.testing.assert_allclose(w, found.x, atol=1e-5)
    assert names["agree"] == (True, True)
    result = names["result"]
    assert result.log_likelihood == pytest.approx(
        stats.norm(X @ names["calm"], 0.2).logpdf(y).sum(), rel=1e-9
    )
    assert result.log_prior == pytest.approx(stats.norm(0, 0.5).logpdf(names["calm"]).sum(), rel=1e-9)
    assert result.method.startswith("MAP") and np.isnan(result.aic)
    covariance = np.linalg.inv(X.T @ X / 0.04 + np.eye(12) / 0.25)  # that of the posterior
    errors = result.standard_errors["slope"]
    np.testing.assert_allclose(errors, np.sqrt(np.diag(covariance)), rtol=1e-7)
    assert abs(names["wild"]).max() > 10 and abs(names["calm"]).max() < 1


def test_each_framework_rests_where_the_table_says(names):
    A, b, m, c = names["A"], names["b"], names["m"], names["c"]

    def ridge(penalty):
        return np.linalg.solve(A.T @ A + penalty * np.eye(3), A.T @ b)

    expected = {
        "Keras l2(c), SGD": m * c,
        "Keras l2(c), Adam": m * c,
        "Keras SGD(weight_decay=c)": m * c / 2,
        "PyTorch SGD(weight_decay=c)": m * c / 2,
        "Keras Adam(weight_decay=c)": 0.0,
    }
    assert names["ends"].keys() == expected.keys()
    for name, penalty in expected.items():
        np.testing.assert_allclose(names["ends"][name], ridge(penalty), atol=1e-3)
        assert names["candidates"][names["nearest"][name]] == penalty
    places = [ridge(m * c), ridge(m * c / 2), ridge(0.0)]
    assert min(np.abs(places[i] - places[i - 1]).max() for i in range(3)) > 0.05
    assert np.abs(ridge(0.0)).max() < 1 / c


def test_kerass_compiled_loss_is_the_mean_and_the_penalty(names):
    """What `model.fit` minimises, read off Keras itself (float32); and PyTorch's rule for a sum."""
    A, b, w, c = names["A"], names["b"], np.array([0.5, -1.0, 2.0]), names["c"]
    layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=keras.regularizers.l2(c))
    model = keras.Sequential([keras.layers.Input((3,)), layer])
    model.compile("sgd", "mse")
    model.set_weights([w[:, None]])
    found = model.evaluate(A, b[:, None], verbose=0, batch_size=len(b))
    assert found == pytest.approx(np.mean((b - A @ w) ** 2) + c * w @ w, rel=1e-5)
    v = np.zeros(3)  # the sum, and c * v on the gradient: half of the penalty
    for _ in range(4000):
        v -= 1e-3 * (2 * A.T @ (A @ v - b) + c * v)
    np.testing.assert_allclose(v, np.linalg.solve(A.T @ A + c / 2 * np.eye(3), A.T @ b), rtol=1e-8)


def test_a_loss_that_is_a_likelihood_has_no_sigma(names):
    """A penalised mean of cross-entropies, and C times their sum, against the MAP estimate."""
    x, yes = names["u"], (names["y"] > 0.1).astype(float)

    def loss(w):
        return np.logaddexp(0, w * x) - yes * w * x

    def least(objective):
        return optimize.minimize_scalar(
            objective, bounds=(-50, 50), method="bounded", options={"xatol": 1e-9}
        ).x

    c, n = 0.3, len(x)
    for scaled, tau in [
        (lambda w: np.mean(loss(w)) + c * w**2, 1 / np.sqrt(2 * n * c)),
        (lambda w: c * np.sum(loss(w)) + w**2 / 2, np.sqrt(c)),
    ]:
        peak = least(lambda w, tau=tau: np.sum(loss(w)) - stats.norm(0, tau).logpdf(w))
        assert least(scaled) == pytest.approx(peak, abs=1e-5)


def test_kerass_momentum_takes_no_hold_of_the_decay(names):
    A, b, m, c = names["A"], names["b"], names["m"], names["c"]
    w = keras.Variable(np.zeros(3), dtype="float64")
    optimizer = keras.optimizers.SGD(0.02, momentum=0.9, weight_decay=c)
    for _ in range(800):
        optimizer.apply([2 / m * A.T @ (A @ w.numpy() - b)], [w])
    tenth = 0.1 * m * c / 2
    expected = np.linalg.solve(A.T @ A + tenth * np.eye(3), A.T @ b)
    np.testing.assert_allclose(w.numpy(), expected, atol=1e-6)
    # PyTorch's rule: the decay is part of the gradient, and goes through the momentum.
    v, velocity = np.zeros(3), np.zeros(3)
    for _ in range(800):
        velocity = 0.9 * velocity + 2 / m * A.T @ (A @ v - b) + c * v
        v = v - 0.02 * velocity
    np.testing.assert_allclose(v, np.linalg.solve(A.T @ A + m * c / 2 * np.eye(3), A.T @ b), atol=1e-6)


def test_decay_takes_the_intercept_too(names):
    layer = keras.layers.Dense(1, dtype="float64", bias_initializer="ones")
    layer.build((1, 3))
    optimizer = keras.optimizers.SGD(0.5, weight_decay=0.1)
    optimizer.apply_gradients([(np.zeros(v.shape), v) for v in layer.trainable_variables])
    assert float(layer.bias.numpy()[0]) == pytest.approx(0.95)


def test_the_width_by_integral_and_by_leaving_out(names):
    X, y, taus = names["X"], names["y"], names["taus"]
    k = int(np.argmax(names["marginal"]))
    # Bayes' rule at any coefficients: likelihood times prior over posterior.
    tau, w = taus[k], np.full(12, 0.1)
    precision = X.T @ X / 0.04 + np.eye(12) / tau**2
    posterior = stats.multivariate_normal(
        np.linalg.solve(precision, X.T @ y / 0.04), np.linalg.inv(precision)
    )
    log_joint = stats.norm(X @ w, 0.2).logpdf(y).sum() + stats.norm(0, tau).logpdf(w).sum()
    assert names["marginal"][k] == pytest.approx(log_joint - posterior.logpdf(w), rel=1e-6)
    assert names["best_marginal"] == tau == pytest.approx(0.5, abs=0.06)
    k = int(np.argmin(names["left_out"]))
    errors = []
    for i in range(14):
        keep = np.arange(14) != i
        inside = X[keep].T @ X[keep] + 0.04 / taus[k] ** 2 * np.eye(12)
        errors.append(y[i] - X[i] @ np.linalg.solve(inside, X[keep].T @ y[keep]))
    assert names["left_out"][k] == pytest.approx(np.mean(np.square(errors)), rel=1e-8)
    assert names["best_left_out"] == taus[k] == pytest.approx(0.5, abs=0.06)
    singular = np.linalg.svd(X)[1] ** 2
    free = np.sum(singular / (singular + 0.04 / names["best_marginal"] ** 2))
    assert names["freedom"][names["at"]] == pytest.approx(free, rel=1e-9)


def test_bioassay_has_the_published_digits_and_scipys_peak(names):
    likelihood, posterior = names["fits"]["likelihood"], names["fits"]["MAP"]
    assert [*likelihood.estimates.values()] == pytest.approx([0.846580, 7.748817], abs=2e-6)
    assert [*likelihood.standard_errors.values()] == pytest.approx([1.019085, 4.872768], abs=2e-6)
    x, n, k = names["dose"], names["exposed"], names["killed"]

    def minus_log_posterior(t):
        terms = stats.binom(n, special.expit(t[0] + t[1] * x)).logpmf(k).sum()
        return -terms - stats.norm(0, [2.5, 5.0]).logpdf(t).sum()

    found = optimize.minimize(minus_log_posterior, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-8})
    assert [*posterior.estimates.values()] == pytest.approx(found.x, rel=1e-4)
    q = special.expit(found.x[0] + found.x[1] * x)
    design = np.column_stack([np.ones(4), x])
    information = design.T * (n * q * (1 - q)) @ design + np.diag([1 / 6.25, 1 / 25])
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert [*posterior.standard_errors.values()] == pytest.approx(errors, rel=1e-4)
    moved = likelihood.estimates["slope"] - posterior.estimates["slope"]
    assert moved == pytest.approx(likelihood.standard_errors["slope"] / 2, rel=0.15)
    assert posterior.standard_errors["slope"] < likelihood.standard_errors["slope"]


def test_coverage_is_that_of_the_normal_distribution(names):
    k, reach = names["k"], names["reach"]
    assert k == 0.5 and reach == pytest.approx(1.96 * np.sqrt(0.5))
    for mu, hits in zip(names["truths"], names["hits"], strict=True):
        estimate = stats.norm(k * mu, k)
        expected = estimate.cdf(mu + reach) - estimate.cdf(mu - reach)
        assert names["coverage"](mu) == pytest.approx(expected, rel=1e-9)
        assert hits == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 10_000) + 1e-3)
    weighted = integrate.quad(lambda mu: stats.norm.pdf(mu) * names["coverage"](mu), -9, 9)[0]
    assert weighted == pytest.approx(0.95, abs=1e-4) and names["average"] == pytest.approx(0.95, abs=0.003)
    assert [names["coverage"](mu) for mu in (1.1, 2.0, 4.0)] == pytest.approx([0.95, 0.78, 0.11], abs=0.01)


def test_the_posterior_of_the_mean_is_the_one_derived():
    """For other values of s and tau, by integrals of likelihood times prior."""
    s, tau, observed = 0.7, 1.6, 1.1

    def weight(mu):
        return stats.norm(mu, s).pdf(observed) * stats.norm(0, tau).pdf(mu)

    total = integrate.quad(weight, -12, 12)[0]
    mean = integrate.quad(lambda mu: mu * weight(mu), -12, 12)[0] / total
    variance = integrate.quad(lambda mu: (mu - mean) ** 2 * weight(mu), -12, 12)[0] / total
    k = tau**2 / (tau**2 + s**2)
    assert [mean, variance] == pytest.approx([k * observed, k * s**2], rel=1e-8)


def test_one_belief_has_two_peaks(names):
    """The rate's posterior is a gamma density, the mean's an inverse gamma density: the modes of SciPy's."""
    total = names["total"]
    rate = stats.gamma(7, scale=1 / (total + 4))
    mean = stats.invgamma(7, scale=total + 4)
    for distribution, found in ((rate, names["rate"]), (mean, names["mean"])):
        mode = optimize.minimize_scalar(
            lambda v, d=distribution: -d.logpdf(v), bounds=(0.05, 5), method="bounded"
        )
        assert found == pytest.approx(mode.x, rel=1e-5)
    # One belief: the same probability below any rate and above its inverse.
    assert rate.cdf(0.4) == pytest.approx(mean.sf(1 / 0.4), rel=1e-10)
    assert [names["rate"], names["mean"]] == pytest.approx([0.5, 1.5], rel=1e-8)


def test_exercises(names):
    for observed, found in zip(names["sample_means"], names["formula"], strict=True):
        best = optimize.minimize_scalar(
            lambda mu, v=observed: (v - mu) ** 2 / 2 + 0.5 * abs(mu), bounds=(-3, 3), method="bounded"
        )
        assert found == pytest.approx(best.x, abs=1e-4)
    np.testing.assert_allclose(names["on_grid"], names["formula"], atol=1e-3)

    x, yes = names["temperature"], names["damaged"]
    for tau, slope in names["slopes"].items():

        def nll(t, tau=tau):
            line = t[0] + t[1] * (x - x.mean())
            return -np.sum(yes * line - np.logaddexp(0, line)) + t[1] ** 2 / (2 * tau**2)

        assert slope == pytest.approx(
            optimize.minimize(nll, [0.0, -0.5], options={"gtol": 1e-8}).x[1], rel=1e-4
        )
    assert names["slopes"][2.0] < names["slopes"][1.0] < names["slopes"][0.5] < 0

    predictions = names["predictions"]
    assert predictions[0.0, 1] == pytest.approx(predictions[0.0, 1000], rel=1e-9)
    u, y = names["centred"], names["response"]
    for unit in (1, 1000):
        expected = unit**2 * u[-1] * (u @ y) / (unit**2 * u @ u + 1)
        assert predictions[1.0, unit] == pytest.approx(expected, rel=1e-9)
    assert abs(predictions[1.0, 1] - predictions[1.0, 1000]) > 0.1
