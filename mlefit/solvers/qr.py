"""The triangular factor of a tall matrix, formed block by block, and what it tells about the columns.

Everything that least squares needs of the observations fits in this small square matrix. It comes from
Householder reflections of the matrix itself: the product of a matrix with its transpose, which has the square
of its condition number, is never formed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

EPS = np.finfo(float).eps
# Numbers in one small factorisation or product: in cache, and too few for OpenBLAS to start threads, which go
# on spinning when they are done.
_PIECE = 8192
_NARROW = 4  # columns of which passes over memory cost less than calls of LAPACK


@dataclass(frozen=True)
class Triangle:
    """What the triangular factor R of a matrix X, `X'X = R'R`, says about the columns of X.

    Attributes:
        inverse: `(p, p)`, with `inverse @ inverse.T` the inverse of X'X; where columns are dependent, its
            pseudo-inverse.
        condition: condition number of X once its columns have length one; infinite if they are dependent.
        null_space: `(p, d)`, one column for each direction in which X vanishes to rounding: a unit vector, in
            units of one over the length of each column. An entry that is not near 0 marks a column involved.
    """

    inverse: np.ndarray
    condition: float
    null_space: np.ndarray


def triangle(blocks: Iterable[np.ndarray], ones: bool = False) -> np.ndarray:
    """Return the triangular factor of a matrix that comes in blocks of rows.

    Args:
        blocks: iterable of arrays `(p, m)`, each of them m rows of the matrix, transposed, so that a column
            lies in one piece of memory. They are read before the next one is asked for.
        ones: whether a column of ones, which the blocks lack, stands before the others.

    Returns:
        R, upper triangular, `(p, p)`, or `(p + 1, p + 1)` with `ones`; zeros in its last rows if the matrix
        has fewer rows than columns.

    Source: J. Demmel, L. Grigori, M. Hoemmen and J. Langou, Communication-optimal parallel and sequential QR
        and LU factorizations, SIAM Journal on Scientific Computing 34 (2012), A206-A239.

    Examples:
        >>> X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 6.0]])
        >>> R = triangle([X[:2].T, X[2:].T])
        >>> np.allclose(R.T @ R, X.T @ X)
        True
    """
    factors = []
    for block in blocks:
        p, m = len(block) + ones, block.shape[1]
        rows = max(2 * p, _PIECE // max(1, len(block)))
        if p <= min(_NARROW, m):
            R = _orthogonalised(block, ones)
            if R is not None:
                factors.append(R)
                continue
        if ones:
            block = np.concatenate([np.ones((1, m)), block])
        whole = m // rows * rows
        if whole:
            pieces = np.ascontiguousarray(block[:, :whole]).reshape(p, -1, rows)
            factors.append(np.linalg.qr(pieces.transpose(1, 2, 0), mode="r").reshape(-1, p))
        if m > whole:
            factors.append(np.linalg.qr(block[:, whole:].T, mode="r"))
    stacked = np.concatenate(factors)
    if len(factors) > 1 or len(stacked) > p:
        return triangle([stacked.T])
    return np.concatenate([stacked, np.zeros((p - len(stacked), p))])


def joined(factors: Iterable[np.ndarray]) -> np.ndarray:
    """Return the triangular factor of a matrix from those of its blocks of rows, each `(p, p)`, in order."""
    factors = list(factors)
    return factors[0] if len(factors) == 1 else triangle([np.concatenate(factors).T])


def _orthogonalised(columns, ones):
    """The factor of a few long columns by the modified Gram-Schmidt method, or None: a square left its range.

    The factor is as good as that of reflections, for it is the one that they would give of the same matrix
    under a square of zeros; only the orthogonal columns, not needed here, may be worse.

    Source: Å. Björck and C. Paige, Loss and recapture of orthogonality in the modified Gram-Schmidt
        algorithm, SIAM Journal on Matrix Analysis and Applications 13 (1992), 176-190.
    """
    first, rows = int(ones), columns.shape[1]
    R = np.zeros((len(columns) + first,) * 2)
    with np.errstate(over="ignore", invalid="ignore"):
        if ones:
            means = columns.mean(axis=1)
            R[0] = np.sqrt(rows) * np.append(1.0, means)
            rest = columns - means[:, None]
        else:
            rest = np.array(columns)
        for j, column in enumerate(rest):
            square = _dot(column, column)
            length = R[first + j, first + j] = np.sqrt(square)
            for k in range(j + 1, len(rest)):
                share = _dot(column, rest[k]) / (square or 1.0)
                R[first + j, first + k] = share * length
                rest[k] -= share * column
        squares = (R * R).sum(axis=0)
    return R if all(1e-200 < square < 1e200 for square in squares.tolist()) else None


def _dot(first, second):
    whole = len(first) // _PIECE * _PIECE
    pieces = (part[:whole].reshape(-1, _PIECE) for part in (first, second))
    return np.vecdot(*pieces).sum() + first[whole:] @ second[whole:]


def analyse(R: np.ndarray, rounding: ArrayLike = EPS) -> Triangle:
    """Return a `Triangle` for R, with the directions that cannot be told from rounding taken out.

    Args:
        R: triangular factor, `(p, p)`.
        rounding: relative error of the columns, a number or `(p,)`: what rounding did to a column over its
            length. More than `EPS` if the column was centred, and lost digits.

    Returns:
        A `Triangle`.

    Source: G. W. Stewart, Rank degeneracy, SIAM Journal on Scientific and Statistical Computing 5 (1984),
        403-413: singular values are judged after the columns are scaled to equal error.

    Examples:
        >>> analyse(np.array([[3.0, 3.0], [0.0, 0.0]])).null_space.round(3)
        array([[-0.707],
               [ 0.707]])
    """
    p = len(R)
    if not p:
        return Triangle(R, 1.0, R)
    largest = np.abs(R).max(axis=0)
    lengths = largest * np.linalg.norm(R / np.where(largest > 0, largest, 1.0), axis=0)
    error = np.broadcast_to(8 * np.asarray(rounding), (p,))
    vanishing = (lengths == 0) | (error >= 1)
    kept = np.flatnonzero(~vanishing)
    left, values, right = np.linalg.svd(R[:, kept] / lengths[kept], full_matrices=False)
    null = values <= np.abs(right) @ error[kept]
    inverse = np.zeros((p, p))
    inverse[kept] = (right[~null].T / values[~null]) @ left[:, ~null].T / lengths[kept, None]
    combined = np.zeros((p, null.sum()))
    combined[kept] = right[null].T
    null_space = np.concatenate([np.eye(p)[:, vanishing], combined], axis=1)
    if null_space.size:
        return Triangle(inverse, np.inf, null_space)
    return Triangle(inverse, float(values[0] / values[-1]), null_space)
