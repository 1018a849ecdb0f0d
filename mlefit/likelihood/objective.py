"""A model and its rows as one function of a flat vector: value, gradient and Hessian, block by block.

The program that computes a block is traced once for each kind of model and serves all models of that kind, so
it may be stale: what `log_prob` reads besides its arguments may have changed since. Its results are therefore
held against the caller's own model: on some thousand rows beside the start and beside where a solver stopped,
and on all rows at the end. Memory stays at a few blocks, unless a log-density looks at rows beside its own.
"""

import copy
from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from mlefit.likelihood import by_block
from mlefit.likelihood.by_block import ScoreFactor, Sums, Together, Total, weighted_sum
from mlefit.likelihood.program import Latest, Program, kind
from mlefit.likelihood.rows import Rows
from mlefit.likelihood.rowwise import looks_at_single_rows, same_in_half
from mlefit.models import flat
from mlefit.models.model import Model
from mlefit.solvers import qr

_GRAPH = 65_536  # rows up to which a graph, soon traced, computes all of them at once
_BLOCK = 262_144  # rows at most handed over at a time beyond, where compiling to machine code pays
_ROWS = 4096  # rows of those computed at a time: what is held of them stays in the cache
_SAMPLE = 16_384  # rows that tell enough of many more
_FEW = 4096  # rows that the caller's own model is asked about, operation by operation
_OWN = 32_768  # rows of which it is asked at a time, at least, about all of them
_PROGRAMS = Latest(64)  # those traced so far, and whether their log-density looks at single rows
_NEAR = 0.5  # nats of all rows
_NOWHERE = np.nan, np.nan


class _Several(ValueError):
    """A log-density looks at rows that are not together."""


