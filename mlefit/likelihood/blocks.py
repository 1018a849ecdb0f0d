"""Sums over blocks of observations, computed on several cores, and added in order: always the same bits."""

import functools
import os
from concurrent.futures import ThreadPoolExecutor

_CORES = 8  # at most, for each holds a block


def summed(function, blocks):
    """Return the sum of what a function makes of each block: an array, or a list of them.

    Args:
        function: from a block to an array or a list of them; it runs in several threads at a time.
        blocks: what to give it, a sequence.

    Examples:
        >>> summed(lambda low: [low, 1], range(0, 10, 2))
        [20, 5]
    """
    workers = min(len(blocks), _cores(), _CORES)
    if workers < 2:
        return _added(map(function, blocks))
    futures = [_pool(workers, os.getpid()).submit(function, block) for block in blocks]
    try:
        return _added(future.result() for future in futures)
    finally:
        for future in futures:
            future.cancel()


@functools.cache
def _pool(workers, process):
    """Threads that stay, for new ones would ask for their memory anew; a fork of the process has none."""
    return ThreadPoolExecutor(workers)


def _added(parts):
    total = next(parts)
    for part in parts:
        total = [a + b for a, b in zip(total, part, strict=True)] if isinstance(total, list) else total + part
    return total


def _cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
