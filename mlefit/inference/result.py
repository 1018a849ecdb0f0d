"""What a fit found: estimates with their errors, how it went, and the table that says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy import special

from mlefit import checks
from mlefit.checks import Data
from mlefit.inference import derived as derivation
from mlefit.inference import frames, intervals, prediction, table, words
from mlefit.inference.bootstrap import Bootstrap, bootstrap
from mlefit.models.supports import Support


@dataclass(frozen=True, eq=False)
class FitResult:
    """The outcome of `mlefit.fit`. Print it for the summary table.

    Attributes:
        names: one name for each scalar that was fitted, `"slope[0]"` for the entries of a vector,
            `"slope[age]"` if x was a frame with such a column; the order of `covariance`.
        estimates, standard_errors: by parameter, on the natural scale: a float, or an array for a vector. An
            error is nan where it must not be trusted; `message` says why. One that was held has none: nan.
        fixed: what was held, by the name of the scalar.
        log_prior: at the estimates, if the model has a prior, so that they are MAP; else None.
        covariance: of the estimates, natural scale, shape `(p, p)`.
        log_likelihood: at the estimates, every constant kept, in nats.
        nobs: number of observations.
        converged, message: whether this is an optimum to be trusted, and one plain sentence.
        history: mean negative log-likelihood at each iteration.
        method, covariance_type: what was used.

    Examples:
        >>> import mlefit
        >>> result = mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0])
        >>> round(result.estimates["mean"], 4), round(result.standard_errors["mean"], 4)
        (2.3333, 0.7201)
        >>> low, high = result.interval("mean", method="wald")
        >>> round(low, 2), round(high, 2)
        (0.92, 3.74)
        >>> low, high = result.interval("mean")  # exact, for a Gaussian
        >>> round(low, 2), round(high, 2)
        (-1.46, 6.13)
    """

    model: str
    names: tuple[str, ...]
    estimates: dict[str, float | np.ndarray]
    standard_errors: dict[str, float | np.ndarray]
    covariance: np.ndarray
    log_likelihood: float
    nobs: int
    converged: bool
    message: str
    history: np.ndarray
    method: str
    covariance_type: str
    supports: tuple[Support, ...]
    fixed: dict[str, float] = field(default_factory=dict)
    log_prior: float | None = None
    _free: tuple[int, ...] | None = None  # the indexes of names among all scalars; None in old pickles
    _root: np.ndarray | None = field(default=None, repr=False)
    _link: str | None = None
    _curve: Callable | None = field(default=None, repr=False)
    _profile: Callable | None = field(default=None, repr=False)
    _again: Any = field(default=None, repr=False)  # draws data, and fits them
    _data: frozenset = frozenset()
    _response: int | None = None  # the fingerprint of y, or of what stands for it, for regressions
    _exact: intervals.Line | None = None
    _columns: tuple | None = None  # of the frame that x was
    _takes_offset: bool = False

    def __setstate__(self, state: dict) -> None:
        # A result of version 0.1 knew of the Poisson's offset by its link.
        new = {"fixed": {}, "log_prior": None, "_free": None, "_takes_offset": state.get("_link") == "log"}
        self.__dict__.update(new | state)

    def __getstate__(self) -> dict:
        # What needs the model and its data stays behind, for they need not pickle; a closed form goes along.
        closed_form = isinstance(getattr(self._profile, "__self__", None), intervals.Line)
        return {
            **self.__dict__,
            "_curve": None,
            "_again": None,
            "_profile": self._profile if closed_form else None,
        }

    @property
    def aic(self) -> float:
        """Akaike's information criterion, `2 p - 2 log-likelihood`, counting every parameter that was fitted.

        It is nan for a MAP fit, whose likelihood is not at its maximum.
        """
        if self.log_prior is not None:
            return np.nan
        return 2 * len(self.names) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, `p log n - 2 log-likelihood`; nan for a MAP fit, as `aic`."""
        if self.log_prior is not None:
            return np.nan
        return len(self.names) * np.log(self.nobs) - 2 * self.log_likelihood

    def interval(self, name: str, level: float = 0.95, method: str = "auto") -> tuple[float, float]:
        """Return a confidence interval, `(low, high)`, on the natural scale.

        Args:
            name: one of `names`.
            level: the coverage it aims at, between 0 and 1.
            method: `"auto"`, exact where the model has an exact interval: for `Gaussian` and
                `LinearRegression` Student's t with n less the number of coefficients as degrees of freedom,
                and chi-square for `stddev`; else, and with robust errors, as `"wald"`: from the standard
                error, and for positive and unit parameters formed on the unconstrained scale and mapped
                back. `"profile"`, from the likelihood itself: every value that a likelihood-ratio test would
                not reject.

        Raises:
            TypeError, ValueError: for an unknown name or method, a level that is no number in (0, 1), and a
                profile without the data.
        """
        index, level = self._index(name), checks.level(level)
        quantile = NormalDist().inv_cdf(0.5 + level / 2)
        error = np.sqrt(self.covariance[index, index])
        if method not in ("auto", "wald", "profile"):
            raise ValueError(f"method must be 'auto', 'wald' or 'profile', got {method!r}")
        if np.isnan(error):
            return np.nan, np.nan
        if method == "profile":
            if self._profile is None:
                raise ValueError("a profile needs the model and the data: call fit again in this process")
            ends = self._profile(index, quantile)
        elif method == "auto" and self._exact:
            ends = self._exact.exact(index, level)
        else:
            ends = intervals.wald(self._flat()[index], error, self.supports[index], quantile)
        low, high = map(float, ends)
        return low, high

    def predict(
        self, x: Data, level: float = 0.95, offset: Data | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the mean of y at new x with a confidence band, for a regression: three arrays.

        For `SurvivalRegression` it is the median time; for `SoftmaxRegression` the probabilities of the K
        classes, arrays `(m, K)`, with bands that are formed on the log-odds of a class against all others.

        A subclass that changes `log_prob` alone is predicted as its parent is, by line and link.
        The band is for the mean, not for a new observation, and holds at each x by itself: exactly for
        `LinearRegression`, unless its errors are robust. Else it is formed on the scale of the line, so that
        a probability stays in (0, 1) and a rate positive.

        Args:
            x: predictors as in the fit, shape `(m,)` or `(m, k)`; a frame's columns are found by their names.
            level: the coverage it aims at, between 0 and 1.
            offset: for regressions of counts: log of the exposure, shape `(m,)`; 0 if None.

        Returns:
            The mean, and the band's low and high end, nan where the errors are.

        Raises:
            ValueError: if the model is no regression, for wrong x, and a curve's result unpickled.

        Examples:
            >>> import mlefit
            >>> result = mlefit.fit(mlefit.LinearRegression(), [0.0, 1.0, 2.0, 3.0], [1.0, 2.9, 5.2, 6.9])
            >>> mean, low, high = result.predict([4.0])
            >>> mean.round(2), low.round(2), high.round(2)
            (array([9.]), array([8.09]), array([9.91]))
        """
        if self._link is None:
            raise ValueError(
                f"predict is for regressions, and {self.model} is none that it knows: for a line of your "
                "own, call the model"
            )
        if self._curve is None and "slope" not in self.estimates:
            raise ValueError("predict needs the curve itself: call fit again in this process")
        if offset is not None and not self._takes_offset:
            raise ValueError(f"offset is for models of counts, and {self.model} takes none")
        return prediction.band(self, x, checks.level(level), offset)

    def derived(self, function: Callable[[dict[str, Any]], Any]) -> derivation.Derived:
        """Return a quantity computed from the estimates, with its error by the delta method.

        The function is differentiated by central differences, so that NumPy, `math` and `keras.ops` all
        serve; steps of two lengths must agree. Where the errors of the estimates are nan, so is its own.

        Args:
            function: of a dict, from the name of each parameter to its natural value, a float or an array
                `(k,)`, to a number or an array.

        Returns:
            A `Derived`, with `estimate`, `standard_error` and `interval(level)`.

        Raises:
            TypeError, ValueError: for what is no function, and values not real, not finite, or of changing
                shape.

        Warns:
            FitWarning: where the function is not smooth, or rounds: the error is nan.

        Source: Y. Pawitan, In All Likelihood (2001), section 4.7.

        Examples:
            >>> import mlefit
            >>> result = mlefit.fit(mlefit.LinearRegression(), [0.0, 1.0, 2.0, 3.0], [1.0, 2.9, 5.2, 6.9])
            >>> root = result.derived(lambda p: -p["intercept"] / p["slope"])  # where the line crosses 0
            >>> round(root.estimate, 4), round(root.standard_error, 4)
            (-0.5, 0.0627)
        """
        return derivation.derived(self, function)

    def bootstrap(self, n: int = 1000, seed: int = 0) -> Bootstrap:
        """Draw data from the model at the estimates and fit them, n times over: the parametric bootstrap.

        It takes the model's word for how data scatter, but not the curvature's for how the estimates do.
        `mlefit.bootstrap(model, *data)` resamples rows, and so does without the model's word too. The model
        needs a method `simulate(rng, *data)`, which those of mlefit have. The refits hold fixed what the fit
        held, and start at the estimates; the model that was fitted stays as it is.

        Args:
            n: how many data sets to draw and fit.
            seed: of the random numbers: the same seed gives the same data.

        Returns:
            A `Bootstrap`, with `replicates`, `standard_errors` and `interval(name, level)`.

        Raises:
            NotImplementedError: if the model cannot simulate.
            TypeError, ValueError: for wrong arguments, a result unpickled, data that have changed since, a
                fit that found no estimate, and if the first twenty refits fail.

        Warns:
            FitWarning: where more than one refit in twenty failed: errors and intervals are nan.

        Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), section 6.5.

        Examples:
            >>> import mlefit
            >>> result = mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0])
            >>> found = result.bootstrap(2000)
            >>> round(result.standard_errors["mean"], 1), round(found.standard_errors["mean"], 1)
            (0.7, 0.7)
        """
        again = self._fitted_again()
        return self._bootstrap(again.simulator(), "data drawn from the model", n, seed)

    def _resampled(self, n: int, seed: int) -> Bootstrap:
        again = self._fitted_again()
        return self._bootstrap(again.resampler(), "rows drawn with replacement", n, seed)

    def _fitted_again(self):
        if self._again is None:
            raise ValueError("a bootstrap needs the model and the data: call fit again in this process")
        if not (self.converged or words.has_estimate(self.message)):
            raise ValueError(f"a bootstrap needs a fit that found its optimum: {self.message}")
        return self._again

    def _bootstrap(self, draw, how, n, seed):
        refit = self._again.refitter()
        # At a corner the search may have stopped too early, which a refit goes on from.
        estimates = self._flat() if self.converged else refit(self._again.rows())[0]
        return bootstrap(draw, refit, self.names, estimates, how, n, seed)

    def to_frame(self, level: float = 0.95) -> Any:
        """Return the table as a pandas `DataFrame`, which is the only use of pandas: a row a parameter.

        The columns are `term`, `estimate`, `std.error`, `conf.low` and `conf.high`, as the R package broom
        calls them; the interval is that of `interval`. A parameter that was held fixed is left out.

        Args:
            level: of the interval, between 0 and 1.

        Raises:
            ImportError: if pandas is not installed.
            TypeError, ValueError: for a level that is no number between 0 and 1.

        Examples:
            >>> import mlefit
            >>> frame = mlefit.fit(mlefit.Gaussian(), [1.0, 2.0, 4.0]).to_frame()
            >>> frame[["term", "estimate", "std.error"]].round(3).to_dict("records")[0]
            {'term': 'mean', 'estimate': 2.333, 'std.error': 0.72}
        """
        columns = "term", "estimate", "std.error", "conf.low", "conf.high"
        return frames.frame(columns, self._rows(level))

    def likelihood_ratio_test(self, smaller: "FitResult") -> tuple[float, int, float]:
        """Test a nested fit of the same data: return the statistic, degrees of freedom and p-value.

        Args:
            smaller: the `FitResult` of the model with fewer parameters.

        Source: S. Wilks, Ann. Math. Stat. 9 (1938), 60-62. The p-value is asymptotic, and not valid where the
        smaller model lies on the boundary of the larger.
        """
        if not isinstance(smaller, FitResult):
            raise TypeError(f"smaller must be a FitResult, got {smaller!r}")
        for result in (self, smaller):
            if result.log_prior is not None:
                raise ValueError("the test compares maxima of the likelihood, and a fit with a prior is MAP")
            if not result.converged:
                raise ValueError(f"the test needs two fits that converged: {result.message}")
        freedom = len(self.names) - len(smaller.names)
        if freedom <= 0 or smaller.nobs != self.nobs:
            raise ValueError(
                f"smaller must have fewer parameters and the same data, got {len(smaller.names)} parameters "
                f"and {smaller.nobs} observations against {len(self.names)} and {self.nobs}"
            )
        if not self._data & smaller._data:
            raise ValueError("smaller was fitted to other data: not one column is the same")
        if None not in (self._response, smaller._response) and self._response != smaller._response:
            raise ValueError(
                "smaller was fitted to another y: densities of different things cannot be compared"
            )
        for name, value in self.fixed.items():
            if name in smaller.names or smaller.fixed.get(name, value) != value:
                raise ValueError(
                    f"smaller is not nested: {name} is held at {value:g} here, and is "
                    + (f"held at {smaller.fixed[name]:g}" if name in smaller.fixed else "free")
                    + " there"
                )
        statistic = 2 * (self.log_likelihood - smaller.log_likelihood)
        if statistic < -1e-6 * (1 + abs(self.log_likelihood)):
            raise ValueError(
                "smaller has the higher log-likelihood: it is not nested, or not of the same data"
            )
        return statistic, freedom, float(special.chdtrc(freedom, max(statistic, 0.0)))

    def _index(self, name):
        if name not in self.names:
            raise ValueError(f"name must be one of {', '.join(self.names)}, got {name!r}")
        return self.names.index(name)

    def _flat(self):
        whole = np.concatenate([np.ravel(value) for value in self.estimates.values()])
        return whole if self._free is None else whole[list(self._free)]

    def _rows(self, level: float = 0.95) -> Iterator[tuple]:
        for index, (name, value) in enumerate(zip(self.names, self._flat(), strict=True)):
            error = np.sqrt(self.covariance[index, index])
            yield name, value, error, *self.interval(name, level)

    def __str__(self) -> str:
        return table.text(self)

    __repr__ = __str__

    def _repr_html_(self):
        return table.html_text(self)
