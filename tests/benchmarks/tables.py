"""The tables and findings of docs/reference/benchmarks.md, from the rows that fits.py measured and saved."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks import findings  # noqa: E402
from benchmarks.fitters import FITTERS  # noqa: E402
from benchmarks.words import EXACT, digits, duration, share, short  # noqa: E402

SAVED = ROOT / "docs" / "reference" / "benchmarks.json"
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"


def saved():
    """What the last whole run wrote: its date, machine, versions, imports and rows."""
    return json.loads(SAVED.read_text())


def tables(run):
    """The blocks of the page, by their names."""
    rows = run["rows"]
    models = list(dict.fromkeys(row["model"] for row in rows))
    found = {model: speed([row for row in rows if row["model"] == model]) for model in models}
    own = [row for row in rows if row["fitter"] == "mlefit" and "warm_s" in row]
    return found | {
        "run": head(run),
        "methods": methods(),
        "imports": imports(run["imports"]),
        "peers": peers(rows),
        "hess_inv": inverse(rows),
        "floor": floor(own),
        "memory": memory(rows),
        **findings.findings(rows),
    }


def head(run):
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    machine, cores = run["machine"], run["machine"]["cores"]
    start, end = run["load"]
    said = (
        f"Run on {run['date']}: {machine['processor']}, {cores} cores, of which a fit may use one; "
        f"{versions}. {run['rounds']} round{'s' if run['rounds'] > 1 else ''}."
    )
    if start > 0.5:
        said += (
            f" **The machine was shared.** {digits(start)} processes wanted its {cores} cores when the run "
            f"began, and {digits(end)}, the run's own among them, when it ended. Times are longer than on an "
            "idle machine, and uneven: trust no difference below a factor of two."
        )
    return said


def methods():
    """How each way fits: what its package does by default."""
    lines = [
        (name, way.optimiser, way.tolerance, way.derivatives, way.errors) for name, way in FITTERS.items()
    ]
    return table(("", "optimiser", "stops at", "derivatives", "errors from"), lines, "---|")


def imports(found):
    lines = [
        (name, duration(row["import_s"]), f"{row['resident_bytes'] / 1e6:.0f}&nbsp;MB")
        for name, row in found.items()
    ]
    return table(("", "import", "resident memory"), lines)


def speed(rows):
    """Times of one model: warm by n, and the first call at the smallest n."""
    sizes = sorted({row["n"] for row in rows})
    lines = []
    for fitter in dict.fromkeys(row["fitter"] for row in rows):
        by_size = {row["n"]: row for row in rows if row["fitter"] == fitter}
        few = by_size[sizes[0]]
        name = fitter + ("" if "errors_off" in few else " †")
        lines.append((name, duration(few.get("first_s")), *(warm(by_size.get(n, {})) for n in sizes)))
    return table(("", f"first, n = {short(sizes[0])}", *(f"n = {short(n)}" for n in sizes)), lines)


def warm(row):
    if "warm_s" not in row:
        return "—"
    ratio = "" if row["fitter"] == "mlefit" or "ratio" not in row else f" ({digits(row['ratio'])})"
    rough = " §" if row.get("errors_off", 0) > EXACT else ""
    return duration(row["warm_s"]) + ratio + rough + ("" if row["converged"] else " ‡")


def peers(rows):
    """The fastest peers, with errors that hold and of all: time over that of mlefit, by model and n."""
    lines = []
    for model in dict.fromkeys(row["model"] for row in rows):
        for n in sorted({row["n"] for row in rows}):
            others = [row for row in rows if (row["model"], row["n"]) == (model, n) and "ratio" in row]
            others = [row for row in others if row["fitter"] != "mlefit" and row["converged"]]
            cells = []
            for able in ([row for row in others if row.get("errors_off", 1) <= EXACT], others):
                best = min(able, key=lambda row: row["ratio"], default=None)
                cells.append(f"{digits(best['ratio'])}, {best['fitter']}" if best else "—")
            lines.append((f"{model}, {short(n)}", *cells))
    return table(("model, n", "with errors", "of all"), lines)


def inverse(rows):
    """How far the errors from a search's own inverse Hessian are from exact ones, by model and n."""
    sizes = sorted({row["n"] for row in rows})
    ways = ("SciPy BFGS", "SciPy L-BFGS-B")
    found = {(row["fitter"], row["model"], row["n"]): row.get("errors_off") for row in rows}
    lines = [
        (model, *(share(found.get((way, model, n))) for way in ways for n in sizes))
        for model in dict.fromkeys(row["model"] for row in rows)
    ]
    return table(("", *(f"{way[6:]}, {short(n)}" for way in ways for n in sizes)), lines)


def floor(rows):
    """One value, gradient and Hessian over one sum of the data."""
    sizes = sorted({row["n"] for row in rows})
    lines = []
    for model in dict.fromkeys(row["model"] for row in rows):
        ratio = {row["n"]: row["evaluation_s"] / row["sum_s"] for row in rows if row["model"] == model}
        lines.append((model, *(f"{ratio[n]:.0f}" if n in ratio else "—" for n in sizes)))
    return table(("", *(f"n = {short(n)}" for n in sizes)), lines)


def memory(rows):
    """Peak memory of the first fit at the largest n beyond the data, in MB, by package and model."""
    largest = [row for row in rows if row["n"] == max(row["n"] for row in rows)]
    models = list(dict.fromkeys(row["model"] for row in largest))

    def line(label, key, fitter):
        found = {row["model"]: row.get(key) for row in largest if row["fitter"] == fitter}
        return label, *("—" if found.get(m) is None else f"{found[m] / 1e6:.0f}" for m in models)

    fitters = [name for name in FITTERS if any(row["fitter"] == name and "warm_s" in row for row in largest)]
    lines = [line("the data", "data_bytes", "mlefit"), *(line(f, "extra_bytes", f) for f in fitters)]
    return table(("", *models), lines)


def table(titles, lines, column="---:|"):
    ruler = "|---|" + column * (len(titles) - 1)
    return "\n".join([f"| {' | '.join(titles)} |", ruler, *(f"| {' | '.join(line)} |" for line in lines)])


def written(page, run):
    """The text of the page with the tables of a run."""
    return placed(page, tables(run))


def placed(page, blocks):
    """The text of a page with blocks, by their names, between their comments."""
    for name, text in blocks.items():
        block = rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end -->)"
        page, count = re.subn(
            block, lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"the page has {count} places for the table {name!r}")
    return page


def main():
    PAGE.write_text(written(PAGE.read_text(), saved()))


if __name__ == "__main__":
    main()
