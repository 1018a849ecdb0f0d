"""Models: Keras layers that know their log-density.

Parameters move on an unconstrained scale, where a solver may take any step, and are read on the natural one.
"""

import inspect
from collections import namedtuple

import keras
import numpy as np
import tensorflow as tf

from mlefit import checks, densities

_Transform = namedtuple("_Transform", "natural unconstrained")
_TRANSFORMS = {
    "real": _Transform(lambda theta: theta, lambda value: value),
    "positive": _Transform(keras.ops.exp, np.log),
    "unit": _Transform(keras.ops.sigmoid, lambda value: np.log(value) - np.log1p(-value)),
}


class Parameter:
    """One parameter of a model, made by `Model.parameter`: call it for its value on the natural scale.

    Attributes:
        name, support: as given to `Model.parameter`.
        variable: the float64 Keras variable behind it, unconstrained: the value, its logarithm or its logit.

    Examples:
        >>> rate = Model().parameter("rate", 2.0, support="positive")
        >>> float(rate()), round(float(rate.variable.numpy()), 4)
        (2.0, 0.6931)
        >>> rate.assign(0.5)
        >>> rate
        <Parameter rate, positive, 0.5>
    """

    def __init__(self, name, variable, support):
        self.name, self.variable, self.support = name, variable, support

    def __call__(self):
        """Return the value on the natural scale: a float64 tensor, differentiable in `variable`."""
        return _TRANSFORMS[self.support].natural(tf.convert_to_tensor(self.variable))

    def numpy(self):
        """Return the value on the natural scale: a float for a scalar parameter, else an array."""
        value = self().numpy()
        return float(value) if value.ndim == 0 else value

    def assign(self, value):
        """Set the value on the natural scale; a ValueError if outside the support or of another shape."""
        start = _unconstrained(self.name, value, self.support)
        if start.shape != tuple(self.variable.shape):
            raise ValueError(f"{self.name} has shape {tuple(self.variable.shape)}, got shape {start.shape}")
        self.variable.assign(start)

    def __repr__(self):
        return f"<Parameter {self.name}, {self.support}, {self.numpy()}>"


class Model(keras.layers.Layer):
    """A Keras layer that knows its log-density: the base class for a model of your own.

    A subclass makes its parameters in `__init__` and defines `log_prob`. Everything is float64, so take
    constants from `math` or NumPy: `keras.ops.log(2.0)` is float32.

    Examples:
        >>> class Exponential(Model):
        ...     def __init__(self, rate=1.0):
        ...         super().__init__()
        ...         self.rate = self.parameter("rate", rate, support="positive")
        ...     def log_prob(self, x):
        ...         return keras.ops.log(self.rate()) - self.rate() * x
        >>> model = Exponential(rate=2.0)
        >>> model.values
        {'rate': 2.0}
        >>> round(float(model.nll([0.5, 1.0, 1.5])), 4)
        1.3069
    """

    def __init__(self, name=None):
        super().__init__(name=name, dtype="float64")
        self.parameters = {}

    def parameter(self, name, value, support="real"):
        """Return a new `Parameter` of this model; its variable joins the layer's `trainable_variables`.

        Args:
            name: a Python identifier, unique in the model.
            value: where it starts, on the natural scale: a number, or a vector of shape `(k,)`.
            support: `"real"`, `"positive"` (moves as its logarithm) or `"unit"` (in (0, 1), as its logit).

        Raises:
            TypeError, ValueError: for a name taken or no identifier, an unknown support, a value outside it.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"name must be an identifier such as 'rate', got {name!r}")
        if name in self.parameters:
            raise ValueError(f"the model has a parameter {name!r} already: names must be unique")
        if support not in _TRANSFORMS:
            raise ValueError(f"support must be one of {', '.join(map(repr, _TRANSFORMS))}, got {support!r}")
        start = _unconstrained(name, value, support)
        # Through the initializer, not by assign: inside a tf.function an assign would run again at each call.
        variable = self.add_weight(
            shape=start.shape, initializer=lambda *_, **__: tf.constant(start), dtype="float64", name=name
        )
        self.parameters[name] = Parameter(name, variable, support)
        return self.parameters[name]

    @property
    def values(self):
        """The parameters on the natural scale: a dict from name to float, or to array of shape `(k,)`."""
        return {name: parameter.numpy() for name, parameter in self.parameters.items()}

    def log_prob(self, *data):
        """Return one log-density for each observation, shape `(n,)`; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} must define log_prob: one value an observation")

    def nll(self, *data):
        """Return the mean negative log-likelihood, in nats an observation: a scalar float64 tensor.

        Args:
            *data: what `log_prob` takes, in its order: array-likes or tensors of shape `(n,)` or `(n, k)`.
                Tensors are not searched for NaN, so inside a training loop they are the faster choice.

        Raises:
            TypeError, ValueError: for data not real, empty, not finite, masked, or of different lengths, and
                if `log_prob` does not return one value for each observation.
        """
        arguments = inspect.signature(self.log_prob).parameters.values()
        names = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
        names += [f"data[{i}]" for i in range(len(names), len(data))]
        data = _rows(**dict(zip(names, data, strict=False)))
        terms = tf.convert_to_tensor(self.log_prob(*data.values()))
        if any(not terms.shape.is_compatible_with(values.shape[:1]) for values in data.values()):
            given = ", ".join(f"{name} of shape {tuple(values.shape)}" for name, values in data.items())
            raise ValueError(
                "log_prob must return one log-density for each observation, shape (n,), "
                f"got shape {tuple(terms.shape)} from {given}"
            )
        return -keras.ops.mean(keras.ops.cast(terms, "float64"))


