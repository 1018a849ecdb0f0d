"""What the rows that scale.py measured say together: ratios, agreement, and very many rows on paper."""

import numpy as np

from benchmarks.words import digits

PAPER = {"rows": 1e11, "workers": 100, "partition_rows": 1e6}


def derived(rows):
    """The rows with their ratios to others of the run.

    Returns:
        The rows, to which is added `over_floor`, the time of a fit over that of reading once, and
        `over_floor_cpu`, the same of processors' time, which depends less on what else a machine does;
        `over_two_workers`, of one worker's row, its time over that of two; `over_memory`, over the fit in
        memory on as many cores; `estimates_off`, the largest distance from the fit in memory in standard
        errors, and `errors_off`, the largest relative one of those.
    """
    found = {
        (row["model"], row["n"], row["where"], row.get("workers", row.get("cores"))): row for row in rows
    }
    for (model, n, where, count), row in found.items():
        if where == "memory":
            continue
        row["over_floor"] = row["fit_s"] / row["floor_s"]
        row["over_floor_cpu"] = row["fit_cpu_s"] / row["floor_cpu_s"]
        other = found.get((model, n, where, 2))
        if (where, count) == ("workers", 1) and other:
            row["over_two_workers"] = row["fit_s"] / other["fit_s"]
            row["floor_over_two_workers"] = row["floor_s"] / other["floor_s"]
        held = [found[key] for key in found if key[:3] == (model, n, "memory")]
        if held:
            own, true = (
                {key: np.array(value) for key, value in r["numbers"].items()} for r in (row, held[0])
            )
            row["estimates_off"] = float(
                np.max(np.abs(own["estimates"] - true["estimates"]) / true["errors"])
            )
            row["errors_off"] = float(np.max(np.abs(own["errors"] / true["errors"] - 1)))
        alike = found.get((model, n, "memory", count))
        if alike:
            row["over_memory"] = row["fit_s"] / alike["fit_s"]
    for row in rows:
        row.pop("numbers", None)
    return rows


def paper(rows):
    """Seconds that a fit of 10^11 rows on 100 workers would take, by model, from one worker's passes.

    Each pass takes a worker its share of the rows times the seconds of a row at the largest n measured, of
    which reading is the floor's part. The scheduler's part of all tasks, done one after another, is added: it
    would overlap with the work.
    """
    found = {}
    alone = [row for row in rows if (row["where"], row.get("workers")) == ("workers", 1)]
    for model in dict.fromkeys(row["model"] for row in alone):
        own = [row for row in alone if row["model"] == model]
        row, few = max(own, key=lambda row: row["n"]), min(own, key=lambda row: row["n"])
        if "task_s" not in few or row is few:
            continue
        share = PAPER["rows"] / PAPER["workers"]
        passes = {
            kind: [count, share * row["pass_s"][kind] / row["n"]] for kind, count in row["passes"].items()
        }
        tasks = PAPER["rows"] / PAPER["partition_rows"]
        work = sum(count * seconds for count, seconds in passes.values())
        scheduling = sum(row["passes"].values()) * tasks * few["task_s"]
        found[model] = {
            **PAPER,
            "from_n": row["n"],
            "passes": passes,
            "read_once_s": share * row["floor_s"] / row["n"],
            "work_s": work,
            "tasks": tasks,
            "task_s": few["task_s"],
            "scheduling_s": scheduling,
            "fit_s": work + scheduling,
        }
    return found


def printed(run, rows):
    """The run and its rows as text."""
    lines = [f"{run['machine']}, {run['versions']}, limit {run['memory_limit']} a worker"]
    lines += [line(row) for row in rows]
    lines += [arithmetic(model, found) for model, found in paper(rows).items()]
    return "\n".join(lines)


def line(row):
    """A row in words."""
    count = row.get("workers", row.get("cores"))
    text = f"{row['model']:12}{row['n']:8.0e} {row['where']:>8} {count} {row['fit_s']:8.3g} s"
    if row["where"] == "memory":
        return f"{text}, {row['client_own_bytes'] / 1e6:.0f} MB for {row['data_bytes'] / 1e6:.0f} MB of data"
    passes = ", ".join(
        f"{times} {kind} {digits(1e3 * row['pass_s'][kind])} ms" for kind, times in row["passes"].items()
    )
    text += f", floor {digits(1e3 * row['floor_s'])} ms, {passes}, outside {row['outside_s']:.2g} s"
    if row["worker_own_bytes"]:
        own, resident = (row[f"worker_{kind}_bytes"] / 1e6 for kind in ("own", "resident"))
        text += f"; a worker {own:.0f} MB of its own, {resident:.0f} resident"
    text += f"; client {row['client_own_bytes'] / 1e6:.0f} MB"
    for key, name in (
        ("over_floor", "over the floor"),
        ("over_floor_cpu", "by processors' time"),
        ("over_two_workers", "over two workers"),
        ("over_memory", "over memory"),
        ("estimates_off", "standard errors off"),
        ("errors_off", "errors off"),
        ("first_fit_s", "s the first fit"),
        ("task_s", "s a task"),
    ):
        if key in row:
            text += f"; {row[key]:.2g} {name}"
    return text + ("" if row["converged"] else "; DID NOT CONVERGE")


def arithmetic(model, found):
    """How long very many rows would take, with the multiplications."""
    share = found["rows"] / found["workers"]
    work = " + ".join(f"{n} x {seconds:.0f} s ({kind})" for kind, (n, seconds) in found["passes"].items())
    count = sum(n for n, _ in found["passes"].values())
    return (
        f"{model}, on paper: {found['rows']:.0e} rows on {found['workers']} workers, {share:.0e} each: "
        f"{work} = {found['work_s']:.0f} s; {count} passes x {found['tasks']:.0e} tasks x "
        f"{1e3 * found['task_s']:.2g} ms = {found['scheduling_s']:.0f} s of the scheduler; in all "
        f"{found['fit_s'] / 60:.0f} minutes, of which reading once is {found['read_once_s']:.0f} s"
    )
