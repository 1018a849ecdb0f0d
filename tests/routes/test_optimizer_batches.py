"""`fit` with an optimizer on batches: the likelihood of all rows, with weights and with a prior."""

import keras
import numpy as np
import pytest

import mlefit
from mlefit.routes import optimizer
from mlefit.training import train

rng = np.random.default_rng(2)
X = rng.normal(3.0, 2.0, size=61)
COUNTS = rng.integers(0, 5, size=61)


class Bell(mlefit.Model):
    def __init__(self):
        super().__init__()
        self.mean = self.parameter("mean", 1.0)
        self.stddev = self.parameter("stddev", 1.5, support="positive")

    def log_prob(self, x):
        return mlefit.densities.gaussian(x, self.mean(), self.stddev())


class Prior(Bell):
    def log_prior(self):
        return mlefit.densities.gaussian(self.mean(), 0.0, 0.3)


class Still(keras.optimizers.SGD):
    """Leaves everything where it is, and keeps the gradients."""

    def __init__(self):
        super().__init__(1.0)
        self.gradients = []

    def update_step(self, gradient, variable, learning_rate):
        self.gradients.append(gradient.numpy())


def closed(counts, prior):
    """Mean negative log-likelihood at the start, with the prior, and its gradient by the mean."""
    z = (X - 1.0) / 1.5
    nll = counts @ (0.5 * z**2 + np.log(1.5 * np.sqrt(2 * np.pi)))
    slope = -counts @ z / 1.5
    if prior:
        nll += 0.5 * (1.0 / 0.3) ** 2 + np.log(0.3 * np.sqrt(2 * np.pi))
        slope += 1.0 / 0.3**2
    return nll / counts.sum(), slope / counts.sum()


@pytest.mark.parametrize("size", [8, 61])
@pytest.mark.parametrize("kind", [Bell, Prior])
@pytest.mark.parametrize("weights", [None, COUNTS])
def test_an_epoch_is_the_likelihood_of_all_rows(weights, kind, size, monkeypatch):
    """At one point: the gradients of an epoch add up, and the loss of all rows is the mean over them."""
    kept = []
    monkeypatch.setattr(
        optimizer.training, "train", lambda *a, **k: kept.append(train(*a, compile="eager", **k)) or kept[0]
    )
    still = Still()
    rows = 61 if weights is None else np.count_nonzero(weights)  # a row that stands for nothing is left out
    steps = -(-rows // size)
    with pytest.warns(mlefit.FitWarning):
        mlefit.fit(kind(), X, weights=weights, method=still, steps=steps, batch_size=size, seed=4)
    counts = np.ones(61) if weights is None else COUNTS
    loss, slope = closed(counts, kind is Prior)
    (history,) = kept
    assert history.epochs.shape == (1,) and history.epochs[0] == pytest.approx(loss, rel=1e-12)
    total = np.sum(still.gradients[::2]) * min(size, rows) / rows
    assert total == pytest.approx(slope, rel=1e-12)


def test_it_arrives_and_is_judged_by_all_rows():
    # All rows in each batch, in another order each time: without noise the verdict is as for full steps.
    full = mlefit.fit(Bell(), X)
    result = mlefit.fit(Bell(), X, method=keras.optimizers.SGD(0.5), steps=400, batch_size=61)
    assert result.converged and result.method == "SGD, 400 steps on batches of 61"
    for name, estimate in full.estimates.items():
        assert result.estimates[name] == pytest.approx(estimate, abs=1e-3 * full.standard_errors[name])
    np.testing.assert_allclose(result.covariance, full.covariance, rtol=1e-3, atol=1e-12)
    assert result.history.shape == (400,)


def test_the_noise_of_batches_is_no_optimum():
    with pytest.warns(mlefit.FitWarning, match="no optimum found in 60 steps"):
        result = mlefit.fit(Bell(), X, method=keras.optimizers.SGD(0.3), steps=60, batch_size=4)
    assert not result.converged and np.isnan(result.covariance).all()


def test_the_seed_is_the_order(tmp_path):
    def fitted(seed, steps=30, **options):
        with pytest.warns(mlefit.FitWarning):
            found = mlefit.fit(
                Bell(), X, method=keras.optimizers.SGD(0.3), steps=steps, batch_size=4, seed=seed, **options
            )
        return found.history.tolist(), found.estimates

    whole = fitted(1)
    assert whole == fitted(1) and whole != fitted(2)
    fitted(1, 11, checkpoint=tmp_path / "run")
    assert fitted(1, checkpoint=tmp_path / "run") == whole
    with pytest.raises(ValueError, match="it has seed 1, this one has 2"):
        mlefit.fit(
            Bell(),
            X,
            method=keras.optimizers.SGD(0.3),
            steps=30,
            batch_size=4,
            seed=2,
            checkpoint=tmp_path / "run",
        )


def test_refusals():
    for method in ("auto", "newton", "least-squares"):
        with pytest.raises(ValueError, match="batch_size is for a keras optimizer as method"):
            mlefit.fit(mlefit.Gaussian(), X, method=method, batch_size=5)
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        mlefit.fit(Bell(), X, method=keras.optimizers.SGD(0.1), steps=5, batch_size=0)
