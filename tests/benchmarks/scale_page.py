"""The tables of docs/learn/large-data.md, from what scale.py and scale_peers.py measured and saved."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks.tables import placed, table  # noqa: E402
from benchmarks.words import digits, duration, raised, short  # noqa: E402

SAVED = ROOT / "docs" / "reference" / "scale.json"
SAVED_PEERS = SAVED.with_name("scale-peers.json")
PAGE = ROOT / "docs" / "learn" / "large-data.md"
PEERS = "mlefit", "scipy", "dask", "dask-ml", "dask-glm", "statsmodels"
LARGER = 10  # times as many rows in a partition
TITLES = (
    "model",
    "rows",
    "workers",
    "passes",
    "time",
    "over reading once",
    "own memory of a worker",
    "standard errors off",
)


def measured(run):
    """The block of the page: what was measured on which machine, a row for each fit on workers.

    Args:
        run: what scale.py saved, a dict with `"machine"` and `"rows"`.
    """
    rows = [row for row in run["rows"] if row["where"] == "workers"]
    largest = max(row["n"] for row in rows)
    lines = [line(row) for row in rows if row["n"] >= min(10**6, largest)]
    days = sorted({row["date"] for row in rows})
    when = " to ".join(dict.fromkeys((days[0], days[-1])))
    said = f"{machine(run)}, {when}."
    busy = max(row["load"] for row in rows) > 1.5 * run["machine"]["cores"]
    said += " The machine was shared, so compare the ratios in a row and not the times." if busy else ""
    return f"{said}\n\n{table(TITLES, lines)}\n\n{on_paper(run['paper'])}"


def on_paper(found):
    """What the passes of one worker come to for very many rows on many workers, by model."""
    first = next(iter(found.values()))
    rows, workers, partition = (int(first[key]) for key in ("rows", "workers", "partition_rows"))
    lines = []
    for model, one in found.items():
        seconds = one["work_s"], one["read_once_s"], one["scheduling_s"], one["scheduling_s"] / LARGER
        passes = str(sum(count for count, _ in one["passes"].values()))
        lines.append((model, passes, *map(minutes, seconds), f"{1e3 * one['task_s']:.0f}&nbsp;ms"))
    titles = ("model", "passes", "work of a worker", "of it, reading once")
    titles += tuple(f"scheduler, {short(n)} rows a partition" for n in (partition, LARGER * partition))
    said = (
        f"**On paper**, take {short(rows)} rows on {workers} workers, {short(rows // workers)} rows each. "
        "Suppose that each worker has a machine and a disk of its own, and is as fast as the one worker "
        "above. A partition in one pass is a task. Suppose that a task costs the scheduler what it cost in "
        "the fits of 10⁵ rows (last column). Then multiplication gives the times below, as orders of "
        "magnitude: nobody has measured them, and two workers that share one machine, as above, gain less "
        "than a factor of two. The scheduler hands out tasks while the workers work, so the longer of the "
        "two times counts. Larger partitions shorten the scheduler's, if a worker can hold them: 10⁷ rows of "
        "the logistic regression take 0.9 GB."
    )
    return f"{said}\n\n{table((*titles, 'scheduler, a task'), lines)}"


def minutes(seconds):
    """Seconds, or minutes where there are ten and more."""
    return f"{seconds / 60:.0f}&nbsp;min" if seconds >= 600 else f"{seconds:.0f}&nbsp;s"


def line(row):
    """A fit on workers: its cells."""
    off = row.get("estimates_off")
    return (
        row["model"],
        short(row["n"]),
        str(row["workers"]),
        str(sum(row["passes"].values())),
        duration(row["fit_s"]),
        digits(row["over_floor"]),
        f"{row['worker_own_bytes'] / 1e6:.0f}&nbsp;MB",
        "—" if off is None else below(off),
    )


def below(value):
    """The power of ten, down to the fourteenth, that a distance stays below."""
    exponent = next(e for e in range(14, -1, -1) if value <= 10.0**-e)
    return f"below 10⁻{raised(exponent)}" if exponent else "below 1"


def beside(run):
    """The block of the page with other packages: a row for each, at all sizes."""
    sizes = sorted({row["n"] for row in run["rows"]})
    lines = []
    for way in dict.fromkeys(row["way"] for row in run["rows"]):
        of_size = {row["n"]: row for row in run["rows"] if row["way"] == way}
        last = of_size[sizes[-1]]
        if "failed" in last:
            lines.append((way, *("fails" for _ in sizes), "—", "—", "—"))
            continue
        times = (f"{duration(row['fit_s'])} ({digits(row['over_mlefit'])})" for row in of_size.values())
        off, given = below(last["estimates_off"]), "yes" if last["errors"] else "no"
        lines.append((way, *times, digits(last["passes"]), off, given))
    titles = ("", *(f"{short(n)} rows" for n in sizes), "passes", "standard errors off", "gives errors")
    versions = ", ".join(f"{name} {run['versions'][name]}" for name in PEERS)
    days = sorted({row["date"] for row in run["rows"]})
    return f"{machine(run)}, {days[-1]}; {versions}.\n\n{table(titles, lines)}"


def machine(run):
    """What a run had, in words."""
    found, limit = run["machine"], run["memory_limit"].replace("GiB", " GiB")
    return f"{found['processor']}, {found['cores']} cores, {limit} a worker"


def written(page, run, peers):
    """The text of the page with the tables of two runs."""
    return placed(page, {"scale": measured(run), "peers": beside(peers)})


def main():
    runs = (json.loads(saved.read_text()) for saved in (SAVED, SAVED_PEERS))
    PAGE.write_text(written(PAGE.read_text(), *runs))


if __name__ == "__main__":
    main()
