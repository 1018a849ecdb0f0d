"""The sandwich covariance, which holds for a misspecified model too: its middle, from the scores of rows."""

from collections.abc import Iterable, Iterator

import numpy as np

from mlefit.likelihood.rows import Rows
from mlefit.solvers import qr


def middle(scores: Iterable[np.ndarray], rows: Rows) -> np.ndarray:
    """Return a root of the sum over observations of `s s'`: R, `(p, p)`, with `R' R` that sum.

    Args:
        scores: s, the gradients of the log-densities of single observations, block by block `(m, p)`, in the
            order of the rows.
        rows: which observations they are of; a row that stands for several counts as often.

    Source: H. White, Econometrica 50 (1982), 1-25.

    Examples:
        >>> rows = Rows(x=np.zeros(3)).weighted(np.array([2.0, 0.0, 1.0]))
        >>> R = middle([np.array([[1.0], [4.0]])], rows)
        >>> (R.T @ R).round(6).tolist()  # 2 * 1^2 + 1 * 4^2
        [[18.0]]
    """
    return qr.triangle(block.T for block in _weighted(scores, rows))


def _weighted(scores: Iterable[np.ndarray], rows: Rows) -> Iterator[np.ndarray]:
    low = 0
    for block in scores:
        if rows.weights is not None:
            block = block * np.sqrt(rows.weights[low : low + len(block)])[:, None]
        low += len(block)
        yield block
