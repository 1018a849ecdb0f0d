"""NIST's Statistical Reference Datasets, fetched from the package index once and kept in `.cache/nist`.

The nonlinear sets lie in lmfit's source distribution, most linear ones in a test of reductus, Longley's in
statsmodels. None of the files is in this repository.
"""

import importlib.util
import math
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from mlefit import data
from nist_models import MODELS

CACHE = Path(__file__).parents[1] / ".cache" / "nist"
# Two certified tables that none of the files has.
NORRIS = np.array([[1.00211681802045, 0.429796848199937e-3], [-0.262323073774029, 0.232818234301152]])
LONGLEY = np.array(
    [
        [15.0618722713733, 84.9149257747669],
        [-0.358191792925910e-01, 0.334910077722432e-01],
        [-2.02022980381683, 0.488399681651699],
        [-1.03322686717359, 0.214274163161675],
        [-0.511041056535807e-01, 0.226073200069370],
        [1829.15146461355, 455.478499142212],
        [-3482258.63459582, 890420.383607373],
    ]
)


def digits(found, certified, printed):
    """The number of correct significant digits of the worst entry (log relative error), or nan.

    It lies between 0 and `printed`, the number of digits that NIST prints: nobody can say more.
    """
    found, certified = np.asarray(found), np.asarray(certified)
    with np.errstate(divide="ignore", over="ignore"):
        error = np.abs(found - certified) / np.where(certified == 0, 1.0, np.abs(certified))
        return float(np.clip(-np.log10(error), 0.0, printed).min())


def exact(columns, y):
    """Least squares in rational arithmetic: estimates, errors and the residuals' standard deviation.

    All that keeps these from the certified values is that the data were rounded to float64.
    """
    rows = [[Fraction(value) for value in row] for row in columns.tolist()]
    y, p = [Fraction(value) for value in y.tolist()], len(rows[0])
    products = [[sum(row[i] * row[j] for row in rows) for j in range(p)] for i in range(p)]
    moments = [sum(row[i] * value for row, value in zip(rows, y, strict=True)) for i in range(p)]
    table = [[*products[i], moments[i], *(Fraction(i == j) for j in range(p))] for i in range(p)]
    for i in range(p):  # X'X is positive definite: no need to look for a pivot
        table[i] = [value / table[i][i] for value in table[i]]
        for j in set(range(p)) - {i}:
            table[j] = [value - table[j][i] * pivot for value, pivot in zip(table[j], table[i], strict=True)]
    estimates = [row[p] for row in table]
    squares = sum(value**2 for value in y) - sum(b * m for b, m in zip(estimates, moments, strict=True))
    variance = squares / (len(y) - p)
    errors = [math.sqrt(variance * row[p + 1 + i]) for i, row in enumerate(table)]
    return [float(value) for value in estimates], errors, math.sqrt(variance)


def nonlinear(name):
    """One of the 27: data, both starts, certified estimates and errors, and the solver's `function`."""
    text = read("lmfit==1.3.4", f"*/NIST_STRD/{name}.dat")
    number = r"\s+([-+.\dE]+)"
    table = np.array(re.findall(rf"^\s*b\d+ ={number * 4}\s*$", text, re.MULTILINE), dtype=float)
    rows = re.split(r"^Data:.*y.*x.*$", text, flags=re.MULTILINE)[-1].split("\n")
    values = np.array([row.split() for row in rows if row.strip()], dtype=float)
    x, y = np.squeeze(values[:, 1:]), values[:, 0]
    y = np.log(y) if name == "Nelson" else y
    start1, start2, estimates, errors = table.T
    return SimpleNamespace(
        x=x, y=y, starts=(start1, start2), estimates=estimates, errors=errors, function=_residuals(name, x, y)
    )


def linear(name):
    """A line, plane or polynomial: x `(n,)` or `(n, k)`, y, and certified estimates and errors `(p, 2)`.

    The slopes come first. `NoInt1` has no intercept.
    """
    if name == "Norris":
        norris = data.load("norris")
        return norris["x"], norris["y"], NORRIS
    if name == "Longley":
        text = read("statsmodels==0.14.6", "statsmodels/datasets/longley/longley.csv", kind="--only-binary")
        rows = np.array([row.split(",")[1:] for row in text.splitlines()[1:]], dtype=float)
        return rows[:, 1:], rows[:, 0], LONGLEY
    x, y, certified = _in_reductus()[name]
    if name == "NoInt1":
        return x, y, certified[1:]
    return np.column_stack([x**k for k in range(1, len(certified))]), y, np.roll(certified, -1, axis=0)


@cache
def _in_reductus():
    """The problems of one predictor: name -> x, y, certified (estimate, error) from the intercept up."""
    text = read("reductus==1.0.1", "*/tests/test_wpolyfit.py").split("def run_tests")[1]
    names = {"Eberhardt": "NoInt1", "Filippelli": "Filip"}
    found, problems = {}, {}
    pieces = r'(data|target) = N\.matrix\("""(.*?)"""|check\("(\w+)'
    for kind, matrix, name in re.findall(pieces, text, re.DOTALL):
        if name:
            y, x = found["data"].T
            problems[names.get(name, name)] = (x, y, found["target"])
        else:
            found[kind] = np.array([row.split() for row in matrix.split(";")], dtype=float)
    return problems


def _residuals(name, x, y):
    """The residuals and their Jacobian, by complex steps: exact to rounding."""
    model = MODELS[name]

    @np.errstate(all="ignore")
    def function(b):
        steps = 1e-30 * np.where(b == 0, 1.0, np.abs(b))
        columns = [model(np, x, *(b + 1j * row)).imag / row.sum() for row in np.diag(steps)]
        return model(np, x, *b) - y, np.column_stack(columns)

    return function


def read(requirement, member, kind="--no-binary"):
    """The text of a file in a source distribution (`kind="--only-binary"`: a wheel) on the package index."""
    archive = _archive(requirement, kind)
    if isinstance(archive, str):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(archive)
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            return file.read(member).decode()
    with tarfile.open(archive) as file:
        inside = next(entry for entry in file if Path(entry.name).match(member))
        return file.extractfile(inside).read().decode("utf-8", "replace")


@cache
def _archive(requirement, kind):
    """The path of the distribution in the cache, or a line that says why it is not there."""
    name, version = requirement.split("==")
    CACHE.mkdir(parents=True, exist_ok=True)
    kept = [path for path in CACHE.glob(f"{name}-{version}*") if path.is_file()]
    if not kept:
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            command = [*_pip(), "download", "--quiet", "--no-deps", kind, name, "--dest", folder, requirement]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return f"{requirement} could not be fetched from the package index: {done.stderr[-500:]}"
            kept = [path.replace(CACHE / path.name) for path in Path(folder).iterdir()]
    return kept[0]


def _pip():
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if shutil.which("uv"):
        return ["uv", "tool", "run", "pip"]
    return ["pip"]
