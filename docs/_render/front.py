"""Numbers of the home page, made from the saved runs behind two other pages when the site is built."""

import json
from statistics import median

CERTIFIED, BENCHMARKS = "reference/certified.json", "reference/benchmarks.json"
DIGITS, TIMES = "<!-- digits -->", "<!-- times -->"  # where they go on the page
UNIVARIATE = {"Michelso", *(f"NumAcc{i}" for i in range(1, 5))}  # rows of a mean and a standard deviation
EXACT = 0.01  # how far standard errors may be from exact ones to count as given
IDLE = 0.5  # processes that wanted a core when the run began; beyond, the machine was shared
UNITS = ((1.0, 1.0, "s"), (1e-4, 1e-3, "ms"), (0.0, 1e-6, "µs"))  # from which time on, and the unit
CLEAR = 2  # below this factor, two times on a shared machine do not differ
KINDS = {  # what a row of certified.json was fitted with: words, where its table is, the peer
    "univariate": ("a mean and a standard deviation", "mean-and-standard-deviation", "NumPy"),
    "linear": ("lines, planes, polynomials", "lines-planes-and-polynomials", "NumPy `lstsq`"),
    "nonlinear": ("curves", "curves", "SciPy `curve_fit`"),
}
MODELS = {  # a model of benchmarks.json: words, where its table is
    "gaussian": ("a mean and a standard deviation", "gaussian-mean-and-standard-deviation"),
    "line": ("a line and its noise", "line-slope-intercept-noise"),
    "logistic": ("logistic regression, ten predictors", "logistic-regression-with-ten-predictors"),
    "student-t": ("Student's t, a log-density of your own", "students-t-written-by-the-user"),
}


def filled(text, docs):
    """Return the Markdown of the home page with the numbers in their places; other pages stay as they are.

    Args:
        text: the Markdown.
        docs: the folder with the saved runs.
    """
    for place, file, told in ((DIGITS, CERTIFIED, digits), (TIMES, BENCHMARKS, times)):
        if place in text:
            text = text.replace(place, told(json.loads((docs / file).read_text())))
    return text


def digits(run):
    """The digits of estimates that agree with certified ones, beside a peer's, as Markdown."""
    lines = [
        "| fitted | `mlefit`: fewest digits, median | the other: fewest digits, median "
        "| digits of `mlefit` beside the other's |",
        "|---|---|---|---|",
    ]
    for kind, (words, anchor, peer) in KINDS.items():
        pairs = [_pair(row) for row in run["rows"] if _kind(row) == kind]
        own, others = zip(*pairs, strict=True)
        lines.append(
            f"| [{words}](reference/certified.md#{anchor}), {len(pairs)} fits | {_span(own)} "
            f"| {peer}: {_span(others)} | {_compared(pairs)} |"
        )
    errors = [row["errors"] for row in run["rows"] if _kind(row) == "nonlinear"]
    raised = sum(row.get("scipy_says") == "raises" for row in run["rows"])
    told = (
        f"Of the curves, SciPy ends {raised} fits with an error, which counts as 0 digits. The standard "
        f"errors of `mlefit` for the curves have between {min(errors):.1f} and {max(errors):.1f} digits. "
        f"Fitted with {_versions(run, 'mlefit', 'numpy', 'scipy')}."
    )
    return "\n".join([*lines, "", told])


def times(run):
    """The time of fits beside that of the fastest peer that gives errors, as Markdown."""
    rows = [row for row in run["rows"] if "warm_s" in row]
    sizes = sorted({row["n"] for row in rows})
    lines = [
        "| fitted | " + " | ".join(f"n = {_power(n)}" for n in sizes) + " |",
        "|---|" + "---|" * len(sizes),
    ]
    for model, (words, anchor) in MODELS.items():
        cells = [_beside([row for row in rows if (row["model"], row["n"]) == (model, n)]) for n in sizes]
        lines.append(f"| [{words}](reference/benchmarks.md#{anchor}) | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _counted(rows, sizes), "", _where(run, sizes[0])])


def _kind(row):
    return "nonlinear" if "start" in row else "univariate" if row["set"] in UNIVARIATE else "linear"


def _pair(row):
    """The digits of `mlefit` and of the peer, the worst parameter of each; an error has none."""
    if "start" in row:
        return row["estimates"], row["scipy"][0] or 0.0
    own = min(row["estimates"], row["errors"]) if row["set"] in UNIVARIATE else row["estimates"]
    return own, row["numpy"]


def _span(values):
    return f"{min(values):.1f}, {median(values):.1f}"


def _compared(pairs):
    signs = [(a > b) - (a < b) for a, b in pairs]
    words = {1: "more", 0: "as many", -1: "fewer"}
    return ", ".join(f"{word} in {signs.count(sign)}" for sign, word in words.items() if sign in signs)


def _beside(rows):
    own = next(row for row in rows if row["fitter"] == "mlefit")
    peer = min(filter(_able, rows), key=lambda row: row["warm_s"])
    pair = [
        ("`mlefit`", own["warm_s"], peer["warm_s"]),
        (f"`{peer['fitter']}`", peer["warm_s"], own["warm_s"]),
    ]
    return "<br>".join(
        f"{name} **{_duration(time)}**" if CLEAR * time < other else f"{name} {_duration(time)}"
        for name, time, other in pair
    )


def _able(row):
    return row["fitter"] != "mlefit" and row["converged"] and row.get("errors_off", 1) <= EXACT


def _counted(rows, sizes):
    own = {(row["model"], row["n"]): row["warm_s"] for row in rows if row["fitter"] == "mlefit"}
    said = []
    for n in sizes:
        peers = [row for row in rows if row["n"] == n and _able(row)]
        faster = sum(row["warm_s"] < own[row["model"], n] for row in peers)
        said.append(f"{faster} of {len(peers)} at n&nbsp;=&nbsp;{_power(n)}")
    return f"Other fits with such errors that take less time than `mlefit`: {', '.join(said)}."


def _where(run, smallest):
    first = [row["first_s"] for row in run["rows"] if row["fitter"] == "mlefit" and row["n"] == smallest]
    imports = {name: _duration(row["import_s"]) for name, row in run["imports"].items()}
    first = [_duration(time) for time in (min(first), max(first))]
    told = [
        f"Before any of this, `import mlefit`, with TensorFlow in it, takes {imports['mlefit']}, and SciPy's "
        f"import {imports['SciPy']}. The first fit of `mlefit` in a new process takes between {first[0]} and "
        f"{first[1]} at n&nbsp;=&nbsp;{_power(smallest)}.",
        f"Measured on {run['date']}, each fit on one core ({run['machine']['processor']}), with "
        f"{_versions(run, 'mlefit', 'tensorflow', 'scipy', 'statsmodels', 'iminuit')}.",
    ]
    if run["load"][0] > IDLE:
        told.append("Other work shared the machine: trust no difference below a factor of two.")
    return " ".join(told)


def _versions(run, *names):
    return ", ".join(f"{name} {run['versions'][name]}" for name in names[:-1]) + (
        f" and {names[-1]} {run['versions'][names[-1]]}"
    )


def _duration(seconds):
    value, unit = next((seconds / scale, unit) for least, scale, unit in UNITS if seconds >= least)
    return f"{value:.0f}&nbsp;{unit}" if value >= 10 else f"{value:.2g}&nbsp;{unit}"


def _power(n):
    return "10" + str(len(str(n)) - 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
