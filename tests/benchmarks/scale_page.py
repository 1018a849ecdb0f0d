"""The table of docs/learn/large-data.md, from the rows that scale.py measured and saved."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks.tables import table  # noqa: E402
from benchmarks.words import digits, duration, raised, short  # noqa: E402

SAVED = ROOT / "docs" / "reference" / "scale.json"
PAGE = ROOT / "docs" / "learn" / "large-data.md"
OPENS, CLOSES = "<!-- scale: written by tests/benchmarks/scale_page.py -->\n", "<!-- end -->"
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
    machine = run["machine"]
    days = sorted({row["date"] for row in rows})
    when = " to ".join(dict.fromkeys((days[0], days[-1])))
    said = f"{machine['processor']}, {machine['cores']} cores, {when}."
    busy = max(row["load"] for row in rows) > 1.5 * machine["cores"]
    said += " The machine was shared, so compare the ratios in a row and not the times." if busy else ""
    return f"{said}\n\n{table(TITLES, lines)}\n\n{on_paper(run['paper'])}"


def on_paper(found):
    """What the passes of one worker come to for very many rows on many workers, by model."""
    first = next(iter(found.values()))
    rows, workers, partition = (int(first[key]) for key in ("rows", "workers", "partition_rows"))
    lines = []
    for model, one in found.items():
        seconds = one["work_s"], one["read_once_s"], one["scheduling_s"], one["scheduling_s"] / LARGER
        times = (f"{time / 60:.0f}&nbsp;min" for time in seconds)
        lines.append((model, str(sum(count for count, _ in one["passes"].values())), *times))
    titles = ("model", "passes", "work of a worker", "of it, reading once")
    titles += tuple(f"scheduler, {short(n)} rows a partition" for n in (partition, LARGER * partition))
    said = (
        f"**On paper**, the passes of one worker above come to these times for {short(rows)} rows on "
        f"{workers} workers, {short(rows // workers)} rows each. The scheduler hands out partitions while "
        "the workers work. So the longer of the two times counts, and larger partitions help:"
    )
    return f"{said}\n\n{table(titles, lines)}"


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


def written(page, run):
    """The text of the page with the table of a run."""
    before, after = page.split(OPENS)
    return f"{before}{OPENS}\n{measured(run)}\n\n{CLOSES}{after.split(CLOSES, 1)[1]}"


def main():
    PAGE.write_text(written(PAGE.read_text(), json.loads(SAVED.read_text())))


if __name__ == "__main__":
    main()