class Objective:
    """The mean negative log-likelihood of data under a model, as a function of the unconstrained vector.

    Args:
        model: a built `Model`; its variables are never changed.
        rows: the data, `Rows`.
        start: point `(p,)` at which the log-density of every observation is finite.

    Attributes:
        whole: whether all rows are computed together, for the log-density may look at several.

    Raises:
        ValueError: if `log_prob` gives other values for the same arguments, or cannot be traced, and if rows
            have weights and it looks at several.
    """

    many = _GRAPH  # observations beyond which samples lead the way sooner

    def __init__(self, model: Model, rows: Rows, start: np.ndarray) -> None:
        self.model, self.rows, self.nobs = model, rows, rows.nobs
        self._size, self._held, self._samples, self._aside = len(start), None, {}, start
        failure = None
        # A program that stands may be stale: it is made anew. One for blocks may be wrong: one for all rows.
        for fresh, self.whole in ((False, False), (True, False), (True, True)):
            try:
                self._find_program(fresh)
                few = self.sample(_FEW)
                self._aside, own = few._beside(start)
                found, mean = few(self._aside)[0], -few._mean(own)
            except _Several:
                raise
            except Exception as error:
                failure = error
                continue
            if _same(found, mean, 1e-10 * (1 + abs(mean))):
                self._require_single_rows()
                return
            failure = f"got {found} and then {mean} for the mean negative log-likelihood at the same point"
        if isinstance(failure, Exception):
            raise ValueError(
                f"log_prob could not be traced by TensorFlow; write it in keras.ops: {failure}"
            ) from failure
        raise ValueError(
            f"log_prob must return the same values whenever it is called, {failure}: is it random, or "
            "in float32?"
        )

    @property
    def exact(self) -> bool:
        """Whether the Hessian is exact, not a difference of gradients."""
        return self._program.exact

    @property
    def sizes(self) -> tuple[int, int]:
        """How many observations the samples have that lead the way."""
        return _FEW, self.rows.leading(_SAMPLE)

    @property
    def few(self) -> tuple[np.ndarray, ...]:
        """The data, or some thousand rows of them, evenly spaced: a tuple of arrays."""
        return self.sample(_FEW).rows.whole()

    def __call__(self, point: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the mean negative log-likelihood, its gradient `(p,)` and its Hessian `(p, p)`."""
        value, gradient, hessian = (-total / self.nobs for total in self._summed(point))
        return float(value), gradient, 0.5 * hessian + 0.5 * hessian.T

    def gradient(self, point: np.ndarray) -> np.ndarray:
        """Return the gradient `(p,)` alone, which takes less than half the time."""
        return -self._summed(point, alone=True) / self.nobs

    def scores(self, point: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the gradients of the log-densities of observations, block by block, each `(m, p)`."""
        for block in self.rows.blocks(self.rows.size if self.whole else _SAMPLE):
            yield by_block.scores(self.model, point, block)

    def score_factor(self, point: np.ndarray) -> np.ndarray:
        """Return R, `(p, p)`, with `R' R` the sum over observations of `s s'`, s being their scores."""
        size = self.rows.size if self.whole else _BLOCK
        return qr.joined(self.rows.map(ScoreFactor(self.model, point), size))

    def sample(self, size: int = _SAMPLE) -> "Objective":
        """Return the same function of `size` observations, evenly spaced, or itself if it has few more."""
        if self.rows.size < 2 * size or self.whole:
            return self
        if size not in self._samples:
            self._samples[size] = part = copy.copy(self)
            part.rows, part._held = self.rows.sample(size), None
            part.nobs, part._both = part.rows.nobs, _NOWHERE
        return self._samples[size]

    def terms(self, point: np.ndarray, block: Iterable[np.ndarray]) -> np.ndarray:
        """Return the log-density of other data of the same kind under the caller's own model."""
        return by_block.terms(self.model, point, tuple(block))

    def own_value(self, point: np.ndarray, found: float) -> float:
        """Return the mean negative log-likelihood of all rows under the caller's own model, as it is now.

        `found` is what a search that ended at the point found there.
        """
        value, own = self._both
        if abs(found - value) * self.nobs <= _NEAR:  # what the two differ by there they differ by here
            return found + (own - value)
        half = -(-self.rows.size // 2)  # for two cores
        size = self.rows.size if self.whole else min(max(half, _OWN), _BLOCK)
        return -float(self.rows.sum(Total(self.model, point), size)) / self.nobs

    def confirmed(self, point: np.ndarray, spread: np.ndarray) -> bool:
        """Whether the program computes what the caller's own model means, beside where a solver stopped.

        Args:
            point: where it stopped, `(p,)`.
            spread: of the estimates about it, `(p,)`: a step by it makes the value tell of the curvature.
        """
        if self._fresh:
            return True
        there = point + _signs(point) * np.where(np.isfinite(spread), spread, 0.1)
        few = self.sample(_FEW)
        terms, found = few.terms(there, few.rows.whole()), few(there)[0]
        return _same(found, -few._mean(terms), 1e-12 * (1 + few._mean(np.abs(terms))))

    def separating(self, free: np.ndarray | None = None) -> None:
        """Return None: in what a likelihood of one's own may grow for ever is not known beforehand."""

    def difference(self) -> None:
        """Take the Hessian as a difference of gradients, which may be finite where it is not: `0 ** b`."""
        self._program.difference()

    def retrace(self) -> None:
        """Trace a new program from the caller's own model."""
        self._find_program(fresh=True)

    def _find_program(self, fresh):
        self._held, self._samples, self._both = None, {}, _NOWHERE
        size = self.rows.size
        self._block = _BLOCK if size > _GRAPH else 1 << max(4, (size - 1).bit_length())
        self._fresh = fresh
        if not self.whole:
            self._program, single = self._traced()
            self.whole = not single
        if self.whole:
            if not self.rows.in_memory:
                raise _Several(
                    "log_prob looks at several rows at once, or at how many there are, and they lie in "
                    "partitions: write it row by row, or fit rows in memory"
                )
            self._block = size
            self._program, _ = self._traced()

    def _traced(self):
        """The program for blocks of this size, and whether its log-density looks at single rows."""
        self._rows = self._block if self.whole or self._block < _BLOCK else _ROWS
        shapes, xla, weighted = self.rows.shapes, self.rows.size > _GRAPH, self.rows.has_weights
        key = (kind(self.model), shapes, self._block, self._rows, xla, self.whole, weighted)
        self._fresh = self._fresh or key not in _PROGRAMS
        if self._fresh:
            _PROGRAMS.pop(key, None)
            single = not self.whole and self._looks_at_single_rows(shapes)
            specs = [tf.TensorSpec((self._block, *s), tf.float64) for s in (*shapes, *[()] * weighted)]
            made = self.model, self._size, specs, self._rows, xla, weighted
            _PROGRAMS[key] = (Program(*made) if single or self.whole else None), single
        return _PROGRAMS.keep(key, _PROGRAMS[key])

    def _looks_at_single_rows(self, shapes):
        point = tf.constant(self._aside)
        return looks_at_single_rows(
            lambda *block: flat.log_prob_at(self.model, point, *block), shapes, self.rows.size
        ) and same_in_half(lambda block: self.terms(self._aside, block), self.rows.sample(64).whole())

    def _require_single_rows(self):
        if self.whole and self.rows.has_weights:
            raise ValueError(
                "weights say how often an observation was made by itself, and log_prob looks at several rows "
                "at once: repeat the rows, or write log_prob row by row"
            )

    def _mean(self, terms):
        """The mean of what there is of each row, each as often as its weight says."""
        return float(weighted_sum(terms, self.rows.weights)) / self.nobs

    def _beside(self, start):
        """A point beside the start, where no parameter is 0 and hides what it multiplies; the terms there."""
        away, block = _signs(start) * (1 + np.abs(start)), self.rows.whole()
        for point in (start + 0.3 * away, start + 0.01 * away, start):
            terms = self.terms(point, block)
            if np.isfinite(terms).all():
                break
        return point, terms

    def _summed(self, point, alone=False):
        """The program's sums at a point, or the gradient alone, over the data."""
        size, sums = self.rows.size, Sums(self._program, point, self._block, self._rows, alone)
        pairs = -(-size // (2 * self._block))
        share = -(-size // (2 * pairs))  # even, so that two cores end together
        if not self.rows.in_memory and not alone:
            *found, own = self.rows.sum(Together(sums, Total(self.model, point)), share)
            self._both = -float(found[0]) / self.nobs, -own / self.nobs
            return found
        if not self.rows.in_memory or (self._rows < self._block and size > self._block // 2):
            return self.rows.sum(sums, share)
        self._held = self._held or sums.padded(self.rows.weights, *self.rows.whole())
        return sums.of(*self._held)


def _signs(point):
    """Plus and minus one in turn, so that no two neighbours' changes cancel."""
    return np.where(np.arange(len(point)) % 2, -1.0, 1.0)


def _same(found, own, tolerance):
    """Whether a value is one's own, to rounding; what is not finite there will show elsewhere."""
    return not np.isfinite(own) or abs(found - own) <= tolerance
