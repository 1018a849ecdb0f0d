"""A parameter of a model: moved on an unconstrained scale, read on the natural one."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from mlefit import checks
from mlefit.models.supports import Support, require_inside, said, transform


class Parameter:
    """One parameter of a model, made by `Model.parameter`: call it for its value on the natural scale.

    Attributes:
        name, support: as given to `Model.parameter`; an interval with floats, or a name if it has one.
        variable: the float64 Keras variable behind it, unconstrained: the value, its logarithm or its logit.
        entries: what the entries of a vector or matrix are called, row by row, as in `slope[age]`; None for
            their numbers.

    Examples:
        >>> from mlefit import Model
        >>> rate = Model().parameter("rate", 2.0, support="positive")
        >>> float(rate()), round(float(rate.variable.numpy()), 4)
        (2.0, 0.6931)
        >>> rate.assign(0.5)
        >>> rate
        <Parameter rate, positive, 0.5>
    """

    def __init__(self, name: str, variable: keras.Variable, support: Support) -> None:
        self.name, self.variable, self.support = name, variable, support
        self.entries = None

    def __call__(self) -> tf.Tensor:
        """Return the value on the natural scale: a float64 tensor, differentiable in `variable`."""
        return transform(self.support).natural(tf.convert_to_tensor(self.variable))

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
        entries = self.entries or [", ".join(map(str, place)) for place in np.ndindex(shape)]
        return [f"{self.name}[{entry}]" for entry in entries] if shape else [self.name]

    def __repr__(self) -> str:
        return f"<Parameter {self.name}, {said(self.support)}, {self.numpy()}>"


def unconstrained(name: str, value: ArrayLike, support: Support) -> np.ndarray:
    """Return `value` on the unconstrained scale in float64, or raise an error that names the argument."""
    value = checks.real_array(name, value)
    if value.ndim > 2 or value.size == 0:
        raise ValueError(f"{name} must be a number, a vector or a matrix, got shape {value.shape}")
    require_inside(name, value, support)
    return np.asarray(transform(support).unconstrained(value))
