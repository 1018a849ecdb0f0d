"""A fit that can be made again, of rows drawn anew: what a bootstrap is handed."""

import copy
import dataclasses
from collections.abc import Callable, Sequence

import keras
import numpy as np

from mlefit.inference import words
from mlefit.likelihood.rows import Rows
from mlefit.models import flat
from mlefit.models.asking import declared_routes, own
from mlefit.models.model import Model
from mlefit.models.supports import transform
from mlefit.routes import choosing, without_derivatives
from mlefit.routes.outcome import Options, Outcome
from mlefit.routes.problem import Problem
from mlefit.solvers import newton


class Again:
    """Draws rows, and fits a copy of the model to them, which starts at the estimates; the model stays.

    Args:
        model: the model that was fitted. It is held, and copied when something is drawn.
        rows: its data.
        options: how it was fitted. An optimizer gives way to the method that the model takes by itself, and
            many starts to one: what is looked for lies near.
        outcome: what was found. Where a corner stopped it, refits go without derivatives.
    """

    def __init__(self, model: Model, rows: Rows, options: Options, outcome: Outcome) -> None:
        method = "auto" if isinstance(options.method, keras.optimizers.Optimizer) else options.method
        self._model, self._rows, self._point = model, rows, outcome.point
        self._options = dataclasses.replace(
            options, method=method, progress=False, checkpoint=None, starts=None
        )
        smooth = choosing.choose(model, self._options, self._rows.in_memory).smooth
        self._corner = (
            outcome.message if smooth and not outcome.trusted else None
        )  # derivatives do not lead on
        self._fingerprints = rows.fingerprints()

    def rows(self) -> Rows:
        """Return the rows of the fit itself."""
        return self._rows

    def resampler(self) -> Callable[[np.random.Generator], Rows]:
        """Return a function that draws as many observations, or clusters of them, with replacement."""
        rows = self._unchanged()
        if rows.weights is None and rows.clusters is None and "curve" in declared_routes(self._model):
            # A curve is traced for each number of rows: here it stays what it was.
            return lambda rng: self._of(_taken(rows.whole(), rng.integers(rows.size, size=rows.size)))
        each = np.ones(rows.size) if rows.weights is None else rows.weights
        if rows.clusters is not None:
            groups = rows.clusters.max() + 1
            return lambda rng: rows.weighted(
                each * rng.multinomial(groups, np.full(groups, 1 / groups))[rows.clusters]
            )
        return lambda rng: rows.weighted(rng.multinomial(rows.nobs, each / each.sum()).astype(float))

    def simulator(self) -> Callable[[np.random.Generator], Rows]:
        """Return a function that draws the responses anew from the model at the estimates."""
        rows, model = self._unchanged(), self._copied()
        columns = rows.whole()
        if rows.weights is not None:
            columns = [np.repeat(values, rows.weights.astype(int), axis=0) for values in columns]
        simulate = own(model, "simulate")

        return lambda rng: self._of(_like(simulate(rng, *columns), columns, rows.names))

    def refitter(self) -> Callable[[Rows], tuple[np.ndarray, str | None]]:
        """Return a function from rows to the estimates of a fit of them, natural scale, and what is wrong."""
        model, supports = self._copied(), flat.supports(self._model)
        route = choosing.choose(model, self._options, self._rows.in_memory)
        options = dataclasses.replace(
            self._options, covariance="expected" if route.expected else "observed", programs={}
        )
        free = np.flatnonzero(options.free)

        def refit(rows):
            flat.put(model, self._point)
            try:
                point, trouble = self._point, self._corner
                if trouble is None:
                    outcome = route.fit(model, rows, options)
                    point, trouble = outcome.point, None if outcome.trusted else outcome.message
                if trouble is not None and words.has_estimate(trouble):
                    point, trouble = without_derivatives.search(Problem(model, rows, options.free), point)
            except ValueError as error:
                return np.full(len(free), np.nan), str(error)
            return flat.natural(point, supports)[free], trouble

        return refit

    def falls(self, places: Sequence[int]) -> Callable[[np.ndarray], float]:
        """Return a function from natural values of some parameters to how far the log-likelihood falls there.

        It is maximised over all others that are free, the prior included where there is one.

        Args:
            places: the indexes of those parameters among what is free, k of them.
        """
        rows, model, held = (
            self._unchanged(),
            self._copied(),
            np.flatnonzero(self._options.free)[list(places)],
        )
        free, maps = np.array(self._options.free), [transform(flat.supports(self._model)[i]) for i in held]
        free[held] = False
        values = flat.natural(self._point, flat.supports(self._model))[held]
        route = choosing.choose(model, self._options, self._rows.in_memory)
        # Where all is held nothing is solved, and one problem serves all values.
        whole = (
            Problem(model, rows, np.array(self._options.free)) if route.smooth and not free.any() else None
        )

        def height(values):
            point = np.array(self._point)
            point[held] = [m.unconstrained(np.float64(v)) for m, v in zip(maps, values, strict=True)]
            if whole is not None:
                with np.errstate(all="ignore"):
                    return rows.nobs * whole.objective(whole.inside(point))[0]
            flat.put(model, point)
            if not route.smooth:
                return -route.fit(model, rows, dataclasses.replace(self._options, free=free)).log_likelihood
            problem = Problem(model, rows, free)
            start = problem.inside(point)
            with np.errstate(all="ignore"):
                return rows.nobs * newton.minimise(problem.objective, start, rows.nobs, tolerance=1e-6).value

        lowest = height(values)
        return lambda values: height(values) - lowest

    def probabilities(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the probabilities below each response and up to it, by the model's `cdf`, `(nobs,)` each."""
        rows, model = self._unchanged(), self._copied()
        found = [np.asarray(part, dtype=float) for part in own(model, "cdf")(*rows.whole())]
        if len(found) != 2 or any(part.shape != (rows.size,) for part in found):
            raise ValueError(
                f"cdf must return P(Y < y) and P(Y <= y), two arrays of shape {(rows.size,)}, got shapes "
                f"{', '.join(str(part.shape) for part in found)}"
            )
        below, at = found
        if not ((below >= 0) & (at >= below) & (at <= 1)).all():
            raise ValueError("cdf must return probabilities, P(Y < y) no larger than P(Y <= y)")
        if rows.weights is not None:
            below, at = (np.repeat(part, rows.weights.astype(int)) for part in found)
        return below, at

    def _of(self, columns):
        """Rows like those of the fit, of other columns."""
        rows = Rows(**dict(zip(self._rows.names, columns, strict=True)))
        rows.entries = self._rows.entries
        return rows

    def _unchanged(self):
        if self._rows.fingerprints() != self._fingerprints:
            raise ValueError(
                "the data or the model have changed since the fit, which holds them and not a copy: fit again"
            )
        return self._rows

    def _copied(self):
        model = copy.deepcopy(self._model)
        flat.put(model, self._point)
        return model


def _taken(columns, places):
    return [values[places] for values in columns]


def _like(found, columns, names):
    """What a model simulated as float64 arrays, if they are like the data."""
    if not isinstance(found, tuple) or len(found) != len(columns):
        raise TypeError(f"simulate must return a tuple of {len(columns)}: {', '.join(names)}")
    arrays = [np.asarray(values, dtype=float) for values in found]
    for name, values, given in zip(names, arrays, columns, strict=True):
        if values.shape != given.shape or not np.isfinite(values).all():
            raise ValueError(
                f"simulate must return finite {name} of shape {given.shape}, got shape {values.shape}"
            )
    return arrays
