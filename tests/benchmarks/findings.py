"""What the page says in words of the tables: sentences whose numbers and verdicts come from the rows."""

from benchmarks.words import EXACT, between, digits, duration, listed, power, share, short

_RATIOS = (  # which peers a reader would ask about by name
    ("scipy.stats.norm.fit", "gaussian", "It gives no errors."),
    ("scipy.stats.linregress", "line", "Its errors are of slope and intercept."),
    ("statsmodels OLS", "line", "Its errors are of slope and intercept."),
    ("statsmodels Logit", "logistic", "It gives errors."),
    ("SciPy trust-exact", "logistic", "It gives errors, from derivatives that you write."),
    ("SciPy trust-exact", "student-t", "It gives errors, from derivatives that you write."),
)
_FIRST = ("mlefit", "SciPy trust-exact", "iminuit + numba", "zfit, loss kept")


def findings(rows):
    """The blocks of sentences, by their names."""
    rows = [row for row in rows if "warm_s" in row]
    return {
        "findings": bullets(
            [*counts(rows), *(ratios(rows, *asked) for asked in _RATIOS), first(rows), *kept(rows)]
        ),
        "rough": rough(rows),
        "agreement": agreement(rows),
    }


def bullets(sentences):
    return "\n".join(f"- {sentence}" for sentence in sentences)


def ratios(rows, fitter, model, more):
    found = {row["n"]: row["ratio"] for row in rows if (row["fitter"], row["model"]) == (fitter, model)}
    sooner = [short(n) for n, ratio in found.items() if ratio < 1]
    verdict = f"It is faster at {listed(sooner)}." if sooner else "It is faster at none of them."
    return (
        f"`{fitter}`, {model}: its time is {listed(map(digits, found.values()))} times that of `mlefit` at "
        f"n = {listed(map(short, found))}. {verdict} {more}"
    )


def counts(rows):
    """How many other fits take less time than mlefit: of all, and of those with errors that hold."""
    others = [row for row in rows if row["fitter"] != "mlefit" and row["converged"]]
    sizes = sorted({row["n"] for row in rows})
    for group, able in (
        ("Of the other fits", lambda row: True),
        ("Of those that give errors, right to 1%", lambda row: row.get("errors_off", 1) <= EXACT),
    ):
        parts = []
        for n in sizes:
            there = [row for row in others if row["n"] == n and able(row)]
            parts.append(f"{sum(row['ratio'] < 1 for row in there)} of {len(there)} at n = {short(n)}")
        yield f"{group}, all models together, so many take less time than `mlefit`: {listed(parts)}."


def first(rows):
    few = min(row["n"] for row in rows)
    parts = []
    for fitter in _FIRST:
        times = [row["first_s"] for row in rows if (row["fitter"], row["n"]) == (fitter, few)]
        parts.append(f"{between(times, duration)} with `{fitter}`")
    said = f"At n = {short(few)} it takes {listed(parts)}."
    return f"The first fit in a new process is what you wait for in a notebook. {said}"


def kept(rows):
    """What a kept loss and a gradient by hand bring: a time over the time without."""
    for more, less, what in (
        ("zfit, loss kept", "zfit", "To keep the loss multiplies the time of zfit"),
        ("iminuit + numba, gradient", "iminuit + numba", "A gradient by hand multiplies the time of iminuit"),
    ):
        times = {(row["fitter"], row["model"], row["n"]): row["warm_s"] for row in rows}
        found = [
            time / times[less, *where]
            for (fitter, *where), time in times.items()
            if fitter == more and (less, *where) in times
        ]
        yield f"{what} by {between(found)}, by model and n."


def rough(rows):
    """How good the errors from a search's inverse Hessian are."""
    parts = []
    for fitter in ("SciPy BFGS", "SciPy L-BFGS-B"):
        off = [row["errors_off"] for row in rows if row["fitter"] == fitter and row["converged"]]
        bad = sum(value > EXACT for value in off)
        parts.append(f"in {bad} of {len(off)} fits with {fitter[6:]}, by up to {share(max(off))}")
    return f"They are off by more than 1% {', and '.join(parts)}."


def agreement(rows):
    own = [row for row in rows if row["fitter"] == "mlefit"]
    others = [row for row in rows if row["fitter"] != "mlefit" and row["converged"]]
    lost = [f"`{row['fitter']}` ({row['model']}, {short(row['n'])})" for row in rows if not row["converged"]]
    off = {key: power(max(row[key] for row in own)) for key in ("estimates_off", "errors_off")}
    farthest = max(others, key=lambda row: row["estimates_off"])
    said = (
        f"the estimates of `mlefit` are off by at most {off['estimates_off']} standard errors, and its "
        f"errors by at most {off['errors_off']} of themselves. The others are where their default tolerances "
        f"stopped them. Those that say they converged are off by at most {digits(farthest['estimates_off'])} "
        f"standard errors (`{farthest['fitter']}`, {farthest['model']}, n = {short(farthest['n'])})."
    )
    return f"Against a Newton iteration in NumPy, {said}" + (
        f" Not converged, by their own word: {listed(lost)}." if lost else " All said that they converged."
    )
