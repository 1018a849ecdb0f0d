"""Models: Keras layers that know their log-density.

Parameters move on an unconstrained scale, where a solver may take any step, and are read on the natural one.
"""

import contextlib
import inspect
from collections.abc import Generator, Mapping, Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from mlefit import columns
from mlefit.checks import Array, Data
from mlefit.models import copies, supports
from mlefit.models.parameter import Parameter, unconstrained

# What a subclass may define anew; the rest of Model, and what Keras makes of a layer, is read by name.
BY_PYTHON = {"__doc__", "__module__", "__qualname__", "__annotations__"}
BY_PYTHON |= {"__firstlineno__", "__static_attributes__"}  # written into every class from Python 3.13 on
BY_PYTHON |= {"__annotate__", "__annotate_func__", "__annotations_cache__"}  # from Python 3.14 on
_FREE = BY_PYTHON | {"__init__", "__call__", "log_prob", "log_prior", "simulate", "cdf"}


class Model(keras.layers.Layer):
    """A Keras layer that knows its log-density: the base class for a model of your own.

    A subclass makes its parameters in `__init__` and defines `log_prob`. Everything is float64, so take
    constants from `math` or NumPy: `keras.ops.log(2.0)` is float32. Other methods and attributes may have any
    name but those of `Model` and of the properties of a Keras layer: a TypeError says which is taken.

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

    def __init_subclass__(cls, routes: tuple[str, ...] = (), link: str | None = None, **kwargs: Any) -> None:
        """Check a new class of models.

        Args:
            routes: by which special routes its log-density may be fitted, the best first, as `mlefit.routes`
                names them. They hold for this class, not for its children, whose log-density may differ.
            link: of the mean of y to the predictor, for regressions.
        """
        super().__init_subclass__(**kwargs)
        cls.__routes = tuple(routes)
        if link is not None:
            cls.__link = link
        for name in () if cls.__module__.startswith("mlefit.models.") else vars(cls):
            _require_free(name, f"class {cls.__name__}")
        before = cls.__mro__[: cls.__mro__.index(Model)]
        for mixin in (kind for kind in before if not issubclass(kind, Model)):
            for name in (name for name in vars(mixin) if not name.startswith("__")):
                _require_free(name, f"{mixin.__name__}, before a Model in {cls.__name__},")

    __routes: tuple[str, ...] = ()
    __link: str | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        model = super().__new__(cls, *args, **kwargs)
        object.__setattr__(model, "_Model__made", (args, kwargs))  # from which a copy is made
        return model

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name, dtype="float64")
        self.parameters: dict[str, Parameter] = {}
        self._unconstrained = []  # Keras tracks the variables that are put here.

    def __setattr__(self, name: str, value: Any) -> None:
        if "parameters" in vars(self) and (name == "parameters" or name in vars(Model)):
            _require_free(name, type(self).__name__)
        super().__setattr__(name, value)

    def parameter(
        self, name: str, value: ArrayLike, support: str | Sequence[float | None] = "real"
    ) -> Parameter:
        """Return a new `Parameter` of this model; its variable joins the layer's `trainable_variables`.

        Args:
            name: a Python identifier, unique in the model.
            value: where it starts, on the natural scale: a number, a vector `(k,)` or a matrix `(j, k)`.
            support: `"real"`, `"positive"` (moves as its logarithm), `"unit"` (in (0, 1), as its logit), or
                another open interval `(low, high)`, with None where it has no end: `(-1, 1)`, `(None, 3.0)`.

        Raises:
            TypeError, ValueError: for a name taken or no identifier, an unknown support, a value outside it.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"name must be an identifier such as 'rate', got {name!r}")
        if name in self.parameters:
            raise ValueError(f"the model has a parameter {name!r} already: names must be unique")
        interval = supports.support(support)
        start = unconstrained(name, value, interval)
        # Through the initializer, not by assign: inside a tf.function an assign would run again at each call.
        # Not by add_weight: under the layer's own name TensorFlow compiles a kernel anew for each variable.
        with tf.name_scope(""):
            variable = keras.Variable(
                lambda *_, **__: tf.constant(start), shape=start.shape, dtype="float64", name=name
            )
        self._unconstrained.append(variable)
        self.parameters[name] = Parameter(name, variable, interval)
        return self.parameters[name]

    @property
    def values(self) -> dict[str, float | np.ndarray]:
        """The parameters on the natural scale: a dict from name to float, or to array of shape `(k,)`."""
        return {name: parameter.numpy() for name, parameter in self.parameters.items()}

    def log_prob(self, *data: Any, **named: Any) -> tf.Tensor:
        """Return one log-density for each observation, `(n,)`; a subclass defines it, and its arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define log_prob: one value an observation")

    def log_prior(self) -> tf.Tensor | float:
        """Return the log-density of a prior at the parameters, one number; a subclass may define it.

        `fit` then maximises log-likelihood and log-prior together: the result is MAP, the mode of the
        posterior. The density is of the parameters on their natural scale, as the model reads them: no
        Jacobian of the unconstrained scale is added. So it is the mode for these parameters; another scale,
        such as the logarithm of one, has another mode. Without a definition it is 0, and the fit is by
        likelihood alone.

        Examples:
            >>> import mlefit
            >>> class Ridge(mlefit.LogisticRegression):
            ...     def log_prior(self):
            ...         return -0.5 * keras.ops.square(self.slope() / 2.0)  # slope ~ N(0, 2^2)
            >>> result = mlefit.fit(Ridge(), [0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1])  # separated, with a mode
            >>> round(result.estimates["slope"], 3), result.method
            (1.846, 'MAP, Newton')
        """
        return 0.0

    def simulate(self, rng: np.random.Generator, *data: Any, **named: Any) -> tuple[np.ndarray, ...]:
        """Return the data with the responses drawn anew from the model; a subclass may define it.

        `result.bootstrap` needs it. What is given (predictors, exposures) is returned as it came.

        Args:
            rng: the source of randomness, a NumPy `Generator`.
            *data: the arguments of `log_prob`, float64 arrays `(n,)` or `(n, k)`.

        Returns:
            A tuple of arrays, of the shapes of the data.

        Examples:
            >>> class Exponential(Model):
            ...     def __init__(self):
            ...         super().__init__()
            ...         self.rate = self.parameter("rate", 1.0, support="positive")
            ...     def log_prob(self, x):
            ...         return keras.ops.log(self.rate()) - self.rate() * x
            ...     def simulate(self, rng, x):
            ...         return (rng.exponential(1 / self.rate.numpy(), len(x)),)
            >>> Exponential().simulate(np.random.default_rng(0), np.zeros(2))[0].round(3).tolist()
            [0.68, 1.02]
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define simulate(rng, *data) beside its log_prob: the data with the "
            "responses drawn anew"
        )

    def cdf(self, *data: Any, **named: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the probability below each response, and up to it; a subclass may define it.

        `mlefit.plot.quantiles` needs it. For a continuous response the two are the same.

        Args:
            *data: the arguments of `log_prob`, float64 arrays `(n,)` or `(n, k)`.

        Returns:
            `P(Y < y_i)` and `P(Y <= y_i)`, two arrays `(n,)`.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define cdf(*data) beside its log_prob: P(Y < y) and P(Y <= y)"
        )

    def nll(self, *data: Data) -> tf.Tensor:
        """Return the mean negative log-likelihood, in nats an observation: a scalar float64 tensor.

        Args:
            *data: what `log_prob` takes, in its order: array-likes or tensors of shape `(n,)` or `(n, k)`.
                Tensors are not searched for NaN, so inside a training loop they are the faster choice.

        Raises:
            TypeError, ValueError: for data not real, empty, not finite, masked, or of different lengths, and
                if `log_prob` does not return one value for each observation.
        """
        named = columns.rows(**dict(zip(argument_names(self, len(data)), arranged(self, data), strict=True)))
        return -keras.ops.mean(terms(self, named))

    def _arranged(self, *data: Any, **named: Any):
        return data

    def __reduce__(self) -> tuple:
        return copies.remade, (type(self), *self.__made), copies.state(self, set(vars(Model())))

    def __setstate__(self, state: dict) -> None:
        copies.restore(self, state)


