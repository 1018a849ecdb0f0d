"""One way to fit, one model, ascending n, measured in a process of its own: time, memory and agreement."""

import gc
import time
from pathlib import Path

import numpy as np

from benchmarks import fitters, problems

_SECONDS = 0.6  # to spend on warm calls, beyond the first three
_LONG = 1.5  # seconds; of fits that take longer, one warm call is enough
_CLEAR = Path("/proc/self/clear_refs")


def measure(name, model, sizes, longest):
    """Return a row of the table, a dict of numbers, for each size.

    Times are in seconds, memory in bytes. `extra_bytes` is the peak during the first fit of a size over what
    the process held with the data and the packages loaded. `estimates_off` is the largest distance from the
    reference in its standard errors, `errors_off` the largest relative distance of the errors from exact ones
    of their kind. A size that would take longer than `longest` by what smaller ones took has a reason to be
    "skipped".
    """
    rows = []
    for n in sizes:
        reason = _too_long(n, rows, longest)
        row = {"skipped": reason} if reason else _measured(name, problems.load(model, n))
        rows.append({"model": model, "n": n, "fitter": name, **row})
    return rows


def _too_long(n, rows, longest):
    """Why a fit is not tried: a phrase, or None. On few observations it may all be overhead."""
    if len(rows) < 2:
        return None
    if "skipped" in rows[-1]:
        return rows[-1]["skipped"]
    (n0, low), (n1, high) = ((row["n"], row["warm_s"]) for row in rows[-2:])
    seconds = high + (high - low) / (n1 - n0) * (n - n1)
    return f"would take {seconds:.0f} s" if seconds > longest else None


def _measured(name, problem):
    fit = fitters.FITTERS[name].make(problem)
    gc.collect()
    before = _reset_peak()
    first, found = _timed(fit)
    extra = None if before is None else memory("VmHWM") - before
    row = {
        "first_s": first,
        "warm_s": _warm(fit, 3 if first < _LONG else 1),
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
    """The fastest of so many calls and what else fits in the time to spend, up to a hundred."""
    times = []
    while len(times) < at_least or (sum(times) < _SECONDS and len(times) < 100):
        times.append(_timed(function)[0])
    return min(times)


def _agreement(problem, found):
    estimates, errors = problem.reference()
    p = len(found.estimates)  # linregress and OLS have no stddev: what they give comes first
    off = {"estimates_off": float(np.max(np.abs(found.estimates - estimates[:p]) / errors["observed"][:p]))}
    if found.errors is not None:
        off["errors_off"] = float(np.max(np.abs(found.errors / errors[found.kind][:p] - 1)))
    return off


def _reset_peak():
    """Let the kernel forget the peak so far, and return what the process holds now; None if not on Linux."""
    if not _CLEAR.exists():
        return None
    _CLEAR.write_text("5")
    return memory("VmRSS")


def memory(field):
    """A field of this process's memory in bytes, as the kernel counts it; None if it does not."""
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return None
