"""Whether derivatives are those of the values: a log-density may hide a part of its gradient.

What a tape does not see, a `stop_gradient`, NumPy, a rounded number, is in the values all the same. Steps are
long enough to rise above rounding, and the place is beside the optimum, where nothing vanishes by accident.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

_SHARE = 1e-3  # of the distance over which a function bends: how long a step is
_LEAST = 1e3 * np.finfo(float).eps  # of a number's size: a step whose length has three digits left
_TOLERANCE = 0.02  # relative: what such a step leaves of third derivatives, and of kinks between its ends


def unlike_values(
    function: Callable[[np.ndarray], ArrayLike],
    jacobian: np.ndarray,
    point: np.ndarray,
    scale: ArrayLike,
    size: ArrayLike = 0.0,
) -> int | None:
    """Return the first coordinate along which a function does not change as its derivatives say, or None.

    Args:
        function: from a point `(p,)` to an array `(m,)`.
        jacobian: its derivatives at the point, `(m, p)`.
        point: where, `(p,)`.
        scale: `(p,)`, over what distance the function bends, so how far to go for a change that matters.
        size: `(p,)` or `(m, p)`: of derivatives that matter, for one may vanish at the point.

    Examples:
        >>> point = np.array([1.0, 2.0])
        >>> unlike_values(lambda b: b**2, np.diag([2.0, 4.0]), point, [0.1, 0.1]) is None
        True
        >>> unlike_values(lambda b: b**2, np.diag([2.0, 2.0]), point, [0.1, 0.1])
        1
    """
    steps = np.maximum(_SHARE * np.asarray(scale), _LEAST * np.abs(point))
    jacobian = np.reshape(jacobian, (-1, len(point)))
    sizes = np.broadcast_to(size, jacobian.shape)
    for j, (step, away) in enumerate(zip(steps, np.eye(len(point)), strict=True)):
        above, below = (np.ravel(function(point + side * step * away)) for side in (1, -1))
        with np.errstate(all="ignore"):
            change = (above - below) / (2 * step)
            gap, least = (
                np.linalg.norm(part) for part in (change - jacobian[:, j], np.abs(change) + sizes[:, j])
            )
            rounding = 1e-14 * np.linalg.norm(np.abs(above) + np.abs(below)) / step
        if np.isfinite(change).all() and not gap <= _TOLERANCE * least + rounding:
            return j
    return None
