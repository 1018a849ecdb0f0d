"""A model and its data as one function of a flat vector: value, gradient and Hessian, block by block.

The program that computes a block is traced once for each kind of model and serves all models of that kind, so
it may be stale: what `log_prob` reads besides its arguments may have changed since. Its results are therefore
held against the caller's own model, at the start, beside it and where a solver stopped; where observations
are many, on some thousand of them, evenly spaced. Memory stays at a few blocks.
"""

import copy

import numpy as np
import tensorflow as tf

from mlefit.program import Program, at, differences, kind

_GRAPH = 65_536  # rows up to which a graph, soon traced, computes all of them at once
BLOCK = 32_768  # rows of a block beyond, where compiling to machine code pays: they stay in the cache
_FEW = 4096  # rows that the caller's own model is asked about, operation by operation
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
        self._start = start
        self.few = _spaced(data, _FEW)
        padded = BLOCK if self.nobs > _GRAPH else 1 << max(4, (self.nobs - 1).bit_length())
        choices = [(padded, False, False), (padded, True, False), (self.nobs, True, True)]
        self._aside = self._beside(start)
        if self._mixes():
            choices, self.few = choices[-1:], data
        failure = None
        for self._rows, fresh, self._whole in choices:
            try:
                self._find_program(fresh)
                values = [self._both(point) for point in (start, self._aside)]
            except Exception as error:
                failure = error
                continue
            if all(_same(found, own) for found, own in values):
                return
            found, own = next(pair for pair in values if not _same(*pair))
            failure = f"got {found} and then {own} for the mean negative log-likelihood at the same point"
        if isinstance(failure, Exception):
            raise ValueError(
                f"log_prob could not be traced by TensorFlow; write it in keras.ops: {failure}"
            ) from failure
        raise ValueError(f"log_prob must return the same values whenever it is called, {failure}")

    @property
    def exact(self):
        """Whether the Hessian is exact, not a difference of gradients."""
        return self._program.exact

    def __call__(self, point):
        """Return the mean negative log-likelihood, its gradient `(p,)` and its Hessian `(p, p)`."""
        totals = self._block(point, 0)
        for low in range(self._rows, self.nobs, self._rows):
            totals = [a + b for a, b in zip(totals, self._block(point, low), strict=True)]
        value, gradient, hessian = (-total / self.nobs for total in totals)
        return float(value), gradient, 0.5 * hessian + 0.5 * hessian.T

    def scores(self, point):
        """Yield the gradients of the log-densities of observations, block by block, each `(m, p)`."""
        for low in range(0, self.nobs, self._rows):
            block = [tf.constant(values[low : low + self._rows]) for values in self.data]
            yield self._scores(point, block)

    def sample(self, size=BLOCK):
        """Return the same function of `size` observations, evenly spaced, or itself if it has few more."""
        return self if self.nobs < 2 * size or self._whole else self._of(_spaced(self.data, size))

    def terms(self, point, data):
        """Return the log-density of other data of the same kind under the caller's own model."""
        return at(self.model, tf.constant(point), *map(tf.constant, data)).numpy()

    def confirmed(self, point, spread):
        """Whether the program computed what the caller's own model means, near where a solver stopped.

        Args:
            point: where it stopped, `(p,)`.
            spread: of the estimates about it, `(p,)`: a step by it makes the gradient tell of the curvature.
        """
        if self._fresh:
            return True
        there = point + _signs(point) * np.where(np.isfinite(spread), spread, 0.1)
        value, gradient, _ = self._of(self.few)(there)
        own_value, own_gradient = self._own_value_and_gradient(there)
        if np.isnan(value) and np.isnan(own_value):
            return True
        size = 1e-6 * np.abs(own_gradient) + 1e-8 * (np.abs(own_gradient).max() + 1e-3 * (1 + abs(own_value)))
        close = abs(value - own_value) <= 1e-8 * (1 + abs(own_value))
        return close and bool((np.abs(gradient - own_gradient) <= size).all())

    def retrace(self):
        """Trace a new program from the caller's own model."""
        self._find_program(fresh=True)

    def _find_program(self, fresh):
        shapes = tuple(values.shape[1:] for values in self.data)
        xla = self.nobs > _GRAPH
        key = (kind(self.model), shapes, self._rows, xla)
        self._fresh = fresh or key not in _PROGRAMS
        if self._fresh:
            _PROGRAMS.pop(key, None)
            specs = [tf.TensorSpec((self._rows, *shape), tf.float64) for shape in shapes]
            _PROGRAMS[key] = Program(self.model, len(self._start), specs, xla)
        self._program = _PROGRAMS[key] = _PROGRAMS.pop(key)  # to the end: the latest used
        while len(_PROGRAMS) > _KEPT:
            del _PROGRAMS[next(iter(_PROGRAMS))]

    def _both(self, point):
        """The mean negative log-likelihood of a few rows, by the program and by the model itself."""
        own = -float(np.mean(self.terms(point, self.few)))
        return self._of(self.few)(point)[0], own

    def _beside(self, start):
        """A point beside the start, where no parameter is 0 and hides what it multiplies."""
        away = _signs(start) * (1 + np.abs(start))
        for point in (start + 0.3 * away, start + 0.01 * away):
            try:
                if np.isfinite(self.terms(point, self.few)).all():
                    return point
            except Exception:  # It may need all the rows.
                return start
        return start

    def _mixes(self):
        """Whether `log_prob` looks beyond an observation: at others, or at an array with a row for each."""
        if self.few is self.data:
            return False  # Then one block holds all of them, and the value tells.
        try:
            whole = self.terms(self._aside, self.few)
            # The lower half of a column has neither its largest value nor its mean.
            lower = [np.argsort(v.reshape(len(v), -1)[:, 0], kind="stable")[: len(v) // 2] for v in self.few]
            for part in (slice(None, None, 2), *lower):
                alone = self.terms(self._aside, [values[part] for values in self.few])
                if not np.allclose(whole[part], alone, rtol=1e-9, atol=1e-9, equal_nan=True):
                    return True
            return False
        except Exception:
            return True

    def _of(self, data):
        """The same function of other data."""
        other = copy.copy(self)
        other.data, other.nobs = data, len(data[0])
        return other

    def _block(self, point, low):
        """The sums over a block of fixed size, the last one padded with its last row."""
        part = [values[low : low + self._rows] for values in self.data]
        count = len(part[0])
        if count < self._rows:
            part = [np.concatenate([v, np.repeat(v[-1:], self._rows - count, axis=0)]) for v in part]
        return self._program.sums(point, count, tuple(map(tf.constant, part)))

    def _own_value_and_gradient(self, point):
        point = tf.constant(point)
        with tf.GradientTape() as tape:
            tape.watch(point)
            value = -tf.reduce_mean(at(self.model, point, *map(tf.constant, self.few)))
        return float(value), tape.gradient(value, point, unconnected_gradients="zero").numpy()

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


def _signs(point):
    """Plus and minus one in turn, so that no two neighbours' changes cancel."""
    return np.where(np.arange(len(point)) % 2, -1.0, 1.0)


def _same(found, own):
    """Whether a value is one's own, to rounding; what is not finite there will show elsewhere."""
    return not np.isfinite(own) or abs(found - own) <= 1e-10 * (1 + abs(own))


def _spaced(data, size):
    """`size` rows of the data, evenly spaced, or all of them if there are few more."""
    step = len(data[0]) // size
    return data if step <= 1 else tuple(np.ascontiguousarray(values[::step][:size]) for values in data)
