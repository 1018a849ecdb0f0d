"""What can be fitted: a model and its parameters, the Gaussian, the regressions; a family a file.

A model says what its log-density is, and by which routes it may be fitted; it knows nothing of how. This room
imports `densities`, `columns` and `checks`.
"""

from mlefit.models.binomial import BinomialRegression
from mlefit.models.gaussian import Gaussian
from mlefit.models.linear import LinearRegression
from mlefit.models.logistic import LogisticRegression
from mlefit.models.model import Model
from mlefit.models.negative_binomial import NegativeBinomial, NegativeBinomialRegression
from mlefit.models.nonlinear import NonlinearRegression
from mlefit.models.parameter import Parameter
from mlefit.models.poisson import PoissonRegression
from mlefit.models.softmax import SoftmaxRegression
from mlefit.models.survival import SurvivalRegression

__all__ = [
    "BinomialRegression",
    "Gaussian",
    "LinearRegression",
    "LogisticRegression",
    "Model",
    "NegativeBinomial",
    "NegativeBinomialRegression",
    "NonlinearRegression",
    "Parameter",
    "PoissonRegression",
    "SoftmaxRegression",
    "SurvivalRegression",
]
