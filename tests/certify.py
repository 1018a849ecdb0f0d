"""mlefit.fit against NIST's certified values: the number of correct significant digits, set by set.

uv run python tests/certify.py

fits every set, prints what it found, and writes docs/reference/certified.json and the tables of
docs/reference/certified.md. The sets are fetched from the package index. NIST divides by n - p, and takes the
errors of nonlinear problems from the expected information.
"""

import functools
import json
import math
import os
import platform
import re
import warnings
from importlib import metadata
from pathlib import Path

# TensorFlow reads these when it is imported.
os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", TF_ENABLE_ONEDNN_OPTS="0")

import keras
import numpy as np
from scipy import optimize

import mlefit
import nist
from nist_models import MODELS

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
SAVED, PAGE = REFERENCE / "certified.json", REFERENCE / "certified.md"
PACKAGES = ("mlefit", "tensorflow", "keras", "numpy", "scipy")
PRINTED, PRINTED_NONLINEAR = 15, 11  # significant digits of a certified value
UNIVARIATE = {  # data, certified mean and standard deviation
    "Michelso": ((299_000 + mlefit.data.load("michelson")["speed"]) / 1000, 299.8524, 0.0790105478190518),
    "NumAcc1": (np.array([10000001.0, 10000003.0, 10000002.0]), 10000002.0, 1.0),
    "NumAcc2": (np.array([1.2, *[1.1, 1.3] * 500]), 1.2, 0.1),
    "NumAcc3": (np.array([1000000.2, *[1000000.1, 1000000.3] * 500]), 1000000.2, 0.1),
    "NumAcc4": (np.array([10000000.2, *[10000000.1, 10000000.3] * 500]), 10000000.2, 0.1),
}
LINEAR = ("Norris", "Pontius", "NoInt1", "Longley", *(f"Wampler{i}" for i in range(1, 6)), "Filip")


@functools.cache
def univariate(name):
    """The row of a mean and a standard deviation."""
    y, *certified = UNIVARIATE[name]
    result, warned = fitted(mlefit.Gaussian(), y)
    (mean,), _, stddev = nist.exact(np.ones((len(y), 1)), y)
    found = result.estimates["mean"], result.estimates["stddev"] * spare(result, 1)
    return {
        "set": name,
        **digits(found, certified, PRINTED),
        **how(result, warned),
        "possible": list(digits((mean, stddev), certified, PRINTED).values()),
        "numpy": nist.digits([y.mean(), y.std(ddof=1)], certified, PRINTED),
    }


@functools.cache
def linear(name):
    """The row of a line, a plane or a polynomial."""
    x, y, certified = nist.linear(name)
    intercept = name != "NoInt1"
    result, warned = fitted(mlefit.LinearRegression(intercept=intercept), x, y)
    estimates, errors = (
        np.concatenate([np.ravel(by_name[key]) for key in ("slope", "intercept")[: 1 + intercept]])
        for by_name in (result.estimates, result.standard_errors)
    )
    design = np.column_stack([x, np.ones(len(y))]) if intercept else x[:, None]
    return {
        "set": name,
        **digits((estimates, errors * spare(result, len(estimates))), certified.T, PRINTED),
        **how(result, warned),
        "possible": list(digits(nist.exact(design, y)[:2], certified.T, PRINTED).values()),
        "numpy": nist.digits(np.linalg.lstsq(design, y)[0], certified[:, 0], PRINTED),
    }


@functools.cache
def nonlinear(name, start):
    """The row of a curve from NIST's start 1 or 2."""
    problem, curve = nist.nonlinear(name), MODELS[name]
    first, certified = problem.starts[start - 1], (problem.estimates, problem.errors)
    starts = {f"b{i}": value for i, value in enumerate(first, start=1)}
    model = mlefit.NonlinearRegression(functools.partial(curve, keras.ops), **starts)
    result, warned = fitted(model, problem.x, problem.y, covariance="expected")
    estimates, errors = (
        np.array([by_name[b] for b in starts]) for by_name in (result.estimates, result.standard_errors)
    )
    return {
        "set": name,
        "start": start,
        **digits((estimates, errors * spare(result, len(starts))), certified, PRINTED_NONLINEAR),
        **how(result, warned),
        **curve_fit(functools.partial(curve, np), problem, first, certified),
    }


