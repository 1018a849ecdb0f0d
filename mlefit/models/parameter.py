"""A parameter of a model: moved on an unconstrained scale, read on the natural one."""

from collections import namedtuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from mlefit import checks

Transform = namedtuple("Transform", "natural unconstrained slope in_numpy")
# The natural value, its unconstrained form, the slope of the first by the second, as a function of it, and
# the natural value once more, of a NumPy number.
TRANSFORMS = {
    "real": Transform(lambda theta: theta, lambda value: value, np.ones_like, lambda theta: theta),
    "positive": Transform(keras.ops.exp, np.log, lambda value: value, np.exp),
    "unit": Transform(
        keras.ops.sigmoid,
        lambda value: np.log(value) - np.log1p(-value),
        lambda value: value * (1 - value),
        lambda theta: np.exp(-np.logaddexp(0.0, -theta)),
    ),
}


class Parameter:
    """One parameter of a model, made by `Model.parameter`: call it for its value on the natural scale.

    Attributes:
        name, support: as given to `Model.parameter`.
        variable: the float64 Keras variable behind it, unconstrained: the value, its logarithm or its logit.
        entries: what the entries of a vector are called, as in `slope[age]`; None for their numbers.

    Examples:
        >>> from mlefit import Model
        >>> rate = Model().parameter("rate", 2.0, support="positive")
        >>> float(rate()), round(float(rate.variable.numpy()), 4)
        (2.0, 0.6931)
        >>> rate.assign(0.5)
        >>> rate
        <Parameter rate, positive, 0.5>
    """

    def __init__(self, name: str, variable: keras.Variable, support: str) -> None:
        self.name, self.variable, self.support = name, variable, support
        self.entries = None

    def __call__(self) -> tf.Tensor:
        """Return the value on the natural scale: a float64 tensor, differentiable in `variable`."""
        return TRANSFORMS[self.support].natural(tf.convert_to_tensor(self.variable))

    def numpy(self) -> float | np.ndarray:
        """Return the value on the natural scale: a float for a scalar parameter, else an array."""
        value = self().numpy()
        return float(value) if value.ndim == 0 else value

    def assign(self, value: ArrayLike) -> None:
        """Set the value on the natural scale; a ValueError if outside the support or of another shape."""
        start = unconstrained(self.name, value, self.support)
        if start.shape != tuple(self.variable.shape):
            raise ValueError(f"{self.name} has shape {tuple(self.variable.shape)}, got shape {start.shape}")
        self.variable.assign(start)

    def names(self) -> list[str]:
        """Return one name for each scalar."""
        shape = tuple(self.variable.shape)
        return [f"{self.name}[{i}]" for i in self.entries or range(shape[0])] if shape else [self.name]

    def __repr__(self) -> str:
        return f"<Parameter {self.name}, {self.support}, {self.numpy()}>"


def unconstrained(name: str, value: ArrayLike, support: str) -> np.ndarray:
    """Return `value` on the unconstrained scale in float64, or raise an error that names the argument."""
    value = checks.real_array(name, value)
    if value.ndim > 1 or value.size == 0:
        raise ValueError(f"{name} must be a number or a vector, got shape {value.shape}")
    if support != "real":
        checks.require_domain(name, value, support)
    return np.asarray(TRANSFORMS[support].unconstrained(value))
