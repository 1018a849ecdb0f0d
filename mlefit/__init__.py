"""Maximum likelihood with TensorFlow and Keras 3.

Examples:
    >>> import keras
    >>> import mlefit
    >>> class Exponential(mlefit.Model):
    ...     def __init__(self, rate=1.0):
    ...         super().__init__()
    ...         self.rate = self.parameter("rate", rate, support="positive")
    ...     def log_prob(self, x):
    ...         return keras.ops.log(self.rate()) - self.rate() * x
    >>> result = mlefit.fit(Exponential(), [0.5, 1.0, 1.5, 5.0])
    >>> round(result.estimates["rate"], 4), round(result.standard_errors["rate"], 4)
    (0.5, 0.25)
    >>> low, high = result.interval("rate", method="profile")
    >>> round(low, 3), round(high, 3)
    (0.155, 1.162)
"""

from mlefit import backend

backend.require_tensorflow()

from mlefit import data, densities, losses, plot
from mlefit.descent.history import History
from mlefit.fitting import fit
from mlefit.inference import old
from mlefit.inference.bootstrap import Bootstrap
from mlefit.inference.comparison import Comparison, compare
from mlefit.inference.derived import Derived
from mlefit.inference.result import FitResult
from mlefit.inference.words import FitWarning
from mlefit.models import (
    BinomialRegression,
    ChangingNoiseRegression,
    Gaussian,
    LaplaceRegression,
    LinearRegression,
    LogisticRegression,
    Model,
    NegativeBinomial,
    NegativeBinomialRegression,
    NonlinearRegression,
    Parameter,
    PoissonRegression,
    RobustRegression,
    SoftmaxRegression,
    StudentT,
    SurvivalRegression,
)
from mlefit.resampling import bootstrap
from mlefit.training import DivergenceError, train

old.lead_here()

__all__ = [
    "BinomialRegression",
    "Bootstrap",
    "ChangingNoiseRegression",
    "Comparison",
    "Derived",
    "DivergenceError",
    "FitResult",
    "FitWarning",
    "Gaussian",
    "History",
    "LaplaceRegression",
    "LinearRegression",
    "LogisticRegression",
    "Model",
    "NegativeBinomial",
    "NegativeBinomialRegression",
    "NonlinearRegression",
    "Parameter",
    "PoissonRegression",
    "RobustRegression",
    "SoftmaxRegression",
    "StudentT",
    "SurvivalRegression",
    "bootstrap",
    "compare",
    "data",
    "densities",
    "fit",
    "losses",
    "plot",
    "train",
]
