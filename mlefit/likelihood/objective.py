"""A model and its data as one function of a flat vector: value, gradient and Hessian, block by block.

The program that computes a block is traced once for each kind of model and serves all models of that kind, so
it may be stale: what `log_prob` reads besides its arguments may have changed since. Its results are therefore
held against the caller's own model, beside the start and where a solver stopped; where observations
are many, on some thousand of them, evenly spaced. Memory stays at a few blocks.
"""

import copy
import math

import numpy as np
import tensorflow as tf

from mlefit.likelihood import blocks
from mlefit.likelihood.program import Program, at, differences, kind

_GRAPH = 65_536  # rows up to which a graph, soon traced, computes all of them at once
_BLOCK = 262_144  # rows at most handed over at a time beyond, where compiling to machine code pays
_ROWS = 4096  # rows of those computed at a time: what is held of them stays in the cache
_SAMPLE = 16_384  # rows that tell enough of many more
_FEW = 4096  # rows that the caller's own model is asked about, operation by operation
_ALIGNED = 64  # bytes, as TensorFlow expects of memory
_PROGRAMS = {}  # those traced so far, latest last
_KEPT = 64


class Objective:
    """The mean negative log-likelihood of data under a model, as a function of the unconstrained vector.

    Args:
        model: a built `Model`; its variables are never changed.
        data: tuple of float64 arrays, `(n,)` or `(n, k)`.
        start: point `(p,)` at which the log-density of every observation is finite.

    Attributes:
        few: the data, or some thousand rows of them, evenly spaced.

    Raises:
        ValueError: if `log_prob` gives other values for the same arguments, or cannot be traced.
    """

    def __init__(self, model, data, start):
        self.model, self.data, self.nobs = model, data, len(data[0])
        self._size, self._held, self._samples = len(start), None, {}
        self.few = _spaced(data, _FEW)
        padded = _BLOCK if self.nobs > _GRAPH else 1 << max(4, (self.nobs - 1).bit_length())
        choices = [(padded, False, False), (padded, True, False), (self.nobs, True, True)]
        aside, own, failure = start, None, None
        try:
            aside, own = self._beside(start)
            if self._mixes(aside, own):
                choices = choices[-1:]
        except Exception:  # It may need all the rows.
            choices = choices[-1:]
        for self._block, fresh, self._whole in choices:
            if self._whole and (own is None or self.few is not data):
                self.few, own = data, self.terms(aside, data)
            try:
                self._find_program(fresh)
                found, mean = self.sample(_FEW)(aside)[0], -float(np.mean(own))
            except Exception as error:
                failure = error
                continue
            if _same(found, mean, 1e-10 * (1 + abs(mean))):
                return
            failure = f"got {found} and then {mean} for the mean negative log-likelihood at the same point"
        if isinstance(failure, Exception):
            raise ValueError(
                f"log_prob could not be traced by TensorFlow; write it in keras.ops: {failure}"
            ) from failure
        raise ValueError(f"log_prob must return the same values whenever it is called, {failure}")

    many = _GRAPH  # observations beyond which samples lead the way sooner
    sizes = _FEW, _SAMPLE  # of those

    @property
    def exact(self):
        """Whether the Hessian is exact, not a difference of gradients."""
        return self._program.exact

    def __call__(self, point):
        """Return the mean negative log-likelihood, its gradient `(p,)` and its Hessian `(p, p)`."""
        value, gradient, hessian = (-total / self.nobs for total in self._summed(self._program.sums, point))
        return float(value), gradient, 0.5 * hessian + 0.5 * hessian.T

    def gradient(self, point):
        """Return the gradient `(p,)` alone, which takes less than half the time."""
        return -self._summed(self._program.slope, point) / self.nobs

    def scores(self, point):
        """Yield the gradients of the log-densities of observations, block by block, each `(m, p)`."""
        rows = self.nobs if self._whole else _SAMPLE
        for low in range(0, self.nobs, rows):
            block = [tf.constant(values[low : low + rows]) for values in self.data]
            yield self._scores(point, block)

    def sample(self, size=_SAMPLE):
        """Return the same function of `size` observations, evenly spaced, or itself if it has few more."""
        if self.nobs < 2 * size or self._whole:
            return self
        if size not in self._samples:
            self._samples[size] = part = copy.copy(self)
            part.data, part.nobs, part._held = _spaced(self.data, size), size, None
        return self._samples[size]

    def terms(self, point, data):
        """Return the log-density of other data of the same kind under the caller's own model."""
        return at(self.model, point, *map(tf.constant, data)).numpy()

    def confirmed(self, point, spread):
        """Whether the program computed what the caller's own model means, near where a solver stopped.

        Args:
            point: where it stopped, `(p,)`.
            spread: of the estimates about it, `(p,)`: a step by it makes the value tell of the curvature.
        """
        if self._fresh:
            return True
        there = point + _signs(point) * np.where(np.isfinite(spread), spread, 0.1)
        terms, found = self.terms(there, self.few), self.sample(_FEW)(there)[0]
        return _same(found, -float(np.mean(terms)), 1e-12 * (1 + np.mean(np.abs(terms))))

    def retrace(self):
        """Trace a new program from the caller's own model."""
        self._find_program(fresh=True)

    def _find_program(self, fresh):
        self._held, self._samples = None, {}
        self._rows = self._block if self._whole or self._block < _BLOCK else _ROWS
        shapes = tuple(values.shape[1:] for values in self.data)
        xla = self.nobs > _GRAPH
        key = (kind(self.model), shapes, self._block, self._rows, xla)
        self._fresh = fresh or key not in _PROGRAMS
        if self._fresh:
            _PROGRAMS.pop(key, None)
            specs = [tf.TensorSpec((self._block, *shape), tf.float64) for shape in shapes]
            _PROGRAMS[key] = Program(self.model, self._size, specs, self._rows, xla)
        self._program = _PROGRAMS[key] = _PROGRAMS.pop(key)  # to the end: the latest used
        while len(_PROGRAMS) > _KEPT:
            del _PROGRAMS[next(iter(_PROGRAMS))]

    def _beside(self, start):
        """A point beside the start, where no parameter is 0 and hides what it multiplies; the terms there."""
        away = _signs(start) * (1 + np.abs(start))
        for point in (start + 0.3 * away, start + 0.01 * away, start):
            terms = self.terms(point, self.few)
            if np.isfinite(terms).all():
                break
        return point, terms

    def _mixes(self, point, terms):
        """Whether `log_prob` looks beyond an observation: at others, or at an array with a row for each."""
        if self.few is self.data:
            return False  # Then one block holds all of them, and the value tells.
        # The lower half of a column has neither its largest value nor its mean, nor neighbours in order.
        rows = np.arange(len(terms))
        for values in self.few:
            first = values.reshape(len(values), -1)[rows, 0]
            half = (len(rows) + 1) // 2
            rows = rows[np.argpartition(first, half - 1)[:half]]
        alone = self.terms(point, [values[rows[::2]] for values in self.few])
        return not np.allclose(terms[rows[::2]], alone, rtol=1e-9, atol=1e-9, equal_nan=True)

    def _summed(self, function, point):
        """A function of a point and a block, summed over the data."""
        if self._rows < self._block and self.nobs > self._block // 2:
            pairs = -(-self.nobs // (2 * self._block))
            share = -(-self.nobs // (2 * pairs))  # even, so that two cores end together
            lows = range(0, self.nobs, share)
            return blocks.summed(lambda low: function(point, *self._padded(low, share)), lows)
        self._held = self._held or self._padded(0, self._block)
        return function(point, *self._held)

    def _padded(self, low, rows):
        """How many rows of a block count, and the block: its last row repeated where more are computed."""
        part = [values[low : low + rows] for values in self.data]
        count = len(part[0])
        end = -(-count // self._rows) * self._rows
        return tf.constant(count), [_tensor(values, self._block, end) for values in part]

    def _scores(self, point, block):
        # The gradient of a weighted sum is linear in the weights: its slopes by them are the scores.
        point, weights = tf.constant(point), tf.ones(len(block[0]), tf.float64)
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(weights)
            with tf.GradientTape() as inner:
                inner.watch(point)
                total = tf.reduce_sum(weights * at(self.model, point, *block))
            slopes = tf.unstack(inner.gradient(total, point, unconnected_gradients="zero"))
        try:
            columns = [outer.gradient(slope, weights, unconnected_gradients="zero") for slope in slopes]
        except LookupError:  # An operation without a second derivative.
            columns = differences(lambda there: self.terms(there, block), point.numpy())
        return np.stack(columns, axis=1)


def _tensor(values, rows, end):
    """A tensor of so many rows: the values, the last of them up to row `end`, and anything.

    `tf.constant` would copy twice, also what nobody reads, and memory that is touched for the first time may
    cost more than computing on it.
    """
    size = rows * math.prod(values.shape[1:])
    space = np.empty(size + _ALIGNED // 8)
    first = -space.ctypes.data % _ALIGNED // 8
    array = space[first : first + size].reshape(rows, *values.shape[1:])
    array[: len(values)], array[len(values) : end] = values, values[-1:]
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def _signs(point):
    """Plus and minus one in turn, so that no two neighbours' changes cancel."""
    return np.where(np.arange(len(point)) % 2, -1.0, 1.0)


def _same(found, own, tolerance):
    """Whether a value is one's own, to rounding; what is not finite there will show elsewhere."""
    return not np.isfinite(own) or abs(found - own) <= tolerance


def _spaced(data, size):
    """`size` rows of the data, evenly spaced, or all of them if there are few more."""
    step = len(data[0]) // size
    return data if step <= 1 else tuple(np.ascontiguousarray(values[::step][:size]) for values in data)
