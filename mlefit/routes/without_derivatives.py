"""A search that asks for values alone, where a log-density has corners: the simplex of Nelder and Mead."""

import numpy as np
from scipy import optimize

from mlefit.inference import words
from mlefit.routes.problem import Problem

_ROUNDS = 10  # each from a new simplex about the best point: one may have shrunk where there is no optimum
_SETTLED = 1e-4  # nats by which a round must still rise to be followed by another


def search(problem: Problem, parameters: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Search on from where another search stopped, by values of the log-likelihood alone.

    Args:
        problem: a `Problem`, of a few parameters: the search grows slow with many.
        parameters: where, the model's own, unconstrained, `(p,)`.

    Returns:
        The point found, the model's parameters, unconstrained, `(p,)`; and what is wrong with it, or None.

    Source: J. Nelder and R. Mead, Computer J. 7 (1965), 308-313.
    """
    objective, point = problem.objective, problem.inside(parameters)
    squares = sum((scores**2).sum(axis=0) for scores in objective.scores(point))
    with np.errstate(divide="ignore", invalid="ignore"):
        # What scores say of the errors holds at corners too.
        scale = np.where(squares > 0, 1 / np.sqrt(squares), 0.1 * (1 + np.abs(point)))

    def fall(steps):
        value = objective.nobs * objective(point + steps * scale)[0]
        return value if np.isfinite(value) else np.inf

    best, steps = fall(np.zeros(len(point))), np.zeros(len(point))
    trouble = words.no_optimum(_ROUNDS, "all rounds taken")
    for _ in range(_ROUNDS):
        simplex = steps + np.vstack([np.zeros(len(steps)), np.eye(len(steps))])
        options = {"initial_simplex": simplex, "xatol": 1e-3, "fatol": 1e-5, "maxfev": 400 * len(steps)}
        found = optimize.minimize(fall, steps, method="Nelder-Mead", options=options)
        rise, best, steps = best - found.fun, min(found.fun, best), found.x
        if found.success and rise <= _SETTLED:
            trouble = None
            break
    return problem.origin + problem.back @ (point + steps * scale), trouble
