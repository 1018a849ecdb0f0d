"""The sandwich covariance, which holds for a misspecified model too: its middle, from the scores of rows."""

from collections.abc import Iterable, Iterator

import numpy as np

from mlefit.likelihood.by_block import rooted
from mlefit.likelihood.rows import Rows
from mlefit.solvers import qr


def middle(scores: Iterable[np.ndarray], rows: Rows) -> np.ndarray:
    """Return a root of the sum over observations of `s s'`: R, `(p, p)`, with `R' R` that sum.

    Args:
        scores: s, the gradients of the log-densities of single observations, block by block `(m, p)`, in the
            order of the rows.
        rows: which observations they are of; a row that stands for several counts as often. Where rows
            belong to clusters, s is of a cluster: the sum of its rows' scores, without a correction for how
            few clusters there are, so that clusters of one observation each change nothing.

    Source: H. White, Econometrica 50 (1982), 1-25; for clusters, K.-Y. Liang and S. Zeger, Biometrika 73
        (1986), 13-22.

    Examples:
        >>> rows = Rows(x=np.zeros(3)).weighted(np.array([2.0, 0.0, 1.0]))
        >>> R = middle([np.array([[1.0], [4.0]])], rows)
        >>> (R.T @ R).round(6).tolist()  # 2 * 1^2 + 1 * 4^2
        [[18.0]]
        >>> R = middle([np.array([[1.0], [4.0], [5.0]])], Rows(x=np.zeros(3)).clustered(np.array([0, 1, 0])))
        >>> (R.T @ R).round(6).tolist()  # (1 + 5)^2 + 4^2
        [[52.0]]
    """
    if rows.clusters is not None:
        return qr.triangle([_of_clusters(scores, rows).T])
    return qr.triangle(block.T for block in _weighted(scores, rows))


def _weighted(scores: Iterable[np.ndarray], rows: Rows) -> Iterator[np.ndarray]:
    low = 0
    for block in scores:
        yield rooted(block, rows.weights, slice(low, low + len(block)))
        low += len(block)


def _of_clusters(scores, rows):
    """The sums of the scores of each cluster, `(g, p)`."""
    low, sums = 0, None
    for block in scores:
        here = slice(low, low + len(block))
        low += len(block)
        sums = np.zeros((rows.clusters.max() + 1, block.shape[1])) if sums is None else sums
        np.add.at(
            sums, rows.clusters[here], block if rows.weights is None else rows.weights[here, None] * block
        )
    return sums
