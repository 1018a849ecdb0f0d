"""What one kind of model computes on a block of observations, traced once: sum, gradient and Hessian."""

import functools
import threading
import uuid
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlefit.models import flat
from mlefit.models.model import Model
from mlefit.models.parameter import Parameter

_ONE = threading.Lock()
_NOT_SETTINGS = frozenset(vars(keras.layers.Layer())) | {"parameters", "_unconstrained", "_Model__made"}


class Program:
    """The sum of the log-densities of a block, its gradient and its Hessian, each traced when this is made.

    Args:
        model: a built `Model`, the template of its kind.
        size: number of scalar parameters.
        specs: `tf.TensorSpec` of each array of a block.
        rows: how many are computed at a time; a block has a multiple of them.
        xla: whether to compile to machine code: slow to make, fast to run.
        weighted: whether the last array of a block is the weights of its rows.

    It pickles as what it is made of, and is traced anew where it arrives, there once.

    Attributes:
        exact: whether the Hessian is one of automatic differentiation. Where TensorFlow has no second
            derivative of what `log_prob` uses, it is a difference of gradients.
    """

    def __init__(
        self,
        model: Model,
        size: int,
        specs: Sequence[tf.TensorSpec],
        rows: int,
        xla: bool,
        weighted: bool = False,
    ) -> None:
        self.model, self.exact, self._weighted = model, True, weighted
        self._specs = [tf.TensorSpec((size,), tf.float64), tf.TensorSpec((), tf.int32), *specs]
        self._rows, self._xla, self._name = rows, xla, uuid.uuid4().hex
        try:
            self._trace()
        except (LookupError, ValueError, NotImplementedError):
            self.exact = False
            self._trace()

    def sums(self, point: np.ndarray, count: tf.Tensor, block: Sequence[tf.Tensor]) -> list[np.ndarray]:
        """Return the sum over the first `count` rows, its gradient `(p,)` and its Hessian `(p, p)`.

        Of the rows beyond, those that complete a multiple of `rows` are computed too, and must be data.
        """
        parts = self._called(point, count, block)
        return parts if self.exact else [*parts, self._differenced(point, count, block)]

    @functools.cached_property
    def slope(self) -> Callable:
        """A function like `sums`, of the gradient alone: cheaper, for it needs no value. To be asked for once
        `sums` has run."""
        traced = self._traced(self._with_gradient, slice(1, 2))
        return lambda point, count, block: traced(tf.constant(point), count, *block)[0].numpy()

    def difference(self) -> None:
        """Take the Hessian as a difference of gradients from now on."""
        self.exact = False
        self._trace()

    def __reduce__(self) -> tuple:
        made = self.model, self._specs[0].shape[0], self._specs[2:], self._rows, self._xla, self._weighted
        return _arrived, ((self._name, self.exact), *made)

    def _called(self, point, count, block):
        arguments = tf.constant(point), count, *block
        try:
            return [part.numpy() for part in self._run(*arguments)]
        except tf.errors.OpError:  # An operation that XLA does not know, or one without a second derivative.
            if self._xla:
                self._xla = False
            elif self.exact:
                self.exact = False
            else:
                raise
        self._trace()
        return self._called(point, count, block)

    def _trace(self):
        function, kept = (self._with_hessian, slice(3)) if self.exact else (self._with_gradient, slice(2))
        self._run = self._traced(function, kept)

    def _traced(self, function, kept):
        """A graph of some of what a function returns, summed over pieces of a block that has several."""
        size, rows = self._specs[0].shape[0], self._rows
        shapes = [(), (size,), (size, size)][kept]

        def whole(point, count, *block):
            return function(point, count, *block)[kept]

        def pieces(point, count, *block):
            def add(low, totals):
                piece = [tf.slice(v, [low] + [0] * (len(v.shape) - 1), [rows, *v.shape[1:]]) for v in block]
                sums = whole(point, count - low, *piece)
                return low + rows, [a + b for a, b in zip(totals, sums, strict=True)]

            nothing = [tf.zeros(shape, tf.float64) for shape in shapes]
            return tf.while_loop(lambda low, _: low < count, add, (tf.constant(0), nothing))[1]

        traced = tf.function(
            whole if self._specs[2].shape[0] == rows else pieces, autograph=False, jit_compile=self._xla
        )
        return traced.get_concrete_function(*self._specs)

    def _with_gradient(self, point, count, *block):
        with tf.GradientTape() as tape:
            tape.watch(point)
            columns = block[:-1] if self._weighted else block
            terms = flat.log_prob_at(self.model, point, *columns)
            if tuple(terms.shape) != tuple(block[0].shape[:1]):
                raise ValueError(f"log_prob must return shape (n,), got {tuple(terms.shape)}")
            terms = terms * block[-1] if self._weighted else terms
            value = tf.reduce_sum(tf.where(tf.range(terms.shape[0]) < count, terms, 0.0))
        return [value, tape.gradient(value, point, unconnected_gradients="zero")]

    def _with_hessian(self, point, count, *block):
        with tf.GradientTape() as tape:
            tape.watch(point)
            value, gradient = self._with_gradient(point, count, *block)
        return [value, gradient, tape.jacobian(gradient, point, unconnected_gradients="zero")]

    def _differenced(self, point, count, block):
        return np.array(differences(lambda there: self._called(there, count, block)[1], point))


class Latest(dict):
    """What was kept latest, so much at most.

    Examples:
        >>> latest = Latest(2)
        >>> [latest.keep(key, key.upper()) for key in "abac"]
        ['A', 'B', 'A', 'C']
        >>> sorted(latest)
        ['a', 'c']
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def keep(self, key: Hashable, value: Any) -> Any:
        """Keep a value as the latest one, and return it."""
        self.pop(key, None)
        self[key] = value
        while len(self) > self._size:
            del self[next(iter(self))]
        return value


_ARRIVED = Latest(16)  # programs of other processes that were traced here anew


def _arrived(key, *made):
    """The program of another process: the one traced here before, if there is one."""
    with _ONE:
        program = _ARRIVED.get(key) or Program(*made)
        if program.exact and not key[1]:
            program.difference()
        return _ARRIVED.keep(key, program)


def differences(function: Callable[[np.ndarray], np.ndarray], point: np.ndarray) -> list[np.ndarray]:
    """Return central differences of a function of a flat point by its entries: a list of p arrays."""
    slopes = []
    for j, step in enumerate(np.cbrt(np.finfo(float).eps) * (1 + np.abs(point))):
        shift = step * np.eye(len(point))[j]
        above, below = (function(point + side * shift) for side in (1, -1))
        slopes.append((above - below) / (2 * step))
    return slopes


def kind(model: Model) -> tuple[Hashable, ...]:
    """Return what models must share to share a program: class, parameters, and every other setting.

    Settings count by value where they are numbers or text, else by identity.
    """
    parameters = tuple((p.name, tuple(p.variable.shape), p.support) for p in model.parameters.values())
    settings = tuple(
        (name, type(value), value if isinstance(value, bool | int | float | str | None) else id(value))
        for name, value in sorted(vars(model).items())
        if name not in _NOT_SETTINGS and not _is_parameter(value)
    )
    return type(model), parameters, settings


def _is_parameter(value):
    if isinstance(value, list | tuple):
        return all(map(_is_parameter, value))
    return isinstance(value, Parameter)
