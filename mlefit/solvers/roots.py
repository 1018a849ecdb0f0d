"""Where a function of one number crosses zero."""

import math
from collections.abc import Callable

from scipy import optimize


def bracketed(
    function: Callable[[float], float],
    inside: float,
    outside: float,
    tolerance: float = 1e-13,
    farthest: float = math.inf,
) -> float:
    """Return where a function that is negative at `inside` crosses zero on the way to and beyond `outside`.

    Args:
        function: of a float; values that are not finite count as positive.
        inside: where it is negative.
        outside: the first trial; while it is negative there, the distance from `inside` doubles.
        tolerance: relative to the distance from `inside`.
        farthest: the distance from `inside` beyond which no crossing counts.

    Returns:
        The crossing, or an infinity of the right sign where there is none that counts.

    Source: R. Brent, Algorithms for Minimization without Derivatives (1973), chapter 4, as in SciPy.

    Examples:
        >>> round(bracketed(lambda v: v * v - 2, 0.0, 1.0), 12)
        1.414213562373
    """
    low, high, value = inside, outside, function(outside)
    at_low = -math.inf
    for _ in range(60):
        if not value < 0:
            break
        low, at_low, high = high, value, inside + 2 * (high - inside)
        if abs(low - inside) >= farthest:
            return math.copysign(math.inf, outside - inside)
        value = function(high)
    else:
        return math.copysign(math.inf, outside - inside)
    tolerance *= abs(high - inside)
    while not math.isfinite(value) and abs(high - low) > tolerance:
        middle = 0.5 * (low + high)
        found = function(middle)
        if found < 0:
            low, at_low = middle, found
        else:
            high, value = middle, found
    if not math.isfinite(value) or value == 0:
        return high
    # A profile found by a search is not quite the same when asked again: its ends keep the signs they had.
    known = {high: value} | ({low: at_low} if at_low > -math.inf else {})
    return optimize.brentq(
        lambda v: known[v] if v in known else function(v), low, high, xtol=tolerance, rtol=1e-15
    )
