"""Maximum likelihood with TensorFlow and Keras 3.

Examples:
    >>> import keras
    >>> import mlefit
    >>> import numpy as np
    >>> x = mlefit.data.gaussian(mean=2.0, stddev=1.0, n=1000, seed=0)
    >>> model = mlefit.Gaussian(mean=0.0, stddev=3.0)
    >>> history = mlefit.train(
    ...     lambda: model.nll(x), model.trainable_variables, keras.optimizers.SGD(0.2), steps=300
    ... )
    >>> np.allclose([model.values["mean"], model.values["stddev"]], [x.mean(), x.std()])
    True
"""

from mlefit import data, densities, losses, plot
from mlefit.models import Gaussian, LinearRegression, Model, Parameter
from mlefit.training import DivergenceError, train

__all__ = [
    "DivergenceError",
    "Gaussian",
    "LinearRegression",
    "Model",
    "Parameter",
    "data",
    "densities",
    "losses",
    "plot",
    "train",
]
