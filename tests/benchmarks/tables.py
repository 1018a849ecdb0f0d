"""The tables of docs/reference/benchmarks.md, from the rows that fits.py measured and saved."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAVED = ROOT / "docs" / "reference" / "benchmarks.json"
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"


def saved():
    """What the last whole run wrote: its date, machine, versions and rows."""
    return json.loads(SAVED.read_text())


def tables(run):
    """The tables of the page, by their names."""
    rows = run["rows"]
    models = list(dict.fromkeys(row["model"] for row in rows))
    found = {model: speed([row for row in rows if row["model"] == model]) for model in models}
    own = [row for row in rows if row["fitter"] == "mlefit" and "warm_s" in row]
    return found | {"run": head(run), "peers": peers(rows), "floor": floor(own), "memory": memory(rows)}


def head(run):
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    machine = run["machine"]
    return f"Run on {run['date']}: {machine['processor']}, {machine['cores']} cores; {versions}."


def speed(rows):
    """Times of one model: warm by n, and the first call at the smallest n."""
    sizes = sorted({row["n"] for row in rows})
    lines = []
    for fitter in dict.fromkeys(row["fitter"] for row in rows):
        by_size = {row["n"]: row for row in rows if row["fitter"] == fitter}
        few = by_size[sizes[0]]
        name = fitter + ("" if few.get("errors_off") is not None else " †")
        lines.append((name, duration(few.get("first_s")), *(warm(by_size.get(n, {})) for n in sizes)))
    return table(("", f"first, n = {short(sizes[0])}", *(f"n = {short(n)}" for n in sizes)), lines)


def warm(row):
    if "warm_s" not in row:
        return "—"
    ratio = "" if row["fitter"] == "mlefit" or "ratio" not in row else f" ({digits(row['ratio'])})"
    return duration(row["warm_s"]) + ratio + ("" if row["converged"] else " ‡")


def peers(rows):
    """The fastest peer with errors, over mlefit, by model and n."""
    sizes = [n for n in sorted({row["n"] for row in rows}) if n >= 10**5]
    lines = []
    for model in dict.fromkeys(row["model"] for row in rows):
        cells = []
        for n in sizes:
            there = [row for row in rows if row["model"] == model and row["n"] == n and "ratio" in row]
            others = [row for row in there if row["fitter"] != "mlefit" and "errors_off" in row]
            best = min(others, key=lambda row: row["ratio"], default=None)
            cells.append(f"{digits(best['ratio'])}, {best['fitter']}" if best else "—")
        lines.append((model, *cells))
    return table(("", *(f"n = {short(n)}" for n in sizes)), lines)


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

    fitters = dict.fromkeys(row["fitter"] for row in largest if "skipped" not in row)
    lines = [line("the data", "data_bytes", "mlefit"), *(line(f, "extra_bytes", f) for f in fitters)]
    return table(("", *models), lines)


def duration(seconds):
    if seconds is None:
        return "—"
    return f"{digits(seconds)}&nbsp;s" if seconds >= 1 else f"{digits(1e3 * seconds)}&nbsp;ms"


def digits(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def short(n):
    exponent = len(str(n)) - 1
    return f"10{str(exponent).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def table(titles, lines):
    ruler = "|---|" + "---:|" * (len(titles) - 1)
    return "\n".join([f"| {' | '.join(titles)} |", ruler, *(f"| {' | '.join(line)} |" for line in lines)])


def written(page, run):
    """The text of the page with the tables of a run."""
    for name, text in tables(run).items():
        block = rf"(<!-- {name}: [^\n]*-->\n)[^<]*(<!-- end -->)"
        page, count = re.subn(block, lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page)
        if count != 1:
            raise ValueError(f"the page has {count} places for the table {name!r}")
    return page


def main():
    PAGE.write_text(written(PAGE.read_text(), saved()))


if __name__ == "__main__":
    main()
