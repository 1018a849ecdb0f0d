"""Where a function of one number crosses zero."""

import math


def bracketed(function, inside, outside, grow=2.0, tolerance=1e-13):
    """Return where a function that is negative at `inside` crosses zero on the way to and beyond `outside`.

    Args:
        function: of a float; values that are not finite count as positive.
        inside: where it is negative.
        outside: the first trial; while it is negative there, the distance from `inside` grows.
        grow: by this factor.
        tolerance: relative to the distance from `inside`.

    Returns:
        The crossing, or an infinity of the right sign where the function never became positive.

    Source: M. Dowell and P. Jarratt, A modified regula falsi method, BIT 11 (1971), 168-174: the Illinois
        method.

    Examples:
        >>> round(bracketed(lambda v: v * v - 2, 0.0, 1.0), 12)
        1.414213562373
    """
    low, value_low, high = inside, function(inside), outside
    value_high = function(high)
    for _ in range(60):
        if value_high >= 0 or not math.isfinite(value_high):
            break
        low, value_low, high = high, value_high, inside + grow * (high - inside)
        value_high = function(high)
    else:
        return math.copysign(math.inf, outside - inside)
    size, side = abs(high - inside), 0
    for _ in range(200):
        if abs(high - low) <= tolerance * size:
            break
        if math.isfinite(value_high):
            middle = high - value_high * (high - low) / (value_high - value_low)
        else:
            middle = 0.5 * (low + high)
        value = function(middle)
        if value == 0:
            return middle
        if value < 0:
            low, value_low = middle, value
            if side < 0:
                value_high /= 2
            side = -1
        else:
            high, value_high = middle, value
            if side > 0:
                value_low /= 2
            side = 1
        if abs(value) <= 1e-13:
            return middle
    return high if abs(value_high) < abs(value_low) else low