def fitted(model, *data, **options):
    """The result of `mlefit.fit`, and whether it warned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = mlefit.fit(model, *data, **options)
    return result, any(issubclass(warning.category, mlefit.FitWarning) for warning in caught)


def spare(result, p):
    """From maximum likelihood, which divides by n, to NIST, which divides by n - p."""
    return math.sqrt(result.nobs / (result.nobs - p))


def how(result, warned):
    steps = len(result.history) - 1
    return {
        "method": result.method.split(",")[0],
        "steps": steps,
        "converged": result.converged,
        "warned": warned,
    }


def digits(found, certified, printed):
    """Digits of the worst estimate and of the worst error."""
    estimates, errors = (nist.digits(*each, printed) for each in zip(found, certified, strict=True))
    return {"estimates": estimates, "errors": errors}


def curve_fit(curve, problem, start, certified):
    """What SciPy finds with its defaults, and what it says of it; the curve's own overflows apart."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            estimates, covariance = optimize.curve_fit(curve, problem.x, problem.y, start)
        except RuntimeError:
            return {"scipy": [None, None], "scipy_says": "raises"}
    says = "warns" if any(w.category is optimize.OptimizeWarning for w in caught) else ""
    found = digits((estimates, np.sqrt(np.diag(covariance))), certified, PRINTED_NONLINEAR)
    return {"scipy": list(found.values()), "scipy_says": says}


def rows():
    """Yield the row of every set: univariate, linear, and nonlinear from both starts."""
    yield from map(univariate, UNIVARIATE)
    yield from map(linear, LINEAR)
    for name in MODELS:
        yield from (nonlinear(name, start) for start in (1, 2))


def saved():
    """The rows of the last run of this command."""
    return json.loads(SAVED.read_text())["rows"]


def as_text(found):
    """JSON with one row a line: a new run differs where its digits do."""
    versions = {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}
    lines = ",\n".join(f"    {json.dumps(row)}" for row in found)
    return f'{{\n  "versions": {json.dumps(versions)},\n  "rows": [\n{lines}\n  ]\n}}\n'


def rounded(value):
    """Digits to a tenth, downwards: claim no more than there is."""
    if isinstance(value, float):
        return math.floor(10 * value) / 10 if math.isfinite(value) else None
    return [rounded(each) for each in value] if isinstance(value, list | tuple) else value


def tables(found):
    """The tables of the page, by their names, from rows as saved."""
    one, many = ([row for row in found if row["set"] in names] for names in (UNIVARIATE, LINEAR))
    first, second = ([row for row in found if row.get("start") == start] for start in (1, 2))
    univariate_lines = [
        (row["set"], row["estimates"], row["errors"], row["possible"][1], row["numpy"]) for row in one
    ]
    linear_lines = [
        (row["set"], row["estimates"], row["possible"][0], row["errors"], row["numpy"]) for row in many
    ]
    curves = [
        (a["set"], *(min(a[key], b[key]) for key in ("estimates", "errors")), scipy_cell(a), scipy_cell(b))
        for a, b in zip(first, second, strict=True)
    ]
    return {
        "univariate": table(("set", "mean", "stddev", "at best", "NumPy"), univariate_lines),
        "linear": table(("set", "estimates", "at best", "errors", "NumPy"), linear_lines),
        "nonlinear": table(("set", "estimates", "errors", "SciPy 1", "SciPy 2"), curves),
    }


def table(head, lines):
    ruler = "|---|" + "---:|" * (len(head) - 1)
    return "\n".join(
        [f"| {' | '.join(head)} |", ruler, *(f"| {' | '.join(map(cell, line))} |" for line in lines)]
    )


def cell(value):
    return "—" if value is None else str(value)


def scipy_cell(row):
    estimates = row["scipy"][0]
    return ", ".join(filter(None, [estimates is not None and str(estimates), row["scipy_says"]]))


def main():
    found = [{key: rounded(value) for key, value in row.items()} for row in rows()]
    SAVED.write_text(as_text(found))
    page = PAGE.read_text()
    for name, text in tables(found).items():
        print(f"{text}\n")
        block = rf"(<!-- {name}: [^\n]*-->\n)[^<]*(<!-- end -->)"
        page = re.sub(block, lambda match, text=text: f"{match[1]}\n{text}\n\n{match[2]}", page)
    PAGE.write_text(page)
    print(f"Saved as {SAVED.name}, and in the tables of {PAGE.name}.")


if __name__ == "__main__":
    main()