class Gaussian(Model):
    """Independent observations of one Gaussian, `x_i ~ N(mean, stddev^2)`.

    Parameters: `mean` (real) and `stddev` (positive), in the units of x. The numbers given are where they
    start: a TypeError if they are not real numbers, a ValueError if not finite or `stddev` not positive.

    Examples:
        >>> model = Gaussian(mean=1.0, stddev=2.0)
        >>> model.log_prob([1.0, 3.0]).numpy().round(4).tolist()
        [-1.6121, -2.1121]
    """

    def __init__(self, mean=0.0, stddev=1.0):
        super().__init__()
        self.mean = self.parameter("mean", checks.real_number("mean", mean))
        self.stddev = self.parameter("stddev", checks.real_number("stddev", stddev), support="positive")

    def log_prob(self, x):
        """Return the log-density of each observation: x of shape `(n,)` to a float64 tensor `(n,)`."""
        return densities.gaussian(x, self.mean(), self.stddev())


class LinearRegression(Model):
    """A straight line with Gaussian noise, `y_i ~ N(intercept + slope . x_i, stddev^2)`; call it to predict.

    Parameters, in this order: `slope`, shape `()` for x of shape `(n,)` and `(k,)` for x of shape `(n, k)`,
    in units of y over units of x; `intercept`, unless left out, and `stddev` (positive), in units of y. They
    are made at the first call, from the shape of x, and start at 0, 0 and 1.

    Args:
        intercept: whether the line has one; without it, it passes through the origin.

    Examples:
        >>> model = LinearRegression()
        >>> model.log_prob([0.0, 1.0], [0.0, 2.0]).numpy().round(4).tolist()
        [-0.9189, -2.9189]
        >>> model.slope.assign(2.0)
        >>> model([0.0, 1.0]).numpy().tolist()
        [0.0, 2.0]
    """

    def __init__(self, intercept=True):
        super().__init__()
        self.has_intercept = bool(intercept)

    def build(self, input_shape):
        self.slope = self.parameter("slope", np.zeros(input_shape[1:]))
        if self.has_intercept:
            self.intercept = self.parameter("intercept", 0.0)
        self.stddev = self.parameter("stddev", 1.0, support="positive")

    def __call__(self, x):
        """Return the prediction for x of shape `(n,)` or `(n, k)`: a float64 tensor `(n,)`, in units of y."""
        if not isinstance(x, keras.KerasTensor):
            x = _rows(x=x)["x"]  # Keras alone would take masked entries and NaN without a word.
        if self.built and tuple(x.shape[1:]) != tuple(self.slope.variable.shape):
            wanted = ", ".join(["n", *map(str, self.slope.variable.shape)])
            raise ValueError(f"x must have shape ({wanted}) as at the first call, got {tuple(x.shape)}")
        return super().__call__(x)

    def call(self, x):
        line = x * self.slope() if len(x.shape) == 1 else keras.ops.matmul(x, self.slope())
        return line + self.intercept() if self.has_intercept else line

    def log_prob(self, x, y):
        """Return the log-density of each y_i given x_i, a float64 tensor `(n,)`.

        Args:
            x: predictors, shape `(n,)` or `(n, k)`.
            y: responses, shape `(n,)`.

        Raises:
            TypeError, ValueError: for data not real, empty, not finite, masked, or of different lengths.
        """
        x, y = _rows(x=x, y=y).values()
        if len(y.shape) != 1:
            raise ValueError(f"y must have shape (n,), got shape {tuple(y.shape)}")
        return densities.gaussian(y, self(x), self.stddev())


def _unconstrained(name, value, support):
    value = checks.real_array(name, value)
    if value.ndim > 1 or value.size == 0:
        raise ValueError(f"{name} must be a number or a vector, got shape {value.shape}")
    checks.tensors({} if support == "real" else {name: support}, **{name: value})
    return np.asarray(_TRANSFORMS[support].unconstrained(value))


def _rows(**named):
    """Like `checks.observations`, for tensors too, and `(n, 1)` may stand beside `(n,)`: one predictor."""
    tensors, arrays = {}, {}
    for name, values in named.items():
        if keras.ops.is_tensor(values):
            tensors[name] = tf.convert_to_tensor(*checks.tensors(**{name: values}))
        else:
            arrays[name] = values if hasattr(values, "shape") else checks.real_array(name, values)
    columns = {name: np.squeeze(v, 1) if tuple(v.shape[1:]) == (1,) else v for name, v in arrays.items()}
    for (name, values), checked in zip(arrays.items(), checks.observations(**columns), strict=True):
        tensors[name] = tf.constant(checked.reshape(values.shape))
    for name, tensor in tensors.items():
        if tensor.shape.rank not in (1, 2):
            raise ValueError(f"{name} must have shape (n,) or (n, k), got shape {tuple(tensor.shape)}")
    if len({tensor.shape[0] for tensor in tensors.values()} - {None}) > 1:
        found = " and ".join(f"{name} has shape {tuple(tensors[name].shape)}" for name in named)
        raise ValueError(f"{found}: they must have the same length")
    return {name: tensors[name] for name in named}
