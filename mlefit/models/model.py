"""Models: Keras layers that know their log-density.

Parameters move on an unconstrained scale, where a solver may take any step, and are read on the natural one.
"""

import inspect

import keras
import numpy as np
import tensorflow as tf

from mlefit import checks, densities
from mlefit.models.parameter import TRANSFORMS, Parameter, unconstrained


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
        self._unconstrained = []  # Keras tracks the variables that are put here.

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
        if support not in TRANSFORMS:
            raise ValueError(f"support must be one of {', '.join(map(repr, TRANSFORMS))}, got {support!r}")
        start = unconstrained(name, value, support)
        # Through the initializer, not by assign: inside a tf.function an assign would run again at each call.
        # Not by add_weight: under the layer's own name TensorFlow compiles a kernel anew for each variable.
        with tf.name_scope(""):
            variable = keras.Variable(
                lambda *_, **__: tf.constant(start), shape=start.shape, dtype="float64", name=name
            )
        self._unconstrained.append(variable)
        self.parameters[name] = Parameter(name, variable, support)
        return self.parameters[name]

    @property
    def values(self):
        """The parameters on the natural scale: a dict from name to float, or to array of shape `(k,)`."""
        return {name: parameter.numpy() for name, parameter in self.parameters.items()}

    def log_prob(self, *data):
        """Return one log-density for each observation, shape `(n,)`; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} must define log_prob: one value an observation")

    def named(self, *data):
        """Return the data, checked, under the names that `log_prob` gives them: a dict of float64 arrays.

        What is a float64 array or a tensor already is not copied.
        """
        arguments = inspect.signature(self.log_prob).parameters.values()
        names = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
        names += [f"data[{i}]" for i in range(len(names), len(data))]
        return checks.rows(**dict(zip(names, data, strict=False)))

    def terms(self, named):
        """Return `log_prob` of data from `named`, shape `(n,)`; a ValueError if it has another shape."""
        try:
            terms = self.log_prob(*map(tf.convert_to_tensor, named.values()))
        except tf.errors.InvalidArgumentError as error:
            if "double tensor" not in str(error) and "float tensor" not in str(error):
                raise
            raise TypeError(
                "log_prob mixes float64 with another type: take constants from math or NumPy, for "
                f"keras.ops.log(2.0) is float32 ({error})"
            ) from None
        if terms is None:
            raise ValueError("log_prob must return one log-density for each observation, got None")
        terms = tf.convert_to_tensor(terms)
        if any(not terms.shape.is_compatible_with(values.shape[:1]) for values in named.values()):
            given = ", ".join(f"{name} of shape {tuple(values.shape)}" for name, values in named.items())
            raise ValueError(
                "log_prob must return one log-density for each observation, shape (n,), "
                f"got shape {tuple(terms.shape)} from {given}"
            )
        return keras.ops.cast(terms, "float64")

    def nll(self, *data):
        """Return the mean negative log-likelihood, in nats an observation: a scalar float64 tensor.

        Args:
            *data: what `log_prob` takes, in its order: array-likes or tensors of shape `(n,)` or `(n, k)`.
                Tensors are not searched for NaN, so inside a training loop they are the faster choice.

        Raises:
            TypeError, ValueError: for data not real, empty, not finite, masked, or of different lengths, and
                if `log_prob` does not return one value for each observation.
        """
        data = self.named(*data)
        return -keras.ops.mean(self.terms(data))


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

    def standardised(self, data):
        """Return the data centred and scaled, and matrix and vector that take the parameters back."""
        (x,) = data
        scale = x.std() or 1.0
        return ((x - x.mean()) / scale,), np.diag([scale, 1.0]), np.array([x.mean(), np.log(scale)])

    def log_prob(self, x):
        """Return the log-density of each observation: x of shape `(n,)` to a float64 tensor `(n,)`."""
        return densities.gaussian(x, self.mean(), self.stddev())
