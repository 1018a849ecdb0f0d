"""mlefit.fit of rows in files of Parquet, on worker processes of Dask and in memory beside it.

uv run python tests/benchmarks/scale.py [--data FOLDER] [--sizes ...] [--models ...] [--workers ...] [--save]

The files are written once, into a temporary folder if none is given; 10^8 rows of all models are 10 GB. Each
model has a process of its own, with a cluster for each number of workers: they take turns, so that ratios
are those of one moment. All are warmed by fits of 10^5 rows, which tell the overhead of a pass too. Of two
rounds the better time counts; beyond 10^7 rows there is one. The memory is looked at ten times a second while
a fit runs, which makes it slower by about a tenth. With --save the rows are written to
docs/reference/scale.json, in place of those of the same models and sizes: the page takes its tables from
there. TensorFlow is imported by the processes that fit, and by workers when they are first asked.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import saving, scale_data, scale_tables  # noqa: E402

SAVED = ROOT / "docs" / "reference" / "scale.json"
FEW = 10**5
SIZES = (10**7, 10**8)
WORKERS = (1, 2)
ONE_ROUND = 10**7  # rows beyond which one round is enough
PACKAGES = ("mlefit", "tensorflow", "keras", "numpy", "dask", "distributed", "pyarrow", "pandas")
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}


def main():
    args = arguments()
    os.environ.update(QUIET)
    if args.inside:
        kind, cores = args.inside
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
        (memory if kind == "memory" else partitioned)(args)
        return
    with tempfile.TemporaryDirectory() as temporary:
        args.data = args.data or Path(temporary)
        run = head(args)
        rows = []
        for model in args.models:
            for n in (FEW, *args.sizes):
                scale_data.folder(args.data, model, n)
            rows += began(args, model, "partitions", max(args.workers) or os.cpu_count())
            for cores in sorted({1, os.cpu_count()}):
                rows += began(args, model, "memory", cores)
    rows = scale_tables.derived(rows)
    print(scale_tables.printed(run, rows))
    if args.save:
        kept = json.loads(SAVED.read_text())["rows"] if SAVED.exists() else []
        new = {(row["model"], row["n"]) for row in rows}
        rows += [row for row in kept if (row["model"], row["n"]) not in new]
        rows.sort(key=lambda row: (scale_data.MODELS.index(row["model"]), row["n"]))
        run["paper"] = scale_tables.paper(rows)
        SAVED.write_text(saving.as_text(run, rows))


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="where the files are, or will be")
    parser.add_argument("--sizes", nargs="+", type=lambda n: int(float(n)), default=SIZES)
    parser.add_argument("--models", nargs="+", choices=scale_data.MODELS, default=scale_data.MODELS)
    parser.add_argument("--workers", nargs="+", type=int, default=WORKERS, help="0: threads, no cluster")
    parser.add_argument("--limit", default="2GiB", help="memory that a worker may use")
    parser.add_argument("--rounds", type=int, default=2, help="of which the better counts, up to 10^7 rows")
    parser.add_argument("--save", action="store_true", help="write docs/reference/scale.json")
    parser.add_argument("--inside", nargs=2, metavar=("KIND", "CORES"), help=argparse.SUPPRESS)
    return parser.parse_args()


def head(args):
    """What the numbers depend on."""
    found = saving.machine(PACKAGES)
    del found["load"]
    found["machine"]["memory_bytes"] = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return found | {"memory_limit": args.limit, "partition_rows": scale_data.PARTITION}


def began(args, model, kind, cores):
    """The rows that a process of its own prints, one a line; what else it says goes through."""
    command = [sys.executable, __file__, "--inside", kind, str(cores), "--data", args.data, "--models", model]
    command += ["--sizes", *args.sizes, "--workers", *args.workers, "--limit", args.limit]
    command += ["--rounds", args.rounds]
    rows = []
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("{"):
                now = {"date": datetime.date.today().isoformat(), "load": os.getloadavg()[0]}
                rows.append(json.loads(line) | now)
                line = scale_tables.line(rows[-1]) + "\n"
            print(line, end="", flush=True)
    if process.returncode:
        raise SystemExit(f"{model}, {kind}: ended with status {process.returncode}")
    return rows


def partitioned(args):
    """Print a row for each size and number of workers, of one model."""
    from benchmarks import scale_measuring

    (model,) = args.models
    with scale_measuring.clusters(args.workers, args.limit) as clients:
        for n in (FEW, *args.sizes):
            there = scale_data.folder(args.data, model, n)
            best = {}
            for turn in range(1 if n > ONE_ROUND else args.rounds):
                for workers, client in clients.items():
                    with scale_measuring.in_force(client):
                        row = _measured(client, model, there)
                    if n == FEW and not turn:
                        row["first_fit_s"] = row["fit_s"]
                    best[workers] = _better(best.get(workers), row)
            for workers, row in best.items():
                if n == FEW and clients[workers]:
                    with scale_measuring.in_force(clients[workers]):
                        row["task_s"] = scale_measuring.task(clients[workers])
                place = "workers" if workers else "threads"
                found = {"model": model, "n": n, "where": place, "workers": workers, **row}
                print(json.dumps(found | {"file_bytes": scale_data.bytes_of(there)}), flush=True)


def _measured(client, model, there):
    """A floor, a fit, and a floor again: the better one counts."""
    from benchmarks import scale_measuring

    floors = [scale_measuring.floor(client, there)]
    row, numbers = scale_measuring.fitted(client, model, there)
    floors.append(scale_measuring.floor(client, there))
    seconds, worked = map(min, zip(*floors, strict=True))
    return {**row, "floor_s": seconds, "floor_cpu_s": worked, "numbers": numbers}


def _better(old, new):
    """The round with the shorter fit, with the better floor of both, and all of the peaks."""
    if old is None:
        return new
    found = dict(min(old, new, key=lambda row: row["fit_s"]))
    for key in ("floor_s", "floor_cpu_s"):
        found[key] = min(old[key], new[key])
    for key in found:
        if key.endswith("_bytes") and found[key] is not None:
            found[key] = max(old[key], new[key])
    return found | {key: value for key, value in old.items() if key not in found}


def memory(args):
    """Print a row for each size that fits into memory, of one model."""
    import psutil

    from benchmarks import scale_measuring

    (model,) = args.models
    for n in args.sizes:
        there = scale_data.folder(args.data, model, n)
        row = {"model": model, "n": n, "where": "memory", "cores": int(args.inside[1])}
        if psutil.virtual_memory().available < 1.5 * 8 * n * len(scale_data.names(model)):
            print(f"{model}, {n:.0e} rows: not enough memory to hold them", flush=True)
            continue
        found, numbers = scale_measuring.in_memory(model, there)
        print(json.dumps({**row, **found, "numbers": numbers}), flush=True)


if __name__ == "__main__":
    main()
