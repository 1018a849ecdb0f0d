"""Sums over blocks of observations, a few blocks at a time side by side, always added in the same order."""

import os
from concurrent.futures import ThreadPoolExecutor

_WORKERS = min(4, os.cpu_count() or 1)


def total(sums, starts):
    """Return the sum of lists of arrays, entry by entry.

    Args:
        sums: function from where a block starts to a list of arrays; it is called from several threads, but
            the first call is over before the second begins.
        starts: the starts of the blocks, at least one.

    Examples:
        >>> x = [1.0, 2.0, 3.0, 4.0, 5.0]
        >>> total(lambda low: [sum(x[low : low + 2]), len(x[low : low + 2])], range(0, 5, 2))
        [15.0, 5]
    """
    first, *rest = starts
    totals = sums(first)
    if rest:
        with ThreadPoolExecutor(_WORKERS) as pool:
            for parts in pool.map(sums, rest):
                totals = [a + b for a, b in zip(totals, parts, strict=True)]
    return totals
