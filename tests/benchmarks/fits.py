"""mlefit.fit against its peers: the same data, the time to the optimum with standard errors, and memory.

uv run --group bench python tests/benchmarks/fits.py [--sizes ...] [--models ...] [--fitters ...]

A way to fit and a model have a process of their own, so that first calls are first and peaks of memory nobody
else's; it has one core, and fits the smallest data first. Everything is measured in two rounds and the better
time counts: what else the machine does only adds. The whole run takes half an hour and writes
docs/reference/benchmarks.json and the tables and findings of its page; a part of it only prints.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import fitters, measuring, problems, saving, tables  # noqa: E402

SIZES = (10**3, 10**5, 10**6)
LONGEST = 5.0  # seconds that a fit may take, by what it took on fewer observations
ROUNDS = 2
PACKAGES = (
    "mlefit",
    "tensorflow",
    "keras",
    "numpy",
    "scipy",
    "statsmodels",
    "iminuit",
    "numba",
    "zfit",
    "optimagic",
    "delicatessen",
)
IMPORTS = {
    "mlefit": "mlefit",
    "SciPy": "scipy.optimize, scipy.stats",
    "statsmodels": "statsmodels.api",
    "iminuit": "iminuit",
    "iminuit and numba": "iminuit, numba",
    "zfit": "zfit",
    "estimagic": "estimagic",
    "delicatessen": "delicatessen",
}
QUIET = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "ZFIT_DISABLE_TF_WARNINGS": "1",
    "PYTHONWARNINGS": "ignore",
}


def main():
    args = arguments()
    if args.worker:
        name, model, *sizes = args.worker
        print(json.dumps(measuring.measure(name, model, [int(n) for n in sizes], LONGEST)))
        return
    chosen = [f for f in fitters.FITTERS if any(word.lower() in f.lower() for word in args.fitters or [""])]
    whole = not (args.sizes or args.models or args.fitters)
    run = {"date": datetime.date.today().isoformat(), **saving.machine(PACKAGES), "rounds": 0}
    print(json.dumps(run))
    if hasattr(os, "sched_setaffinity"):  # where cores are busy, threads would wait for one another
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    rows, imports = {}, {}
    for _ in range(ROUNDS):
        for label, names in IMPORTS.items() if whole else ():
            imports[label] = better(imports.get(label), imported(names))
        for model in args.models or problems.MODELS:
            for name in chosen:
                if model in fitters.FITTERS[name].models:
                    measure(rows, name, model, args.sizes or SIZES)
        run["rounds"] += 1
        run["load"][1] = os.getloadavg()[0]
        if whole:
            tables.SAVED.write_text(saving.as_text({**run, "imports": imports}, with_ratios(rows)))
    for row in with_ratios(rows):
        print(line(row))
    if whole:
        tables.main()


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="+", type=int, help="numbers of observations, ascending")
    parser.add_argument("--models", nargs="+", choices=problems.MODELS)
    parser.add_argument("--fitters", nargs="+", help="words in their names, such as mlefit scipy")
    parser.add_argument("--worker", nargs="+", metavar="FITTER MODEL N", help="measure one, print JSON")
    return parser.parse_args()


def measure(rows, name, model, sizes):
    """Measure one way on one model and put its rows, by (model, n, fitter), into what is there."""
    for row in measured(name, model, sizes):
        key = row["model"], row["n"], row["fitter"]
        rows[key] = better(rows.get(key), row)
        print(line(row), flush=True)


def better(old, new):
    """The new row, or the old one with the better times of the two; a measured one before a skipped one."""
    if old is None or "skipped" in old:
        return new
    if "skipped" in new:
        return old
    return old | {key: min(old[key], new[key]) for key in new if key.endswith("_s")}


def measured(name, model, sizes):
    """The rows from a process of its own, or the last words of one that failed."""
    said = ran([__file__, "--worker", name, model, *map(str, sizes)])
    if isinstance(said, list):
        return said
    return [{"model": model, "n": n, "fitter": name, "skipped": said} for n in sizes]


def imported(names):
    """How long an import takes in a new process, and the memory that it holds afterwards."""
    code = (
        f"import time; start = time.perf_counter(); import {names}; took = time.perf_counter() - start\n"
        f"import sys, json; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from benchmarks import measuring\n"
        "print(json.dumps({'import_s': took, 'resident_bytes': measuring.memory('VmRSS')}))"
    )
    return ran(["-c", code])


def ran(arguments):
    """What a new Python prints last, read as JSON; a phrase if it fails."""
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | QUIET,
            capture_output=True,
            text=True,
            timeout=60 * LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "ran out of time"
    if done.returncode:
        words = done.stderr.strip().splitlines()
        return words[-1] if words else f"ended with status {done.returncode}"
    return json.loads(done.stdout.splitlines()[-1])


def with_ratios(rows):
    """The rows, model by model and size by size, with their time over that of mlefit."""
    rows = sorted(rows.values(), key=lambda row: (problems.MODELS.index(row["model"]), row["n"]))
    own = {(row["model"], row["n"]): row.get("warm_s") for row in rows if row["fitter"] == "mlefit"}
    found = []
    for row in rows:
        base = own.get((row["model"], row["n"]))
        found.append(row | {"ratio": row["warm_s"] / base} if base and "warm_s" in row else row)
    return found


def line(row):
    """A row in words."""
    head = f"{row['model']:10}{row['n']:9}  {row['fitter']:36}"
    if "skipped" in row:
        return f"{head}{'—':>10}   {row['skipped']}"
    ratio = f"{row['ratio']:.3g}" if "ratio" in row else ""
    extra = "" if row["extra_bytes"] is None else f"{row['extra_bytes'] / 1e6:.0f} MB"
    errors = f"{row['errors_off']:.0e}" if "errors_off" in row else "no errors"
    lost = "" if row["converged"] else "; did not converge"
    return (
        f"{head}{duration(row['warm_s']):>10}{duration(row['first_s']):>10}{ratio:>10}{extra:>10}"
        f"  off {row['estimates_off']:.0e}, {errors}{lost}"
    )


def duration(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


if __name__ == "__main__":
    main()
