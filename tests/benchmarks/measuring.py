"""One fitter, one model, one n, measured in a process of its own: time, memory and agreement."""

import gc
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks import fitters, problems

_SECONDS = 1.0  # to spend on warm calls, beyond the first three
_CLEAR = Path("/proc/self/clear_refs")


def measure(name, model, n):
    """Return a row of the table as a dict of numbers, or None where a package has nothing for the model.

    Times are in seconds, memory in bytes. `extra_bytes` is the peak during the first fit over what the
    process held with the data and the packages loaded. `estimates_off` is the largest distance from the
    reference in its standard errors, `errors_off` the largest relative distance of the errors.
    """
    problem = problems.load(model, n)
    fit = fitters.FITTERS[name](problem)
    if fit is None:
        return None
    gc.collect()
    before = _reset_peak()
    first, found = _timed(fit)
    extra = None if before is None else _memory("VmHWM") - before
    row = {
        "first_s": first,
        "warm_s": _warm(fit, 3 if first < 10 else 1),
        "extra_bytes": extra,
        "data_bytes": sum(part.nbytes for part in problem.data),
        "converged": found.converged,
        **_agreement(problem, found),
    }
    if name == "mlefit":
        row["evaluation_s"] = _warm(fitters.evaluation(problem), 3)
        row["sum_s"] = _warm(lambda: [np.sum(part) for part in problem.data], 3)
    return row


def _timed(function):
    start = time.perf_counter()
    found = function()
    return time.perf_counter() - start, found


def _warm(function, at_least):
    """The median of so many calls and what else fits in a second, up to a hundred."""
    times = []
    while len(times) < at_least or (sum(times) < _SECONDS and len(times) < 100):
        times.append(_timed(function)[0])
    return statistics.median(times)


def _agreement(problem, found):
    # statsmodels' OLS has no error for stddev: what it gives comes first.
    estimates, errors = (part[: len(found.estimates)] for part in problem.reference())
    off = {"estimates_off": float(np.max(np.abs(found.estimates - estimates) / errors))}
    if found.errors is not None:
        off["errors_off"] = float(np.max(np.abs(found.errors / errors - 1)))
    return off


def _reset_peak():
    """Let the kernel forget the peak so far, and return what the process holds now; None if not on Linux."""
    if not _CLEAR.exists():
        return None
    _CLEAR.write_text("5")
    return _memory("VmRSS")


def _memory(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None