def arranged(model: Model, data: Sequence[Data]) -> Sequence[Data]:
    """Return the data as they were given, but frames with their columns in the order that a model knows."""
    return type(model)._arranged(model, *data)


def argument_names(model: Model, count: int | None = None) -> list[str]:
    """Return what `log_prob` calls its first so many arguments; those that it names if no count is given."""
    arguments = inspect.signature(model.log_prob).parameters.values()
    names = [a.name for a in arguments if a.kind in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD)]
    return (names + [f"data[{i}]" for i in range(len(names), count or 0)])[:count]


@contextlib.contextmanager
def one_type(name: str) -> Generator[None]:
    """Say plainly what TensorFlow means where a method of this name mixes types of numbers."""
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        if "double tensor" not in str(error) and "float tensor" not in str(error):
            raise
        raise TypeError(
            f"{name} mixes float64 with another type: take constants from math or NumPy, for "
            f"keras.ops.log(2.0) is float32 ({error})"
        ) from None


def terms(model: Model, named: Mapping[str, Array]) -> tf.Tensor:
    """Return `log_prob` of named arrays or tensors, shape `(n,)`; a ValueError if it has another shape."""
    with one_type("log_prob"):
        found = model.log_prob(*map(tf.convert_to_tensor, named.values()))
    if found is None:
        raise ValueError("log_prob must return one log-density for each observation, got None")
    found = tf.convert_to_tensor(found)
    if any(not found.shape.is_compatible_with(values.shape[:1]) for values in named.values()):
        given = ", ".join(f"{name} of shape {tuple(values.shape)}" for name, values in named.items())
        raise ValueError(
            "log_prob must return one log-density for each observation, shape (n,), "
            f"got shape {tuple(found.shape)} from {given}"
        )
    return keras.ops.cast(found, "float64")


def _require_free(name, owner):
    """Raise a TypeError if a subclass would take a name that Model or Keras reads."""
    taken = name in vars(Model) and name not in _FREE and not name.startswith("_Model__")
    taken = taken or name == "parameters"
    if taken or isinstance(getattr(keras.layers.Layer, name, None), property):
        raise TypeError(
            f"{owner} cannot have an attribute {name!r}: Model has that name already; take another"
        )
