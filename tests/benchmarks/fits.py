"""mlefit.fit against its peers: the same data, the time to the optimum with standard errors, and memory.

uv run --group bench python tests/benchmarks/fits.py [--quick] [--models ...] [--fitters ...]

Each measurement has a process of its own, so that first calls are first and peaks of memory nobody else's.
A fit of less than two seconds gets two, and the better time counts: what else the machine does only adds.
The whole run takes half an hour and writes docs/reference/benchmarks.json and the tables of its page; a part
of it only prints.
"Extra" is the memory that the first fit takes beside the data; "of data" is its growth since the n before,
as a share of the data's growth: TensorFlow's start and compiled code, which any n takes, drop out.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import fitters, measuring, problems, tables  # noqa: E402

SIZES = (10**3, 10**5, 10**6, 10**7)
LONGEST = 10.0  # seconds that a fit may take, by what it took on fewer observations
TWICE = 2.0  # seconds that a fit may take to be measured twice
PACKAGES = ("mlefit", "tensorflow", "keras", "numpy", "scipy", "statsmodels", "iminuit", "numba", "zfit")
QUIET = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "ZFIT_DISABLE_TF_WARNINGS": "1",
    "PYTHONWARNINGS": "ignore",
}


def main():
    args = arguments()
    if args.worker:
        name, model, n = args.worker
        print(json.dumps(measuring.measure(name, model, int(n))))
        return
    chosen = [f for f in fitters.FITTERS if any(word.lower() in f.lower() for word in args.fitters or [""])]
    sizes = SIZES[:2] if args.quick else SIZES
    whole = not (args.quick or args.models or args.fitters)
    print(json.dumps(machine()))
    rows = []
    for model in args.models or problems.MODELS:
        for n in sizes:
            rows += compared(model, n, chosen, [row for row in rows if row["model"] == model])
            if whole:
                run = {"date": datetime.date.today().isoformat(), **machine()}
                tables.SAVED.write_text(as_text(run, rows))
    if whole:
        tables.main()


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="only n up to 100,000")
    parser.add_argument("--models", nargs="+", choices=problems.MODELS)
    parser.add_argument("--fitters", nargs="+", help="words in their names, such as mlefit scipy")
    parser.add_argument("--worker", nargs=3, metavar=("FITTER", "MODEL", "N"), help="measure one, print JSON")
    return parser.parse_args()


def compared(model, n, chosen, earlier):
    """Measure and print every fitter on one data set; return the rows."""
    print(f"\n{model}, n = {n:,}")
    print(
        f"{'':36}{'warm':>10}{'first':>10}{'/ mlefit':>10}{'extra':>10}{'of data':>9}"
        "   off: estimates, errors"
    )
    rows = []
    for name in chosen:
        before = [row for row in earlier if row["fitter"] == name]
        if earlier and not before:
            continue  # it has nothing for this model
        reason = too_much(n, before)
        row = {"skipped": reason} if reason else measured(name, model, n)
        if row is None:
            continue
        rows.append({"model": model, "n": n, "fitter": name, **row})
        if len(before) > 1 and row.get("extra_bytes") and before[-1].get("extra_bytes"):
            grown = row["extra_bytes"] - before[-1]["extra_bytes"]
            rows[-1]["extra_share"] = grown / (row["data_bytes"] - before[-1]["data_bytes"])
    for row in rows:
        if row.get("warm_s", TWICE) < TWICE:
            again = measured(row["fitter"], model, n)
            row.update({key: min(row[key], again[key]) for key in again if key.endswith("_s") and key in row})
    own = [row["warm_s"] for row in rows if row["fitter"] == "mlefit" and "warm_s" in row]
    for row in rows:
        if own and "warm_s" in row:
            row["ratio"] = row["warm_s"] / own[0]
        print(line(row), flush=True)
    return rows


def too_much(n, before):
    """Why a fit is not tried, by what two smaller ones took: a phrase, or None."""
    if len(before) < 2:
        return None  # On few observations it may all be overhead.
    if "skipped" in before[-1]:
        return before[-1]["skipped"]
    seconds = extrapolated("warm_s", n, before)
    if seconds > LONGEST:
        return f"would take {seconds:.0f} s"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    extra = extrapolated("extra_bytes", n, before)
    return f"would take {extra / 2**30:.0f} GiB" if extra > memory / 2 else None


def extrapolated(key, n, before):
    """What n observations should take, on the line through the last two measurements."""
    (n0, low), (n1, high) = ((row["n"], row.get(key) or 0) for row in before[-2:])
    return high + (high - low) / (n1 - n0) * (n - n1)


def measured(name, model, n):
    """A row from a process of its own, or the last words of one that failed."""
    command = [sys.executable, __file__, "--worker", name, model, str(n)]
    try:
        done = subprocess.run(
            command, env=os.environ | QUIET, capture_output=True, text=True, timeout=30 * LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return {"skipped": "ran out of time"}
    if done.returncode:
        words = done.stderr.strip().splitlines()
        return {"skipped": words[-1] if words else f"ended with status {done.returncode}"}
    return json.loads(done.stdout.splitlines()[-1])


def line(row):
    """A row as the table shows it."""
    if "skipped" in row:
        return f"{row['fitter']:36}{'—':>10}   {row['skipped']}"
    share = f"{row['extra_share']:.0%}" if "extra_share" in row else ""
    extra = "" if row["extra_bytes"] is None else f"{row['extra_bytes'] / 1e6:.0f} MB"
    ratio = f"{row['ratio']:.3g}" if "ratio" in row else ""
    off = f"{row['estimates_off']:.0e}, " + (
        f"{row['errors_off']:.0e}" if "errors_off" in row else "gives no errors"
    )
    floor = f"; evaluation / sum {row['evaluation_s'] / row['sum_s']:.1f}" if "sum_s" in row else ""
    lost = "" if row["converged"] else "; did not converge"
    return (
        f"{row['fitter']:36}{duration(row['warm_s']):>10}{duration(row['first_s']):>10}{ratio:>10}{extra:>10}"
        f"{share:>9}   {off}{floor}{lost}"
    )


def duration(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def machine():
    """What the times depend on: processor, cores and versions."""
    info = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [entry.split(":")[1].strip() for entry in info if entry.startswith("model name")]
    return {
        "machine": {"processor": names[0] if names else platform.machine(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}},
    }


def as_text(head, rows):
    """JSON with one row a line and four digits: a new run then differs where its numbers do."""
    rows = [{key: float(f"{v:.4g}") if isinstance(v, float) else v for key, v in row.items()} for row in rows]
    entries = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    table = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
    return "{\n" + ",\n".join(entries) + f',\n  "rows": [\n{table}\n  ]\n}}\n'


if __name__ == "__main__":
    main()
