"""A model and its data as one function of a flat vector: value, gradient and Hessian, block by block.

The program that computes a block is traced once for each kind of model and serves all models of that kind,
so it
may be stale: what `log_prob` reads besides its arguments may have changed since. Its results are therefore
    held
against the caller's own model, at the start and where a solver stopped. Memory stays at a block, whatever n.
"""

import numpy as np
import tensorflow as tf

from mlefit.program import Program, at, kind

BLOCK = 65_536  # rows: small enough for the processor's cache, large enough that calls cost nothing
_PROGRAMS = {}  # those traced so far, latest last
_KEPT = 64


class Objective:
    """The mean negative log-likelihood of data under a model, as a function of the unconstrained vector.

    Args:
        model: a built `Model`; its variables are never changed.
        data: tuple of float64 arrays, `(n,)` or `(n, k)`.
        start: point `(p,)` at which the log-density of every observation is finite.

    Raises:
        ValueError: if `log_prob` gives other values for the same arguments, or cannot be traced.
    """

    def __init__(self, model, data, start):
        self.model, self.data, self.nobs = model, data, len(data[0])
        self._start = start
        padded = min(BLOCK, 1 << max(4, (self.nobs - 1).bit_length()))
        own, failure = self._own_value(start), None
        # In one piece only a log_prob that mixes observations, or reads an array with one entry for each.
        for rows, fresh in ((padded, False), (padded, True), (self.nobs, True)):
            self._rows = rows
            try:
                self._find_program(fresh)
                value = self(start)[0]
            except Exception as error:
                failure = error
                continue
            if abs(value - own) <= 1e-8 * (1 + abs(own)):
                return
            failure = f"got {value} and then {own} for the mean negative log-likelihood at the same point"
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
        totals = None
        for count, block in self._blocks():
            sums = self._program.sums(point, count, block)
            totals = sums if totals is None else [a + b for a, b in zip(totals, sums, strict=True)]
        value, gradient, hessian = (-total / self.nobs for total in totals)
        return float(value), gradient, 0.5 * hessian + 0.5 * hessian.T

    def scores(self, point, sample=None):
        """Return the gradient of each observation's log-density, `(n, p)`, or only of the first `sample`."""
        rows = self.nobs if sample is None else min(sample, self.nobs)
        size = min(BLOCK, rows) if self._rows < self.nobs else self.nobs
        parts = [self._scores(point, slice(low, min(low + size, rows))) for low in range(0, rows, size)]
        return np.concatenate(parts)[:rows]

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
        signs = np.where(np.arange(len(point)) % 2, -1.0, 1.0)
        for shift in (0.0, 1.0):
            there = point + shift * signs * np.where(np.isfinite(spread), spread, 0.1)
            value, gradient, _ = self(there)
            own_value, own_gradient = self._own_value_and_gradient(there)
            if np.isnan(value) and np.isnan(own_value):
                continue
            size = 1e-6 * np.abs(own_gradient) + 1e-8 * (
                np.abs(own_gradient).max() + 1e-3 * (1 + abs(own_value))
            )
            close = abs(value - own_value) <= 1e-8 * (1 + abs(own_value))
            if not (close and (np.abs(gradient - own_gradient) <= size).all()):
                return False
        return True

    def retrace(self):
        """Trace a new program from the caller's own model."""
        self._find_program(fresh=True)

    def _find_program(self, fresh):
        shapes = tuple(values.shape[1:] for values in self.data)
        key = (kind(self.model), shapes, self._rows)
        self._fresh = fresh or key not in _PROGRAMS
        if self._fresh:
            _PROGRAMS.pop(key, None)
            specs = [tf.TensorSpec((self._rows, *shape), tf.float64) for shape in shapes]
            _PROGRAMS[key] = Program(self.model, len(self._start), specs, xla=self.nobs > BLOCK)
        self._program = _PROGRAMS[key] = _PROGRAMS.pop(key)  # to the end: the latest used
        while len(_PROGRAMS) > _KEPT:
            del _PROGRAMS[next(iter(_PROGRAMS))]

    def _blocks(self):
        """Yield how many rows count and a block of fixed size, the last one padded with its last row."""
        for low in range(0, self.nobs, self._rows):
            part = [values[low : low + self._rows] for values in self.data]
            count = len(part[0])
            if count < self._rows:
                part = [np.concatenate([v, np.repeat(v[-1:], self._rows - count, axis=0)]) for v in part]
            yield count, tuple(tf.constant(values) for values in part)

    def _own_value(self, point):
        return -float(np.mean(self.terms(point, self.data)))

    def _own_value_and_gradient(self, point):
        point = tf.constant(point)
        with tf.GradientTape() as tape:
            tape.watch(point)
            value = -tf.reduce_mean(at(self.model, point, *map(tf.constant, self.data)))
        return float(value), tape.gradient(value, point, unconnected_gradients="zero").numpy()

    def _scores(self, point, rows):
        block = [tf.constant(values[rows] if self._rows < self.nobs else values) for values in self.data]
        columns = []
        for direction in np.eye(len(point)):
            with tf.autodiff.ForwardAccumulator(
                point := tf.constant(point), tf.constant(direction)
            ) as forward:
                terms = at(self.model, point, *block)
            columns.append(forward.jvp(terms, unconnected_gradients="zero").numpy())
        return np.stack(columns, axis=1)
